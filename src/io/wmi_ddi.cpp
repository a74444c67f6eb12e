// SPDX-License-Identifier: MIT
// What drivers call as consumers of WMI, and the services beside it. Queries and the like are made at PASSIVE_LEVEL
// whatever the caller's IRQL; statuses of theirs are told through memory that outlives the call.
#include "ex/pool.h"
#include "io/ddi.h"
#include "io/manager.h"
#include "ob/handle.h"
#include "ob/object.h"

#include <algorithm>
#include <cstring>

namespace ringside::io {

namespace {

constexpr ULONG kNameTag = 0x4E696D57; // 'WmiN'

std::u16string_view text_of(UNICODE_STRING const& string) { return { string.Buffer, string.Length / sizeof(char16_t) }; }

// The consumer behind an object, with the right that the call needs.
NTSTATUS check(void* object, ACCESS_MASK right, WmiTarget& target)
{
    WmiConsumer const* const consumer = consumer_of(object);
    if (!consumer)
        return STATUS_OBJECT_TYPE_MISMATCH;
    if ((consumer->access & right) != right)
        return STATUS_ACCESS_DENIED;
    target = { consumer->guid, consumer->had_provider };
    return STATUS_SUCCESS;
}

// A query of several objects: the answers of all in one chain.
struct Query {
    void* const* objects;
    UNICODE_STRING const* names; // null: all data
    ULONG count;
    ULONG* bytes;
    void* out;
    NTSTATUS status;
};

NTSTATUS query_one(Query const& query, ULONG i, WmiBuffer& answer, size_t& used)
{
    WmiTarget target;
    if (NTSTATUS const status = check(query.objects[i], WMIGUID_QUERY, target); !NT_SUCCESS(status))
        return status;
    if (!query.names)
        return query_all(target, answer, used);
    NTSTATUS const status = query_single(target, text_of(query.names[i]), answer);
    used = answer.size();
    return status;
}

// Puts a chain of WNODEs behind what is in `out` already.
void link(uint8_t* out, size_t used, size_t last, WmiBuffer const& answer, size_t bytes)
{
    if (used)
        reinterpret_cast<WNODE_HEADER*>(out + last)->Linkage = static_cast<ULONG>(used - last);
    std::memcpy(out + used, answer.data(), bytes);
}

size_t last_in(uint8_t const* chain)
{
    size_t at = 0;
    while (ULONG const next = reinterpret_cast<WNODE_HEADER const*>(chain + at)->Linkage)
        at += next;
    return at;
}

void run_query(void* context)
{
    auto& query = *static_cast<Query*>(context);
    auto* const out = static_cast<uint8_t*>(query.out);
    ULONG const room = out ? *query.bytes : 0;
    size_t used = 0, last = 0;
    for (ULONG i = 0; i < query.count; ++i) {
        WmiBuffer answer;
        size_t bytes = 0;
        NTSTATUS const status = query_one(query, i, answer, bytes);
        bool const nobody = status == STATUS_WMI_GUID_NOT_FOUND || status == STATUS_WMI_INSTANCE_NOT_FOUND
            || status == STATUS_WMI_GUID_DISCONNECTED;
        // Of several, those that nobody serves are left out.
        if (!NT_SUCCESS(status) && (query.count == 1 || !nobody)) {
            query.status = status;
            return;
        }
        if (!NT_SUCCESS(status))
            continue;
        if (used + bytes <= room) {
            link(out, used, last, answer, bytes);
            last = used + last_in(answer.data());
        }
        used += bytes;
    }
    *query.bytes = static_cast<ULONG>(used);
    query.status = used > room ? STATUS_BUFFER_TOO_SMALL : STATUS_SUCCESS;
}

NTSTATUS query(void* const* objects, UNICODE_STRING const* names, ULONG count, ULONG* bytes, void* out)
{
    Query asked { objects, names, count, bytes, out, STATUS_SUCCESS };
    at_passive_level(&run_query, &asked);
    return asked.status;
}

struct Change {
    WmiTarget target;
    std::u16string_view name;
    WmiChange change;
    NTSTATUS status;
};

NTSTATUS run_change(void* object, ACCESS_MASK right, UNICODE_STRING const* name, WmiChange const& what, ULONG* out_bytes)
{
    Change asked { {}, text_of(*name), what, STATUS_SUCCESS };
    asked.status = check(object, right, asked.target);
    if (!NT_SUCCESS(asked.status))
        return asked.status;
    at_passive_level(
        [](void* context) {
            auto& a = *static_cast<Change*>(context);
            a.status = change(a.target, a.name, a.change);
        },
        &asked);
    if (out_bytes && (NT_SUCCESS(asked.status) || asked.status == STATUS_BUFFER_TOO_SMALL))
        *out_bytes = asked.change.out_bytes;
    return asked.status;
}

void refresh(void*) { refresh_wmi(); }

// The caller's to free with ExFreePool.
NTSTATUS give_name(std::u16string_view name, UNICODE_STRING* into)
{
    size_t const bytes = name.size() * sizeof(char16_t);
    auto* const buffer = static_cast<char16_t*>(
        ex::allocate(PagedPool, bytes + sizeof(char16_t), kNameTag, ex::Owner::Driver, true));
    if (!buffer)
        return STATUS_INSUFFICIENT_RESOURCES;
    std::memcpy(buffer, name.data(), bytes);
    *into = { static_cast<USHORT>(bytes), static_cast<USHORT>(bytes + sizeof(char16_t)), buffer };
    return STATUS_SUCCESS;
}

// @cite(wdk-ddi): page=wdm/nf-wdm-iowmiopenblock
// IRQL <= APC_LEVEL. The object is the caller's to dereference.
NTSTATUS IoWMIOpenBlock(GUID const* guid, ULONG access, void** object)
{
    auto opened = open_wmi_block(*guid, access);
    if (!opened.ok())
        return opened.status();
    void* const body = (*opened)->body;
    at_passive_level(&refresh, nullptr); // an expensive block is collected from now on
    *object = body;
    return STATUS_SUCCESS;
}

// @cite(wdk-ddi): page=wdm/nf-wdm-iowmiqueryalldata
NTSTATUS IoWMIQueryAllData(void* object, ULONG* bytes, void* out) { return query(&object, nullptr, 1, bytes, out); }

// @cite(wdk-ddi): page=wdm/nf-wdm-iowmiqueryalldatamultiple
NTSTATUS IoWMIQueryAllDataMultiple(void** objects, ULONG count, ULONG* bytes, void* out)
{
    return query(objects, nullptr, count, bytes, out);
}

// @cite(wdk-ddi): page=wdm/nf-wdm-iowmiquerysingleinstance
NTSTATUS IoWMIQuerySingleInstance(void* object, UNICODE_STRING* name, ULONG* bytes, void* out)
{
    return query(&object, name, 1, bytes, out);
}

// @cite(wdk-ddi): page=wdm/nf-wdm-iowmiquerysingleinstancemultiple
NTSTATUS IoWMIQuerySingleInstanceMultiple(void** objects, UNICODE_STRING* names, ULONG count, ULONG* bytes, void* out)
{
    return query(objects, names, count, bytes, out);
}

// @cite(wdk-ddi): page=wdm/nf-wdm-iowmisetsingleinstance
NTSTATUS IoWMISetSingleInstance(void* object, UNICODE_STRING* name, ULONG, ULONG bytes, void* value)
{
    return run_change(object, WMIGUID_SET, name, { IRP_MN_CHANGE_SINGLE_INSTANCE, 0, value, bytes, nullptr, 0 }, nullptr);
}

// @cite(wdk-ddi): page=wdm/nf-wdm-iowmisetsingleitem
NTSTATUS IoWMISetSingleItem(void* object, UNICODE_STRING* name, ULONG item, ULONG, ULONG bytes, void* value)
{
    return run_change(object, WMIGUID_SET, name, { IRP_MN_CHANGE_SINGLE_ITEM, item, value, bytes, nullptr, 0 }, nullptr);
}

// @cite(wdk-ddi): page=wdm/nf-wdm-iowmiexecutemethod
NTSTATUS IoWMIExecuteMethod(void* object, UNICODE_STRING* name, ULONG method, ULONG in_bytes, ULONG* out_bytes,
                            UCHAR* buffer)
{
    ULONG const room = *out_bytes;
    return run_change(object, WMIGUID_EXECUTE, name, { IRP_MN_EXECUTE_METHOD, method, buffer, in_bytes, buffer, room },
                      out_bytes);
}

// @cite(wdk-ddi): page=wdm/nf-wdm-iowmisetnotificationcallback
// IRQL <= APC_LEVEL. The callback is called by a worker thread at PASSIVE_LEVEL until the object goes.
NTSTATUS IoWMISetNotificationCallback(void* object, WMI_NOTIFICATION_CALLBACK callback, void* context)
{
    WmiConsumer* const consumer = consumer_of(object);
    if (!consumer)
        return STATUS_OBJECT_TYPE_MISMATCH;
    if (!(consumer->access & WMIGUID_NOTIFICATION))
        return STATUS_ACCESS_DENIED;
    consumer->callback = callback;
    consumer->context = context;
    consumer->listening = callback != nullptr;
    at_passive_level(&refresh, nullptr);
    return STATUS_SUCCESS;
}

// @cite(wdk-ddi): page=wdm/nf-wdm-iowmideviceobjecttoinstancename
NTSTATUS IoWMIDeviceObjectToInstanceName(void* object, DEVICE_OBJECT* device, UNICODE_STRING* name)
{
    WmiTarget target;
    if (NTSTATUS const status = check(object, 0, target); !NT_SUCCESS(status))
        return status;
    WmiProvider* const provider = provider_of(device);
    WmiBlock const* const block = provider ? block_of(*provider, target.guid) : nullptr;
    return block && !block->names.empty() ? give_name(block->names.front(), name) : STATUS_WMI_INSTANCE_NOT_FOUND;
}

// @cite(wdk-ddi): page=wdm/nf-wdm-iowmihandletoinstancename
NTSTATUS IoWMIHandleToInstanceName(void* object, HANDLE handle, UNICODE_STRING* name)
{
    auto found = ob::reference_by_handle(handle, 0, &ob::file_type, KernelMode);
    if (!found.ok())
        return found.status();
    auto* const file = static_cast<FILE_OBJECT*>(found->body);
    NTSTATUS status = STATUS_WMI_INSTANCE_NOT_FOUND;
    // Any device of the stack may be the provider.
    for (DEVICE_OBJECT* device = file->DeviceObject; device && status == STATUS_WMI_INSTANCE_NOT_FOUND;
         device = device->AttachedDevice)
        status = IoWMIDeviceObjectToInstanceName(object, device, name);
    ob::dereference(file);
    return status;
}

// @cite(wdk-ddi): page=wdm/nf-wdm-iowmideviceobjecttoproviderid
// IRQL <= DISPATCH_LEVEL. 0 for a device that is not registered.
ULONG IoWMIDeviceObjectToProviderId(DEVICE_OBJECT* device)
{
    WmiProvider const* const provider = provider_of(device);
    return provider ? provider->id : 0;
}

// @cite(wdk-ddi): page=wdm/nf-wdm-iowmiallocateinstanceids
NTSTATUS IoWMIAllocateInstanceIds(GUID const* guid, ULONG count, ULONG* first)
{
    GUID const wanted = *guid;
    auto& ids = manager().wmi.instance_ids;
    auto it = std::ranges::find_if(ids, [&](auto const& entry) { return same_guid(entry.first, wanted); });
    if (it == ids.end())
        it = ids.insert(it, { wanted, 0 });
    *first = it->second;
    it->second += count;
    return STATUS_SUCCESS;
}

// @cite(wdk-ddi): page=wdm/nf-wdm-iowmisuggestinstancename
NTSTATUS IoWMISuggestInstanceName(DEVICE_OBJECT* device, UNICODE_STRING* link, BOOLEAN combine, UNICODE_STRING* name)
{
    DeviceRecord const* const record = device ? manager().devices().find(device) : nullptr;
    if (combine && (!record || !link))
        return STATUS_INVALID_PARAMETER;
    if (!record && !link)
        return STATUS_INVALID_PARAMETER;
    std::u16string text;
    if (record)
        text = instance_path(*record);
    if (link && (combine || !record)) {
        std::u16string_view const path = text_of(*link);
        text += (text.empty() ? u"" : u"_");
        text += path.substr(path.rfind(u'\\') + 1);
    }
    return give_name(text, name);
}

} // namespace

std::span<Ddi const> wmi_rows()
{
    constexpr char const* kNoPath = "a PDO has no device instance path: the last part of its name stands for it";
    static Ddi const rows[] = {
        { .name = "IoWMIRegistrationControl", .irql = { 0, 0 }, .page = "wdm/nf-wdm-iowmiregistrationcontrol",
          .rules = "IrqlIoPassive5,LowerDriverReturn,PowerIrpDDis", .body = body<&IoWMIRegistrationControl>() },
        { .name = "IoWMIOpenBlock", .irql = { 0, 1 }, .fail = Fail::Status,
          .fail_status = STATUS_INSUFFICIENT_RESOURCES, .page = "wdm/nf-wdm-iowmiopenblock",
          .body = body<&IoWMIOpenBlock>() },
        { .name = "IoWMIQueryAllData", .irql = { 0, 1 }, .fail = Fail::Status,
          .fail_status = STATUS_INSUFFICIENT_RESOURCES, .page = "wdm/nf-wdm-iowmiqueryalldata",
          .body = body<&IoWMIQueryAllData>() },
        { .name = "IoWMIQueryAllDataMultiple", .irql = { 0, 1 }, .fail = Fail::Status,
          .fail_status = STATUS_INSUFFICIENT_RESOURCES, .page = "wdm/nf-wdm-iowmiqueryalldatamultiple",
          .body = body<&IoWMIQueryAllDataMultiple>() },
        { .name = "IoWMIQuerySingleInstance", .irql = { 0, 1 }, .fail = Fail::Status,
          .fail_status = STATUS_INSUFFICIENT_RESOURCES, .page = "wdm/nf-wdm-iowmiquerysingleinstance",
          .body = body<&IoWMIQuerySingleInstance>() },
        { .name = "IoWMIQuerySingleInstanceMultiple", .irql = { 0, 1 }, .fail = Fail::Status,
          .fail_status = STATUS_INSUFFICIENT_RESOURCES,
          .page = "wdm/nf-wdm-iowmiquerysingleinstancemultiple", .body = body<&IoWMIQuerySingleInstanceMultiple>() },
        { .name = "IoWMISetSingleInstance", .irql = { 0, 1 }, .fail = Fail::Status,
          .fail_status = STATUS_INSUFFICIENT_RESOURCES, .page = "wdm/nf-wdm-iowmisetsingleinstance",
          .body = body<&IoWMISetSingleInstance>() },
        { .name = "IoWMISetSingleItem", .irql = { 0, 1 }, .fail = Fail::Status,
          .fail_status = STATUS_INSUFFICIENT_RESOURCES, .page = "wdm/nf-wdm-iowmisetsingleitem",
          .body = body<&IoWMISetSingleItem>() },
        { .name = "IoWMIExecuteMethod", .irql = { 0, 1 }, .fail = Fail::Status,
          .fail_status = STATUS_INSUFFICIENT_RESOURCES, .page = "wdm/nf-wdm-iowmiexecutemethod",
          .body = body<&IoWMIExecuteMethod>() },
        { .name = "IoWMISetNotificationCallback", .irql = { 0, 1 }, .page = "wdm/nf-wdm-iowmisetnotificationcallback",
          .body = body<&IoWMISetNotificationCallback>() },
        { .name = "IoWMIDeviceObjectToInstanceName", .irql = { 0, 1 }, .fail = Fail::Status,
          .fail_status = STATUS_INSUFFICIENT_RESOURCES,
          .page = "wdm/nf-wdm-iowmideviceobjecttoinstancename", .body = body<&IoWMIDeviceObjectToInstanceName>() },
        { .name = "IoWMIHandleToInstanceName", .irql = { 0, 1 }, .fail = Fail::Status,
          .fail_status = STATUS_INSUFFICIENT_RESOURCES, .page = "wdm/nf-wdm-iowmihandletoinstancename",
          .body = body<&IoWMIHandleToInstanceName>() },
        { .name = "IoWMIDeviceObjectToProviderId", .irql = { 0, 2 },
          .page = "wdm/nf-wdm-iowmideviceobjecttoproviderid", .body = body<&IoWMIDeviceObjectToProviderId>() },
        { .name = "IoWMIAllocateInstanceIds", .irql = { 0, 0 }, .fail = Fail::Status,
          .fail_status = STATUS_INSUFFICIENT_RESOURCES, .page = "wdm/nf-wdm-iowmiallocateinstanceids",
          .rules = "IrqlIoPassive5,PowerIrpDDis", .body = body<&IoWMIAllocateInstanceIds>() },
        { .name = "IoWMISuggestInstanceName", .irql = { 0, 1 }, .fail = Fail::Status,
          .fail_status = STATUS_INSUFFICIENT_RESOURCES, .page = "wdm/nf-wdm-iowmisuggestinstancename",
          .partial = kNoPath, .body = body<&IoWMISuggestInstanceName>() },
        { .name = "IoWMIWriteEvent", .irql = { 0, 1 }, .fail = Fail::Status,
          .fail_status = STATUS_INSUFFICIENT_RESOURCES, .page = "wdm/nf-wdm-iowmiwriteevent",
          .partial = "events for trace sessions (WNODE_FLAG_TRACED_GUID) are refused", .body = body<&IoWMIWriteEvent>() },
    };
    return rows;
}

} // namespace ringside::io
