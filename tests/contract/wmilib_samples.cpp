// SPDX-License-Identifier: MIT
// WMILIB.SYS, called with requests as the WMI service sends them.
#include "io_stage.h"

#include "io/manager.h"

#include <cstring>

namespace ringside::test {

namespace {

GUID const kLamp { 0x4C616D70, 1, 2, { 3, 4, 5, 6, 7, 8, 9, 10 } };
WMIGUIDREGINFO g_blocks[] = { { &kLamp, 2, 0 } };
unsigned g_asked;
unsigned g_events;

NTAPI NTSTATUS query_block(DEVICE_OBJECT*, IRP*, ULONG, ULONG, ULONG count, ULONG* lengths, ULONG, UCHAR* buffer)
{
    ++g_asked;
    for (ULONG i = 0; lengths && i < count; ++i) {
        lengths[i] = 4;
        std::memset(buffer + i * 8, static_cast<int>(i + 1), 4);
    }
    return STATUS_PENDING; // completed by the sample
}

NTAPI NTSTATUS query_registration(DEVICE_OBJECT*, ULONG*, UNICODE_STRING*, UNICODE_STRING**, UNICODE_STRING*,
                                  DEVICE_OBJECT**)
{
    return STATUS_SUCCESS;
}

NTAPI void heard(void*, void*) { ++g_events; }

IRP* request(Stage& stage, UCHAR minor, void* buffer, ULONG bytes)
{
    IRP* const irp = stage.irp(IRP_MJ_SYSTEM_CONTROL);
    auto& location = *io::current_location(irp);
    location.MinorFunction = minor;
    location.Parameters.WMI.ProviderId = reinterpret_cast<ULONG_PTR>(stage.device);
    location.Parameters.WMI.DataPath = const_cast<GUID*>(&kLamp);
    location.Parameters.WMI.BufferSize = bytes;
    location.Parameters.WMI.Buffer = buffer;
    return irp;
}

WMILIB_CONTEXT& context(At& at)
{
    auto& made = at.object<WMILIB_CONTEXT>();
    made = { 1, g_blocks, &query_registration, &query_block, nullptr, nullptr, nullptr, nullptr };
    g_asked = 0;
    return made;
}

} // namespace

SAMPLE(WmiSystemControl)
{
    Stage stage(at);
    auto& library = context(at);
    auto& disposition = at.object<SYSCTL_IRP_DISPOSITION>();
    auto* const buffer = at.bytes(256);
    IRP* irp = request(stage, IRP_MN_QUERY_ALL_DATA, buffer, 256);
    at.status(STATUS_PENDING, &library, stage.device, irp, &disposition);
    EXPECT_EQ(g_asked, 1u);
    EXPECT_EQ(disposition, IrpProcessed);
    irp = request(stage, IRP_MN_CHANGE_SINGLE_INSTANCE, buffer, 256);
    static_cast<WNODE_HEADER*>(buffer)->Flags = WNODE_FLAG_STATIC_INSTANCE_NAMES;
    static_cast<WNODE_SINGLE_INSTANCE*>(buffer)->InstanceIndex = 1;
    at.status(STATUS_WMI_READ_ONLY, &library, stage.device, irp, &disposition);
    EXPECT_EQ(disposition, IrpNotCompleted);
    static_cast<WNODE_SINGLE_INSTANCE*>(buffer)->InstanceIndex = 2;
    at.status(STATUS_WMI_INSTANCE_NOT_FOUND, &library, stage.device, irp, &disposition);
    irp = request(stage, IRP_MN_REGINFO_EX, buffer, 8);
    at.status(STATUS_BUFFER_TOO_SMALL, &library, stage.device, irp, &disposition);
    EXPECT_EQ(*static_cast<ULONG*>(buffer), sizeof(WMIREGINFOW) + sizeof(WMIREGGUIDW));
    irp = request(stage, 0x42, buffer, 256);
    at.status(STATUS_SUCCESS, &library, stage.device, irp, &disposition);
    EXPECT_EQ(disposition, IrpNotWmi);
    irp = request(stage, IRP_MN_QUERY_ALL_DATA, buffer, 256);
    io::current_location(irp)->Parameters.WMI.ProviderId = 0;
    at.status(STATUS_SUCCESS, &library, stage.device, irp, &disposition);
    EXPECT_EQ(disposition, IrpForward);
}

SAMPLE(WmiCompleteRequest)
{
    Stage stage(at);
    auto* const buffer = at.bytes(256);
    auto& node = *static_cast<WNODE_ALL_DATA*>(buffer);
    node.DataBlockOffset = 0x50;
    node.InstanceCount = 2;
    ULONG const lengths[] = { 4, 4 };
    std::memcpy(&node.FixedInstanceSize, lengths, sizeof lengths);
    IRP* irp = request(stage, IRP_MN_QUERY_ALL_DATA, buffer, 256);
    auto& location = *io::current_location(irp); // the driver that made it takes it back
    location.CompletionRoutine = &take_back;
    location.Control = SL_INVOKE_ON_SUCCESS | SL_INVOKE_ON_ERROR | SL_INVOKE_ON_CANCEL;
    at.status(STATUS_SUCCESS, stage.device, irp, STATUS_SUCCESS, ULONG { 12 }, CCHAR { 0 });
    EXPECT_EQ(node.OffsetInstanceDataAndLength[0].OffsetInstanceData, 0x50u);
    EXPECT_EQ(node.OffsetInstanceDataAndLength[0].LengthInstanceData, 4u);
    EXPECT_EQ((&node.OffsetInstanceDataAndLength[0])[1].OffsetInstanceData, 0x58u);
    EXPECT_EQ(node.WnodeHeader.BufferSize, 0x5Cu);
}

SAMPLE(WmiFireEvent)
{
    Stage stage(at);
    auto& object = at.object<void*>();
    auto& guid = at.object<GUID>();
    guid = kLamp;
    g_events = 0;
    at.also("IoWMIOpenBlock", &guid, ULONG { WMIGUID_NOTIFICATION }, &object);
    at.also("IoWMISetNotificationCallback", object, &heard, static_cast<void*>(nullptr));
    at.status(STATUS_SUCCESS, stage.device, &guid, 0u, 4u, at.given_bytes(8));
    ke::KeWaitForSingleObject(at.rooms().io.wmi.idle, Executive, KernelMode, FALSE, nullptr);
    EXPECT_EQ(g_events, 1u);
    at.status(STATUS_BUFFER_OVERFLOW, stage.device, &guid, 0u, 5000u, at.given_bytes(5000));
}

} // namespace ringside::test
