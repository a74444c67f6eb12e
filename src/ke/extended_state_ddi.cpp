// SPDX-License-Identifier: MIT
// Floating-point and extended processor state. The processor of a machine has x87 and SSE and nothing beyond; a thread's
// or a DPC's code is only ever interrupted at a call or with all registers kept, so that a driver's own use of them
// needs nothing saved. What is kept is who saved it, at which IRQL: a driver that restores it elsewhere is told.
// @cite(wdk-ddi): page=wdm/nf-wdm-kerestorefloatingpointstate
// @cite(wdk-docs): page=debugger/bug-check-0xe7--invalid-floating-point-state
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

namespace {

// KFLOATING_SAVE.Dummy: a mark, the IRQL, the thread's number.
constexpr ULONG kSaved = 0xF5;
ULONG saved_by(Thread const& thread, uint8_t irql)
{
    return kSaved << 24 | ULONG { irql } << 20 | (thread.number & 0xF'FFFF);
}
// Parameter 1 of INVALID_FLOATING_POINT_STATE.
constexpr uint64_t kNotSaved = 0, kOtherIrql = 1, kOtherThread = 2;

PKTHREAD thread_numbered(ULONG number)
{
    PKTHREAD found = nullptr;
    kernel().for_each_thread([&](Thread& thread) {
        if ((thread.number & 0xF'FFFF) == number)
            found = thread.pointer();
    });
    return found;
}

} // namespace

NTSTATUS KeSaveFloatingPointState(KFLOATING_SAVE* save)
{
    save->Dummy = saved_by(kernel().current(), Kernel::irql());
    return STATUS_SUCCESS;
}

NTSTATUS KeRestoreFloatingPointState(KFLOATING_SAVE* save)
{
    ULONG const kept = save->Dummy;
    Thread& self = kernel().current();
    uint8_t const irql = kept >> 20 & 0xF;
    if (kept >> 24 != kSaved)
        bug_check(INVALID_FLOATING_POINT_STATE, kNotSaved, kept, 0, 0,
                  "KeRestoreFloatingPointState with what KeSaveFloatingPointState did not fill in");
    if (irql != Kernel::irql())
        bug_check(INVALID_FLOATING_POINT_STATE, kOtherIrql, irql, Kernel::irql(), 0,
                  "KeRestoreFloatingPointState at another IRQL than KeSaveFloatingPointState");
    if (kept != saved_by(self, irql))
        bug_check(INVALID_FLOATING_POINT_STATE, kOtherThread,
                  reinterpret_cast<uint64_t>(thread_numbered(kept & 0xF'FFFF)),
                  reinterpret_cast<uint64_t>(self.pointer()), 0,
                  "KeRestoreFloatingPointState with what another thread saved");
    return STATUS_SUCCESS;
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
        { .name = "KeSaveFloatingPointState",
          .irql = { 0, 2 },
          .fail = Fail::Status,
          .fail_status = STATUS_INSUFFICIENT_RESOURCES,
          .page = "wdm/nf-wdm-kesavefloatingpointstate",
          .body = body<&KeSaveFloatingPointState>() },
        { .name = "KeRestoreFloatingPointState",
          .irql = { 0, 2 },
          .page = "wdm/nf-wdm-kerestorefloatingpointstate",
          .body = body<&KeRestoreFloatingPointState>() },
    };
    return rows;
}

} // namespace ringside::ke
