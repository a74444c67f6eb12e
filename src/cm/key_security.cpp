// SPDX-License-Identifier: MIT
#include "cm/key_security.h"

#include "ex/pool.h"
#include "ke/kernel.h"
#include "ob/security.h"
#include "se/assign.h"
#include "se/sddl.h"
#include "se/security.h"

#include <cstring>

namespace ringside::cm {

using namespace nt;

namespace {

se::Descriptor handed_down(se::Descriptor const& parent)
{
    se::Token const& system = *se::security().token_of(se::security().system_token());
    auto made = se::assign_descriptor({ .parent = &parent,
                                        .container = true,
                                        .auto_inherit = SEF_DACL_AUTO_INHERIT,
                                        .token = &system,
                                        .mapping = ob::key_type.mapping });
    return made.ok() ? made.take() : parent; // a list that would be too long stays as it is
}

// What \REGISTRY inherits from.
se::Descriptor above_all()
{
    return se::parse_sddl(u"D:(A;CI;KA;;;SY)(A;CI;KA;;;BA)(A;CI;KR;;;BU)(A;CI;KR;;;RC)").take();
}

} // namespace

void** descriptor_slot(Key& key)
{
    if (key.security)
        return &key.security;
    se::Descriptor parent;
    if (key.parent) {
        if (void* above = *descriptor_slot(*key.parent))
            parent = se::Descriptor(above);
    } else
        parent = above_all();
    key.security = handed_down(parent).to_pool(PagedPool, false);
    return &key.security;
}

DescriptorBytes descriptor_of(Key const& key)
{
    if (key.security)
        return se::Descriptor(key.security).relative();
    return handed_down(key.parent ? se::Descriptor(descriptor_of(*key.parent).data()) : above_all()).relative();
}

DescriptorBytes const& Inheritance::below(DescriptorBytes const& parent)
{
    auto [it, fresh] = m_below.try_emplace(parent);
    if (fresh)
        it->second = handed_down(se::Descriptor(parent.data())).relative();
    return it->second;
}

Result<void> give_descriptor(Key& key, void const* given, bool checked)
{
    se::Descriptor const wanted(given);
    std::optional<se::Descriptor> parent;
    if (void* above = key.parent ? *descriptor_slot(*key.parent) : nullptr)
        parent.emplace(above);
    se::Descriptor const made
        = TRY(se::assign_descriptor({ .parent = parent ? &*parent : nullptr,
                                      .given = &wanted,
                                      .container = true,
                                      .auto_inherit = SEF_DACL_AUTO_INHERIT,
                                      .token = &se::security().effective(ke::kernel().current()),
                                      .mapping = ob::key_type.mapping,
                                      .mode = static_cast<KPROCESSOR_MODE>(checked ? UserMode : KernelMode) }));
    void* const block = made.to_pool(PagedPool, false);
    if (!block)
        return Failure { STATUS_INSUFFICIENT_RESOURCES };
    release_descriptor(key.security);
    key.security = block;
    return {};
}

Result<void> may_create_below(Key& parent)
{
    void* const descriptor = *descriptor_slot(parent);
    if (descriptor && ob::g_security.check)
        TRY(ob::g_security.check(ob::key_type, descriptor, KEY_CREATE_SUB_KEY));
    return {};
}

Result<void*> descriptor_in_pool(std::span<uint8_t const> bytes)
{
    void* const block = ex::allocate(PagedPool, bytes.size(), se::kDescriptorTag, ex::Owner::Kernel, false);
    if (!block)
        return Failure { STATUS_INSUFFICIENT_RESOURCES };
    std::memcpy(block, bytes.data(), bytes.size());
    return block;
}

void release_descriptor(void* descriptor)
{
    if (descriptor && ob::g_security.release)
        ob::g_security.release(descriptor);
}

} // namespace ringside::cm
