// SPDX-License-Identifier: MIT
// Security descriptors: owner, group, discretionary and system access lists, and a control word. The absolute form holds
// pointers; the self-relative form offsets into one block. Every function takes either, as Windows does.
#pragma once

#include "nt/se.h"
#include "nt/status.h"

namespace ringside::rtl {

using namespace nt;

// The parts of a descriptor in either form, not checked. A list that is present and null allows everybody everything.
struct Parts {
    SECURITY_DESCRIPTOR_CONTROL control = 0;
    void* owner = nullptr;
    void* group = nullptr;
    ACL* sacl = nullptr;
    ACL* dacl = nullptr;
};
Parts parts_of(void const* descriptor);
// Whether a whole self-relative descriptor stands in these bytes.
bool relative_descriptor_fits(void const* descriptor, size_t room);
// Length of the parts in self-relative form, and the form itself, in the order SACL, DACL, owner, group.
size_t relative_bytes(Parts const& parts);
void write_relative(Parts const& parts, void* into);

NTSTATUS RtlCreateSecurityDescriptor(PSECURITY_DESCRIPTOR descriptor, ULONG revision);
NTSTATUS RtlCreateSecurityDescriptorRelative(SECURITY_DESCRIPTOR_RELATIVE* descriptor, ULONG revision);
ULONG RtlLengthSecurityDescriptor(PSECURITY_DESCRIPTOR descriptor);
BOOLEAN RtlValidSecurityDescriptor(PSECURITY_DESCRIPTOR descriptor);
BOOLEAN RtlValidRelativeSecurityDescriptor(PSECURITY_DESCRIPTOR descriptor, ULONG bytes, SECURITY_INFORMATION required);
NTSTATUS RtlGetControlSecurityDescriptor(PSECURITY_DESCRIPTOR descriptor, SECURITY_DESCRIPTOR_CONTROL* control,
                                         ULONG* revision);
NTSTATUS RtlGetDaclSecurityDescriptor(PSECURITY_DESCRIPTOR descriptor, BOOLEAN* present, ACL** dacl,
                                      BOOLEAN* defaulted);
NTSTATUS RtlSetDaclSecurityDescriptor(PSECURITY_DESCRIPTOR descriptor, BOOLEAN present, ACL* dacl, BOOLEAN defaulted);
NTSTATUS RtlGetSaclSecurityDescriptor(PSECURITY_DESCRIPTOR descriptor, BOOLEAN* present, ACL** sacl,
                                      BOOLEAN* defaulted);
NTSTATUS RtlSetSaclSecurityDescriptor(PSECURITY_DESCRIPTOR descriptor, BOOLEAN present, ACL* sacl, BOOLEAN defaulted);
NTSTATUS RtlGetOwnerSecurityDescriptor(PSECURITY_DESCRIPTOR descriptor, PSID* owner, BOOLEAN* defaulted);
NTSTATUS RtlSetOwnerSecurityDescriptor(PSECURITY_DESCRIPTOR descriptor, PSID owner, BOOLEAN defaulted);
NTSTATUS RtlGetGroupSecurityDescriptor(PSECURITY_DESCRIPTOR descriptor, PSID* group, BOOLEAN* defaulted);
NTSTATUS RtlSetGroupSecurityDescriptor(PSECURITY_DESCRIPTOR descriptor, PSID group, BOOLEAN defaulted);
NTSTATUS RtlAbsoluteToSelfRelativeSD(PSECURITY_DESCRIPTOR absolute, PSECURITY_DESCRIPTOR relative, ULONG* bytes);
NTSTATUS RtlSelfRelativeToAbsoluteSD(PSECURITY_DESCRIPTOR relative, PSECURITY_DESCRIPTOR absolute,
                                     ULONG* absolute_bytes, ACL* dacl, ULONG* dacl_bytes, ACL* sacl, ULONG* sacl_bytes,
                                     PSID owner, ULONG* owner_bytes, PSID group, ULONG* group_bytes);
BOOLEAN RtlNormalizeSecurityDescriptor(PSECURITY_DESCRIPTOR* descriptor, ULONG bytes, PSECURITY_DESCRIPTOR* result,
                                       ULONG* result_bytes, BOOLEAN check_only);

} // namespace ringside::rtl
