// SPDX-License-Identifier: MIT
// Objects, handles and names, through the services that drivers call.
#include "boot.h"
#include "ob/capture.h"
#include "ob/ddi.h"

#include <algorithm>
#include <gtest/gtest.h>

using namespace ringside;
using namespace ringside::nt;
using ringside::test::BootedKernel;

namespace {

struct Text {
    explicit Text(char16_t const* text)
    {
        auto const bytes = static_cast<USHORT>(std::char_traits<char16_t>::length(text) * 2);
        string = { bytes, static_cast<USHORT>(bytes + 2), const_cast<PWSTR>(text) };
    }
    UNICODE_STRING string;
};

OBJECT_ATTRIBUTES attributes(UNICODE_STRING* name, ULONG flags, HANDLE root = nullptr)
{
    return { .Length = sizeof(OBJECT_ATTRIBUTES), .RootDirectory = root, .ObjectName = name, .Attributes = flags };
}

int g_deleted;
uint32_t g_last_remaining;

// All objects as text: "Event 1/0 \BaseNamedObjects\X" is one with one reference and no handle. From `since` on.
std::string objects_since(uint32_t since)
{
    struct Context {
        std::string text;
        uint32_t since;
    } context { {}, since };
    ob::for_each(
        [](void* into, void* body, ob::Type& type, uint32_t references, uint32_t handles, std::u16string const& name) {
            auto& c = *static_cast<Context*>(into);
            if (ob::number_of(body) < c.since)
                return;
            c.text += std::string(type.name) + " " + std::to_string(references) + "/" + std::to_string(handles) + " "
                + std::string(name.begin(), name.end()) + "\n";
        },
        &context);
    return context.text;
}

uint32_t next_number()
{
    auto body = ob::create(ob::event_type, sizeof(KEVENT), 'tseT');
    uint32_t const number = ob::number_of(*body);
    ob::dereference(*body);
    return number + 1;
}

} // namespace

// An object is made, referenced, and let go.
// Shows: O1, zeroed and aligned bodies, the type's callback, numbers by birth.
TEST(ob_object, a_body_is_freed_with_its_last_reference)
{
    BootedKernel boot;
    boot.run_on_thread([] {
        g_deleted = 0;
        ob::semaphore_type.deleted = [](void*) { ++g_deleted; };
        size_t const before = ob::count();
        auto* body = static_cast<uint8_t*>(*ob::create(ob::semaphore_type, 100, 'tseT'));
        EXPECT_EQ(reinterpret_cast<uintptr_t>(body) % 16, 0u);
        EXPECT_TRUE(std::all_of(body, body + 100, [](uint8_t byte) { return byte == 0; }));
        EXPECT_EQ(ob::type_of(body), &ob::semaphore_type);
        EXPECT_EQ(ob::ObfReferenceObject(body), 2);
        EXPECT_EQ(ob::ObfDereferenceObject(body), 1);
        EXPECT_EQ(g_deleted, 0);
        EXPECT_EQ(ob::ObfDereferenceObject(body), 0);
        EXPECT_EQ(g_deleted, 1);
        EXPECT_EQ(ob::count(), before);
        EXPECT_EQ(ob::type_of(body), nullptr);
    });
}

// The last reference is dropped at DISPATCH_LEVEL.
// Shows: the deletion happens later, at PASSIVE_LEVEL.
TEST(ob_object, deletion_above_passive_level_is_left_to_a_worker)
{
    BootedKernel boot;
    static uint8_t deleted_at;
    deleted_at = 99;
    boot.run_on_thread([] {
        ob::semaphore_type.deleted = [](void*) { deleted_at = ke::Kernel::irql(); };
        void* body = *ob::create(ob::semaphore_type, 16, 'tseT');
        ke::kernel().raise_irql(DISPATCH_LEVEL);
        ob::dereference(body);
        EXPECT_EQ(deleted_at, 99);
        ke::kernel().lower_irql(PASSIVE_LEVEL);
        LARGE_INTEGER pause { .QuadPart = -10'000 };
        ke::kernel().delay(KernelMode, false, pause);
        EXPECT_EQ(deleted_at, PASSIVE_LEVEL);
    });
}

// An event by handle, from its making to its end.
// Shows: statuses of ObReferenceObjectByHandle, handle values, O2.
TEST(ob_handle, references_by_handle_check_type_and_access)
{
    BootedKernel boot;
    boot.run_on_thread([] {
        uint32_t const first = next_number();
        HANDLE handle = nullptr;
        auto given = attributes(nullptr, OBJ_KERNEL_HANDLE);
        ASSERT_EQ(ob::ZwCreateEvent(&handle, SYNCHRONIZE, &given, NotificationEvent, FALSE), STATUS_SUCCESS);
        EXPECT_TRUE(ob::ObIsKernelHandle(handle));
        EXPECT_EQ(objects_since(first), "Event 1/1 \n");

        PVOID body = &body;
        OBJECT_HANDLE_INFORMATION information {};
        EXPECT_EQ(ob::ObReferenceObjectByHandle(handle, EVENT_MODIFY_STATE, ob::event_type.guest, KernelMode, &body,
                                                &information),
                  STATUS_SUCCESS);
        EXPECT_EQ(information.GrantedAccess, SYNCHRONIZE);
        EXPECT_EQ(objects_since(first), "Event 2/1 \n");
        ob::ObfDereferenceObject(body);
        EXPECT_EQ(ob::ObReferenceObjectByHandle(handle, 0, ob::thread_type.guest, KernelMode, &body, nullptr),
                  STATUS_OBJECT_TYPE_MISMATCH);
        EXPECT_EQ(body, nullptr);
        // A kernel handle means nothing to a client.
        EXPECT_EQ(ob::ObReferenceObjectByHandle(handle, 0, nullptr, UserMode, &body, nullptr), STATUS_INVALID_HANDLE);
        // The handle's other spelling, in the System process.
        auto const value = reinterpret_cast<uint64_t>(handle) & 0x7FFF'FFFF;
        auto other = reinterpret_cast<HANDLE>(value);
        EXPECT_EQ(ob::ObReferenceObjectByHandle(other, EVENT_MODIFY_STATE, nullptr, UserMode, &body, nullptr),
                  STATUS_ACCESS_DENIED);
        EXPECT_EQ(ob::ObReferenceObjectByHandle(other, SYNCHRONIZE, ob::event_type.guest, UserMode, &body, nullptr),
                  STATUS_SUCCESS);
        ob::ObfDereferenceObject(body);

        EXPECT_EQ(ob::ZwClose(handle), STATUS_SUCCESS);
        EXPECT_EQ(ob::ZwClose(handle), STATUS_INVALID_HANDLE);
        EXPECT_EQ(objects_since(first), "");
    });
}

// Handles are opened and closed in turn.
// Shows: multiples of four, the value freed last is given out first; pseudo handles.
TEST(ob_handle, the_value_freed_last_comes_first)
{
    BootedKernel boot;
    boot.run_on_thread([] {
        void* body = *ob::create(ob::event_type, sizeof(KEVENT), 'tseT');
        auto& process = ob::current_process();
        auto open = [&] { return *ob::open_handle(process, body, SYNCHRONIZE, false, false); };
        HANDLE const a = open();
        HANDLE const b = open();
        HANDLE const c = open();
        EXPECT_EQ(reinterpret_cast<uint64_t>(b) - reinterpret_cast<uint64_t>(a), 4u);
        EXPECT_EQ(ob::ZwClose(a), STATUS_SUCCESS);
        EXPECT_EQ(ob::ZwClose(b), STATUS_SUCCESS);
        EXPECT_EQ(open(), b);
        EXPECT_EQ(open(), a);
        for (HANDLE handle : { a, b, c })
            EXPECT_EQ(ob::ZwClose(handle), STATUS_SUCCESS);
        ob::dereference(body);

        PVOID self = nullptr;
        EXPECT_EQ(ob::ObReferenceObjectByHandle(ob::current_thread_handle(), THREAD_ALL_ACCESS, ob::thread_type.guest,
                                                UserMode, &self, nullptr),
                  STATUS_SUCCESS);
        EXPECT_EQ(self, ke::kernel().current().pointer());
        ob::ObfDereferenceObject(self);
        EXPECT_EQ(ob::ZwClose(ob::current_process_handle()), STATUS_SUCCESS);
    });
}

// The last handle of a type that listens is closed.
// Shows: the count of handles left reaches the type before the reference goes.
TEST(ob_handle, the_type_hears_of_closed_handles)
{
    BootedKernel boot;
    boot.run_on_thread([] {
        g_last_remaining = 99;
        ob::semaphore_type.closed = [](void* body, uint32_t remaining) {
            g_last_remaining = remaining;
            EXPECT_GE(ob::references(body), 1u);
        };
        void* body = *ob::create(ob::semaphore_type, 16, 'tseT');
        HANDLE a = *ob::open_handle(ob::current_process(), body, 0, true, false);
        HANDLE b = *ob::open_handle(ob::current_process(), body, 0, true, false);
        ob::dereference(body);
        EXPECT_EQ(ob::ZwClose(a), STATUS_SUCCESS);
        EXPECT_EQ(g_last_remaining, 1u);
        EXPECT_EQ(ob::ZwClose(b), STATUS_SUCCESS);
        EXPECT_EQ(g_last_remaining, 0u);
    });
}

// A driver drops a reference it does not have.
// Shows: bug check 0x18 with the object's type and address.
TEST(ob_object, dropping_a_handles_reference_ends_the_machine)
{
    BootedKernel boot;
    static void* body;
    EXPECT_FALSE(boot.run_on_thread([] {
        body = *ob::create(ob::event_type, sizeof(KEVENT), 'tseT');
        static_cast<void>(ob::open_handle(ob::current_process(), body, 0, true, false));
        ob::ObfDereferenceObject(body);
        ob::ObfDereferenceObject(body);
    }));
    auto const* crash = boot.crash();
    ASSERT_TRUE(crash);
    EXPECT_EQ(crash->code, REFERENCE_BY_POINTER);
    EXPECT_EQ(crash->parameters[0], reinterpret_cast<uint64_t>(ob::event_type.guest));
    EXPECT_EQ(crash->parameters[1], reinterpret_cast<uint64_t>(body));
}

// ObOpenObjectByPointer and ObReferenceObjectByPointer, right and wrong.
TEST(ob_handle, by_pointer)
{
    BootedKernel boot;
    boot.run_on_thread([] {
        void* body = *ob::create(ob::event_type, sizeof(KEVENT), 'tseT');
        HANDLE handle = nullptr;
        EXPECT_EQ(
            ob::ObOpenObjectByPointer(body, OBJ_KERNEL_HANDLE, nullptr, GENERIC_READ, nullptr, KernelMode, &handle),
            STATUS_SUCCESS);
        EXPECT_EQ(ob::resolve_handle(ob::current_process(), handle, KernelMode)->granted,
                  STANDARD_RIGHTS_READ | EVENT_QUERY_STATE);
        EXPECT_EQ(ob::ZwClose(handle), STATUS_SUCCESS);
        EXPECT_EQ(ob::ObOpenObjectByPointer(body, 0, nullptr, 0, ob::file_type.guest, KernelMode, &handle),
                  STATUS_OBJECT_TYPE_MISMATCH);
        EXPECT_EQ(ob::ObOpenObjectByPointer(body, 0, nullptr, 0, nullptr, UserMode, &handle),
                  STATUS_OBJECT_TYPE_MISMATCH);
        EXPECT_EQ(ob::ObOpenObjectByPointer(body, OBJ_PERMANENT, nullptr, 0, nullptr, KernelMode, &handle),
                  STATUS_INVALID_PARAMETER);
        EXPECT_EQ(ob::ObReferenceObjectByPointer(body, 0, ob::file_type.guest, UserMode), STATUS_OBJECT_TYPE_MISMATCH);
        EXPECT_EQ(ob::ObReferenceObjectByPointer(body, 0, nullptr, UserMode), STATUS_OBJECT_TYPE_MISMATCH);
        EXPECT_EQ(ob::ObReferenceObjectByPointer(body, 0, ob::event_type.guest, UserMode), STATUS_SUCCESS);
        EXPECT_EQ(ob::ObGetObjectType(body), ob::event_type.guest);
        EXPECT_EQ(ob::references(body), 2u);
        ob::dereference(body);
        ob::dereference(body);
    });
}

// The exported pointer variables hold the types that objects answer with.
TEST(ob_object, exported_types_are_the_types)
{
    BootedKernel boot;
    for (Ddi const& row : ob::ddi_rows()) {
        if (!row.data)
            continue;
        auto* guest = *static_cast<OBJECT_TYPE**>(row.data);
        ASSERT_TRUE(ob::type_of_guest(guest)) << row.name;
        EXPECT_NE(std::string(row.name).find(ob::type_of_guest(guest)->name), std::string::npos) << row.name;
    }
}
