// SPDX-License-Identifier: MIT
#include "rtl/security_descriptor.h"

#include "rtl/acl.h"
#include "rtl/sid.h"

#include <cstring>

namespace ringside::rtl {

namespace {

SECURITY_DESCRIPTOR_RELATIVE& relative_form(void* descriptor)
{
    return *static_cast<SECURITY_DESCRIPTOR_RELATIVE*>(descriptor);
}

SECURITY_DESCRIPTOR& absolute_form(void* descriptor) { return *static_cast<SECURITY_DESCRIPTOR*>(descriptor); }

bool known(void* descriptor) { return relative_form(descriptor).Revision == SECURITY_DESCRIPTOR_REVISION; }

void set_bit(void* descriptor, ULONG bit, bool on)
{
    auto& control = relative_form(descriptor).Control;
    control = static_cast<USHORT>(on ? control | bit : control & ~bit);
}

NTSTATUS settable(void* descriptor)
{
    if (!known(descriptor))
        return STATUS_UNKNOWN_REVISION;
    return relative_form(descriptor).Control & SE_SELF_RELATIVE ? STATUS_INVALID_SECURITY_DESCR : STATUS_SUCCESS;
}

NTSTATUS get_list(void* descriptor, ULONG present_bit, ULONG defaulted_bit, ACL* Parts::* which, BOOLEAN* present,
                  ACL** list, BOOLEAN* defaulted)
{
    if (!known(descriptor))
        return STATUS_UNKNOWN_REVISION;
    Parts const parts = parts_of(descriptor);
    *present = (parts.control & present_bit) != 0;
    if (*present) {
        *list = parts.*which;
        *defaulted = (parts.control & defaulted_bit) != 0;
    }
    return STATUS_SUCCESS;
}

NTSTATUS get_sid(void* descriptor, ULONG defaulted_bit, void* Parts::* which, PSID* sid, BOOLEAN* defaulted)
{
    if (!known(descriptor))
        return STATUS_UNKNOWN_REVISION;
    Parts const parts = parts_of(descriptor);
    *sid = parts.*which;
    *defaulted = (parts.control & defaulted_bit) != 0;
    return STATUS_SUCCESS;
}

constexpr size_t round4(size_t bytes) { return (bytes + 3) & ~size_t { 3 }; }

} // namespace

Parts parts_of(void const* given)
{
    void* descriptor = const_cast<void*>(given);
    Parts parts;
    parts.control = relative_form(descriptor).Control;
    if (parts.control & SE_SELF_RELATIVE) {
        auto const& form = relative_form(descriptor);
        auto at = [&](ULONG offset) -> void* { return offset ? static_cast<uint8_t*>(descriptor) + offset : nullptr; };
        parts.owner = at(form.Owner);
        parts.group = at(form.Group);
        parts.sacl = parts.control & SE_SACL_PRESENT ? static_cast<ACL*>(at(form.Sacl)) : nullptr;
        parts.dacl = parts.control & SE_DACL_PRESENT ? static_cast<ACL*>(at(form.Dacl)) : nullptr;
    } else {
        auto const& form = absolute_form(descriptor);
        parts.owner = form.Owner;
        parts.group = form.Group;
        parts.sacl = parts.control & SE_SACL_PRESENT ? form.Sacl : nullptr;
        parts.dacl = parts.control & SE_DACL_PRESENT ? form.Dacl : nullptr;
    }
    return parts;
}

bool relative_descriptor_fits(void const* descriptor, size_t room)
{
    if (room < sizeof(SECURITY_DESCRIPTOR_RELATIVE))
        return false;
    auto const& form = relative_form(const_cast<void*>(descriptor));
    if (form.Revision != SECURITY_DESCRIPTOR_REVISION || !(form.Control & SE_SELF_RELATIVE))
        return false;
    auto const* bytes = static_cast<uint8_t const*>(descriptor);
    auto inside = [&](ULONG offset) { return offset >= sizeof form && offset < room && offset % sizeof(ULONG) == 0; };
    for (ULONG offset : { form.Owner, form.Group })
        if (offset && (!inside(offset) || !sid_fits(bytes + offset, room - offset)))
            return false;
    if ((form.Control & SE_DACL_PRESENT) && form.Dacl
        && (!inside(form.Dacl) || !acl_fits(bytes + form.Dacl, room - form.Dacl)))
        return false;
    return !(form.Control & SE_SACL_PRESENT) || !form.Sacl
        || (inside(form.Sacl) && acl_fits(bytes + form.Sacl, room - form.Sacl));
}

size_t relative_bytes(Parts const& parts)
{
    return sizeof(SECURITY_DESCRIPTOR_RELATIVE) + (parts.owner ? sid_bytes(parts.owner) : 0)
        + (parts.group ? sid_bytes(parts.group) : 0) + (parts.sacl ? round4(parts.sacl->AclSize) : 0)
        + (parts.dacl ? round4(parts.dacl->AclSize) : 0);
}

void write_relative(Parts const& parts, void* into)
{
    std::memset(into, 0, relative_bytes(parts));
    auto& form = relative_form(into);
    form.Revision = SECURITY_DESCRIPTOR_REVISION;
    form.Control = static_cast<USHORT>(parts.control | SE_SELF_RELATIVE);
    ULONG at = sizeof form;
    auto put = [&](ULONG& offset, void const* part, size_t bytes) {
        if (!part)
            return;
        offset = at;
        std::memcpy(static_cast<uint8_t*>(into) + at, part, bytes);
        at += static_cast<ULONG>(round4(bytes));
    };
    put(form.Sacl, parts.sacl, parts.sacl ? parts.sacl->AclSize : 0);
    put(form.Dacl, parts.dacl, parts.dacl ? parts.dacl->AclSize : 0);
    put(form.Owner, parts.owner, parts.owner ? sid_bytes(parts.owner) : 0);
    put(form.Group, parts.group, parts.group ? sid_bytes(parts.group) : 0);
}

NTSTATUS RtlCreateSecurityDescriptor(PSECURITY_DESCRIPTOR descriptor, ULONG revision)
{
    if (revision != SECURITY_DESCRIPTOR_REVISION)
        return STATUS_UNKNOWN_REVISION;
    absolute_form(descriptor) = { SECURITY_DESCRIPTOR_REVISION, 0, 0, nullptr, nullptr, nullptr, nullptr };
    return STATUS_SUCCESS;
}

NTSTATUS RtlCreateSecurityDescriptorRelative(SECURITY_DESCRIPTOR_RELATIVE* descriptor, ULONG revision)
{
    if (revision != SECURITY_DESCRIPTOR_REVISION)
        return STATUS_UNKNOWN_REVISION;
    *descriptor = { SECURITY_DESCRIPTOR_REVISION, 0, SE_SELF_RELATIVE, 0, 0, 0, 0 };
    return STATUS_SUCCESS;
}

ULONG RtlLengthSecurityDescriptor(PSECURITY_DESCRIPTOR descriptor)
{
    Parts const parts = parts_of(descriptor);
    size_t const header
        = parts.control & SE_SELF_RELATIVE ? sizeof(SECURITY_DESCRIPTOR_RELATIVE) : sizeof(SECURITY_DESCRIPTOR);
    return static_cast<ULONG>(relative_bytes(parts) - sizeof(SECURITY_DESCRIPTOR_RELATIVE) + header);
}

// The size of a self-relative one is not known here: its offsets are believed, its parts are looked at.
BOOLEAN RtlValidSecurityDescriptor(PSECURITY_DESCRIPTOR descriptor)
{
    if (!descriptor || !known(descriptor))
        return FALSE;
    Parts const parts = parts_of(descriptor);
    return (!parts.owner || RtlValidSid(parts.owner)) && (!parts.group || RtlValidSid(parts.group))
        && (!parts.dacl || acl_valid(parts.dacl)) && (!parts.sacl || acl_valid(parts.sacl));
}

// @cite(wdk-ddi): page=wdm/nf-wdm-rtlvalidrelativesecuritydescriptor
BOOLEAN RtlValidRelativeSecurityDescriptor(PSECURITY_DESCRIPTOR descriptor, ULONG bytes, SECURITY_INFORMATION required)
{
    if (!descriptor || !relative_descriptor_fits(descriptor, bytes))
        return FALSE;
    auto const& form = relative_form(descriptor);
    return (!(required & OWNER_SECURITY_INFORMATION) || form.Owner)
        && (!(required & GROUP_SECURITY_INFORMATION) || form.Group)
        && (!(required & DACL_SECURITY_INFORMATION) || (form.Control & SE_DACL_PRESENT))
        && (!(required & SACL_SECURITY_INFORMATION) || (form.Control & SE_SACL_PRESENT));
}

NTSTATUS RtlGetControlSecurityDescriptor(PSECURITY_DESCRIPTOR descriptor, SECURITY_DESCRIPTOR_CONTROL* control,
                                         ULONG* revision)
{
    *revision = relative_form(descriptor).Revision;
    if (!known(descriptor))
        return STATUS_UNKNOWN_REVISION;
    *control = relative_form(descriptor).Control;
    return STATUS_SUCCESS;
}

// @cite(wdk-ddi): page=ntifs/nf-ntifs-rtlgetdaclsecuritydescriptor
NTSTATUS RtlGetDaclSecurityDescriptor(PSECURITY_DESCRIPTOR descriptor, BOOLEAN* present, ACL** dacl, BOOLEAN* defaulted)
{
    return get_list(descriptor, SE_DACL_PRESENT, SE_DACL_DEFAULTED, &Parts::dacl, present, dacl, defaulted);
}

// @cite(wdk-ddi): page=wdm/nf-wdm-rtlsetdaclsecuritydescriptor
NTSTATUS RtlSetDaclSecurityDescriptor(PSECURITY_DESCRIPTOR descriptor, BOOLEAN present, ACL* dacl, BOOLEAN defaulted)
{
    if (NTSTATUS status = settable(descriptor); status)
        return status;
    set_bit(descriptor, SE_DACL_PRESENT, present);
    if (present) {
        absolute_form(descriptor).Dacl = dacl;
        set_bit(descriptor, SE_DACL_DEFAULTED, defaulted);
    }
    return STATUS_SUCCESS;
}

NTSTATUS RtlGetSaclSecurityDescriptor(PSECURITY_DESCRIPTOR descriptor, BOOLEAN* present, ACL** sacl, BOOLEAN* defaulted)
{
    return get_list(descriptor, SE_SACL_PRESENT, SE_SACL_DEFAULTED, &Parts::sacl, present, sacl, defaulted);
}

NTSTATUS RtlSetSaclSecurityDescriptor(PSECURITY_DESCRIPTOR descriptor, BOOLEAN present, ACL* sacl, BOOLEAN defaulted)
{
    if (NTSTATUS status = settable(descriptor); status)
        return status;
    set_bit(descriptor, SE_SACL_PRESENT, present);
    if (present) {
        absolute_form(descriptor).Sacl = sacl;
        set_bit(descriptor, SE_SACL_DEFAULTED, defaulted);
    }
    return STATUS_SUCCESS;
}

// @cite(wdk-ddi): page=ntifs/nf-ntifs-rtlgetownersecuritydescriptor
NTSTATUS RtlGetOwnerSecurityDescriptor(PSECURITY_DESCRIPTOR descriptor, PSID* owner, BOOLEAN* defaulted)
{
    return get_sid(descriptor, SE_OWNER_DEFAULTED, &Parts::owner, owner, defaulted);
}

// @cite(wdk-ddi): page=ntifs/nf-ntifs-rtlsetownersecuritydescriptor
NTSTATUS RtlSetOwnerSecurityDescriptor(PSECURITY_DESCRIPTOR descriptor, PSID owner, BOOLEAN defaulted)
{
    if (NTSTATUS status = settable(descriptor); status)
        return status;
    absolute_form(descriptor).Owner = owner;
    set_bit(descriptor, SE_OWNER_DEFAULTED, defaulted);
    return STATUS_SUCCESS;
}

NTSTATUS RtlGetGroupSecurityDescriptor(PSECURITY_DESCRIPTOR descriptor, PSID* group, BOOLEAN* defaulted)
{
    return get_sid(descriptor, SE_GROUP_DEFAULTED, &Parts::group, group, defaulted);
}

NTSTATUS RtlSetGroupSecurityDescriptor(PSECURITY_DESCRIPTOR descriptor, PSID group, BOOLEAN defaulted)
{
    if (NTSTATUS status = settable(descriptor); status)
        return status;
    absolute_form(descriptor).Group = group;
    set_bit(descriptor, SE_GROUP_DEFAULTED, defaulted);
    return STATUS_SUCCESS;
}

} // namespace ringside::rtl
