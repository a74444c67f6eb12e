// SPDX-License-Identifier: MIT
// From one form of a security descriptor to another: absolute, self-relative, normalized.
#include "rtl/acl.h"
#include "rtl/allocator.h"
#include "rtl/security_descriptor.h"
#include "rtl/sid.h"

#include <cstring>
#include <vector>

namespace ringside::rtl {

// @cite(wdk-ddi): page=ntifs/nf-ntifs-rtlabsolutetoselfrelativesd
NTSTATUS RtlAbsoluteToSelfRelativeSD(PSECURITY_DESCRIPTOR absolute, PSECURITY_DESCRIPTOR relative, ULONG* bytes)
{
    Parts const parts = parts_of(absolute);
    if (parts.control & SE_SELF_RELATIVE)
        return STATUS_BAD_DESCRIPTOR_FORMAT;
    auto const needed = static_cast<ULONG>(relative_bytes(parts));
    if (*bytes < needed) {
        *bytes = needed;
        return STATUS_BUFFER_TOO_SMALL;
    }
    write_relative(parts, relative);
    *bytes = needed;
    return STATUS_SUCCESS;
}

// @cite(wdk-ddi): page=ntifs/nf-ntifs-rtlselfrelativetoabsolutesd
NTSTATUS RtlSelfRelativeToAbsoluteSD(PSECURITY_DESCRIPTOR relative, PSECURITY_DESCRIPTOR absolute,
                                     ULONG* absolute_bytes, ACL* dacl, ULONG* dacl_bytes, ACL* sacl, ULONG* sacl_bytes,
                                     PSID owner, ULONG* owner_bytes, PSID group, ULONG* group_bytes)
{
    Parts const parts = parts_of(relative);
    if (!(parts.control & SE_SELF_RELATIVE))
        return STATUS_BAD_DESCRIPTOR_FORMAT;
    ULONG const needed[]
        = { sizeof(SECURITY_DESCRIPTOR), parts.dacl ? parts.dacl->AclSize : 0u, parts.sacl ? parts.sacl->AclSize : 0u,
            static_cast<ULONG>(parts.owner ? sid_bytes(parts.owner) : 0),
            static_cast<ULONG>(parts.group ? sid_bytes(parts.group) : 0) };
    ULONG* const given[] = { absolute_bytes, dacl_bytes, sacl_bytes, owner_bytes, group_bytes };
    bool too_small = false;
    for (size_t i = 0; i < std::size(needed); ++i)
        too_small |= *given[i] < needed[i];
    for (size_t i = 0; i < std::size(needed); ++i)
        if (too_small || needed[i])
            *given[i] = needed[i];
    if (too_small)
        return STATUS_BUFFER_TOO_SMALL;
    SECURITY_DESCRIPTOR made {};
    made.Revision = SECURITY_DESCRIPTOR_REVISION;
    made.Control = static_cast<USHORT>(parts.control & ~SE_SELF_RELATIVE);
    auto copy = [](auto*& member, auto* to, void const* from, ULONG bytes) {
        if (!from)
            return;
        std::memmove(to, from, bytes);
        member = to;
    };
    copy(made.Dacl, dacl, parts.dacl, needed[1]);
    copy(made.Sacl, sacl, parts.sacl, needed[2]);
    copy(made.Owner, owner, parts.owner, needed[3]);
    copy(made.Group, group, parts.group, needed[4]);
    std::memcpy(absolute, &made, sizeof made);
    return STATUS_SUCCESS;
}

namespace {

bool is_allow(UCHAR type)
{
    return type == ACCESS_ALLOWED_ACE_TYPE || type == ACCESS_ALLOWED_OBJECT_ACE_TYPE
        || type == ACCESS_ALLOWED_CALLBACK_ACE_TYPE || type == ACCESS_ALLOWED_CALLBACK_OBJECT_ACE_TYPE;
}

// The list without allow entries that stand in it already, byte for byte, and without unused room behind its entries.
std::vector<uint8_t> without_duplicates(ACL const* acl)
{
    std::vector<uint8_t> made(sizeof(ACL));
    ACL header = *acl;
    header.AceCount = 0;
    for_each_ace(acl, [&](Ace const& ace) {
        auto const* bytes = reinterpret_cast<uint8_t const*>(ace.header);
        bool seen = false;
        for (size_t at = sizeof(ACL); at < made.size() && is_allow(ace.header->AceType) && !seen;) {
            ACE_HEADER other;
            std::memcpy(&other, made.data() + at, sizeof other);
            seen = other.AceSize == ace.header->AceSize && !std::memcmp(made.data() + at, bytes, other.AceSize);
            at += other.AceSize;
        }
        if (!seen) {
            made.insert(made.end(), bytes, bytes + ace.header->AceSize);
            ++header.AceCount;
        }
        return true;
    });
    header.AclSize = static_cast<USHORT>(made.size());
    std::memcpy(made.data(), &header, sizeof header);
    return made;
}

} // namespace

// @cite(wdk-ddi): page=ntddk/nf-ntddk-rtlnormalizesecuritydescriptor
BOOLEAN RtlNormalizeSecurityDescriptor(PSECURITY_DESCRIPTOR* descriptor, ULONG bytes, PSECURITY_DESCRIPTOR* result,
                                       ULONG* result_bytes, BOOLEAN check_only)
{
    if (!relative_descriptor_fits(*descriptor, bytes))
        return FALSE;
    Parts parts = parts_of(*descriptor);
    std::vector<uint8_t> sacl, dacl;
    if (parts.sacl) {
        sacl = without_duplicates(parts.sacl);
        parts.sacl = reinterpret_cast<ACL*>(sacl.data());
        if (!parts.sacl->AceCount) {
            parts.sacl = nullptr;
            parts.control = static_cast<USHORT>(parts.control & ~SE_SACL_PRESENT);
        }
    }
    if (parts.dacl) {
        dacl = without_duplicates(parts.dacl);
        parts.dacl = reinterpret_cast<ACL*>(dacl.data());
    }
    std::vector<uint8_t> made(relative_bytes(parts));
    write_relative(parts, made.data());
    if (made.size() == bytes && !std::memcmp(made.data(), *descriptor, bytes))
        return FALSE;
    if (check_only)
        return TRUE;
    void* to = result ? *result : nullptr;
    if (!to && g_allocator.allocate)
        to = g_allocator.allocate(made.size());
    if (!to)
        return FALSE;
    std::memcpy(to, made.data(), made.size());
    if (result)
        *result = to;
    else {
        g_allocator.free(*descriptor);
        *descriptor = to;
    }
    if (result_bytes)
        *result_bytes = static_cast<ULONG>(made.size());
    return TRUE;
}

} // namespace ringside::rtl
