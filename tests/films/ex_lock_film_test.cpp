// SPDX-License-Identifier: MIT
// Locks with waits: resources, push locks, fast and guarded mutexes, rundown protection.
#include "film.h"

#include "ex/resource.h"

using namespace ringside;
using namespace ringside::test;

namespace {

// Who is inside: readers with each other, a writer alone.
struct Inside {
    LONG readers, writers, writes;

    void read(Film& film, uint64_t steps)
    {
        __atomic_add_fetch(&readers, 1, __ATOMIC_SEQ_CST);
        EXPECT_EQ(writers, 0);
        film.linger(steps);
        EXPECT_EQ(writers, 0);
        __atomic_sub_fetch(&readers, 1, __ATOMIC_SEQ_CST);
    }
    void write(Film& film, uint64_t steps)
    {
        EXPECT_EQ(readers, 0);
        EXPECT_EQ(__atomic_add_fetch(&writers, 1, __ATOMIC_SEQ_CST), 1);
        film.linger(steps);
        EXPECT_EQ(readers, 0);
        ++writes;
        EXPECT_EQ(__atomic_sub_fetch(&writers, 1, __ATOMIC_SEQ_CST), 0);
    }
};

} // namespace

// Readers of each kind, writers, one that turns from writer to reader, one that hands its ownership to a pointer and has
// another thread release it, and one that would not wait.
// Shows: readers share and writers are alone throughout; who will not wait is refused or gets it; the resource is free in
// the end.
FILM(a_resource_among_readers_and_writers, "would not wait: got it", "would not wait: refused", "waited", "free at once")
{
    auto& resource = film.object<ERESOURCE>();
    film.ok("ExInitializeResourceLite", &resource);
    auto& inside = film.object<Inside>();
    for (char const* acquire :
         { "ExAcquireResourceSharedLite", "ExAcquireSharedStarveExclusive", "ExAcquireSharedWaitForExclusive" })
        film.thread([&film, &resource, &inside, acquire] {
            film.call("KeEnterCriticalRegion");
            film.linger(film.draw(20));
            EXPECT_TRUE(film.yes(acquire, &resource, BOOLEAN { TRUE }));
            inside.read(film, film.draw(20));
            film.call("ExReleaseResourceLite", &resource);
            film.call("KeLeaveCriticalRegion");
        });
    film.thread([&] { // a writer that becomes a reader
        film.call("KeEnterCriticalRegion");
        film.linger(film.draw(20));
        bool const held = inside.readers || inside.writers;
        EXPECT_TRUE(film.yes("ExAcquireResourceExclusiveLite", &resource, BOOLEAN { TRUE }));
        film.went(held ? "waited" : "free at once");
        inside.write(film, film.draw(20));
        film.call("ExConvertExclusiveToSharedLite", &resource);
        inside.read(film, film.draw(10));
        film.call("ExReleaseResourceLite", &resource);
        film.call("KeLeaveCriticalRegion");
    });
    auto& owned = film.object<KEVENT>();
    film.call("KeInitializeEvent", &owned, SynchronizationEvent, BOOLEAN { FALSE });
    // The owner is a pointer with its two low bits set, as the page asks.
    PVOID const owner = reinterpret_cast<PVOID>(reinterpret_cast<uintptr_t>(&owned) | 3);
    film.thread([&] {
        film.call("KeEnterCriticalRegion");
        EXPECT_TRUE(film.yes("ExAcquireResourceSharedLite", &resource, BOOLEAN { TRUE }));
        __atomic_add_fetch(&inside.readers, 1, __ATOMIC_SEQ_CST);
        film.call("ExSetResourceOwnerPointer", &resource, owner);
        film.call("KeSetEvent", &owned, 0, BOOLEAN { FALSE });
        film.call("KeLeaveCriticalRegion");
    });
    film.thread([&] { // releases for the one before, then tries without waiting
        film.wait(&owned);
        film.call("KeEnterCriticalRegion");
        EXPECT_EQ(inside.writers, 0);
        __atomic_sub_fetch(&inside.readers, 1, __ATOMIC_SEQ_CST);
        film.call("ExReleaseResourceForThreadLite", &resource, owner);
        film.linger(film.draw(20));
        bool const got = film.yes("ExAcquireResourceExclusiveLite", &resource, BOOLEAN { FALSE });
        film.went(got ? "would not wait: got it" : "would not wait: refused");
        if (got) {
            inside.write(film, 2);
            film.call("ExReleaseResourceLite", &resource);
        }
        film.call("KeLeaveCriticalRegion");
    });
    film.join();
    EXPECT_EQ(film.call("ExGetExclusiveWaiterCount", &resource), 0u);
    EXPECT_EQ(film.call("ExGetSharedWaiterCount", &resource), 0u);
    film.ok("ExDeleteResourceLite", &resource);
}

// A push lock, a fast mutex and a guarded mutex, one inside the other, on three threads; a fourth tries each.
// Shows: mutual exclusion; a fast mutex holds APCs back by its IRQL, a guarded one by its region; a try says truly
// whether it got the lock.
FILM(push_locks_and_mutexes, "push lock contended", "fast mutex contended", "guarded mutex contended", "all free")
{
    auto& push = film.object<EX_PUSH_LOCK>();
    auto& fast = film.object<FAST_MUTEX>();
    auto& guarded = film.object<KGUARDED_MUTEX>();
    auto& in_push = film.object<Inside>();
    auto& in_fast = film.object<Inside>();
    auto& in_guarded = film.object<Inside>();
    film.call("ExInitializePushLock", &push);
    fast.Count = 1;
    film.call("KeInitializeEvent", &fast.Event, SynchronizationEvent, BOOLEAN { FALSE });
    film.call("KeInitializeGuardedMutex", &guarded);
    for (int t = 0; t < 3; ++t)
        film.thread([&, t] {
            film.linger(film.draw(10));
            film.call("KeEnterCriticalRegion");
            film.call(t ? "ExAcquirePushLockExclusiveEx" : "ExAcquirePushLockSharedEx", &push, 0u);
            t ? in_push.write(film, film.draw(6)) : in_push.read(film, film.draw(6));
            film.call(t ? "ExReleasePushLockExclusiveEx" : "ExReleasePushLockSharedEx", &push, 0u);
            film.call("KeLeaveCriticalRegion");

            film.call("ExAcquireFastMutex", &fast);
            EXPECT_EQ(ke::Kernel::irql(), APC_LEVEL);
            in_fast.write(film, film.draw(6));
            film.call("ExReleaseFastMutex", &fast);

            film.call("KeAcquireGuardedMutex", &guarded);
            EXPECT_TRUE(film.yes("KeAreAllApcsDisabled"));
            in_guarded.write(film, film.draw(6));
            film.call("KeReleaseGuardedMutex", &guarded);
        });
    film.thread([&] {
        film.linger(film.draw(40));
        bool all = true;
        film.call("KeEnterCriticalRegion");
        if (film.yes("ExTryAcquirePushLockExclusiveEx", &push, 0u)) {
            in_push.write(film, 1);
            film.call("ExReleasePushLockExclusiveEx", &push, 0u);
        } else {
            film.went("push lock contended");
            all = false;
        }
        film.call("KeLeaveCriticalRegion");
        if (film.yes("ExTryToAcquireFastMutex", &fast)) {
            in_fast.write(film, 1);
            film.call("ExReleaseFastMutex", &fast);
        } else {
            film.went("fast mutex contended");
            all = false;
        }
        if (film.yes("KeTryToAcquireGuardedMutex", &guarded)) {
            in_guarded.write(film, 1);
            film.call("KeReleaseGuardedMutex", &guarded);
        } else {
            film.went("guarded mutex contended");
            all = false;
        }
        if (all)
            film.went("all free");
    });
    film.join();
    EXPECT_GE(in_push.writes, 2);
    EXPECT_GE(in_fast.writes, 3);
    EXPECT_GE(in_guarded.writes, 3);
    EXPECT_EQ(push, 0u);
    EXPECT_EQ(fast.Count, 1);
}

// Three threads take and give back rundown protection of something that a fourth takes away, and then puts back.
// Shows: after ExWaitForRundownProtectionRelease nobody is inside and nobody gets in; after reinitialization they do.
FILM(what_is_protected_is_run_down, "waited", "nobody inside", "refused", "got in")
{
    struct Shared {
        EX_RUNDOWN_REF reference;
        LONG inside;
        bool gone;
    };
    auto& s = film.object<Shared>();
    film.call("ExInitializeRundownProtection", &s.reference);
    for (int t = 0; t < 3; ++t)
        film.thread([&] {
            for (int i = 0; i < 4; ++i) {
                film.linger(film.draw(8));
                if (!film.yes("ExAcquireRundownProtection", &s.reference)) {
                    film.went("refused");
                    continue;
                }
                film.went("got in");
                __atomic_add_fetch(&s.inside, 1, __ATOMIC_SEQ_CST);
                EXPECT_FALSE(s.gone);
                film.linger(film.draw(6));
                EXPECT_FALSE(s.gone);
                __atomic_sub_fetch(&s.inside, 1, __ATOMIC_SEQ_CST);
                film.call("ExReleaseRundownProtection", &s.reference);
            }
        });
    film.thread([&] {
        film.linger(film.draw(30));
        film.went(s.inside ? "waited" : "nobody inside");
        film.call("ExWaitForRundownProtectionRelease", &s.reference);
        s.gone = true;
        EXPECT_EQ(s.inside, 0);
        film.linger(film.draw(10));
        EXPECT_EQ(s.inside, 0);
        s.gone = false;
        film.call("ExReInitializeRundownProtection", &s.reference);
    });
    film.join();
    EXPECT_TRUE(film.yes("ExAcquireRundownProtection", &s.reference));
    film.call("ExReleaseRundownProtection", &s.reference);
    film.call("ExWaitForRundownProtectionRelease", &s.reference);
    film.call("ExRundownCompleted", &s.reference);
    EXPECT_FALSE(film.yes("ExAcquireRundownProtection", &s.reference));
}
