// SPDX-License-Identifier: MIT
// The registry, in memory: keys and values below \REGISTRY, made anew for each machine from its Windows profile. Names
// compare without case; subkeys and values keep the order in which they were made.
//
//   \REGISTRY\MACHINE\SYSTEM\ControlSet001   (CurrentControlSet is a link to it)
//                               \Services\<driver>\Parameters   \Enum   \Control\Class   \Hardware Profiles\Current
//            \MACHINE\HARDWARE  \MACHINE\SOFTWARE   \USER\.DEFAULT
//
// Invariants
//   R1  a key lives while its parent has it or somebody refers to it; a deleted one is in no tree
//   R2  a deleted key has no subkeys and no values
#pragma once

#include "base/result.h"
#include "base/windows.h"
#include "nt/nt.h"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ringside::cm {

struct Value {
    std::u16string name; // "": the key's default value
    uint64_t number = 0; // of birth
    uint32_t type = 0;
    std::vector<uint8_t> data;
};

struct Key {
    std::u16string name;
    std::u16string path; // "\REGISTRY\MACHINE\..."
    std::u16string class_name;
    Key* parent = nullptr;
    std::u16string link; // a symbolic link's target, an absolute path; "": none
    std::vector<std::unique_ptr<Key>> subkeys;
    std::map<std::u16string, Key*> by_name; // in upper case
    std::vector<std::unique_ptr<Value>> values;
    int64_t last_write = 0;
    uint32_t references = 0; // open key objects and walks in progress
    bool is_volatile = false;
    bool deleted = false;
    void* security = nullptr; // a self-relative descriptor in pool, made when first asked for (objects.cpp)

    Key() = default;
    ~Key();
    Key* subkey(std::u16string_view name) const;
    Value* value(std::u16string_view name) const;
};

enum class Missing : uint8_t { Fail, CreateLast, CreateAll };
enum class Links : uint8_t { Follow, OpenLast };

struct Walked {
    Key* key;
    bool created;
};

class KeyObjects; // objects.h

class Registry {
public:
    Registry(Windows windows, unsigned processors);
    ~Registry();
    Registry(Registry const&) = delete;
    Registry& operator=(Registry const&) = delete;

    Key& root() { return m_root; }
    Windows windows() const { return m_windows; }

    // From a key along "Machine\System\...": empty components are skipped. STATUS_OBJECT_NAME_NOT_FOUND,
    // STATUS_KEY_DELETED, STATUS_INVALID_PARAMETER (a name of more than 255 characters), STATUS_CHILD_MUST_BE_VOLATILE.
    Result<Walked> walk(Key& from, std::u16string_view path, Missing missing, Links links = Links::Follow,
                        bool is_volatile = false);
    // An absolute path, "\Registry\Machine\...".
    Key* find(std::u16string_view path);
    // Makes what is missing, volatile where it must be.
    Result<Key*> try_make(std::u16string_view path);
    Key& make(std::u16string_view path);

    // Replaces a value of that name, in its place.
    void set_value(Key& key, std::u16string_view name, uint32_t type, std::span<uint8_t const> data);
    void set_value(std::u16string_view path, std::u16string_view name, uint32_t type, std::span<uint8_t const> data)
    {
        set_value(make(path), name, type, data);
    }
    void set_string(std::u16string_view path, std::u16string_view name, std::u16string_view text,
                    uint32_t type = nt::REG_SZ);
    void set_dword(std::u16string_view path, std::u16string_view name, uint32_t number);
    bool delete_value(Key& key, std::u16string_view name);
    // STATUS_CANNOT_DELETE while it has subkeys, and for the roots.
    Result<void> delete_key(Key& key);
    void delete_tree(Key& key);

    void reference(Key& key) { ++key.references; }
    void dereference(Key& key);

    // The service key of a driver with what the service controller writes there; the path that DriverEntry is given.
    std::u16string make_service(std::u16string_view name, std::u16string_view image_path);
    static std::u16string service_path(std::u16string_view name);

private:
    Key& add_subkey(Key& parent, std::u16string_view name, bool is_volatile);
    void take_out(Key& key);
    void make_skeleton(unsigned processors);

    Windows m_windows;
    Key m_root;
    std::vector<std::unique_ptr<Key>> m_deleted; // still referred to
    uint64_t m_values_born = 0;
    std::unique_ptr<KeyObjects> m_objects;
};

extern Registry* g_registry;
inline Registry& registry() { return *g_registry; }

// A reference for the length of a scope.
class KeyRef {
public:
    explicit KeyRef(Key& key) : m_key(&key) { registry().reference(key); }
    ~KeyRef() { registry().dereference(*m_key); }
    KeyRef(KeyRef const&) = delete;
    KeyRef& operator=(KeyRef const&) = delete;
    void reset(Key& key)
    {
        registry().reference(key);
        registry().dereference(*m_key);
        m_key = &key;
    }
    Key& operator*() const { return *m_key; }
    Key* operator->() const { return m_key; }

private:
    Key* m_key;
};

} // namespace ringside::cm
