// SPDX-License-Identifier: MIT
// Consumers, what is enabled for them, and events on their way.
#include "ex/pool.h"
#include "io/manager.h"
#include "ke/door.h"
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

WmiConsumer* listener_after(GUID const& guid, uint32_t number)
{
    for (WmiConsumer& consumer : manager().wmi.consumers)
        if (consumer.number > number && consumer.listening && same_guid(consumer.guid, guid))
            return &consumer;
    return nullptr;
}

class HeldObject {
public:
    explicit HeldObject(void* body) : m_body(body) { ob::reference(body); }
    ~HeldObject() { ob::dereference(m_body); }
    HeldObject(HeldObject const&) = delete;
    HeldObject& operator=(HeldObject const&) = delete;

private:
    void* m_body;
};

void deliver(GUID const guid, uint8_t* wnode, size_t bytes)
{
    uint32_t last = 0;
    while (WmiConsumer* const consumer = listener_after(guid, last)) {
        last = consumer->number;
        if (consumer->records)
            consumer->heard.emplace_back(wnode, wnode + bytes);
        if (!consumer->callback)
            continue;
        HeldObject const held(consumer->body);
        ke::through_door(ke::DoorPassage { ke::Door::WmiNotification, nullptr, last }, consumer->callback,
                         static_cast<void*>(wnode), consumer->context);
    }
}

// The event's bytes for consumers: the target's data for a reference, names put in for a static instance.
bool write_event(uint8_t const* wnode, WmiBuffer& into)
{
    WNODE_HEADER head;
    std::memcpy(&head, wnode, sizeof head);
    WmiProvider* const provider = provider_with(head.ProviderId);
    std::span<uint8_t const> const bytes { wnode, head.BufferSize };
    std::string error;
    std::vector<uint8_t> written(bytes.begin(), bytes.end());
    if ((head.Flags & WNODE_FLAG_SINGLE_INSTANCE) && provider) {
        WmiBlock const* const block = block_of(*provider, head.Guid);
        auto const found = parse_single_instance(
            bytes, block ? std::span<std::u16string const>(block->names) : std::span<std::u16string const> {}, error);
        if (!error.empty()) {
            wmi_complain(*provider, "an event is wrong: " + error);
            return false;
        }
        written = write_single_instance(head.Guid, provider->id, found.front(), WNODE_FLAG_EVENT_ITEM);
    }
    if (!into.make(written.size()))
        return false;
    std::memcpy(into.data(), written.data(), written.size());
    return true;
}

// A WNODE_EVENT_REFERENCE: the data is fetched from its provider.
bool fetch_reference(uint8_t const* wnode, WmiBuffer& into)
{
    WNODE_EVENT_REFERENCE told;
    auto const size = reinterpret_cast<WNODE_HEADER const*>(wnode)->BufferSize;
    if (size < offsetof(WNODE_EVENT_REFERENCE, TargetInstanceName) + sizeof(ULONG))
        return false;
    std::memcpy(&told, wnode, std::min<size_t>(sizeof told, size));
    WmiProvider* const provider = provider_with(told.WnodeHeader.ProviderId);
    WmiBlock const* const block = provider ? block_of(*provider, told.TargetGuid) : nullptr;
    if (!block)
        return false;
    if (told.WnodeHeader.Flags & WNODE_FLAG_STATIC_INSTANCE_NAMES) {
        if (told.TargetInstanceIndex >= block->names.size()) {
            wmi_complain(*provider, fmt::format("an event refers to instance {}, the block was registered with {}",
                                                told.TargetInstanceIndex, block->names.size()));
            return false;
        }
    }
    WmiBuffer name;
    USHORT length = 0;
    if (told.WnodeHeader.Flags & WNODE_FLAG_STATIC_INSTANCE_NAMES) {
        auto const& text = block->names[told.TargetInstanceIndex];
        length = static_cast<USHORT>(text.size() * 2);
        if (!name.make(length + 2u))
            return false;
        std::memcpy(name.data(), text.data(), length);
    } else {
        std::memcpy(&length, wnode + offsetof(WNODE_EVENT_REFERENCE, TargetInstanceName), sizeof length);
        if (size - offsetof(WNODE_EVENT_REFERENCE, TargetInstanceName) - 2 < length || !name.make(length + 2u))
            return false;
        std::memcpy(name.data(), wnode + offsetof(WNODE_EVENT_REFERENCE, TargetInstanceName) + 2, length);
    }
    std::u16string_view const text(reinterpret_cast<char16_t const*>(name.data()), length / sizeof(char16_t));
    if (!NT_SUCCESS(query_single({ told.TargetGuid, true }, text, into)))
        return false;
    into.as<WNODE_HEADER>().Guid = told.WnodeHeader.Guid;
    into.as<WNODE_HEADER>().Flags |= WNODE_FLAG_EVENT_ITEM;
    return true;
}

void deliver_job(void*)
{
    Wmi& wmi = manager().wmi;
    while (!wmi.events.empty()) {
        auto* const wnode = static_cast<uint8_t*>(wmi.events.front());
        wmi.events.pop_front();
        {
            WmiBuffer event;
            GUID const guid = reinterpret_cast<WNODE_HEADER*>(wnode)->Guid;
            bool const reference = reinterpret_cast<WNODE_HEADER*>(wnode)->Flags & WNODE_FLAG_EVENT_REFERENCE;
            if (reference ? fetch_reference(wnode, event) : write_event(wnode, event))
                deliver(guid, event.data(), event.as<WNODE_HEADER>().BufferSize);
        }
        ex::free(wnode, 0);
    }
    wmi.delivering = false;
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
// On success the block is WMI's; else the caller's still.
NTSTATUS IoWMIWriteEvent(void* wnode)
{
    WNODE_HEADER const head = *static_cast<WNODE_HEADER const*>(wnode);
    if (head.Flags & WNODE_FLAG_TRACED_GUID)
        return STATUS_UNSUCCESSFUL; // no trace session is there to take it
    auto const block = ex::find_block(wnode);
    if (head.BufferSize > kWmiEventBytesMax)
        return STATUS_BUFFER_OVERFLOW;
    if (head.BufferSize < sizeof head || (block && head.BufferSize > block->bytes)) {
        if (WmiProvider const* provider = provider_with(head.ProviderId))
            wmi_complain(*provider, fmt::format("an event's BufferSize is {}, of a block of {} bytes", head.BufferSize,
                                                block ? block->bytes : 0));
        return STATUS_INVALID_PARAMETER;
    }
    Wmi& wmi = manager().wmi;
    wmi.events.push_back(wnode);
    if (!wmi.delivering) {
        wmi.delivering = true;
        queue_wmi_job(&deliver_job, nullptr);
    }
    return STATUS_SUCCESS;
}

} // namespace ringside::io
