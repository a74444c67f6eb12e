// SPDX-License-Identifier: MIT
// Rows: security identifiers, access control lists, security descriptors.
#include "rtl/ddi_row.h"

#include "rtl/acl.h"
#include "rtl/security_descriptor.h"
#include "rtl/sid.h"

namespace ringside::rtl {

namespace {

constexpr char const* kExported = "exported and in use, but not documented in the kernel's headers";
constexpr char const* kExactlyApc = "the page's APC_LEVEL is the highest level, not the only one: it works on memory alone";

// RtlInitializeSidEx is variadic: the sub-authorities follow its three named parameters.
uint64_t initialize_sid_ex(uint64_t* arguments)
{
    auto const count = static_cast<UCHAR>(arguments[2]);
    ULONG sub_authorities[SID_MAX_SUB_AUTHORITIES];
    // A count that is refused says nothing about how many arguments there are.
    for (UCHAR i = 0; i < count && count <= SID_MAX_SUB_AUTHORITIES; ++i)
        sub_authorities[i] = static_cast<ULONG>(arguments[3 + i]);
    return static_cast<uint64_t>(initialize_sid(reinterpret_cast<PSID>(arguments[0]),
                                                reinterpret_cast<SID_IDENTIFIER_AUTHORITY*>(arguments[1]), count,
                                                sub_authorities));
}

} // namespace

std::span<Ddi const> security_rows()
{
    static Ddi const rows[] {
        // Identifiers.
        { .name = "RtlLengthRequiredSid", .irql = kUpToApc, .needs = Needs::Nothing,
          .page = "ntifs/nf-ntifs-rtllengthrequiredsid", .body = body<&RtlLengthRequiredSid>() },
        { .name = "RtlLengthSid", .irql = kUpToApc, .needs = Needs::Nothing, .page = "ntifs/nf-ntifs-rtllengthsid",
          .body = body<&RtlLengthSid>() },
        { .name = "RtlInitializeSid", .irql = kUpToApc, .needs = Needs::Nothing,
          .page = "ntifs/nf-ntifs-rtlinitializesid", .body = body<&RtlInitializeSid>() },
        { .name = "RtlInitializeSidEx", .irql = kUpToApc, .since = Windows::v10_1507,
          .page = "ntifs/nf-ntifs-rtlinitializesidex", .body = raw_body(initialize_sid_ex) },
        { .name = "RtlSubAuthoritySid", .irql = kUpToApc, .needs = Needs::Nothing,
          .page = "ntifs/nf-ntifs-rtlsubauthoritysid", .body = body<&RtlSubAuthoritySid>() },
        { .name = "RtlSubAuthorityCountSid", .irql = kUpToApc, .needs = Needs::Nothing,
          .page = "ntifs/nf-ntifs-rtlsubauthoritycountsid", .because = kNoIrql,
          .body = body<&RtlSubAuthorityCountSid>() },
        { .name = "RtlIdentifierAuthoritySid", .irql = kUpToApc, .needs = Needs::Nothing, .because = kExported,
          .body = body<&RtlIdentifierAuthoritySid>() },
        { .name = "RtlValidSid", .irql = kUpToApc, .needs = Needs::Nothing, .page = "ntifs/nf-ntifs-rtlvalidsid",
          .body = body<&RtlValidSid>() },
        { .name = "RtlEqualSid", .irql = kAnyIrql, .needs = Needs::Nothing, .page = "ntifs/nf-ntifs-rtlequalsid",
          .body = body<&RtlEqualSid>() },
        { .name = "RtlEqualPrefixSid", .irql = kAnyIrql, .needs = Needs::Nothing, .because = kExported,
          .body = body<&RtlEqualPrefixSid>() },
        { .name = "RtlCopySid", .irql = kUpToApc, .needs = Needs::Nothing, .page = "ntifs/nf-ntifs-rtlcopysid",
          .body = body<&RtlCopySid>() },
        { .name = "RtlConvertSidToUnicodeString", .irql = kUpToApc, .fail = Fail::Inside,
          .fail_status = STATUS_NO_MEMORY, .page = "ntifs/nf-ntifs-rtlconvertsidtounicodestring",
          .body = body<&RtlConvertSidToUnicodeString>() },
        { .name = "RtlCopyLuid", .irql = kUpToApc, .needs = Needs::Nothing, .page = "ntifs/nf-ntifs-rtlcopyluid",
          .body = body<&RtlCopyLuid>() },
        { .name = "RtlEqualLuid", .irql = kAnyIrql, .needs = Needs::Nothing,
          .because = "data/ddi.csv leaves it out: its page names no DLL",
          .body = body<&RtlEqualLuid>() },

        // Access control lists.
        { .name = "RtlCreateAcl", .irql = kUpToApc, .needs = Needs::Nothing, .page = "ntifs/nf-ntifs-rtlcreateacl",
          .body = body<&RtlCreateAcl>() },
        { .name = "RtlAddAccessAllowedAce", .irql = kUpToApc, .needs = Needs::Nothing,
          .page = "ntifs/nf-ntifs-rtladdaccessallowedace", .body = body<&RtlAddAccessAllowedAce>() },
        { .name = "RtlAddAccessAllowedAceEx", .irql = kUpToApc, .needs = Needs::Nothing,
          .page = "ntifs/nf-ntifs-rtladdaccessallowedaceex", .body = body<&RtlAddAccessAllowedAceEx>() },
        { .name = "RtlAddAccessDeniedAce", .irql = kUpToApc, .needs = Needs::Nothing, .because = kExported,
          .body = body<&RtlAddAccessDeniedAce>() },
        { .name = "RtlAddAccessDeniedAceEx", .irql = kUpToApc, .needs = Needs::Nothing, .because = kExported,
          .body = body<&RtlAddAccessDeniedAceEx>() },
        { .name = "RtlAddAce", .irql = kUpToApc, .needs = Needs::Nothing, .page = "ntifs/nf-ntifs-rtladdace",
          .body = body<&RtlAddAce>() },
        { .name = "RtlGetAce", .irql = kUpToApc, .needs = Needs::Nothing, .page = "ntifs/nf-ntifs-rtlgetace",
          .body = body<&RtlGetAce>() },
        { .name = "RtlDeleteAce", .irql = kUpToApc, .needs = Needs::Nothing, .page = "ntifs/nf-ntifs-rtldeleteace",
          .body = body<&RtlDeleteAce>() },
        { .name = "RtlMapGenericMask", .irql = kUpToApc, .needs = Needs::Nothing,
          .page = "ntddk/nf-ntddk-rtlmapgenericmask", .body = body<&RtlMapGenericMask>() },

        // Descriptors.
        { .name = "RtlCreateSecurityDescriptor", .irql = kPassive, .needs = Needs::Nothing,
          .page = "wdm/nf-wdm-rtlcreatesecuritydescriptor", .body = body<&RtlCreateSecurityDescriptor>() },
        { .name = "RtlCreateSecurityDescriptorRelative", .irql = kPassive, .needs = Needs::Nothing,
          .page = "ntifs/nf-ntifs-rtlcreatesecuritydescriptorrelative",
          .body = body<&RtlCreateSecurityDescriptorRelative>() },
        { .name = "RtlLengthSecurityDescriptor", .irql = kPassive, .needs = Needs::Nothing,
          .page = "wdm/nf-wdm-rtllengthsecuritydescriptor", .body = body<&RtlLengthSecurityDescriptor>() },
        { .name = "RtlValidSecurityDescriptor", .irql = kPassive, .needs = Needs::Nothing,
          .page = "wdm/nf-wdm-rtlvalidsecuritydescriptor", .body = body<&RtlValidSecurityDescriptor>() },
        { .name = "RtlValidRelativeSecurityDescriptor", .irql = kUpToApc, .needs = Needs::Nothing,
          .page = "wdm/nf-wdm-rtlvalidrelativesecuritydescriptor",
          .body = body<&RtlValidRelativeSecurityDescriptor>() },
        { .name = "RtlGetControlSecurityDescriptor", .irql = kUpToApc, .needs = Needs::Nothing, .because = kExported,
          .body = body<&RtlGetControlSecurityDescriptor>() },
        { .name = "RtlGetDaclSecurityDescriptor", .irql = kUpToApc, .needs = Needs::Nothing,
          .page = "ntifs/nf-ntifs-rtlgetdaclsecuritydescriptor", .body = body<&RtlGetDaclSecurityDescriptor>() },
        { .name = "RtlSetDaclSecurityDescriptor", .irql = kPassive, .needs = Needs::Nothing,
          .page = "wdm/nf-wdm-rtlsetdaclsecuritydescriptor", .body = body<&RtlSetDaclSecurityDescriptor>() },
        { .name = "RtlGetSaclSecurityDescriptor", .irql = kUpToApc, .needs = Needs::Nothing,
          .page = "ntifs/nf-ntifs-rtlgetsaclsecuritydescriptor", .body = body<&RtlGetSaclSecurityDescriptor>() },
        { .name = "RtlSetSaclSecurityDescriptor", .irql = kUpToApc, .needs = Needs::Nothing, .because = kExported,
          .body = body<&RtlSetSaclSecurityDescriptor>() },
        { .name = "RtlGetOwnerSecurityDescriptor", .irql = kPassive, .needs = Needs::Nothing,
          .page = "ntifs/nf-ntifs-rtlgetownersecuritydescriptor", .body = body<&RtlGetOwnerSecurityDescriptor>() },
        { .name = "RtlSetOwnerSecurityDescriptor", .irql = kUpToApc, .needs = Needs::Nothing,
          .page = "ntifs/nf-ntifs-rtlsetownersecuritydescriptor", .body = body<&RtlSetOwnerSecurityDescriptor>() },
        { .name = "RtlGetGroupSecurityDescriptor", .irql = kUpToApc, .needs = Needs::Nothing,
          .page = "ntifs/nf-ntifs-rtlgetgroupsecuritydescriptor", .body = body<&RtlGetGroupSecurityDescriptor>() },
        { .name = "RtlSetGroupSecurityDescriptor", .irql = kUpToApc, .needs = Needs::Nothing,
          .page = "ntifs/nf-ntifs-rtlsetgroupsecuritydescriptor", .body = body<&RtlSetGroupSecurityDescriptor>() },
        { .name = "RtlAbsoluteToSelfRelativeSD", .irql = kUpToApc, .needs = Needs::Nothing,
          .page = "ntifs/nf-ntifs-rtlabsolutetoselfrelativesd", .body = body<&RtlAbsoluteToSelfRelativeSD>() },
        { .name = "RtlSelfRelativeToAbsoluteSD", .irql = kUpToApc, .needs = Needs::Nothing,
          .page = "ntifs/nf-ntifs-rtlselfrelativetoabsolutesd", .body = body<&RtlSelfRelativeToAbsoluteSD>() },
        { .name = "RtlNormalizeSecurityDescriptor", .irql = kUpToApc, .since = Windows::v10_2004, .fail = Fail::False,
          .page = "ntddk/nf-ntddk-rtlnormalizesecuritydescriptor", .because = kExactlyApc,
          .body = body<&RtlNormalizeSecurityDescriptor>() },
    };
    return rows;
}

} // namespace ringside::rtl
