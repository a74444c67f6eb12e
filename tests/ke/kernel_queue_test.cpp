// SPDX-License-Identifier: MIT
// Kernel queues: entries, waiters, and the limit to how many of a queue's threads run at once.
#include "core.h"
#include "ke/dispatcher_objects.h"

#include <gtest/gtest.h>

using namespace ringside;
using namespace ringside::nt;
using ringside::test::Core;

namespace {

LARGE_INTEGER relative_ms(int64_t ms) { return { .QuadPart = -ms * 10'000 }; }

struct Item {
    LIST_ENTRY link;
    int number;
};

int number_of(LIST_ENTRY* entry) { return CONTAINING_RECORD(entry, Item, link)->number; }
NTSTATUS status_of(LIST_ENTRY* entry) { return static_cast<NTSTATUS>(reinterpret_cast<intptr_t>(entry)); }

struct Queue {
    explicit Queue(Core& core, ULONG limit)
        : core(core)
        , queue(core.object<KQUEUE>())
    {
        ke::KeInitializeQueue(&queue, limit);
    }
    LIST_ENTRY* item(int number)
    {
        auto& made = core.object<Item>();
        made.number = number;
        return &made.link;
    }
    Core& core;
    KQUEUE& queue;
};

} // namespace

// Shows: entries come out in order, those inserted at the head first; the state counts them and is returned as it was.
TEST(ke_queue, entries_in_order)
{
    Core core;
    Queue q(core, 1);
    core.thread([&] {
        EXPECT_EQ(ke::KeInsertQueue(&q.queue, q.item(1)), 0);
        EXPECT_EQ(ke::KeInsertQueue(&q.queue, q.item(2)), 1);
        EXPECT_EQ(ke::KeInsertHeadQueue(&q.queue, q.item(0)), 2);
        EXPECT_EQ(ke::KeReadStateQueue(&q.queue), 3);
        for (int i = 0; i < 3; ++i) {
            LIST_ENTRY* entry = ke::KeRemoveQueue(&q.queue, KernelMode, nullptr);
            EXPECT_EQ(number_of(entry), i);
            EXPECT_EQ(entry->Flink, nullptr);
            EXPECT_EQ(q.queue.CurrentCount, 1u);
        }
        LARGE_INTEGER none {}, soon = relative_ms(5);
        EXPECT_EQ(status_of(ke::KeRemoveQueue(&q.queue, KernelMode, &none)), STATUS_TIMEOUT);
        EXPECT_EQ(status_of(ke::KeRemoveQueue(&q.queue, KernelMode, &soon)), STATUS_TIMEOUT);
        EXPECT_EQ(q.queue.CurrentCount, 1u);
    });
    EXPECT_EQ(core.run(), ke::Stop::Quiet);
    EXPECT_EQ(q.queue.CurrentCount, 0u); // its thread ended
    EXPECT_EQ(q.queue.ThreadListHead.Flink, &q.queue.ThreadListHead);
}

// Three workers wait for a queue that lets two run; each entry is worked on with a sleep in the middle.
// Shows: never more than two run; when one sleeps another comes in; the one that waited last is woken first.
TEST(ke_queue, the_limit_counts_threads_that_run)
{
    for (uint64_t seed = 1; seed <= 30; ++seed) {
        Core core({ .seed = seed, .processors = 4 });
        Queue q(core, 2);
        int running = 0, most = 0, asleep = 0, most_asleep = 0, done = 0;
        for (int w = 0; w < 3; ++w)
            core.thread([&] {
                for (;;) {
                    LIST_ENTRY* entry = ke::KeRemoveQueue(&q.queue, KernelMode, nullptr);
                    if (status_of(entry) == STATUS_ABANDONED)
                        return;
                    most = std::max(most, ++running);
                    for (int i = 0; i < 20; ++i)
                        core.kernel.schedule_point();
                    --running;
                    most_asleep = std::max(most_asleep, ++asleep);
                    LARGE_INTEGER nap = relative_ms(1);
                    ke::KeDelayExecutionThread(KernelMode, 0, &nap);
                    --asleep;
                    ++done;
                }
            });
        core.run(sim::world().now_100ns() + 1000);
        core.thread([&] {
            for (int i = 0; i < 12; ++i)
                ke::KeInsertQueue(&q.queue, q.item(i));
        });
        core.run();
        EXPECT_EQ(done, 12) << seed;
        EXPECT_LE(most, 2) << seed;
        EXPECT_EQ(most_asleep, 3) << seed;
        EXPECT_EQ(q.queue.CurrentCount, 0u) << seed;
        core.thread([&] { EXPECT_EQ(ke::KeRundownQueue(&q.queue), nullptr); });
        EXPECT_EQ(core.run(), ke::Stop::Quiet);
    }
}

// Shows: the last waiter is the first to be woken, and only while the limit allows; the entry otherwise waits.
TEST(ke_queue, last_come_first_served)
{
    Core core({ .processors = 1, .mean_steps = 0x4000'0000 });
    Queue q(core, 1);
    std::string film;
    for (char name : { 'a', 'b', 'c' }) {
        core.thread([&, name] {
            int const number = number_of(ke::KeRemoveQueue(&q.queue, KernelMode, nullptr));
            film += name + std::to_string(number) + " ";
        });
        core.run();
    }
    core.thread([&] {
        EXPECT_EQ(ke::KeInsertQueue(&q.queue, q.item(1)), 0);
        EXPECT_EQ(ke::KeInsertQueue(&q.queue, q.item(2)), 0); // the first one runs: this one is queued
        EXPECT_EQ(ke::KeReadStateQueue(&q.queue), 1);
    });
    core.run();
    EXPECT_EQ(film, "c1 b2 ");
    core.thread([&] { ke::KeInsertQueue(&q.queue, q.item(3)); });
    EXPECT_EQ(core.run(), ke::Stop::Quiet);
    EXPECT_EQ(film, "c1 b2 a3 ");
}

// A thread takes from one queue and then from another.
// Shows: it belongs to the one it took from last, and its place in the first is free.
TEST(ke_queue, a_thread_belongs_to_one_queue)
{
    Core core({ .processors = 1, .mean_steps = 0x4000'0000 });
    Queue first(core, 1), second(core, 1);
    std::string film;
    core.thread([&] {
        ke::KeInsertQueue(&first.queue, first.item(1));
        ke::KeInsertQueue(&first.queue, first.item(2));
        ke::KeInsertQueue(&second.queue, second.item(3));
        film += std::to_string(number_of(ke::KeRemoveQueue(&first.queue, KernelMode, nullptr))) + " ";
        core.thread(
            [&] {
                film
                    += "other " + std::to_string(number_of(ke::KeRemoveQueue(&first.queue, KernelMode, nullptr))) + " ";
            },
            12);
        core.kernel.schedule_point();
        LARGE_INTEGER none {};
        ke::KeDelayExecutionThread(KernelMode, 0, &none);
        film += std::to_string(number_of(ke::KeRemoveQueue(&second.queue, KernelMode, nullptr))) + " ";
        EXPECT_EQ(first.queue.CurrentCount, 0u);
        EXPECT_EQ(second.queue.CurrentCount, 1u);
    });
    EXPECT_EQ(core.run(), ke::Stop::Quiet);
    EXPECT_EQ(film, "1 other 2 3 ");
}

// Shows: rundown gives back the entries as a ring without a head, wakes waiters with STATUS_ABANDONED, and the queue
// says so until it is initialised again; a user-mode APC ends a user-mode wait.
TEST(ke_queue, rundown)
{
    Core core;
    Queue q(core, 1);
    NTSTATUS waiter = -1;
    core.thread([&] { waiter = status_of(ke::KeRemoveQueue(&q.queue, KernelMode, nullptr)); });
    core.run();
    core.thread([&] {
        EXPECT_EQ(ke::KeRundownQueue(&q.queue), nullptr);
        LARGE_INTEGER none {};
        EXPECT_EQ(status_of(ke::KeRemoveQueue(&q.queue, KernelMode, &none)), STATUS_ABANDONED);
        ke::KeRundownQueue(&q.queue);
        ke::KeInitializeQueue(&q.queue, 1);
        ke::KeInsertQueue(&q.queue, q.item(7));
        ke::KeInsertQueue(&q.queue, q.item(8));
        LIST_ENTRY* ring = ke::KeRundownQueue(&q.queue);
        EXPECT_EQ(number_of(ring), 7);
        EXPECT_EQ(number_of(ring->Flink), 8);
        EXPECT_EQ(ring->Flink->Flink, ring);
        EXPECT_EQ(ke::KeReadStateQueue(&q.queue), 0);
    });
    EXPECT_EQ(core.run(), ke::Stop::Quiet);
    EXPECT_EQ(waiter, STATUS_ABANDONED);
}

// Shows: zeroes are no queue, and no queue is removed from at DISPATCH_LEVEL but by a poll.
TEST(ke_queue, bad_input)
{
    for (bool zeroes : { true, false }) {
        Core core;
        core.thread([&] {
            auto& queue = core.object<KQUEUE>();
            if (!zeroes) {
                ke::KeInitializeQueue(&queue, 0);
                EXPECT_EQ(queue.MaximumCount, 2u); // as many as processors
                core.kernel.raise_irql(DISPATCH_LEVEL);
                LARGE_INTEGER none {};
                EXPECT_EQ(status_of(ke::KeRemoveQueue(&queue, KernelMode, &none)), STATUS_TIMEOUT);
            }
            ke::KeRemoveQueue(&queue, KernelMode, nullptr);
        });
        ASSERT_EQ(core.run(), ke::Stop::BugCheck);
        EXPECT_EQ(core.kernel.crash()->code,
                  static_cast<uint32_t>(zeroes ? INVALID_DATA_ACCESS_TRAP : IRQL_NOT_LESS_OR_EQUAL));
    }
}
