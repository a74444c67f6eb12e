// SPDX-License-Identifier: MIT
#include "cm/objects.h"

#include "base/check.h"
#include "ke/kernel.h"
#include "ob/security.h"
#include "se/assign.h"
#include "se/sddl.h"
#include "se/security.h"

namespace ringside::cm {

using namespace nt;

KeyObjects* g_key_objects = nullptr;

namespace {

constexpr uint32_t kKeyTag = ' yeK'; // "Key "
constexpr size_t kKeyBytes = 0x60;

// Administrators and the system may do everything, users may read; keys hand that down. Pool that is empty leaves a key
// without a descriptor until it is asked again.
void** descriptor_of(Key& key)
{
    if (key.security)
        return &key.security;
    se::Descriptor parent;
    if (key.parent) {
        if (void* above = *descriptor_of(*key.parent))
            parent = se::Descriptor(above);
    } else
        parent = se::parse_sddl(u"D:(A;CI;KA;;;SY)(A;CI;KA;;;BA)(A;CI;KR;;;BU)(A;CI;KR;;;RC)").take();
    se::Token const& system = *se::security().token_of(se::security().system_token());
    auto made = se::assign_descriptor({ .parent = &parent,
                                        .container = true,
                                        .auto_inherit = SEF_DACL_AUTO_INHERIT,
                                        .token = &system,
                                        .mapping = ob::key_type.mapping });
    if (made.ok())
        key.security = made->to_pool(PagedPool, false);
    return &key.security;
}

} // namespace

KeyObjects::KeyObjects()
{
    CHECK(!g_key_objects, "one machine is live per process at a time");
    g_key_objects = this;
    ob::key_type.deleted = deleted;
    ob::key_type.full_name = full_name;
    ob::key_type.security_slot = [](void* body) { return descriptor_of(*g_key_objects->key_of(body)); };
    auto root = make(registry().root());
    CHECK(root.ok() && ob::insert(*root, registry().root().path, true, true).ok(), "the registry has no name");
    ob::dereference(*root);
}

KeyObjects::~KeyObjects()
{
    ob::key_type.deleted = nullptr;
    ob::key_type.full_name = nullptr;
    ob::key_type.security_slot = nullptr;
    g_key_objects = nullptr;
}

Key::~Key()
{
    if (security && ob::g_security.release)
        ob::g_security.release(security);
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
    auto const granted = ob::allowed_access(body, desired, attributes.mode, attributes.flags);
    Result<HANDLE> handle = Failure { granted.status() };
    if (granted.ok())
        handle = ob::open_handle(ob::current_process(), body, granted.value(), attributes.kernel_handle(),
                                 attributes.flags & OBJ_INHERIT);
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
