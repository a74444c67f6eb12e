// SPDX-License-Identifier: MIT
// What a handle carries beside its access: inheritance, protection from being closed, exclusiveness; and what queries say.
#include "boot.h"
#include "ob/capture.h"
#include "ob/ddi.h"
#include "ob/manager.h"
#include "ps/ddi.h"

#include <gtest/gtest.h>

using namespace ringside;
using namespace ringside::nt;
using ringside::test::BootedKernel;

namespace {

OBJECT_ATTRIBUTES with_flags(ULONG flags) { return { .Length = sizeof(OBJECT_ATTRIBUTES), .Attributes = flags }; }

HANDLE new_event(ULONG flags = OBJ_KERNEL_HANDLE)
{
    HANDLE handle = nullptr;
    auto given = with_flags(flags);
    EXPECT_EQ(ob::ZwCreateEvent(&handle, EVENT_ALL_ACCESS, &given, NotificationEvent, FALSE), STATUS_SUCCESS);
    return handle;
}

std::string text_of(UNICODE_STRING const& string) { return { string.Buffer, string.Buffer + string.Length / 2 }; }

} // namespace

// A handle is protected from being closed, and a duplicate takes its attributes over.
// Shows: STATUS_HANDLE_NOT_CLOSABLE to closes and to DUPLICATE_CLOSE_SOURCE, SAME_ATTRIBUTES, both ways to set them.
TEST(ob_handle, a_protected_handle_stays)
{
    BootedKernel boot;
    boot.run_on_thread([] {
        HANDLE const handle = new_event();
        OBJECT_HANDLE_FLAG_INFORMATION flags { TRUE, TRUE };
        ASSERT_EQ(ob::ZwSetInformationObject(handle, ObjectHandleFlagInformation, &flags, sizeof flags),
                  STATUS_SUCCESS);
        EXPECT_EQ(ob::ZwClose(handle), STATUS_HANDLE_NOT_CLOSABLE);
        EXPECT_EQ(ob::ObCloseHandle(handle, KernelMode), STATUS_HANDLE_NOT_CLOSABLE);
        HANDLE copy = nullptr;
        EXPECT_EQ(ps::ZwDuplicateObject(ob::current_process_handle(), handle, ob::current_process_handle(), &copy, 0,
                                        OBJ_KERNEL_HANDLE,
                                        DUPLICATE_SAME_ACCESS | DUPLICATE_SAME_ATTRIBUTES | DUPLICATE_CLOSE_SOURCE),
                  STATUS_SUCCESS);
        PVOID body = nullptr;
        OBJECT_HANDLE_INFORMATION information {};
        for (HANDLE each : { handle, copy }) {
            EXPECT_EQ(ob::ObReferenceObjectByHandle(each, 0, nullptr, KernelMode, &body, &information), STATUS_SUCCESS);
            EXPECT_EQ(information.HandleAttributes, OBJ_INHERIT | ob::kProtectClose);
            EXPECT_EQ(information.GrantedAccess, EVENT_ALL_ACCESS);
            ob::ObfDereferenceObject(body);
            OBJECT_HANDLE_FLAG_INFORMATION none {};
            EXPECT_EQ(ob::ObSetHandleAttributes(each, &none, KernelMode), STATUS_SUCCESS);
            EXPECT_EQ(ob::ZwClose(each), STATUS_SUCCESS);
            EXPECT_EQ(ob::ObSetHandleAttributes(each, &none, KernelMode), STATUS_INVALID_HANDLE);
        }
    });
}

// Every option of ZwDuplicateObject, between the System process and a client.
// Shows: access, the handle's table, closing the source alone and with a copy; statuses of bad options and handles.
TEST(ob_handle, duplicates_go_between_processes)
{
    BootedKernel boot;
    boot.run_on_thread([] {
        ke::Process& client = **ps::manager().create_client(u"client.exe");
        HANDLE process = nullptr;
        ASSERT_EQ(ob::ObOpenObjectByPointer(client.guest, OBJ_KERNEL_HANDLE, nullptr, PROCESS_ALL_ACCESS, nullptr,
                                            KernelMode, &process),
                  STATUS_SUCCESS);
        HANDLE const self = ob::current_process_handle();
        HANDLE const event = new_event();
        HANDLE there = nullptr;
        EXPECT_EQ(ps::ZwDuplicateObject(self, event, process, &there, SYNCHRONIZE, OBJ_INHERIT, 0), STATUS_SUCCESS);
        EXPECT_EQ(there, reinterpret_cast<HANDLE>(4));
        auto found = ob::resolve_handle(client, there, UserMode);
        ASSERT_TRUE(found.ok());
        EXPECT_EQ(found->granted, SYNCHRONIZE);
        EXPECT_TRUE(found->inherit);
        EXPECT_EQ(ob::open_handles_of(client), 1u);

        // Back, and the client's goes with it.
        HANDLE back = nullptr;
        EXPECT_EQ(ps::ZwDuplicateObject(process, there, self, &back, 0, OBJ_KERNEL_HANDLE,
                                        DUPLICATE_SAME_ACCESS | DUPLICATE_CLOSE_SOURCE),
                  STATUS_SUCCESS);
        EXPECT_TRUE(ob::ObIsKernelHandle(back));
        EXPECT_EQ(ob::open_handles_of(client), 0u);
        EXPECT_EQ(ps::ZwDuplicateObject(self, back, nullptr, nullptr, 0, 0, DUPLICATE_CLOSE_SOURCE), STATUS_SUCCESS);
        EXPECT_EQ(ob::ZwClose(back), STATUS_INVALID_HANDLE);

        EXPECT_EQ(ps::ZwDuplicateObject(self, event, nullptr, nullptr, 0, 0, 0), STATUS_INVALID_PARAMETER);
        EXPECT_EQ(ps::ZwDuplicateObject(self, event, self, nullptr, 0, 0, 8), STATUS_INVALID_PARAMETER);
        EXPECT_EQ(ps::ZwDuplicateObject(self, back, self, &back, 0, 0, 0), STATUS_INVALID_HANDLE);
        EXPECT_EQ(ps::ZwDuplicateObject(event, event, self, &back, 0, 0, 0), STATUS_OBJECT_TYPE_MISMATCH);
        EXPECT_EQ(ps::ZwDuplicateObject(self, event, event, &back, 0, 0, 0), STATUS_OBJECT_TYPE_MISMATCH);

        ob::ZwClose(event);
        ps::manager().end_client(client, STATUS_SUCCESS);
        ob::ZwClose(process);
    });
}

// An event that is one process' at a time.
// Shows: OBJ_EXCLUSIVE at birth keeps other processes out while a handle is open; it cannot be asked for later.
TEST(ob_handle, an_exclusive_object_is_one_process_alone)
{
    BootedKernel boot;
    boot.run_on_thread([] {
        HANDLE const handle = new_event(OBJ_EXCLUSIVE);
        PVOID body = nullptr;
        ASSERT_EQ(ob::ObReferenceObjectByHandle(handle, 0, nullptr, KernelMode, &body, nullptr), STATUS_SUCCESS);
        HANDLE second = nullptr;
        EXPECT_EQ(ob::ObOpenObjectByPointer(body, OBJ_EXCLUSIVE, nullptr, 0, nullptr, KernelMode, &second),
                  STATUS_SUCCESS);
        EXPECT_EQ(ob::ZwClose(second), STATUS_SUCCESS);
        ke::Process& client = **ps::manager().create_client(u"client.exe");
        EXPECT_EQ(ob::open_handle(client, body, { .access = SYNCHRONIZE }).status(), STATUS_ACCESS_DENIED);
        EXPECT_EQ(ob::ZwClose(handle), STATUS_SUCCESS);
        EXPECT_TRUE(ob::open_handle(client, body, { .access = SYNCHRONIZE }).ok());
        EXPECT_EQ(ob::ObOpenObjectByPointer(body, 0, nullptr, 0, nullptr, KernelMode, &second), STATUS_ACCESS_DENIED);
        ps::manager().end_client(client, STATUS_SUCCESS);
        ob::ObfDereferenceObject(body);

        HANDLE const plain = new_event();
        ASSERT_EQ(ob::ObReferenceObjectByHandle(plain, 0, nullptr, KernelMode, &body, nullptr), STATUS_SUCCESS);
        EXPECT_EQ(ob::ObOpenObjectByPointer(body, OBJ_EXCLUSIVE, nullptr, 0, nullptr, KernelMode, &second),
                  STATUS_INVALID_PARAMETER);
        EXPECT_EQ(
            ob::ObOpenObjectByPointer(body, OBJ_EXCLUSIVE | OBJ_INHERIT, nullptr, 0, nullptr, KernelMode, &second),
            STATUS_INVALID_PARAMETER);
        ob::ObfDereferenceObject(body);
        ob::ZwClose(plain);
    });
}

// All types, as ObjectTypesInformation lists them.
// Shows: entries at multiples of eight with their names behind them; numbers of objects and handles, and the most there were.
TEST(ob_query, all_types_in_one_buffer)
{
    BootedKernel boot;
    boot.run_on_thread([] {
        HANDLE const event = new_event();
        static uint64_t buffer[1024];
        ULONG needed = 0;
        ASSERT_EQ(ob::ZwQueryObject(nullptr, ObjectTypesInformation, buffer, 0, &needed), STATUS_INFO_LENGTH_MISMATCH);
        ASSERT_LE(needed, sizeof buffer);
        ASSERT_EQ(ob::ZwQueryObject(nullptr, ObjectTypesInformation, buffer, needed, &needed), STATUS_SUCCESS);
        auto const count = reinterpret_cast<OBJECT_TYPES_INFORMATION*>(buffer)->NumberOfTypes;
        ASSERT_EQ(count, ob::kTypeCount);
        auto* at = reinterpret_cast<uint8_t*>(buffer + 1);
        for (ULONG i = 0; i < count; ++i) {
            auto const& type = *reinterpret_cast<OBJECT_TYPE_INFORMATION*>(at);
            EXPECT_EQ(text_of(type.TypeName), ob::kTypes[i]->name);
            EXPECT_EQ(type.TypeIndex, i + 2);
            EXPECT_LE(type.TotalNumberOfHandles, type.HighWaterNumberOfHandles);
            if (ob::kTypes[i] == &ob::event_type) {
                EXPECT_EQ(type.TotalNumberOfObjects, 1u);
                EXPECT_EQ(type.TotalNumberOfHandles, 1u);
                EXPECT_EQ(type.ValidAccessMask, EVENT_ALL_ACCESS);
            }
            at += (sizeof type + type.TypeName.MaximumLength + 7) & ~size_t { 7 };
        }
        EXPECT_EQ(at, reinterpret_cast<uint8_t*>(buffer) + needed);
        ob::ZwClose(event);
    });
}

// The names of a directory, one by one and as many as fit, while names come and go between the calls.
// Shows: order of birth, restart, the end of the list, short buffers; nothing is skipped or told twice.
TEST(ob_query, a_directory_is_listed_in_pieces)
{
    BootedKernel boot;
    boot.run_on_thread([] {
        ASSERT_TRUE(ob::create_directory(u"\\Names").ok());
        for (auto path : { u"\\Names\\one", u"\\Names\\two", u"\\Names\\three", u"\\Names\\four" })
            ASSERT_TRUE(ob::create_symbolic_link(path, u"\\X").ok());
        UNICODE_STRING name { 12, 14, const_cast<PWSTR>(u"\\Names") };
        OBJECT_ATTRIBUTES given { .Length = sizeof given, .ObjectName = &name, .Attributes = OBJ_KERNEL_HANDLE };
        HANDLE directory = nullptr;
        ASSERT_EQ(ob::ZwOpenDirectoryObject(&directory, DIRECTORY_QUERY, &given), STATUS_SUCCESS);
        uint64_t buffer[32];
        auto* entry = reinterpret_cast<OBJECT_DIRECTORY_INFORMATION*>(buffer);
        ULONG context = 0, returned = 0;
        std::string listed;
        auto next = [&](ULONG length, bool single, bool restart) {
            NTSTATUS const status
                = ob::ZwQueryDirectoryObject(directory, buffer, length, single, restart, &context, &returned);
            listed.clear();
            if (status == STATUS_SUCCESS || (status == STATUS_MORE_ENTRIES && returned <= length))
                for (auto* at = entry; at->Name.Buffer; ++at)
                    listed += text_of(at->Name) + ":" + text_of(at->TypeName) + " ";
            return status;
        };
        EXPECT_EQ(next(sizeof buffer, true, true), STATUS_SUCCESS);
        EXPECT_EQ(listed, "one:SymbolicLink ");
        ASSERT_TRUE(ob::delete_symbolic_link(u"\\Names\\two").ok());
        EXPECT_EQ(next(160, false, false), STATUS_MORE_ENTRIES);
        EXPECT_EQ(listed, "three:SymbolicLink ");
        ASSERT_TRUE(ob::create_symbolic_link(u"\\Names\\five", u"\\X").ok());
        EXPECT_EQ(next(sizeof buffer, false, false), STATUS_SUCCESS);
        EXPECT_EQ(listed, "four:SymbolicLink five:SymbolicLink ");
        EXPECT_EQ(next(sizeof buffer, false, false), STATUS_NO_MORE_ENTRIES);
        EXPECT_EQ(next(40, true, true), STATUS_BUFFER_TOO_SMALL);
        EXPECT_EQ(returned, 98u); // two entries, "one" and "SymbolicLink"
        EXPECT_EQ(next(40, false, true), STATUS_MORE_ENTRIES);
        ob::ZwClose(directory);
    });
}

// A driver makes an event object, gives it a name and a handle, and then a nameless file object.
// Shows: ObCreateObject and ObInsertObject, OBJ_OPENIF, what is refused, and that nothing is left.
TEST(ob_create, a_driver_makes_its_own_objects)
{
    BootedKernel boot;
    boot.run_on_thread([] {
        size_t const objects = ob::count();
        UNICODE_STRING name { 18, 20, const_cast<PWSTR>(u"\\KnownEve") };
        OBJECT_ATTRIBUTES given { .Length = sizeof given, .ObjectName = &name, .Attributes = OBJ_KERNEL_HANDLE };
        auto make = [&] {
            PVOID body = nullptr;
            EXPECT_EQ(ob::ObCreateObject(KernelMode, ob::event_type.guest, &given, KernelMode, nullptr, sizeof(KEVENT),
                                         0, 0, &body),
                      STATUS_SUCCESS);
            return body;
        };
        PVOID const first = make();
        PVOID inserted = nullptr;
        HANDLE handle = nullptr;
        EXPECT_EQ(ob::ObInsertObject(first, nullptr, EVENT_ALL_ACCESS, 1, &inserted, &handle), STATUS_SUCCESS);
        EXPECT_EQ(inserted, first);
        EXPECT_EQ(ob::references(first), 2u);
        EXPECT_EQ(ob::ObInsertObject(first, nullptr, 0, 0, nullptr, nullptr), STATUS_INVALID_PARAMETER);
        HANDLE second = nullptr;
        EXPECT_EQ(ob::ObInsertObject(make(), nullptr, EVENT_ALL_ACCESS, 0, nullptr, &second),
                  STATUS_OBJECT_NAME_COLLISION);
        given.Attributes |= OBJ_OPENIF;
        EXPECT_EQ(ob::ObInsertObject(make(), nullptr, EVENT_ALL_ACCESS, 0, &inserted, &second),
                  STATUS_OBJECT_NAME_EXISTS);
        EXPECT_EQ(inserted, first);
        EXPECT_EQ(ob::ZwClose(second), STATUS_SUCCESS);
        EXPECT_EQ(ob::ObOpenObjectByName(&given, nullptr, KernelMode, nullptr, SYNCHRONIZE, nullptr, &second),
                  STATUS_SUCCESS);
        EXPECT_EQ(ob::ZwClose(second), STATUS_SUCCESS);
        EXPECT_EQ(ob::ZwClose(handle), STATUS_SUCCESS);
        ob::ObfDereferenceObject(first);

        PVOID file = nullptr;
        EXPECT_EQ(ob::ObCreateObject(KernelMode, ob::file_type.guest, nullptr, KernelMode, nullptr, sizeof(FILE_OBJECT),
                                     0, 0, &file),
                  STATUS_SUCCESS);
        EXPECT_EQ(ob::ObGetObjectType(file), ob::file_type.guest);
        EXPECT_EQ(ob::full_name(file), u"");
        ob::ObfDereferenceObject(file);
        EXPECT_EQ(ob::ObCreateObject(KernelMode, ob::thread_type.guest, nullptr, KernelMode, nullptr, 8, 0, 0, &file),
                  STATUS_NOT_IMPLEMENTED);
        EXPECT_EQ(ob::ObCreateObject(KernelMode, nullptr, nullptr, KernelMode, nullptr, 8, 0, 0, &file),
                  STATUS_INVALID_PARAMETER);
        EXPECT_EQ(ob::count(), objects);
    });
}

// Thousands of handles are opened, and one of the first is closed and opened again.
// Shows: the table's order does not depend on how many are open.
TEST(ob_handle, a_full_table_gives_out_what_was_freed)
{
    BootedKernel boot;
    boot.run_on_thread([] {
        void* body = *ob::create(ob::event_type, sizeof(KEVENT), 'tseT');
        ke::Process& client = **ps::manager().create_client(u"client.exe");
        std::vector<HANDLE> handles;
        for (int i = 0; i < 5000; ++i)
            handles.push_back(*ob::open_handle(client, body, { .access = SYNCHRONIZE }));
        EXPECT_EQ(handles.back(), reinterpret_cast<HANDLE>(20'000));
        EXPECT_TRUE(ob::close_handle(client, handles[7], UserMode).ok());
        EXPECT_EQ(*ob::open_handle(client, body, { .access = SYNCHRONIZE }), handles[7]);
        EXPECT_EQ(*ob::open_handle(client, body, { .access = SYNCHRONIZE }), reinterpret_cast<HANDLE>(20'004));
        ps::manager().end_client(client, STATUS_SUCCESS);
        EXPECT_EQ(ob::references(body), 1u);
        ob::dereference(body);
    });
}
