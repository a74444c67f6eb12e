// SPDX-License-Identifier: MIT
// Spin locks, ordinary and queued. A lock's word is zero or the holding processor's number plus one; the samples run on
// processor 0.
#include "contract.h"

#include "ke/dispatcher_objects.h"
#include "ke/queued_spin_lock.h"

using namespace ringside;
using namespace ringside::nt;
using namespace ringside::test;

namespace {

constexpr KSPIN_LOCK kHere = 1, kElsewhere = 2;

bool g_given_back;

KSPIN_LOCK& free_lock(At& at)
{
    ke::kernel().set_affinity(ke::kernel().current(), 1);
    return at.object<KSPIN_LOCK>();
}

KSPIN_LOCK& lock_held_here(At& at)
{
    KSPIN_LOCK& lock = free_lock(at);
    lock = kHere;
    return lock;
}

// Processor 1 holds it, and gives it back when it gets its turn.
KSPIN_LOCK& lock_held_elsewhere(At& at)
{
    KSPIN_LOCK& lock = free_lock(at);
    lock = kElsewhere;
    g_given_back = false;
    auto& dpc = at.object<KDPC>();
    ke::KeInitializeDpc(
        &dpc,
        +[](KDPC*, PVOID lock, PVOID, PVOID) NTAPI {
            g_given_back = true;
            ke::release_queued_spin_lock(*static_cast<KSPIN_LOCK*>(lock));
        },
        &lock);
    ke::KeSetTargetProcessorDpc(&dpc, 1);
    ke::KeSetImportanceDpc(&dpc, MediumHighImportance);
    ke::KeInsertQueueDpc(&dpc, nullptr, nullptr);
    return lock;
}

KLOCK_QUEUE_HANDLE& handle(At& at, KSPIN_LOCK* lock, KIRQL old)
{
    auto& made = at.object<KLOCK_QUEUE_HANDLE>();
    made.LockQueue.Lock = lock;
    made.OldIrql = old;
    return made;
}

constexpr KIRQL kGarbage = 0xCC; // what was no IRQL

} // namespace

SAMPLE(KeInitializeSpinLock)
{
    auto& lock = at.object<KSPIN_LOCK>();
    lock = 0x5A5A;
    at.call(&lock);
    EXPECT_EQ(lock, 0u);
}

SAMPLE(KeTestSpinLock)
{
    KSPIN_LOCK& lock = free_lock(at);
    at.returns(BOOLEAN { TRUE }, &lock);
    EXPECT_EQ(at.irql_after(), at.irql());
    EXPECT_EQ(lock, 0u); // it is not acquired
    lock = kElsewhere;
    at.returns(BOOLEAN { FALSE }, &lock);
}

// --- Raising the IRQL ---

SAMPLE(KeAcquireSpinLockRaiseToDpc)
{
    KSPIN_LOCK& lock = lock_held_elsewhere(at);
    at.returns(KIRQL { at.irql() }, &lock); // waits for the other processor
    EXPECT_TRUE(g_given_back);
    EXPECT_EQ(lock, kHere);
    EXPECT_EQ(at.irql_after(), DISPATCH_LEVEL);
    at.bug_checks(SPIN_LOCK_ALREADY_OWNED, &lock);
}

SAMPLE(KeAcquireSpinLockForDpc)
{
    KSPIN_LOCK& lock = lock_held_elsewhere(at);
    at.returns(KIRQL { at.irql() }, &lock);
    EXPECT_TRUE(g_given_back);
    EXPECT_EQ(lock, kHere);
    EXPECT_EQ(at.irql_after(), DISPATCH_LEVEL);
    at.bug_checks(SPIN_LOCK_ALREADY_OWNED, &lock);
}

SAMPLE(KeReleaseSpinLock)
{
    KSPIN_LOCK& lock = lock_held_here(at);
    at.call(&lock, KIRQL { PASSIVE_LEVEL });
    EXPECT_EQ(lock, 0u);
    EXPECT_EQ(at.irql_after(), PASSIVE_LEVEL);
    lock = kHere;
    at.call(&lock, KIRQL { DISPATCH_LEVEL });
    EXPECT_EQ(at.irql_after(), DISPATCH_LEVEL);
    at.bug_checks(SPIN_LOCK_NOT_OWNED, &lock, KIRQL { PASSIVE_LEVEL });
}

SAMPLE_AS(KeReleaseSpinLock, with_what_is_no_old_irql)
{
    at.bug_checks(IRQL_NOT_LESS_OR_EQUAL, &lock_held_here(at), kGarbage);
}

SAMPLE(KeReleaseSpinLockForDpc)
{
    KSPIN_LOCK& lock = lock_held_here(at);
    at.call(&lock, KIRQL { PASSIVE_LEVEL });
    EXPECT_EQ(lock, 0u);
    EXPECT_EQ(at.irql_after(), PASSIVE_LEVEL);
    lock = kHere;
    at.call(&lock, KIRQL { DISPATCH_LEVEL });
    EXPECT_EQ(lock, 0u);
    EXPECT_EQ(at.irql_after(), DISPATCH_LEVEL);
    at.bug_checks(SPIN_LOCK_NOT_OWNED, &lock, KIRQL { PASSIVE_LEVEL });
}

// --- At DISPATCH_LEVEL already, or above ---

SAMPLE(KeAcquireSpinLockAtDpcLevel)
{
    KSPIN_LOCK& lock = lock_held_elsewhere(at);
    at.call(&lock);
    EXPECT_TRUE(g_given_back);
    EXPECT_EQ(lock, kHere);
    EXPECT_EQ(at.irql_after(), at.irql());
    at.bug_checks(SPIN_LOCK_ALREADY_OWNED, &lock);
}

SAMPLE(KeReleaseSpinLockFromDpcLevel)
{
    KSPIN_LOCK& lock = lock_held_here(at);
    at.call(&lock);
    EXPECT_EQ(lock, 0u);
    EXPECT_EQ(at.irql_after(), at.irql());
    at.bug_checks(SPIN_LOCK_NOT_OWNED, &lock);
}

SAMPLE(KeTryToAcquireSpinLockAtDpcLevel)
{
    KSPIN_LOCK& lock = free_lock(at);
    at.returns(BOOLEAN { TRUE }, &lock);
    EXPECT_EQ(lock, kHere);
    EXPECT_EQ(at.irql_after(), at.irql());
    at.returns(BOOLEAN { FALSE }, &lock); // held: at once, even by this processor
    lock = kElsewhere;
    at.returns(BOOLEAN { FALSE }, &lock);
    EXPECT_EQ(lock, kElsewhere);
    EXPECT_EQ(at.irql_after(), at.irql());
}

// --- Queued ---

SAMPLE(KeAcquireInStackQueuedSpinLock)
{
    KSPIN_LOCK& lock = lock_held_elsewhere(at);
    KLOCK_QUEUE_HANDLE& place = handle(at, nullptr, kGarbage);
    at.call(&lock, &place);
    EXPECT_TRUE(g_given_back);
    EXPECT_EQ(lock, kHere);
    EXPECT_EQ(place.OldIrql, at.irql());
    EXPECT_EQ(at.irql_after(), DISPATCH_LEVEL);
    at.bug_checks(SPIN_LOCK_ALREADY_OWNED, &lock, &handle(at, nullptr, kGarbage));
}

SAMPLE(KeReleaseInStackQueuedSpinLock)
{
    KSPIN_LOCK& lock = lock_held_here(at);
    at.call(&handle(at, &lock, PASSIVE_LEVEL));
    EXPECT_EQ(lock, 0u);
    EXPECT_EQ(at.irql_after(), PASSIVE_LEVEL);
    lock = kHere;
    at.call(&handle(at, &lock, DISPATCH_LEVEL));
    EXPECT_EQ(at.irql_after(), DISPATCH_LEVEL);
    at.bug_checks(SPIN_LOCK_NOT_OWNED, &handle(at, &lock, PASSIVE_LEVEL));
}

SAMPLE_AS(KeReleaseInStackQueuedSpinLock, with_a_handle_that_was_overwritten)
{
    at.bug_checks(IRQL_NOT_LESS_OR_EQUAL, &handle(at, &lock_held_here(at), kGarbage));
}

SAMPLE(KeAcquireInStackQueuedSpinLockAtDpcLevel)
{
    KSPIN_LOCK& lock = lock_held_elsewhere(at);
    at.call(&lock, &handle(at, nullptr, kGarbage));
    EXPECT_TRUE(g_given_back);
    EXPECT_EQ(lock, kHere);
    EXPECT_EQ(at.irql_after(), at.irql());
    at.bug_checks(SPIN_LOCK_ALREADY_OWNED, &lock, &handle(at, nullptr, kGarbage));
}

SAMPLE(KeReleaseInStackQueuedSpinLockFromDpcLevel)
{
    KSPIN_LOCK& lock = lock_held_here(at);
    KLOCK_QUEUE_HANDLE& place = handle(at, &lock, PASSIVE_LEVEL);
    at.call(&place);
    EXPECT_EQ(lock, 0u);
    EXPECT_EQ(at.irql_after(), at.irql()); // the IRQL stays
    at.bug_checks(SPIN_LOCK_NOT_OWNED, &place);
}
