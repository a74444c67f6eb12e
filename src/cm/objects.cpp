// SPDX-License-Identifier: MIT
#include "cm/objects.h"

#include "base/check.h"
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
    ob::key_type.deleted = deleted;
    ob::key_type.full_name = full_name;
    auto root = make(registry().root());
    CHECK(root.ok() && ob::insert(*root, registry().root().path, true, true).ok(), "the registry has no name");
    ob::dereference(*root);
}

KeyObjects::~KeyObjects()
{
    ob::key_type.deleted = nullptr;
    ob::key_type.full_name = nullptr;
    g_key_objects = nullptr;
}

Key* KeyObjects::key_of(void* body)
{
    auto it = m_keys.find(ob::number_of(body));
    return it == m_keys.end() ? nullptr : it->second;
}

Result<void*> KeyObjects::make(Key& key)
{
    void* body = TRY(ob::create(ob::key_type, kKeyBytes, kKeyTag));
    m_keys.emplace(ob::number_of(body), &key);
    registry().reference(key);
    return body;
}

void KeyObjects::deleted(void* body)
{
    KeyObjects& objects = *g_key_objects;
    registry().dereference(*objects.key_of(body));
    objects.m_keys.erase(ob::number_of(body));
}

std::u16string KeyObjects::full_name(void* body) { return g_key_objects->key_of(body)->path; }

Result<Walked> walk_attributes(ob::Attributes const& attributes, Missing missing, bool open_link, bool is_volatile)
{
    ob::Lookup found = TRY(ob::look_up(attributes.name()));
    ob::Held held(found.body);
    if (found.type != &ob::key_type)
        return Failure { STATUS_OBJECT_TYPE_MISMATCH };
    return registry().walk(*g_key_objects->key_of(found.body), found.remaining, missing,
                           open_link ? Links::OpenLast : Links::Follow, is_volatile);
}

Result<HANDLE> open_key(Key& key, ob::Attributes const& attributes, ACCESS_MASK desired)
{
    void* body = TRY(g_key_objects->make(key));
    auto handle = ob::open_handle(ob::current_process(), body, ob::granted_access(ob::key_type, desired),
                                  attributes.kernel_handle(), attributes.flags & OBJ_INHERIT);
    ob::dereference(body);
    return handle;
}

KeyOfHandle::KeyOfHandle(HANDLE handle, ACCESS_MASK desired)
{
    auto found = ob::reference_by_handle(handle, desired, &ob::key_type, KernelMode);
    m_status = found.status();
    if (m_status)
        return;
    ob::Held held(found->body);
    Key* key = g_key_objects->key_of(found->body);
    if (key->deleted) {
        m_status = STATUS_KEY_DELETED;
        return;
    }
    m_key = key;
    registry().reference(*key);
}

KeyOfHandle::~KeyOfHandle()
{
    if (m_key)
        registry().dereference(*m_key);
}

} // namespace ringside::cm
