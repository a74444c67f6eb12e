// SPDX-License-Identifier: MIT
// Locks of one word: mutexes and push locks.
#include "ex_stage.h"

#include "ex/mutex.h"
#include "ex/push_lock.h"

using namespace ringside;
using namespace ringside::nt;
using namespace ringside::test;

namespace {

FAST_MUTEX& fast_mutex(At& at)
{
    auto& mutex = at.object<FAST_MUTEX>();
    mutex.Count = 1;
    at.also("KeInitializeEvent", &mutex.Event, SynchronizationEvent, FALSE);
    return mutex;
}

} // namespace

// --- Fast mutexes ---

SAMPLE(ExAcquireFastMutex)
{
    auto& mutex = fast_mutex(at);
    at.call(&mutex);
    EXPECT_EQ(mutex.Count, 0);
    EXPECT_EQ(at.irql_after(), APC_LEVEL);
}

SAMPLE(ExTryToAcquireFastMutex)
{
    auto& mutex = fast_mutex(at);
    at.returns(BOOLEAN { TRUE }, &mutex);
    EXPECT_EQ(at.irql_after(), APC_LEVEL);
    at.returns(BOOLEAN { FALSE }, &mutex);
}

SAMPLE(ExAcquireFastMutexUnsafe)
{
    auto& mutex = fast_mutex(at);
    at.call(&mutex);
    EXPECT_EQ(mutex.Count, 0);
}

SAMPLE(ExReleaseFastMutexUnsafe)
{
    auto& mutex = fast_mutex(at);
    mutex.Count = 0;
    at.call(&mutex);
    EXPECT_EQ(mutex.Count, 1);
}

SAMPLE(ExReleaseFastMutex)
{
    for (KIRQL const old : { KIRQL { PASSIVE_LEVEL }, KIRQL { APC_LEVEL } }) {
        auto& mutex = fast_mutex(at);
        mutex.Count = 0;
        mutex.OldIrql = old;
        mutex.Owner = ke::kernel().current().pointer();
        at.call(&mutex);
        EXPECT_EQ(mutex.Count, 1);
        EXPECT_EQ(mutex.Owner, nullptr);
        EXPECT_EQ(at.irql_after(), old);
    }
    auto& mutex = fast_mutex(at);
    mutex.Count = 0;
    auto acquire = [](ke::Thread&, void* wanted) {
        ex::ExAcquireFastMutex(static_cast<FAST_MUTEX*>(wanted));
        ke::kernel().lower_irql(PASSIVE_LEVEL);
    };
    elsewhere(at, acquire, &mutex);
    EXPECT_EQ(mutex.Count, -1) << "a thread waits";
    at.call(&mutex);
    pass_a_millisecond();
    EXPECT_EQ(mutex.Count, 0) << "it has the mutex now";
    EXPECT_EQ(mutex.Contention, 1u);
}

SAMPLE(ExEnterCriticalRegionAndAcquireFastMutexUnsafe)
{
    auto& mutex = fast_mutex(at);
    at.call(&mutex);
    EXPECT_EQ(mutex.Count, 0);
    EXPECT_TRUE(at.also("KeAreApcsDisabled") & 1);
    at.also("ExReleaseFastMutexUnsafeAndLeaveCriticalRegion", &mutex);
}

SAMPLE(ExReleaseFastMutexUnsafeAndLeaveCriticalRegion)
{
    auto& mutex = fast_mutex(at);
    at.also("ExEnterCriticalRegionAndAcquireFastMutexUnsafe", &mutex);
    at.call(&mutex);
    EXPECT_EQ(mutex.Count, 1);
    EXPECT_FALSE(at.also("KeAreApcsDisabled") & 1);
}

// --- Push locks ---

SAMPLE(ExInitializePushLock)
{
    auto& lock = at.object<EX_PUSH_LOCK>();
    lock = 77;
    at.call(&lock);
    EXPECT_EQ(lock, 0u);
}

SAMPLE(ExAcquirePushLockExclusiveEx)
{
    auto& lock = at.object<EX_PUSH_LOCK>();
    at.call(&lock, 0);
    EXPECT_EQ(lock, 1u);
    auto& other = at.object<EX_PUSH_LOCK>();
    at.bug_checks(INVALID_PUSH_LOCK_FLAGS, &other, 0x100);
}

SAMPLE(ExAcquirePushLockSharedEx)
{
    auto& lock = at.object<EX_PUSH_LOCK>();
    at.call(&lock, 0);
    at.call(&lock, 0);
    EXPECT_EQ(lock, 0x21u);
}

SAMPLE(ExTryAcquirePushLockExclusiveEx)
{
    auto& lock = at.object<EX_PUSH_LOCK>();
    at.returns(BOOLEAN { TRUE }, &lock, 0);
    at.returns(BOOLEAN { FALSE }, &lock, 0);
}

SAMPLE(ExTryAcquirePushLockSharedEx)
{
    auto& lock = at.object<EX_PUSH_LOCK>();
    at.returns(BOOLEAN { TRUE }, &lock, 0);
    lock = 1;
    at.returns(BOOLEAN { FALSE }, &lock, 0);
}

SAMPLE(ExReleasePushLockExclusiveEx)
{
    auto& lock = at.object<EX_PUSH_LOCK>();
    lock = 1;
    at.call(&lock, 0);
    EXPECT_EQ(lock, 0u);
    at.bug_checks(RESOURCE_NOT_OWNED, &lock, 0);
}

SAMPLE(ExReleasePushLockSharedEx)
{
    auto& lock = at.object<EX_PUSH_LOCK>();
    lock = 0x21;
    at.call(&lock, 0);
    EXPECT_EQ(lock, 0x11u);
    at.call(&lock, 0);
    EXPECT_EQ(lock, 0u);
    at.bug_checks(RESOURCE_NOT_OWNED, &lock, 0);
}

SAMPLE(ExReleasePushLockEx)
{
    auto& lock = at.object<EX_PUSH_LOCK>();
    lock = 1;
    at.call(&lock, 0);
    EXPECT_EQ(lock, 0u);
    lock = 0x11;
    at.call(&lock, 0);
    EXPECT_EQ(lock, 0u);
}

SAMPLE(ExfAcquirePushLockExclusive)
{
    auto& lock = at.object<EX_PUSH_LOCK>();
    at.call(&lock);
    EXPECT_EQ(lock, 1u);
}

SAMPLE(ExfAcquirePushLockShared)
{
    auto& lock = at.object<EX_PUSH_LOCK>();
    at.call(&lock);
    EXPECT_EQ(lock, 0x11u);
}

SAMPLE(ExfTryAcquirePushLockShared)
{
    auto& lock = at.object<EX_PUSH_LOCK>();
    at.returns(BOOLEAN { TRUE }, &lock);
    EXPECT_EQ(lock, 0x11u);
}

SAMPLE(ExfReleasePushLock)
{
    auto& lock = at.object<EX_PUSH_LOCK>();
    lock = 1;
    at.call(&lock);
    EXPECT_EQ(lock, 0u);
}

SAMPLE(ExfReleasePushLockExclusive)
{
    auto& lock = at.object<EX_PUSH_LOCK>();
    lock = 1;
    at.call(&lock);
    EXPECT_EQ(lock, 0u);
}

SAMPLE(ExfReleasePushLockShared)
{
    auto& lock = at.object<EX_PUSH_LOCK>();
    lock = 0x11;
    at.call(&lock);
    EXPECT_EQ(lock, 0u);
}

// A thread that waits for a lock whose last owner woke nobody.
SAMPLE(ExfTryToWakePushLock)
{
    auto& lock = at.object<EX_PUSH_LOCK>();
    at.call(&lock);
    EXPECT_EQ(lock, 0u) << "nobody waits";
    lock = 1;
    elsewhere(at, [](ke::Thread&, void* wanted) { ex::ExfAcquirePushLockExclusive(static_cast<EX_PUSH_LOCK*>(wanted)); },
              &lock);
    EXPECT_EQ(lock, 3u);
    at.call(&lock);
    EXPECT_EQ(lock, 3u) << "it is owned";
    lock = 2;
    at.call(&lock);
    EXPECT_EQ(lock, 1u) << "the waiter's";
}
