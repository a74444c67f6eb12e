// SPDX-License-Identifier: MIT
// Providers and consumers of WMI. The stage's driver answers requests itself: one block, "Lamp0" and "Lamp1", a ULONG
// each, and a method that doubles its input.
#include "io_stage.h"

#include "io/manager.h"

#include <cstring>

namespace ringside::test {

namespace {

GUID const kLamp { 0x4C616D70, 1, 2, { 3, 4, 5, 6, 7, 8, 9, 10 } };
GUID const kNobody { 0x4E6F4F6E, 1, 2, { 3, 4, 5, 6, 7, 8, 9, 10 } };
ULONG g_lamps[2];
unsigned g_events;
unsigned g_enabled;

NTSTATUS register_lamps(uint8_t* buffer, ULONG room, uint64_t& information)
{
    struct {
        WMIREGINFOW info;
        WMIREGGUIDW block;
        USHORT length;
        char16_t text[4];
    } answer { { sizeof answer, 0, 0, 0, 1 },
               { kLamp, WMIREG_FLAG_INSTANCE_BASENAME, 2, { offsetof(decltype(answer), length) } },
               8,
               { u'L', u'a', u'm', u'p' } };
    if (room < sizeof answer)
        return STATUS_BUFFER_TOO_SMALL;
    std::memcpy(buffer, &answer, sizeof answer);
    information = sizeof answer;
    return STATUS_SUCCESS;
}

NTSTATUS answer(UCHAR minor, uint8_t* buffer, ULONG room, uint64_t& information)
{
    auto& all = *reinterpret_cast<WNODE_ALL_DATA*>(buffer);
    auto& one = *reinterpret_cast<WNODE_SINGLE_INSTANCE*>(buffer);
    auto& method = *reinterpret_cast<WNODE_METHOD_ITEM*>(buffer);
    information = room;
    switch (minor) {
    case IRP_MN_REGINFO_EX:
        return register_lamps(buffer, room, information);
    case IRP_MN_QUERY_ALL_DATA:
        all.WnodeHeader.Flags |= WNODE_FLAG_FIXED_INSTANCE_SIZE;
        all.InstanceCount = 2;
        all.FixedInstanceSize = 4;
        all.DataBlockOffset = sizeof all;
        std::memcpy(buffer + sizeof all, &g_lamps[0], 4);
        std::memcpy(buffer + sizeof all + 8, &g_lamps[1], 4);
        return STATUS_SUCCESS;
    case IRP_MN_QUERY_SINGLE_INSTANCE:
        one.SizeDataBlock = 4;
        std::memcpy(buffer + one.DataBlockOffset, &g_lamps[one.InstanceIndex], 4);
        return STATUS_SUCCESS;
    case IRP_MN_CHANGE_SINGLE_INSTANCE:
        std::memcpy(&g_lamps[one.InstanceIndex], buffer + one.DataBlockOffset, 4);
        return STATUS_SUCCESS;
    case IRP_MN_CHANGE_SINGLE_ITEM:
        if (method.MethodId != 1)
            return STATUS_WMI_ITEMID_NOT_FOUND;
        std::memcpy(&g_lamps[method.InstanceIndex], buffer + method.DataBlockOffset, 4);
        return STATUS_SUCCESS;
    case IRP_MN_EXECUTE_METHOD:
        *reinterpret_cast<ULONG*>(buffer + method.DataBlockOffset) *= 2;
        method.SizeDataBlock = 4;
        return STATUS_SUCCESS;
    case IRP_MN_ENABLE_EVENTS:
        ++g_enabled;
        return STATUS_SUCCESS;
    default:
        return STATUS_SUCCESS;
    }
}

NTAPI NTSTATUS system_control(DEVICE_OBJECT*, IRP* irp)
{
    auto& wmi = io::current_location(irp)->Parameters.WMI;
    uint64_t information = 0;
    NTSTATUS const status = answer(io::current_location(irp)->MinorFunction, static_cast<uint8_t*>(wmi.Buffer),
                                   wmi.BufferSize, information);
    irp->IoStatus.Status = status;
    irp->IoStatus.Information = NT_SUCCESS(status) ? information : 0;
    io::IofCompleteRequest(irp, IO_NO_INCREMENT);
    return status;
}

NTAPI void heard(void*, void*) { ++g_events; }

struct Lamps : Stage {
    explicit Lamps(At& at) : Stage(at)
    {
        g_lamps[0] = 10;
        g_lamps[1] = 20;
        g_events = g_enabled = 0;
        driver->MajorFunction[IRP_MJ_SYSTEM_CONTROL] = &system_control;
        io::IoWMIRegistrationControl(device, WMIREG_ACTION_REGISTER);
        wait_until_idle(at);
    }
    static void wait_until_idle(At& at)
    {
        ke::KeWaitForSingleObject(at.rooms().io.wmi.idle, Executive, KernelMode, FALSE, nullptr);
    }
    static void* block(At& at, ULONG access, GUID guid = kLamp)
    {
        auto& object = at.object<void*>();
        auto& wanted = at.object<GUID>();
        wanted = guid;
        at.also("IoWMIOpenBlock", &wanted, access, &object);
        return object;
    }
};

ULONG number_at(void const* bytes, size_t offset)
{
    ULONG number = 0;
    std::memcpy(&number, static_cast<uint8_t const*>(bytes) + offset, sizeof number);
    return number;
}

} // namespace

SAMPLE(IoWMIRegistrationControl)
{
    Stage stage(at);
    at.status(STATUS_INVALID_PARAMETER, stage.device, ULONG { WMIREG_ACTION_DEREGISTER });
    at.status(STATUS_SUCCESS, stage.device, ULONG { WMIREG_ACTION_REGISTER });
    EXPECT_EQ(io::wmi_registrations(), 1u);
    at.status(STATUS_SUCCESS, stage.device, ULONG { WMIREG_ACTION_REREGISTER });
    at.status(STATUS_SUCCESS, stage.device, ULONG { WMIREG_ACTION_UPDATE_GUIDS });
    at.status(STATUS_SUCCESS, stage.device, ULONG { WMIREG_ACTION_DEREGISTER });
    EXPECT_EQ(io::wmi_registrations(), 0u);
    at.status(STATUS_INVALID_PARAMETER, stage.device, 99u);
}

SAMPLE(IoWMIOpenBlock)
{
    Lamps lamps(at);
    auto& object = at.object<void*>();
    auto& guid = at.object<GUID>();
    guid = kLamp;
    at.status(STATUS_SUCCESS, &guid, ULONG { WMIGUID_QUERY }, &object);
    ASSERT_TRUE(object);
    guid = kNobody;
    at.status(STATUS_WMI_GUID_NOT_FOUND, &guid, ULONG { WMIGUID_QUERY }, &object);
}

SAMPLE(IoWMIQueryAllData)
{
    Lamps lamps(at);
    void* const block = Lamps::block(at, WMIGUID_QUERY);
    auto& bytes = at.object<ULONG>();
    auto* const out = at.bytes(1024);
    at.status(STATUS_BUFFER_TOO_SMALL, block, &bytes, static_cast<void*>(nullptr));
    EXPECT_GT(bytes, sizeof(WNODE_ALL_DATA));
    bytes = 1024;
    at.status(STATUS_SUCCESS, block, &bytes, out);
    auto const& node = *static_cast<WNODE_ALL_DATA*>(out);
    EXPECT_EQ(node.InstanceCount, 2u);
    EXPECT_EQ(number_at(out, node.OffsetInstanceDataAndLength[0].OffsetInstanceData), 10u);
    at.status(STATUS_ACCESS_DENIED, Lamps::block(at, WMIGUID_SET), &bytes, out);
}

SAMPLE(IoWMIQueryAllDataMultiple)
{
    Lamps lamps(at);
    auto& blocks = at.object<std::array<void*, 2>>();
    blocks = { Lamps::block(at, WMIGUID_QUERY), Lamps::block(at, WMIGUID_QUERY) };
    auto& bytes = at.object<ULONG>();
    bytes = 1024;
    auto* const out = at.bytes(1024);
    at.status(STATUS_SUCCESS, &blocks[0], 2u, &bytes, out);
    ULONG const next = static_cast<WNODE_HEADER*>(out)->Linkage;
    EXPECT_EQ(next * 2, bytes);
    EXPECT_EQ(number_at(out, next + offsetof(WNODE_ALL_DATA, InstanceCount)), 2u);
}

SAMPLE(IoWMIQuerySingleInstance)
{
    Lamps lamps(at);
    void* const block = Lamps::block(at, WMIGUID_QUERY);
    auto& bytes = at.object<ULONG>();
    bytes = 1024;
    auto* const out = at.bytes(1024);
    at.status(STATUS_SUCCESS, block, &at.string(u"Lamp1"), &bytes, out);
    EXPECT_EQ(number_at(out, static_cast<WNODE_SINGLE_INSTANCE*>(out)->DataBlockOffset), 20u);
    at.status(STATUS_WMI_INSTANCE_NOT_FOUND, block, &at.string(u"Lamp2"), &bytes, out);
}

SAMPLE(IoWMIQuerySingleInstanceMultiple)
{
    Lamps lamps(at);
    auto& block = at.object<void*>();
    block = Lamps::block(at, WMIGUID_QUERY);
    auto& bytes = at.object<ULONG>();
    bytes = 1024;
    auto* const out = at.bytes(1024);
    at.status(STATUS_SUCCESS, &block, &at.string(u"Lamp0"), 1u, &bytes, out);
    EXPECT_EQ(number_at(out, static_cast<WNODE_SINGLE_INSTANCE*>(out)->DataBlockOffset), 10u);
}

SAMPLE(IoWMISetSingleInstance)
{
    Lamps lamps(at);
    auto& value = at.object<ULONG>();
    value = 77;
    void* const block = Lamps::block(at, WMIGUID_SET);
    at.status(STATUS_SUCCESS, block, &at.string(u"Lamp1"), 0u, 4u, &value);
    EXPECT_EQ(g_lamps[1], 77u);
    at.status(STATUS_WMI_INSTANCE_NOT_FOUND, block, &at.string(u"Lamp9"), 0u, 4u, &value);
}

SAMPLE(IoWMISetSingleItem)
{
    Lamps lamps(at);
    auto& value = at.object<ULONG>();
    value = 78;
    void* const block = Lamps::block(at, WMIGUID_SET);
    at.status(STATUS_SUCCESS, block, &at.string(u"Lamp0"), 1u, 0u, 4u, &value);
    EXPECT_EQ(g_lamps[0], 78u);
    at.status(STATUS_WMI_ITEMID_NOT_FOUND, block, &at.string(u"Lamp0"), 2u, 0u, 4u, &value);
}

SAMPLE(IoWMIExecuteMethod)
{
    Lamps lamps(at);
    auto& value = at.object<ULONG>();
    auto& room = at.object<ULONG>();
    value = 21;
    room = 4;
    void* const block = Lamps::block(at, WMIGUID_EXECUTE);
    at.status(STATUS_SUCCESS, block, &at.string(u"Lamp0"), 1u, 4u, &room, &value);
    EXPECT_EQ(value, 42u);
    room = 2;
    at.status(STATUS_BUFFER_TOO_SMALL, block, &at.string(u"Lamp0"), 1u, 4u, &room, &value);
    EXPECT_EQ(room, 4u);
}

SAMPLE(IoWMISetNotificationCallback)
{
    Lamps lamps(at);
    at.status(STATUS_SUCCESS, Lamps::block(at, WMIGUID_NOTIFICATION), &heard, static_cast<void*>(nullptr));
    EXPECT_EQ(g_enabled, 1u);
    at.status(STATUS_ACCESS_DENIED, Lamps::block(at, WMIGUID_QUERY), &heard, static_cast<void*>(nullptr));
}

SAMPLE(IoWMIWriteEvent)
{
    Lamps lamps(at);
    at.also("IoWMISetNotificationCallback", Lamps::block(at, WMIGUID_NOTIFICATION), &heard, static_cast<void*>(nullptr));
    auto& event = at.object<WNODE_ALL_DATA>();
    event.WnodeHeader.BufferSize = io::kWmiEventBytesMax + 8;
    at.status(STATUS_BUFFER_OVERFLOW, &event);
    event.WnodeHeader.BufferSize = sizeof event;
    event.WnodeHeader.Guid = kLamp;
    event.WnodeHeader.Flags = WNODE_FLAG_ALL_DATA | WNODE_FLAG_EVENT_ITEM;
    at.status(STATUS_SUCCESS, &event);
    Lamps::wait_until_idle(at);
    EXPECT_EQ(g_events, 1u);
}

SAMPLE(IoWMIDeviceObjectToInstanceName)
{
    Lamps lamps(at);
    void* const block = Lamps::block(at, WMIGUID_QUERY);
    auto& name = at.object<UNICODE_STRING>();
    at.status(STATUS_SUCCESS, block, lamps.device, &name);
    EXPECT_EQ(name.Length, 10u);
    at.status(STATUS_WMI_INSTANCE_NOT_FOUND, block, lamps.another(), &name);
}

SAMPLE(IoWMIHandleToInstanceName)
{
    Lamps lamps(at);
    void* const block = Lamps::block(at, WMIGUID_QUERY);
    auto& handle = at.object<HANDLE>();
    at.also("ObOpenObjectByPointer", lamps.file(), ULONG { OBJ_KERNEL_HANDLE }, static_cast<void*>(nullptr), 0u,
            static_cast<void*>(nullptr), 0u, &handle);
    auto& name = at.object<UNICODE_STRING>();
    at.status(STATUS_SUCCESS, block, handle, &name);
    EXPECT_EQ(name.Length, 10u);
    at.status(STATUS_INVALID_HANDLE, block, static_cast<void*>(nullptr), &name);
}

SAMPLE(IoWMIDeviceObjectToProviderId)
{
    Lamps lamps(at);
    at.returns(1u, lamps.device);
}

SAMPLE(IoWMIAllocateInstanceIds)
{
    Stage stage(at);
    auto& guid = at.object<GUID>();
    auto& first = at.object<ULONG>();
    guid = kLamp;
    at.status(STATUS_SUCCESS, &guid, 6u, &first);
    EXPECT_EQ(first, 0u);
    at.status(STATUS_SUCCESS, &guid, 1u, &first);
    EXPECT_EQ(first, 6u);
}

SAMPLE(IoWMISuggestInstanceName)
{
    Stage stage(at);
    auto& name = at.object<UNICODE_STRING>();
    at.status(STATUS_SUCCESS, stage.device, static_cast<void*>(nullptr), BOOLEAN { FALSE }, &name);
    EXPECT_EQ(std::u16string_view(name.Buffer, name.Length / 2), u"Sample");
    at.status(STATUS_INVALID_PARAMETER, stage.device, static_cast<void*>(nullptr), BOOLEAN { TRUE }, &name);
}

} // namespace ringside::test
