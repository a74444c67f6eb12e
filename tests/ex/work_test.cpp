// SPDX-License-Identifier: MIT
// Work items and system-allocated timers.
#include "ex/timer.h"
#include "ex/work_queue.h"
#include "ke/dispatcher_objects.h"
#include "../mm/memory_machine.h"

using namespace ringside;
using namespace ringside::nt;
using test::MemoryMachine;

namespace {

struct Job {
    WORK_QUEUE_ITEM item {};
    KEVENT* waits_for = nullptr;
    KEVENT* sets = nullptr;
    int* count = nullptr;
};

NTAPI void run_job(PVOID parameter)
{
    auto* job = static_cast<Job*>(parameter);
    EXPECT_EQ(ke::Kernel::irql(), PASSIVE_LEVEL);
    EXPECT_EQ(job->item.List.Flink, nullptr) << "the item is the driver's again";
    if (job->waits_for)
        ke::KeWaitForSingleObject(job->waits_for, Executive, KernelMode, FALSE, nullptr);
    if (job->sets)
        ke::KeSetEvent(job->sets, 0, FALSE);
    ++*job->count;
}

NTAPI void return_at_apc_level(PVOID) { ke::kernel().raise_irql(APC_LEVEL); }

void prepare(Job& job, int& count)
{
    job.item.WorkerRoutine = run_job;
    job.item.Parameter = &job;
    job.count = &count;
}

}

// A chain of items, each waiting for the next one queued.
// Shows: items that block never keep others from running, on any schedule.
TEST(ex_work, blocked_items_do_not_deadlock)
{
    for (uint64_t seed = 1; seed <= 20; ++seed) {
        MemoryMachine machine({ .seed = seed, .mean_steps = 3 });
        int count = 0;
        constexpr int kJobs = 20;
        Job* jobs[kJobs];
        for (auto*& job : jobs) {
            job = &machine.object<Job>();
            prepare(*job, count);
        }
        for (int i = 0; i + 1 < kJobs; ++i) {
            jobs[i]->waits_for = &machine.object<KEVENT>();
            ke::KeInitializeEvent(jobs[i]->waits_for, NotificationEvent, FALSE);
            jobs[i + 1]->sets = jobs[i]->waits_for;
        }
        machine.run_system([&] {
            uint8_t const old = ke::kernel().raise_irql(DISPATCH_LEVEL);
            for (auto* job : jobs)
                ex::ExQueueWorkItem(&job->item, DelayedWorkQueue);
            ke::kernel().lower_irql(old);
        });
        EXPECT_EQ(count, kJobs);
        EXPECT_EQ(machine.executive.residue().work_items, 0u);
        ASSERT_EQ(machine.kernel.crash(), nullptr);
    }
}

// Many short items.
// Shows: a few workers serve them; the host's own work goes the same way.
TEST(ex_work, short_items_share_workers)
{
    MemoryMachine machine;
    static int served;
    served = 0;
    machine.run_system([&] {
        for (int i = 0; i < 300; ++i)
            ex::queue_work([](void*) { ++served; }, nullptr, i % 2 ? CriticalWorkQueue : NormalWorkQueue);
    });
    EXPECT_EQ(served, 300);
    size_t threads = 0;
    machine.kernel.for_each_thread([&](ke::Thread&) { ++threads; });
    EXPECT_LE(threads, 2u + 2 * 3u);
    EXPECT_EQ(machine.executive.residue(), ex::Residue {});
}

TEST(ex_work, queued_twice)
{
    MemoryMachine machine;
    int count = 0;
    auto& job = machine.object<Job>();
    prepare(job, count);
    EXPECT_TRUE(machine.bug_checks(WORKER_INVALID, 1, [&] {
        ke::kernel().raise_irql(DISPATCH_LEVEL);
        ex::ExQueueWorkItem(&job.item, DelayedWorkQueue);
        ex::ExQueueWorkItem(&job.item, DelayedWorkQueue);
    }));
}

TEST(ex_work, returned_at_bad_irql)
{
    MemoryMachine machine;
    auto& job = machine.object<Job>();
    job.item.WorkerRoutine = return_at_apc_level;
    EXPECT_TRUE(machine.bug_checks(WORKER_THREAD_RETURNED_AT_BAD_IRQL, reinterpret_cast<uint64_t>(&return_at_apc_level),
                                   [&] { ex::ExQueueWorkItem(&job.item, DelayedWorkQueue); }));
}

// --- Timers ---

namespace {
struct Ticks {
    int fired = 0;
    int until = 0; // cancels itself then
    bool deleted = false;
    bool delete_inside = false;
    EX_TIMER* timer = nullptr;
    std::vector<uint64_t> times;
};
NTAPI void on_tick(EX_TIMER* timer, PVOID context)
{
    auto& ticks = *static_cast<Ticks*>(context);
    EXPECT_EQ(timer, ticks.timer);
    EXPECT_EQ(ke::Kernel::irql(), DISPATCH_LEVEL);
    ticks.times.push_back(sim::world().now_100ns());
    if (++ticks.fired == ticks.until)
        ex::ExCancelTimer(timer, nullptr);
    if (ticks.delete_inside)
        ex::ExDeleteTimer(timer, TRUE, FALSE, nullptr);
}
NTAPI void on_deleted(void* context) { static_cast<Ticks*>(context)->deleted = true; }
}

// A period that is no whole number of milliseconds.
TEST(ex_timer, periodic_to_the_unit)
{
    MemoryMachine machine;
    Ticks ticks { .until = 5, .times = {} };
    uint64_t began = 0;
    machine.run_system([&] {
        ticks.timer = ex::ExAllocateTimer(on_tick, &ticks, 0);
        began = sim::world().now_100ns();
        EXPECT_FALSE(ex::ExSetTimer(ticks.timer, -12'345, 6'789, nullptr));
    });
    ASSERT_EQ(ticks.fired, 5);
    for (int i = 0; i < 5; ++i)
        EXPECT_NEAR(static_cast<double>(ticks.times[static_cast<size_t>(i)] - began), 12'345 + i * 6'789, 60);
    EXPECT_EQ(machine.executive.residue().timers, 1u);
    machine.run_system([&] {
        EXT_DELETE_PARAMETERS parameters { .DeleteCallback = on_deleted, .DeleteContext = &ticks };
        EXPECT_FALSE(ex::ExDeleteTimer(ticks.timer, TRUE, TRUE, &parameters));
    });
    EXPECT_TRUE(ticks.deleted);
    EXPECT_EQ(machine.executive.residue(), ex::Residue {});
}

// A thread waits for the timer itself; another timer deletes itself in its callback; a third is left to expire.
TEST(ex_timer, waits_and_deletions)
{
    MemoryMachine machine;
    Ticks own { .delete_inside = true, .times = {} }, last { .times = {} };
    machine.run_system([&] {
        EX_TIMER* timer = ex::ExAllocateTimer(nullptr, nullptr, 0x80000000);
        ex::ExSetTimer(timer, -100'000, 0, nullptr);
        EXPECT_EQ(ke::KeWaitForSingleObject(timer, Executive, KernelMode, FALSE, nullptr), STATUS_SUCCESS);
        EXPECT_FALSE(ex::ExCancelTimer(timer, nullptr));
        ex::ExSetTimer(timer, -100'000, 0, nullptr);
        EXPECT_TRUE(ex::ExDeleteTimer(timer, TRUE, FALSE, nullptr));

        own.timer = ex::ExAllocateTimer(on_tick, &own, 0);
        ex::ExSetTimer(own.timer, -1'000, 1'000, nullptr);
        last.timer = ex::ExAllocateTimer(on_tick, &last, 0);
        ex::ExSetTimer(last.timer, -2'000, 2'000, nullptr);
        EXPECT_FALSE(ex::ExDeleteTimer(last.timer, FALSE, FALSE, nullptr));
    });
    EXPECT_EQ(own.fired, 1);
    EXPECT_EQ(last.fired, 1);
    EXPECT_EQ(machine.kernel.crash(), nullptr);
    EXPECT_EQ(machine.executive.residue(), ex::Residue {});
    EXPECT_EQ(machine.kernel.timers_pending(), 0u);
}

TEST(ex_timer, used_after_deletion)
{
    MemoryMachine machine;
    EXPECT_TRUE(machine.bug_checks(TIMER_OR_DPC_INVALID, 0, [&] {
        EX_TIMER* timer = ex::ExAllocateTimer(nullptr, nullptr, 0);
        ex::ExDeleteTimer(timer, TRUE, TRUE, nullptr);
        ex::ExSetTimer(timer, -1, 0, nullptr);
    }));
}
