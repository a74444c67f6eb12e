// SPDX-License-Identifier: MIT
// Consumers, what is enabled for them, and the events that drivers write.
#include "ex/pool.h"
#include "io/manager.h"
#include "ob/object.h"
#include "ob/wmi_guid.h"

#include <algorithm>
#include <cstring>
#include <fmt/format.h>

namespace ringside::io {

namespace {

constexpr ACCESS_MASK kUsesData = WMIGUID_QUERY | WMIGUID_SET | WMIGUID_EXECUTE;
constexpr ULONG kObjectTag = 0x47696D57; // 'WmiG'

bool wanted(GUID const& guid, bool events)
{
    for (WmiConsumer const& consumer : manager().wmi.consumers)
        if (same_guid(consumer.guid, guid) && (events ? consumer.listening : (consumer.access & kUsesData) != 0))
            return true;
    return false;
}

// True when the driver was told something.
bool tell(WmiProvider& provider, WmiBlock& block, bool& enabled, bool want, UCHAR enable, UCHAR disable)
{
    if (enabled == want)
        return false;
    enabled = want;
    GUID guid = block.guid;
    WmiBuffer buffer;
    bool sent = buffer.make(sizeof(WNODE_SINGLE_INSTANCE));
    if (sent) {
        auto& head = buffer.as<WNODE_HEADER>();
        head.BufferSize = sizeof(WNODE_HEADER);
        head.Guid = guid;
        sent = ask_provider(provider, want ? enable : disable, &guid, buffer.data(), buffer.size()).sent;
    }
    // The block may be another one by now.
    if (WmiBlock* const now = sent ? nullptr : block_of(provider, guid))
        (enable == IRP_MN_ENABLE_EVENTS ? now->events_enabled : now->collection_enabled) = !want;
    return sent;
}

bool tell_one(WmiProvider& provider)
{
    for (WmiBlock& block : provider.blocks) {
        if (block.flags & (WMIREG_FLAG_TRACED_GUID | WMIREG_FLAG_TRACE_CONTROL_GUID))
            continue;
        if (tell(provider, block, block.events_enabled, wanted(block.guid, true), IRP_MN_ENABLE_EVENTS,
                 IRP_MN_DISABLE_EVENTS))
            return true;
        bool const expensive
            = block.flags & WMIREG_FLAG_EXPENSIVE && !(block.flags & WMIREG_FLAG_EVENT_ONLY_GUID);
        if (tell(provider, block, block.collection_enabled, expensive && wanted(block.guid, false),
                 IRP_MN_ENABLE_COLLECTION, IRP_MN_DISABLE_COLLECTION))
            return true;
    }
    return false;
}

WmiProvider* provider_after(ULONG id)
{
    for (WmiProvider& provider : manager().wmi.providers)
        if (provider.id > id && !provider.leaving)
            return &provider;
    return nullptr;
}

void refresh_job(void*)
{
    refresh_wmi();
    end_wmi_job();
}

} // namespace

// @cite(wdk-docs): page=kernel/irp-mn-enable-events
void refresh_wmi()
{
    Wmi& wmi = manager().wmi;
    wmi.refresh_again = true;
    if (wmi.refreshing)
        return;
    wmi.refreshing = true;
    while (wmi.refresh_again) {
        wmi.refresh_again = false;
        for (WmiProvider* provider = provider_after(0); provider;) {
            ULONG const id = provider->id;
            {
                WmiHold hold(*provider);
                while (!provider->leaving && tell_one(*provider)) { }
            }
            provider = provider_after(id);
        }
    }
    wmi.refreshing = false;
}

Result<WmiConsumer*> open_wmi_block(GUID const& guid, ACCESS_MASK access)
{
    access = ob::granted_access(ob::wmi_guid_type, access);
    bool const served = next_provider(guid, 0);
    // Who waits for events may come before those who send them.
    if (!served && !(access & WMIGUID_NOTIFICATION))
        return Failure { STATUS_WMI_GUID_NOT_FOUND };
    auto body = ob::create(ob::wmi_guid_type, sizeof(GUID), kObjectTag);
    if (!body.ok())
        return Failure { body.status() };
    std::memcpy(*body, &guid, sizeof guid);
    Wmi& wmi = manager().wmi;
    WmiConsumer& consumer = wmi.consumers.emplace_back();
    consumer.body = *body;
    consumer.number = ++wmi.consumers_born;
    consumer.guid = guid;
    consumer.access = access;
    consumer.had_provider = served;
    return &consumer;
}

WmiConsumer* consumer_of(void* body)
{
    ob::reference(body); // a bug check for what is no object
    ob::dereference_deferred(body);
    for (WmiConsumer& consumer : manager().wmi.consumers)
        if (consumer.body == body)
            return &consumer;
    return nullptr;
}

void wmi_guid_deleted(void* body)
{
    Wmi& wmi = manager().wmi;
    std::erase_if(wmi.consumers, [&](WmiConsumer const& consumer) { return consumer.body == body; });
    if (!wmi.providers.empty())
        queue_wmi_job(&refresh_job, nullptr);
}

// @cite(wdk-ddi): page=wdm/nf-wdm-iowmiwriteevent
// On success the block is WMI's; else the caller's still. What is no pool block could not be freed when the event has been
// delivered: the machine ends here, with the bug check that would come then.
NTSTATUS IoWMIWriteEvent(void* wnode)
{
    WNODE_HEADER const head = *static_cast<WNODE_HEADER const*>(wnode);
    if (head.Flags & WNODE_FLAG_TRACED_GUID)
        return STATUS_UNSUCCESSFUL; // no trace session is there to take it
    auto const block = ex::find_block(wnode);
    if (!block)
        ex::free(wnode, 0);
    if (head.BufferSize > kWmiEventBytesMax)
        return STATUS_BUFFER_OVERFLOW;
    if (head.BufferSize < sizeof head || head.BufferSize > block->bytes) {
        if (WmiProvider const* provider = provider_with(head.ProviderId))
            wmi_complain(*provider, fmt::format("an event's BufferSize is {}, of a block of {} bytes", head.BufferSize,
                                                block->bytes));
        return STATUS_INVALID_PARAMETER;
    }
    Wmi& wmi = manager().wmi;
    wmi.events.push_back({ static_cast<uint8_t*>(wnode), head.BufferSize, head.Flags, head.Guid });
    if (!wmi.delivering) {
        wmi.delivering = true;
        queue_wmi_job(&deliver_wmi_events, nullptr);
    }
    return STATUS_SUCCESS;
}

} // namespace ringside::io
