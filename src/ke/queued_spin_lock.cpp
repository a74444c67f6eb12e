// SPDX-License-Identifier: MIT
// Queued spin locks: processors that wait get the lock in the order in which they came. The queue is the kernel's own
// (at most one place per processor), so nothing of a driver's stack is followed; the lock's word says who holds it, as
// that of an ordinary spin lock does.
// @cite(wdk-docs): page=kernel/queued-spin-locks
#include "ke/queued_spin_lock.h"
#include "ke/dispatcher_objects.h"
#include "ke/exception.h"
#include "ke/kernel.h"
#include "ke/spin_lock.h"
#include "nt/bugcheck.h"

namespace ringside::ke {

using namespace nt;

namespace {

// LockQueueMaximumLock of the published KSPIN_LOCK_QUEUE_NUMBER: the kernel's numbered locks.
constexpr ULONG kNumberedLocks = 17;
KSPIN_LOCK g_numbered[kNumberedLocks];
uint64_t g_tickets = 0;

Cpu* oldest_waiter(KSPIN_LOCK const& lock)
{
    Cpu* oldest = nullptr;
    for (auto const& at : kernel().cpus())
        if (at->waits_for == &lock && (!oldest || at->lock_ticket < oldest->lock_ticket))
            oldest = at.get();
    return oldest;
}

KSPIN_LOCK& numbered(ULONG number)
{
    if (number >= kNumberedLocks)
        bug_check(SPIN_LOCK_INIT_FAILURE, number, 0, 0, 0, "a numbered queued spin lock that does not exist");
    return g_numbered[number];
}

} // namespace

void reset_queued_spin_locks()
{
    for (KSPIN_LOCK& lock : g_numbered)
        lock = 0;
    g_tickets = 0;
}

void acquire_queued_spin_lock(KSPIN_LOCK& lock)
{
    Kernel& k = kernel();
    Cpu& here = k.cpu();
    KSPIN_LOCK const mine = here.number() + 1;
    if (!lock) [[likely]] {
        lock = mine;
        return;
    }
    if (lock == mine)
        bug_check(SPIN_LOCK_ALREADY_OWNED, reinterpret_cast<uint64_t>(&lock), 0, 0, 0,
                  "this processor holds the queued spin lock that it is about to wait for");
    // An interrupt may have come while this processor waits for another one.
    KSPIN_LOCK* const outer = here.waits_for;
    uint64_t const outer_ticket = here.lock_ticket;
    here.waits_for = &lock;
    here.lock_ticket = ++g_tickets;
    while (here.waits_for == &lock) {
        k.spin();
        // Free all the same: it was released as an ordinary spin lock.
        if (here.waits_for == &lock && !lock && oldest_waiter(lock) == &here) {
            lock = mine;
            break;
        }
    }
    here.waits_for = outer;
    here.lock_ticket = outer_ticket;
}

void release_queued_spin_lock(KSPIN_LOCK& lock)
{
    if (!lock)
        bug_check(SPIN_LOCK_NOT_OWNED, reinterpret_cast<uint64_t>(&lock), 0, 0, 0,
                  "a queued spin lock was released that nobody holds");
    if (Cpu* next = oldest_waiter(lock)) {
        lock = next->number() + 1;
        next->waits_for = nullptr;
    } else
        lock = 0;
}

void KeAcquireInStackQueuedSpinLockAtDpcLevel(KSPIN_LOCK* lock, KLOCK_QUEUE_HANDLE* handle)
{
    handle->LockQueue.Next = nullptr;
    handle->LockQueue.Lock = lock;
    acquire_queued_spin_lock(*lock);
}

void KeReleaseInStackQueuedSpinLockFromDpcLevel(KLOCK_QUEUE_HANDLE* handle)
{
    release_queued_spin_lock(*handle->LockQueue.Lock);
}

void KeAcquireInStackQueuedSpinLock(KSPIN_LOCK* lock, KLOCK_QUEUE_HANDLE* handle)
{
    handle->OldIrql = kernel().raise_irql(DISPATCH_LEVEL);
    KeAcquireInStackQueuedSpinLockAtDpcLevel(lock, handle);
}

void KeReleaseInStackQueuedSpinLock(KLOCK_QUEUE_HANDLE* handle)
{
    KIRQL const old = handle->OldIrql;
    release_queued_spin_lock(*handle->LockQueue.Lock);
    KeLowerIrql(old);
}

// In a threaded DPC that runs at PASSIVE_LEVEL it raises the IRQL; in an ordinary one it is there already.
void KeAcquireInStackQueuedSpinLockForDpc(KSPIN_LOCK* lock, KLOCK_QUEUE_HANDLE* handle)
{
    KeAcquireInStackQueuedSpinLock(lock, handle);
}

void KeReleaseInStackQueuedSpinLockForDpc(KLOCK_QUEUE_HANDLE* handle) { KeReleaseInStackQueuedSpinLock(handle); }

KIRQL KeAcquireQueuedSpinLock(ULONG number)
{
    KSPIN_LOCK& lock = numbered(number);
    KIRQL const old = kernel().raise_irql(DISPATCH_LEVEL);
    acquire_queued_spin_lock(lock);
    return old;
}

void KeReleaseQueuedSpinLock(ULONG number, KIRQL old)
{
    release_queued_spin_lock(numbered(number));
    KeLowerIrql(old);
}

} // namespace ringside::ke
