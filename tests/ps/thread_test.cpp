// SPDX-License-Identifier: MIT
// System threads that drivers make: their life, their identity, and what is left of them.
#include "boot.h"
#include "ke/dispatcher_objects.h"
#include "ob/capture.h"
#include "ob/ddi.h"
#include "ps/ddi.h"

#include <gtest/gtest.h>

using namespace ringside;
using namespace ringside::nt;
using ringside::test::BootedKernel;

namespace {

struct Seen {
    PVOID context;
    HANDLE thread_id;
    HANDLE process_id;
    uint8_t irql;
    BOOLEAN is_system;
    int32_t apc_disable;
    size_t driver_threads;
} g_seen;

void NTAPI look_around(PVOID context)
{
    g_seen = { context,
               ps::PsGetCurrentThreadId(),
               ps::PsGetCurrentProcessId(),
               ke::Kernel::irql(),
               ps::PsIsSystemThread(ps::PsGetCurrentThread()),
               ke::kernel().current().kernel_apc_disable,
               ps::manager().driver_threads() };
    ps::PsTerminateSystemThread(STATUS_DEVICE_REMOVED);
    ADD_FAILURE() << "a terminated thread went on";
}

void NTAPI return_at_once(PVOID) {}

std::vector<std::string> g_notified;

void NTAPI thread_notified(HANDLE, HANDLE thread, BOOLEAN create)
{
    g_notified.push_back((create ? "+" : "-") + std::to_string(reinterpret_cast<uint64_t>(thread)));
}

void sleep_for(int64_t units)
{
    LARGE_INTEGER interval { .QuadPart = -units };
    ke::kernel().delay(KernelMode, false, interval);
}

} // namespace

// A driver makes a thread, waits for it by its object, and closes everything.
// Shows: where the thread runs, its exit status, that thread, stack and count are gone in the end.
TEST(ps_thread, a_system_thread_lives_and_dies)
{
    BootedKernel boot;
    boot.run_on_thread([&] {
        sleep_for(10'000);
        size_t const objects = ob::count();
        size_t const stacks = boot.rooms.kernel.stacks().in_use();
        HANDLE handle = nullptr;
        CLIENT_ID id {};
        int marker;
        ASSERT_EQ(ps::PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, nullptr, nullptr, &id, look_around, &marker),
                  STATUS_SUCCESS);
        EXPECT_TRUE(ob::ObIsKernelHandle(handle));
        EXPECT_EQ(id.UniqueProcess, reinterpret_cast<HANDLE>(4));
        PVOID body = nullptr;
        ASSERT_EQ(ob::ObReferenceObjectByHandle(handle, SYNCHRONIZE, ob::thread_type.guest, KernelMode, &body, nullptr),
                  STATUS_SUCCESS);
        auto* thread = static_cast<PETHREAD>(body);
        EXPECT_EQ(ps::PsGetThreadId(thread), id.UniqueThread);
        EXPECT_EQ(ke::KeWaitForSingleObject(body, Executive, KernelMode, FALSE, nullptr), STATUS_SUCCESS);
        EXPECT_EQ(g_seen.context, &marker);
        EXPECT_EQ(g_seen.thread_id, id.UniqueThread);
        EXPECT_EQ(g_seen.process_id, id.UniqueProcess);
        EXPECT_EQ(g_seen.irql, PASSIVE_LEVEL);
        EXPECT_TRUE(g_seen.is_system);
        EXPECT_EQ(g_seen.apc_disable, -1);
        EXPECT_EQ(g_seen.driver_threads, 1u);
        EXPECT_EQ(ps::manager().driver_threads(), 0u);
        sleep_for(10'000);
        EXPECT_EQ(ps::PsGetThreadExitStatus(thread), STATUS_DEVICE_REMOVED);
        EXPECT_TRUE(ps::PsIsThreadTerminating(thread));
        EXPECT_EQ(ob::references(body), 2u); // the handle's and ours
        EXPECT_EQ(ob::ZwClose(handle), STATUS_SUCCESS);
        ob::ObfDereferenceObject(body);
        EXPECT_EQ(ob::count(), objects);
        EXPECT_EQ(boot.rooms.kernel.stacks().in_use(), stacks);
    });
}

// The handle is closed before the thread has run.
// Shows: a running thread keeps itself; nothing is left when it returns from its start routine.
TEST(ps_thread, a_thread_without_handles_keeps_itself)
{
    BootedKernel boot;
    boot.run_on_thread([&] {
        sleep_for(10'000);
        size_t const objects = ob::count();
        for (int i = 0; i < 20; ++i) {
            HANDLE handle = nullptr;
            ASSERT_EQ(ps::PsCreateSystemThread(&handle, 0, nullptr, nullptr, nullptr, return_at_once, nullptr),
                      STATUS_SUCCESS);
            EXPECT_EQ(ob::ZwClose(handle), STATUS_SUCCESS);
        }
        sleep_for(100'000);
        EXPECT_EQ(ob::count(), objects);
        EXPECT_EQ(ps::manager().driver_threads(), 0u);
    });
}

// Wrong attributes, a handle of another type, a lookup of an id that is none.
TEST(ps_thread, statuses)
{
    BootedKernel boot;
    boot.run_on_thread([&] {
        HANDLE handle = nullptr, event = nullptr;
        OBJECT_ATTRIBUTES given { .Length = sizeof given, .Attributes = OBJ_PERMANENT };
        EXPECT_EQ(ps::PsCreateSystemThread(&handle, 0, &given, nullptr, nullptr, return_at_once, nullptr),
                  STATUS_INVALID_PARAMETER);
        ASSERT_EQ(ob::ZwCreateEvent(&event, EVENT_ALL_ACCESS, nullptr, NotificationEvent, FALSE), STATUS_SUCCESS);
        EXPECT_EQ(ps::PsCreateSystemThread(&handle, 0, nullptr, event, nullptr, return_at_once, nullptr),
                  STATUS_OBJECT_TYPE_MISMATCH);
        EXPECT_EQ(ob::ZwClose(event), STATUS_SUCCESS);
        PETHREAD thread = nullptr;
        EXPECT_EQ(ps::PsLookupThreadByThreadId(reinterpret_cast<HANDLE>(2), &thread), STATUS_INVALID_PARAMETER);
        ASSERT_EQ(ps::PsLookupThreadByThreadId(ps::PsGetCurrentThreadId(), &thread), STATUS_SUCCESS);
        EXPECT_EQ(thread, ps::PsGetCurrentThread());
        EXPECT_EQ(ps::PsGetThreadProcess(thread), ps::PsGetCurrentProcess());
        ob::ObfDereferenceObject(thread);
    });
}

// A driver listens to threads.
// Shows: creation in the creator's context, the end in the thread's own; removal; statuses.
TEST(ps_notify, threads_are_announced)
{
    BootedKernel boot;
    boot.run_on_thread([&] {
        g_notified.clear();
        ASSERT_EQ(ps::PsSetCreateThreadNotifyRoutine(thread_notified), STATUS_SUCCESS);
        HANDLE handle = nullptr;
        CLIENT_ID id {};
        ASSERT_EQ(ps::PsCreateSystemThread(&handle, 0, nullptr, nullptr, &id, return_at_once, nullptr), STATUS_SUCCESS);
        EXPECT_EQ(ob::ZwClose(handle), STATUS_SUCCESS);
        sleep_for(10'000);
        std::string const number = std::to_string(reinterpret_cast<uint64_t>(id.UniqueThread));
        EXPECT_EQ(g_notified, (std::vector<std::string> { "+" + number, "-" + number }));
        EXPECT_EQ(ps::PsRemoveCreateThreadNotifyRoutine(thread_notified), STATUS_SUCCESS);
        EXPECT_EQ(ps::PsRemoveCreateThreadNotifyRoutine(thread_notified), STATUS_PROCEDURE_NOT_FOUND);
        ASSERT_EQ(ps::PsCreateSystemThread(&handle, 0, nullptr, nullptr, nullptr, return_at_once, nullptr),
                  STATUS_SUCCESS);
        EXPECT_EQ(ob::ZwClose(handle), STATUS_SUCCESS);
        sleep_for(10'000);
        EXPECT_EQ(g_notified.size(), 2u);
    });
}

// Two machines run the same threads from the same seed, a third from another one.
// Shows: the log's hash is a function of the seed.
TEST(ps_thread, the_same_seed_gives_the_same_log)
{
    auto hash = [](uint64_t seed) {
        BootedKernel boot({ .seed = seed });
        boot.run_on_thread([] {
            for (int i = 0; i < 8; ++i) {
                HANDLE handle = nullptr;
                ps::PsCreateSystemThread(&handle, 0, nullptr, nullptr, nullptr, return_at_once, nullptr);
                ob::ZwClose(handle);
            }
            sleep_for(10'000);
        });
        return sim::world().log().hash();
    };
    EXPECT_EQ(hash(1), hash(1));
    EXPECT_EQ(hash(2), hash(2));
}
