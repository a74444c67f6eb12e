// SPDX-License-Identifier: MIT
#include "se/object_security.h"

#include "ex/pool.h"
#include "ke/kernel.h"
#include "ob/manager.h"
#include "ob/namespace.h"
#include "ob/security.h"
#include "se/security.h"

namespace ringside::se {

namespace {

Token& current_token() { return security().effective(ke::kernel().current()); }

// Directories and links that the kernel makes: everybody may look, the system and administrators may do everything.
Descriptor public_descriptor(ob::Type const& type)
{
    Descriptor d;
    d.owner = sids::administrators;
    d.group = sids::local_system;
    d.set(SE_DACL_PRESENT);
    d.dacl.emplace();
    d.dacl->add(ACCESS_ALLOWED_ACE_TYPE, 0, type.mapping.GenericRead | type.mapping.GenericExecute, sids::world);
    d.dacl->add(ACCESS_ALLOWED_ACE_TYPE, 0, type.mapping.GenericAll, sids::local_system);
    d.dacl->add(ACCESS_ALLOWED_ACE_TYPE, 0, type.mapping.GenericAll, sids::administrators);
    d.dacl->add(ACCESS_ALLOWED_ACE_TYPE, 0, type.mapping.GenericRead | type.mapping.GenericExecute, sids::restricted);
    return d;
}

Result<std::vector<uint8_t>> capture(void const* descriptor)
{
    Descriptor const made = TRY(capture_descriptor(descriptor));
    return made.relative();
}

Result<void*> assign(ob::Type const& type, void const* parent, void const* given, bool checked)
{
    Descriptor made;
    if (!given && &type == &ob::symbolic_link_type)
        made = public_descriptor(type);
    else if (!given && &type == &ob::device_type)
        made = default_device_descriptor();
    else {
        std::optional<Descriptor> container, wanted;
        if (parent)
            container = Descriptor(parent);
        if (given)
            wanted = Descriptor(given);
        made = TRY(assign_descriptor({ .parent = container ? &*container : nullptr,
                                       .given = wanted ? &*wanted : nullptr,
                                       .container = &type == &ob::directory_type || &type == &ob::key_type,
                                       .token = &current_token(),
                                       .mapping = type.mapping,
                                       .mode = static_cast<KPROCESSOR_MODE>(checked ? UserMode : KernelMode) }));
    }
    void* block = made.to_pool(PagedPool, false);
    if (!block)
        return Failure { STATUS_INSUFFICIENT_RESOURCES };
    return block;
}

Result<ACCESS_MASK> check(ob::Type const& type, void const* descriptor, ACCESS_MASK desired)
{
    Access const access = check_access(current_token(), rtl::parts_of(descriptor), desired, 0, type.mapping, UserMode);
    if (access.status)
        return Failure { access.status };
    return access.granted;
}

void release(void* descriptor) { ex::free(descriptor, kDescriptorTag); }

} // namespace

Descriptor default_device_descriptor()
{
    Descriptor d;
    GENERIC_MAPPING const& map = ob::device_type.mapping;
    d.owner = sids::administrators;
    d.group = sids::local_system;
    d.set(SE_DACL_PRESENT);
    d.dacl.emplace();
    d.dacl->add(ACCESS_ALLOWED_ACE_TYPE, 0, map.GenericRead | map.GenericWrite | map.GenericExecute, sids::world);
    d.dacl->add(ACCESS_ALLOWED_ACE_TYPE, 0, map.GenericAll, sids::local_system);
    d.dacl->add(ACCESS_ALLOWED_ACE_TYPE, 0, map.GenericAll, sids::administrators);
    d.dacl->add(ACCESS_ALLOWED_ACE_TYPE, 0, map.GenericRead | map.GenericExecute, sids::restricted);
    return d;
}

void hook_objects()
{
    // What was made before this room existed.
    for (ob::Record* record = ob::manager().oldest; record; record = record->younger)
        if (record->directory || record == ob::manager().root)
            record->security = public_descriptor(*record->type).to_pool(PagedPool, false);
    ob::g_security = { capture, assign, check, release };
}

void unhook_objects() { ob::g_security = {}; }

std::optional<Descriptor> object_descriptor(void* body)
{
    void** slot = ob::security_slot(body);
    return slot && *slot ? std::optional<Descriptor>(Descriptor(*slot)) : std::nullopt;
}

Result<void> set_object_descriptor(void* body, Descriptor const& descriptor)
{
    void** slot = ob::security_slot(body);
    if (!slot)
        return Failure { STATUS_NO_SECURITY_ON_OBJECT };
    void* block = descriptor.to_pool(PagedPool, false);
    if (!block)
        return Failure { STATUS_INSUFFICIENT_RESOURCES };
    if (*slot)
        release(*slot);
    *slot = block;
    return {};
}

Result<void> assign_default(void* body, Token const& token)
{
    ob::Type const& type = *ob::type_of(body);
    Descriptor const made = TRY(assign_descriptor({ .token = &token, .mapping = type.mapping }));
    return set_object_descriptor(body, made);
}

} // namespace ringside::se
