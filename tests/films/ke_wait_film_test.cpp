// SPDX-License-Identifier: MIT
// Waits for one, any and all of several objects, with time-outs that race what they wait for.
#include "film.h"

using namespace ringside;
using namespace ringside::test;

// A thread takes a mutant and ends with it; three others wait for it, with time-outs about as long.
// Shows: one waiter is told that it was abandoned, the next ones get it as usual, each releases it; who waited too long
// gets it never; nobody has it twice.
FILM(a_mutant_is_abandoned, "abandoned", "taken as usual", "timed out")
{
    auto& mutant = film.object<KMUTANT>();
    film.call("KeInitializeMutant", &mutant, BOOLEAN { FALSE });
    LONG inside = 0, abandoned = 0;
    auto& taken = film.object<KEVENT>();
    film.call("KeInitializeEvent", &taken, NotificationEvent, BOOLEAN { FALSE });
    film.thread([&] {
        film.wait(&mutant);
        film.call("KeSetEvent", &taken, 0, BOOLEAN { FALSE });
        film.linger(film.draw(60));
    });
    for (int t = 0; t < 3; ++t)
        film.thread([&] {
            film.wait(&taken);
            NTSTATUS const status = film.wait(&mutant, 1 + film.draw(12));
            if (status == STATUS_TIMEOUT) {
                film.went("timed out");
                return;
            }
            EXPECT_TRUE(status == STATUS_SUCCESS || status == STATUS_ABANDONED_WAIT_0);
            film.went(status == STATUS_SUCCESS ? "taken as usual" : "abandoned");
            if (status == STATUS_ABANDONED_WAIT_0)
                __atomic_add_fetch(&abandoned, 1, __ATOMIC_SEQ_CST);
            EXPECT_EQ(__atomic_add_fetch(&inside, 1, __ATOMIC_SEQ_CST), 1);
            film.linger(film.draw(20));
            EXPECT_EQ(__atomic_sub_fetch(&inside, 1, __ATOMIC_SEQ_CST), 0);
            film.call("KeReleaseMutant", &mutant, 0, BOOLEAN { FALSE }, BOOLEAN { FALSE });
        });
    film.join();
    EXPECT_LE(abandoned, 1);
    EXPECT_EQ(static_cast<LONG>(film.call("KeReadStateMutant", &mutant)), 1);
}

// A thread waits for all of an event, a semaphore and a timer; another for any; a third takes the semaphore away and
// gives it back; a fourth sets the event.
// Shows: the wait for all takes nothing until it can take everything; the wait for any takes one; what was given equals
// what was taken and is left.
FILM(one_waits_for_all_and_one_for_any, "all", "all timed out", "any: event", "any: semaphore", "any: timer")
{
    auto& event = film.object<KEVENT>();
    auto& semaphore = film.object<KSEMAPHORE>();
    auto& timer = film.object<KTIMER>();
    film.call("KeInitializeEvent", &event, SynchronizationEvent, BOOLEAN { FALSE });
    film.call("KeInitializeSemaphore", &semaphore, 1, 2);
    film.call("KeInitializeTimerEx", &timer, SynchronizationTimer);
    film.yes("KeSetTimer", &timer, -static_cast<int64_t>(1 + film.draw(10)) * 10, nullptr);
    PVOID objects[] = { &event, &semaphore, &timer };
    LONG got[3] = {};
    auto several = [&](WAIT_TYPE type, uint64_t time_out_us) {
        LARGE_INTEGER time_out { .QuadPart = -static_cast<int64_t>(time_out_us) * 10 };
        return film.status("KeWaitForMultipleObjects", 3u, objects, type, Executive, KPROCESSOR_MODE { KernelMode },
                           BOOLEAN { FALSE }, &time_out, nullptr);
    };
    auto take = [&](LONG& count) { __atomic_add_fetch(&count, 1, __ATOMIC_SEQ_CST); };
    film.thread([&] {
        NTSTATUS const status = several(WaitAll, 1 + film.draw(20));
        film.went(status == STATUS_SUCCESS ? "all" : "all timed out");
        if (status == STATUS_SUCCESS)
            for (LONG& count : got)
                take(count);
    });
    film.thread([&] {
        film.linger(film.draw(100));
        NTSTATUS const status = several(WaitAny, 50);
        ASSERT_GE(status, STATUS_WAIT_0);
        if (status > STATUS_WAIT_0 + 2)
            return;
        take(got[status]);
        film.went(status == 0 ? "any: event" : status == 1 ? "any: semaphore" : "any: timer");
    });
    LONG given = 1;
    film.thread([&] {
        if (film.wait(&semaphore, 5) == STATUS_SUCCESS) {
            film.linger(film.draw(60));
            film.call("KeReleaseSemaphore", &semaphore, 0, 1, BOOLEAN { FALSE });
        }
    });
    film.thread([&] {
        film.linger(film.draw(100));
        film.call("KeSetEvent", &event, 0, BOOLEAN { FALSE });
    });
    film.join();
    film.sleep(50);
    EXPECT_EQ(got[0] + static_cast<LONG>(film.call("KeReadStateEvent", &event)), 1);
    EXPECT_EQ(got[1] + static_cast<LONG>(film.call("KeReadStateSemaphore", &semaphore)), given);
    EXPECT_EQ(got[2] + film.yes("KeReadStateTimer", &timer), 1);
}

// Three workers and two producers share a kernel queue that lets two run at once; then it is run down while one waits.
// Shows: every entry is taken once or comes back from the rundown; no more than two run; the waiters learn of the end.
FILM(a_kernel_queue_is_run_down_while_threads_wait, "all were taken", "entries came back")
{
    auto& queue = film.object<KQUEUE>();
    film.call("KeInitializeQueue", &queue, 2u);
    struct Entry {
        LIST_ENTRY link;
        LONG taken;
    };
    auto* entries = static_cast<Entry*>(film.bytes(6 * sizeof(Entry)));
    LONG told = 0;
    for (int t = 0; t < 3; ++t)
        film.thread([&] {
            for (;;) {
                auto* link = reinterpret_cast<LIST_ENTRY*>(
                    film.call("KeRemoveQueue", &queue, KPROCESSOR_MODE { KernelMode }, nullptr));
                if (reinterpret_cast<uintptr_t>(link) == static_cast<uintptr_t>(STATUS_ABANDONED)) {
                    __atomic_add_fetch(&told, 1, __ATOMIC_SEQ_CST);
                    return;
                }
                ++CONTAINING_RECORD(link, Entry, link)->taken;
                film.linger(film.draw(10));
            }
        });
    for (int t = 0; t < 2; ++t)
        film.thread([&film, &queue, entries, t] {
            for (int i = 3 * t; i < 3 * t + 3; ++i) {
                film.linger(film.draw(10));
                film.call(i % 2 ? "KeInsertQueue" : "KeInsertHeadQueue", &queue, &entries[i].link);
            }
        });
    // After the producers, for an entry that comes after the rundown would be lost.
    film.wait(film.thread_object(3));
    film.wait(film.thread_object(4));
    film.linger(film.draw(40));
    auto* left = reinterpret_cast<LIST_ENTRY*>(film.call("KeRundownQueue", &queue));
    film.went(left ? "entries came back" : "all were taken");
    if (left) {
        LIST_ENTRY* link = left;
        do {
            ++CONTAINING_RECORD(link, Entry, link)->taken;
            link = link->Flink;
        } while (link != left);
    }
    film.join();
    for (int i = 0; i < 6; ++i)
        EXPECT_EQ(entries[i].taken, 1) << i;
    EXPECT_EQ(told, 3);
}
