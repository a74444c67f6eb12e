// SPDX-License-Identifier: MIT
// Events on their way from IoWMIWriteEvent to the listeners. What a driver wrote is foreign bytes: it is checked, and
// written afresh with the names of static instances, so that every listener hears a WNODE in order or nothing.
#include "ex/pool.h"
#include "io/manager.h"
#include "ke/door.h"
#include "ob/object.h"

#include <algorithm>
#include <cstring>
#include <fmt/format.h>

namespace ringside::io {

namespace {

using Bytes = std::span<uint8_t const>;
using Names = std::span<std::u16string const>;

constexpr ULONG kKinds = WNODE_FLAG_ALL_DATA | WNODE_FLAG_SINGLE_INSTANCE | WNODE_FLAG_SINGLE_ITEM;
// Where a reference's target is named: an index, or a counted string.
constexpr size_t kTarget = offsetof(WNODE_EVENT_REFERENCE, TargetInstanceIndex);

WmiConsumer* listener_after(GUID const& guid, uint32_t number)
{
    for (WmiConsumer& consumer : manager().wmi.consumers)
        if (consumer.number > number && consumer.listening && same_guid(consumer.guid, guid))
            return &consumer;
    return nullptr;
}

class HeldObject {
public:
    explicit HeldObject(void* body)
        : m_body(body)
    {
        ob::reference(body);
    }
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

void complain(WmiProvider const* provider, std::string words)
{
    if (provider)
        wmi_complain(*provider, std::move(words));
    else
        wmi_complain("a WMI event of a driver that is not registered", std::move(words));
}

// The event as listeners get it; empty: `error` says why not.
std::vector<uint8_t> written_afresh(Bytes bytes, ULONG provider, Names names, std::string& error)
{
    WNODE_HEADER head;
    std::memcpy(&head, bytes.data(), sizeof head);
    std::vector<WmiInstanceView> found;
    switch (head.Flags & kKinds) {
    case WNODE_FLAG_ALL_DATA:
        found = parse_all_data(bytes, names, error);
        return error.empty() ? write_all_data(head.Guid, provider, found, WNODE_FLAG_EVENT_ITEM)
                             : std::vector<uint8_t> {};
    case WNODE_FLAG_SINGLE_INSTANCE:
        found = parse_single_instance(bytes, names, error);
        break;
    case WNODE_FLAG_SINGLE_ITEM:
        found = parse_single_item(bytes, names, error);
        break;
    default:
        error
            = fmt::format("its flags {:#x} say neither or more than one of all data, an instance, an item", head.Flags);
    }
    return error.empty() ? write_single_instance(head.Guid, provider, found.front(), WNODE_FLAG_EVENT_ITEM)
                         : std::vector<uint8_t> {};
}

bool take_item(WmiEvent const& event, WmiBuffer& into)
{
    WNODE_HEADER head;
    std::memcpy(&head, event.wnode, sizeof head);
    WmiProvider* const provider = provider_with(head.ProviderId);
    std::vector<std::u16string> nameless; // nobody knows the names of what nobody registered
    Names names;
    if (!provider) {
        nameless.resize(kWmiEventBytesMax); // no event has room for more instances
        names = nameless;
    } else if (WmiBlock const* const block = block_of(*provider, head.Guid))
        names = block->names;
    std::string error;
    auto const written = written_afresh({ event.wnode, event.bytes }, head.ProviderId, names, error);
    if (!error.empty())
        complain(provider, "an event is wrong: " + error);
    if (written.empty() || !into.make(written.size()))
        return false;
    std::memcpy(into.data(), written.data(), written.size());
    return true;
}

// The name of the instance that a WNODE_EVENT_REFERENCE refers to, in `into`, and its length in bytes.
bool find_target(WmiEvent const& event, WNODE_EVENT_REFERENCE const& told, WmiBuffer& into, size_t& length)
{
    WmiProvider* const provider = provider_with(told.WnodeHeader.ProviderId);
    WmiBlock const* const block = provider ? block_of(*provider, told.TargetGuid) : nullptr;
    if (!block) {
        complain(provider, "an event refers to a block that it did not register");
        return false;
    }
    uint8_t const* text = event.wnode + kTarget + sizeof(USHORT);
    if (told.WnodeHeader.Flags & WNODE_FLAG_STATIC_INSTANCE_NAMES) {
        if (told.TargetInstanceIndex >= block->names.size()) {
            complain(provider,
                     fmt::format("an event refers to instance {}, the block was registered with {}",
                                 told.TargetInstanceIndex, block->names.size()));
            return false;
        }
        auto const& name = block->names[told.TargetInstanceIndex];
        text = reinterpret_cast<uint8_t const*>(name.data());
        length = name.size() * sizeof(char16_t);
    } else {
        USHORT counted = 0;
        std::memcpy(&counted, event.wnode + kTarget, sizeof counted);
        length = counted;
        if (length > event.bytes - kTarget - sizeof counted) {
            complain(provider,
                     fmt::format("an event refers to an instance whose name, {} bytes, lies beyond its {} bytes",
                                 length, event.bytes));
            return false;
        }
    }
    if (!into.make(length + sizeof(char16_t)))
        return false;
    std::memcpy(into.data(), text, length);
    return true;
}

// A WNODE_EVENT_REFERENCE: the data is fetched from its provider.
bool fetch_reference(WmiEvent const& event, WmiBuffer& into)
{
    WNODE_EVENT_REFERENCE told {};
    std::memcpy(&told, event.wnode, std::min(sizeof told, event.bytes));
    ULONG const id = told.WnodeHeader.ProviderId;
    if (event.bytes < kTarget + sizeof(ULONG)) {
        complain(provider_with(id), fmt::format("an event's {} bytes hold no WNODE_EVENT_REFERENCE", event.bytes));
        return false;
    }
    WmiBuffer name;
    size_t length = 0;
    if (!find_target(event, told, name, length))
        return false;
    std::u16string_view const text(reinterpret_cast<char16_t const*>(name.data()), length / sizeof(char16_t));
    NTSTATUS const status = query_single({ told.TargetGuid, true }, text, into);
    if (!NT_SUCCESS(status)) {
        if (status != STATUS_INSUFFICIENT_RESOURCES)
            complain(provider_with(id),
                     fmt::format("an event refers to data that could not be had, status {:#010x}",
                                 static_cast<uint32_t>(status)));
        return false;
    }
    into.as<WNODE_HEADER>().Guid = told.WnodeHeader.Guid;
    into.as<WNODE_HEADER>().Flags |= WNODE_FLAG_EVENT_ITEM;
    return true;
}

} // namespace

void deliver_wmi_events(void*)
{
    Wmi& wmi = manager().wmi;
    while (!wmi.events.empty()) {
        WmiEvent const event = wmi.events.front();
        wmi.events.pop_front();
        {
            WmiBuffer made;
            bool const reference = event.flags & WNODE_FLAG_EVENT_REFERENCE;
            if (reference ? fetch_reference(event, made) : take_item(event, made))
                deliver(event.guid, made.data(), made.as<WNODE_HEADER>().BufferSize);
        }
        ex::free(event.wnode, 0);
    }
    wmi.delivering = false;
    end_wmi_job();
}

} // namespace ringside::io
