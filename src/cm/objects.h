// SPDX-License-Identifier: MIT
// Key objects: what a handle to a key refers to. Each open makes one; it refers to the key, which may be deleted under
// it, and is then good for closing only.
#pragma once

#include "cm/notify.h"
#include "cm/registry.h"
#include "ob/capture.h"

namespace ringside::cm {

// What a registry callback attached to a key object (CmSetCallbackObjectContext).
struct ObjectContext {
    int64_t cookie;
    void* context;
};

struct KeyObject {
    void* body = nullptr;
    Key* key = nullptr;
    uint32_t handle_tags = 0; // KEY_HANDLE_TAGS_INFORMATION
    std::vector<ObjectContext> contexts;
    Watch watch;
    void* name_block = nullptr; // what CmCallbackGetKeyObjectID gave away: in pool
};

// Joins key objects to the namespace: "\REGISTRY" is one, and paths below it are walked here. The Registry owns it.
class KeyObjects {
public:
    KeyObjects();
    ~KeyObjects();
    KeyObjects(KeyObjects const&) = delete;
    KeyObjects& operator=(KeyObjects const&) = delete;

    // The key object behind a body; null for one that is none. The body must be an object's.
    KeyObject* find(void* body) { return by_number(ob::number_of(body)); }
    KeyObject* by_number(uint32_t number);
    // The same for any pointer.
    KeyObject* find_any(void* body);
    Key* key_of(void* body);
    // A key object with one reference. STATUS_INSUFFICIENT_RESOURCES.
    Result<void*> make(Key& key);
    // The object of \REGISTRY.
    void* root() const { return m_root; }
    std::map<uint32_t, KeyObject>& all() { return m_objects; }
    std::deque<EndedNotify> ended; // done, and about to be told (notify.cpp)
    unsigned holding = 0;          // HoldNotifies that live

private:
    static void closed(void* body, uint32_t remaining);
    static void deleted(void* body);
    static std::u16string full_name(void* body);
    std::map<uint32_t, KeyObject> m_objects; // by object number
    void* m_root = nullptr;
};

extern KeyObjects* g_key_objects;

// The key object behind a handle, referenced while this lives. STATUS_INVALID_HANDLE, STATUS_OBJECT_TYPE_MISMATCH.
// The key may be deleted: `live` says so, and is asked again after callbacks ran.
class KeyOfHandle {
public:
    KeyOfHandle(nt::HANDLE handle, nt::ACCESS_MASK desired);
    KeyOfHandle(KeyOfHandle const&) = delete;
    KeyOfHandle& operator=(KeyOfHandle const&) = delete;
    nt::NTSTATUS status() const { return m_status; }
    nt::NTSTATUS live() const { return key().deleted ? nt::STATUS_KEY_DELETED : nt::STATUS_SUCCESS; }
    void* body() const { return m_held.body(); }
    Key& key() const { return *m_object->key; }
    KeyObject& object() const { return *m_object; }

private:
    nt::NTSTATUS m_status;
    ob::Held m_held { nullptr };
    KeyObject* m_object = nullptr;
};

} // namespace ringside::cm
