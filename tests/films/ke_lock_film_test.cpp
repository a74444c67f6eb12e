// SPDX-License-Identifier: MIT
// Spin locks of all kinds on four processors, and calls on all processors while they are held.
#include "film.h"

#include "hal/processor.h"

using namespace ringside;
using namespace ringside::test;

namespace {

// What a lock protects: two numbers that are equal whenever nobody is inside.
struct Protected {
    LONG first, second, readers;
    bool writing;

    void write(Film& film)
    {
        EXPECT_FALSE(writing);
        EXPECT_EQ(readers, 0);
        writing = true;
        EXPECT_EQ(first, second);
        ++first;
        film.step();
        ++second;
        writing = false;
    }
    void read(Film& film)
    {
        EXPECT_FALSE(writing);
        __atomic_add_fetch(&readers, 1, __ATOMIC_SEQ_CST);
        LONG const before = first;
        film.step();
        EXPECT_EQ(second, before);
        __atomic_sub_fetch(&readers, 1, __ATOMIC_SEQ_CST);
    }
};

} // namespace

// Four threads change two numbers under one lock, each by another of its functions; a DPC takes it at its level.
// Shows: mutual exclusion whatever the function; the IRQL is DISPATCH_LEVEL inside and what it was outside.
FILM(a_spin_lock_by_each_of_its_functions, "contended", "free at once")
{
    struct Shared {
        KSPIN_LOCK lock;
        Protected data;
        KDPC dpc;
        Film* film;
    };
    auto& s = film.object<Shared>();
    s.film = &film;
    film.call("KeInitializeSpinLock", &s.lock);
    auto routine = +[](KDPC*, PVOID context, PVOID, PVOID) NTAPI {
        auto& x = *static_cast<Shared*>(context);
        x.film->call("KeAcquireSpinLockAtDpcLevel", &x.lock);
        x.data.write(*x.film);
        x.film->call("KeReleaseSpinLockFromDpcLevel", &x.lock);
    };
    film.call("KeInitializeDpc", &s.dpc, routine, &s);
    film.thread([&] {
        for (int i = 0; i < 3; ++i) {
            film.went(film.yes("KeTestSpinLock", &s.lock) ? "free at once" : "contended");
            KIRQL const old = static_cast<KIRQL>(film.call("KeAcquireSpinLockRaiseToDpc", &s.lock));
            EXPECT_EQ(old, PASSIVE_LEVEL);
            EXPECT_EQ(ke::Kernel::irql(), DISPATCH_LEVEL);
            s.data.write(film);
            film.call("KeReleaseSpinLock", &s.lock, old);
            EXPECT_EQ(ke::Kernel::irql(), PASSIVE_LEVEL);
        }
    });
    film.thread([&] {
        for (int i = 0; i < 3; ++i) {
            film.yes("KeInsertQueueDpc", &s.dpc, nullptr, nullptr);
            film.step();
            film.call("KeFlushQueuedDpcs");
        }
    });
    film.thread([&] {
        for (int i = 0; i < 3; ++i) {
            KIRQL const old = static_cast<KIRQL>(film.call("KeRaiseIrqlToDpcLevel"));
            while (!film.yes("KeTryToAcquireSpinLockAtDpcLevel", &s.lock))
                film.call("KeStallExecutionProcessor", 1u);
            s.data.write(film);
            film.call("KeReleaseSpinLockFromDpcLevel", &s.lock);
            film.call("KeLowerIrql", old);
        }
    });
    film.join();
    EXPECT_EQ(s.data.first, 9);
    EXPECT_EQ(s.data.second, 9);
}

// Four threads, one after another in line for an in-stack queued lock, twice each.
// Shows: mutual exclusion; the lock goes round in the order in which they came for it.
FILM(an_in_stack_queued_lock_serves_in_order, "waited", "free at once")
{
    struct Shared {
        KSPIN_LOCK lock;
        Protected data;
    };
    auto& s = film.object<Shared>();
    film.call("KeInitializeSpinLock", &s.lock);
    for (int t = 0; t < 4; ++t)
        film.thread([&film, &s] {
            auto& handle = *static_cast<KLOCK_QUEUE_HANDLE*>(film.bytes(sizeof(KLOCK_QUEUE_HANDLE)));
            for (int i = 0; i < 2; ++i) {
                film.went(s.lock ? "waited" : "free at once");
                film.call("KeAcquireInStackQueuedSpinLock", &s.lock, &handle);
                EXPECT_EQ(ke::Kernel::irql(), DISPATCH_LEVEL);
                s.data.write(film);
                film.call("KeReleaseInStackQueuedSpinLock", &handle);
                EXPECT_EQ(ke::Kernel::irql(), PASSIVE_LEVEL);
            }
        });
    film.join();
    EXPECT_EQ(s.data.first, 8);
    EXPECT_EQ(s.lock, 0u);
}

// Two readers, a writer, and a reader that would become the writer.
// Shows: readers share, writers are alone; an upgrade succeeds for the only reader and leaves it a reader otherwise.
FILM(readers_and_writers_spin, "upgraded", "not upgraded")
{
    struct Shared {
        LONG lock; // an EX_SPIN_LOCK
        Protected data;
    };
    auto& s = film.object<Shared>();
    auto shared = [&] { return static_cast<KIRQL>(film.call("ExAcquireSpinLockShared", &s.lock)); };
    for (int t = 0; t < 2; ++t)
        film.thread([&] {
            for (int i = 0; i < 3; ++i) {
                KIRQL const old = shared();
                s.data.read(film);
                film.call("ExReleaseSpinLockShared", &s.lock, old);
            }
        });
    film.thread([&] {
        for (int i = 0; i < 2; ++i) {
            KIRQL const old = static_cast<KIRQL>(film.call("ExAcquireSpinLockExclusive", &s.lock));
            s.data.write(film);
            film.call("ExReleaseSpinLockExclusive", &s.lock, old);
        }
    });
    LONG upgrades = 0;
    film.thread([&] {
        for (int i = 0; i < 2; ++i) {
            KIRQL const old = shared();
            if (film.yes("ExTryConvertSharedSpinLockExclusive", &s.lock)) {
                s.data.write(film);
                ++upgrades;
                film.went("upgraded");
                film.call("ExReleaseSpinLockExclusive", &s.lock, old);
            } else {
                s.data.read(film);
                film.went("not upgraded");
                film.call("ExReleaseSpinLockShared", &s.lock, old);
            }
        }
    });
    film.join();
    EXPECT_EQ(s.data.first, 2 + upgrades);
    EXPECT_EQ(s.lock, 0);
}

// A thread calls all processors (KeIpiGenericCall, KeGenericCallDpc) while others hold and want a spin lock.
// Shows: the routine runs once on each processor, at IPI_LEVEL or DISPATCH_LEVEL; barriers hold all together; the lock's
// holder goes on afterwards.
FILM(all_processors_are_called_while_a_lock_is_held, "lock held", "lock free")
{
    struct Shared {
        KSPIN_LOCK lock;
        Protected data;
        Film* film;
        LONG ipis, calls, together;
        uint32_t seen;
    };
    auto& s = film.object<Shared>();
    s.film = &film;
    for (int t = 0; t < 2; ++t)
        film.thread([&] {
            for (int i = 0; i < 3; ++i) {
                KIRQL const old = static_cast<KIRQL>(film.call("KeAcquireSpinLockRaiseToDpc", &s.lock));
                s.data.write(film);
                film.call("KeReleaseSpinLock", &s.lock, old);
            }
        });
    film.thread([&] {
        film.step();
        film.went(film.yes("KeTestSpinLock", &s.lock) ? "lock free" : "lock held");
        auto ipi = +[](ULONG_PTR context) NTAPI -> ULONG_PTR {
            auto& x = *reinterpret_cast<Shared*>(context);
            EXPECT_EQ(ke::Kernel::irql(), IPI_LEVEL);
            ++x.ipis;
            return 7;
        };
        EXPECT_EQ(film.call("KeIpiGenericCall", ipi, &s), 7u);
        EXPECT_EQ(s.ipis, 4);
        auto call = +[](KDPC*, PVOID context, PVOID done, PVOID barrier) NTAPI {
            auto& x = *static_cast<Shared*>(context);
            EXPECT_EQ(ke::Kernel::irql(), DISPATCH_LEVEL);
            __atomic_add_fetch(&x.calls, 1, __ATOMIC_SEQ_CST);
            x.film->call("KeSignalCallDpcSynchronize", barrier);
            EXPECT_EQ(x.calls, 4);
            x.film->call("KeSignalCallDpcDone", done);
        };
        film.call("KeGenericCallDpc", call, &s);
        EXPECT_EQ(s.calls, 4);
    });
    film.join();
    EXPECT_EQ(s.data.first, 6);
}
