// SPDX-License-Identifier: MIT
// Extended processor state. The processor of a machine has x87 and SSE and nothing beyond; a thread's or a DPC's code is
// only ever interrupted at a call or with all registers kept, so that a driver's own use of them needs nothing saved.
#include "ke/ddi.h"
#include "ke/exception.h"
#include "ke/kernel.h"

namespace ringside::ke {

using namespace nt;

namespace {
constexpr ULONG64 kEnabled = XSTATE_MASK_LEGACY;
}

ULONG64 RtlGetEnabledExtendedFeatures(ULONG64 mask) { return mask & kEnabled; }

NTSTATUS KeSaveExtendedProcessorState(ULONG64 mask, XSTATE_SAVE* save)
{
    XSTATE_SAVE kept {};
    kept.Thread = kernel().current().pointer();
    kept.Level = Kernel::irql();
    kept.XStateContext.Mask = mask & kEnabled;
    copy_or_raise(save, &kept, sizeof kept);
    return STATUS_SUCCESS;
}

// What was saved is the caller's own: another thread's, or another level's, has no business here.
void KeRestoreExtendedProcessorState(XSTATE_SAVE* save)
{
    XSTATE_SAVE kept;
    copy_or_raise(&kept, save, sizeof kept);
    if (kept.Thread != kernel().current().pointer())
        bug_check(INVALID_DATA_ACCESS_TRAP, reinterpret_cast<uint64_t>(save), 0, 0, 0,
                  "KeRestoreExtendedProcessorState with what another thread saved, or nobody");
}

std::span<Ddi const> extended_state_rows()
{
    static Ddi const rows[] = {
        { .name = "RtlGetEnabledExtendedFeatures",
          .irql = { 0, 0 },
          .since = Windows::win7,
          .needs = Needs::Nothing,
          .page = "ntddk/nf-ntddk-rtlgetenabledextendedfeatures",
          .body = body<&RtlGetEnabledExtendedFeatures>() },
        { .name = "KeSaveExtendedProcessorState",
          .irql = { 0, 2 },
          .since = Windows::win7,
          .fail = Fail::Status,
          .fail_status = STATUS_INSUFFICIENT_RESOURCES,
          .page = "wdm/nf-wdm-kesaveextendedprocessorstate",
          .body = body<&KeSaveExtendedProcessorState>() },
        { .name = "KeRestoreExtendedProcessorState",
          .irql = { 0, 2 },
          .since = Windows::win7,
          .page = "wdm/nf-wdm-kerestoreextendedprocessorstate",
          .body = body<&KeRestoreExtendedProcessorState>() },
    };
    return rows;
}

} // namespace ringside::ke
