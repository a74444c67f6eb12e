// SPDX-License-Identifier: MIT
#include "ex/ddi.h"

#include "ex/firmware.h"
#include "ex/heap.h"
#include "ex/process_mode.h"
#include "ex/run_once.h"

namespace ringside::ex {

using namespace nt;

namespace {
constexpr char const* kFromPool = "without a base the memory is paged pool, not the current process' addresses";
constexpr char const* kSilent = "the page names no IRQL; a process is the current one below DISPATCH_LEVEL";
} // namespace

std::span<Ddi const> runtime_rows()
{
    static Ddi const rows[] = {
        { .name = "RtlRunOnceInitialize", .irql = { 0, 1 }, .since = Windows::vista, .needs = Needs::Nothing,
          .page = "ntddk/nf-ntddk-rtlrunonceinitialize", .body = body<&RtlRunOnceInitialize>() },
        { .name = "RtlRunOnceExecuteOnce", .irql = { 0, 1 }, .since = Windows::vista,
          .page = "ntddk/nf-ntddk-rtlrunonceexecuteonce", .body = body<&RtlRunOnceExecuteOnce>() },
        { .name = "RtlRunOnceBeginInitialize", .irql = { 0, 1 }, .since = Windows::vista,
          .page = "ntddk/nf-ntddk-rtlrunoncebegininitialize", .body = body<&RtlRunOnceBeginInitialize>() },
        { .name = "RtlRunOnceComplete", .irql = { 0, 1 }, .since = Windows::vista,
          .page = "ntddk/nf-ntddk-rtlrunoncecomplete", .body = body<&RtlRunOnceComplete>() },
        { .name = "RtlCreateHeap", .irql = { 0, 1 }, .fail = Fail::Null, .page = "ntifs/nf-ntifs-rtlcreateheap",
          .partial = kFromPool, .body = body<&RtlCreateHeap>() },
        { .name = "RtlDestroyHeap", .irql = { 0, 1 }, .page = "ntifs/nf-ntifs-rtldestroyheap",
          .body = body<&RtlDestroyHeap>() },
        { .name = "RtlAllocateHeap", .irql = { 0, 1 }, .fail = Fail::Null, .page = "ntifs/nf-ntifs-rtlallocateheap",
          .partial = kFromPool, .body = body<&RtlAllocateHeap>() },
        { .name = "RtlFreeHeap", .irql = { 0, 1 }, .page = "ntifs/nf-ntifs-rtlfreeheap", .body = body<&RtlFreeHeap>() },
        { .name = "RtlSizeHeap", .irql = { 0, 1 }, .because = "no function page documents it",
          .body = body<&RtlSizeHeap>() },
        { .name = "RtlQueryProcessPlaceholderCompatibilityMode", .irql = { 0, 1 }, .since = Windows::v10_1803,
          .page = "ntifs/nf-ntifs-rtlqueryprocessplaceholdercompatibilitymode", .because = kSilent,
          .body = body<&RtlQueryProcessPlaceholderCompatibilityMode>() },
        { .name = "RtlSetProcessPlaceholderCompatibilityMode", .irql = { 0, 1 }, .since = Windows::v10_1803,
          .page = "ntifs/nf-ntifs-rtlsetprocessplaceholdercompatibilitymode", .because = kSilent,
          .body = body<&RtlSetProcessPlaceholderCompatibilityMode>() },
        { .name = "ExGetFirmwareEnvironmentVariable", .irql = { 0, 0 }, .since = Windows::win8, .fail = Fail::Status,
          .fail_status = STATUS_INSUFFICIENT_RESOURCES, .page = "wdm/nf-wdm-exgetfirmwareenvironmentvariable",
          .body = body<&ExGetFirmwareEnvironmentVariable>() },
        { .name = "ExSetFirmwareEnvironmentVariable", .irql = { 0, 0 }, .since = Windows::win8, .fail = Fail::Status,
          .fail_status = STATUS_INSUFFICIENT_RESOURCES, .page = "wdm/nf-wdm-exsetfirmwareenvironmentvariable",
          .body = body<&ExSetFirmwareEnvironmentVariable>() },
        { .name = "ExGetFirmwareType", .irql = { 0, 1 }, .since = Windows::v10_1709, .needs = Needs::Nothing,
          .page = "wdm/nf-wdm-exgetfirmwaretype", .body = body<&ExGetFirmwareType>() },
        { .name = "ExIsSoftBoot", .irql = { 0, 1 }, .since = Windows::v10_1709, .needs = Needs::Nothing,
          .page = "wdm/nf-wdm-exissoftboot", .body = body<&ExIsSoftBoot>() },
    };
    return rows;
}

} // namespace ringside::ex
