// SPDX-License-Identifier: MIT
// Client processes: ids, threads, handles, attaching to their addresses, notification, their end.
#include "boot.h"
#include "ke/dispatcher_objects.h"
#include "mm/virtual_memory.h"
#include "ob/capture.h"
#include "ob/ddi.h"
#include "ps/ddi.h"
#include "rtl/image.h"

#include <gtest/gtest.h>

using namespace ringside;
using namespace ringside::nt;
using ringside::test::BootedKernel;

namespace {

std::vector<std::string> g_notified;
NTSTATUS g_refuse_with;
std::function<void()> g_client_work;

std::string number_of(HANDLE id) { return std::to_string(reinterpret_cast<uint64_t>(id)); }

void NTAPI process_notified(HANDLE parent, HANDLE process, BOOLEAN create)
{
    g_notified.push_back(std::string(create ? "+" : "-") + number_of(process) + " of " + number_of(parent));
}

void NTAPI process_notified_ex(EPROCESS* process, HANDLE, PS_CREATE_NOTIFY_INFO* info)
{
    std::string line = std::string(info ? "+" : "-")
        + reinterpret_cast<char*>(ps::PsGetProcessImageFileName(process));
    if (info) {
        EXPECT_EQ(info->Size, sizeof *info);
        line += " " + std::string(info->ImageFileName->Buffer, info->ImageFileName->Buffer + 5);
        info->CreationStatus = g_refuse_with;
    }
    EXPECT_EQ(ke::kernel().current().kernel_apc_disable, -1);
    g_notified.push_back(line);
}

void NTAPI image_notified(UNICODE_STRING* name, HANDLE process, IMAGE_INFO* info)
{
    g_notified.push_back(std::string(name->Buffer, name->Buffer + name->Length / 2) + " " + number_of(process) + " "
                         + std::to_string(info->ImageSize) + (info->SystemModeImage ? " system" : ""));
}

void run_client(ke::Thread&, void*) { g_client_work(); }

void sleep_for(int64_t units = 10'000)
{
    LARGE_INTEGER interval { .QuadPart = -units };
    ke::kernel().delay(KernelMode, false, interval);
}

} // namespace

// The System process, as drivers ask for it.
TEST(ps_process, the_system_process)
{
    BootedKernel boot({ .windows = Windows::win7 });
    boot.run_on_thread([&] {
        auto* system = *reinterpret_cast<PEPROCESS*>(ps::kInitialSystemProcess);
        EXPECT_EQ(ps::PsGetCurrentProcess(), system);
        EXPECT_EQ(ps::PsGetProcessId(system), reinterpret_cast<HANDLE>(4));
        EXPECT_STREQ(reinterpret_cast<char*>(ps::PsGetProcessImageFileName(system)), "System");
        EXPECT_EQ(ps::PsGetProcessExitStatus(system), STATUS_PENDING);
        PEPROCESS found = nullptr;
        EXPECT_EQ(ps::PsLookupProcessByProcessId(reinterpret_cast<HANDLE>(4), &found), STATUS_SUCCESS);
        EXPECT_EQ(found, system);
        ob::ObfDereferenceObject(found);
        EXPECT_EQ(ps::PsLookupProcessByProcessId(nullptr, &found), STATUS_INVALID_CID);
        ULONG major = 0, minor = 9, build = 0;
        UNICODE_STRING pack {};
        EXPECT_EQ(ps::PsGetVersion(&major, &minor, &build, &pack), FALSE);
        EXPECT_EQ(major, 6u);
        EXPECT_EQ(minor, 1u);
        EXPECT_EQ(build, 7601u);
        EXPECT_EQ(std::u16string_view(pack.Buffer, pack.Length / 2), u"Service Pack 1");
    });
}

// Before Windows Vista the same mistake had another status.
TEST(ps_process, lookup_status_of_old_windows)
{
    BootedKernel boot({ .windows = Windows::xp_x64 });
    boot.run_on_thread([&] {
        PEPROCESS found = nullptr;
        EXPECT_EQ(ps::PsLookupProcessByProcessId(reinterpret_cast<HANDLE>(12344), &found), STATUS_INVALID_PARAMETER);
    });
}

// A client with one thread opens handles and ends.
// Shows: P3, its own handle table, notification in order, the process object is signalled and then gone.
TEST(ps_process, a_client_comes_and_goes)
{
    BootedKernel boot;
    boot.run_on_thread([&] {
        g_notified.clear();
        g_refuse_with = STATUS_SUCCESS;
        ASSERT_EQ(ps::PsSetCreateProcessNotifyRoutine(process_notified, FALSE), STATUS_SUCCESS);
        EXPECT_EQ(ps::PsSetCreateProcessNotifyRoutine(process_notified, FALSE), STATUS_INVALID_PARAMETER);
        ASSERT_EQ(ps::PsSetCreateProcessNotifyRoutineEx(process_notified_ex, FALSE), STATUS_SUCCESS);
        sleep_for();
        size_t const objects = ob::count();
        size_t const handles = ob::open_handles();
        ke::Process* client = *ps::manager().create_client(u"C:\\Tools\\client.exe");
        void* body = client->guest;
        ob::reference(body);
        HANDLE const id = ps::PsGetProcessId(static_cast<PEPROCESS>(body));
        EXPECT_EQ(g_notified.size(), 0u);
        g_client_work = [&] {
            HANDLE handle = nullptr;
            ob::ZwCreateEvent(&handle, EVENT_ALL_ACCESS, nullptr, NotificationEvent, FALSE);
            EXPECT_FALSE(ob::ObIsKernelHandle(handle));
            EXPECT_EQ(ob::previous_mode(), UserMode);
            EXPECT_EQ(ps::PsGetCurrentProcessId(), id);
            EXPECT_FALSE(ps::PsIsSystemThread(ps::PsGetCurrentThread()));
            EXPECT_EQ(ps::PsTerminateSystemThread(0), STATUS_INVALID_PARAMETER);
            EXPECT_EQ(ob::open_handles(), handles + 1);
        };
        ASSERT_TRUE(ps::manager().create_client_thread(*client, run_client, nullptr).ok());
        EXPECT_EQ(ke::KeWaitForSingleObject(body, Executive, KernelMode, FALSE, nullptr), STATUS_SUCCESS);
        EXPECT_EQ(ob::open_handles(), handles);
        EXPECT_EQ(ps::PsGetProcessExitStatus(static_cast<PEPROCESS>(body)), STATUS_SUCCESS);
        EXPECT_EQ(g_notified,
                  (std::vector<std::string> { "+" + number_of(id) + " of 4", "+client.exe C:\\To",
                                              "-" + number_of(id) + " of 4", "-client.exe" }));
        sleep_for();
        ob::dereference(body);
        EXPECT_EQ(ob::count(), objects);
        PEPROCESS found = nullptr;
        EXPECT_EQ(ps::PsLookupProcessByProcessId(id, &found), STATUS_INVALID_CID);
        EXPECT_EQ(ps::PsSetCreateProcessNotifyRoutine(process_notified, TRUE), STATUS_SUCCESS);
        EXPECT_EQ(ps::PsSetCreateProcessNotifyRoutine(process_notified, TRUE), STATUS_PROCEDURE_NOT_FOUND);
        EXPECT_EQ(ps::PsSetCreateProcessNotifyRoutineEx(process_notified_ex, TRUE), STATUS_SUCCESS);
    });
}

// A driver refuses a process.
// Shows: the status it wrote reaches the creator, the thread never runs, nothing is left.
TEST(ps_process, a_notify_routine_may_refuse)
{
    BootedKernel boot;
    boot.run_on_thread([&] {
        g_refuse_with = STATUS_ACCESS_DENIED;
        ASSERT_EQ(ps::PsSetCreateProcessNotifyRoutineEx(process_notified_ex, FALSE), STATUS_SUCCESS);
        sleep_for();
        size_t const objects = ob::count();
        ke::Process* client = *ps::manager().create_client(u"virus.exe");
        g_client_work = [] { ADD_FAILURE() << "a refused process ran"; };
        EXPECT_EQ(ps::manager().create_client_thread(*client, run_client, nullptr).status(), STATUS_ACCESS_DENIED);
        ps::manager().end_client(*client, STATUS_ACCESS_DENIED);
        EXPECT_EQ(ob::count(), objects);
        ps::manager().has_forced_integrity = [](void const*) { return false; };
        EXPECT_EQ(ps::PsSetCreateProcessNotifyRoutineEx(nullptr, FALSE), STATUS_ACCESS_DENIED);
    });
}

// A system thread attaches to a client and reads its memory.
// Shows: which addresses are open when, nesting, what the process routines say meanwhile.
TEST(ps_process, attaching)
{
    BootedKernel boot;
    boot.run_on_thread([&] {
        ke::Process* one = *ps::manager().create_client(u"one.exe");
        ke::Process* two = *ps::manager().create_client(u"two.exe");
        auto* first = reinterpret_cast<PKPROCESS>(one->guest);
        auto* second = reinterpret_cast<PKPROCESS>(two->guest);
        auto* number = static_cast<int*>(*mm::allocate_user(*one, 4096, true));
        KAPC_STATE outer {}, inner {}, again {};
        ps::KeStackAttachProcess(first, &outer);
        *number = 42;
        EXPECT_EQ(ps::PsGetCurrentProcess(), first);
        EXPECT_EQ(ps::PsGetCurrentProcessId(), reinterpret_cast<HANDLE>(4));
        ps::KeStackAttachProcess(first, &again);
        ps::KeStackAttachProcess(second, &inner);
        EXPECT_EQ(ke::guard_raise([&] { ob::get(number); }), STATUS_ACCESS_VIOLATION);
        ps::KeUnstackDetachProcess(&inner);
        EXPECT_EQ(*number, 42);
        ps::KeUnstackDetachProcess(&again);
        EXPECT_EQ(*number, 42);
        ps::KeUnstackDetachProcess(&outer);
        EXPECT_EQ(ke::guard_raise([&] { ob::get(number); }), STATUS_ACCESS_VIOLATION);
        ps::KeAttachProcess(first);
        EXPECT_EQ(*number, 42);
        ps::KeDetachProcess();
        ps::manager().end_client(*one, 0);
        ps::manager().end_client(*two, 0);
    });
}

// KeAttachProcess does not nest.
// Shows: bug check 0x05 with both processes.
TEST(ps_process, attaching_twice_ends_the_machine)
{
    BootedKernel boot;
    EXPECT_FALSE(boot.run_on_thread([&] {
        ps::KeAttachProcess(reinterpret_cast<PKPROCESS>((*ps::manager().create_client(u"one.exe"))->guest));
        ps::KeAttachProcess(reinterpret_cast<PKPROCESS>((*ps::manager().create_client(u"two.exe"))->guest));
    }));
    ASSERT_TRUE(boot.crash());
    EXPECT_EQ(boot.crash()->code, INVALID_PROCESS_ATTACH_ATTEMPT);
}

// Handles are copied between processes.
TEST(ps_process, duplicating_handles)
{
    BootedKernel boot;
    boot.run_on_thread([&] {
        ke::Process* client = *ps::manager().create_client(u"one.exe");
        CLIENT_ID id { reinterpret_cast<HANDLE>(client->id), nullptr };
        OBJECT_ATTRIBUTES given { .Length = sizeof given, .Attributes = OBJ_KERNEL_HANDLE };
        HANDLE process = nullptr, event = nullptr, copy = nullptr;
        ASSERT_EQ(ps::ZwOpenProcess(&process, PROCESS_ALL_ACCESS, &given, &id), STATUS_SUCCESS);
        ASSERT_EQ(ob::ZwCreateEvent(&event, SYNCHRONIZE, &given, NotificationEvent, FALSE), STATUS_SUCCESS);
        EXPECT_EQ(ps::ZwDuplicateObject(ob::current_process_handle(), event, process, &copy, EVENT_MODIFY_STATE, 0, 0),
                  STATUS_SUCCESS);
        EXPECT_EQ(ob::resolve_handle(*client, copy, UserMode)->granted, EVENT_MODIFY_STATE);
        EXPECT_EQ(ps::ZwDuplicateObject(process, copy, nullptr, nullptr, 0, 0, 0), STATUS_INVALID_PARAMETER);
        EXPECT_EQ(ps::ZwDuplicateObject(process, copy, nullptr, nullptr, 0, 0, DUPLICATE_CLOSE_SOURCE), STATUS_SUCCESS);
        EXPECT_EQ(ob::resolve_handle(*client, copy, UserMode).status(), STATUS_INVALID_HANDLE);
        id.UniqueProcess = reinterpret_cast<HANDLE>(4444);
        EXPECT_EQ(ps::ZwOpenProcess(&copy, 0, &given, &id), STATUS_INVALID_CID);
        EXPECT_EQ(ps::ZwOpenProcess(&copy, 0, &given, nullptr), STATUS_INVALID_PARAMETER_MIX);
        EXPECT_EQ(ob::ZwClose(event), STATUS_SUCCESS);
        EXPECT_EQ(ob::ZwClose(process), STATUS_SUCCESS);
        ps::manager().end_client(*client, 0);
    });
}

// Looks at the image from inside its process, as drivers do.
void NTAPI client_image_notified(UNICODE_STRING* name, HANDLE process, IMAGE_INFO* info)
{
    image_notified(name, process, info);
    EXPECT_EQ(process, reinterpret_cast<HANDLE>(ob::current_process().id));
    EXPECT_EQ(info->ImageBase, ps::PsGetProcessSectionBaseAddress(ps::PsGetCurrentProcess()));
    ASSERT_NE(rtl::RtlImageNtHeader(info->ImageBase), nullptr);
    EXPECT_EQ(mm::query_memory(ob::current_process(), reinterpret_cast<uintptr_t>(info->ImageBase))->Type,
              MEM_IMAGE);
}

// A client comes with two threads.
// Shows: its main image is announced once, in its context, after the process and before its code runs.
TEST(ps_notify, a_clients_image_is_announced)
{
    BootedKernel boot;
    boot.run_on_thread([&] {
        g_notified.clear();
        ASSERT_EQ(ps::PsSetLoadImageNotifyRoutine(client_image_notified), STATUS_SUCCESS);
        ASSERT_EQ(ps::PsSetCreateProcessNotifyRoutine(process_notified, FALSE), STATUS_SUCCESS);
        ke::Process* client = *ps::manager().create_client(u"\\??\\C:\\client.exe");
        std::string const id = std::to_string(client->id);
        EXPECT_EQ(g_notified.size(), 0u);
        void* body = client->guest;
        ob::reference(body);
        g_client_work = [client, first = true]() mutable {
            g_notified.push_back("runs");
            if (std::exchange(first, false))
                EXPECT_TRUE(ps::manager().create_client_thread(*client, run_client, nullptr).ok());
        };
        ASSERT_TRUE(ps::manager().create_client_thread(*client, run_client, nullptr).ok());
        EXPECT_EQ(ke::KeWaitForSingleObject(body, Executive, KernelMode, FALSE, nullptr), STATUS_SUCCESS);
        ob::dereference(body);
        EXPECT_EQ(g_notified,
                  (std::vector<std::string> { "+" + id + " of 4", "\\??\\C:\\client.exe " + id + " 4096", "runs",
                                              "runs", "-" + id + " of 4" }));
    });
}

// An image is loaded.
TEST(ps_notify, images_are_announced)
{
    BootedKernel boot;
    boot.run_on_thread([&] {
        g_notified.clear();
        ASSERT_EQ(ps::PsSetLoadImageNotifyRoutine(image_notified), STATUS_SUCCESS);
        ps::notify_image_load(u"\\SystemRoot\\x.sys", 0, &boot, 4096, true);
        EXPECT_EQ(g_notified, (std::vector<std::string> { "\\SystemRoot\\x.sys 0 4096 system" }));
        EXPECT_EQ(ps::PsRemoveLoadImageNotifyRoutine(image_notified), STATUS_SUCCESS);
        for (int i = 0; i < 64; ++i)
            EXPECT_EQ(ps::PsSetLoadImageNotifyRoutine(image_notified), STATUS_SUCCESS);
        EXPECT_EQ(ps::PsSetLoadImageNotifyRoutine(image_notified), STATUS_INSUFFICIENT_RESOURCES);
    });
}
