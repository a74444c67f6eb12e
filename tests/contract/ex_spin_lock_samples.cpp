// SPDX-License-Identifier: MIT
// Reader/writer spin locks.
#include "contract.h"

#include "ke/kernel.h"
#include "ps/process.h"

using namespace ringside;
using namespace ringside::nt;
using namespace ringside::test;

namespace {

constexpr LONG kFree = 0;
constexpr LONG kExclusive = std::numeric_limits<LONG>::min();

// The lock is held; a thread of another processor lets it go as soon as it runs.
void release_elsewhere(At& at, LONG& lock)
{
    auto made = at.rooms().processes.create_system_thread(
        [](ke::Thread&, void* held) { *static_cast<LONG*>(held) = 0; }, &lock);
    ASSERT_TRUE(made.ok());
    ke::kernel().set_affinity(**made, KAFFINITY { 1 } << (1 - hal::processor().number()));
}

void acquires_exclusively(At& at)
{
    auto& lock = at.object<LONG>();
    at.call(&lock);
    EXPECT_EQ(lock, kExclusive);
    lock = kExclusive;
    release_elsewhere(at, lock);
    at.call(&lock); // comes back once the owner has released it
    EXPECT_EQ(lock, kExclusive);
    lock = 2; // two readers
    release_elsewhere(at, lock);
    at.call(&lock);
    EXPECT_EQ(lock, kExclusive);
}

void acquires_shared(At& at)
{
    auto& lock = at.object<LONG>();
    at.call(&lock);
    EXPECT_EQ(lock, 1);
    at.call(&lock); // as another processor would
    EXPECT_EQ(lock, 2);
    lock = kExclusive;
    release_elsewhere(at, lock);
    at.call(&lock);
    EXPECT_EQ(lock, 1);
}

// The IRQL is what OldIrql says, whatever it was at the acquisition.
void releases(At& at, LONG held)
{
    for (KIRQL const old : { KIRQL { PASSIVE_LEVEL }, KIRQL { APC_LEVEL }, KIRQL { DISPATCH_LEVEL } }) {
        auto& lock = at.object<LONG>();
        lock = held;
        at.call(&lock, old);
        EXPECT_EQ(lock, kFree);
        EXPECT_EQ(at.irql_after(), old);
    }
}

} // namespace

SAMPLE(ExAcquireSpinLockExclusive)
{
    auto& lock = at.object<LONG>();
    at.returns(KIRQL { at.irql() }, &lock);
    EXPECT_EQ(at.irql_after(), DISPATCH_LEVEL);
    acquires_exclusively(at);
}

SAMPLE(ExAcquireSpinLockShared)
{
    auto& lock = at.object<LONG>();
    at.returns(KIRQL { at.irql() }, &lock);
    EXPECT_EQ(at.irql_after(), DISPATCH_LEVEL);
    acquires_shared(at);
}

SAMPLE(ExAcquireSpinLockExclusiveAtDpcLevel)
{
    acquires_exclusively(at);
    EXPECT_EQ(at.irql_after(), at.irql());
}

SAMPLE(ExAcquireSpinLockSharedAtDpcLevel)
{
    acquires_shared(at);
    EXPECT_EQ(at.irql_after(), at.irql());
}

SAMPLE(ExReleaseSpinLockExclusive)
{
    releases(at, kExclusive);
    at.bug_checks(SPIN_LOCK_NOT_OWNED, &at.object<LONG>(), KIRQL { PASSIVE_LEVEL });
}

SAMPLE(ExReleaseSpinLockShared)
{
    releases(at, 1);
    auto& lock = at.object<LONG>();
    lock = 2;
    at.call(&lock, KIRQL { PASSIVE_LEVEL });
    EXPECT_EQ(lock, 1) << "the other reader's share";
    at.bug_checks(SPIN_LOCK_NOT_OWNED, &at.object<LONG>(), KIRQL { PASSIVE_LEVEL });
}

SAMPLE_AS(ExReleaseSpinLockShared, held_exclusively)
{
    auto& lock = at.object<LONG>();
    lock = kExclusive;
    at.bug_checks(SPIN_LOCK_NOT_OWNED, &lock, KIRQL { PASSIVE_LEVEL });
}

SAMPLE(ExReleaseSpinLockExclusiveFromDpcLevel)
{
    auto& lock = at.object<LONG>();
    lock = kExclusive;
    at.call(&lock);
    EXPECT_EQ(lock, kFree);
    EXPECT_EQ(at.irql_after(), at.irql());
    lock = 1;
    at.bug_checks(SPIN_LOCK_NOT_OWNED, &lock); // held shared
}

SAMPLE(ExReleaseSpinLockSharedFromDpcLevel)
{
    auto& lock = at.object<LONG>();
    lock = 2;
    at.call(&lock);
    EXPECT_EQ(lock, 1);
    at.call(&lock);
    EXPECT_EQ(lock, kFree);
    EXPECT_EQ(at.irql_after(), at.irql());
    at.bug_checks(SPIN_LOCK_NOT_OWNED, &lock);
}

SAMPLE(ExTryConvertSharedSpinLockExclusive)
{
    auto& lock = at.object<LONG>();
    lock = 2;
    at.returns(LOGICAL { FALSE }, &lock);
    EXPECT_EQ(lock, 2) << "both stay readers";
    lock = 1;
    at.returns(LOGICAL { TRUE }, &lock);
    EXPECT_EQ(lock, kExclusive);
    EXPECT_EQ(at.irql_after(), DISPATCH_LEVEL);
}

// Taking a lock twice is a deadlock: nobody is left to release it, and the clock finds out.
SAMPLE_AS(ExAcquireSpinLockExclusive, twice)
{
    auto& lock = at.object<LONG>();
    at.call(&lock);
    at.bug_checks(DPC_WATCHDOG_VIOLATION, &lock);
}
SAMPLE_AS(ExAcquireSpinLockShared, after_exclusive)
{
    auto& lock = at.object<LONG>();
    at.call(&lock);
    lock = kExclusive;
    at.bug_checks(DPC_WATCHDOG_VIOLATION, &lock);
}
