// SPDX-License-Identifier: MIT
// Mutexes, resources, push locks and reader/writer spin locks: exclusion under many schedules, and each one's manners.
#include "ex/mutex.h"
#include "ex/push_lock.h"
#include "ex/resource.h"
#include "ke/dispatcher_objects.h"
#include "../mm/memory_machine.h"

using namespace ringside;
using namespace ringside::nt;
using test::MemoryMachine;

namespace {

void pause(int64_t units)
{
    LARGE_INTEGER interval { .QuadPart = -units };
    ke::KeDelayExecutionThread(KernelMode, FALSE, &interval);
}

// Readers and writers inside a region; anything but "readers or one writer" is a failure.
struct Region {
    int readers = 0;
    int writers = 0;
    int passes = 0;
    void read()
    {
        ++readers;
        EXPECT_EQ(writers, 0);
        ke::kernel().schedule_point();
        EXPECT_EQ(writers, 0);
        --readers;
        ++passes;
    }
    void write()
    {
        ++writers;
        EXPECT_EQ(writers, 1);
        EXPECT_EQ(readers, 0);
        ke::kernel().schedule_point();
        ke::kernel().schedule_point();
        EXPECT_EQ(writers, 1);
        EXPECT_EQ(readers, 0);
        --writers;
        ++passes;
    }
};

void stress(std::function<void(MemoryMachine&, Region&, bool writer)> pass)
{
    for (uint64_t seed = 1; seed <= 30; ++seed) {
        MemoryMachine machine({ .seed = seed, .processors = 3, .mean_steps = 3 });
        Region region;
        for (int t = 0; t < 6; ++t)
            machine.thread([&, t] {
                for (int i = 0; i < 15; ++i) {
                    pass(machine, region, (t + i) % 3 == 0);
                    ke::kernel().schedule_point();
                }
            });
        EXPECT_EQ(machine.run(), ke::Stop::Quiet);
        ASSERT_EQ(region.passes, 90) << "seed " << seed;
        ASSERT_EQ(machine.kernel.crash(), nullptr);
    }
}

}

TEST(ex_fast_mutex, excludes)
{
    static FAST_MUTEX* mutex;
    stress([](MemoryMachine& machine, Region& region, bool unsafe) {
        if (!region.passes && !mutex) {
            mutex = &machine.object<FAST_MUTEX>();
            mutex->Count = 1;
            ke::KeInitializeEvent(&mutex->Event, SynchronizationEvent, FALSE);
        }
        if (unsafe) {
            ke::KeEnterCriticalRegion();
            ex::ExAcquireFastMutexUnsafe(mutex);
        } else {
            ex::ExAcquireFastMutex(mutex);
            EXPECT_EQ(ke::Kernel::irql(), APC_LEVEL);
        }
        EXPECT_FALSE(ex::ExTryToAcquireFastMutex(mutex));
        region.write();
        if (unsafe) {
            ex::ExReleaseFastMutexUnsafe(mutex);
            ke::KeLeaveCriticalRegion();
        } else {
            ex::ExReleaseFastMutex(mutex);
            EXPECT_EQ(ke::Kernel::irql(), PASSIVE_LEVEL);
        }
        if (region.passes == 90)
            mutex = nullptr;
    });
}

TEST(ex_guarded_mutex, excludes)
{
    static KGUARDED_MUTEX* mutex;
    stress([](MemoryMachine& machine, Region& region, bool) {
        if (!region.passes && !mutex) {
            mutex = &machine.object<KGUARDED_MUTEX>();
            ex::KeInitializeGuardedMutex(mutex);
        }
        ex::KeAcquireGuardedMutex(mutex);
        EXPECT_EQ(ke::kernel().current().special_apc_disable, -1);
        EXPECT_FALSE(ex::KeTryToAcquireGuardedMutex(mutex));
        region.write();
        ex::KeReleaseGuardedMutex(mutex);
        EXPECT_EQ(ke::kernel().current().special_apc_disable, 0);
        if (region.passes == 90)
            mutex = nullptr;
    });
}

TEST(ex_resource, excludes)
{
    static ERESOURCE* resource;
    stress([](MemoryMachine& machine, Region& region, bool writer) {
        if (!region.passes && !resource) {
            resource = &machine.object<ERESOURCE>();
            ex::ExInitializeResourceLite(resource);
        }
        ke::KeEnterCriticalRegion();
        if (writer) {
            EXPECT_TRUE(ex::ExAcquireResourceExclusiveLite(resource, TRUE));
            EXPECT_TRUE(ex::ExAcquireResourceSharedLite(resource, TRUE));
            EXPECT_TRUE(ex::ExIsResourceAcquiredExclusiveLite(resource));
            EXPECT_EQ(ex::ExIsResourceAcquiredSharedLite(resource), 2u);
            region.write();
            ex::ExReleaseResourceLite(resource);
        } else {
            EXPECT_TRUE(ex::ExAcquireResourceSharedLite(resource, TRUE));
            EXPECT_EQ(ex::ExIsResourceAcquiredSharedLite(resource), 1u);
            region.read();
        }
        ex::ExReleaseResourceLite(resource);
        ke::KeLeaveCriticalRegion();
        if (region.passes == 90) {
            EXPECT_EQ(machine.executive.residue().resources, 1u);
            ex::ExDeleteResourceLite(resource);
            EXPECT_EQ(machine.executive.residue().resources, 0u);
            resource = nullptr;
        }
    });
}

TEST(ex_push_lock, excludes)
{
    static EX_PUSH_LOCK* lock;
    stress([](MemoryMachine& machine, Region& region, bool writer) {
        if (!lock)
            lock = &machine.object<EX_PUSH_LOCK>();
        ke::KeEnterCriticalRegion();
        if (writer) {
            ex::ExAcquirePushLockExclusiveEx(lock, 0);
            EXPECT_FALSE(ex::ExTryAcquirePushLockSharedEx(lock, 0));
            region.write();
            ex::ExReleasePushLockExclusiveEx(lock, 0);
        } else {
            ex::ExAcquirePushLockSharedEx(lock, 0);
            EXPECT_FALSE(ex::ExTryAcquirePushLockExclusiveEx(lock, 0));
            region.read();
            ex::ExReleasePushLockEx(lock, 0);
        }
        ke::KeLeaveCriticalRegion();
        if (region.passes == 90) {
            EXPECT_EQ(*lock, 0u);
            lock = nullptr;
        }
    });
}

TEST(ex_spin_lock, excludes)
{
    static LONG* lock;
    stress([](MemoryMachine& machine, Region& region, bool writer) {
        if (!lock)
            lock = &machine.object<LONG>();
        if (writer) {
            KIRQL const old = ex::ExAcquireSpinLockExclusive(lock);
            EXPECT_FALSE(ex::ExTryConvertSharedSpinLockExclusive(lock));
            region.write();
            ex::ExReleaseSpinLockExclusive(lock, old);
        } else {
            KIRQL const old = ex::ExAcquireSpinLockShared(lock);
            region.read();
            ex::ExReleaseSpinLockShared(lock, old);
        }
        EXPECT_EQ(ke::Kernel::irql(), PASSIVE_LEVEL);
        if (region.passes == 90) {
            EXPECT_EQ(*lock, 0);
            lock = nullptr;
        }
    });
}

// A reader holds the resource, a writer waits, readers come.
// Shows: the three manners of shared acquisition, and who gets the resource when.
TEST(ex_resource, manners)
{
    MemoryMachine machine({ .processors = 1 });
    auto& resource = machine.object<ERESOURCE>();
    ex::ExInitializeResourceLite(&resource);
    std::string order;
    machine.thread([&] {
        EXPECT_TRUE(ex::ExAcquireResourceSharedLite(&resource, FALSE));
        pause(100);
        EXPECT_EQ(ex::ExGetExclusiveWaiterCount(&resource), 1u);
        EXPECT_EQ(resource.NumberOfExclusiveWaiters, 1u);
        EXPECT_TRUE(ex::ExAcquireResourceSharedLite(&resource, FALSE)) << "recursive";
        ex::ExReleaseResourceLite(&resource);
        EXPECT_FALSE(ex::ExAcquireSharedWaitForExclusive(&resource, FALSE));
        pause(200);
        order += 'r';
        ex::ExReleaseResourceLite(&resource);
    });
    machine.thread([&] {
        pause(50);
        EXPECT_FALSE(ex::ExAcquireResourceExclusiveLite(&resource, FALSE));
        EXPECT_TRUE(ex::ExAcquireResourceExclusiveLite(&resource, TRUE));
        order += 'W';
        EXPECT_TRUE(resource.Flag & ResourceOwnedExclusive);
        EXPECT_EQ(ex::ExGetSharedWaiterCount(&resource), 1u);
        ex::ExConvertExclusiveToSharedLite(&resource);
        pause(50);
        order += 'c';
        ex::ExReleaseResourceLite(&resource);
    });
    machine.thread([&] {
        pause(150);
        EXPECT_FALSE(ex::ExAcquireResourceSharedLite(&resource, FALSE)) << "a writer waits";
        EXPECT_TRUE(ex::ExAcquireSharedStarveExclusive(&resource, FALSE));
        ex::ExReleaseResourceLite(&resource);
        EXPECT_TRUE(ex::ExAcquireResourceSharedLite(&resource, TRUE));
        order += 's';
        ex::ExReleaseResourceLite(&resource);
    });
    EXPECT_EQ(machine.run(), ke::Stop::Quiet);
    EXPECT_EQ(order, "rWsc");
    EXPECT_EQ(resource.ActiveCount, 0);
    ex::ExDeleteResourceLite(&resource);
}

// Ownership is handed from one thread to another.
TEST(ex_resource, owner_pointer)
{
    MemoryMachine machine;
    auto& resource = machine.object<ERESOURCE>();
    ex::ExInitializeResourceLite(&resource);
    auto* owner = reinterpret_cast<void*>(reinterpret_cast<uint64_t>(&resource) | 3);
    machine.run_system([&] {
        ex::ExAcquireResourceExclusiveLite(&resource, TRUE);
        ex::ExSetResourceOwnerPointer(&resource, owner);
        EXPECT_FALSE(ex::ExIsResourceAcquiredExclusiveLite(&resource));
    });
    machine.run_system([&] {
        EXPECT_FALSE(ex::ExAcquireResourceSharedLite(&resource, FALSE));
        ex::ExReleaseResourceForThreadLite(&resource, reinterpret_cast<ERESOURCE_THREAD>(owner));
        EXPECT_TRUE(ex::ExAcquireResourceSharedLite(&resource, FALSE));
    });
    EXPECT_EQ(machine.kernel.crash(), nullptr);
}

TEST(ex_resource, released_by_a_stranger)
{
    MemoryMachine machine;
    auto& resource = machine.object<ERESOURCE>();
    ex::ExInitializeResourceLite(&resource);
    EXPECT_TRUE(machine.bug_checks(RESOURCE_NOT_OWNED, reinterpret_cast<uint64_t>(&resource),
                                   [&] { ex::ExReleaseResourceLite(&resource); }));
}

TEST(ex_resource, converted_by_a_reader)
{
    MemoryMachine machine;
    auto& resource = machine.object<ERESOURCE>();
    ex::ExInitializeResourceLite(&resource);
    EXPECT_TRUE(machine.bug_checks(SHARED_RESOURCE_CONV_ERROR, reinterpret_cast<uint64_t>(&resource), [&] {
        ex::ExAcquireResourceSharedLite(&resource, TRUE);
        ex::ExConvertExclusiveToSharedLite(&resource);
    }));
}
