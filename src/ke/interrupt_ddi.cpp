// SPDX-License-Identifier: MIT
// Interrupts, calls on all processors, queued spin locks, DPCs in progress, caches, callbacks of the machine.
#include "ke/broadcast.h"
#include "ke/bugcheck_callbacks.h"
#include "ke/change_callbacks.h"
#include "ke/ddi.h"
#include "ke/dispatcher_objects.h"
#include "ke/interrupt.h"
#include "ke/kernel.h"
#include "ke/queued_spin_lock.h"

#include <algorithm>

namespace ringside::ke {

using namespace nt;

KIRQL KfRaiseIrql(KIRQL to);
void KeLowerIrql(KIRQL to);

// --- DPCs in progress ---

LOGICAL KeIsExecutingDpc() { return kernel().cpu().dpc_active; }

// In ticks of the clock. Before Windows 8 nothing is watched, and limits are zero.
NTSTATUS KeQueryDpcWatchdogInformation(KDPC_WATCHDOG_INFORMATION* information)
{
    Cpu const& here = kernel().cpu();
    *information = {};
    if (!here.dpc_active && Kernel::irql() < DISPATCH_LEVEL)
        return STATUS_UNSUCCESSFUL;
    if (kernel().options().windows < Windows::win8)
        return STATUS_SUCCESS;
    uint64_t const now = sim::world().now_100ns();
    auto const left = [&](uint64_t limit, uint64_t since) {
        uint64_t const used = since ? now - since : 0;
        return static_cast<ULONG>((limit - std::min(limit, used)) / Kernel::kTickUnits);
    };
    information->DpcTimeLimit = Kernel::kDpcLimit_100ns / Kernel::kTickUnits;
    information->DpcTimeCount = left(Kernel::kDpcLimit_100ns, here.dpc_active ? here.dpc_started_100ns : 0);
    information->DpcWatchdogLimit = Kernel::kDispatchLimit_100ns / Kernel::kTickUnits;
    information->DpcWatchdogCount = left(Kernel::kDispatchLimit_100ns, here.dispatch_since_100ns);
    return STATUS_SUCCESS;
}

// --- Time ---

// The machine has no auxiliary counter, as most have none.
NTSTATUS KeQueryAuxiliaryCounterFrequency(ULONG64*) { return STATUS_NOT_SUPPORTED; }
NTSTATUS KeConvertAuxiliaryCounterToPerformanceCounter(ULONG64, ULONG64*, ULONG64*) { return STATUS_NOT_SUPPORTED; }
NTSTATUS KeConvertPerformanceCounterToAuxiliaryCounter(ULONG64, ULONG64*, ULONG64*) { return STATUS_NOT_SUPPORTED; }

// --- Caches: the processors' are coherent, and those of the host are not a driver's to flush ---

BOOLEAN KeInvalidateAllCaches() { return TRUE; }
void KeInvalidateRangeAllCaches(PVOID, ULONG) { }

std::span<Ddi const> interrupt_rows()
{
    constexpr char const* no_irql = "the page gives no IRQL";
    constexpr char const* limit = "the limit is the interrupt's SynchronizeIrql; the body looks";
    constexpr char const* as_ke = "its remarks: the same as the function of KeRaiseIrql's family";
    constexpr char const* exported = "not documented; drivers that work on all processors import it";
    static Ddi const rows[] = {
        { .name = "KeSynchronizeExecution", .irql = { 0, 12 }, .page = "wdm/nf-wdm-kesynchronizeexecution",
          .because = limit, .body = body<&KeSynchronizeExecution>() },
        { .name = "KeAcquireInterruptSpinLock", .irql = { 0, 12 }, .page = "wdm/nf-wdm-keacquireinterruptspinlock",
          .body = body<&KeAcquireInterruptSpinLock>() },
        { .name = "KeReleaseInterruptSpinLock", .irql = { 3, 12 }, .page = "wdm/nf-wdm-kereleaseinterruptspinlock",
          .because = limit, .body = body<&KeReleaseInterruptSpinLock>() },
        { .name = "KeIpiGenericCall", .irql = { 0, 13 }, .page = "wdm/nf-wdm-keipigenericcall",
          .because = "the page: below IPI_LEVEL", .body = body<&KeIpiGenericCall>() },
        { .name = "KeGenericCallDpc", .irql = { 0, 1 }, .because = exported, .body = body<&KeGenericCallDpc>() },
        { .name = "KeSignalCallDpcDone", .irql = { 0, 2 }, .because = exported, .body = body<&KeSignalCallDpcDone>() },
        { .name = "KeSignalCallDpcSynchronize", .irql = { 2, 2 }, .because = exported,
          .body = body<&KeSignalCallDpcSynchronize>() },
        { .name = "KeIsExecutingDpc", .irql = { 2, 2 }, .since = Windows::v10_1803, .needs = Needs::Nothing,
          .page = "wdm/nf-wdm-keisexecutingdpc", .body = body<&KeIsExecutingDpc>() },
        { .name = "KeQueryDpcWatchdogInformation", .irql = { 0, 15 }, .since = Windows::vista,
          .page = "wdm/nf-wdm-kequerydpcwatchdoginformation",
          .because = "below DISPATCH_LEVEL it returns STATUS_UNSUCCESSFUL, above it works, as its remarks say",
          .body = body<&KeQueryDpcWatchdogInformation>() },
        { .name = "KeReleaseInStackQueuedSpinLockForDpc", .irql = { 2, 2 }, .since = Windows::vista,
          .page = "wdm/nf-wdm-kereleaseinstackqueuedspinlockfordpc", .because = "the lock was acquired, so DISPATCH_LEVEL",
          .body = body<&KeReleaseInStackQueuedSpinLockForDpc>() },
        { .name = "KeAcquireInStackQueuedSpinLockForDpc", .irql = { 0, 2 }, .since = Windows::vista,
          .because = "no page in data/ddi.csv", .body = body<&KeAcquireInStackQueuedSpinLockForDpc>() },
        { .name = "KeAcquireQueuedSpinLock", .dll = Dll::hal, .irql = { 0, 2 },
          .page = "ntifs/nf-ntifs-keacquirequeuedspinlock", .because = no_irql,
          .body = body<&KeAcquireQueuedSpinLock>() },
        { .name = "KeReleaseQueuedSpinLock", .dll = Dll::hal, .irql = { 2, 2 },
          .page = "ntifs/nf-ntifs-kereleasequeuedspinlock", .because = no_irql,
          .body = body<&KeReleaseQueuedSpinLock>() },
        { .name = "KefReleaseSpinLockFromDpcLevel", .irql = { 2, 15 },
          .page = "wdm/nf-wdm-kefreleasespinlockfromdpclevel",
          .because = "as KeReleaseSpinLockFromDpcLevel, whose other name it is",
          .body = body<&KeReleaseSpinLockFromDpcLevel>() },
        { .name = "KzRaiseIrql", .irql = { 0, 15 }, .since = Windows::v10_1809, .page = "wdm/nf-wdm-kzraiseirql",
          .because = as_ke, .body = body<&KfRaiseIrql>() },
        { .name = "KzLowerIrql", .irql = { 0, 15 }, .since = Windows::v10_1809, .page = "wdm/nf-wdm-kzlowerirql",
          .because = as_ke, .body = body<&KeLowerIrql>() },
        { .name = "KeRegisterNmiCallback", .irql = { 0, 1 }, .fail = Fail::Null,
          .page = "wdm/nf-wdm-keregisternmicallback", .rules = "IrqlKeApcLte2", .body = body<&KeRegisterNmiCallback>() },
        { .name = "KeDeregisterNmiCallback", .irql = { 0, 1 }, .page = "wdm/nf-wdm-kederegisternmicallback",
          .rules = "IrqlKeApcLte2", .body = body<&KeDeregisterNmiCallback>() },
        { .name = "KeRegisterProcessorChangeCallback", .irql = { 0, 0 }, .since = Windows::vista, .fail = Fail::Null,
          .page = "wdm/nf-wdm-keregisterprocessorchangecallback",
          .partial = "no processor is ever added to the machine: only existing ones are told of",
          .body = body<&KeRegisterProcessorChangeCallback>() },
        { .name = "KeDeregisterProcessorChangeCallback", .irql = { 0, 0 }, .since = Windows::vista,
          .page = "wdm/nf-wdm-kederegisterprocessorchangecallback",
          .body = body<&KeDeregisterProcessorChangeCallback>() },
        { .name = "KeRegisterBoundCallback", .irql = { 0, 1 }, .since = Windows::v10_1507, .fail = Fail::Null,
          .page = "wdm/nf-wdm-keregisterboundcallback",
          .partial = "no user-mode code runs on the machine, so no bound exception is ever told",
          .because = no_irql, .body = body<&KeRegisterBoundCallback>() },
        { .name = "KeDeregisterBoundCallback", .irql = { 0, 1 }, .since = Windows::v10_1507,
          .page = "wdm/nf-wdm-kederegisterboundcallback", .because = no_irql,
          .body = body<&KeDeregisterBoundCallback>() },
        { .name = "KeInitializeTriageDumpDataArray", .irql = { 0, 15 }, .since = Windows::v10_1803,
          .page = "wdm/nf-wdm-keinitializetriagedumpdataarray", .because = no_irql,
          .body = body<&KeInitializeTriageDumpDataArray>() },
        { .name = "KeAddTriageDumpDataBlock", .irql = { 0, 15 }, .since = Windows::v10_1803,
          .page = "wdm/nf-wdm-keaddtriagedumpdatablock", .because = no_irql,
          .body = body<&KeAddTriageDumpDataBlock>() },
        { .name = "KeQueryAuxiliaryCounterFrequency", .irql = { 0, 15 }, .since = Windows::v10_1507,
          .needs = Needs::Nothing, .page = "wdm/nf-wdm-kequeryauxiliarycounterfrequency",
          .body = body<&KeQueryAuxiliaryCounterFrequency>() },
        { .name = "KeConvertAuxiliaryCounterToPerformanceCounter", .irql = { 0, 15 }, .since = Windows::v10_1507,
          .needs = Needs::Nothing, .page = "wdm/nf-wdm-keconvertauxiliarycountertoperformancecounter",
          .body = body<&KeConvertAuxiliaryCounterToPerformanceCounter>() },
        { .name = "KeConvertPerformanceCounterToAuxiliaryCounter", .irql = { 0, 15 }, .since = Windows::v10_1507,
          .needs = Needs::Nothing, .page = "wdm/nf-wdm-keconvertperformancecountertoauxiliarycounter",
          .body = body<&KeConvertPerformanceCounterToAuxiliaryCounter>() },
        { .name = "KeInvalidateAllCaches", .irql = { 0, 2 }, .needs = Needs::Nothing,
          .page = "ntddk/nf-ntddk-keinvalidateallcaches", .body = body<&KeInvalidateAllCaches>() },
        { .name = "KeInvalidateRangeAllCaches", .irql = { 0, 2 }, .since = Windows::vista, .needs = Needs::Nothing,
          .page = "ntddk/nf-ntddk-keinvalidaterangeallcaches", .body = body<&KeInvalidateRangeAllCaches>() },
    };
    return rows;
}

} // namespace ringside::ke
