// SPDX-License-Identifier: MIT
// IRQL, spin locks, critical and guarded regions, time.
#include "ke/ddi.h"
#include "ke/exception.h"
#include "ke/kernel.h"
#include "ke/queued_spin_lock.h"
#include "ke/spin_lock.h"

#include <algorithm>

namespace ringside::ke {

using namespace nt;

// --- IRQL ---

KIRQL KeGetCurrentIrql() { return Kernel::irql(); }

// Raising to a lower IRQL is bug check 0xA's own case: IRQL_NOT_GREATER_OR_EQUAL.
KIRQL KfRaiseIrql(KIRQL to)
{
    if (to < Kernel::irql())
        bug_check(IRQL_NOT_GREATER_OR_EQUAL, Kernel::irql(), to, 0, 0, "KeRaiseIrql to a lower IRQL");
    return kernel().raise_irql(to);
}

void KeLowerIrql(KIRQL to)
{
    if (to > Kernel::irql())
        bug_check(IRQL_NOT_LESS_OR_EQUAL, Kernel::irql(), to, 0, 0, "KeLowerIrql to a higher IRQL");
    kernel().lower_irql(to);
}

KIRQL KeRaiseIrqlToDpcLevel() { return KfRaiseIrql(DISPATCH_LEVEL); }
// SYNCH_LEVEL of x64: below the clock's.
KIRQL KeRaiseIrqlToSynchLevel() { return KfRaiseIrql(12); }

// --- Spin locks ---

void KeInitializeSpinLock(KSPIN_LOCK* lock) { *lock = 0; }

void acquire_spin_lock(KSPIN_LOCK& lock)
{
    Kernel& k = kernel();
    while (lock) [[unlikely]] {
        if (lock == k.cpu().number() + 1)
            bug_check(SPIN_LOCK_ALREADY_OWNED, reinterpret_cast<uint64_t>(&lock), 0, 0, 0,
                      "this processor holds the spin lock that it is about to wait for");
        k.spin();
    }
    lock = k.cpu().number() + 1;
}

void release_spin_lock(KSPIN_LOCK& lock)
{
    if (!lock)
        bug_check(SPIN_LOCK_NOT_OWNED, reinterpret_cast<uint64_t>(&lock), 0, 0, 0,
                  "a spin lock was released that nobody holds");
    lock = 0;
}

KIRQL KeAcquireSpinLockRaiseToDpc(KSPIN_LOCK* lock)
{
    KIRQL old = kernel().raise_irql(DISPATCH_LEVEL);
    acquire_spin_lock(*lock);
    return old;
}

void KeReleaseSpinLock(KSPIN_LOCK* lock, KIRQL old)
{
    release_spin_lock(*lock);
    kernel().lower_irql(old);
}

void KeAcquireSpinLockAtDpcLevel(KSPIN_LOCK* lock) { acquire_spin_lock(*lock); }
void KeReleaseSpinLockFromDpcLevel(KSPIN_LOCK* lock) { release_spin_lock(*lock); }

BOOLEAN KeTryToAcquireSpinLockAtDpcLevel(KSPIN_LOCK* lock)
{
    if (*lock)
        return 0;
    *lock = kernel().cpu().number() + 1;
    return 1;
}

BOOLEAN KeTestSpinLock(KSPIN_LOCK* lock) { return *lock == 0; }

// Not in a DPC it raises to DISPATCH_LEVEL; in one it is there already.
KIRQL KeAcquireSpinLockForDpc(KSPIN_LOCK* lock) { return KeAcquireSpinLockRaiseToDpc(lock); }
void KeReleaseSpinLockForDpc(KSPIN_LOCK* lock, KIRQL old) { KeReleaseSpinLock(lock, old); }

// --- Regions ---

void KeEnterCriticalRegion() { --kernel().current().kernel_apc_disable; }

void KeLeaveCriticalRegion()
{
    Thread& self = kernel().current();
    if (++self.kernel_apc_disable == 0 && self.kernel_apc_pending && Kernel::irql() < APC_LEVEL)
        kernel().deliver_kernel_apcs();
}

void KeEnterGuardedRegion() { --kernel().current().special_apc_disable; }

void KeLeaveGuardedRegion()
{
    Thread& self = kernel().current();
    if (++self.special_apc_disable == 0 && self.kernel_apc_pending && Kernel::irql() < APC_LEVEL)
        kernel().deliver_kernel_apcs();
}

BOOLEAN KeAreApcsDisabled()
{
    Thread const& self = kernel().current();
    return self.kernel_apc_disable || self.special_apc_disable || Kernel::irql() >= APC_LEVEL;
}

BOOLEAN KeAreAllApcsDisabled() { return kernel().current().special_apc_disable || Kernel::irql() >= APC_LEVEL; }

// --- Time ---

void KeStallExecutionProcessor(ULONG microseconds) { kernel().stall(microseconds); }
ULONG KeQueryTimeIncrement() { return Kernel::kTickUnits; }
ULONGLONG KeQueryInterruptTime() { return sim::world().now_100ns(); }
ULONGLONG KeQueryUnbiasedInterruptTime() { return sim::world().now_100ns(); }

ULONGLONG KeQueryInterruptTimePrecise(ULONG64* performance_counter)
{
    *performance_counter = sim::world().now_100ns();
    return sim::world().now_100ns();
}

void KeQuerySystemTimePrecise(LARGE_INTEGER* time) { time->QuadPart = static_cast<LONGLONG>(kernel().system_time()); }

// 10 MHz, as on current Windows: one count is the machine's own unit of time.
LARGE_INTEGER KeQueryPerformanceCounter(LARGE_INTEGER* frequency)
{
    if (frequency)
        frequency->QuadPart = 10'000'000;
    return LARGE_INTEGER { .QuadPart = static_cast<LONGLONG>(sim::world().now_100ns()) };
}

// The floating-point state is the thread's own on x64, and kernel code may use it: nothing to save.
NTSTATUS KeSaveFloatingPointState(KFLOATING_SAVE*) { return STATUS_SUCCESS; }
NTSTATUS KeRestoreFloatingPointState(KFLOATING_SAVE*) { return STATUS_SUCCESS; }

std::span<Ddi const> processor_rows()
{
    constexpr char const* raise = "raising itself is legal from any IRQL not above the new one";
    constexpr char const* kin = "as KeAcquireSpinLockAtDpcLevel, whose page allows IRQLs above DISPATCH_LEVEL";
    constexpr char const* at_dpc = "the caller must be at DISPATCH_LEVEL already; the page gives it as the lower bound";
    static Ddi const rows[] = {
        { .name = "KeGetCurrentIrql", .irql = { 0, 15 }, .needs = Needs::Nothing, .page = "wdm/nf-wdm-kegetcurrentirql",
          .body = body<&KeGetCurrentIrql>() },
        { .name = "KfRaiseIrql", .irql = { 0, 15 }, .page = "wdm/nf-wdm-keraiseirql", .because = raise,
          .body = body<&KfRaiseIrql>() },
        { .name = "KeLowerIrql", .irql = { 0, 15 }, .page = "wdm/nf-wdm-kelowerirql", .body = body<&KeLowerIrql>() },
        { .name = "KeRaiseIrqlToDpcLevel", .irql = { 0, 2 }, .page = "wdm/nf-wdm-keraiseirqltodpclevel",
          .body = body<&KeRaiseIrqlToDpcLevel>() },
        { .name = "KeRaiseIrqlToSynchLevel", .irql = { 0, 12 }, .because = "not documented",
          .body = body<&KeRaiseIrqlToSynchLevel>() },
        { .name = "KeInitializeSpinLock", .irql = { 0, 15 }, .needs = Needs::Nothing,
          .page = "wdm/nf-wdm-keinitializespinlock", .body = body<&KeInitializeSpinLock>() },
        { .name = "KeAcquireSpinLockRaiseToDpc", .irql = { 0, 2 }, .page = "wdm/nf-wdm-keacquirespinlockraisetodpc",
          .body = body<&KeAcquireSpinLockRaiseToDpc>() },
        { .name = "KeReleaseSpinLock", .irql = { 2, 2 }, .page = "wdm/nf-wdm-kereleasespinlock",
          .body = body<&KeReleaseSpinLock>() },
        { .name = "KeAcquireSpinLockAtDpcLevel", .irql = { 2, 15 }, .page = "wdm/nf-wdm-keacquirespinlockatdpclevel",
          .because = at_dpc, .body = body<&KeAcquireSpinLockAtDpcLevel>() },
        { .name = "KeReleaseSpinLockFromDpcLevel", .irql = { 2, 15 },
          .page = "wdm/nf-wdm-kereleasespinlockfromdpclevel", .because = kin,
          .body = body<&KeReleaseSpinLockFromDpcLevel>() },
        { .name = "KeTryToAcquireSpinLockAtDpcLevel", .irql = { 2, 15 }, .since = Windows::xp_x64,
          .page = "wdm/nf-wdm-ketrytoacquirespinlockatdpclevel", .because = kin,
          .body = body<&KeTryToAcquireSpinLockAtDpcLevel>() },
        { .name = "KeTestSpinLock", .irql = { 0, 15 }, .needs = Needs::Nothing, .page = "wdm/nf-wdm-ketestspinlock",
          .because = "the remarks name no IRQL: it only reads", .body = body<&KeTestSpinLock>() },
        { .name = "KeAcquireSpinLockForDpc", .irql = { 0, 2 }, .since = Windows::vista,
          .page = "wdm/nf-wdm-keacquirespinlockfordpc", .body = body<&KeAcquireSpinLockForDpc>() },
        { .name = "KeReleaseSpinLockForDpc", .irql = { 2, 2 }, .since = Windows::vista,
          .page = "wdm/nf-wdm-kereleasespinlockfordpc", .body = body<&KeReleaseSpinLockForDpc>() },
        { .name = "KeAcquireInStackQueuedSpinLock", .irql = { 0, 2 },
          .page = "wdm/nf-wdm-keacquireinstackqueuedspinlock", .body = body<&KeAcquireInStackQueuedSpinLock>() },
        { .name = "KeReleaseInStackQueuedSpinLock", .irql = { 2, 2 },
          .page = "wdm/nf-wdm-kereleaseinstackqueuedspinlock", .body = body<&KeReleaseInStackQueuedSpinLock>() },
        { .name = "KeAcquireInStackQueuedSpinLockAtDpcLevel", .irql = { 2, 15 },
          .page = "wdm/nf-wdm-keacquireinstackqueuedspinlockatdpclevel", .because = at_dpc,
          .body = body<&KeAcquireInStackQueuedSpinLockAtDpcLevel>() },
        { .name = "KeReleaseInStackQueuedSpinLockFromDpcLevel", .irql = { 2, 15 },
          .page = "wdm/nf-wdm-kereleaseinstackqueuedspinlockfromdpclevel", .because = at_dpc,
          .body = body<&KeReleaseInStackQueuedSpinLockFromDpcLevel>() },
        { .name = "KeEnterCriticalRegion", .irql = { 0, 1 }, .page = "ntddk/nf-ntddk-keentercriticalregion",
          .body = body<&KeEnterCriticalRegion>() },
        { .name = "KeLeaveCriticalRegion", .irql = { 0, 1 }, .page = "ntddk/nf-ntddk-keleavecriticalregion",
          .body = body<&KeLeaveCriticalRegion>() },
        { .name = "KeEnterGuardedRegion", .irql = { 0, 1 }, .page = "wdm/nf-wdm-keenterguardedregion",
          .body = body<&KeEnterGuardedRegion>() },
        { .name = "KeLeaveGuardedRegion", .irql = { 0, 1 }, .page = "wdm/nf-wdm-keleaveguardedregion",
          .body = body<&KeLeaveGuardedRegion>() },
        { .name = "KeAreApcsDisabled", .irql = { 0, 2 }, .page = "ntddk/nf-ntddk-keareapcsdisabled",
          .body = body<&KeAreApcsDisabled>() },
        { .name = "KeAreAllApcsDisabled", .irql = { 0, 2 }, .page = "wdm/nf-wdm-keareallapcsdisabled",
          .body = body<&KeAreAllApcsDisabled>() },
        { .name = "KeStallExecutionProcessor",
          .irql = { 0, 15 },
          .page = "wdm/nf-wdm-kestallexecutionprocessor",
          .body = body<&KeStallExecutionProcessor>() },
        { .name = "KeQueryTimeIncrement", .irql = { 0, 15 }, .needs = Needs::Nothing,
          .page = "wdm/nf-wdm-kequerytimeincrement", .body = body<&KeQueryTimeIncrement>() },
        { .name = "KeQueryInterruptTime", .irql = { 0, 15 }, .needs = Needs::Nothing,
          .page = "wdm/nf-wdm-kequeryinterrupttime", .body = body<&KeQueryInterruptTime>() },
        { .name = "KeQueryUnbiasedInterruptTime", .irql = { 0, 15 }, .since = Windows::win7, .needs = Needs::Nothing,
          .page = "wdm/nf-wdm-kequeryunbiasedinterrupttime", .body = body<&KeQueryUnbiasedInterruptTime>() },
        { .name = "KeQueryInterruptTimePrecise", .irql = { 0, 15 }, .since = Windows::win8_1, .needs = Needs::Nothing,
          .page = "wdm/nf-wdm-kequeryinterrupttimeprecise", .body = body<&KeQueryInterruptTimePrecise>() },
        { .name = "KeQuerySystemTimePrecise", .irql = { 0, 15 }, .since = Windows::win8, .needs = Needs::Nothing,
          .page = "wdm/nf-wdm-kequerysystemtimeprecise", .body = body<&KeQuerySystemTimePrecise>() },
        { .name = "KeQueryPerformanceCounter", .irql = { 0, 15 }, .needs = Needs::Nothing,
          .page = "ntifs/nf-ntifs-kequeryperformancecounter", .body = body<&KeQueryPerformanceCounter>() },
        { .name = "KeSaveFloatingPointState", .irql = { 0, 2 },
          .fail = Fail::Status, .fail_status = STATUS_INSUFFICIENT_RESOURCES, .needs = Needs::Nothing,
          .page = "wdm/nf-wdm-kesavefloatingpointstate", .body = body<&KeSaveFloatingPointState>() },
        { .name = "KeRestoreFloatingPointState", .irql = { 0, 2 }, .needs = Needs::Nothing,
          .page = "wdm/nf-wdm-kerestorefloatingpointstate", .body = body<&KeRestoreFloatingPointState>() },
    };
    return rows;
}

} // namespace ringside::ke
