// SPDX-License-Identifier: MIT
// Keys and values as the registry keeps them. Names keep the case they were made with and compare without it. Subkeys
// stand in the order of their upper-case names, values in the order in which they were made, as on Windows.
#pragma once

#include "cm/ranked.h"
#include "ob/name_table.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ringside::cm {

inline constexpr size_t kKeyNameMax = 255; // characters
inline constexpr size_t kValueNameMax = 16383; // characters

struct Value {
    std::u16string name; // "": the key's default value
    uint64_t number = 0; // of birth
    uint32_t type = 0;
    std::vector<uint8_t> data;
};

// The largest of some sizes, in bytes: looked for only after the largest went.
struct Widest {
    uint32_t bytes = 0;
    bool stale = false;
    void add(size_t size) { bytes = std::max(bytes, static_cast<uint32_t>(size)); }
    void remove(size_t size) { stale |= size == bytes; }
};

struct Key;
inline std::u16string_view upper_name_of(Key const& key);
inline uint64_t number_of_value(Value const& value) { return value.number; }
inline std::u16string_view name_of_value(Value const& value) { return value.name; }

struct Key {
    std::u16string name;
    std::u16string upper;
    std::u16string class_name;
    Key* parent = nullptr;
    uint64_t number = 0; // of birth: what CmCallbackGetKeyObjectID tells
    Ranked<Key, upper_name_of> subkeys;
    Ranked<Value, number_of_value> values;
    ob::NameTable<Value, name_of_value> values_by_name;
    Widest widest_subkey_name, widest_subkey_class, widest_value_name, widest_value_data;
    int64_t last_write = 0;
    uint32_t references = 0; // open key objects and walks in progress
    uint32_t user_flags = 0; // KEY_WOW64_FLAGS_INFORMATION
    uint32_t control_flags = 0; // KEY_CONTROL_FLAGS_INFORMATION
    uint32_t virtualization = 0; // KEY_SET_VIRTUALIZATION_INFORMATION
    bool is_volatile = false;
    bool is_link = false; // the value SymbolicLinkValue says where to
    bool is_hive_root = false; // a hive is attached here: it is not deleted, but unloaded
    bool is_loaded = false;    // ... by a driver, which may unload it again
    bool deleted = false;
    std::vector<uint32_t> watchers; // numbers of key objects with ZwNotifyChangeKey

    void* security = nullptr; // a self-relative descriptor in pool, made when first asked for (key_security.h)

    Key() = default;
    ~Key();
    Key(Key const&) = delete;
    Key& operator=(Key const&) = delete;
    Key* subkey(std::u16string_view name) const;
    Value* value(std::u16string_view name) const;
    // "\REGISTRY\MACHINE\..."; of a deleted key what it was.
    std::u16string path() const;
    uint32_t max_subkey_name();
    uint32_t max_subkey_class();
    uint32_t max_value_name();
    uint32_t max_value_data();

    std::u16string last_path; // of a deleted key
};

inline std::u16string_view upper_name_of(Key const& key) { return key.upper; }

inline constexpr std::u16string_view kLinkValue = u"SymbolicLinkValue";

} // namespace ringside::cm
