// SPDX-License-Identifier: MIT
// The registry, in memory: keys and values below \REGISTRY, made anew for each machine from its Windows profile.
//
//   \REGISTRY\MACHINE\SYSTEM\ControlSet001   (CurrentControlSet is a link to it)
//                               \Services\<driver>\Parameters   \Enum   \Control\Class   \Hardware Profiles\Current
//            \MACHINE\HARDWARE  \MACHINE\SOFTWARE   \USER\.DEFAULT
//
// Invariants
//   R1  a key lives while its parent has it or somebody refers to it; a deleted one is in no tree
//   R2  a deleted key has no subkeys and no values
//   R3  what lies below a volatile key is volatile
#pragma once

#include "base/result.h"
#include "base/windows.h"
#include "cm/key.h"
#include "nt/nt.h"

#include <optional>
#include <span>

namespace ringside::cm {

enum class Missing : uint8_t { Fail, CreateLast, CreateAll };
enum class Links : uint8_t { Follow, OpenLast };

struct Walked {
    Key* key;
    bool created;
};

class KeyObjects; // objects.h
class CallbackList; // callbacks.h

// What a walk does with the last component.
struct WalkOptions {
    Missing missing = Missing::Fail;
    Links links = Links::Follow;
    bool is_volatile = false;
    bool is_link = false; // a key that is made becomes a symbolic link
    std::u16string_view class_name; // of a key that is made
    bool by_driver = false; // no key is made directly below MACHINE and USER
    Result<void> (*may_create)(Key& parent) = nullptr; // asked before a key is made; null: it is allowed
};

class Registry {
public:
    Registry(Windows windows, unsigned processors);
    ~Registry();
    Registry(Registry const&) = delete;
    Registry& operator=(Registry const&) = delete;

    Key& root() { return m_root; }
    Windows windows() const { return m_windows; }

    // From a key along "Machine\System\...": empty components are skipped, links on the way followed (at most 64
    // times). STATUS_OBJECT_NAME_NOT_FOUND, STATUS_KEY_DELETED, STATUS_INVALID_PARAMETER (a name of more than 255
    // characters), STATUS_CHILD_MUST_BE_VOLATILE, STATUS_OBJECT_NAME_COLLISION (a link is made where a key is),
    // STATUS_ACCESS_DENIED (below a link).
    Result<Walked> walk(Key& from, std::u16string_view path, WalkOptions const& options);
    Result<Walked> walk(Key& from, std::u16string_view path, Missing missing)
    {
        return walk(from, path, WalkOptions { missing });
    }
    // An absolute path, "\Registry\Machine\...".
    Key* find(std::u16string_view path, Links links = Links::Follow);
    // Makes what is missing, volatile where it must be.
    Result<Key*> try_make(std::u16string_view path);
    Key& make(std::u16string_view path);

    // Replaces a value of that name, in its place. STATUS_ACCESS_DENIED for a link's values but the one it has.
    Result<void> set_value(Key& key, std::u16string_view name, uint32_t type, std::span<uint8_t const> data);
    void set_value(std::u16string_view path, std::u16string_view name, uint32_t type, std::span<uint8_t const> data)
    {
        static_cast<void>(set_value(make(path), name, type, data));
    }
    void set_string(Key& key, std::u16string_view name, std::u16string_view text, uint32_t type = nt::REG_SZ);
    void set_string(std::u16string_view path, std::u16string_view name, std::u16string_view text,
                    uint32_t type = nt::REG_SZ)
    {
        set_string(make(path), name, text, type);
    }
    void set_dword(Key& key, std::u16string_view name, uint32_t number);
    void set_dword(std::u16string_view path, std::u16string_view name, uint32_t number)
    {
        set_dword(make(path), name, number);
    }
    // A key that leads to `target`, an absolute path.
    Key& make_link(Key& parent, std::u16string_view name, std::u16string_view target, bool is_volatile);
    bool delete_value(Key& key, std::u16string_view name);
    void delete_value(Key& key, Value& value);
    // STATUS_CANNOT_DELETE while it has subkeys, and for the roots of hives.
    Result<void> delete_key(Key& key);
    // With all below it; the roots of hives stay, empty.
    void delete_tree(Key& key);
    void delete_contents(Key& key);
    // STATUS_INVALID_PARAMETER, STATUS_OBJECT_NAME_COLLISION, STATUS_ACCESS_DENIED for the root of a hive.
    Result<void> rename_key(Key& key, std::u16string_view name);
    // A subkey to be filled by a loader: no notification, no check.
    Key& add_subkey(Key& parent, std::u16string_view name, bool is_volatile, std::u16string_view class_name = {});
    // The root of a hive leaves the tree with all below it.
    void unload(Key& hive_root);
    // The key that a link key leads to: "" when it has no target (yet).
    static std::u16string link_target(Key const& link);

    void reference(Key& key) { ++key.references; }
    void dereference(Key& key);

    // Told of every change, for ZwNotifyChangeKey: the key whose list of subkeys, values or attributes changed. Null:
    // nobody listens.
    void (*changed)(Key& key, uint32_t filter) = nullptr;
    // A key was taken out of the tree.
    void (*key_deleted)(Key& key) = nullptr;

    // The service key of a driver with what the service controller writes there; the path that DriverEntry is given.
    std::u16string make_service(std::u16string_view name, std::u16string_view image_path,
                                uint32_t start = nt::SERVICE_DEMAND_START);
    std::u16string service_path(std::u16string_view name);
    // The link to the control set that Select\\Current names, as a boot makes it: again, once SYSTEM was replaced.
    void link_current_control_set();

private:
    void take_out(Key& key);
    void make_skeleton(unsigned processors);
    void tell(Key& key, uint32_t filter)
    {
        if (changed)
            changed(key, filter);
    }

    Windows m_windows;
    Key m_root;
    std::vector<std::unique_ptr<Key>> m_deleted; // still referred to
    uint64_t m_keys_born = 0;
    uint64_t m_values_born = 0;
    std::unique_ptr<CallbackList> m_callbacks;
    std::unique_ptr<KeyObjects> m_objects;
};

extern Registry* g_registry;
inline Registry& registry() { return *g_registry; }

// A reference for the length of a scope.
class KeyRef {
public:
    explicit KeyRef(Key& key)
        : m_key(&key)
    {
        registry().reference(key);
    }
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
