// SPDX-License-Identifier: MIT
// DPCs: importance, target, threaded ones, flushing, the watchdog, and KDPCs that are not what they were.
#include "core.h"
#include "ke/broadcast.h"
#include "ke/dispatcher_objects.h"
#include "sim/host.h"

#include <gtest/gtest.h>

#include <array>
#include <cstring>

using namespace ringside;
using namespace ringside::nt;
using ringside::test::Core;

namespace {

std::string g_film;

void NTAPI note(KDPC*, PVOID context, PVOID, PVOID) { g_film += static_cast<char const*>(context); }

} // namespace

// Five DPCs of all importances are queued at DISPATCH_LEVEL on the only processor.
// Shows: High goes first, the rest in their order.
TEST(ke_dpc, high_importance_goes_first)
{
    Core core({ .processors = 1 });
    g_film.clear();
    auto& dpcs = core.object<std::array<KDPC, 4>>();
    char const* names[] = { "low ", "medium ", "high ", "medium-high " };
    core.thread([&] {
        KIRQL const old = core.kernel.raise_irql(DISPATCH_LEVEL);
        for (size_t i = 0; i < 4; ++i) {
            ke::KeInitializeDpc(&dpcs[i], note, const_cast<char*>(names[i]));
            ke::KeSetImportanceDpc(&dpcs[i], static_cast<KDPC_IMPORTANCE>(i));
            EXPECT_TRUE(ke::KeInsertQueueDpc(&dpcs[i], nullptr, nullptr));
            EXPECT_FALSE(ke::KeInsertQueueDpc(&dpcs[i], nullptr, nullptr));
        }
        EXPECT_EQ(g_film, "");
        core.kernel.lower_irql(old);
    });
    EXPECT_EQ(core.run(), ke::Stop::Quiet);
    EXPECT_EQ(g_film, "high low medium medium-high ");
}

// A DPC of low importance, at PASSIVE_LEVEL; then more of them than the queue's depth allows; then one and a busy thread.
// Shows: not at once, but when the queue is deep, when something else drains it, and at the next tick.
TEST(ke_dpc, low_importance_waits)
{
    Core core({ .processors = 1 });
    g_film.clear();
    auto& dpcs = core.object<std::array<KDPC, 6>>();
    core.thread([&] {
        for (auto& dpc : dpcs) {
            ke::KeInitializeDpc(&dpc, note, const_cast<char*>("x"));
            ke::KeSetImportanceDpc(&dpc, LowImportance);
        }
        ke::KeInsertQueueDpc(&dpcs[0], nullptr, nullptr);
        EXPECT_EQ(g_film, "");
        ke::KeSetImportanceDpc(&dpcs[1], MediumImportance);
        ke::KeInsertQueueDpc(&dpcs[1], nullptr, nullptr);
        EXPECT_EQ(g_film, "xx");
        ke::KeSetImportanceDpc(&dpcs[1], LowImportance);
        for (size_t i = 0; i < 4; ++i)
            ke::KeInsertQueueDpc(&dpcs[i], nullptr, nullptr);
        EXPECT_EQ(g_film, "xx");
        ke::KeInsertQueueDpc(&dpcs[4], nullptr, nullptr);
        EXPECT_EQ(g_film, "xxxxxxx");
        ke::KeInsertQueueDpc(&dpcs[5], nullptr, nullptr);
        EXPECT_EQ(g_film.size(), 7u);
        for (int i = 0; i < 20; ++i)
            core.kernel.stall(1000);
        EXPECT_EQ(g_film.size(), 8u);
    });
    EXPECT_EQ(core.run(), ke::Stop::Quiet);
}

// DPCs are targeted at a processor that exists and at one that does not.
// Shows: the absent one leaves the target as it was.
TEST(ke_dpc, absent_target_changes_nothing)
{
    Core core;
    static std::vector<uint32_t> ran_on;
    ran_on.clear();
    auto& dpc = core.object<KDPC>();
    ke::KeInitializeDpc(
        &dpc, [](KDPC*, PVOID, PVOID, PVOID) NTAPI { ran_on.push_back(hal::processor().number()); }, nullptr);
    core.thread([&] {
        ke::KeSetTargetProcessorDpc(&dpc, 1);
        ke::KeSetTargetProcessorDpc(&dpc, 7);
        ke::KeInsertQueueDpc(&dpc, nullptr, nullptr);
        ke::KeFlushQueuedDpcs();
    });
    EXPECT_EQ(core.run(), ke::Stop::Quiet);
    EXPECT_EQ(ran_on, std::vector<uint32_t> { 1 });
}

// The same in a machine of two groups, with a number that only the other group has.
// Shows: KeSetTargetProcessorDpc knows the processors of group 0 alone; KeSetTargetProcessorDpcEx all.
TEST(ke_dpc, targets_without_a_group_are_those_of_group_0)
{
    Core core({ .processors = 4, .groups = 2 });
    static std::vector<uint32_t> ran_on;
    ran_on.clear();
    auto& dpc = core.object<KDPC>();
    ke::KeInitializeDpc(
        &dpc, [](KDPC*, PVOID, PVOID, PVOID) NTAPI { ran_on.push_back(hal::processor().number()); }, nullptr);
    core.thread([&] {
        ke::KeSetTargetProcessorDpc(&dpc, 1);
        ke::KeSetTargetProcessorDpc(&dpc, 2);
        ke::KeInsertQueueDpc(&dpc, nullptr, nullptr);
        ke::KeFlushQueuedDpcs();
        PROCESSOR_NUMBER number { 1, 0, 0 };
        EXPECT_EQ(ke::KeSetTargetProcessorDpcEx(&dpc, &number), STATUS_SUCCESS);
        ke::KeInsertQueueDpc(&dpc, nullptr, nullptr);
        ke::KeFlushQueuedDpcs();
    });
    EXPECT_EQ(core.run(), ke::Stop::Quiet);
    EXPECT_EQ(ran_on, (std::vector<uint32_t> { 1, 2 }));
}

// A threaded DPC runs, is pre-empted by an ordinary one, and a thread of priority 30 waits for both.
// Shows: PASSIVE_LEVEL on its processor, at priority 31; ordinary DPCs pre-empt it, threads do not.
TEST(ke_dpc, threaded_runs_at_passive_level)
{
    for (uint64_t seed = 1; seed <= 10; ++seed) {
        Core core({ .seed = seed, .processors = 2 });
        g_film.clear();
        auto& threaded = core.object<KDPC>();
        static KDPC* ordinary;
        ordinary = &core.object<KDPC>();
        ke::KeInitializeDpc(ordinary, note, const_cast<char*>("ordinary "));
        ke::KeInitializeThreadedDpc(
            &threaded,
            [](KDPC*, PVOID, PVOID one, PVOID) NTAPI {
                EXPECT_EQ(one, reinterpret_cast<PVOID>(1));
                EXPECT_EQ(ke::Kernel::irql(), PASSIVE_LEVEL);
                EXPECT_EQ(ke::kernel().current().priority, 31);
                EXPECT_EQ(hal::processor().number(), 1u);
                g_film += "begin ";
                ke::KeSetTargetProcessorDpc(ordinary, 1);
                ke::KeInsertQueueDpc(ordinary, nullptr, nullptr);
                for (int i = 0; i < 20; ++i)
                    ke::kernel().schedule_point();
                g_film += "end ";
            },
            nullptr);
        ke::KeSetTargetProcessorDpc(&threaded, 1);
        core.thread(
            [&] {
                EXPECT_TRUE(ke::KeInsertQueueDpc(&threaded, reinterpret_cast<PVOID>(1), nullptr));
                ke::KeFlushQueuedDpcs();
                EXPECT_EQ(g_film, "begin ordinary end ");
            },
            30);
        ASSERT_EQ(core.run(), ke::Stop::Quiet) << seed;
        EXPECT_EQ(g_film, "begin ordinary end ");
        EXPECT_TRUE(ke::KeInsertQueueDpc(&threaded, nullptr, nullptr));
        EXPECT_EQ(core.kernel.dpcs_pending(), 1u);
        EXPECT_TRUE(ke::KeRemoveQueueDpc(&threaded));
        EXPECT_FALSE(ke::KeRemoveQueueDpc(&threaded));
    }
}

// A DPC queues itself again for ever; a thread flushes; then stops it.
// Shows: the flush waits for what was queued before it, not for what comes after.
TEST(ke_dpc, flush_waits_for_what_was_queued)
{
    Core core;
    auto& dpc = core.object<KDPC>();
    static bool go_on;
    go_on = true;
    static int runs;
    runs = 0;
    ke::KeInitializeDpc(
        &dpc,
        [](KDPC* self, PVOID, PVOID, PVOID) NTAPI {
            ++runs;
            if (go_on && runs < 1000) {
                ke::KeSetImportanceDpc(self, LowImportance);
                ke::KeInsertQueueDpc(self, nullptr, nullptr);
                ke::kernel().schedule_point();
            }
        },
        nullptr);
    ke::KeSetTargetProcessorDpc(&dpc, 1);
    core.thread([&] {
        ke::KeInsertQueueDpc(&dpc, nullptr, nullptr);
        ke::KeFlushQueuedDpcs();
        EXPECT_GE(runs, 1);
        EXPECT_LT(runs, 1000);
        go_on = false;
    });
    EXPECT_EQ(core.run(), ke::Stop::Quiet);
}

// A queued DPC is initialized again, overwritten, or its memory goes away.
// Shows: the first takes it out of the queue; the others are bug check 0xC7 with the DPC.
TEST(ke_dpc, memory_that_is_not_a_dpc_any_more)
{
    for (int kind = 0; kind < 3; ++kind) {
        Core core({ .processors = 1 });
        g_film.clear();
        auto page = core.memory.allocate(1);
        constexpr uintptr_t kAt = hal::kSystemMappings;
        core.memory.map(kAt, *page, 1, sim::host::Access::ReadWrite);
        auto& dpc = *new (reinterpret_cast<void*>(kAt)) KDPC {};
        ke::KeInitializeDpc(&dpc, note, const_cast<char*>("ran"));
        core.thread([&] {
            KIRQL const old = core.kernel.raise_irql(DISPATCH_LEVEL);
            ke::KeInsertQueueDpc(&dpc, nullptr, nullptr);
            if (kind == 0)
                ke::KeInitializeDpc(&dpc, note, const_cast<char*>("ran"));
            else if (kind == 1)
                std::memset(&dpc, 0xEE, sizeof dpc);
            else
                sim::host::set_access(kAt, hal::kPageSize, sim::host::Access::None);
            core.kernel.lower_irql(old);
        });
        ASSERT_EQ(core.run(), kind ? ke::Stop::BugCheck : ke::Stop::Quiet) << kind;
        EXPECT_EQ(g_film, "");
        if (!kind)
            continue;
        EXPECT_EQ(core.kernel.crash()->code, static_cast<uint32_t>(TIMER_OR_DPC_INVALID));
        EXPECT_EQ(core.kernel.crash()->parameters[0], 1u);
        EXPECT_EQ(core.kernel.crash()->parameters[1], kAt);
    }
}

// A processor stays at DISPATCH_LEVEL for two minutes of the machine's time.
// Shows: bug check 0x133, its second form, with the period in ticks.
TEST(ke_dpc, watchdog_of_dispatch_level)
{
    Core core;
    core.thread([&] {
        core.kernel.raise_irql(DISPATCH_LEVEL);
        for (;;)
            core.kernel.stall(1'000'000);
    });
    ASSERT_EQ(core.run(), ke::Stop::BugCheck);
    auto const& crash = *core.kernel.crash();
    EXPECT_EQ(crash.code, static_cast<uint32_t>(DPC_WATCHDOG_VIOLATION));
    EXPECT_EQ(crash.parameters[0], 1u);
    EXPECT_EQ(crash.parameters[1], 120u * 10'000'000 / 156'250);
}

// Each processor runs a worker at once; two threads on different processors ask at the same time.
// Shows: IPI_LEVEL, nobody begins before all are there, nobody returns before all are done; the caller's own result.
TEST(ke_dpc, ipi_runs_everywhere_at_once)
{
    for (uint64_t seed = 1; seed <= 40; ++seed) {
        Core core({ .seed = seed, .processors = 4 });
        static uint32_t begun, ended;
        begun = ended = 0;
        int calls = 0;
        for (int t = 0; t < 2; ++t)
            core.thread([&] {
                for (int i = 0; i < 3; ++i) {
                    uint64_t const result = ke::KeIpiGenericCall(
                        [](ULONG_PTR context) NTAPI -> ULONG_PTR {
                            EXPECT_EQ(ke::Kernel::irql(), IPI_LEVEL);
                            ++begun;
                            ke::kernel().schedule_point();
                            ++ended;
                            return context + hal::processor().number();
                        },
                        100);
                    EXPECT_LT(result - 100, 4u);
                    EXPECT_GE(ended, 4u * static_cast<uint32_t>(++calls));
                }
            });
        ASSERT_EQ(core.run(), ke::Stop::Quiet) << seed;
        EXPECT_EQ(calls, 6);
        EXPECT_EQ(begun, 24u);
        EXPECT_EQ(ended, 24u);
    }
}

// KeGenericCallDpc, with a meeting in the middle.
// Shows: one DPC on each processor; exactly one is told that it came last; the call returns when all signalled.
TEST(ke_dpc, generic_call_meets_in_the_middle)
{
    for (uint64_t seed = 1; seed <= 20; ++seed) {
        Core core({ .seed = seed, .processors = 3 });
        static uint32_t ran, before, last;
        ran = before = last = 0;
        core.thread([&] {
            ke::KeGenericCallDpc(
                [](KDPC*, PVOID context, PVOID done, PVOID barrier) NTAPI {
                    EXPECT_EQ(context, reinterpret_cast<PVOID>(5));
                    EXPECT_EQ(ke::Kernel::irql(), DISPATCH_LEVEL);
                    ++before;
                    last += ke::KeSignalCallDpcSynchronize(barrier) ? 1 : 0;
                    EXPECT_EQ(before, 3u);
                    ran |= 1u << hal::processor().number();
                    ke::KeSignalCallDpcDone(done);
                },
                reinterpret_cast<PVOID>(5));
            EXPECT_EQ(ran, 7u);
        });
        ASSERT_EQ(core.run(), ke::Stop::Quiet) << seed;
        EXPECT_EQ(last, 1u);
    }
}
