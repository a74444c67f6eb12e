// SPDX-License-Identifier: MIT
// WMILIB.SYS: turns the WMI requests of a driver into calls of its own routines, and their results into WNODEs.
//
//   IRP_MJ_SYSTEM_CONTROL --> WmiSystemControl --> the routine of WMILIB_CONTEXT --> WmiCompleteRequest
//
// @cite(wdk-docs): page=kernel/calling-wmisystemcontrol-to-handle-wmi-irps
#include "ex/pool.h"
#include "io/complete.h"
#include "io/ddi.h"
#include "io/dispatch.h"
#include "io/manager.h"
#include "ke/door.h"
#include "ob/object.h"

#include <cstring>

namespace ringside::io {

namespace {

template <typename R, typename... P, typename... A>
R call(ke::Door door, IRP* irp, R(NTAPI* routine)(P...), A... arguments)
{
    IrpRecord const* const record = record_of(irp);
    return ke::through_door(ke::DoorPassage { door, nullptr, record ? record->number : 0 }, routine, arguments...);
}

// The request, as the current stack location tells it.
struct Asked {
    explicit Asked(IRP* irp) : location(*current_location(irp)) { }

    UCHAR minor() const { return location.MinorFunction; }
    size_t bytes() const { return location.Parameters.WMI.BufferSize; }
    uint8_t* buffer() const { return static_cast<uint8_t*>(location.Parameters.WMI.Buffer); }
    template <typename T>
    T& node() const
    {
        return *reinterpret_cast<T*>(buffer());
    }

    IO_STACK_LOCATION& location;
};

NTSTATUS leave(IRP* irp, SYSCTL_IRP_DISPOSITION* disposition, NTSTATUS status, ULONG_PTR information = 0)
{
    irp->IoStatus.Status = status;
    irp->IoStatus.Information = information;
    *disposition = IrpNotCompleted;
    return status;
}

size_t counted_bytes(UNICODE_STRING const* text) { return text && text->Buffer ? 2 + size_t { text->Length } : 0; }

// A counted string at `at`; where the next thing goes.
size_t put_string(uint8_t* into, size_t at, UNICODE_STRING const& text)
{
    std::memcpy(into + at, &text.Length, 2);
    if (text.Length)
        std::memcpy(into + at + 2, text.Buffer, text.Length);
    return at + 2 + text.Length;
}

// What the driver's QueryWmiRegInfo says.
struct Told {
    ULONG flags = 0;
    UNICODE_STRING base {};
    UNICODE_STRING* path = nullptr;
    UNICODE_STRING mof {};
    DEVICE_OBJECT* pdo = nullptr;
};

// A driver that promises a base name and gives none has an empty one.
USHORT base_length(Told const& told) { return told.base.Buffer ? told.base.Length : USHORT { 0 }; }

size_t registration_bytes(WMILIB_CONTEXT const& context, Told const& told)
{
    size_t const base = told.flags & WMIREG_FLAG_INSTANCE_BASENAME ? 2 + size_t { base_length(told) } : 0;
    return sizeof(WMIREGINFOW) + context.GuidCount * sizeof(WMIREGGUIDW) + base + counted_bytes(told.path)
        + counted_bytes(&told.mof);
}

void write_registration(WMILIB_CONTEXT const& context, Told const& told, bool reference_pdo, uint8_t* buffer,
                        size_t bytes)
{
    auto& info = *reinterpret_cast<WMIREGINFOW*>(buffer);
    info = {};
    info.BufferSize = static_cast<ULONG>(bytes);
    info.GuidCount = context.GuidCount;
    size_t at = sizeof info + context.GuidCount * sizeof(WMIREGGUIDW);
    auto const base = static_cast<ULONG>(at);
    if (told.flags & WMIREG_FLAG_INSTANCE_BASENAME)
        at = put_string(buffer, at, { base_length(told), base_length(told), told.base.Buffer });
    if (counted_bytes(told.path)) {
        info.RegistryPath = static_cast<ULONG>(at);
        at = put_string(buffer, at, *told.path);
    }
    if (counted_bytes(&told.mof)) {
        info.MofResourceName = static_cast<ULONG>(at);
        put_string(buffer, at, told.mof);
    }
    for (ULONG i = 0; i < context.GuidCount; ++i) {
        auto& block = reinterpret_cast<WMIREGGUIDW*>(buffer + sizeof info)[i];
        block = {};
        block.Guid = *context.GuidList[i].Guid;
        block.Flags = told.flags | context.GuidList[i].Flags;
        block.InstanceCount = context.GuidList[i].InstanceCount;
        if (block.Flags & WMIREG_FLAG_INSTANCE_PDO) {
            block.Pdo = reinterpret_cast<ULONG_PTR>(told.pdo);
            if (reference_pdo && told.pdo)
                ob::reference(told.pdo);
        } else if (block.Flags & WMIREG_FLAG_INSTANCE_BASENAME)
            block.BaseNameOffset = base;
    }
}

NTSTATUS tell_registration(WMILIB_CONTEXT& context, DEVICE_OBJECT* device, IRP* irp,
                           SYSCTL_IRP_DISPOSITION* disposition)
{
    Asked const asked(irp);
    Told told;
    NTSTATUS status = call(ke::Door::WmiRegInfo, irp, context.QueryWmiRegInfo, device, &told.flags, &told.base,
                           &told.path, &told.mof, &told.pdo);
    ULONG_PTR information = 0;
    if (NT_SUCCESS(status)) {
        size_t const bytes = registration_bytes(context, told);
        if (bytes <= asked.bytes()) {
            write_registration(context, told, asked.minor() == IRP_MN_REGINFO_EX, asked.buffer(), bytes);
            information = bytes;
        } else {
            asked.node<ULONG>() = static_cast<ULONG>(bytes);
            information = sizeof(ULONG);
            status = STATUS_BUFFER_TOO_SMALL;
        }
        if ((told.flags & WMIREG_FLAG_INSTANCE_BASENAME) && told.base.Buffer)
            ex::free(told.base.Buffer, 0);
    }
    return leave(irp, disposition, status, information);
}

// Where all instances' data begins: behind the offset and length of each.
size_t all_data_offset(size_t instances)
{
    return round8(offsetof(WNODE_ALL_DATA, OffsetInstanceDataAndLength)
                  + instances * sizeof(OFFSETINSTANCEDATAANDLENGTH));
}

NTSTATUS query_all_data(WMILIB_CONTEXT& context, DEVICE_OBJECT* device, IRP* irp, ULONG guid)
{
    Asked const asked(irp);
    ULONG const instances = context.GuidList[guid].InstanceCount;
    size_t const offset = all_data_offset(instances);
    auto& node = asked.node<WNODE_ALL_DATA>();
    node.DataBlockOffset = static_cast<ULONG>(offset);
    node.InstanceCount = instances;
    size_t const room = asked.bytes() > offset ? asked.bytes() - offset : 0;
    // The lengths are written where the offsets and lengths will stand.
    return call(ke::Door::WmiQueryBlock, irp, context.QueryWmiDataBlock, device, irp, guid, ULONG { 0 }, instances,
                room ? &node.FixedInstanceSize : nullptr, static_cast<ULONG>(room),
                room ? asked.buffer() + offset : nullptr);
}

NTSTATUS query_instance(WMILIB_CONTEXT& context, DEVICE_OBJECT* device, IRP* irp, ULONG guid)
{
    Asked const asked(irp);
    auto& node = asked.node<WNODE_SINGLE_INSTANCE>();
    size_t const offset = node.DataBlockOffset;
    size_t const room = asked.bytes() > offset ? asked.bytes() - offset : 0;
    return call(ke::Door::WmiQueryBlock, irp, context.QueryWmiDataBlock, device, irp, guid, node.InstanceIndex,
                ULONG { 1 }, room ? &node.SizeDataBlock : nullptr, static_cast<ULONG>(room),
                room ? asked.buffer() + offset : nullptr);
}

NTSTATUS set_or_run(WMILIB_CONTEXT& context, DEVICE_OBJECT* device, IRP* irp, ULONG guid)
{
    Asked const asked(irp);
    if (asked.minor() == IRP_MN_CHANGE_SINGLE_INSTANCE) {
        auto& node = asked.node<WNODE_SINGLE_INSTANCE>();
        return call(ke::Door::WmiSetBlock, irp, context.SetWmiDataBlock, device, irp, guid, node.InstanceIndex,
                    node.SizeDataBlock, asked.buffer() + node.DataBlockOffset);
    }
    auto& node = asked.node<WNODE_METHOD_ITEM>();
    uint8_t* const data = asked.buffer() + node.DataBlockOffset;
    if (asked.minor() == IRP_MN_CHANGE_SINGLE_ITEM)
        return call(ke::Door::WmiSetItem, irp, context.SetWmiDataItem, device, irp, guid, node.InstanceIndex,
                    node.MethodId, node.SizeDataBlock, data);
    return call(ke::Door::WmiMethod, irp, context.ExecuteWmiMethod, device, irp, guid, node.InstanceIndex,
                node.MethodId, node.SizeDataBlock, static_cast<ULONG>(asked.bytes() - node.DataBlockOffset), data);
}

bool has_routine(WMILIB_CONTEXT const& context, UCHAR minor)
{
    switch (minor) {
    case IRP_MN_CHANGE_SINGLE_INSTANCE:
        return context.SetWmiDataBlock;
    case IRP_MN_CHANGE_SINGLE_ITEM:
        return context.SetWmiDataItem;
    case IRP_MN_EXECUTE_METHOD:
        return context.ExecuteWmiMethod;
    default:
        return context.WmiFunctionControl;
    }
}

// What a driver answers that lacks the routine.
NTSTATUS without_routine(UCHAR minor)
{
    return minor == IRP_MN_EXECUTE_METHOD ? STATUS_INVALID_DEVICE_REQUEST
        : minor >= IRP_MN_ENABLE_EVENTS   ? STATUS_SUCCESS
                                          : STATUS_WMI_READ_ONLY;
}

NTSTATUS control(WMILIB_CONTEXT& context, DEVICE_OBJECT* device, IRP* irp, ULONG guid)
{
    UCHAR const minor = Asked(irp).minor();
    bool const events = minor == IRP_MN_ENABLE_EVENTS || minor == IRP_MN_DISABLE_EVENTS;
    bool const enable = minor == IRP_MN_ENABLE_EVENTS || minor == IRP_MN_ENABLE_COLLECTION;
    return call(ke::Door::WmiControl, irp, context.WmiFunctionControl, device, irp, guid,
                events ? WmiEventControl : WmiDataBlockControl, static_cast<BOOLEAN>(enable));
}

// STATUS_SUCCESS when the request names a block and an instance that the driver registered.
NTSTATUS find_block_and_instance(WMILIB_CONTEXT const& context, Asked const& asked, ULONG& guid)
{
    auto const* wanted = static_cast<GUID const*>(asked.location.Parameters.WMI.DataPath);
    guid = 0;
    while (guid < context.GuidCount && !same_guid(*context.GuidList[guid].Guid, *wanted))
        ++guid;
    if (guid == context.GuidCount)
        return STATUS_WMI_GUID_NOT_FOUND;
    bool const one = asked.minor() == IRP_MN_EXECUTE_METHOD
        || (asked.minor() >= IRP_MN_QUERY_SINGLE_INSTANCE && asked.minor() <= IRP_MN_CHANGE_SINGLE_ITEM);
    if (one) {
        auto const& node = asked.node<WNODE_SINGLE_INSTANCE>(); // the index stands at one place in all kinds
        if (!(node.WnodeHeader.Flags & WNODE_FLAG_STATIC_INSTANCE_NAMES)
            || node.InstanceIndex >= context.GuidList[guid].InstanceCount)
            return STATUS_WMI_INSTANCE_NOT_FOUND;
    }
    return STATUS_SUCCESS;
}

bool is_wmi(UCHAR minor) { return minor <= IRP_MN_EXECUTE_METHOD || minor == IRP_MN_REGINFO_EX; }

// @cite(wdk-ddi): page=wmilib/nf-wmilib-wmisystemcontrol
// PASSIVE_LEVEL.
NTSTATUS WmiSystemControl(WMILIB_CONTEXT* context, DEVICE_OBJECT* device, IRP* irp, SYSCTL_IRP_DISPOSITION* disposition)
{
    Asked const asked(irp);
    if (!is_wmi(asked.minor())) {
        *disposition = IrpNotWmi;
        return STATUS_SUCCESS;
    }
    if (asked.location.Parameters.WMI.ProviderId != reinterpret_cast<ULONG_PTR>(device)) {
        *disposition = IrpForward;
        return STATUS_SUCCESS;
    }
    if (asked.minor() == IRP_MN_REGINFO || asked.minor() == IRP_MN_REGINFO_EX)
        return tell_registration(*context, device, irp, disposition);
    ULONG guid = 0;
    if (NTSTATUS const status = find_block_and_instance(*context, asked, guid); !NT_SUCCESS(status))
        return leave(irp, disposition, status);
    bool const query = asked.minor() == IRP_MN_QUERY_ALL_DATA || asked.minor() == IRP_MN_QUERY_SINGLE_INSTANCE;
    if (!query && !has_routine(*context, asked.minor()))
        return leave(irp, disposition, without_routine(asked.minor()));
    *disposition = IrpProcessed;
    switch (asked.minor()) {
    case IRP_MN_QUERY_ALL_DATA:
        return query_all_data(*context, device, irp, guid);
    case IRP_MN_QUERY_SINGLE_INSTANCE:
        return query_instance(*context, device, irp, guid);
    case IRP_MN_CHANGE_SINGLE_INSTANCE:
    case IRP_MN_CHANGE_SINGLE_ITEM:
    case IRP_MN_EXECUTE_METHOD:
        return set_or_run(*context, device, irp, guid);
    default:
        return control(*context, device, irp, guid);
    }
}

// Lengths, one ULONG each, become offsets and lengths in the same place: the last first, for they grow. A count that a
// driver wrote over stays as it is, for whoever reads the answer to refuse.
void place_instances(WNODE_ALL_DATA& node, size_t room)
{
    if (all_data_offset(node.InstanceCount) > room)
        return;
    auto* const lengths = &node.FixedInstanceSize;
    size_t end = node.DataBlockOffset;
    for (ULONG i = 0; i < node.InstanceCount; ++i)
        end += round8(lengths[i]);
    for (ULONG i = node.InstanceCount; i-- > 0;) {
        ULONG const length = lengths[i];
        end -= round8(length);
        node.OffsetInstanceDataAndLength[i] = { static_cast<ULONG>(end), length };
    }
}

ULONG_PTR finish_node(Asked const& asked, ULONG used)
{
    auto& head = asked.node<WNODE_HEADER>();
    switch (asked.minor()) {
    case IRP_MN_QUERY_ALL_DATA: {
        auto& node = asked.node<WNODE_ALL_DATA>();
        place_instances(node, asked.bytes());
        head.BufferSize = node.DataBlockOffset + used;
        return head.BufferSize;
    }
    case IRP_MN_QUERY_SINGLE_INSTANCE: {
        auto& node = asked.node<WNODE_SINGLE_INSTANCE>();
        node.SizeDataBlock = used;
        head.BufferSize = node.DataBlockOffset + used;
        return head.BufferSize;
    }
    case IRP_MN_EXECUTE_METHOD: {
        auto& node = asked.node<WNODE_METHOD_ITEM>();
        node.SizeDataBlock = used;
        head.BufferSize = node.DataBlockOffset + used;
        return head.BufferSize;
    }
    default:
        return 0;
    }
}

// A WNODE_TOO_SMALL in the request's place, if it fits.
NTSTATUS finish_too_small(Asked const& asked, ULONG used, ULONG_PTR& information)
{
    if (asked.bytes() < sizeof(WNODE_TOO_SMALL))
        return STATUS_BUFFER_TOO_SMALL;
    ULONG const offset = asked.minor() == IRP_MN_QUERY_SINGLE_INSTANCE
        ? asked.node<WNODE_SINGLE_INSTANCE>().DataBlockOffset
        : asked.minor() == IRP_MN_EXECUTE_METHOD ? asked.node<WNODE_METHOD_ITEM>().DataBlockOffset
                                                 : asked.node<WNODE_ALL_DATA>().DataBlockOffset;
    auto& node = asked.node<WNODE_TOO_SMALL>();
    node.WnodeHeader.BufferSize = sizeof node;
    node.WnodeHeader.Flags |= WNODE_FLAG_TOO_SMALL;
    node.SizeNeeded = static_cast<ULONG>(round8(offset + size_t { used }));
    information = sizeof node;
    return STATUS_SUCCESS;
}

// @cite(wdk-ddi): page=wmilib/nf-wmilib-wmicompleterequest
// IRQL <= DISPATCH_LEVEL.
NTSTATUS WmiCompleteRequest(DEVICE_OBJECT*, IRP* irp, NTSTATUS status, ULONG used, CCHAR boost)
{
    Asked const asked(irp);
    bool const has_data = asked.minor() <= IRP_MN_QUERY_SINGLE_INSTANCE || asked.minor() == IRP_MN_EXECUTE_METHOD;
    ULONG_PTR information = 0;
    if (status == STATUS_BUFFER_TOO_SMALL && has_data)
        status = finish_too_small(asked, used, information);
    else if (NT_SUCCESS(status))
        information = finish_node(asked, used);
    irp->IoStatus.Status = status;
    irp->IoStatus.Information = information;
    IofCompleteRequest(irp, boost);
    return status;
}

// @cite(wdk-ddi): page=wmilib/nf-wmilib-wmifireevent
// IRQL <= DISPATCH_LEVEL. The data's block is freed in any case.
NTSTATUS WmiFireEvent(DEVICE_OBJECT* device, GUID const* guid, ULONG instance, ULONG bytes, void* data)
{
    size_t const offset = round8(sizeof(WNODE_SINGLE_INSTANCE));
    bool const too_long = bytes > kWmiEventBytesMax; // as IoWMIWriteEvent would say
    NTSTATUS status = too_long ? STATUS_BUFFER_OVERFLOW : STATUS_INSUFFICIENT_RESOURCES;
    auto* const wnode = too_long || ke::fails_inside()
        ? nullptr
        : static_cast<uint8_t*>(ex::allocate(NonPagedPoolNx, offset + bytes, kWmiTag, ex::Owner::Kernel, true));
    if (wnode) {
        auto& node = *reinterpret_cast<WNODE_SINGLE_INSTANCE*>(wnode);
        WmiProvider const* const provider = provider_of(device);
        node.WnodeHeader.BufferSize = static_cast<ULONG>(offset + bytes);
        node.WnodeHeader.ProviderId = provider ? provider->id : 0;
        node.WnodeHeader.Guid = *guid;
        node.WnodeHeader.Flags
            = WNODE_FLAG_SINGLE_INSTANCE | WNODE_FLAG_EVENT_ITEM | WNODE_FLAG_STATIC_INSTANCE_NAMES;
        node.InstanceIndex = instance;
        node.DataBlockOffset = static_cast<ULONG>(offset);
        node.SizeDataBlock = bytes;
        if (data)
            std::memcpy(wnode + offset, data, bytes);
        status = IoWMIWriteEvent(wnode);
        if (!NT_SUCCESS(status))
            ex::free(wnode, kWmiTag);
    }
    if (data)
        ex::free(data, 0);
    return status;
}

} // namespace

std::span<Ddi const> wmilib_rows()
{
    static Ddi const rows[] = {
        { .name = "WmiSystemControl", .dll = Dll::wmilib, .irql = { 0, 0 },
          .page = "wmilib/nf-wmilib-wmisystemcontrol", .body = body<&WmiSystemControl>() },
        { .name = "WmiCompleteRequest", .dll = Dll::wmilib, .irql = { 0, 2 },
          .page = "wmilib/nf-wmilib-wmicompleterequest", .body = body<&WmiCompleteRequest>() },
        { .name = "WmiFireEvent", .dll = Dll::wmilib, .irql = { 0, 2 }, .fail = Fail::Inside,
          .fail_status = STATUS_INSUFFICIENT_RESOURCES, .page = "wmilib/nf-wmilib-wmifireevent",
          .body = body<&WmiFireEvent>() },
    };
    return rows;
}

} // namespace ringside::io
