// SPDX-License-Identifier: MIT
// Locks: mutexes, push locks, resources. Reader/writer spin locks: ex_spin_lock_samples.cpp.
#include "contract.h"

#include "ex/mutex.h"
#include "ex/push_lock.h"
#include "ex/resource.h"
#include "ke/dispatcher_objects.h"

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

void pass_a_millisecond()
{
    LARGE_INTEGER interval { .QuadPart = -10'000 };
    ke::KeDelayExecutionThread(KernelMode, FALSE, &interval);
}

// A thread does this until it waits, or has ended.
void elsewhere(At& at, ke::Thread::Main main, void* context)
{
    EXPECT_TRUE(at.rooms().processes.create_system_thread(main, context).ok());
    pass_a_millisecond();
}

ERESOURCE& resource(At& at)
{
    auto& made = at.object<ERESOURCE>();
    at.also("ExInitializeResourceLite", &made);
    return made;
}

bool owned_exclusively(At& at, ERESOURCE& resource)
{
    return at.also("ExIsResourceAcquiredExclusiveLite", &resource) & 1;
}
ULONG owned_shared(At& at, ERESOURCE& resource)
{
    return static_cast<ULONG>(at.also("ExIsResourceAcquiredSharedLite", &resource));
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

// --- Resources ---

SAMPLE(ExInitializeResourceLite)
{
    auto& made = at.object<ERESOURCE>();
    at.status(STATUS_SUCCESS, &made);
    EXPECT_EQ(made.SystemResourcesList.Flink, &made.SystemResourcesList);
    EXPECT_EQ(at.rooms().executive.residue().resources, 1u);
}

SAMPLE(ExReinitializeResourceLite)
{
    auto& made = resource(at);
    at.also("ExAcquireResourceExclusiveLite", &made, TRUE);
    at.status(STATUS_SUCCESS, &made);
    EXPECT_FALSE(owned_exclusively(at, made));
    at.bug_checks(INVALID_DATA_ACCESS_TRAP, at.bytes(sizeof(ERESOURCE)));
}

SAMPLE(ExDeleteResourceLite)
{
    auto& made = resource(at);
    at.status(STATUS_SUCCESS, &made);
    EXPECT_EQ(at.rooms().executive.residue().resources, 0u);
    at.bug_checks(INVALID_DATA_ACCESS_TRAP, &made);
}

SAMPLE(ExAcquireResourceExclusiveLite)
{
    auto& made = resource(at);
    at.returns(BOOLEAN { TRUE }, &made, TRUE);
    at.returns(BOOLEAN { TRUE }, &made, FALSE);
    EXPECT_TRUE(owned_exclusively(at, made));
    auto& shared = resource(at);
    at.also("ExAcquireResourceSharedLite", &shared, TRUE);
    at.returns(BOOLEAN { FALSE }, &shared, FALSE);
}

SAMPLE(ExAcquireResourceSharedLite)
{
    auto& made = resource(at);
    at.returns(BOOLEAN { TRUE }, &made, TRUE);
    at.returns(BOOLEAN { TRUE }, &made, FALSE);
    EXPECT_EQ(owned_shared(at, made), 2u);
}

SAMPLE(ExAcquireSharedStarveExclusive)
{
    auto& made = resource(at);
    at.returns(BOOLEAN { TRUE }, &made, FALSE);
    EXPECT_EQ(owned_shared(at, made), 1u);
}

SAMPLE(ExAcquireSharedWaitForExclusive)
{
    auto& made = resource(at);
    at.returns(BOOLEAN { TRUE }, &made, FALSE);
    EXPECT_EQ(owned_shared(at, made), 1u);
}

SAMPLE(ExReleaseResourceLite)
{
    auto& made = resource(at);
    at.also("ExAcquireResourceExclusiveLite", &made, TRUE);
    at.call(&made);
    EXPECT_FALSE(owned_exclusively(at, made));
    at.bug_checks(RESOURCE_NOT_OWNED, &made);
}

SAMPLE(ExReleaseResourceForThreadLite)
{
    auto& made = resource(at);
    auto const owner = reinterpret_cast<PVOID>(reinterpret_cast<uintptr_t>(at.bytes(16)) | 3);
    at.also("ExAcquireResourceExclusiveLite", &made, TRUE);
    at.also("ExSetResourceOwnerPointer", &made, owner);
    at.call(&made, owner);
    EXPECT_EQ(made.ActiveCount, 0);
    at.bug_checks(RESOURCE_NOT_OWNED, &made, owner);
}

SAMPLE(ExConvertExclusiveToSharedLite)
{
    auto& made = resource(at);
    at.also("ExAcquireResourceExclusiveLite", &made, TRUE);
    at.call(&made);
    EXPECT_FALSE(owned_exclusively(at, made));
    EXPECT_EQ(owned_shared(at, made), 1u);
    at.bug_checks(SHARED_RESOURCE_CONV_ERROR, &made);
}

SAMPLE(ExSetResourceOwnerPointer)
{
    auto& made = resource(at);
    at.also("ExAcquireResourceExclusiveLite", &made, TRUE);
    at.call(&made, reinterpret_cast<PVOID>(uintptr_t { 0x1003 }));
    EXPECT_EQ(made.OwnerEntry.OwnerThread, 0x1003u);
    at.bug_checks(RESOURCE_OWNER_POINTER_INVALID, &made, reinterpret_cast<PVOID>(uintptr_t { 0x1000 }));
}

SAMPLE(ExSetResourceOwnerPointerEx)
{
    auto& made = resource(at);
    at.also("ExAcquireResourceExclusiveLite", &made, TRUE);
    at.call(&made, reinterpret_cast<PVOID>(uintptr_t { 0x1003 }), 0);
    EXPECT_EQ(made.OwnerEntry.OwnerThread, 0x1003u);
    at.bug_checks(RESOURCE_NOT_OWNED, &made, reinterpret_cast<PVOID>(uintptr_t { 0x2003 }), 0);
}

SAMPLE(ExIsResourceAcquiredExclusiveLite)
{
    auto& made = resource(at);
    at.returns(BOOLEAN { FALSE }, &made);
    at.also("ExAcquireResourceExclusiveLite", &made, TRUE);
    at.returns(BOOLEAN { TRUE }, &made);
}

SAMPLE(ExIsResourceAcquiredSharedLite)
{
    auto& made = resource(at);
    at.returns(ULONG { 0 }, &made);
    at.also("ExAcquireResourceSharedLite", &made, TRUE);
    at.also("ExAcquireResourceSharedLite", &made, TRUE);
    at.returns(ULONG { 2 }, &made);
}

namespace {
template <auto Acquire>
void wait_for(ke::Thread&, void* wanted)
{
    ke::KeEnterCriticalRegion();
    Acquire(static_cast<ERESOURCE*>(wanted), TRUE);
    ex::ExReleaseResourceLite(static_cast<ERESOURCE*>(wanted));
    ke::KeLeaveCriticalRegion();
}

void counts_waiters(At& at, ke::Thread::Main counted, ke::Thread::Main other)
{
    auto& made = resource(at);
    at.returns(ULONG { 0 }, &made);
    at.also("KeEnterCriticalRegion");
    at.also("ExAcquireResourceExclusiveLite", &made, TRUE);
    at.returns(ULONG { 0 }, &made); // an owner does not wait
    for (ULONG waiters = 1; waiters <= 2; ++waiters) {
        elsewhere(at, counted, &made);
        at.returns(waiters, &made);
        elsewhere(at, other, &made);
        at.returns(waiters, &made);
    }
    at.also("ExReleaseResourceLite", &made);
    at.also("KeLeaveCriticalRegion");
    pass_a_millisecond();
    at.returns(ULONG { 0 }, &made);
    at.bug_checks(INVALID_DATA_ACCESS_TRAP, at.bytes(sizeof(ERESOURCE)));
}
constexpr auto kExclusively = wait_for<&ex::ExAcquireResourceExclusiveLite>;
constexpr auto kShared = wait_for<&ex::ExAcquireResourceSharedLite>;
} // namespace

SAMPLE(ExGetExclusiveWaiterCount) { counts_waiters(at, kExclusively, kShared); }
SAMPLE(ExGetSharedWaiterCount) { counts_waiters(at, kShared, kExclusively); }

SAMPLE(ExEnterCriticalRegionAndAcquireResourceExclusive)
{
    auto& made = resource(at);
    at.returns(PVOID { nullptr }, &made);
    EXPECT_TRUE(owned_exclusively(at, made));
    at.also("ExReleaseResourceAndLeaveCriticalRegion", &made);
}

SAMPLE(ExEnterCriticalRegionAndAcquireResourceShared)
{
    auto& made = resource(at);
    at.returns(PVOID { nullptr }, &made);
    EXPECT_EQ(owned_shared(at, made), 1u);
    at.also("ExReleaseResourceAndLeaveCriticalRegion", &made);
}

SAMPLE(ExEnterCriticalRegionAndAcquireSharedWaitForExclusive)
{
    auto& made = resource(at);
    at.returns(PVOID { nullptr }, &made);
    EXPECT_EQ(owned_shared(at, made), 1u);
    at.also("ExReleaseResourceAndLeaveCriticalRegion", &made);
}

SAMPLE(ExReleaseResourceAndLeaveCriticalRegion)
{
    auto& made = resource(at);
    at.also("ExEnterCriticalRegionAndAcquireResourceExclusive", &made);
    at.call(&made);
    EXPECT_FALSE(owned_exclusively(at, made));
    EXPECT_FALSE(at.also("KeAreApcsDisabled") & 1);
}
