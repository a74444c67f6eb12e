// SPDX-License-Identifier: MIT
// Timers: the wheel's order against a plain sorted list, and what becomes of a KTIMER that is not what it was.
#include "core.h"
#include "ke/dispatcher_objects.h"
#include "ke/timer_queue.h"
#include "sim/host.h"
#include "sim/random.h"

#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <map>

using namespace ringside;
using namespace ringside::nt;
using ringside::test::Core;

namespace {

LARGE_INTEGER relative_ms(int64_t ms) { return { .QuadPart = -ms * 10'000 }; }

// The order that the wheel promises, kept the slow way.
struct Model {
    std::map<std::pair<uint64_t, uint64_t>, uint32_t> pending; // due, age -> entry
};

} // namespace

// Timers are set, cancelled and let fire at random over all scales of time.
// Shows: they leave in order of due time and then of age; the time told to the scheduler is never late.
TEST(ke_timer_queue, leaves_in_the_order_of_a_sorted_list)
{
    for (uint64_t seed = 1; seed <= 20; ++seed) {
        Core core({ .seed = seed });
        auto& random = core.world.random(sim::Stream::Device);
        ke::TimerQueue queue;
        Model model;
        auto* timer = &core.object<KTIMER>();
        uint64_t now = random.below(1'000'000);
        for (int step = 0; step < 2000; ++step) {
            uint64_t const choice = random.below(10);
            if (choice < 5) {
                uint64_t const due = now + (random.next() >> random.below(64) >> 1);
                uint32_t const entry = queue.insert(due, timer);
                model.pending[{ due, queue.newest() }] = entry;
            } else if (choice < 7 && !model.pending.empty()) {
                auto it = std::next(model.pending.begin(), static_cast<ptrdiff_t>(random.below(model.pending.size())));
                ASSERT_NE(queue.find(it->second, timer), nullptr);
                queue.remove(it->second);
                model.pending.erase(it);
            } else {
                // Sometimes straight to the next one, as an idle machine does.
                uint64_t const limit = now + (uint64_t { 1 } << random.below(60));
                uint64_t const first = choice == 9 ? queue.first_due(limit) : ke::TimerQueue::kNever;
                if (first != ke::TimerQueue::kNever) {
                    ASSERT_EQ(first, model.pending.begin()->first.first);
                    now = std::max(now, first);
                } else {
                    if (choice == 9 && !model.pending.empty()) {
                        ASSERT_GT(model.pending.begin()->first.first, limit);
                    }
                    now = choice == 9 ? limit : now + random.below(5000);
                }
                ke::TimerQueue::Entry taken;
                while (queue.take_due(now, taken)) {
                    ASSERT_FALSE(model.pending.empty());
                    ASSERT_EQ(taken.due_100ns, model.pending.begin()->first.first);
                    ASSERT_EQ(taken.sequence, model.pending.begin()->first.second);
                    ASSERT_LE(taken.due_100ns, now);
                    model.pending.erase(model.pending.begin());
                }
                if (!model.pending.empty()) {
                    ASSERT_GT(model.pending.begin()->first.first, now);
                }
            }
            ASSERT_EQ(queue.size(), model.pending.size());
            if (!model.pending.empty()) {
                ASSERT_LE(queue.not_before(), model.pending.begin()->first.first);
            }
        }
    }
}

// Three timers are due at the same moment, one of them was set first but for later and then set again.
// Shows: equal times fire by age; setting again makes a timer young; KeSetTimer and KeCancelTimer tell whether it was set.
TEST(ke_timer, equal_times_fire_by_age)
{
    Core core;
    static std::string order;
    order.clear();
    auto& dpcs = core.object<std::array<KDPC, 3>>();
    auto& timers = core.object<std::array<KTIMER, 3>>();
    core.thread([&] {
        for (size_t i = 0; i < 3; ++i) {
            ke::KeInitializeTimer(&timers[i]);
            ke::KeInitializeDpc(
                &dpcs[i],
                [](KDPC*, PVOID context, PVOID, PVOID)
                    NTAPI { order += static_cast<char>('a' + reinterpret_cast<uintptr_t>(context)); },
                reinterpret_cast<PVOID>(i));
        }
        LARGE_INTEGER const at { .QuadPart = static_cast<LONGLONG>(core.kernel.system_time() + 50'000) };
        EXPECT_FALSE(ke::KeSetTimer(&timers[0], relative_ms(60'000), &dpcs[0]));
        EXPECT_FALSE(ke::KeSetTimer(&timers[1], at, &dpcs[1]));
        EXPECT_FALSE(ke::KeSetTimer(&timers[2], at, &dpcs[2]));
        EXPECT_TRUE(ke::KeSetTimer(&timers[0], at, &dpcs[0]));
        auto nap = relative_ms(10);
        ke::KeDelayExecutionThread(KernelMode, 0, &nap);
        EXPECT_FALSE(ke::KeCancelTimer(&timers[0]));
    });
    EXPECT_EQ(core.run(), ke::Stop::Quiet);
    EXPECT_EQ(order, "bca");
    EXPECT_EQ(core.kernel.timers_pending(), 0u);
}

// A pending timer is initialized again, overwritten, and copied elsewhere.
// Shows: its old entry has no effect, cancelling the copy has none either, and the machine comes to rest.
TEST(ke_timer, a_timer_that_is_not_what_it_was_does_nothing)
{
    Core core;
    auto& timers = core.object<std::array<KTIMER, 4>>();
    core.thread([&] {
        for (auto& timer : timers)
            ke::KeInitializeTimer(&timer);
        for (size_t i = 0; i < 3; ++i)
            ke::KeSetTimer(&timers[i], relative_ms(10), nullptr);
        ke::KeInitializeTimer(&timers[0]);
        std::memset(&timers[1], 0xEE, sizeof(KTIMER));
        timers[3] = timers[2];
        timers[3].Header.WaitListHead.Flink = timers[3].Header.WaitListHead.Blink = &timers[3].Header.WaitListHead;
        EXPECT_FALSE(ke::KeCancelTimer(&timers[3]));
    });
    EXPECT_EQ(core.run(), ke::Stop::Quiet);
    EXPECT_EQ(timers[0].Header.SignalState, 0);
    EXPECT_EQ(timers[1].Header.SignalState, static_cast<LONG>(0xEEEEEEEE));
    EXPECT_EQ(timers[2].Header.SignalState, 1);
    EXPECT_EQ(timers[3].Header.SignalState, 0);
    EXPECT_EQ(core.kernel.timers_pending(), 0u);
}

// The memory of a pending timer goes away; a timer is set that was never initialized.
// Shows: bug check 0xC7 names the timer and its page.
TEST(ke_timer, memory_that_is_gone_is_bug_check_c7)
{
    for (bool gone : { true, false }) {
        Core core;
        auto page = core.memory.allocate(1);
        constexpr uintptr_t kAt = hal::kSystemMappings;
        core.memory.map(kAt, *page, 1, sim::host::Access::ReadWrite);
        auto& timer = *new (reinterpret_cast<void*>(kAt)) KTIMER {};
        core.thread([&] {
            if (gone)
                ke::KeInitializeTimer(&timer);
            ke::KeSetTimer(&timer, relative_ms(1), nullptr);
            sim::host::set_access(kAt, hal::kPageSize, sim::host::Access::None);
        });
        ASSERT_EQ(core.run(), ke::Stop::BugCheck);
        auto const& crash = *core.kernel.crash();
        EXPECT_EQ(crash.code, static_cast<uint32_t>(TIMER_OR_DPC_INVALID));
        EXPECT_EQ(crash.parameters[0], 0u);
        EXPECT_EQ(crash.parameters[1], kAt);
        EXPECT_EQ(crash.parameters[2], kAt);
        EXPECT_EQ(crash.parameters[3], kAt + hal::kPageSize);
    }
}

// A coalescable periodic timer, and one whose time is past.
// Shows: never late, whatever is tolerated; an absolute time in the past fires at once.
TEST(ke_timer, coalescable_and_past_times)
{
    Core core;
    auto& timer = core.object<KTIMER>();
    auto& dpc = core.object<KDPC>();
    static std::vector<uint64_t> at;
    at.clear();
    ke::KeInitializeTimerEx(&timer, SynchronizationTimer);
    ke::KeInitializeDpc(
        &dpc, [](KDPC*, PVOID, PVOID, PVOID) NTAPI { at.push_back(sim::world().now_100ns() / 10'000); }, nullptr);
    core.thread([&] {
        ke::KeSetCoalescableTimer(&timer, relative_ms(10), 20, 15, &dpc);
        auto nap = relative_ms(55);
        ke::KeDelayExecutionThread(KernelMode, 0, &nap);
        EXPECT_TRUE(ke::KeCancelTimer(&timer));
        ke::KeSetTimer(&timer, LARGE_INTEGER { .QuadPart = 1 }, &dpc);
    });
    EXPECT_EQ(core.run(), ke::Stop::Quiet);
    EXPECT_EQ(at, (std::vector<uint64_t> { 10, 30, 50, 55 }));
}

// A timer fires while threads run on two processors; its DPC passes many schedule points.
// Shows: the other processor has its turns meanwhile; the countdown to the next one had run out under the DPC.
TEST(ke_timer, other_processors_run_while_its_dpc_does)
{
    struct Shared {
        KTIMER timer;
        KDPC dpc;
        LONG turns[2];
        LONG during;
        bool done;
    };
    Core core({ .processors = 2, .mean_steps = 4 });
    auto& s = core.object<Shared>();
    auto routine = +[](KDPC*, PVOID context, PVOID, PVOID) NTAPI {
        auto& x = *static_cast<Shared*>(context);
        LONG const before = x.turns[0] + x.turns[1];
        for (int i = 0; i < 100; ++i)
            ke::kernel().schedule_point();
        x.during = x.turns[0] + x.turns[1] - before;
        x.done = true;
    };
    ke::KeInitializeTimer(&s.timer);
    ke::KeInitializeDpc(&s.dpc, routine, &s);
    for (int t = 0; t < 2; ++t)
        core.thread([&, t] {
            if (t == 0)
                ke::KeSetTimer(&s.timer, relative_ms(1), &s.dpc);
            while (!s.done) {
                ++s.turns[t];
                core.kernel.schedule_point();
            }
        });
    EXPECT_EQ(core.run(), ke::Stop::Quiet);
    EXPECT_GT(s.during, 0);
}
