// SPDX-License-Identifier: MIT
// Threads moved, raised, expanded and stopped while others run; a machine that ends in the middle of it all.
#include "film.h"

#include "ke/bugcheck_callbacks.h"

using namespace ringside;
using namespace ringside::test;

// One thread goes from processor to processor by its own affinity; another bounds about with its priority; a third waits
// for both and reads theirs.
// Shows: after KeSetSystemAffinityThreadEx a thread runs where it said, at once, and after the revert where it may; a
// priority is what was set, plus a boost at most; whoever runs is nowhere twice.
FILM(a_thread_moves_between_processors, "moved", "was there already")
{
    auto& wake = film.object<KEVENT>();
    film.call("KeInitializeEvent", &wake, SynchronizationEvent, BOOLEAN { FALSE });
    film.thread([&] {
        for (uint32_t target : { 3u, 3u, 0u, 1u }) {
            uint32_t const before = hal::processor().number();
            auto const old = film.call("KeSetSystemAffinityThreadEx", KAFFINITY { 1 } << target);
            EXPECT_EQ(hal::processor().number(), target);
            film.went(before == target ? "was there already" : "moved");
            film.linger(film.draw(10));
            EXPECT_EQ(hal::processor().number(), target);
            film.wait(&wake, 1 + film.draw(3));
            EXPECT_EQ(hal::processor().number(), target);
            film.call("KeRevertToUserAffinityThreadEx", old);
        }
    });
    film.thread([&] {
        auto* self = reinterpret_cast<PKTHREAD>(film.call("KeGetCurrentThread"));
        for (KPRIORITY priority : { 1, 15, 8, 31 }) {
            film.call("KeSetPriorityThread", self, priority);
            film.linger(film.draw(10));
            auto const now = static_cast<KPRIORITY>(film.call("KeQueryPriorityThread", self));
            EXPECT_GE(now, priority);
            EXPECT_LE(now, priority < 16 ? 15 : 31);
            film.call("KeSetEvent", &wake, LONG { 2 }, BOOLEAN { FALSE });
        }
    });
    for (int t = 0; t < 3; ++t)
        film.thread([&] { film.linger(30); });
    film.join();
}

// A thread of low priority holds what one of high priority wants, while one between keeps all processors busy.
// Shows: nobody starves for ever: the low one comes to run, the high one gets the mutex.
FILM(priorities_and_a_mutex, "high one waited", "high one came first")
{
    auto& mutex = film.object<KMUTANT>();
    film.call("KeInitializeMutex", &mutex, 0u);
    LONG order = 0, low_at = 0, high_at = 0;
    auto prioritized = [&](KPRIORITY priority, uint64_t before, std::function<void()> body) {
        film.thread([&film, priority, before, body] {
            film.call("KeSetPriorityThread", film.call("KeGetCurrentThread"), priority);
            film.linger(before);
            body();
        });
    };
    prioritized(2, film.draw(10), [&] {
        film.wait(&mutex);
        low_at = __atomic_add_fetch(&order, 1, __ATOMIC_SEQ_CST);
        film.linger(film.draw(30));
        film.call("KeReleaseMutex", &mutex, BOOLEAN { FALSE });
    });
    for (int i = 0; i < 4; ++i)
        prioritized(9, 0, [&] { film.linger(100); });
    prioritized(14, film.draw(30), [&] {
        film.wait(&mutex);
        high_at = __atomic_add_fetch(&order, 1, __ATOMIC_SEQ_CST);
        film.call("KeReleaseMutex", &mutex, BOOLEAN { FALSE });
    });
    film.join();
    EXPECT_EQ(low_at + high_at, 3);
    film.went(high_at == 2 ? "high one waited" : "high one came first");
}

// Two threads run a routine on an expanded stack and wait in it for each other, while a DPC comes.
// Shows: a wait on an expanded stack is like any other; each comes back to its own.
FILM(threads_wait_on_expanded_stacks, "first came first", "second came first")
{
    struct Side {
        Film* film;
        KEVENT* mine;
        KEVENT* other;
        LONG* order;
        LONG place;
    };
    auto& events = *static_cast<KEVENT(*)[2]>(film.bytes(2 * sizeof(KEVENT)));
    auto& order = film.object<LONG>();
    auto* sides = static_cast<Side*>(film.bytes(2 * sizeof(Side)));
    for (KEVENT& event : events)
        film.call("KeInitializeEvent", &event, NotificationEvent, BOOLEAN { FALSE });
    auto callout = +[](PVOID context) NTAPI {
        auto& side = *static_cast<Side*>(context);
        side.place = __atomic_add_fetch(side.order, 1, __ATOMIC_SEQ_CST);
        side.film->call("KeSetEvent", side.mine, 0, BOOLEAN { FALSE });
        EXPECT_EQ(side.film->wait(side.other), STATUS_SUCCESS);
    };
    for (int t = 0; t < 2; ++t) {
        sides[t] = { &film, &events[t], &events[1 - t], &order, 0 };
        film.thread([&film, sides, callout, t] {
            film.linger(film.draw(20));
            film.ok("KeExpandKernelStackAndCalloutEx", callout, &sides[t], SIZE_T { 16384 }, BOOLEAN { TRUE }, nullptr);
            film.linger(2);
        });
    }
    film.join();
    EXPECT_EQ(sides[0].place + sides[1].place, 3);
    film.went(sides[0].place == 1 ? "first came first" : "second came first");
}

// A device queue is filled by two threads, emptied by a third, and one entry is taken out from the middle.
// Shows: the first one finds it free and is not queued; each entry leaves once, by key when asked; the queue ends idle.
FILM(a_device_queue_from_all_sides, "taken from the middle", "gone already", "started at once")
{
    auto& queue = film.object<KDEVICE_QUEUE>();
    film.call("KeInitializeDeviceQueue", &queue);
    auto* entries = static_cast<KDEVICE_QUEUE_ENTRY*>(film.bytes(6 * sizeof(KDEVICE_QUEUE_ENTRY)));
    auto* served = static_cast<LONG*>(film.bytes(6 * sizeof(LONG)));
    LONG left = 6;
    // Whoever is not queued is served at once, and goes on with the next in the queue, as StartIo does.
    auto serve = [&](KDEVICE_QUEUE_ENTRY* entry) {
        while (entry) {
            ++served[entry - entries];
            __atomic_sub_fetch(&left, 1, __ATOMIC_SEQ_CST);
            film.linger(film.draw(6));
            KIRQL const old = static_cast<KIRQL>(film.call("KeRaiseIrqlToDpcLevel"));
            entry = reinterpret_cast<KDEVICE_QUEUE_ENTRY*>(
                film.draw(2) ? film.call("KeRemoveDeviceQueue", &queue)
                             : film.call("KeRemoveByKeyDeviceQueue", &queue, ULONG(film.draw(6))));
            film.call("KeLowerIrql", old);
        }
    };
    for (int t = 0; t < 2; ++t)
        film.thread([&, t] {
            for (int i = 3 * t; i < 3 * t + 3; ++i) {
                film.linger(film.draw(8));
                KIRQL const old = static_cast<KIRQL>(film.call("KeRaiseIrqlToDpcLevel"));
                bool const queued = t ? film.yes("KeInsertByKeyDeviceQueue", &queue, &entries[i], ULONG(i))
                                      : film.yes("KeInsertDeviceQueue", &queue, &entries[i]);
                film.call("KeLowerIrql", old);
                if (!queued) {
                    film.went("started at once");
                    serve(&entries[i]);
                }
            }
        });
    film.thread([&] {
        film.linger(film.draw(40));
        if (film.yes("KeRemoveEntryDeviceQueue", &queue, &entries[4])) {
            film.went("taken from the middle");
            ++served[4];
            __atomic_sub_fetch(&left, 1, __ATOMIC_SEQ_CST);
        } else
            film.went("gone already");
    });
    film.join();
    EXPECT_EQ(left, 0);
    for (int i = 0; i < 6; ++i)
        EXPECT_EQ(served[i], 1) << i;
    EXPECT_FALSE(queue.Busy);
}

namespace {

struct Last {
    KBUGCHECK_CALLBACK_RECORD record;
    LONG called;
};
Last* g_last;

NTAPI void at_bug_check(PVOID buffer, ULONG length)
{
    EXPECT_EQ(length, sizeof(Last));
    EXPECT_EQ(ke::Kernel::irql(), HIGH_LEVEL);
    ++static_cast<Last*>(buffer)->called;
}

void was_called_once() { EXPECT_EQ(g_last->called, 1); }

} // namespace

// Four threads work, wait and hold locks; one of them ends the machine.
// Shows: whatever the others were in, the bug-check callback runs once, at HIGH_LEVEL, and nobody goes on.
FILM_WITH((FilmOptions { .bug_check = MANUALLY_INITIATED_CRASH, .after_bug_check = &was_called_once }),
          a_bug_check_in_the_middle_of_others_work, "lock held", "lock free")
{
    auto& last = film.object<Last>();
    g_last = &last;
    EXPECT_TRUE(film.yes("KeRegisterBugCheckCallback", &last.record, &at_bug_check, &last, ULONG { sizeof last },
                         reinterpret_cast<UCHAR*>(const_cast<char*>("film"))));
    auto& lock = film.object<KSPIN_LOCK>();
    for (int t = 0; t < 3; ++t)
        film.thread([&] {
            for (;;) {
                KIRQL const old = static_cast<KIRQL>(film.call("KeAcquireSpinLockRaiseToDpc", &lock));
                EXPECT_EQ(last.called, 0);
                film.linger(film.draw(4));
                film.call("KeReleaseSpinLock", &lock, old);
                film.sleep(1);
            }
        });
    film.thread([&] {
        film.linger(20 + film.draw(60));
        film.went(lock ? "lock held" : "lock free");
        film.call("KeBugCheckEx", ULONG { MANUALLY_INITIATED_CRASH }, 1, 2, 3, 4);
    });
    film.join();
    ADD_FAILURE() << "a thread went on after the bug check";
}
