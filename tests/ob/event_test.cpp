// SPDX-License-Identifier: MIT
// Events by handle, and callback objects.
#include "boot.h"
#include "ob/callbacks.h"
#include "ob/capture.h"
#include "ob/ddi.h"

#include <gtest/gtest.h>

using namespace ringside;
using namespace ringside::nt;
using ringside::test::BootedKernel;

namespace {

UNICODE_STRING text(char16_t const* characters)
{
    auto const bytes = static_cast<USHORT>(std::char_traits<char16_t>::length(characters) * 2);
    return { bytes, static_cast<USHORT>(bytes + 2), const_cast<PWSTR>(characters) };
}

std::vector<uint64_t> g_calls;
PVOID g_registration;

void NTAPI record(PVOID context, PVOID argument1, PVOID)
{
    g_calls.push_back(reinterpret_cast<uint64_t>(context) * 10 + reinterpret_cast<uint64_t>(argument1));
}

void NTAPI wait_a_while(PVOID, PVOID, PVOID)
{
    LARGE_INTEGER pause { .QuadPart = -100'000 };
    ke::kernel().delay(KernelMode, false, pause);
    g_calls.push_back(1);
}

} // namespace

// An event is set, reset and waited for by handle.
TEST(ob_event, set_reset_and_wait_by_handle)
{
    BootedKernel boot;
    boot.run_on_thread([] {
        HANDLE handle = nullptr;
        ASSERT_EQ(ob::ZwCreateEvent(&handle, EVENT_ALL_ACCESS, nullptr, SynchronizationEvent, FALSE), STATUS_SUCCESS);
        LARGE_INTEGER at_once { .QuadPart = 0 };
        EXPECT_EQ(ob::ZwWaitForSingleObject(handle, FALSE, &at_once), STATUS_TIMEOUT);
        LONG before = 9;
        EXPECT_EQ(ob::ZwSetEvent(handle, &before), STATUS_SUCCESS);
        EXPECT_EQ(before, 0);
        EXPECT_EQ(ob::ZwResetEvent(handle, &before), STATUS_SUCCESS);
        EXPECT_EQ(before, 1);
        EXPECT_EQ(ob::ZwSetEvent(handle, nullptr), STATUS_SUCCESS);
        EXPECT_EQ(ob::ZwWaitForSingleObject(handle, FALSE, nullptr), STATUS_SUCCESS);
        EXPECT_EQ(ob::ZwWaitForSingleObject(handle, FALSE, &at_once), STATUS_TIMEOUT);
        EXPECT_EQ(ob::ZwClose(handle), STATUS_SUCCESS);
        EXPECT_EQ(ob::ZwSetEvent(handle, nullptr), STATUS_INVALID_HANDLE);
    });
}

// IoCreateNotificationEvent makes a signalled event the first time and opens it the second.
TEST(ob_event, io_create_event)
{
    BootedKernel boot;
    boot.run_on_thread([] {
        UNICODE_STRING name = text(u"\\BaseNamedObjects\\Shared");
        HANDLE first = nullptr, second = nullptr;
        KEVENT* event = ob::IoCreateNotificationEvent(&name, &first);
        ASSERT_TRUE(event);
        EXPECT_EQ(event->Header.SignalState, 1);
        EXPECT_EQ(ob::IoCreateNotificationEvent(&name, &second), event);
        EXPECT_TRUE(ob::ObIsKernelHandle(second));
        UNICODE_STRING bad = text(u"Shared");
        EXPECT_EQ(ob::IoCreateSynchronizationEvent(&bad, &second), nullptr);
        EXPECT_EQ(ob::ZwClose(second), STATUS_SUCCESS);
        EXPECT_EQ(ob::ZwClose(first), STATUS_SUCCESS);
    });
}

// Two routines are registered with a callback object, notified, and one is taken out.
TEST(ob_callback, routines_are_called_in_order_of_registration)
{
    BootedKernel boot;
    boot.run_on_thread([] {
        g_calls.clear();
        UNICODE_STRING name = text(u"\\Callback\\Ours");
        OBJECT_ATTRIBUTES given { .Length = sizeof given, .ObjectName = &name, .Attributes = OBJ_PERMANENT };
        ob::CallbackObject* callback = nullptr;
        EXPECT_EQ(ob::ExCreateCallback(&callback, &given, FALSE, TRUE), STATUS_OBJECT_NAME_NOT_FOUND);
        ASSERT_EQ(ob::ExCreateCallback(&callback, &given, TRUE, TRUE), STATUS_SUCCESS);
        PVOID one = ob::ExRegisterCallback(callback, record, reinterpret_cast<PVOID>(1));
        PVOID two = ob::ExRegisterCallback(callback, record, reinterpret_cast<PVOID>(2));
        ob::ExNotifyCallback(callback, reinterpret_cast<PVOID>(7), nullptr);
        ob::ExUnregisterCallback(one);
        ob::ExNotifyCallback(callback, reinterpret_cast<PVOID>(8), nullptr);
        ob::ExUnregisterCallback(two);
        EXPECT_EQ(g_calls, (std::vector<uint64_t> { 17, 27, 28 }));
        EXPECT_EQ(ob::registered_callbacks(), 0u);
        EXPECT_EQ(ob::references(callback), 2u);
        ob::ObMakeTemporaryObject(callback);
        ob::ObfDereferenceObject(callback);

        OBJECT_ATTRIBUTES unnamed { .Length = sizeof unnamed };
        EXPECT_EQ(ob::ExCreateCallback(&callback, &unnamed, TRUE, TRUE), STATUS_UNSUCCESSFUL);
    });
}

// A callback object for one routine is given a second one.
TEST(ob_callback, one_routine_only)
{
    BootedKernel boot;
    boot.run_on_thread([] {
        UNICODE_STRING name = text(u"\\Callback\\Single");
        OBJECT_ATTRIBUTES given { .Length = sizeof given, .ObjectName = &name };
        ob::CallbackObject* callback = nullptr;
        ASSERT_EQ(ob::ExCreateCallback(&callback, &given, TRUE, FALSE), STATUS_SUCCESS);
        PVOID only = ob::ExRegisterCallback(callback, record, nullptr);
        EXPECT_NE(only, nullptr);
        EXPECT_EQ(ob::ExRegisterCallback(callback, record, nullptr), nullptr);
        ob::ExUnregisterCallback(only);
        // The temporary name went with the handle that made it.
        EXPECT_EQ(ob::ExCreateCallback(&callback, &given, FALSE, FALSE), STATUS_OBJECT_NAME_NOT_FOUND);
        ob::ObfDereferenceObject(callback);
    });
}

// A routine is unregistered by one thread while another one is inside it.
// Shows: ExUnregisterCallback returns only after the routine did.
TEST(ob_callback, unregistering_waits_for_the_routine)
{
    BootedKernel boot;
    boot.run_on_thread([&] {
        g_calls.clear();
        UNICODE_STRING name = text(u"\\Callback\\PowerState");
        OBJECT_ATTRIBUTES given { .Length = sizeof given, .ObjectName = &name };
        ob::CallbackObject* callback = nullptr;
        ASSERT_EQ(ob::ExCreateCallback(&callback, &given, FALSE, TRUE), STATUS_SUCCESS);
        g_registration = ob::ExRegisterCallback(callback, wait_a_while, nullptr);
        ASSERT_TRUE(ps::manager().create_system_thread(
            [](ke::Thread&, void* body) { ob::notify_callback(body, nullptr, nullptr); }, callback).ok());
        LARGE_INTEGER pause { .QuadPart = -1'000 };
        ke::kernel().delay(KernelMode, false, pause);
        EXPECT_EQ(g_calls.size(), 0u);
        ob::ExUnregisterCallback(g_registration);
        EXPECT_EQ(g_calls.size(), 1u);
        ob::ObfDereferenceObject(callback);
    });
}
