// SPDX-License-Identifier: MIT
// Asynchronous procedure calls: which kind runs when, in which environment, and what becomes of them at a thread's end.
#include "core.h"
#include "ke/apc.h"
#include "ke/dispatcher_objects.h"

#include <gtest/gtest.h>

using namespace ringside;
using namespace ringside::nt;
using ringside::test::Core;

namespace {

constexpr uint32_t kNever = 0x4000'0000;

std::string g_film; // what ran, and at which IRQL

void say(char const* what) { g_film += std::string(what) + std::to_string(ke::Kernel::irql()) + " "; }

void NTAPI on_kernel(KAPC* apc, PKNORMAL_ROUTINE*, PVOID*, PVOID*, PVOID*) { say(apc->NormalRoutine ? "k" : "s"); }
void NTAPI on_normal(PVOID context, PVOID, PVOID) { say(static_cast<char const*>(context)); }
void NTAPI on_rundown(KAPC*) { say("r"); }

KAPC& special(Core& core, ke::Thread& thread, ke::Environment environment = ke::Environment::Original)
{
    auto& apc = core.object<KAPC>();
    ke::KeInitializeApc(&apc, thread.pointer(), static_cast<LONG>(environment), on_kernel, on_rundown, nullptr,
                        KernelMode, nullptr);
    return apc;
}

KAPC& normal(Core& core, ke::Thread& thread, char const* name, KPROCESSOR_MODE mode = KernelMode)
{
    auto& apc = core.object<KAPC>();
    ke::KeInitializeApc(&apc, thread.pointer(), 0, on_kernel, on_rundown, on_normal, mode, const_cast<char*>(name));
    return apc;
}

bool insert(KAPC& apc) { return ke::KeInsertQueueApc(&apc, nullptr, nullptr, 0); }

LARGE_INTEGER relative_ms(int64_t ms) { return { .QuadPart = -ms * 10'000 }; }

} // namespace

// A thread queues APCs to itself inside regions and at raised IRQLs.
// Shows: special ones are held back by guarded regions and APC_LEVEL, normal ones also by critical regions and mutexes;
// each runs at the moment of leaving, special before normal, in the order they came; KeAreApcsDisabled's kin agree.
TEST(ke_apc, run_when_the_thread_may_be_interrupted)
{
    struct Row {
        char const* region;
        char const* inside;
        char const* after;
    };
    for (Row const& row :
         { Row { "none", "s1 s1 k1 n0 k1 m0 ", "" }, Row { "critical", "s1 s1 ", "k1 n0 k1 m0 " },
           Row { "mutex", "s1 s1 ", "k1 n0 k1 m0 " }, Row { "guarded", "", "s1 s1 k1 n0 k1 m0 " },
           Row { "apc level", "", "s1 s1 k1 n0 k1 m0 " }, Row { "dispatch level", "", "s1 s1 k1 n0 k1 m0 " } }) {
        Core core({ .processors = 1, .mean_steps = kNever });
        auto& mutex = core.object<KMUTANT>();
        ke::KeInitializeMutex(&mutex, 0);
        g_film.clear();
        core.thread([&] {
            ke::Thread& self = core.kernel.current();
            std::string const region = row.region;
            KIRQL old = 0;
            if (region == "critical")
                ke::KeEnterCriticalRegion();
            else if (region == "guarded")
                ke::KeEnterGuardedRegion();
            else if (region == "mutex")
                ke::KeWaitForSingleObject(&mutex, Executive, KernelMode, 0, nullptr);
            else if (region != "none")
                old = core.kernel.raise_irql(region == "apc level" ? APC_LEVEL : DISPATCH_LEVEL);
            // While some are queued another special one goes before the normal ones.
            EXPECT_TRUE(insert(special(core, self)));
            KAPC& first = normal(core, self, "n");
            if (region == "none")
                EXPECT_TRUE(insert(special(core, self)));
            EXPECT_TRUE(insert(first));
            EXPECT_EQ(insert(first), region == "none"); // still queued: not a second time
            if (region == "none")
                g_film = g_film.substr(0, g_film.find("k1 n0 ") + 6);
            EXPECT_TRUE(insert(normal(core, self, "m")));
            if (region != "none")
                EXPECT_TRUE(insert(special(core, self)));
            EXPECT_EQ(g_film, row.inside) << row.region;
            g_film.clear();
            if (region == "critical")
                ke::KeLeaveCriticalRegion();
            else if (region == "guarded")
                ke::KeLeaveGuardedRegion();
            else if (region == "mutex")
                ke::KeReleaseMutex(&mutex, 0);
            else if (region != "none")
                core.kernel.lower_irql(old);
            EXPECT_EQ(g_film, row.after) << row.region;
        });
        EXPECT_EQ(core.run(), ke::Stop::Quiet) << row.region;
    }
}

// A thread waits in each way; an APC of each kind comes.
// Shows: kernel APCs run inside the wait, which then goes on with the same deadline; in a critical region a normal one
// waits for its end; a user-mode one ends alertable user-mode waits only, and runs at the return to user mode.
TEST(ke_apc, and_waits)
{
    struct Row {
        char const* kind;
        KPROCESSOR_MODE mode;
        bool alertable;
        bool critical;
        NTSTATUS status;
        char const* film;
    };
    for (Row const& row : {
             Row { "special", KernelMode, false, false, STATUS_TIMEOUT, "s1 woken0 " },
             Row { "special", KernelMode, false, true, STATUS_TIMEOUT, "s1 woken0 " },
             Row { "normal", KernelMode, false, false, STATUS_TIMEOUT, "k1 n0 woken0 " },
             Row { "normal", UserMode, true, false, STATUS_TIMEOUT, "k1 n0 woken0 " },
             Row { "normal", KernelMode, false, true, STATUS_TIMEOUT, "woken0 k1 n0 " },
             Row { "user", KernelMode, true, false, STATUS_TIMEOUT, "woken0 r0 " },
             Row { "user", UserMode, false, false, STATUS_TIMEOUT, "woken0 r0 " },
             Row { "user", UserMode, true, false, STATUS_USER_APC, "woken0 k1 user0 " },
         }) {
        Core core({ .processors = 2 });
        g_film.clear();
        ke::g_user_apc = [](ke::Thread&, PKNORMAL_ROUTINE, void*, void*, void*) { say("user"); };
        NTSTATUS status = -1;
        uint64_t woken = 0;
        ke::Thread& waiter = core.thread([&] {
            if (row.critical)
                ke::KeEnterCriticalRegion();
            LARGE_INTEGER timeout = relative_ms(100);
            auto& event = core.object<KEVENT>();
            ke::KeInitializeEvent(&event, NotificationEvent, 0);
            status = ke::KeWaitForSingleObject(&event, Executive, row.mode, row.alertable, &timeout);
            woken = sim::world().now_100ns();
            say("woken");
            if (row.critical)
                ke::KeLeaveCriticalRegion();
            core.kernel.return_to_user(nullptr);
        });
        core.thread([&] {
            core.kernel.delay(KernelMode, false, relative_ms(10));
            std::string const kind = row.kind;
            KAPC& apc = kind == "special" ? special(core, waiter)
                : kind == "normal"        ? normal(core, waiter, "n")
                                          : normal(core, waiter, "u", UserMode);
            EXPECT_TRUE(insert(apc));
        });
        EXPECT_EQ(core.run(), ke::Stop::Quiet);
        EXPECT_EQ(status, row.status) << row.kind << int { row.mode } << row.alertable;
        EXPECT_EQ(g_film, row.film) << row.kind << int { row.mode } << row.alertable;
        EXPECT_EQ(woken >= 1'000'000, row.status == STATUS_TIMEOUT);
        ke::g_user_apc = nullptr;
    }
}

// Shows: a user-mode APC that is there before the wait ends it at once; KeTestAlertThread finds it too.
TEST(ke_apc, user_mode_ones_are_found_by_waits_and_tests)
{
    Core core;
    g_film.clear();
    ke::g_user_apc
        = [](ke::Thread&, PKNORMAL_ROUTINE, void* context, void*, void*) { say(static_cast<char const*>(context)); };
    core.thread([&] {
        ke::Thread& self = core.kernel.current();
        insert(normal(core, self, "a", UserMode));
        insert(normal(core, self, "b", UserMode));
        core.kernel.return_to_user(nullptr);
        EXPECT_EQ(g_film, ""); // nobody asked for them
        LARGE_INTEGER minute = relative_ms(60'000);
        EXPECT_EQ(ke::KeDelayExecutionThread(UserMode, TRUE, &minute), STATUS_USER_APC);
        core.kernel.return_to_user(nullptr);
        EXPECT_EQ(g_film, "k1 a0 k1 b0 ");
        g_film.clear();
        insert(normal(core, self, "c", UserMode));
        EXPECT_FALSE(ke::KeTestAlertThread(UserMode));
        core.kernel.return_to_user(nullptr);
        EXPECT_EQ(g_film, "k1 c0 ");
    });
    EXPECT_EQ(core.run(), ke::Stop::Quiet);
    EXPECT_LT(sim::world().now_100ns(), 10'000u);
    ke::g_user_apc = nullptr;
}

// A thread runs on one processor, an APC for it is queued on the other.
// Shows: under every seed it runs in its thread, soon.
TEST(ke_apc, reach_a_thread_that_runs_elsewhere)
{
    for (uint64_t seed = 1; seed <= 30; ++seed) {
        Core core({ .seed = seed, .processors = 2 });
        g_film.clear();
        ke::Thread& runner = core.thread([&] {
            for (int i = 0; i < 2000 && g_film.empty(); ++i)
                core.kernel.schedule_point();
            say("seen");
        });
        core.thread([&] { insert(normal(core, runner, "n")); });
        ASSERT_EQ(core.run(), ke::Stop::Quiet);
        EXPECT_EQ(g_film, "k1 n0 seen0 ") << seed;
    }
}

// A thread attaches to a process, from there to another, and comes back; APCs come for both environments meanwhile.
// Shows: those of the own process wait for the last detach, those of the attached environment run there; an APC
// initialised for the current or the inserting one finds its place by then.
TEST(ke_apc, environments)
{
    Core core({ .processors = 1, .mean_steps = kNever });
    auto& state = core.object<KAPC_STATE>();
    g_film.clear();
    core.thread([&] {
        ke::Thread& self = core.kernel.current();
        KAPC& current = special(core, self, ke::Environment::Current);
        EXPECT_EQ(current.ApcStateIndex, 0);
        KAPC& inserting = special(core, self, ke::Environment::Insert);
        KAPC& again = special(core, self);

        ke::put_apc_state_aside(self, nullptr);
        insert(current);
        EXPECT_EQ(g_film, "");
        insert(inserting);
        EXPECT_EQ(g_film, "s1 ");
        EXPECT_EQ(inserting.ApcStateIndex, 1);
        insert(special(core, self, ke::Environment::Attached));
        EXPECT_EQ(g_film, "s1 s1 ");

        KIRQL const old = core.kernel.raise_irql(APC_LEVEL);
        KAPC& held = special(core, self, ke::Environment::Attached);
        insert(held);
        ke::put_apc_state_aside(self, &state);
        EXPECT_FALSE(self.kernel_apc_pending);
        core.kernel.lower_irql(old);
        insert(again);
        EXPECT_EQ(g_film, "s1 s1 ");
        ke::bring_apc_state_back(self, &state);
        core.kernel.check_kernel_apcs();
        EXPECT_EQ(g_film, "s1 s1 s1 "); // `held`
        ke::bring_apc_state_back(self, nullptr);
        core.kernel.check_kernel_apcs();
        EXPECT_EQ(g_film, "s1 s1 s1 s1 s1 ");
    });
    EXPECT_EQ(core.run(), ke::Stop::Quiet);
}

// Shows: who detaches while an APC for that process cannot run, or runs, is bug check 0x6.
TEST(ke_apc, detach_with_one_pending_is_a_bug_check)
{
    Core core({ .processors = 1 });
    core.thread([&] {
        ke::Thread& self = core.kernel.current();
        ke::put_apc_state_aside(self, nullptr);
        ke::KeEnterGuardedRegion();
        insert(special(core, self, ke::Environment::Attached));
        ke::bring_apc_state_back(self, nullptr);
    });
    ASSERT_EQ(core.run(), ke::Stop::BugCheck);
    EXPECT_EQ(core.kernel.crash()->code, static_cast<uint32_t>(INVALID_PROCESS_DETACH_ATTEMPT));
}

// A thread ends with an APC of each kind queued.
// Shows: kernel ones run, user-mode ones are run down; nothing is queued to it any more.
TEST(ke_apc, the_end_of_a_thread_runs_them_or_runs_them_down)
{
    Core core({ .processors = 1, .mean_steps = kNever });
    g_film.clear();
    auto& late = core.object<KAPC>();
    ke::Thread& thread = core.thread([&] {
        ke::Thread& self = core.kernel.current();
        self.kernel_apc_disable_at_start = -1; // as a driver's system thread: inside a critical region from the start
        ke::KeEnterCriticalRegion();
        insert(normal(core, self, "u", UserMode));
        insert(normal(core, self, "n"));
        late = normal(core, self, "late");
    });
    core.thread([&] {
        ke::KeWaitForSingleObject(thread.pointer(), Executive, KernelMode, 0, nullptr);
        EXPECT_FALSE(insert(late));
    });
    EXPECT_EQ(core.run(), ke::Stop::Quiet);
    EXPECT_EQ(g_film, "k1 n0 r0 ");
}

// Shows: regions that were not left are bug check 0x20 at a thread's end and 0x1 at the return to user mode, with both
// counts; as is a raised IRQL, 0x4A.
TEST(ke_apc, regions_left_open_are_bug_checks)
{
    struct Row {
        void (*enter)();
        uint64_t disabled;
    };
    Row const rows[] = { { ke::KeEnterCriticalRegion, 0xFFFF },
                         { ke::KeEnterGuardedRegion, 0xFFFF0000 },
                         { ke::KeLeaveCriticalRegion, 1 } };
    for (Row const& row : rows) {
        Core core;
        core.thread([&] { row.enter(); });
        ASSERT_EQ(core.run(), ke::Stop::BugCheck);
        EXPECT_EQ(core.kernel.crash()->code, static_cast<uint32_t>(KERNEL_APC_PENDING_DURING_EXIT));
        EXPECT_EQ(core.kernel.crash()->parameters[1], row.disabled);
        EXPECT_EQ(core.kernel.crash()->parameters[2], 0u);
    }
    for (Row const& row : rows) {
        Core core;
        core.thread([&] {
            row.enter();
            core.kernel.return_to_user(reinterpret_cast<void*>(row.enter));
        });
        ASSERT_EQ(core.run(), ke::Stop::BugCheck);
        EXPECT_EQ(core.kernel.crash()->code, static_cast<uint32_t>(APC_INDEX_MISMATCH));
        EXPECT_EQ(core.kernel.crash()->parameters[0], reinterpret_cast<uint64_t>(row.enter));
        EXPECT_EQ(core.kernel.crash()->parameters[2], row.disabled);
        EXPECT_EQ(core.kernel.crash()->parameters[3], 0u);
    }
    Core core;
    core.thread([&] {
        core.kernel.raise_irql(APC_LEVEL);
        core.kernel.return_to_user(nullptr);
    });
    ASSERT_EQ(core.run(), ke::Stop::BugCheck);
    EXPECT_EQ(core.kernel.crash()->code, static_cast<uint32_t>(IRQL_GT_ZERO_AT_SYSTEM_SERVICE));
    EXPECT_EQ(core.kernel.crash()->parameters[1], 1u);
}

// Shows: an APC's routine that returns at another IRQL is bug check 0xC8; a KAPC that was never initialised 0x4, one of
// a thread that is none 0x18.
TEST(ke_apc, bad_ones)
{
    for (int kind = 0; kind < 3; ++kind) {
        Core core;
        core.thread([&] {
            auto& apc = core.object<KAPC>();
            auto raise = [](KAPC*, PKNORMAL_ROUTINE*, PVOID*, PVOID*, PVOID*)
                             NTAPI { ke::kernel().raise_irql(DISPATCH_LEVEL); };
            if (kind)
                ke::KeInitializeApc(&apc, core.kernel.current().pointer(), 0, raise, nullptr, nullptr, KernelMode,
                                    nullptr);
            if (kind == 2)
                apc.Thread = reinterpret_cast<PKTHREAD>(&core.object<KEVENT>());
            insert(apc);
        });
        ASSERT_EQ(core.run(), ke::Stop::BugCheck);
        uint32_t const codes[] = { INVALID_DATA_ACCESS_TRAP, IRQL_UNEXPECTED_VALUE, REFERENCE_BY_POINTER };
        EXPECT_EQ(core.kernel.crash()->code, codes[kind]);
        if (kind == 1) {
            EXPECT_EQ(core.kernel.crash()->parameters[0], 0x20100u);
        }
    }
}
