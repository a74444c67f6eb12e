// SPDX-License-Identifier: MIT
// Priorities and their boosts, quanta, starvation, affinity, processor groups.
#include "core.h"
#include "ke/dispatcher_objects.h"

#include <gtest/gtest.h>

using namespace ringside;
using namespace ringside::nt;
using ringside::test::Core;

namespace {

// Far more schedule points than a test passes: no turn but those that a test is about.
constexpr uint32_t kNever = 0x4000'0000;

void spend(uint64_t units)
{
    for (uint64_t passed = 0; passed < units; passed += 500)
        ke::kernel().stall(50); // 50 us are 500 units of 100 ns
}

PKTHREAD self() { return ke::kernel().current().pointer(); }

} // namespace

// A thread waits and is woken with different increments; then it runs on for whole quanta.
// Shows: base + increment at most 15, real-time priorities are left alone, a boost is worn off one level per quantum.
TEST(ke_thread, a_boost_rises_from_the_base_and_wears_off_by_quanta)
{
    Core core({ .processors = 1, .mean_steps = kNever });
    auto& event = core.object<KEVENT>();
    ke::KeInitializeEvent(&event, SynchronizationEvent, 0);
    std::vector<int> woken;
    auto sleeper = [&] {
        ke::KeWaitForSingleObject(&event, Executive, KernelMode, 0, nullptr);
        woken.push_back(ke::KeQueryPriorityThread(self()));
    };
    for (int base : { 8, 8, 14, 15, 16, 31 }) {
        core.thread(sleeper, static_cast<int8_t>(base));
        core.run();
        core.thread(
            [&] { ke::KeSetEvent(&event, base == 8 && woken.empty() ? EVENT_INCREMENT : IO_SOUND_INCREMENT, 0); });
        core.run();
    }
    EXPECT_EQ(woken, (std::vector { 9, 15, 15, 15, 16, 31 }));

    std::vector<int> seen;
    core.thread([&] {
        ke::KeWaitForSingleObject(&event, Executive, KernelMode, 0, nullptr);
        for (int i = 0; i < 6; ++i) {
            seen.push_back(ke::KeQueryPriorityThread(self()));
            spend(ke::Kernel::kQuantum_100ns);
        }
    });
    core.run();
    core.thread([&] { ke::KeSetEvent(&event, 4, 0); });
    EXPECT_EQ(core.run(), ke::Stop::Quiet);
    EXPECT_EQ(seen, (std::vector { 12, 11, 10, 9, 8, 8 }));
}

// Three equals compute on one processor.
// Shows: at the end of each quantum the next one has its turn, in a ring; a better one would go before all.
TEST(ke_thread, equals_take_turns_by_quanta)
{
    Core core({ .processors = 1, .mean_steps = kNever });
    std::string order;
    for (char name : { 'a', 'b', 'c' })
        core.thread([&, name] {
            for (int i = 0; i < 3; ++i) {
                order += name;
                spend(ke::Kernel::kQuantum_100ns + 1000);
            }
        });
    EXPECT_EQ(core.run(), ke::Stop::Quiet);
    EXPECT_EQ(order, "abcabcabc");
}

// A thread of priority 20 polls for five seconds; one of priority 4 is ready all the time.
// Shows: the real-time thread starves it: the balance set manager raises it to 15 only, which is not enough; behind a
// time-sharing thread it gets its quantum, at priority 15, and is back at its base afterwards.
TEST(ke_thread, a_starved_thread_is_raised_for_one_quantum)
{
    auto film = [](int8_t polling) {
        Core core({ .processors = 1, .mean_steps = kNever });
        std::vector<int> seen;
        uint64_t ran_at = 0;
        core.thread(
            [&] {
                core.thread(
                    [&] {
                        ran_at = sim::world().now_100ns();
                        seen.push_back(ke::KeQueryPriorityThread(self()));
                        spend(ke::Kernel::kQuantum_100ns + 1000);
                        seen.push_back(ke::KeQueryPriorityThread(self()));
                    },
                    4);
                spend(70'000'000);
                seen.push_back(-1);
            },
            polling);
        EXPECT_EQ(core.run(), ke::Stop::Quiet);
        EXPECT_TRUE(polling > 15 || (ran_at >= 40'000'000 && ran_at < 60'000'000)) << ran_at;
        return seen;
    };
    EXPECT_EQ(film(12), (std::vector { 15, -1, 4 }));
    EXPECT_EQ(film(20), (std::vector { -1, 15, 4 }));
}

// Shows: the old priority is returned; below the real-time class a set priority wears off to the base, in it it stays; a
// running thread that is lowered gives way at once; LOW_PRIORITY becomes 1.
TEST(ke_thread, set_priority)
{
    Core core({ .processors = 1, .mean_steps = kNever });
    std::vector<int> seen;
    std::string order;
    core.thread([&] {
        seen.push_back(ke::KeSetPriorityThread(self(), 10));
        spend(ke::Kernel::kQuantum_100ns + 1000);
        seen.push_back(ke::KeSetPriorityThread(self(), LOW_REALTIME_PRIORITY));
        spend(ke::Kernel::kQuantum_100ns + 1000);
        seen.push_back(ke::KeSetPriorityThread(self(), LOW_PRIORITY));
        seen.push_back(ke::KeSetPriorityThread(self(), 9));
        core.thread([&] { order += "other "; }, 9);
        order += "high ";
        seen.push_back(ke::KeSetPriorityThread(self(), 8));
        order += "low ";
    });
    EXPECT_EQ(core.run(), ke::Stop::Quiet);
    EXPECT_EQ(seen, (std::vector { 8, 9, 16, 1, 9 }));
    EXPECT_EQ(order, "high other low ");
}

// Shows: what is no priority is named, with what a checked build says.
TEST(ke_thread, set_priority_out_of_range_is_a_bug_check)
{
    for (KPRIORITY wrong : { -1, 32, 1000 }) {
        Core core;
        core.thread([&] { ke::KeSetPriorityThread(self(), wrong); });
        ASSERT_EQ(core.run(), ke::Stop::BugCheck);
        EXPECT_EQ(core.kernel.crash()->code, static_cast<uint32_t>(KMODE_EXCEPTION_NOT_HANDLED));
        EXPECT_EQ(core.kernel.crash()->parameters[0], static_cast<uint32_t>(STATUS_ASSERTION_FAILURE));
        EXPECT_EQ(core.kernel.crash()->parameters[2], static_cast<uint32_t>(wrong));
    }
    Core core;
    auto& event = core.object<KEVENT>();
    core.thread([&] { ke::KeSetPriorityThread(reinterpret_cast<PKTHREAD>(&event), 8); });
    ASSERT_EQ(core.run(), ke::Stop::BugCheck);
    EXPECT_EQ(core.kernel.crash()->code, static_cast<uint32_t>(REFERENCE_BY_POINTER));
}

// Shows: increments count from the process' 8, never leave its class, and carry the dynamic priority along.
TEST(ke_thread, base_priority_stays_in_its_class)
{
    struct Row {
        LONG increment;
        LONG before;
        int base;
        int dynamic;
    };
    Core core({ .processors = 1, .mean_steps = kNever });
    std::vector<Row> const rows
        = { { 2, 0, 10, 12 }, { -3, 2, 5, 7 }, { 100, -3, 15, 15 }, { -16, 7, 1, 1 }, { 0, -7, 8, 8 } };
    core.thread([&] {
        ke::Thread& thread = core.kernel.current();
        ke::KeSetPriorityThread(self(), 10);
        for (Row const& row : rows) {
            EXPECT_EQ(ke::KeSetBasePriorityThread(self(), row.increment), row.before);
            EXPECT_EQ(thread.base_priority, row.base) << row.increment;
            EXPECT_EQ(thread.priority, row.dynamic) << row.increment;
        }
    });
    EXPECT_EQ(core.run(), ke::Stop::Quiet);
}

// A thread goes around the processors, then changes its affinity at DISPATCH_LEVEL.
// Shows: below DISPATCH_LEVEL it is there on return, at it when the IRQL falls; results and reverting nest; masks with
// processors that do not exist change nothing.
TEST(ke_thread, system_affinity)
{
    Core core({ .processors = 3 });
    core.thread([&] {
        auto at = [] { return hal::processor().number(); };
        for (uint32_t i : { 2u, 0u, 1u }) {
            ke::KeSetSystemAffinityThread(KAFFINITY { 1 } << i);
            EXPECT_EQ(at(), i);
        }
        ke::KeRevertToUserAffinityThread();
        EXPECT_EQ(core.kernel.current().affinity, 0b111u);

        EXPECT_EQ(ke::KeSetSystemAffinityThreadEx(0b001), 0u);
        EXPECT_EQ(ke::KeSetSystemAffinityThreadEx(0b100), 0b001u);
        EXPECT_EQ(at(), 2u);
        EXPECT_EQ(ke::KeSetSystemAffinityThreadEx(0b1000), 0u);
        EXPECT_EQ(ke::KeSetSystemAffinityThreadEx(0), 0u);
        EXPECT_EQ(ke::KeSetSystemAffinityThreadEx(0b1001), 0u);
        EXPECT_EQ(at(), 2u);
        ke::KeRevertToUserAffinityThreadEx(0b001);
        EXPECT_EQ(at(), 0u);
        ke::KeRevertToUserAffinityThreadEx(0b1000); // not valid: nothing
        EXPECT_EQ(core.kernel.current().affinity, 0b001u);

        KIRQL const old = core.kernel.raise_irql(DISPATCH_LEVEL);
        EXPECT_EQ(ke::KeSetSystemAffinityThreadEx(0b010), 0b001u);
        EXPECT_EQ(at(), 0u);
        core.kernel.lower_irql(old);
        EXPECT_EQ(at(), 1u);
        ke::KeRevertToUserAffinityThreadEx(0);
        EXPECT_EQ(core.kernel.current().affinity, 0b111u);
        ke::KeRevertToUserAffinityThreadEx(0b001); // without a set before: nothing
        EXPECT_EQ(core.kernel.current().affinity, 0b111u);
    });
    EXPECT_EQ(core.run(), ke::Stop::Quiet);
}

// Somebody else changes the affinity of a thread that waits, of one that is ready and of one that runs.
// Shows: each is on a processor of its own from then on.
TEST(ke_thread, affinity_of_threads_in_every_state)
{
    for (uint64_t seed = 1; seed <= 20; ++seed) {
        Core core({ .seed = seed, .processors = 2 });
        auto& event = core.object<KEVENT>();
        ke::KeInitializeEvent(&event, NotificationEvent, 0);
        uint32_t waiter_at = 9, ready_at = 9, runner_at = 9;
        ke::Thread& waiter = core.thread([&] {
            ke::KeWaitForSingleObject(&event, Executive, KernelMode, 0, nullptr);
            waiter_at = hal::processor().number();
        });
        core.run();
        bool stop = false;
        ke::Thread& runner = core.thread([&] {
            while (!stop)
                core.kernel.stall(1);
            runner_at = hal::processor().number();
        });
        core.thread([&] {
            ke::KeSetSystemAffinityThread(0b01);
            ke::Thread& ready = core.thread([&] { ready_at = hal::processor().number(); }, 1);
            core.kernel.set_affinity(ready, 0b10);
            core.kernel.set_affinity(waiter, 0b10);
            core.kernel.set_affinity(runner, 0b10);
            for (int i = 0; i < 100; ++i)
                core.kernel.stall(1);
            stop = true;
            ke::KeSetEvent(&event, 0, 0);
        });
        ASSERT_EQ(core.run(), ke::Stop::Quiet) << seed;
        EXPECT_EQ(waiter_at, 1u) << seed;
        EXPECT_EQ(ready_at, 1u) << seed;
        EXPECT_EQ(runner_at, 1u) << seed;
    }
}

// Shows: an idle ideal processor is taken first; the one before is returned, and a number beyond the last changes nothing.
TEST(ke_thread, ideal_processor)
{
    Core core({ .processors = 4 });
    core.thread([&] {
        UCHAR const first = ke::KeSetIdealProcessorThread(self(), 3);
        EXPECT_LT(first, 4);
        EXPECT_EQ(ke::KeSetIdealProcessorThread(self(), 64), 3);
        LARGE_INTEGER nap { .QuadPart = -10'000 };
        ke::KeDelayExecutionThread(KernelMode, 0, &nap);
        EXPECT_EQ(hal::processor().number(), 3u);
        EXPECT_EQ(ke::KeSetIdealProcessorThread(self(), 1), 3);
        ke::KeDelayExecutionThread(KernelMode, 0, &nap);
        EXPECT_EQ(hal::processor().number(), 1u);
    });
    EXPECT_EQ(core.run(), ke::Stop::Quiet);
}

// Seven processors in three groups: 3, 2 and 2.
// Shows: a thread is in one group; setting another moves it there; results nest as KeSetSystemGroupAffinityThread's page
// has it; invalid groups and masks change nothing and say so by zeros.
TEST(ke_thread, group_affinity)
{
    Core core({ .processors = 7, .groups = 3 });
    core.thread([&] {
        auto at = [] { return hal::processor().number(); };
        EXPECT_EQ(core.kernel.current().affinity, 0b0000111u);
        GROUP_AFFINITY previous { 9, 9, {} }, again { 9, 9, {} };
        GROUP_AFFINITY one { 0b10, 2, {} };
        ke::KeSetSystemGroupAffinityThread(&one, &previous);
        EXPECT_EQ(at(), 6u);
        EXPECT_EQ(previous.Mask, 0u);
        EXPECT_EQ(previous.Group, 0u);
        GROUP_AFFINITY two { 0b01, 1, {} };
        ke::KeSetSystemGroupAffinityThread(&two, &again);
        EXPECT_EQ(at(), 3u);
        EXPECT_EQ(again.Mask, 0b10u);
        EXPECT_EQ(again.Group, 2u);
        for (GROUP_AFFINITY wrong : { GROUP_AFFINITY { 0b1, 3, {} }, { 0b100, 1, {} }, { 0, 1, {} } }) {
            GROUP_AFFINITY out { 9, 9, {} };
            ke::KeSetSystemGroupAffinityThread(&wrong, &out);
            EXPECT_EQ(out.Mask, 0u);
            EXPECT_EQ(out.Group, 0u);
            EXPECT_EQ(at(), 3u);
        }
        ke::KeSetSystemGroupAffinityThread(&one, nullptr);
        EXPECT_EQ(at(), 6u);
        ke::KeRevertToUserGroupAffinityThread(&again);
        EXPECT_EQ(at(), 6u); // 0b10 of group 2 is processor 6, too
        ke::KeRevertToUserGroupAffinityThread(&previous);
        EXPECT_LT(at(), 3u);
        ke::KeRevertToUserGroupAffinityThread(&again); // without a set before: nothing
        EXPECT_EQ(core.kernel.current().affinity, 0b0000111u);
    });
    EXPECT_EQ(core.run(), ke::Stop::Quiet);
}

// Two threads compute on one processor, one of them three times as long; a third sleeps.
// Shows: time on a processor counts, in ticks; waiting and being ready do not.
TEST(ke_thread, runtime_is_time_on_a_processor)
{
    Core core({ .processors = 1, .mean_steps = kNever });
    ULONG ticks[3] {}, user = 7;
    auto run = [&](int which, uint64_t ticks_to_spend, bool sleep) {
        core.thread([&, which, ticks_to_spend, sleep] {
            LARGE_INTEGER nap { .QuadPart = -100 * int64_t { ke::Kernel::kTickUnits } };
            if (sleep)
                ke::KeDelayExecutionThread(KernelMode, 0, &nap);
            spend(ticks_to_spend * ke::Kernel::kTickUnits + 1000);
            ticks[which] = ke::KeQueryRuntimeThread(self(), &user);
        });
    };
    run(0, 10, false);
    run(1, 30, false);
    run(2, 1, true);
    EXPECT_EQ(core.run(), ke::Stop::Quiet);
    EXPECT_EQ(ticks[0], 10u);
    EXPECT_EQ(ticks[1], 30u);
    EXPECT_EQ(ticks[2], 1u);
    EXPECT_EQ(user, 0u);
}

// Shows: what was set is returned; a thread that ends with its stack locked is bug check 0x94.
TEST(ke_thread, kernel_stack_swap)
{
    Core core;
    core.thread([&] {
        EXPECT_TRUE(ke::KeSetKernelStackSwapEnable(FALSE));
        EXPECT_FALSE(ke::KeSetKernelStackSwapEnable(TRUE));
        EXPECT_TRUE(ke::KeSetKernelStackSwapEnable(TRUE));
    });
    ASSERT_EQ(core.run(), ke::Stop::Quiet);
    core.thread([&] { ke::KeSetKernelStackSwapEnable(FALSE); });
    ASSERT_EQ(core.run(), ke::Stop::BugCheck);
    EXPECT_EQ(core.kernel.crash()->code, static_cast<uint32_t>(KERNEL_STACK_LOCKED_AT_EXIT));
}
