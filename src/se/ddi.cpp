// SPDX-License-Identifier: MIT
// The contract rows of room se.
#include "se/ddi.h"

#include "ex/pool.h"
#include "ob/capture.h"
#include "ob/manager.h"
#include "ob/service.h"

namespace ringside::se {

namespace {

constexpr char const* kExported = "exported and in use, but not documented";
constexpr char const* kNoAudit = "no event is logged: the machine's audit policy audits nothing, and it cannot be changed";
constexpr char const* kConditions = "conditions of conditional entries are not evaluated: such an entry never allows, and "
                                    "always denies";
constexpr char const* kNoDll = "data/ddi.csv leaves it out: its page names no DLL";
constexpr auto kNoResources = STATUS_INSUFFICIENT_RESOURCES;

KPROCESSOR_MODE kernel_mode() { return KernelMode; }
using Mode = KPROCESSOR_MODE (*)();

template <Mode mode>
NTSTATUS QueryInformationToken(HANDLE token, TOKEN_INFORMATION_CLASS what, PVOID into, ULONG bytes, ULONG* needed)
{
    return query_token(token, what, into, bytes, needed, mode());
}
template <Mode mode>
NTSTATUS SetInformationToken(HANDLE token, TOKEN_INFORMATION_CLASS what, PVOID from, ULONG bytes)
{
    return set_token(token, what, from, bytes, mode());
}
template <Mode mode>
NTSTATUS DuplicateToken(HANDLE token, ACCESS_MASK desired, OBJECT_ATTRIBUTES* attributes, BOOLEAN effective_only,
                        TOKEN_TYPE type, HANDLE* made)
{
    return duplicate_token(token, desired, attributes, effective_only, type, made, mode());
}
template <Mode mode>
NTSTATUS AdjustPrivilegesToken(HANDLE token, BOOLEAN disable_all, TOKEN_PRIVILEGES* change, ULONG bytes,
                               TOKEN_PRIVILEGES* before, ULONG* needed)
{
    return adjust_privileges(token, disable_all, change, bytes, before, needed, mode());
}
template <Mode mode>
NTSTATUS QuerySecurityObject(HANDLE handle, SECURITY_INFORMATION information, PSECURITY_DESCRIPTOR into, ULONG bytes,
                             ULONG* needed)
{
    return query_security_object(handle, information, into, bytes, needed, mode());
}
template <Mode mode>
NTSTATUS SetSecurityObject(HANDLE handle, SECURITY_INFORMATION information, PSECURITY_DESCRIPTOR descriptor)
{
    return set_security_object(handle, information, descriptor, mode());
}

BOOLEAN SeAuditingFileEvents(BOOLEAN, PSECURITY_DESCRIPTOR) { return FALSE; }
BOOLEAN SeAuditingFileOrGlobalEvents(BOOLEAN, PSECURITY_DESCRIPTOR, SECURITY_SUBJECT_CONTEXT*) { return FALSE; }
BOOLEAN SeAuditingHardLinkEvents(BOOLEAN, PSECURITY_DESCRIPTOR) { return FALSE; }
void SeAuditHardLinkCreation(UNICODE_STRING*, UNICODE_STRING*, BOOLEAN) { }

NTSTATUS ZwAllocateLocallyUniqueId(LUID* id)
{
    ob::put(id, security().next_luid());
    return STATUS_SUCCESS;
}
NTSTATUS NtAllocateLocallyUniqueId(LUID* id)
{
    KPROCESSOR_MODE const mode = ob::previous_mode();
    return ob::as_service(mode, [&] {
        NTSTATUS const status = ob::probe(mode, id, sizeof *id, sizeof(ULONG));
        return status ? status : ZwAllocateLocallyUniqueId(id);
    });
}

void SeDeleteObjectAuditAlarm(PVOID object, HANDLE) { static_cast<void>(ob::manager().require(object)); }
void SeOpenObjectAuditAlarm(UNICODE_STRING*, PVOID, UNICODE_STRING*, PSECURITY_DESCRIPTOR, ACCESS_STATE*, BOOLEAN,
                            BOOLEAN, KPROCESSOR_MODE, BOOLEAN* generate_on_close)
{
    ob::put(generate_on_close, FALSE);
}

} // namespace

std::span<Ddi const> ddi_rows()
{
    // clang-format off
    static Ddi const rows[] = {
        // Subjects and checks.
        { .name = "SeCaptureSubjectContext", .page = "wdm/nf-wdm-secapturesubjectcontext",
          .body = body<&SeCaptureSubjectContext>() },
        { .name = "SeLockSubjectContext", .page = "wdm/nf-wdm-selocksubjectcontext",
          .body = body<&SeLockSubjectContext>() },
        { .name = "SeUnlockSubjectContext", .page = "wdm/nf-wdm-seunlocksubjectcontext",
          .body = body<&SeUnlockSubjectContext>() },
        { .name = "SeReleaseSubjectContext", .page = "wdm/nf-wdm-sereleasesubjectcontext",
          .body = body<&SeReleaseSubjectContext>() },
        { .name = "SeAccessCheck", .page = "wdm/nf-wdm-seaccesscheck", .rules = "PowerIrpDDis", .partial = kConditions,
          .body = body<&SeAccessCheck>() },
        { .name = "SePrivilegeCheck", .page = "ntifs/nf-ntifs-seprivilegecheck", .body = body<&SePrivilegeCheck>() },
        { .name = "SeSinglePrivilegeCheck", .page = "ntddk/nf-ntddk-sesingleprivilegecheck", .rules = "PowerIrpDDis",
          .body = body<&SeSinglePrivilegeCheck>() },
        { .name = "NtPrivilegeCheck", .page = "ntifs/nf-ntifs-ntprivilegecheck", .body = body<&NtPrivilegeCheck>() },
        { .name = "SeAppendPrivileges", .fail = Fail::Status, .fail_status = kNoResources,
          .page = "ntifs/nf-ntifs-seappendprivileges", .body = body<&SeAppendPrivileges>() },
        { .name = "SeFreePrivileges", .page = "ntifs/nf-ntifs-sefreeprivileges", .body = body<&SeFreePrivileges>() },
        { .name = "SeCreateAccessState", .fail = Fail::Status, .fail_status = kNoResources,
          .partial = "AuxData is not filled in", .because = kExported, .body = body<&SeCreateAccessState>() },
        { .name = "SeDeleteAccessState", .because = kExported, .body = body<&SeDeleteAccessState>() },
        { .name = "SeSetAccessStateGenericMapping", .page = "ntifs/nf-ntifs-sesetaccessstategenericmapping",
          .body = body<&SeSetAccessStateGenericMapping>() },

        // Descriptors.
        { .name = "SeAssignSecurity", .fail = Fail::Status, .fail_status = kNoResources,
          .page = "wdm/nf-wdm-seassignsecurity", .rules = "PowerIrpDDis", .body = body<&SeAssignSecurity>() },
        { .name = "SeAssignSecurityEx", .fail = Fail::Status, .fail_status = kNoResources,
          .page = "wdm/nf-wdm-seassignsecurityex",
          .partial = "entries for a type of object are inherited whatever the new object's type",
          .body = body<&SeAssignSecurityEx>() },
        { .name = "SeDeassignSecurity", .page = "wdm/nf-wdm-sedeassignsecurity", .rules = "PowerIrpDDis",
          .body = body<&SeDeassignSecurity>() },
        { .name = "SeValidSecurityDescriptor", .page = "wdm/nf-wdm-sevalidsecuritydescriptor", .rules = "PowerIrpDDis",
          .body = body<&SeValidSecurityDescriptor>() },
        { .name = "SeQuerySecurityDescriptorInfo", .page = "ntifs/nf-ntifs-sequerysecuritydescriptorinfo",
          .body = body<&SeQuerySecurityDescriptorInfo>() },
        { .name = "SeSetSecurityDescriptorInfo", .fail = Fail::Status, .fail_status = kNoResources,
          .page = "ntifs/nf-ntifs-sesetsecuritydescriptorinfo", .body = body<&SeSetSecurityDescriptorInfo>() },
        { .name = "SeSetSecurityDescriptorInfoEx", .fail = Fail::Status, .fail_status = kNoResources,
          .page = "ntifs/nf-ntifs-sesetsecuritydescriptorinfoex",
          .partial = "inherited entries are not kept apart from the new ones (SEF_DACL_AUTO_INHERIT)",
          .body = body<&SeSetSecurityDescriptorInfoEx>() },
        { .name = "SeCaptureSecurityDescriptor", .fail = Fail::Status, .fail_status = kNoResources,
          .because = kExported, .body = body<&SeCaptureSecurityDescriptor>() },
        { .name = "SeReleaseSecurityDescriptor", .because = kExported, .body = body<&SeReleaseSecurityDescriptor>() },
        { .name = "ObGetObjectSecurity", .fail = Fail::Status, .fail_status = kNoResources,
          .page = "wdm/nf-wdm-obgetobjectsecurity", .body = body<&ObGetObjectSecurity>() },
        { .name = "ObReleaseObjectSecurity", .irql = { .highest = APC_LEVEL },
          .page = "wdm/nf-wdm-obreleaseobjectsecurity", .body = body<&ObReleaseObjectSecurity>() },
        { .name = "ObSetSecurityObjectByPointer", .fail = Fail::Status, .fail_status = kNoResources,
          .because = kExported, .body = body<&ObSetSecurityObjectByPointer>() },
        { .name = "ZwQuerySecurityObject", .page = "ntifs/nf-ntifs-zwquerysecurityobject", .rules = "PowerIrpDDis",
          .body = body<&QuerySecurityObject<kernel_mode>>() },
        { .name = "NtQuerySecurityObject", .page = "ntifs/nf-ntifs-ntquerysecurityobject", .rules = "PowerIrpDDis",
          .body = body<&QuerySecurityObject<ob::previous_mode>>() },
        { .name = "ZwSetSecurityObject", .fail = Fail::Status, .fail_status = kNoResources,
          .page = "ntifs/nf-ntifs-zwsetsecurityobject", .rules = "PowerIrpDDis",
          .body = body<&SetSecurityObject<kernel_mode>>() },
        { .name = "NtSetSecurityObject", .fail = Fail::Status, .fail_status = kNoResources,
          .page = "ntifs/nf-ntifs-ntsetsecurityobject", .rules = "PowerIrpDDis",
          .body = body<&SetSecurityObject<ob::previous_mode>>() },
        { .name = "SeConvertStringSecurityDescriptorToSecurityDescriptor", .fail = Fail::Status,
          .fail_status = kNoResources, .partial = "conditional and attribute entries are refused", .because = kExported,
          .body = body<&SeConvertStringSecurityDescriptorToSecurityDescriptor>() },
        { .name = "SeConvertSecurityDescriptorToStringSecurityDescriptor", .fail = Fail::Status,
          .fail_status = kNoResources, .partial = "conditional and attribute entries are left out",
          .because = kExported, .body = body<&SeConvertSecurityDescriptorToStringSecurityDescriptor>() },

        // Tokens.
        { .name = "SeTokenType", .page = "ntifs/nf-ntifs-setokentype", .body = body<&SeTokenType>() },
        { .name = "SeTokenImpersonationLevel", .because = kExported, .body = body<&SeTokenImpersonationLevel>() },
        { .name = "SeTokenIsAdmin", .page = "ntifs/nf-ntifs-setokenisadmin", .body = body<&SeTokenIsAdmin>() },
        { .name = "SeTokenIsRestricted", .page = "ntifs/nf-ntifs-setokenisrestricted",
          .body = body<&SeTokenIsRestricted>() },
        { .name = "SeTokenIsWriteRestricted", .because = kExported, .body = body<&SeTokenIsWriteRestricted>() },
        { .name = "SeQueryAuthenticationIdToken", .page = "ntifs/nf-ntifs-sequeryauthenticationidtoken",
          .body = body<&SeQueryAuthenticationIdToken>() },
        { .name = "SeQuerySessionIdToken", .page = "ntifs/nf-ntifs-sequerysessionidtoken",
          .body = body<&SeQuerySessionIdToken>() },
        { .name = "SeQueryInformationToken", .fail = Fail::Status, .fail_status = kNoResources,
          .page = "ntifs/nf-ntifs-sequeryinformationtoken",
          .partial = "no linked token, session reference, audit policy, access information or later classes",
          .body = body<&SeQueryInformationToken>() },
        { .name = "SeFilterToken", .irql = { .highest = APC_LEVEL }, .fail = Fail::Status,
          .fail_status = kNoResources, .page = "ntifs/nf-ntifs-sefiltertoken", .body = body<&SeFilterToken>() },
        { .name = "SeTokenSetNoChildProcessRestricted", .since = Windows::v10_1709,
          .page = "ntifs/nf-ntifs-setokensetnochildprocessrestricted",
          .body = body<&SeTokenSetNoChildProcessRestricted>() },
        { .name = "SeTokenGetNoChildProcessRestricted", .since = Windows::v10_1709,
          .page = "ntifs/nf-ntifs-setokengetnochildprocessrestricted",
          .body = body<&SeTokenGetNoChildProcessRestricted>() },
        { .name = "SeTokenIsNoChildProcessRestrictionEnforced", .since = Windows::v10_1709,
          .page = "ntifs/nf-ntifs-setokenisnochildprocessrestrictionenforced",
          .body = body<&SeTokenIsNoChildProcessRestrictionEnforced>() },
        { .name = "ZwQueryInformationToken", .page = "ntifs/nf-ntifs-zwqueryinformationtoken", .rules = "PowerIrpDDis",
          .partial = "no linked token, session reference, audit policy, access information or later classes",
          .body = body<&QueryInformationToken<kernel_mode>>() },
        { .name = "NtQueryInformationToken", .page = "ntifs/nf-ntifs-ntqueryinformationtoken", .rules = "PowerIrpDDis",
          .partial = "no linked token, session reference, audit policy, access information or later classes",
          .body = body<&QueryInformationToken<ob::previous_mode>>() },
        { .name = "ZwSetInformationToken", .since = Windows::win7,
          .fail = Fail::Status, .fail_status = STATUS_INSUFFICIENT_RESOURCES,
          .page = "ntifs/nf-ntifs-zwsetinformationtoken",
          .rules = "PowerIrpDDis",
          .partial = "owner, primary group, default list, session, origin and integrity level only",
          .body = body<&SetInformationToken<kernel_mode>>() },
        { .name = "NtSetInformationToken", .since = Windows::win7,
          .fail = Fail::Status, .fail_status = STATUS_INSUFFICIENT_RESOURCES,
          .page = "ntifs/nf-ntifs-ntsetinformationtoken",
          .rules = "PowerIrpDDis",
          .partial = "owner, primary group, default list, session, origin and integrity level only",
          .body = body<&SetInformationToken<ob::previous_mode>>() },
        { .name = "ZwDuplicateToken", .fail = Fail::Status, .fail_status = kNoResources,
          .page = "ntifs/nf-ntifs-zwduplicatetoken", .rules = "PowerIrpDDis",
          .body = body<&DuplicateToken<kernel_mode>>() },
        { .name = "NtDuplicateToken", .fail = Fail::Status, .fail_status = kNoResources,
          .page = "ntifs/nf-ntifs-ntduplicatetoken", .rules = "PowerIrpDDis",
          .body = body<&DuplicateToken<ob::previous_mode>>() },
        { .name = "ZwAdjustPrivilegesToken", .because = kExported, .body = body<&AdjustPrivilegesToken<kernel_mode>>() },
        { .name = "NtAdjustPrivilegesToken", .because = kExported,
          .body = body<&AdjustPrivilegesToken<ob::previous_mode>>() },

        // Clients of a server.
        { .name = "SeCreateClientSecurity", .fail = Fail::Status, .fail_status = kNoResources,
          .page = "ntifs/nf-ntifs-secreateclientsecurity", .body = body<&SeCreateClientSecurity>() },
        { .name = "SeCreateClientSecurityFromSubjectContext", .fail = Fail::Status, .fail_status = kNoResources,
          .page = "ntifs/nf-ntifs-secreateclientsecurityfromsubjectcontext",
          .body = body<&SeCreateClientSecurityFromSubjectContext>() },
        { .name = "SeImpersonateClient", .page = "ntifs/nf-ntifs-seimpersonateclient",
          .body = body<&SeImpersonateClient>() },
        { .name = "SeImpersonateClientEx", .fail = Fail::Status, .fail_status = STATUS_NO_MEMORY,
          .page = "ntifs/nf-ntifs-seimpersonateclientex", .body = body<&SeImpersonateClientEx>() },

        // Logon sessions and auditing.
        { .name = "SeMarkLogonSessionForTerminationNotification",
          .page = "ntifs/nf-ntifs-semarklogonsessionforterminationnotification",
          .body = body<&SeMarkLogonSessionForTerminationNotification>() },
        { .name = "SeRegisterLogonSessionTerminatedRoutine", .fail = Fail::Status, .fail_status = kNoResources,
          .page = "ntifs/nf-ntifs-seregisterlogonsessionterminatedroutine",
          .body = body<&SeRegisterLogonSessionTerminatedRoutine>() },
        { .name = "SeUnregisterLogonSessionTerminatedRoutine",
          .fail = Fail::Status, .fail_status = STATUS_INSUFFICIENT_RESOURCES,
          .page = "ntifs/nf-ntifs-seunregisterlogonsessionterminatedroutine",
          .body = body<&SeUnregisterLogonSessionTerminatedRoutine>() },
        { .name = "SeAuditingFileEvents", .page = "ntifs/nf-ntifs-seauditingfileevents", .partial = kNoAudit,
          .body = body<&SeAuditingFileEvents>() },
        { .name = "SeAuditingFileOrGlobalEvents", .page = "ntifs/nf-ntifs-seauditingfileorglobalevents",
          .partial = kNoAudit, .body = body<&SeAuditingFileOrGlobalEvents>() },
        { .name = "SeDeleteObjectAuditAlarm", .page = "ntifs/nf-ntifs-sedeleteobjectauditalarm", .partial = kNoAudit,
          .body = body<&SeDeleteObjectAuditAlarm>() },
        { .name = "SeOpenObjectAuditAlarm", .page = "ntifs/nf-ntifs-seopenobjectauditalarm", .partial = kNoAudit,
          .body = body<&SeOpenObjectAuditAlarm>() },
        { .name = "SeOpenObjectForDeleteAuditAlarm", .page = "ntifs/nf-ntifs-seopenobjectfordeleteauditalarm",
          .partial = kNoAudit, .body = body<&SeOpenObjectAuditAlarm>() },

        { .name = "SeAuditingHardLinkEvents", .partial = kNoAudit, .because = kNoDll,
          .body = body<&SeAuditingHardLinkEvents>() },
        { .name = "SeAuditHardLinkCreation", .partial = kNoAudit, .because = kNoDll,
          .body = body<&SeAuditHardLinkCreation>() },
        { .name = "ZwAllocateLocallyUniqueId", .since = Windows::vista,
          .page = "ntddk/nf-ntddk-zwallocatelocallyuniqueid", .rules = "PowerIrpDDis",
          .body = body<&ZwAllocateLocallyUniqueId>() },
        { .name = "NtAllocateLocallyUniqueId", .because = kExported, .body = body<&NtAllocateLocallyUniqueId>() },
        { .name = "SeAccessCheckFromState", .because = kNoDll,
          .declined = "no token tells its access information, which this call takes" },
        { .name = "SeEtwWriteKMCveEvent", .irql = { .highest = HIGH_LEVEL }, .since = Windows::v10_1507,
          .page = "wdm/nf-wdm-seetwwritekmcveevent", .body = body<&SeEtwWriteKMCveEvent>() },

        // Data.
        { .name = "SeExports", .because = kExported, .data = reinterpret_cast<void*>(kSeExportsVariable) },
        { .name = "SePublicDefaultDacl", .because = kExported, .data = reinterpret_cast<void*>(kPublicDaclVariable) },
        { .name = "SeSystemDefaultDacl", .because = kExported, .data = reinterpret_cast<void*>(kSystemDaclVariable) },
        { .name = "SeTokenObjectType", .because = kExported, .data = ob::type_variable(ob::token_type) },
    };
    // clang-format on
    return rows;
}

} // namespace ringside::se
