// SPDX-License-Identifier: MIT
// Key objects: what a handle to a key refers to. Each open makes one; it refers to the key, which may be deleted under
// it, and is then good for closing only.
#pragma once

#include "cm/registry.h"
#include "ob/capture.h"

namespace ringside::cm {

// Joins key objects to the namespace: "\REGISTRY" is one, and paths below it are walked here. The Registry owns it.
class KeyObjects {
public:
    KeyObjects();
    ~KeyObjects();
    KeyObjects(KeyObjects const&) = delete;
    KeyObjects& operator=(KeyObjects const&) = delete;

    // The key behind a key object's body.
    Key* key_of(void* body);
    // A key object with one reference. STATUS_INSUFFICIENT_RESOURCES.
    Result<void*> make(Key& key);

private:
    static void deleted(void* body);
    static std::u16string full_name(void* body);
    std::map<uint32_t, Key*> m_keys; // by object number
};

extern KeyObjects* g_key_objects;

// The key that attributes name, created when missing says so. Also STATUS_OBJECT_TYPE_MISMATCH.
Result<Walked> walk_attributes(ob::Attributes const& attributes, Missing missing, bool open_link, bool is_volatile);
// A new handle to a key, in the current process.
Result<nt::HANDLE> open_key(Key& key, ob::Attributes const& attributes, nt::ACCESS_MASK desired);

// The key behind a handle, referenced while this lives. STATUS_INVALID_HANDLE, STATUS_OBJECT_TYPE_MISMATCH,
// STATUS_KEY_DELETED.
class KeyOfHandle {
public:
    KeyOfHandle(nt::HANDLE handle, nt::ACCESS_MASK desired);
    ~KeyOfHandle();
    KeyOfHandle(KeyOfHandle const&) = delete;
    KeyOfHandle& operator=(KeyOfHandle const&) = delete;
    nt::NTSTATUS status() const { return m_status; }
    Key& key() const { return *m_key; }

private:
    nt::NTSTATUS m_status;
    Key* m_key = nullptr;
};

} // namespace ringside::cm
