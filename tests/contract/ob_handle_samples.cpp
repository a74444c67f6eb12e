// SPDX-License-Identifier: MIT
// Handles, queries, names and objects of a driver's own, object callbacks.
#include "contract.h"

#include "ob/capture.h"
#include "ob/ddi.h"
#include "ob/handle.h"
#include "ob/manager.h"
#include "ob/namespace.h"

using namespace ringside;
using namespace ringside::nt;
using namespace ringside::test;

namespace {

OBJECT_ATTRIBUTES& attributes(At& at, char16_t const* path, ULONG flags = OBJ_KERNEL_HANDLE)
{
    auto& given = at.object<OBJECT_ATTRIBUTES>();
    given.Length = sizeof given;
    given.Attributes = flags;
    if (path)
        given.ObjectName = &at.string(path);
    return given;
}

HANDLE new_event(At& at, char16_t const* path = nullptr)
{
    auto& handle = at.object<HANDLE>();
    EXPECT_EQ(at.also("ZwCreateEvent", &handle, EVENT_ALL_ACCESS, &attributes(at, path), NotificationEvent, FALSE), 0u);
    return handle;
}

void* event_of(HANDLE handle)
{
    auto found = ob::resolve_handle(ob::current_process(), handle, KernelMode);
    return found.ok() ? found->body : nullptr;
}

OB_PREOP_CALLBACK_STATUS NTAPI before(PVOID, OB_PRE_OPERATION_INFORMATION*) { return OB_PREOP_SUCCESS; }

OB_CALLBACK_REGISTRATION& registration(At& at, char16_t const* altitude)
{
    auto& entry = at.object<OB_OPERATION_REGISTRATION>();
    entry = { &at.object<OBJECT_TYPE*>(), OB_OPERATION_HANDLE_CREATE, before, nullptr };
    *entry.ObjectType = ob::process_type.guest;
    auto& given = at.object<OB_CALLBACK_REGISTRATION>();
    given = { OB_FLT_REGISTRATION_VERSION, 1, at.string(altitude), nullptr, &entry };
    return given;
}

} // namespace

SAMPLE(ObSetHandleAttributes)
{
    HANDLE const handle = new_event(at);
    auto& flags = at.object<OBJECT_HANDLE_FLAG_INFORMATION>();
    flags = { TRUE, TRUE };
    at.status(STATUS_SUCCESS, handle, &flags, KernelMode);
    EXPECT_EQ(at.also("ZwClose", handle), static_cast<uint64_t>(int64_t { STATUS_HANDLE_NOT_CLOSABLE }));
    at.status(STATUS_INVALID_HANDLE, handle, &flags, UserMode); // a kernel handle
    flags = {};
    at.status(STATUS_SUCCESS, handle, &flags, KernelMode);
    EXPECT_EQ(at.also("ZwClose", handle), 0u);
}

SAMPLE(ZwSetInformationObject)
{
    HANDLE const handle = new_event(at);
    auto& flags = at.object<OBJECT_HANDLE_FLAG_INFORMATION>();
    flags = { FALSE, TRUE };
    at.status(STATUS_SUCCESS, handle, ObjectHandleFlagInformation, &flags, ULONG { sizeof flags });
    EXPECT_TRUE(ob::resolve_handle(ob::current_process(), handle, KernelMode)->protect);
    at.status(STATUS_INFO_LENGTH_MISMATCH, handle, ObjectHandleFlagInformation, &flags, 1u);
    at.status(STATUS_INVALID_INFO_CLASS, handle, ObjectBasicInformation, &flags, ULONG { sizeof flags });
    flags = {};
    at.status(STATUS_SUCCESS, handle, ObjectHandleFlagInformation, &flags, ULONG { sizeof flags });
    at.also("ZwClose", handle);
}

SAMPLE(ZwQueryObject)
{
    HANDLE const handle = new_event(at, u"\\BaseNamedObjects\\Sample");
    auto& basic = at.object<OBJECT_BASIC_INFORMATION>();
    auto& length = at.object<ULONG>();
    at.status(STATUS_SUCCESS, handle, ObjectBasicInformation, &basic, ULONG { sizeof basic }, &length);
    EXPECT_EQ(length, sizeof basic);
    EXPECT_EQ(basic.GrantedAccess, EVENT_ALL_ACCESS);
    EXPECT_EQ(basic.HandleCount, 1u);
    EXPECT_EQ(basic.PointerCount, 1u);
    EXPECT_EQ(basic.NameInfoSize, sizeof(OBJECT_NAME_INFORMATION) + 2 * 25);
    auto* name = static_cast<OBJECT_NAME_INFORMATION*>(at.bytes(200));
    at.status(STATUS_SUCCESS, handle, ObjectNameInformation, name, 200u, &length);
    ASSERT_NE(name->Name.Buffer, nullptr);
    EXPECT_EQ(length, basic.NameInfoSize);
    EXPECT_EQ(std::u16string(name->Name.Buffer, name->Name.Length / 2), u"\\BaseNamedObjects\\Sample");
    auto* type = static_cast<OBJECT_TYPE_INFORMATION*>(at.bytes(200));
    at.status(STATUS_SUCCESS, handle, ObjectTypeInformation, type, 200u, &length);
    EXPECT_EQ(std::u16string(type->TypeName.Buffer, type->TypeName.Length / 2), u"Event");
    at.status(STATUS_INFO_LENGTH_MISMATCH, handle, ObjectTypeInformation, type, 10u, &length);
    EXPECT_EQ(length, basic.TypeInfoSize);
    auto& flags = at.object<OBJECT_HANDLE_FLAG_INFORMATION>();
    flags = { TRUE, TRUE };
    at.status(STATUS_SUCCESS, handle, ObjectHandleFlagInformation, &flags, ULONG { sizeof flags }, nullptr);
    EXPECT_FALSE(flags.Inherit || flags.ProtectFromClose);
    at.status(STATUS_INFO_LENGTH_MISMATCH, handle, ObjectBasicInformation, &basic, 8u, &length);
    at.status(STATUS_INVALID_INFO_CLASS, handle, MaxObjectInfoClass, &basic, ULONG { sizeof basic }, nullptr);
    at.also("ZwClose", handle);
    at.status(STATUS_INVALID_HANDLE, handle, ObjectBasicInformation, &basic, ULONG { sizeof basic }, nullptr);
}

CLIENT_SAMPLE(NtQueryObject)
{
    auto& process = ob::current_process();
    void* event = *ob::create(ob::event_type, sizeof(KEVENT), 'lpmS');
    HANDLE const handle = *ob::open_handle(process, event, { .access = SYNCHRONIZE });
    auto* basic = static_cast<OBJECT_BASIC_INFORMATION*>(at.user_bytes(sizeof(OBJECT_BASIC_INFORMATION) + 8));
    at.status(STATUS_SUCCESS, handle, ObjectBasicInformation, basic, ULONG { sizeof *basic }, nullptr);
    EXPECT_EQ(basic->GrantedAccess, SYNCHRONIZE);
    at.status(STATUS_ACCESS_VIOLATION, handle, ObjectBasicInformation, event, ULONG { sizeof *basic }, nullptr);
    at.status(STATUS_DATATYPE_MISALIGNMENT, handle, ObjectBasicInformation, reinterpret_cast<uint8_t*>(basic) + 1,
              ULONG { sizeof *basic }, nullptr);
    at.status(STATUS_ACCESS_VIOLATION, handle, ObjectBasicInformation, nullptr, ULONG { sizeof *basic }, nullptr);
    ob::dereference(event);
}

SAMPLE(ZwCreateSymbolicLinkObject)
{
    auto& handle = at.object<HANDLE>();
    auto& given = attributes(at, u"\\??\\Sample");
    at.status(STATUS_SUCCESS, &handle, SYMBOLIC_LINK_ALL_ACCESS, &given, &at.string(u"\\Device\\Sample"));
    auto target = ob::symbolic_link_target(u"\\GLOBAL??\\sample");
    ASSERT_TRUE(target.ok());
    EXPECT_EQ(*target, u"\\Device\\Sample");
    at.status(STATUS_OBJECT_NAME_COLLISION, &handle, SYMBOLIC_LINK_QUERY, &given, &at.string(u"\\X"));
    at.status(STATUS_INVALID_PARAMETER, &handle, SYMBOLIC_LINK_QUERY, &given, &at.string(u""));
    at.also("ZwClose", handle);
    EXPECT_EQ(ob::symbolic_link_target(u"\\GLOBAL??\\sample").status(), STATUS_OBJECT_NAME_NOT_FOUND);
}

SAMPLE(ZwQueryDirectoryObject)
{
    auto& handle = at.object<HANDLE>();
    at.also("ZwOpenDirectoryObject", &handle, DIRECTORY_QUERY, &attributes(at, u"\\Callback"));
    auto* entry = static_cast<OBJECT_DIRECTORY_INFORMATION*>(at.bytes(512));
    auto& context = at.object<ULONG>();
    auto& length = at.object<ULONG>();
    at.status(STATUS_SUCCESS, handle, entry, 512u, TRUE, TRUE, &context, &length);
    ASSERT_NE(entry->Name.Buffer, nullptr);
    EXPECT_EQ(std::u16string(entry->Name.Buffer, entry->Name.Length / 2), u"SetSystemTime");
    EXPECT_EQ(std::u16string(entry->TypeName.Buffer, entry->TypeName.Length / 2), u"Callback");
    EXPECT_EQ(entry[1].Name.Buffer, nullptr);
    at.status(STATUS_SUCCESS, handle, entry, 512u, FALSE, FALSE, &context, &length);
    EXPECT_NE(entry[1].Name.Buffer, nullptr);
    at.status(STATUS_NO_MORE_ENTRIES, handle, entry, 512u, FALSE, FALSE, &context, &length);
    at.status(STATUS_BUFFER_TOO_SMALL, handle, entry, 20u, TRUE, TRUE, &context, &length);
    at.also("ZwClose", handle);
    at.status(STATUS_INVALID_HANDLE, handle, entry, 512u, TRUE, TRUE, &context, &length);
    HANDLE const event = new_event(at);
    at.status(STATUS_OBJECT_TYPE_MISMATCH, event, entry, 512u, TRUE, TRUE, &context, &length);
}

SAMPLE(ObCreateObject)
{
    auto& object = at.object<PVOID>();
    at.status(STATUS_SUCCESS, KernelMode, ob::event_type.guest, nullptr, KernelMode, nullptr, 0x18u, 0u, 0u, &object);
    ASSERT_EQ(ob::type_of(object), &ob::event_type);
    ob::dereference(object);
    at.status(STATUS_INVALID_PARAMETER, KernelMode, nullptr, nullptr, KernelMode, nullptr, 8u, 0u, 0u, &object);
    at.status(STATUS_NOT_IMPLEMENTED, KernelMode, ob::key_type.guest, nullptr, KernelMode, nullptr, 8u, 0u, 0u,
              &object);
    EXPECT_EQ(object, nullptr);
}

SAMPLE(ObInsertObject)
{
    auto& object = at.object<PVOID>();
    auto& handle = at.object<HANDLE>();
    at.also("ObCreateObject", KernelMode, ob::event_type.guest, &attributes(at, u"\\Sample"), KernelMode, nullptr,
            0x18u, 0u, 0u, &object);
    at.object_is_given();
    at.status(STATUS_SUCCESS, object, nullptr, SYNCHRONIZE, 0u, nullptr, &handle);
    EXPECT_EQ(event_of(handle), object);
    ASSERT_NE(object, nullptr);
    EXPECT_EQ(ob::full_name(object), u"\\Sample");
    at.status(STATUS_INVALID_PARAMETER, object, nullptr, SYNCHRONIZE, 0u, nullptr, &handle);
}

SAMPLE(ObOpenObjectByName)
{
    HANDLE const event = new_event(at, u"\\BaseNamedObjects\\Sample");
    auto& handle = at.object<HANDLE>();
    auto& given = attributes(at, u"\\BaseNamedObjects\\Sample");
    at.status(STATUS_SUCCESS, &given, ob::event_type.guest, KernelMode, nullptr, SYNCHRONIZE, nullptr, &handle);
    EXPECT_EQ(event_of(handle), event_of(event));
    at.status(STATUS_OBJECT_TYPE_MISMATCH, &given, ob::directory_type.guest, KernelMode, nullptr, 1u, nullptr, &handle);
    at.status(STATUS_INVALID_PARAMETER, nullptr, nullptr, KernelMode, nullptr, 1u, nullptr, &handle);
    EXPECT_EQ(handle, nullptr);
}

SAMPLE(ObRegisterCallbacks)
{
    auto& handle = at.object<PVOID>();
    auto& given = registration(at, u"320000");
    at.status(STATUS_SUCCESS, &given, &handle);
    ASSERT_NE(handle, nullptr);
    auto& second = at.object<PVOID>();
    at.status(STATUS_FLT_INSTANCE_ALTITUDE_COLLISION, &given, &second);
    EXPECT_EQ(second, nullptr);
    given.Version = 0x200;
    at.status(STATUS_INVALID_PARAMETER, &given, &second);
    given = registration(at, u"320001");
    *given.OperationRegistration->ObjectType = ob::event_type.guest;
    at.status(STATUS_INVALID_PARAMETER, &given, &second);
    given = registration(at, u"320001");
    given.OperationRegistration->PreOperation = nullptr;
    at.status(STATUS_INVALID_PARAMETER, &given, &second);
    given = registration(at, u"altitude");
    at.status(STATUS_INVALID_PARAMETER, &given, &second);
    ob::manager().callbacks.is_trusted = [](void const*) { return false; };
    given = registration(at, u"320001");
    at.status(STATUS_ACCESS_DENIED, &given, &second);
    at.also("ObUnRegisterCallbacks", handle);
}

SAMPLE(ObUnRegisterCallbacks)
{
    auto& handle = at.object<PVOID>();
    at.also("ObRegisterCallbacks", &registration(at, u"320000"), &handle);
    EXPECT_EQ(ob::manager().callbacks.count(), 1u);
    at.call(handle);
    EXPECT_EQ(ob::manager().callbacks.count(), 0u);
    at.bug_checks(BAD_POOL_CALLER, handle);
}

SAMPLE(ObGetFilterVersion) { at.returns(USHORT { OB_FLT_REGISTRATION_VERSION }); }

SAMPLE(ZwPulseEvent)
{
    HANDLE const handle = new_event(at);
    at.also("ZwSetEvent", handle, nullptr);
    auto& previous = at.object<LONG>();
    at.status(STATUS_SUCCESS, handle, &previous);
    EXPECT_EQ(previous, 1);
    EXPECT_EQ(static_cast<KEVENT*>(event_of(handle))->Header.SignalState, 0);
    at.also("ZwClose", handle);
    at.status(STATUS_INVALID_HANDLE, handle, nullptr);
}

SAMPLE(ZwWaitForMultipleObjects)
{
    auto* handles = static_cast<HANDLE*>(at.bytes(2 * sizeof(HANDLE)));
    handles[0] = new_event(at);
    handles[1] = new_event(at);
    auto& none = at.object<LARGE_INTEGER>();
    at.status(STATUS_TIMEOUT, 2u, handles, WaitAny, FALSE, &none);
    at.also("ZwSetEvent", handles[1], nullptr);
    at.status(STATUS_WAIT_0 + 1, 2u, handles, WaitAny, FALSE, &none);
    at.status(STATUS_TIMEOUT, 2u, handles, WaitAll, FALSE, &none);
    at.also("ZwSetEvent", handles[0], nullptr);
    at.status(STATUS_SUCCESS, 2u, handles, WaitAll, FALSE, nullptr);
    at.status(STATUS_INVALID_PARAMETER_1, 0u, handles, WaitAny, FALSE, &none);
    at.status(STATUS_INVALID_PARAMETER_1, 65u, handles, WaitAny, FALSE, &none);
    at.status(STATUS_INVALID_PARAMETER_3, 2u, handles, 7u, FALSE, &none);
    handles[1] = handles[0];
    at.status(STATUS_INVALID_PARAMETER_MIX, 2u, handles, WaitAll, FALSE, &none);
    at.also("ZwClose", handles[0]);
    at.status(STATUS_INVALID_HANDLE, 1u, handles, WaitAny, FALSE, &none);
    EXPECT_EQ(ob::references(event_of(new_event(at))), 1u);
}
