// SPDX-License-Identifier: MIT
// Rows: error codes, resource descriptors, correlation vectors, images, and what the system says about itself.
#include "rtl/ddi_row.h"

#include "rtl/correlation_vector.h"
#include "rtl/dos_error.h"
#include "rtl/image.h"
#include "rtl/resource_encoding.h"
#include "rtl/system_state.h"

namespace ringside::rtl {

namespace {
constexpr char const* kSilent = "the page names no IRQL; it reads pageable state on Windows";
constexpr char const* kPublished = "statuses that Microsoft's published table lacks have no error code";
} // namespace

std::span<Ddi const> system_rows()
{
    static Ddi const rows[] {
        { .name = "RtlNtStatusToDosError", .irql = kUpToApc, .needs = Needs::Nothing,
          .page = "ntifs/nf-ntifs-rtlntstatustodoserror", .partial = kPublished,
          .body = body<&RtlNtStatusToDosError>() },
        { .name = "RtlNtStatusToDosErrorNoTeb", .irql = kUpToApc, .needs = Needs::Nothing,
          .page = "ntifs/nf-ntifs-rtlntstatustodoserrornoteb", .partial = kPublished,
          .body = body<&RtlNtStatusToDosError>() },
        { .name = "RtlIoEncodeMemIoResource", .irql = kAnyIrql, .since = Windows::vista, .needs = Needs::Nothing,
          .page = "wdm/nf-wdm-rtlioencodememioresource", .body = body<&RtlIoEncodeMemIoResource>() },
        { .name = "RtlIoDecodeMemIoResource", .irql = kAnyIrql, .since = Windows::vista, .needs = Needs::Nothing,
          .page = "wdm/nf-wdm-rtliodecodememioresource", .body = body<&RtlIoDecodeMemIoResource>() },
        { .name = "RtlCmEncodeMemIoResource", .irql = kAnyIrql, .since = Windows::vista, .needs = Needs::Nothing,
          .page = "wdm/nf-wdm-rtlcmencodememioresource", .body = body<&RtlCmEncodeMemIoResource>() },
        { .name = "RtlCmDecodeMemIoResource", .irql = kAnyIrql, .since = Windows::vista, .needs = Needs::Nothing,
          .page = "wdm/nf-wdm-rtlcmdecodememioresource", .body = body<&RtlCmDecodeMemIoResource>() },
        { .name = "RtlFindClosestEncodableLength", .irql = kAnyIrql, .since = Windows::vista, .needs = Needs::Nothing,
          .because = kNoPage, .body = body<&RtlFindClosestEncodableLength>() },
        { .name = "RtlInitializeCorrelationVector", .irql = kPassive, .since = Windows::v10_1709,
          .needs = Needs::Nothing, .page = "ntddk/nf-ntddk-rtlinitializecorrelationvector",
          .body = body<&RtlInitializeCorrelationVector>() },
        { .name = "RtlIncrementCorrelationVector", .irql = kPassive, .since = Windows::v10_1709,
          .needs = Needs::Nothing, .page = "ntddk/nf-ntddk-rtlincrementcorrelationvector",
          .body = body<&RtlIncrementCorrelationVector>() },
        { .name = "RtlExtendCorrelationVector", .irql = kPassive, .since = Windows::v10_1709, .needs = Needs::Nothing,
          .page = "ntddk/nf-ntddk-rtlextendcorrelationvector", .body = body<&RtlExtendCorrelationVector>() },
        { .name = "RtlValidateCorrelationVector", .irql = kPassive, .since = Windows::v10_1709,
          .needs = Needs::Nothing, .page = "ntddk/nf-ntddk-rtlvalidatecorrelationvector",
          .body = body<&RtlValidateCorrelationVector>() },
        { .name = "RtlImageNtHeader", .irql = kAnyIrql, .because = kNoPage, .body = body<&RtlImageNtHeader>() },
        { .name = "RtlImageDirectoryEntryToData", .irql = kAnyIrql, .because = kNoPage,
          .body = body<&RtlImageDirectoryEntryToData>() },
        { .name = "RtlFindExportedRoutineByName", .irql = kAnyIrql, .because = kNoPage,
          .body = body<&RtlFindExportedRoutineByName>() },
        { .name = "RtlIsStateSeparationEnabled", .irql = kPassive, .since = Windows::v10_1709, .needs = Needs::Nothing,
          .page = "ntddk/nf-ntddk-rtlisstateseparationenabled", .body = body<&RtlIsStateSeparationEnabled>() },
        { .name = "RtlGetPersistedStateLocation", .irql = kPassive, .since = Windows::v10_1803,
          .page = "ntddk/nf-ntddk-rtlgetpersistedstatelocation", .because = kSilent,
          .body = body<&RtlGetPersistedStateLocation>() },
        { .name = "RtlRaiseCustomSystemEventTrigger", .irql = kPassive, .since = Windows::v10_1803,
          .page = "ntddk/nf-ntddk-rtlraisecustomsystemeventtrigger", .because = kSilent,
          .body = body<&RtlRaiseCustomSystemEventTrigger>() },
        { .name = "RtlQueryPackageIdentity", .irql = kPassive, .since = Windows::win8,
          .page = "ntifs/nf-ntifs-rtlquerypackageidentity", .because = kSilent,
          .body = body<&RtlQueryPackageIdentity>() },
        { .name = "RtlQueryPackageIdentityEx", .irql = kPassive, .since = Windows::win8_1,
          .page = "ntifs/nf-ntifs-rtlquerypackageidentityex", .because = kSilent,
          .body = body<&RtlQueryPackageIdentityEx>() },
    };
    return rows;
}

} // namespace ringside::rtl
