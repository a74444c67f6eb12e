// SPDX-License-Identifier: MIT
#include "cm/objects.h"

#include "base/check.h"
#include "cm/callbacks.h"
#include "cm/key_security.h"
#include "ex/pool.h"
#include "ke/kernel.h"

namespace ringside::cm {

using namespace nt;

KeyObjects* g_key_objects = nullptr;

namespace {

constexpr uint32_t kKeyTag = ' yeK'; // "Key "
constexpr size_t kKeyBytes = 0x60;

} // namespace

KeyObjects::KeyObjects()
{
    CHECK(!g_key_objects, "one machine is live per process at a time");
    g_key_objects = this;
    ob::key_type.closed = closed;
    ob::key_type.deleted = deleted;
    ob::key_type.full_name = full_name;
    registry().changed = notify_change;
    registry().key_deleted = notify_deleted;
    ob::key_type.security_slot = [](void* body) { return descriptor_slot(*g_key_objects->key_of(body)); };
    auto root = make(registry().root());
    CHECK(root.ok() && ob::insert(*root, registry().root().path(), true, true).ok(), "the registry has no name");
    m_root = *root;
    ob::dereference(*root);
}

KeyObjects::~KeyObjects()
{
    ob::key_type.closed = nullptr;
    ob::key_type.deleted = nullptr;
    ob::key_type.full_name = nullptr;
    registry().changed = nullptr;
    registry().key_deleted = nullptr;
    ob::key_type.security_slot = nullptr;
    g_key_objects = nullptr;
}

Key::~Key() { release_descriptor(security); }

KeyObject* KeyObjects::by_number(uint32_t number)
{
    auto it = m_objects.find(number);
    return it == m_objects.end() ? nullptr : &it->second;
}

KeyObject* KeyObjects::find_any(void* body) { return ob::type_of(body) == &ob::key_type ? find(body) : nullptr; }

Key* KeyObjects::key_of(void* body)
{
    KeyObject* const object = find(body);
    return object ? object->key : nullptr;
}

Result<void*> KeyObjects::make(Key& key)
{
    void* body = TRY(ob::create(ob::key_type, kKeyBytes, kKeyTag));
    KeyObject& object = m_objects[ob::number_of(body)];
    object.body = body;
    object.key = &key;
    registry().reference(key);
    return body;
}

void KeyObjects::closed(void* body, uint32_t remaining)
{
    if (!remaining)
        end_watch(ob::number_of(body), *g_key_objects->find(body));
}

// Registry callbacks are told of the object's end, not of a handle's, as on Windows: its count is zero by then.
// @cite(wdk-docs): page=kernel/invalid-key-object-pointers-in-registry-notifications
void KeyObjects::deleted(void* body)
{
    KeyObjects& objects = *g_key_objects;
    uint32_t const number = ob::number_of(body);
    REG_KEY_HANDLE_CLOSE_INFORMATION info { .Object = body };
    notified(kCloseKey, body, info, [&] { return STATUS_SUCCESS; });
    KeyObject& object = *objects.by_number(number);
    clean_contexts(body, object);
    end_watch(number, object);
    if (object.name_block)
        ex::free(object.name_block, 0);
    Key& key = *object.key;
    objects.m_objects.erase(number);
    registry().dereference(key);
}

std::u16string KeyObjects::full_name(void* body) { return g_key_objects->key_of(body)->path(); }

KeyOfHandle::KeyOfHandle(HANDLE handle, ACCESS_MASK desired)
{
    auto found = ob::reference_by_handle(handle, desired, &ob::key_type, KernelMode);
    m_status = found.status();
    if (m_status)
        return;
    m_held.reset(found->body);
    m_object = g_key_objects->find(found->body);
}

} // namespace ringside::cm
