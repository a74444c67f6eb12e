// SPDX-License-Identifier: MIT
// Setting instances and items, and running methods: one provider takes the request, the one that has the instance.
#include "io/manager.h"

#include <algorithm>
#include <cstring>
#include <fmt/format.h>

namespace ringside::io {

namespace {

// WNODE_SINGLE_ITEM and WNODE_METHOD_ITEM are laid out alike, WNODE_SINGLE_INSTANCE has no id.
size_t head_bytes(UCHAR minor)
{
    return minor == IRP_MN_CHANGE_SINGLE_INSTANCE ? sizeof(WNODE_SINGLE_INSTANCE)
                                                  : offsetof(WNODE_METHOD_ITEM, SizeDataBlock) + sizeof(ULONG);
}

ULONG flags_for(UCHAR minor)
{
    return minor == IRP_MN_CHANGE_SINGLE_INSTANCE ? WNODE_FLAG_SINGLE_INSTANCE
        : minor == IRP_MN_CHANGE_SINGLE_ITEM      ? WNODE_FLAG_SINGLE_ITEM
                                                  : WNODE_FLAG_METHOD_ITEM;
}

// The request in the buffer, and where its data stands.
bool prepare(WmiBuffer& buffer, GUID const& guid, std::u16string_view name, WmiPlace const& place,
             WmiChange const& change, size_t& data)
{
    size_t const name_at = round8(head_bytes(change.minor));
    data = round8(name_at + 2 + name.size() * 2);
    size_t const room = std::max(change.in_bytes, change.minor == IRP_MN_EXECUTE_METHOD ? change.out_bytes : 0u);
    if (!buffer.make(std::max(data + room, sizeof(WNODE_TOO_SMALL))))
        return false;
    auto& head = buffer.as<WNODE_HEADER>();
    head.BufferSize = static_cast<ULONG>(buffer.size());
    head.Guid = guid;
    head.Flags = flags_for(change.minor) | (place.is_static ? WNODE_FLAG_STATIC_INSTANCE_NAMES : 0u);
    if (change.minor == IRP_MN_CHANGE_SINGLE_INSTANCE) {
        auto& node = buffer.as<WNODE_SINGLE_INSTANCE>();
        node.OffsetInstanceName = static_cast<ULONG>(name_at);
        node.InstanceIndex = place.index;
        node.DataBlockOffset = static_cast<ULONG>(data);
        node.SizeDataBlock = change.in_bytes;
    } else {
        auto& node = buffer.as<WNODE_METHOD_ITEM>();
        node.OffsetInstanceName = static_cast<ULONG>(name_at);
        node.InstanceIndex = place.index;
        node.MethodId = change.id;
        node.DataBlockOffset = static_cast<ULONG>(data);
        node.SizeDataBlock = change.in_bytes;
    }
    auto const length = static_cast<USHORT>(name.size() * 2);
    std::memcpy(buffer.data() + name_at, &length, sizeof length);
    std::memcpy(buffer.data() + name_at + sizeof length, name.data(), length);
    if (change.in_bytes)
        std::memcpy(buffer.data() + data, change.in, change.in_bytes);
    return true;
}

// A method's results, from a buffer whose data began at `data`.
NTSTATUS take_results(WmiProvider& provider, WmiBuffer const& buffer, size_t data, WmiChange& change)
{
    if (ULONG const needed = needed_by(buffer.bytes())) {
        if (needed < data || needed > kWmiBytesMax) {
            wmi_complain(provider, fmt::format("a method's results need {} bytes, it says, of which the head takes {}",
                                               needed, data));
            return STATUS_UNSUCCESSFUL;
        }
        change.out_bytes = static_cast<ULONG>(needed - data);
        return STATUS_BUFFER_TOO_SMALL;
    }
    std::string error;
    auto const& node = buffer.as<WNODE_METHOD_ITEM>();
    ULONG const at = node.DataBlockOffset, bytes = node.SizeDataBlock;
    if (!check_wnode(buffer.bytes(), error) || at > buffer.size() || buffer.size() - at < bytes) {
        wmi_complain(provider, error.empty() ? fmt::format("a method's {} bytes of results at {:#x} lie beyond the "
                                                           "WNODE's {} bytes",
                                                           bytes, at, buffer.size())
                                             : error);
        return STATUS_UNSUCCESSFUL;
    }
    if (bytes > change.out_bytes) {
        change.out_bytes = bytes;
        return STATUS_BUFFER_TOO_SMALL;
    }
    change.out_bytes = bytes;
    if (bytes)
        std::memcpy(change.out, buffer.data() + at, bytes);
    return STATUS_SUCCESS;
}

NTSTATUS ask(WmiProvider& provider, GUID guid, std::u16string_view name, WmiPlace const& place, WmiChange& change)
{
    WmiBuffer buffer;
    size_t data = 0;
    if (!prepare(buffer, guid, name, place, change, data))
        return STATUS_INSUFFICIENT_RESOURCES;
    WmiAnswer const answer = ask_provider(provider, change.minor, &guid, buffer.data(), buffer.size());
    if (!NT_SUCCESS(answer.status))
        return answer.status == STATUS_NOT_SUPPORTED ? STATUS_WMI_GUID_NOT_FOUND : answer.status;
    if (answer.bytes > buffer.size()) {
        wmi_complain(provider, fmt::format("an answer is told to have {} bytes, there was room for {}", answer.bytes,
                                           buffer.size()));
        return STATUS_UNSUCCESSFUL;
    }
    return change.minor == IRP_MN_EXECUTE_METHOD ? take_results(provider, buffer, data, change) : STATUS_SUCCESS;
}

} // namespace

// @cite(wdk-docs): page=kernel/irp-mn-change-single-instance
NTSTATUS change(WmiTarget const& target, std::u16string_view name, WmiChange& change)
{
    GUID const guid = target.guid;
    NTSTATUS outcome = nobody_serves(target);
    for (WmiProvider* provider = next_provider(guid, 0); provider;) {
        WmiHold hold(*provider);
        ULONG const id = provider->id;
        WmiBlock const& block = *block_of(*provider, guid);
        if (!(block.flags & WMIREG_FLAG_EVENT_ONLY_GUID)) {
            WmiPlace const place = find_instance(block, name);
            outcome = place.possible ? ask(*provider, guid, name, place, change) : STATUS_WMI_INSTANCE_NOT_FOUND;
            if (outcome != STATUS_WMI_INSTANCE_NOT_FOUND && outcome != STATUS_WMI_GUID_NOT_FOUND)
                return outcome;
        }
        provider = next_provider(guid, id);
    }
    return outcome;
}

} // namespace ringside::io
