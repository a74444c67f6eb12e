// SPDX-License-Identifier: MIT
// Opens are checked: devices by clients of each account, named objects, descriptors read and changed by handle.
#include "cm/ddi.h"
#include "io/host_driver.h"
#include "ob/ddi.h"
#include "ps/ddi.h"
#include "ps/memory_rows.h"
#include "ob/security.h"
#include "se/ddi.h"
#include "se/object_security.h"
#include "se/sddl.h"

namespace ringside::test {

using namespace se;

namespace {

std::u16string descriptor_words(void* body, SECURITY_INFORMATION parts)
{
    auto const found = object_descriptor(body);
    return found ? print_sddl(*found, parts) : u"none";
}

} // namespace

class se_open : public IoTest {
protected:
    NTSTATUS open_as(Account account, std::u16string path, ACCESS_MASK access, ACCESS_MASK* granted = nullptr)
    {
        ke::Process* process = nullptr;
        on_system([&] { process = boot.rooms.processes.create_client(u"\\client.exe", account).take(); });
        auto* thread = new machine::HostThread(process); // its machine thread outlives the test's interest in it
        m_threads.emplace_back(thread);
        NTSTATUS status = -1;
        thread->execute([&] {
            auto opened = io::open({ .path = path, .access = access, .mode = UserMode });
            status = opened.status();
            if (!opened.ok())
                return;
            if (granted)
                *granted = ob::resolve_handle(ob::current_process(), opened->handle, UserMode)->granted;
            static_cast<void>(ob::close_handle(ob::current_process(), opened->handle, UserMode));
        });
        return status;
    }
    void set_words(void* body, std::u16string_view sddl)
    {
        on_system([&] {
            auto const bytes = parse_sddl(sddl)->relative();
            HANDLE handle = nullptr;
            ASSERT_EQ(
                ob::ObOpenObjectByPointer(body, OBJ_KERNEL_HANDLE, nullptr, WRITE_DAC, nullptr, KernelMode, &handle),
                STATUS_SUCCESS);
            EXPECT_EQ(
                set_security_object(handle, DACL_SECURITY_INFORMATION, const_cast<uint8_t*>(bytes.data()), KernelMode),
                STATUS_SUCCESS);
            EXPECT_EQ(ob::close_handle(ob::current_process(), handle, KernelMode).status(), STATUS_SUCCESS);
        });
    }

    std::vector<std::unique_ptr<machine::HostThread>> m_threads;
};

// Clients of four accounts open a device that says nothing, then one for administrators only.
// Shows: the matrix of who gets in; the handle carries what was granted.
TEST_F(se_open, devices_by_account)
{
    Behaviour behaviour { "d" };
    DRIVER_OBJECT* of = driver(u"one");
    DEVICE_OBJECT* made = device(of, behaviour, u"\\Device\\Guarded");
    constexpr Account kAll[]
        = { Account::System, Account::Administrator, Account::FilteredAdministrator, Account::User };
    auto matrix = [&](std::u16string const& path, ACCESS_MASK access) {
        std::string row;
        for (Account account : kAll) {
            NTSTATUS const status = open_as(account, path, access);
            row += status == STATUS_SUCCESS ? 'y' : status == STATUS_ACCESS_DENIED ? 'n' : '?';
        }
        return row;
    };
    EXPECT_EQ(matrix(u"\\Device\\Guarded", GENERIC_READ | GENERIC_WRITE), "yyyy");
    EXPECT_EQ(matrix(u"\\Device\\Guarded", WRITE_DAC), "yynn");
    set_words(made, u"D:P(A;;GA;;;SY)(A;;GRGW;;;BA)");
    EXPECT_EQ(matrix(u"\\Device\\Guarded", GENERIC_READ | GENERIC_WRITE), "yynn");
    EXPECT_EQ(descriptor_words(made, DACL_SECURITY_INFORMATION), u"D:P(A;;FA;;;SY)(A;;0x12019f;;;BA)");
    ACCESS_MASK granted = 0;
    EXPECT_EQ(open_as(Account::Administrator, u"\\Device\\Guarded", MAXIMUM_ALLOWED, &granted), STATUS_SUCCESS);
    EXPECT_EQ(granted, 0x12019Fu | WRITE_DAC) << "the list, and what is the owner's";
    EXPECT_EQ(matrix(u"\\Device\\Guarded\\below", GENERIC_READ), "yyyy") << "the driver's to guard";
    made->Characteristics |= FILE_DEVICE_SECURE_OPEN;
    EXPECT_EQ(matrix(u"\\Device\\Guarded\\below", GENERIC_READ), "yynn") << "unless it asks for the check";
    on_system([&] {
        EXPECT_TRUE(io::open({ .path = u"\\Device\\Guarded", .access = GENERIC_ALL }).ok())
            << "kernel mode is not asked";
    });
}

// A driver looks in its create dispatch at who opens.
// Shows: the access state carries the opener's token and what was granted.
TEST_F(se_open, the_create_says_who)
{
    Behaviour behaviour { "d" };
    behaviour.dispatch[IRP_MJ_CREATE] = [](DEVICE_OBJECT*, IRP* irp) {
        ACCESS_STATE* state = io::current_location(irp)->Parameters.Create.SecurityContext->AccessState;
        Token const& token = required_token(state->SubjectSecurityContext.PrimaryToken);
        note(fmt::format("{} {:#x} level {:#x}", SeTokenIsAdmin(token.body) ? "administrator" : "user",
                         state->PreviouslyGrantedAccess, token.integrity));
        return complete(irp, STATUS_SUCCESS);
    };
    device(driver(u"one"), behaviour, u"\\Device\\Guarded");
    EXPECT_EQ(open_as(Account::User, u"\\Device\\Guarded", GENERIC_READ), STATUS_SUCCESS);
    EXPECT_EQ(open_as(Account::Administrator, u"\\Device\\Guarded", GENERIC_WRITE), STATUS_SUCCESS);
    EXPECT_EQ(journal(), "user 0x120089 level 0x2000\nadministrator 0x120116 level 0x3000\n");
}

// An event with a descriptor of its own, opened again by the system and by a user who is impersonated.
// Shows: the descriptor given in the attributes is kept; kernel mode is asked only with OBJ_FORCE_ACCESS_CHECK.
TEST_F(se_open, named_objects)
{
    on_system([&] {
        std::u16string const path = u"\\BaseNamedObjects\\Guarded";
        UNICODE_STRING name = counted(path);
        auto bytes = parse_sddl(u"O:SYG:SYD:(A;;GA;;;SY)(A;;GR;;;BU)")->relative();
        OBJECT_ATTRIBUTES attributes { sizeof attributes, nullptr, &name, OBJ_CASE_INSENSITIVE, bytes.data(), nullptr };
        HANDLE event = nullptr, again = nullptr;
        ASSERT_EQ(ob::ZwCreateEvent(&event, EVENT_ALL_ACCESS, &attributes, NotificationEvent, FALSE), STATUS_SUCCESS);
        void* body = ob::resolve_handle(ob::current_process(), event, KernelMode)->body;
        EXPECT_EQ(descriptor_words(body, 0xF), u"O:SYG:SYD:(A;;0x1f0003;;;SY)(A;;CCRC;;;BU)");

        Token* user = *boot.rooms.security.make_primary(Account::User);
        boot.rooms.security.impersonate(ke::kernel().current(), { user->body, SecurityImpersonation });
        attributes.SecurityDescriptor = nullptr;
        EXPECT_EQ(ob::ZwOpenEvent(&again, EVENT_MODIFY_STATE, &attributes), STATUS_SUCCESS) << "kernel mode";
        ob::ZwClose(again);
        attributes.Attributes |= OBJ_FORCE_ACCESS_CHECK;
        EXPECT_EQ(ob::ZwOpenEvent(&again, EVENT_MODIFY_STATE, &attributes), STATUS_ACCESS_DENIED);
        EXPECT_EQ(ob::ZwOpenEvent(&again, EVENT_QUERY_STATE, &attributes), STATUS_SUCCESS);
        ob::ZwClose(again);
        // A name of his own in a directory where he may create nothing.
        std::u16string const other = u"\\Device\\Mine";
        UNICODE_STRING other_name = counted(other);
        attributes.ObjectName = &other_name;
        EXPECT_EQ(ob::ZwCreateEvent(&again, EVENT_ALL_ACCESS, &attributes, NotificationEvent, FALSE),
                  STATUS_ACCESS_DENIED);
        boot.rooms.security.impersonate(ke::kernel().current(), {});

        bytes[0] = 9;
        attributes.SecurityDescriptor = bytes.data();
        EXPECT_EQ(ob::ZwCreateEvent(&again, EVENT_ALL_ACCESS, &attributes, NotificationEvent, FALSE),
                  STATUS_UNKNOWN_REVISION);
        ob::ZwClose(event);
    });
}

// A user opens a thread of the System process by its id.
// Shows: ZwOpenThread granted whatever was asked for, also with OBJ_FORCE_ACCESS_CHECK.
TEST_F(se_open, threads_by_id)
{
    on_system([&] {
        ke::Thread& self = ke::kernel().current();
        CLIENT_ID id { nullptr, reinterpret_cast<HANDLE>(self.id) };
        OBJECT_ATTRIBUTES attributes { sizeof attributes, nullptr, nullptr, 0, nullptr, nullptr };
        HANDLE thread = nullptr;
        Token* user = *boot.rooms.security.make_primary(Account::User);
        boot.rooms.security.impersonate(self, { user->body, SecurityImpersonation });
        EXPECT_EQ(ps::ZwOpenThread(&thread, THREAD_ALL_ACCESS, &attributes, &id), STATUS_SUCCESS) << "kernel mode";
        ob::ZwClose(thread);
        attributes.Attributes = OBJ_FORCE_ACCESS_CHECK;
        EXPECT_EQ(ps::ZwOpenThread(&thread, THREAD_ALL_ACCESS, &attributes, &id), STATUS_ACCESS_DENIED);
        boot.rooms.security.impersonate(self, {});
        EXPECT_EQ(ps::ZwOpenThread(&thread, THREAD_ALL_ACCESS, &attributes, &id), STATUS_SUCCESS);
        ob::ZwClose(thread);
    });
}

// A user opens the System process, and a section of the system's, by their ids and names.
// Shows: both granted whatever was asked for, also with OBJ_FORCE_ACCESS_CHECK.
TEST_F(se_open, processes_and_sections)
{
    on_system([&] {
        std::u16string const path = u"\\BaseNamedObjects\\Shared";
        UNICODE_STRING name = counted(path);
        auto bytes = parse_sddl(u"O:SYG:SYD:(A;;GA;;;SY)(A;;0x4;;;BU)")->relative(); // users may map for reading
        OBJECT_ATTRIBUTES of_section { sizeof of_section, nullptr, &name, OBJ_CASE_INSENSITIVE, bytes.data(), nullptr };
        LARGE_INTEGER size { .QuadPart = 4096 };
        HANDLE section = nullptr, handle = nullptr;
        ASSERT_EQ(ps::ZwCreateSection(&section, SECTION_ALL_ACCESS, &of_section, &size, PAGE_READWRITE, SEC_COMMIT,
                                      nullptr),
                  STATUS_SUCCESS);
        void* body = ob::resolve_handle(ob::current_process(), section, KernelMode)->body;
        EXPECT_EQ(descriptor_words(body, 0xF), u"O:SYG:SYD:(A;;CCDCLCSWRPSDRCWDWO;;;SY)(A;;LC;;;BU)");
        of_section.SecurityDescriptor = nullptr;
        CLIENT_ID system { reinterpret_cast<HANDLE>(4), nullptr };
        OBJECT_ATTRIBUTES of_process { sizeof of_process, nullptr, nullptr, 0, nullptr, nullptr };

        Token* user = *boot.rooms.security.make_primary(Account::User);
        boot.rooms.security.impersonate(ke::kernel().current(), { user->body, SecurityImpersonation });
        auto outcome = [&](NTSTATUS status) {
            if (!status)
                ob::ZwClose(handle);
            return status == STATUS_SUCCESS ? 'y' : status == STATUS_ACCESS_DENIED ? 'n' : '?';
        };
        auto all = [&] {
            return std::string {
                outcome(ps::ZwOpenProcess(&handle, PROCESS_ALL_ACCESS, &of_process, &system)),
                outcome(ps::ZwOpenSection(&handle, SECTION_MAP_READ, &of_section)),
                outcome(ps::ZwOpenSection(&handle, SECTION_MAP_WRITE, &of_section)),
                outcome(ob::ObOpenObjectByName(&of_section, nullptr, KernelMode, nullptr, SECTION_MAP_WRITE, nullptr,
                                               &handle)),
                outcome(ob::ObOpenObjectByPointer(body, of_process.Attributes, nullptr, SECTION_MAP_WRITE,
                                                  ob::section_type.guest, KernelMode, &handle)),
            };
        };
        EXPECT_EQ(all(), "yyyyy") << "kernel mode is not asked";
        of_process.Attributes |= OBJ_FORCE_ACCESS_CHECK;
        of_section.Attributes |= OBJ_FORCE_ACCESS_CHECK;
        EXPECT_EQ(all(), "nynnn");
        of_section.Attributes |= OBJ_OPENIF;
        EXPECT_EQ(outcome(ps::ZwCreateSection(&handle, SECTION_MAP_WRITE, &of_section, &size, PAGE_READWRITE, SEC_COMMIT,
                                              nullptr)),
                  'n');
        EXPECT_EQ(ob::ObOpenObjectByPointer(body, 0, nullptr, SECTION_MAP_WRITE, ob::section_type.guest, UserMode,
                                            &handle),
                  STATUS_ACCESS_DENIED);
        // What was granted to an access state before is not asked again.
        ACCESS_STATE state {};
        state.PreviouslyGrantedAccess = SECTION_MAP_WRITE;
        EXPECT_EQ(ob::ObOpenObjectByPointer(body, 0, &state, SECTION_MAP_READ, ob::section_type.guest, UserMode,
                                            &handle),
                  STATUS_SUCCESS);
        EXPECT_EQ(ob::resolve_handle(ob::current_process(), handle, KernelMode)->granted,
                  SECTION_MAP_READ | SECTION_MAP_WRITE);
        ob::ZwClose(handle);
        boot.rooms.security.impersonate(ke::kernel().current(), {});
        ob::ZwClose(section);
    });
}

// A driver makes objects itself, with descriptors, and a user inserts some of that name.
// Shows: ObInsertObject stored no descriptor, and opened what was there whatever it said.
TEST_F(se_open, objects_that_a_driver_makes)
{
    on_system([&] {
        std::u16string const path = u"\\BaseNamedObjects\\Made";
        UNICODE_STRING name = counted(path);
        auto bytes = parse_sddl(u"O:SYG:SYD:(A;;GA;;;SY)(A;;GR;;;BU)")->relative();
        OBJECT_ATTRIBUTES given { sizeof given, nullptr, &name, OBJ_CASE_INSENSITIVE, bytes.data(), nullptr };
        auto make = [&](ACCESS_MASK access, HANDLE* handle, KPROCESSOR_MODE mode) {
            void* object = nullptr;
            NTSTATUS const status = ob::ObCreateObject(mode, ob::event_type.guest, &given, mode, nullptr,
                                                       sizeof(KEVENT), 0, 0, &object);
            return status ? status : ob::ObInsertObject(object, nullptr, access, 0, nullptr, handle);
        };
        HANDLE event = nullptr, again = nullptr;
        ASSERT_EQ(make(EVENT_ALL_ACCESS, &event, KernelMode), STATUS_SUCCESS);
        void* body = ob::resolve_handle(ob::current_process(), event, KernelMode)->body;
        EXPECT_EQ(descriptor_words(body, 0xF), u"O:SYG:SYD:(A;;0x1f0003;;;SY)(A;;CCRC;;;BU)");

        Token* user = *boot.rooms.security.make_primary(Account::User);
        boot.rooms.security.impersonate(ke::kernel().current(), { user->body, SecurityImpersonation });
        given.SecurityDescriptor = nullptr;
        given.Attributes |= OBJ_OPENIF;
        EXPECT_EQ(make(EVENT_MODIFY_STATE, &again, KernelMode), STATUS_OBJECT_NAME_EXISTS) << "kernel mode";
        ob::ZwClose(again);
        EXPECT_EQ(make(EVENT_MODIFY_STATE, &again, UserMode), STATUS_ACCESS_DENIED);
        given.Attributes |= OBJ_FORCE_ACCESS_CHECK;
        EXPECT_EQ(make(EVENT_MODIFY_STATE, &again, KernelMode), STATUS_ACCESS_DENIED);
        EXPECT_EQ(make(EVENT_QUERY_STATE, &again, KernelMode), STATUS_OBJECT_NAME_EXISTS);
        ob::ZwClose(again);
        std::u16string const other = u"\\Device\\Mine";
        name = counted(other);
        EXPECT_EQ(make(EVENT_ALL_ACCESS, &again, KernelMode), STATUS_ACCESS_DENIED) << "the directory says no";
        boot.rooms.security.impersonate(ke::kernel().current(), {});

        given = { sizeof given, nullptr, nullptr, 0, bytes.data(), nullptr };
        ASSERT_EQ(make(EVENT_ALL_ACCESS, &again, KernelMode), STATUS_SUCCESS);
        EXPECT_EQ(descriptor_words(ob::resolve_handle(ob::current_process(), again, KernelMode)->body, 0xF),
                  u"O:SYG:SYD:(A;;0x1f0003;;;SY)(A;;CCRC;;;BU)")
            << "a nameless one keeps what it is given";
        ob::ZwClose(again);
        ob::ZwClose(event);
    });
}

// A user opens registry keys; an administrator narrows one of them.
// Shows: users read and do not write; what is set on a key holds for it and for keys below that were not asked before.
TEST_F(se_open, registry_keys)
{
    on_system([&] {
        std::u16string const path = u"\\Registry\\Machine\\System\\CurrentControlSet\\Services";
        std::u16string const below = path + u"\\Guarded";
        boot.rooms.registry.make(below);
        auto open = [&](std::u16string const& at, ACCESS_MASK access, HANDLE& handle) {
            UNICODE_STRING name = counted(at);
            OBJECT_ATTRIBUTES attributes { sizeof attributes, nullptr, &name,
                                           OBJ_CASE_INSENSITIVE | OBJ_FORCE_ACCESS_CHECK, nullptr, nullptr };
            return cm::ZwOpenKey(&handle, access, &attributes);
        };
        auto as_user = [&](std::u16string const& at, ACCESS_MASK access) {
            Token* user = *boot.rooms.security.make_primary(Account::User);
            boot.rooms.security.impersonate(ke::kernel().current(), { user->body, SecurityImpersonation });
            HANDLE handle = nullptr;
            NTSTATUS const status = open(at, access, handle);
            boot.rooms.security.impersonate(ke::kernel().current(), {});
            if (!status)
                ob::ZwClose(handle);
            return status;
        };
        auto create_as_user = [&](std::u16string const& at) {
            Token* user = *boot.rooms.security.make_primary(Account::User);
            boot.rooms.security.impersonate(ke::kernel().current(), { user->body, SecurityImpersonation });
            HANDLE handle = nullptr;
            UNICODE_STRING name = counted(at);
            OBJECT_ATTRIBUTES attributes { sizeof attributes, nullptr, &name,
                                           OBJ_CASE_INSENSITIVE | OBJ_FORCE_ACCESS_CHECK, nullptr, nullptr };
            NTSTATUS const status = cm::ZwCreateKey(&handle, KEY_READ, &attributes, 0, nullptr, 0, nullptr);
            boot.rooms.security.impersonate(ke::kernel().current(), {});
            if (!status)
                ob::ZwClose(handle);
            return status;
        };
        EXPECT_EQ(as_user(path, KEY_READ), STATUS_SUCCESS);
        EXPECT_EQ(as_user(path, KEY_WRITE), STATUS_ACCESS_DENIED);
        EXPECT_EQ(create_as_user(path + u"\\Mine"), STATUS_ACCESS_DENIED) << "he may make no subkey";
        EXPECT_EQ(boot.rooms.registry.find(path + u"\\Mine"), nullptr);
        EXPECT_EQ(create_as_user(path), STATUS_SUCCESS) << "there already, and opened for reading";
        HANDLE handle = nullptr;
        ASSERT_EQ(open(path, KEY_ALL_ACCESS, handle), STATUS_SUCCESS);
        EXPECT_EQ(descriptor_words(ob::resolve_handle(ob::current_process(), handle, KernelMode)->body,
                                   DACL_SECURITY_INFORMATION),
                  u"D:AI(A;CIID;KA;;;SY)(A;CIID;KA;;;BA)(A;CIID;KR;;;BU)(A;CIID;KR;;;RC)");
        auto bytes = parse_sddl(u"D:P(A;CI;KA;;;SY)")->relative();
        EXPECT_EQ(set_security_object(handle, DACL_SECURITY_INFORMATION, bytes.data(), KernelMode), STATUS_SUCCESS);
        ob::ZwClose(handle);
        EXPECT_EQ(as_user(path, KEY_READ), STATUS_ACCESS_DENIED);
        EXPECT_EQ(as_user(below, KEY_READ), STATUS_ACCESS_DENIED);
    });
}

// A descriptor is asked for and changed through a handle and through the object.
// Shows: lengths, parts, rights that a client's handle needs, and copies that outlive a change.
TEST_F(se_open, descriptors_by_handle)
{
    Behaviour behaviour { "d" };
    DEVICE_OBJECT* made = device(driver(u"one"), behaviour, u"\\Device\\Guarded");
    on_system([&] {
        PSECURITY_DESCRIPTOR held = nullptr;
        BOOLEAN allocated = FALSE;
        ASSERT_EQ(ObGetObjectSecurity(made, &held, &allocated), STATUS_SUCCESS);
        ASSERT_NE(held, nullptr);
        EXPECT_TRUE(rtl::RtlValidSecurityDescriptor(held));
        HANDLE handle = nullptr;
        ASSERT_EQ(
            ob::ObOpenObjectByPointer(made, OBJ_KERNEL_HANDLE, nullptr, READ_CONTROL, nullptr, KernelMode, &handle),
            STATUS_SUCCESS);
        ULONG needed = 0;
        EXPECT_EQ(query_security_object(handle, OWNER_SECURITY_INFORMATION, nullptr, 0, &needed, KernelMode),
                  STATUS_BUFFER_TOO_SMALL);
        EXPECT_EQ(needed, 20u + 16);
        alignas(8) uint8_t buffer[64];
        EXPECT_EQ(query_security_object(handle, OWNER_SECURITY_INFORMATION, buffer, sizeof buffer, &needed, KernelMode),
                  STATUS_SUCCESS);
        EXPECT_EQ(print_sddl(Descriptor(buffer), 0xF), u"O:BA");
        auto bytes = parse_sddl(u"D:(A;;GR;;;BU)")->relative();
        EXPECT_EQ(set_security_object(handle, OWNER_SECURITY_INFORMATION, bytes.data(), KernelMode),
                  STATUS_INVALID_SECURITY_DESCR)
            << "there is no owner in it";
        EXPECT_EQ(set_security_object(handle, DACL_SECURITY_INFORMATION, bytes.data(), KernelMode), STATUS_SUCCESS);
        EXPECT_EQ(descriptor_words(made, 0xF), u"O:BAG:SYD:(A;;FR;;;BU)");
        EXPECT_NE(print_sddl(Descriptor(held), DACL_SECURITY_INFORMATION), u"D:(A;;FR;;;BU)") << "a copy";
        ObReleaseObjectSecurity(held, allocated);
        ob::ZwClose(handle);
    });
    Behaviour plain { "p" };
    DEVICE_OBJECT* nameless = device(driver(u"two"), plain);
    on_system([&] {
        PSECURITY_DESCRIPTOR none = made;
        BOOLEAN allocated = TRUE;
        EXPECT_EQ(ObGetObjectSecurity(nameless, &none, &allocated), STATUS_SUCCESS);
        EXPECT_EQ(none, nullptr);
        EXPECT_FALSE(allocated);
    });
}

} // namespace ringside::test
