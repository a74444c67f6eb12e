// SPDX-License-Identifier: MIT
// Names: directories, symbolic links, what a path leads to, and how long a name lives.
#include "boot.h"
#include "ob/capture.h"
#include "ob/ddi.h"
#include "ob/namespace.h"

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

// The status of a lookup; drops what it found.
NTSTATUS look_up(char16_t const* path, bool case_insensitive = true)
{
    auto found = ob::look_up(path, case_insensitive);
    if (found.ok())
        ob::dereference(found->body);
    return found.status();
}

// An object that parses names; room io does not know it.
void* named_device(char16_t const* path)
{
    ob::device_type.deleted = nullptr;
    void* body = *ob::create(ob::device_type, 0x150, 'tseT');
    EXPECT_EQ(ob::insert(body, path, true, true).status(), STATUS_SUCCESS);
    return body;
}

std::string listing(char16_t const* directory)
{
    std::string text;
    ob::for_each_in(
        directory,
        [](void* into, std::u16string const& name, void*, ob::Type& type) {
            *static_cast<std::string*>(into) += std::string(name.begin(), name.end()) + ":" + type.name + " ";
        },
        &text);
    return text;
}

} // namespace

// A device with the names drivers give it.
// Shows: links on the way and at the end, case, Global, the rest of a path behind a device.
TEST(ob_namespace, paths_lead_through_links)
{
    BootedKernel boot;
    boot.run_on_thread([] {
        void* device = named_device(u"\\Device\\Toaster");
        ASSERT_TRUE(ob::create_symbolic_link(u"\\DosDevices\\Toast", u"\\Device\\Toaster").ok());
        for (auto path : { u"\\Device\\Toaster", u"\\dEVICE\\toaster", u"\\??\\Toast", u"\\DosDevices\\toast",
                           u"\\GLOBAL??\\Toast", u"\\??\\Global\\Toast", u"\\??\\GLOBALROOT\\Device\\Toaster" }) {
            auto found = ob::look_up(path, true);
            ASSERT_TRUE(found.ok());
            EXPECT_EQ(found->body, device);
            EXPECT_EQ(found->remaining, u"");
            ob::dereference(found->body);
        }
        auto found = ob::look_up(u"\\??\\Toast\\slot\\1", true);
        ASSERT_TRUE(found.ok());
        EXPECT_EQ(found->remaining, u"\\slot\\1");
        ob::dereference(found->body);
        EXPECT_EQ(look_up(u"\\device\\Toaster", false), STATUS_OBJECT_PATH_NOT_FOUND);
        EXPECT_EQ(look_up(u"\\Device\\toaster", false), STATUS_OBJECT_NAME_NOT_FOUND);
        EXPECT_EQ(listing(u"\\Device"), "PhysicalMemory:Section Toaster:Device ");
        EXPECT_EQ(*ob::symbolic_link_target(u"\\??\\Toast"), u"\\Device\\Toaster");
        EXPECT_EQ(ob::full_name(device), u"\\Device\\Toaster");

        EXPECT_TRUE(ob::delete_symbolic_link(u"\\??\\Toast").ok());
        EXPECT_EQ(look_up(u"\\??\\Toast"), STATUS_OBJECT_NAME_NOT_FOUND);
        EXPECT_EQ(ob::delete_symbolic_link(u"\\Device\\Toaster").status(), STATUS_OBJECT_TYPE_MISMATCH);
        ob::remove_name(device);
        EXPECT_EQ(ob::references(device), 1u);
        ob::dereference(device);
        EXPECT_EQ(listing(u"\\Device"), "PhysicalMemory:Section ");
    });
}

// Every way to name nothing.
TEST(ob_namespace, statuses_of_bad_paths)
{
    BootedKernel boot;
    boot.run_on_thread([] {
        EXPECT_EQ(look_up(u""), STATUS_OBJECT_PATH_SYNTAX_BAD);
        EXPECT_EQ(look_up(u"Device\\X"), STATUS_OBJECT_PATH_SYNTAX_BAD);
        EXPECT_EQ(look_up(u"\\"), STATUS_SUCCESS);
        EXPECT_EQ(look_up(u"\\Device\\"), STATUS_OBJECT_NAME_INVALID);
        EXPECT_EQ(look_up(u"\\\\Device"), STATUS_OBJECT_NAME_INVALID);
        EXPECT_EQ(look_up(u"\\Nowhere\\X"), STATUS_OBJECT_PATH_NOT_FOUND);
        EXPECT_EQ(look_up(u"\\Device\\X"), STATUS_OBJECT_NAME_NOT_FOUND);
        ASSERT_TRUE(ob::create_symbolic_link(u"\\??\\Loop", u"\\??\\Loop").ok());
        EXPECT_EQ(look_up(u"\\??\\Loop"), STATUS_OBJECT_NAME_NOT_FOUND);
        EXPECT_EQ(ob::create_symbolic_link(u"\\??\\loop", u"\\Device\\X").status(), STATUS_OBJECT_NAME_COLLISION);
        EXPECT_EQ(ob::create_symbolic_link(u"\\No\\Such", u"\\X").status(), STATUS_OBJECT_PATH_NOT_FOUND);
        EXPECT_EQ(look_up(u"\\Callback\\PowerState\\more"), STATUS_OBJECT_TYPE_MISMATCH);
        EXPECT_TRUE(ob::delete_symbolic_link(u"\\??\\Loop").ok());
    });
}

// A named event is made temporary and permanent.
// Shows: O3, OBJ_OPENIF, the documented way to delete a permanent object.
TEST(ob_namespace, a_temporary_name_goes_with_the_last_handle)
{
    BootedKernel boot;
    boot.run_on_thread([] {
        Text name(u"\\BaseNamedObjects\\Ready");
        auto given = attributes(&name.string, OBJ_KERNEL_HANDLE | OBJ_CASE_INSENSITIVE);
        HANDLE first = nullptr, second = nullptr;
        ASSERT_EQ(ob::ZwCreateEvent(&first, EVENT_ALL_ACCESS, &given, NotificationEvent, FALSE), STATUS_SUCCESS);
        EXPECT_EQ(ob::ZwCreateEvent(&second, EVENT_ALL_ACCESS, &given, NotificationEvent, FALSE),
                  STATUS_OBJECT_NAME_COLLISION);
        given.Attributes |= OBJ_OPENIF;
        EXPECT_EQ(ob::ZwCreateEvent(&second, EVENT_ALL_ACCESS, &given, NotificationEvent, FALSE),
                  STATUS_OBJECT_NAME_EXISTS);
        EXPECT_EQ(ob::ZwClose(first), STATUS_SUCCESS);
        EXPECT_EQ(ob::ZwOpenEvent(&first, EVENT_ALL_ACCESS, &given), STATUS_SUCCESS);
        EXPECT_EQ(ob::ZwClose(first), STATUS_SUCCESS);
        EXPECT_EQ(ob::ZwClose(second), STATUS_SUCCESS);
        EXPECT_EQ(ob::ZwOpenEvent(&first, EVENT_ALL_ACCESS, &given), STATUS_OBJECT_NAME_NOT_FOUND);

        given.Attributes |= OBJ_PERMANENT;
        ASSERT_EQ(ob::ZwCreateEvent(&first, EVENT_ALL_ACCESS, &given, NotificationEvent, FALSE), STATUS_SUCCESS);
        EXPECT_EQ(ob::ZwClose(first), STATUS_SUCCESS);
        given.Attributes &= ~(OBJ_PERMANENT | OBJ_OPENIF);
        EXPECT_EQ(ob::ZwOpenEvent(&first, EVENT_ALL_ACCESS, &given), STATUS_SUCCESS);
        EXPECT_EQ(ob::ZwMakeTemporaryObject(first), STATUS_SUCCESS);
        EXPECT_EQ(look_up(u"\\BaseNamedObjects\\Ready"), STATUS_SUCCESS);
        EXPECT_EQ(ob::ZwClose(first), STATUS_SUCCESS);
        EXPECT_EQ(look_up(u"\\BaseNamedObjects\\Ready"), STATUS_OBJECT_NAME_NOT_FOUND);
    });
}

// Directories and links by handle.
TEST(ob_namespace, directories_and_links_by_handle)
{
    BootedKernel boot;
    boot.run_on_thread([] {
        Text directory_name(u"\\Ours");
        auto given = attributes(&directory_name.string, OBJ_KERNEL_HANDLE);
        HANDLE directory = nullptr, again = nullptr, event = nullptr;
        ASSERT_EQ(ob::ZwCreateDirectoryObject(&directory, DIRECTORY_ALL_ACCESS, &given), STATUS_SUCCESS);
        EXPECT_EQ(ob::ZwOpenDirectoryObject(&again, DIRECTORY_QUERY, &given), STATUS_SUCCESS);
        EXPECT_EQ(ob::ZwOpenSymbolicLinkObject(&again, GENERIC_READ, &given), STATUS_OBJECT_TYPE_MISMATCH);
        Text below(u"Inside");
        auto relative = attributes(&below.string, OBJ_KERNEL_HANDLE, directory);
        EXPECT_EQ(ob::ZwCreateEvent(&event, EVENT_ALL_ACCESS, &relative, SynchronizationEvent, TRUE), STATUS_SUCCESS);
        EXPECT_EQ(listing(u"\\Ours"), "Inside:Event ");
        Text absolute(u"\\Inside");
        auto wrong = attributes(&absolute.string, OBJ_KERNEL_HANDLE, directory);
        HANDLE none = nullptr;
        EXPECT_EQ(ob::ZwOpenEvent(&none, 0, &wrong), STATUS_OBJECT_PATH_SYNTAX_BAD);
        wrong = attributes(&absolute.string, OBJ_KERNEL_HANDLE, event);
        EXPECT_EQ(ob::ZwOpenEvent(&none, 0, &wrong), STATUS_OBJECT_PATH_SYNTAX_BAD);
        wrong = attributes(&below.string, OBJ_KERNEL_HANDLE, event);
        EXPECT_EQ(ob::ZwOpenEvent(&none, 0, &wrong), STATUS_OBJECT_TYPE_MISMATCH);
        wrong.Length = 1;
        EXPECT_EQ(ob::ZwOpenEvent(&none, 0, &wrong), STATUS_INVALID_PARAMETER);
        EXPECT_EQ(ob::ZwOpenEvent(&none, 0, nullptr), STATUS_INVALID_PARAMETER);
        Text empty(u"");
        auto nothing = attributes(&empty.string, OBJ_KERNEL_HANDLE);
        EXPECT_EQ(ob::ZwCreateEvent(&none, 0, &nothing, NotificationEvent, FALSE), STATUS_OBJECT_PATH_SYNTAX_BAD);
        EXPECT_EQ(ob::ZwCreateEvent(&none, 0, nullptr, static_cast<EVENT_TYPE>(2), FALSE), STATUS_INVALID_PARAMETER_4);
        for (HANDLE handle : { event, again, directory })
            EXPECT_EQ(ob::ZwClose(handle), STATUS_SUCCESS);
        EXPECT_EQ(look_up(u"\\Ours"), STATUS_OBJECT_NAME_NOT_FOUND);

        Text link_name(u"\\DosDevices");
        auto link_given = attributes(&link_name.string, OBJ_KERNEL_HANDLE);
        HANDLE link = nullptr;
        ASSERT_EQ(ob::ZwOpenSymbolicLinkObject(&link, GENERIC_READ, &link_given), STATUS_SUCCESS);
        WCHAR buffer[8] {};
        UNICODE_STRING target { 0, 6, buffer };
        ULONG returned = 0;
        EXPECT_EQ(ob::ZwQuerySymbolicLinkObject(link, &target, &returned), STATUS_BUFFER_TOO_SMALL);
        EXPECT_EQ(returned, 8u);
        EXPECT_EQ(ob::ZwQuerySymbolicLinkObject(link, &target, nullptr), STATUS_SUCCESS);
        EXPECT_EQ(target.Length, 6);
        EXPECT_EQ(std::u16string_view(buffer, 3), u"\\??");
        EXPECT_EQ(ob::ZwClose(link), STATUS_SUCCESS);
    });
}

// ObQueryNameString with every size of buffer.
TEST(ob_namespace, query_name_string)
{
    BootedKernel boot;
    boot.run_on_thread([] {
        void* device = named_device(u"\\Device\\T");
        struct {
            OBJECT_NAME_INFORMATION information;
            WCHAR text[16];
        } room {};
        ULONG needed = 0;
        constexpr ULONG kWhole = sizeof(OBJECT_NAME_INFORMATION) + 20;
        EXPECT_EQ(ob::ObQueryNameString(device, nullptr, 0, &needed), STATUS_INFO_LENGTH_MISMATCH);
        EXPECT_EQ(needed, kWhole);
        EXPECT_EQ(ob::ObQueryNameString(device, &room.information, kWhole - 1, &needed), STATUS_INFO_LENGTH_MISMATCH);
        EXPECT_EQ(ob::ObQueryNameString(device, &room.information, kWhole, &needed), STATUS_SUCCESS);
        EXPECT_EQ(room.information.Name.Length, 18);
        EXPECT_EQ(room.information.Name.MaximumLength, 20);
        EXPECT_EQ(std::u16string_view(room.information.Name.Buffer), u"\\Device\\T");
        ob::remove_name(device);
        EXPECT_EQ(ob::ObQueryNameString(device, &room.information, sizeof room, &needed), STATUS_SUCCESS);
        EXPECT_EQ(room.information.Name.Buffer, nullptr);
        EXPECT_EQ(needed, sizeof(OBJECT_NAME_INFORMATION));
        ob::dereference(device);
    });
}
