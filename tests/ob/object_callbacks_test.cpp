// SPDX-License-Identifier: MIT
// Object callbacks: who is called when a handle to a process or a thread is made, in which order, and what they can change.
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

constexpr ACCESS_MASK kTerminate = 1;

std::vector<std::string> g_heard;
ACCESS_MASK g_take_away;
KEVENT* g_block;

std::string name_of(OBJECT_TYPE* type) { return ob::type_of_guest(type)->name; }

OB_PREOP_CALLBACK_STATUS NTAPI before(PVOID context, OB_PRE_OPERATION_INFORMATION* information)
{
    auto& created = information->Parameters->CreateHandleInformation;
    g_heard.push_back(fmt::format("{} before {} {} {:x} of {:x}{}", static_cast<char const*>(context),
                                  information->Operation == OB_OPERATION_HANDLE_CREATE ? "create" : "duplicate",
                                  name_of(information->ObjectType), created.DesiredAccess,
                                  created.OriginalDesiredAccess, information->KernelHandle ? " kernel" : ""));
    created.DesiredAccess = (created.DesiredAccess & ~g_take_away) | 0x10000000;
    information->CallContext = context;
    EXPECT_EQ(ke::kernel().current().kernel_apc_disable, -1);
    if (g_block)
        ke::KeWaitForSingleObject(g_block, Executive, KernelMode, FALSE, nullptr);
    return OB_PREOP_SUCCESS;
}

void NTAPI after(PVOID context, OB_POST_OPERATION_INFORMATION* information)
{
    EXPECT_EQ(information->CallContext, context);
    g_heard.push_back(fmt::format("{} after {:x} {:x}", static_cast<char const*>(context),
                                  static_cast<uint32_t>(information->ReturnStatus),
                                  information->Parameters->CreateHandleInformation.GrantedAccess));
}

void NTAPI ends_at_once(PVOID) { }

UNICODE_STRING text(char16_t const* characters)
{
    auto const bytes = static_cast<USHORT>(std::char_traits<char16_t>::length(characters) * 2);
    return { bytes, static_cast<USHORT>(bytes + 2), const_cast<PWSTR>(characters) };
}

struct Registered {
    Registered(char const* name, char16_t const* altitude, OB_OPERATION operations = 3)
    {
        for (int i = 0; i < 2; ++i)
            entries[i] = { static_cast<OBJECT_TYPE**>(ob::type_variable(i ? ob::thread_type : ob::process_type)),
                           operations, before, after };
        registration = { OB_FLT_REGISTRATION_VERSION, 2, text(altitude), const_cast<char*>(name), entries };
    }
    NTSTATUS add() { return ob::ObRegisterCallbacks(&registration, &handle); }
    OB_OPERATION_REGISTRATION entries[2];
    OB_CALLBACK_REGISTRATION registration;
    PVOID handle = nullptr;
};

HANDLE open_process(ACCESS_MASK access, ULONG flags = 0)
{
    OBJECT_ATTRIBUTES given { .Length = sizeof given, .Attributes = flags };
    CLIENT_ID id { reinterpret_cast<HANDLE>(4), nullptr };
    HANDLE handle = nullptr;
    EXPECT_EQ(ps::ZwOpenProcess(&handle, access, &given, &id), STATUS_SUCCESS);
    return handle;
}

} // namespace

// Two drivers watch a handle to the System process being opened and duplicated; one takes a right away.
// Shows: highest altitude first, after them in the other order; rights can be taken, never added, and only some.
TEST(ob_callbacks, altitudes_order_what_is_called)
{
    BootedKernel boot;
    boot.run_on_thread([] {
        g_heard.clear();
        g_block = nullptr;
        g_take_away = kTerminate | SYNCHRONIZE;
        Registered low("low", u"320000"), high("high", u"0385100.5"), same("same", u"385100.50");
        ASSERT_EQ(low.add(), STATUS_SUCCESS);
        ASSERT_EQ(high.add(), STATUS_SUCCESS);
        EXPECT_EQ(same.add(), STATUS_FLT_INSTANCE_ALTITUDE_COLLISION);
        EXPECT_EQ(same.handle, nullptr);
        HANDLE const handle = open_process(kTerminate | SYNCHRONIZE, OBJ_KERNEL_HANDLE);
        EXPECT_EQ(g_heard,
                  (std::vector<std::string> { "high before create Process 100001 of 100001 kernel",
                                              "low before create Process 100000 of 100001 kernel", "low after 0 100000",
                                              "high after 0 100000" }));
        EXPECT_EQ(ob::resolve_handle(ob::current_process(), handle, KernelMode)->granted, SYNCHRONIZE);
        g_heard.clear();
        HANDLE copy = nullptr;
        ob::ObUnRegisterCallbacks(high.handle);
        EXPECT_EQ(ps::ZwDuplicateObject(ob::current_process_handle(), handle, ob::current_process_handle(), &copy, 0, 0,
                                        DUPLICATE_SAME_ACCESS),
                  STATUS_SUCCESS);
        EXPECT_EQ(g_heard,
                  (std::vector<std::string> { "low before duplicate Process 100000 of 100000", "low after 0 100000" }));
        ob::ObUnRegisterCallbacks(low.handle);
        g_heard.clear();
        ob::ZwClose(open_process(kTerminate));
        EXPECT_EQ(g_heard.size(), 0u);
        EXPECT_EQ(ob::manager().callbacks.count(), 0u);
        ob::ZwClose(handle);
        ob::ZwClose(copy);
    });
}

// A driver's thread is made while another driver watches threads being opened only.
// Shows: PsCreateSystemThread asks too; operations that were not named are not told.
TEST(ob_callbacks, only_what_was_asked_for)
{
    BootedKernel boot;
    boot.run_on_thread([] {
        g_heard.clear();
        g_block = nullptr;
        g_take_away = 0;
        Registered watch("w", u"1", OB_OPERATION_HANDLE_CREATE);
        ASSERT_EQ(watch.add(), STATUS_SUCCESS);
        HANDLE thread = nullptr, copy = nullptr;
        ASSERT_EQ(ps::PsCreateSystemThread(&thread, SYNCHRONIZE, nullptr, nullptr, nullptr, ends_at_once, nullptr),
                  STATUS_SUCCESS);
        EXPECT_EQ(g_heard,
                  (std::vector<std::string> { "w before create Thread 100000 of 100000 kernel", "w after 0 100000" }));
        ASSERT_EQ(ps::ZwDuplicateObject(ob::current_process_handle(), thread, ob::current_process_handle(), &copy, 0, 0,
                                        DUPLICATE_SAME_ACCESS),
                  STATUS_SUCCESS);
        EXPECT_EQ(g_heard.size(), 2u);
        ob::ZwClose(thread);
        ob::ZwClose(copy);
        ob::ObUnRegisterCallbacks(watch.handle);
    });
}

// A driver unregisters while one of its routines waits inside.
// Shows: ObUnRegisterCallbacks returns after the operation is over, and the routine after it was still called.
TEST(ob_callbacks, unregistering_waits)
{
    for (uint64_t seed = 1; seed <= 20; ++seed) {
        BootedKernel boot({ .seed = seed });
        boot.run_on_thread([] {
            g_heard.clear();
            g_take_away = 0;
            g_block
                = static_cast<KEVENT*>(ex::allocate(NonPagedPoolNx, sizeof(KEVENT), 'tseT', ex::Owner::Kernel, true));
            ke::KeInitializeEvent(g_block, NotificationEvent, FALSE);
            static Registered watch("w", u"7");
            watch = Registered("w", u"7");
            ASSERT_EQ(watch.add(), STATUS_SUCCESS);
            static bool opened, unregistered;
            opened = unregistered = false;
            ASSERT_TRUE(ps::manager()
                            .create_system_thread(
                                [](ke::Thread&, void*) {
                                    ob::ZwClose(open_process(SYNCHRONIZE));
                                    opened = true;
                                },
                                nullptr)
                            .ok());
            LARGE_INTEGER pause { .QuadPart = -10'000 };
            ke::kernel().delay(KernelMode, false, pause);
            ASSERT_EQ(g_heard.size(), 1u);
            ASSERT_TRUE(ps::manager()
                            .create_system_thread(
                                [](ke::Thread&, void*) {
                                    ob::ObUnRegisterCallbacks(watch.handle);
                                    unregistered = true;
                                },
                                nullptr)
                            .ok());
            ke::kernel().delay(KernelMode, false, pause);
            EXPECT_FALSE(unregistered);
            ke::KeSetEvent(g_block, 0, FALSE);
            ke::kernel().delay(KernelMode, false, pause);
            EXPECT_TRUE(opened && unregistered);
            EXPECT_EQ(g_heard,
                      (std::vector<std::string> { "w before create Process 100000 of 100000", "w after 0 100000" }));
            ex::free(g_block, 'tseT');
            g_block = nullptr;
        });
    }
}

// Altitudes are decimal numbers of any length.
TEST(ob_callbacks, altitudes_compare_as_numbers)
{
    EXPECT_EQ(ob::compare_altitudes(u"9", u"10"), -1);
    EXPECT_EQ(ob::compare_altitudes(u"370020.98765", u"370020.9876"), 1);
    EXPECT_EQ(ob::compare_altitudes(u"0040", u"40.000"), 0);
    EXPECT_EQ(ob::compare_altitudes(u"99999999999999999999999", u"100000000000000000000000"), -1);
    EXPECT_FALSE(ob::is_altitude(u""));
    EXPECT_FALSE(ob::is_altitude(u"1.2.3"));
    EXPECT_FALSE(ob::is_altitude(u"12a"));
}

// A driver unregisters what it never registered.
// Shows: bug check 0xC2 with the handle.
TEST(ob_callbacks, an_unknown_handle_ends_the_machine)
{
    BootedKernel boot;
    EXPECT_FALSE(boot.run_on_thread([] { ob::ObUnRegisterCallbacks(ke::kernel().current().guest); }));
    ASSERT_TRUE(boot.crash());
    EXPECT_EQ(boot.crash()->code, BAD_POOL_CALLER);
    EXPECT_EQ(boot.crash()->parameters[0], 0x46u);
}
