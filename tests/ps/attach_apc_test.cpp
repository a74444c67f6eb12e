// SPDX-License-Identifier: MIT
// APCs of a thread that attaches to other processes; regions that a client's call leaves open; user-mode APCs of a client.
#include "boot.h"
#include "ke/dispatcher_objects.h"
#include "machine/host_thread.h"
#include "ps/ddi.h"

#include <gtest/gtest.h>

using namespace ringside;
using namespace ringside::nt;
using ringside::test::BootedKernel;

namespace {

std::string g_film; // where APCs ran: the attached process' name

void NTAPI tell(KAPC*, PKNORMAL_ROUTINE*, PVOID*, PVOID*, PVOID*)
{
    g_film += std::string(ke::kernel().current().attached->name) + " ";
}

void NTAPI in_user_mode(PVOID, PVOID, PVOID) { }

template <typename T>
T& pool()
{
    return *new (ex::allocate(NonPagedPool, sizeof(T), 'tseT', ex::Owner::Kernel, true)) T {};
}

KAPC& apc_for(LONG environment)
{
    auto& apc = pool<KAPC>();
    ke::KeInitializeApc(&apc, ke::kernel().current().pointer(), environment, tell, nullptr, nullptr, KernelMode, nullptr);
    return apc;
}

void insert(KAPC& apc) { EXPECT_TRUE(ke::KeInsertQueueApc(&apc, nullptr, nullptr, 0)); }

} // namespace

// A system thread attaches to one client, from there to another, and comes back.
// Shows: an APC runs in the environment it was made for: at once, or when the thread is back there; what a
// process in the middle still has to hear runs there.
TEST(ps_attach, apcs_run_where_they_belong)
{
    BootedKernel boot;
    g_film.clear();
    ASSERT_TRUE(boot.run_on_thread([] {
        enum { Original, Attached, Current, Insert };
        auto kprocess = [](ke::Process* process) { return reinterpret_cast<PKPROCESS>(process->guest); };
        ke::Process* one = *ps::manager().create_client(u"one.exe");
        ke::Process* two = *ps::manager().create_client(u"two.exe");
        auto& outer = pool<KAPC_STATE>();
        auto& inner = pool<KAPC_STATE>();
        KAPC& own = apc_for(Original);
        KAPC& made_here = apc_for(Current);
        EXPECT_FALSE(ps::KeIsAttachedProcess());
        ps::KeStackAttachProcess(kprocess(one), &outer);
        EXPECT_TRUE(ps::KeIsAttachedProcess());
        insert(own);
        insert(made_here);
        EXPECT_EQ(g_film, "");
        insert(apc_for(Current));
        insert(apc_for(Insert));
        EXPECT_EQ(g_film, "one.exe one.exe ");
        ke::KeEnterGuardedRegion();
        insert(apc_for(Attached));
        ps::KeStackAttachProcess(kprocess(two), &inner);
        ke::KeLeaveGuardedRegion();
        insert(apc_for(Attached));
        EXPECT_EQ(g_film, "one.exe one.exe two.exe ");
        ps::KeUnstackDetachProcess(&inner);
        EXPECT_EQ(g_film, "one.exe one.exe two.exe one.exe ");
        g_film.clear();
        ps::KeUnstackDetachProcess(&outer);
        EXPECT_EQ(g_film, "System System ");
    }));
    EXPECT_EQ(boot.crash(), nullptr);
}

// A client's call leaves a region open, or stays attached.
// Shows: bug check 0x1 as it returns, with the environment and the counts.
TEST(ps_attach, a_client_call_that_leaves_a_region_open)
{
    for (bool attached : { false, true }) {
        BootedKernel boot;
        ke::Process* client = nullptr;
        ASSERT_TRUE(boot.run_on_thread([&] { client = *ps::manager().create_client(u"client.exe"); }));
        machine::HostThread thread(client);
        EXPECT_EQ(thread.execute([&] {
            if (attached)
                ps::KeAttachProcess(reinterpret_cast<PKPROCESS>(ps::manager().system().guest));
            else
                ke::KeEnterCriticalRegion();
        }),
                  machine::Outcome::Ended);
        ASSERT_NE(boot.crash(), nullptr);
        EXPECT_EQ(boot.crash()->code, static_cast<uint32_t>(APC_INDEX_MISMATCH));
        EXPECT_EQ(boot.crash()->parameters[1], attached ? 1u : 0u);
        EXPECT_EQ(boot.crash()->parameters[2], attached ? 0u : 0xFFFFu);
    }
}

// A driver queues a user-mode APC to a client's thread, which waits alertably in a later call.
// Shows: the wait ends with STATUS_USER_APC; the kernel routine runs as the call returns, and the log notes the rest.
TEST(ps_attach, a_client_hears_of_its_user_mode_apc)
{
    BootedKernel boot;
    g_film.clear();
    ke::Process* client = nullptr;
    ASSERT_TRUE(boot.run_on_thread([&] { client = *ps::manager().create_client(u"client.exe"); }));
    machine::HostThread thread(client);
    ASSERT_EQ(thread.execute([] {
        auto& apc = pool<KAPC>();
        ke::KeInitializeApc(&apc, ke::kernel().current().pointer(), 0, tell, nullptr, in_user_mode, UserMode, nullptr);
        insert(apc);
    }),
              machine::Outcome::Done);
    EXPECT_EQ(g_film, "");
    NTSTATUS status = -1;
    ASSERT_EQ(thread.execute([&] {
        LARGE_INTEGER minute { .QuadPart = -600'000'000 };
        status = ke::KeDelayExecutionThread(UserMode, TRUE, &minute);
    }),
              machine::Outcome::Done);
    EXPECT_EQ(status, STATUS_USER_APC);
    EXPECT_EQ(g_film, "client.exe ");
}
