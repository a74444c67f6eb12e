// SPDX-License-Identifier: MIT
// Ends: of processes from outside, of what holds them, and who is told on which thread.
#include "boot.h"
#include "ke/dispatcher_objects.h"
#include "ob/capture.h"
#include "ob/ddi.h"
#include "ob/manager.h"
#include "ps/ddi.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

using namespace ringside;
using namespace ringside::nt;
using ringside::test::BootedKernel;

namespace {

std::vector<std::string> g_journal;
KEVENT* g_event;
ke::Process* g_client;

PEPROCESS pointer(ke::Process& process) { return reinterpret_cast<PEPROCESS>(process.guest); }

void sleep_for(int64_t units = 10'000) { ke::kernel().delay(KernelMode, false, LARGE_INTEGER { .QuadPart = -units }); }

KEVENT* new_event()
{
    auto* event = static_cast<KEVENT*>(ex::allocate(NonPagedPoolNx, sizeof(KEVENT), 'tseT', ex::Owner::Kernel, true));
    ke::KeInitializeEvent(event, NotificationEvent, FALSE);
    return event;
}

void NTAPI on_own_thread(HANDLE process, HANDLE thread, BOOLEAN create)
{
    bool const own = ps::PsGetCurrentThreadId() == thread;
    g_journal.push_back(fmt::format("{} {}", create ? "begins" : "ended", own ? "on itself" : "elsewhere"));
    EXPECT_NE(process, reinterpret_cast<HANDLE>(4));
}

void NTAPI on_makers_thread(HANDLE, HANDLE thread, BOOLEAN create)
{
    bool const own = ps::PsGetCurrentThreadId() == thread;
    g_journal.push_back(fmt::format("{} {}", create ? "made" : "ends", own ? "on itself" : "elsewhere"));
}

void NTAPI blocks(HANDLE, HANDLE, BOOLEAN)
{
    g_journal.push_back("blocks");
    ke::KeWaitForSingleObject(g_event, Executive, KernelMode, FALSE, nullptr);
}

void NTAPI follows(HANDLE, HANDLE, BOOLEAN) { g_journal.push_back("follows"); }

void waits_in_user_mode(ke::Thread&, void*)
{
    NTSTATUS const status = ke::KeWaitForSingleObject(g_event, UserRequest, UserMode, FALSE, nullptr);
    g_journal.push_back(fmt::format("woken {:x}", static_cast<uint32_t>(status)));
    ps::manager().return_to_user_mode(*ps::manager().record_of(ke::kernel().current()));
    g_journal.push_back("not ended");
}

void waits_in_the_kernel(ke::Thread&, void*)
{
    ke::KeWaitForSingleObject(g_event, Executive, KernelMode, FALSE, nullptr);
    g_journal.push_back("back from the kernel");
    ps::manager().return_to_user_mode(*ps::manager().record_of(ke::kernel().current()));
    g_journal.push_back("not ended");
}

} // namespace

// A client's two threads wait, one in user mode and one inside the kernel, when the process is terminated.
// Shows: the first ends at once, the second when it comes back; only then does the process; its status is the one given.
TEST(ps_end, threads_end_where_they_are_in_user_mode)
{
    for (uint64_t seed = 1; seed <= 30; ++seed) {
        BootedKernel boot({ .seed = seed });
        boot.run_on_thread([] {
            g_journal.clear();
            g_event = new_event();
            ke::Process& client = *ps::manager().create_client(u"client.exe").take();
            ob::Held held(client.guest);
            ob::reference(client.guest);
            ASSERT_TRUE(ps::manager().create_client_thread(client, waits_in_user_mode, nullptr).ok());
            ASSERT_TRUE(ps::manager().create_client_thread(client, waits_in_the_kernel, nullptr).ok());
            sleep_for();
            EXPECT_EQ(ps::manager().terminate(client, STATUS_CANCELLED), STATUS_SUCCESS);
            EXPECT_EQ(ps::manager().terminate(client, STATUS_CANCELLED), STATUS_PROCESS_IS_TERMINATING);
            sleep_for();
            EXPECT_EQ(g_journal, (std::vector<std::string> { "woken c0" }));
            EXPECT_EQ(ps::manager().record_of(client)->live_threads, 1u);
            EXPECT_EQ(ps::manager().create_client_thread(client, waits_in_the_kernel, nullptr).status(),
                      STATUS_PROCESS_IS_TERMINATING);
            ke::KeSetEvent(g_event, 0, FALSE);
            EXPECT_EQ(ke::KeWaitForSingleObject(client.guest, Executive, KernelMode, FALSE, nullptr), STATUS_SUCCESS);
            EXPECT_EQ(g_journal, (std::vector<std::string> { "woken c0", "back from the kernel" }));
            EXPECT_EQ(ps::PsGetProcessExitStatus(pointer(client)), STATUS_CANCELLED);
            ex::free(g_event, 'tseT');
        });
        EXPECT_EQ(boot.settle(), ke::Stop::Quiet);
    }
}

// A client's thread is inside the kernel when its process is terminated; on its way back it waits in user mode for what
// never comes.
// Shows: that wait ends at once (it was waited for ever), and the process ends.
TEST(ps_end, a_thread_that_was_asked_to_end_does_not_wait_in_user_mode)
{
    BootedKernel boot;
    EXPECT_TRUE(boot.run_on_thread([] {
        g_journal.clear();
        g_event = new_event();
        static KEVENT* never;
        never = new_event();
        ke::Process& client = *ps::manager().create_client(u"client.exe").take();
        ob::Held held(client.guest);
        ob::reference(client.guest);
        auto const main = [](ke::Thread& self, void*) {
            ke::KeWaitForSingleObject(g_event, Executive, KernelMode, FALSE, nullptr);
            auto* const other = g_event;
            g_event = never;
            waits_in_user_mode(self, nullptr);
            g_event = other;
        };
        ASSERT_TRUE(ps::manager().create_client_thread(client, main, nullptr).ok());
        sleep_for();
        EXPECT_EQ(ps::manager().terminate(client, STATUS_CANCELLED), STATUS_SUCCESS);
        ke::KeSetEvent(g_event, 0, FALSE);
        EXPECT_EQ(ke::KeWaitForSingleObject(client.guest, Executive, KernelMode, FALSE, nullptr), STATUS_SUCCESS);
        EXPECT_EQ(g_journal, (std::vector<std::string> { "woken c0" }));
    }));
}

// A driver holds a process' exit while the process is terminated.
// Shows: handles and addresses are there until PsReleaseProcessExitSynchronization; nobody can hold it afterwards.
TEST(ps_end, exit_waits_for_who_holds_it)
{
    BootedKernel boot;
    boot.run_on_thread([] {
        g_client = ps::manager().create_client(u"client.exe").take();
        ob::Held held(g_client->guest);
        ob::reference(g_client->guest);
        void* event = *ob::create(ob::event_type, sizeof(KEVENT), 'tseT');
        ASSERT_TRUE(ob::open_handle(*g_client, event, { .access = SYNCHRONIZE }).ok());
        ASSERT_EQ(ps::PsAcquireProcessExitSynchronization(pointer(*g_client)), STATUS_SUCCESS);
        ASSERT_TRUE(ps::manager()
                        .create_system_thread(
                            [](ke::Thread&, void*) { ps::manager().end_client(*g_client, STATUS_SUCCESS); }, nullptr)
                        .ok());
        sleep_for();
        EXPECT_EQ(ob::open_handles_of(*g_client), 1u);
        EXPECT_EQ(ps::PsAcquireProcessExitSynchronization(pointer(*g_client)), STATUS_PROCESS_IS_TERMINATING);
        ps::PsReleaseProcessExitSynchronization(pointer(*g_client));
        sleep_for();
        EXPECT_EQ(ob::open_handles_of(*g_client), 0u);
        EXPECT_TRUE(ps::manager().record_of(*g_client)->exited);
        ob::dereference(event);
    });
}

// Two drivers hear of a client's thread: one on the maker's thread, one (by the Ex form) on the new thread itself.
// Shows: order and thread of the calls; system threads are not told to the second; both are removed by one service.
TEST(ps_end, thread_routines_of_both_kinds)
{
    BootedKernel boot;
    boot.run_on_thread([] {
        g_journal.clear();
        ASSERT_EQ(ps::PsSetCreateThreadNotifyRoutine(on_makers_thread), STATUS_SUCCESS);
        ASSERT_EQ(ps::PsSetCreateThreadNotifyRoutineEx(ps::kPsCreateThreadNotifyNonSystem,
                                                       reinterpret_cast<PVOID>(on_own_thread)),
                  STATUS_SUCCESS);
        ke::Process& client = *ps::manager().create_client(u"client.exe").take();
        ob::Held held(client.guest);
        ob::reference(client.guest);
        ASSERT_TRUE(ps::manager()
                        .create_client_thread(
                            client, [](ke::Thread&, void*) { g_journal.push_back("runs"); }, nullptr)
                        .ok());
        ke::KeWaitForSingleObject(client.guest, Executive, KernelMode, FALSE, nullptr);
        EXPECT_EQ(g_journal,
                  (std::vector<std::string> { "made elsewhere", "begins on itself", "runs", "ends on itself",
                                              "ended on itself" }));
        g_journal.clear();
        ASSERT_TRUE(ps::manager().create_system_thread([](ke::Thread&, void*) { }, nullptr).ok());
        sleep_for();
        EXPECT_EQ(g_journal, (std::vector<std::string> { "made elsewhere", "ends on itself" }));
        EXPECT_EQ(ps::PsRemoveCreateThreadNotifyRoutine(on_makers_thread), STATUS_SUCCESS);
        EXPECT_EQ(ps::PsRemoveCreateThreadNotifyRoutine(on_own_thread), STATUS_SUCCESS);
        EXPECT_EQ(ps::PsRemoveCreateThreadNotifyRoutine(on_own_thread), STATUS_PROCEDURE_NOT_FOUND);
    });
}

// A driver removes its process routine while it waits inside a call; a second routine stands behind it.
// Shows: the removal returns only after the routine did; nobody is called twice or left out; it is not called again.
TEST(ps_end, removing_a_routine_waits_for_it)
{
    for (uint64_t seed = 1; seed <= 20; ++seed) {
        BootedKernel boot({ .seed = seed });
        boot.run_on_thread([] {
            g_journal.clear();
            g_event = new_event();
            static bool removed;
            removed = false;
            ASSERT_EQ(ps::PsSetCreateProcessNotifyRoutine(blocks, FALSE), STATUS_SUCCESS);
            ASSERT_EQ(ps::PsSetCreateProcessNotifyRoutine(follows, FALSE), STATUS_SUCCESS);
            g_client = ps::manager().create_client(u"client.exe").take();
            ASSERT_TRUE(ps::manager()
                            .create_system_thread(
                                [](ke::Thread&, void*) {
                                    EXPECT_TRUE(ps::manager()
                                                    .create_client_thread(
                                                        *g_client, [](ke::Thread&, void*) { }, nullptr)
                                                    .ok());
                                },
                                nullptr)
                            .ok());
            sleep_for();
            ASSERT_TRUE(ps::manager()
                            .create_system_thread(
                                [](ke::Thread&, void*) {
                                    EXPECT_EQ(ps::PsSetCreateProcessNotifyRoutine(blocks, TRUE), STATUS_SUCCESS);
                                    removed = true;
                                },
                                nullptr)
                            .ok());
            sleep_for();
            EXPECT_FALSE(removed);
            EXPECT_EQ(g_journal, (std::vector<std::string> { "blocks" }));
            ke::KeSetEvent(g_event, 0, FALSE);
            sleep_for(1'000'000);
            EXPECT_TRUE(removed);
            EXPECT_EQ(g_journal, (std::vector<std::string> { "blocks", "follows", "follows" }));
            EXPECT_EQ(ps::PsSetCreateProcessNotifyRoutine(follows, TRUE), STATUS_SUCCESS);
            EXPECT_EQ(ps::manager().notify_routines(), 0u);
            ex::free(g_event, 'tseT');
        });
    }
}

// A process that said it is critical is terminated.
// Shows: bug check 0xEF with the process.
TEST(ps_end, a_critical_process_takes_the_machine_with_it)
{
    BootedKernel boot;
    void* guest = nullptr;
    EXPECT_FALSE(boot.run_on_thread([&] {
        ke::Process& client = *ps::manager().create_client(u"csrss.exe").take();
        guest = client.guest;
        ps::manager().record_of(client)->critical = true;
        ps::manager().terminate(client, STATUS_SUCCESS);
    }));
    ASSERT_TRUE(boot.crash());
    EXPECT_EQ(boot.crash()->code, CRITICAL_PROCESS_DIED);
    EXPECT_EQ(boot.crash()->parameters[0], reinterpret_cast<uint64_t>(guest));
    EXPECT_EQ(boot.crash()->parameters[1], 0u);
}

// Forty clients come and go, and one of them is looked up by every way there is.
// Shows: lookups after others are gone, a body whose index was overwritten, ids that are not used again.
TEST(ps_end, lookups_survive_what_drivers_write)
{
    BootedKernel boot;
    boot.run_on_thread([] {
        std::vector<ke::Process*> clients;
        for (int i = 0; i < 40; ++i)
            clients.push_back(ps::manager().create_client(u"client.exe").take());
        uint64_t const gone = clients[20]->id;
        for (int i = 0; i < 40; ++i)
            if (i != 7)
                ps::manager().end_client(*clients[i], STATUS_SUCCESS);
        PEPROCESS found = nullptr;
        EXPECT_EQ(ps::PsLookupProcessByProcessId(reinterpret_cast<HANDLE>(gone), &found), STATUS_INVALID_CID);
        EXPECT_EQ(ps::PsLookupProcessByProcessId(reinterpret_cast<HANDLE>(clients[7]->id), &found), STATUS_SUCCESS);
        EXPECT_EQ(found, pointer(*clients[7]));
        ob::ObfDereferenceObject(found);
        uint64_t const index = clients[7]->guest->record_index;
        clients[7]->guest->record_index = 0; // the System process' own
        EXPECT_EQ(ps::manager().process_of(clients[7]->guest), nullptr);
        clients[7]->guest->record_index = ~uint64_t { 0 };
        EXPECT_EQ(ps::manager().process_of(clients[7]->guest), nullptr);
        clients[7]->guest->record_index = index;
        EXPECT_EQ(ps::manager().process_of(clients[7]->guest), clients[7]);
        ke::Process& next = *ps::manager().create_client(u"client.exe").take();
        EXPECT_GT(next.id, clients[7]->id);
        ps::manager().end_client(next, STATUS_SUCCESS);
        ps::manager().end_client(*clients[7], STATUS_SUCCESS);
    });
}
