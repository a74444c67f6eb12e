// SPDX-License-Identifier: MIT
// References, handles, names, events by handle, callback objects.
#include "contract.h"

#include "ke/dispatcher_objects.h"
#include "ob/callbacks.h"
#include "ob/capture.h"
#include "ob/ddi.h"
#include "ob/manager.h"
#include "ob/namespace.h"

using namespace ringside;
using namespace ringside::nt;
using namespace ringside::test;

namespace {

constexpr uint32_t kTag = 'lpmS';

OBJECT_ATTRIBUTES& attributes(At& at, char16_t const* path, ULONG flags = OBJ_KERNEL_HANDLE)
{
    auto& given = at.object<OBJECT_ATTRIBUTES>();
    given.Length = sizeof given;
    given.Attributes = flags;
    if (path)
        given.ObjectName = &at.string(path);
    return given;
}

void* new_event(bool signalled = false)
{
    void* event = *ob::create(ob::event_type, sizeof(KEVENT), kTag);
    ke::KeInitializeEvent(static_cast<KEVENT*>(event), NotificationEvent, signalled);
    return event;
}

HANDLE handle_to(void* body, ACCESS_MASK access = 0x1F0003)
{
    return *ob::open_handle(ob::current_process(), body, { .access = access, .attributes = OBJ_KERNEL_HANDLE });
}

void* body_of(HANDLE handle)
{
    auto found = ob::resolve_handle(ob::current_process(), handle, KernelMode);
    return found.ok() ? found->body : nullptr;
}

LONG state_of(void* event) { return static_cast<KEVENT*>(event)->Header.SignalState; }

// Takes one reference more; something that is no object ends the machine.
void references(At& at, bool with_tag)
{
    void* event = new_event();
    at.call(event, with_tag ? ULONG { kTag } : 0);
    EXPECT_EQ(ob::references(event), 2u);
    at.bug_checks(REFERENCE_BY_POINTER, at.bytes(4096), with_tag ? ULONG { kTag } : 0);
}

// Drops one; the object is gone, now or soon, when it was the last; what is gone cannot be dropped.
void dereferences(At& at, bool with_tag)
{
    void* event = new_event();
    ob::reference(event);
    at.call(event, with_tag ? ULONG { kTag } : 0);
    EXPECT_EQ(ob::references(event), 1u);
    at.call(event, with_tag ? ULONG { kTag } : 0);
    ke::kernel().delay(KernelMode, false, LARGE_INTEGER { .QuadPart = -10'000 });
    EXPECT_EQ(ob::type_of(event), nullptr);
    at.bug_checks(REFERENCE_BY_POINTER, at.bytes(4096), with_tag ? ULONG { kTag } : 0);
}

void by_handle(At& at, bool with_tag)
{
    void* event = new_event();
    HANDLE const handle = handle_to(event, SYNCHRONIZE);
    auto& object = at.object<PVOID>();
    auto& about = at.object<OBJECT_HANDLE_INFORMATION>();
    auto const status = [&](NTSTATUS expected, HANDLE which, ACCESS_MASK access, OBJECT_TYPE* type, CCHAR mode) {
        if (with_tag)
            at.status(expected, which, access, type, mode, ULONG { kTag }, &object, &about);
        else
            at.status(expected, which, access, type, mode, &object, &about);
    };
    status(STATUS_SUCCESS, handle, 0x1F0003, ob::event_type.guest, KernelMode);
    EXPECT_EQ(object, event);
    EXPECT_EQ(about.GrantedAccess, SYNCHRONIZE);
    EXPECT_EQ(ob::references(event), 3u);
    status(STATUS_OBJECT_TYPE_MISMATCH, handle, 0, ob::file_type.guest, KernelMode);
    status(STATUS_INVALID_HANDLE, handle, 0, ob::event_type.guest, UserMode); // a kernel handle
    status(STATUS_INVALID_HANDLE, nullptr, 0, nullptr, KernelMode);
    HANDLE const plain = *ob::open_handle(ob::current_process(), event, { .access = SYNCHRONIZE });
    status(STATUS_ACCESS_DENIED, plain, 2, ob::event_type.guest, UserMode);
    EXPECT_EQ(object, nullptr);
}

void by_pointer(At& at)
{
    void* event = new_event();
    at.status(STATUS_SUCCESS, event, SYNCHRONIZE, ob::event_type.guest, KernelMode, ULONG { kTag });
    EXPECT_EQ(ob::references(event), 2u);
    at.status(STATUS_OBJECT_TYPE_MISMATCH, event, SYNCHRONIZE, ob::file_type.guest, UserMode, ULONG { kTag });
    at.status(STATUS_OBJECT_TYPE_MISMATCH, event, SYNCHRONIZE, nullptr, UserMode, ULONG { kTag });
    EXPECT_EQ(ob::references(event), 2u);
    at.bug_checks(REFERENCE_BY_POINTER, at.bytes(4096), SYNCHRONIZE, nullptr, KernelMode, ULONG { kTag });
}

void open_by_pointer(At& at, bool with_tag)
{
    void* event = new_event();
    auto& handle = at.object<HANDLE>();
    auto const status = [&](NTSTATUS expected, ULONG flags, OBJECT_TYPE* type) {
        if (with_tag)
            at.status(expected, event, flags, nullptr, SYNCHRONIZE, type, KernelMode, ULONG { kTag }, &handle);
        else
            at.status(expected, event, flags, nullptr, SYNCHRONIZE, type, KernelMode, &handle);
    };
    status(STATUS_SUCCESS, OBJ_KERNEL_HANDLE, ob::event_type.guest);
    EXPECT_EQ(body_of(handle), event);
    EXPECT_TRUE(ob::is_kernel_handle(handle));
    status(STATUS_OBJECT_TYPE_MISMATCH, 0, ob::file_type.guest);
    status(STATUS_INVALID_PARAMETER, OBJ_CASE_INSENSITIVE, nullptr);
    status(STATUS_INVALID_PARAMETER, OBJ_EXCLUSIVE, nullptr); // it was not made so
    EXPECT_EQ(handle, nullptr);
}

// Closes, once.
void closes(At& at, HANDLE handle)
{
    at.status(STATUS_SUCCESS, handle, KernelMode);
    EXPECT_EQ(body_of(handle), nullptr);
    at.status(STATUS_INVALID_HANDLE, handle, KernelMode);
}

void NTAPI callback(PVOID context, PVOID first, PVOID second)
{
    *static_cast<uint64_t*>(context) += reinterpret_cast<uint64_t>(first) * 10 + reinterpret_cast<uint64_t>(second);
}

ob::CallbackObject* power_state()
{
    auto found = ob::look_up(u"\\Callback\\PowerState", true);
    return static_cast<ob::CallbackObject*>(found->body);
}

} // namespace

// --- References ---

SAMPLE(ObfReferenceObject) { references(at, false); }
SAMPLE(ObfReferenceObjectWithTag) { references(at, true); }
SAMPLE(ObDereferenceObject) { dereferences(at, false); }
SAMPLE(ObfDereferenceObject) { dereferences(at, false); }
SAMPLE(ObfDereferenceObjectWithTag) { dereferences(at, true); }
SAMPLE(ObDereferenceObjectDeferDelete) { dereferences(at, false); }
SAMPLE(ObDereferenceObjectDeferDeleteWithTag) { dereferences(at, true); }
SAMPLE(ObReferenceObjectByHandle) { by_handle(at, false); }
SAMPLE(ObReferenceObjectByHandleWithTag) { by_handle(at, true); }
SAMPLE(ObReferenceObjectByPointer) { by_pointer(at); }
SAMPLE(ObReferenceObjectByPointerWithTag) { by_pointer(at); }
SAMPLE(ObOpenObjectByPointer) { open_by_pointer(at, false); }
SAMPLE(ObOpenObjectByPointerWithTag) { open_by_pointer(at, true); }

SAMPLE(ObReferenceObjectSafe)
{
    void* event = new_event();
    at.returns(BOOLEAN { TRUE }, event);
    EXPECT_EQ(ob::references(event), 2u);
}

SAMPLE(ObReferenceObjectByName)
{
    auto& object = at.object<PVOID>();
    auto& name = at.string(u"\\callback\\PowerState");
    at.status(STATUS_SUCCESS, &name, OBJ_CASE_INSENSITIVE, nullptr, 0u, ob::callback_type.guest, KernelMode, nullptr,
              &object);
    EXPECT_EQ(object, static_cast<void*>(power_state()));
    at.status(STATUS_OBJECT_TYPE_MISMATCH, &name, OBJ_CASE_INSENSITIVE, nullptr, 0u, ob::event_type.guest, KernelMode,
              nullptr, &object);
    at.status(STATUS_OBJECT_PATH_NOT_FOUND, &name, 0u, nullptr, 0u, ob::callback_type.guest, KernelMode, nullptr,
              &object);
}

SAMPLE(ObGetObjectType)
{
    at.returns(ob::event_type.guest, new_event());
    at.bug_checks(REFERENCE_BY_POINTER, at.bytes(4096));
}

SAMPLE(ObQueryNameString)
{
    auto* into = static_cast<OBJECT_NAME_INFORMATION*>(at.bytes(128));
    auto& length = at.object<ULONG>();
    at.status(STATUS_SUCCESS, power_state(), into, 128u, &length);
    ASSERT_NE(into->Name.Buffer, nullptr);
    EXPECT_EQ(std::u16string(into->Name.Buffer, into->Name.Length / 2), u"\\Callback\\PowerState");
    EXPECT_EQ(length, 16u + 2 * 21);
    at.status(STATUS_INFO_LENGTH_MISMATCH, power_state(), into, length - 1, &length);
    at.status(STATUS_SUCCESS, new_event(), into, 128u, &length);
    EXPECT_EQ(into->Name.Length, 0u);
}

// --- Handles ---

SAMPLE(ObCloseHandle) { closes(at, handle_to(new_event())); }
SAMPLE(ZwClose) { closes(at, handle_to(new_event())); }
SAMPLE(NtClose) { closes(at, handle_to(new_event())); }

SAMPLE(ObQueryObjectAuditingByHandle)
{
    auto& generate = at.object<BOOLEAN>();
    generate = TRUE;
    at.status(STATUS_SUCCESS, ob::current_process_handle(), &generate);
    EXPECT_EQ(generate, FALSE);
    generate = TRUE;
    at.status(STATUS_INVALID_HANDLE, nullptr, &generate);
    EXPECT_EQ(generate, TRUE);
}

SAMPLE(ObIsKernelHandle)
{
    at.returns(BOOLEAN { TRUE }, handle_to(new_event()));
    at.returns(BOOLEAN { FALSE }, *ob::open_handle(ob::current_process(), new_event(), { .access = SYNCHRONIZE }));
    at.returns(BOOLEAN { FALSE }, ob::current_process_handle());
}

SAMPLE(ObMakeTemporaryObject)
{
    ASSERT_TRUE(ob::create_symbolic_link(u"\\??\\Sample", u"\\Device").ok());
    auto found = ob::look_up_link({ nullptr, u"\\??\\Sample", true });
    at.call(found->body);
    EXPECT_EQ(ob::symbolic_link_target(u"\\??\\Sample").status(), STATUS_OBJECT_NAME_NOT_FOUND);
}

SAMPLE(ZwMakeTemporaryObject)
{
    auto& handle = at.object<HANDLE>();
    auto& given = attributes(at, u"\\Sample", OBJ_KERNEL_HANDLE | OBJ_PERMANENT);
    at.also("ZwCreateEvent", &handle, EVENT_ALL_ACCESS, &given, NotificationEvent, FALSE);
    at.status(STATUS_SUCCESS, handle);
    at.also("ZwClose", handle);
    EXPECT_EQ(ob::look_up(u"\\Sample", true).status(), STATUS_OBJECT_NAME_NOT_FOUND);
    at.status(STATUS_INVALID_HANDLE, handle);
}

// --- Directories and links ---

SAMPLE(ZwCreateDirectoryObject)
{
    auto& handle = at.object<HANDLE>();
    auto& given = attributes(at, u"\\Sample");
    at.status(STATUS_SUCCESS, &handle, DIRECTORY_ALL_ACCESS, &given);
    EXPECT_EQ(ob::type_of(body_of(handle)), &ob::directory_type);
    at.status(STATUS_OBJECT_NAME_COLLISION, &handle, DIRECTORY_ALL_ACCESS, &given);
    at.status(STATUS_OBJECT_PATH_NOT_FOUND, &handle, DIRECTORY_ALL_ACCESS, &attributes(at, u"\\No\\Such"));
    at.status(STATUS_OBJECT_PATH_SYNTAX_BAD, &handle, DIRECTORY_ALL_ACCESS, &attributes(at, u"Sample"));
    given.Attributes |= OBJ_OPENIF;
    at.status(STATUS_OBJECT_NAME_EXISTS, &handle, DIRECTORY_ALL_ACCESS, &given);
}

SAMPLE(ZwOpenDirectoryObject)
{
    auto& handle = at.object<HANDLE>();
    at.status(STATUS_SUCCESS, &handle, DIRECTORY_QUERY, &attributes(at, u"\\Device"));
    EXPECT_EQ(ob::type_of(body_of(handle)), &ob::directory_type);
    at.status(STATUS_OBJECT_NAME_NOT_FOUND, &handle, DIRECTORY_QUERY, &attributes(at, u"\\Nothing"));
    at.status(STATUS_OBJECT_TYPE_MISMATCH, &handle, DIRECTORY_QUERY, &attributes(at, u"\\Callback\\PowerState"));
    at.status(STATUS_INVALID_PARAMETER, &handle, DIRECTORY_QUERY, nullptr);
}

SAMPLE(ZwOpenSymbolicLinkObject)
{
    auto& handle = at.object<HANDLE>();
    at.status(STATUS_SUCCESS, &handle, SYMBOLIC_LINK_QUERY, &attributes(at, u"\\DosDevices"));
    EXPECT_EQ(ob::type_of(body_of(handle)), &ob::symbolic_link_type);
    at.status(STATUS_OBJECT_NAME_NOT_FOUND, &handle, SYMBOLIC_LINK_QUERY, &attributes(at, u"\\??\\Nothing"));
    at.status(STATUS_OBJECT_TYPE_MISMATCH, &handle, SYMBOLIC_LINK_QUERY, &attributes(at, u"\\Device"));
}

SAMPLE(ZwQuerySymbolicLinkObject)
{
    auto& handle = at.object<HANDLE>();
    at.also("ZwOpenSymbolicLinkObject", &handle, SYMBOLIC_LINK_QUERY, &attributes(at, u"\\DosDevices"));
    auto& target = at.object<UNICODE_STRING>();
    target = { 0, 64, static_cast<PWSTR>(at.bytes(64)) };
    auto& length = at.object<ULONG>();
    at.status(STATUS_SUCCESS, handle, &target, &length);
    EXPECT_EQ(std::u16string(target.Buffer, target.Length / 2), u"\\??");
    EXPECT_EQ(length, 8u);
    target.MaximumLength = 4;
    at.status(STATUS_BUFFER_TOO_SMALL, handle, &target, &length);
    at.status(STATUS_OBJECT_TYPE_MISMATCH, handle_to(new_event()), &target, &length);
}

// --- Events by handle ---

SAMPLE(ZwCreateEvent)
{
    auto& handle = at.object<HANDLE>();
    at.status(STATUS_SUCCESS, &handle, EVENT_ALL_ACCESS, &attributes(at, u"\\Sample"), SynchronizationEvent, TRUE);
    ASSERT_NE(body_of(handle), nullptr);
    EXPECT_EQ(state_of(body_of(handle)), 1);
    at.status(STATUS_OBJECT_NAME_COLLISION, &handle, EVENT_ALL_ACCESS, &attributes(at, u"\\Sample"), NotificationEvent,
              FALSE);
    at.status(STATUS_INVALID_PARAMETER_4, &handle, EVENT_ALL_ACCESS, nullptr, 2u, FALSE);
}

SAMPLE(ZwOpenEvent)
{
    auto& handle = at.object<HANDLE>();
    at.also("ZwCreateEvent", &handle, EVENT_ALL_ACCESS, &attributes(at, u"\\Sample"), NotificationEvent, FALSE);
    void* const event = body_of(handle);
    at.status(STATUS_SUCCESS, &handle, SYNCHRONIZE, &attributes(at, u"\\Sample"));
    EXPECT_EQ(body_of(handle), event);
    EXPECT_EQ(ob::handles(event), 2u);
    at.status(STATUS_OBJECT_NAME_NOT_FOUND, &handle, SYNCHRONIZE, &attributes(at, u"\\Nothing"));
    at.status(STATUS_OBJECT_TYPE_MISMATCH, &handle, SYNCHRONIZE, &attributes(at, u"\\Device"));
}

SAMPLE(ZwSetEvent)
{
    void* event = new_event();
    auto& before = at.object<LONG>();
    before = 9;
    at.status(STATUS_SUCCESS, handle_to(event), &before);
    EXPECT_EQ(before, 0);
    EXPECT_EQ(state_of(event), 1);
    at.status(STATUS_OBJECT_TYPE_MISMATCH, ob::current_thread_handle(), nullptr);
    at.status(STATUS_INVALID_HANDLE, nullptr, nullptr);
}

SAMPLE(ZwClearEvent)
{
    void* event = new_event(true);
    at.status(STATUS_SUCCESS, handle_to(event));
    EXPECT_EQ(state_of(event), 0);
    at.status(STATUS_INVALID_HANDLE, nullptr);
}

SAMPLE(ZwResetEvent)
{
    void* event = new_event(true);
    auto& before = at.object<LONG>();
    at.status(STATUS_SUCCESS, handle_to(event), &before);
    EXPECT_EQ(before, 1);
    EXPECT_EQ(state_of(event), 0);
}

SAMPLE(ZwWaitForSingleObject)
{
    auto& none = at.object<LARGE_INTEGER>();
    at.status(STATUS_TIMEOUT, handle_to(new_event()), FALSE, &none);
    at.status(STATUS_SUCCESS, handle_to(new_event(true)), FALSE, &none);
    at.status(STATUS_INVALID_HANDLE, nullptr, FALSE, &none);
    at.status(STATUS_OBJECT_TYPE_MISMATCH, handle_to(power_state()), FALSE, &none);
}

SAMPLE(NtWaitForSingleObject)
{
    auto& none = at.object<LARGE_INTEGER>();
    at.status(STATUS_TIMEOUT, handle_to(new_event()), FALSE, &none);
    at.status(STATUS_SUCCESS, handle_to(new_event(true)), FALSE, &none);
    at.status(STATUS_INVALID_HANDLE, nullptr, FALSE, &none);
}

SAMPLE(IoCreateNotificationEvent)
{
    auto& handle = at.object<HANDLE>();
    auto* event = reinterpret_cast<KEVENT*>(at.call(&at.string(u"\\BaseNamedObjects\\Sample"), &handle));
    ASSERT_NE(event, nullptr);
    EXPECT_EQ(event->Header.Type, EventNotificationObject);
    EXPECT_EQ(event->Header.SignalState, 1);
    EXPECT_EQ(body_of(handle), event);
    at.returns(event, &at.string(u"\\BaseNamedObjects\\Sample"), &handle); // opens it
    at.returns(PVOID {}, &at.string(u"\\No\\Such"), &handle);
}

SAMPLE(IoCreateSynchronizationEvent)
{
    auto& handle = at.object<HANDLE>();
    auto* event = reinterpret_cast<KEVENT*>(at.call(&at.string(u"\\BaseNamedObjects\\Sample"), &handle));
    ASSERT_NE(event, nullptr);
    EXPECT_EQ(event->Header.Type, EventSynchronizationObject);
    EXPECT_EQ(event->Header.SignalState, 1);
    at.returns(PVOID {}, &at.string(u"\\No\\Such"), &handle);
}

// --- Callback objects ---

SAMPLE(ExCreateCallback)
{
    auto& object = at.object<PVOID>();
    at.status(STATUS_SUCCESS, &object, &attributes(at, u"\\Callback\\PowerState"), FALSE, FALSE);
    EXPECT_EQ(object, static_cast<void*>(power_state()));
    at.status(STATUS_OBJECT_NAME_NOT_FOUND, &object, &attributes(at, u"\\Callback\\Sample"), FALSE, TRUE);
    at.status(STATUS_SUCCESS, &object, &attributes(at, u"\\Callback\\Sample"), TRUE, FALSE);
    EXPECT_EQ(ob::type_of(object), &ob::callback_type);
    at.status(STATUS_OBJECT_TYPE_MISMATCH, &object, &attributes(at, u"\\Device"), FALSE, FALSE);
    at.status(STATUS_UNSUCCESSFUL, &object, nullptr, FALSE, FALSE);
}

SAMPLE(ExRegisterCallback)
{
    auto& sum = at.object<uint64_t>();
    EXPECT_NE(at.call(power_state(), callback, &sum), 0u);
    ob::notify_callback(power_state(), reinterpret_cast<void*>(4), reinterpret_cast<void*>(2));
    EXPECT_EQ(sum, 42u);
    auto& object = at.object<PVOID>();
    at.also("ExCreateCallback", &object, &attributes(at, u"\\Callback\\Sample"), TRUE, FALSE);
    EXPECT_NE(at.call(object, callback, &sum), 0u);
    at.returns(PVOID {}, object, callback, &sum); // one only
    at.bug_checks(REFERENCE_BY_POINTER, new_event(), callback, &sum);
}

SAMPLE(ExUnregisterCallback)
{
    auto& sum = at.object<uint64_t>();
    auto* registration = reinterpret_cast<void*>(at.also("ExRegisterCallback", power_state(), callback, &sum));
    at.call(registration);
    EXPECT_EQ(ob::registered_callbacks(), 0u);
    at.bug_checks(BAD_POOL_CALLER, registration);
}

SAMPLE(ExNotifyCallback)
{
    auto& sum = at.object<uint64_t>();
    for (int i = 0; i < 2; ++i)
        at.also("ExRegisterCallback", power_state(), callback, &sum);
    at.call(power_state(), reinterpret_cast<void*>(1), reinterpret_cast<void*>(1));
    EXPECT_EQ(sum, 22u);
    at.bug_checks(REFERENCE_BY_POINTER, new_event(), nullptr, nullptr);
}
