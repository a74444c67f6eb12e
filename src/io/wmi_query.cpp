// SPDX-License-Identifier: MIT
// Asking providers for data. Each is asked in memory of our own, with more room when it wants more; what it answers is
// checked and written afresh, with the names of static instances put in, for the consumer.
#include "io/manager.h"
#include "rtl/case_table.h"

#include <algorithm>
#include <cstring>
#include <fmt/format.h>

namespace ringside::io {

namespace {

constexpr size_t kFirstRoom = 1024;
constexpr unsigned kRounds = 5;

using Prepare = void (*)(WmiBuffer& buffer, void const* context);

// The driver told of as many bytes as its WNODE has.
bool whole(WmiProvider& provider, WmiAnswer const& answer, WmiBuffer const& buffer)
{
    ULONG const bytes = buffer.as<WNODE_HEADER>().BufferSize;
    if (bytes <= answer.bytes)
        return true;
    wmi_complain(provider, fmt::format("an answer is told to have {} bytes, its WnodeHeader.BufferSize is {}", answer.bytes,
                                       bytes));
    return false;
}

// Sends `minor` until the answer fits; `prepare` writes the request into a fresh buffer each time.
NTSTATUS ask_until_it_fits(WmiProvider& provider, UCHAR minor, GUID guid, WmiBuffer& buffer, Prepare prepare,
                           void const* context, size_t room)
{
    for (unsigned round = 0; round < kRounds; ++round) {
        if (!buffer.make(room))
            return STATUS_INSUFFICIENT_RESOURCES;
        prepare(buffer, context);
        WmiAnswer const answer = ask_provider(provider, minor, &guid, buffer.data(), buffer.size());
        if (!NT_SUCCESS(answer.status))
            return answer.status == STATUS_NOT_SUPPORTED ? STATUS_WMI_GUID_NOT_FOUND : answer.status;
        if (answer.bytes > buffer.size()) {
            wmi_complain(provider, fmt::format("an answer is told to have {} bytes, there was room for {}",
                                               answer.bytes, buffer.size()));
            return STATUS_UNSUCCESSFUL;
        }
        ULONG const needed = needed_by(buffer.bytes());
        if (!needed)
            return whole(provider, answer, buffer) ? STATUS_SUCCESS : STATUS_UNSUCCESSFUL;
        if (needed <= buffer.size() || needed > kWmiBytesMax) {
            wmi_complain(provider, fmt::format("an answer does not fit into {} bytes, it says, but into {}",
                                               buffer.size(), needed));
            return STATUS_UNSUCCESSFUL;
        }
        room = needed;
    }
    wmi_complain(provider, "it wants more room for an answer each time that it is given more");
    return STATUS_UNSUCCESSFUL;
}

WNODE_HEADER& begin_wnode(WmiBuffer& buffer, GUID const& guid, ULONG flags)
{
    auto& head = buffer.as<WNODE_HEADER>();
    head.BufferSize = static_cast<ULONG>(buffer.size());
    head.Guid = guid;
    head.Flags = flags;
    return head;
}

struct AllData {
    GUID guid;
    bool static_names;
};

void prepare_all(WmiBuffer& buffer, void const* context)
{
    auto const& asked = *static_cast<AllData const*>(context);
    begin_wnode(buffer, asked.guid,
                WNODE_FLAG_ALL_DATA | (asked.static_names ? WNODE_FLAG_STATIC_INSTANCE_NAMES : 0u));
}

std::span<std::u16string const> names_of(WmiProvider& provider, GUID const& guid)
{
    WmiBlock const* block = block_of(provider, guid);
    return block ? std::span<std::u16string const>(block->names) : std::span<std::u16string const> {};
}

// Puts the bytes behind those that are there, as one more link of the chain. Room is kept in powers of two.
NTSTATUS append(WmiBuffer& chain, size_t& used, size_t& last, std::vector<uint8_t> const& wnode)
{
    if (used + wnode.size() > chain.size()) {
        WmiBuffer larger;
        size_t bytes = std::max<size_t>(kFirstRoom, chain.size());
        while (bytes < used + wnode.size())
            bytes *= 2;
        if (!larger.make(bytes))
            return STATUS_INSUFFICIENT_RESOURCES;
        if (used)
            std::memcpy(larger.data(), chain.data(), used);
        chain.swap(larger);
    }
    if (used)
        reinterpret_cast<WNODE_HEADER*>(chain.data() + last)->Linkage = static_cast<ULONG>(used - last);
    std::memcpy(chain.data() + used, wnode.data(), wnode.size());
    last = used;
    used += wnode.size();
    return STATUS_SUCCESS;
}

NTSTATUS take_all(WmiProvider& provider, GUID const& guid, WmiBuffer const& answer, WmiBuffer& chain, size_t& used,
                  size_t& last)
{
    std::string error;
    auto const instances = parse_all_data(answer.bytes(), names_of(provider, guid), error);
    if (!error.empty()) {
        wmi_complain(provider, error);
        return STATUS_UNSUCCESSFUL;
    }
    return append(chain, used, last, write_all_data(guid, provider.id, instances));
}

struct SingleInstance {
    GUID guid;
    std::u16string_view name;
    ULONG index;
    bool is_static;
};

void prepare_single(WmiBuffer& buffer, void const* context)
{
    auto const& asked = *static_cast<SingleInstance const*>(context);
    begin_wnode(buffer, asked.guid,
                WNODE_FLAG_SINGLE_INSTANCE | (asked.is_static ? WNODE_FLAG_STATIC_INSTANCE_NAMES : 0u));
    auto& node = buffer.as<WNODE_SINGLE_INSTANCE>();
    node.OffsetInstanceName = sizeof node;
    node.InstanceIndex = asked.index;
    auto const length = static_cast<USHORT>(asked.name.size() * 2);
    std::memcpy(buffer.data() + sizeof node, &length, sizeof length);
    std::memcpy(buffer.data() + sizeof node + sizeof length, asked.name.data(), length);
    node.DataBlockOffset = static_cast<ULONG>(round8(sizeof node + sizeof length + length));
}

NTSTATUS take_single(WmiProvider& provider, GUID const& guid, WmiBuffer const& answer, WmiBuffer& into)
{
    std::string error;
    auto const instances = parse_single_instance(answer.bytes(), names_of(provider, guid), error);
    if (!error.empty()) {
        wmi_complain(provider, error);
        return STATUS_UNSUCCESSFUL;
    }
    auto const wnode = write_single_instance(guid, provider.id, instances.front(), 0);
    if (!into.make(wnode.size()))
        return STATUS_INSUFFICIENT_RESOURCES;
    std::memcpy(into.data(), wnode.data(), wnode.size());
    return STATUS_SUCCESS;
}

} // namespace

WmiPlace find_instance(WmiBlock const& block, std::u16string_view name)
{
    if (!block.static_names)
        return { true, false, 0 };
    for (size_t i = 0; i < block.names.size(); ++i)
        if (std::ranges::equal(block.names[i], name, {}, rtl::upcase, rtl::upcase))
            return { true, true, static_cast<ULONG>(i) };
    return {};
}

// @cite(wdk-docs): page=kernel/irp-mn-query-all-data
NTSTATUS query_all(WmiTarget const& target, WmiBuffer& into, size_t& used)
{
    GUID const guid = target.guid;
    NTSTATUS outcome = STATUS_SUCCESS;
    bool asked = false;
    size_t last = 0;
    used = 0;
    for (WmiProvider* provider = next_provider(guid, 0); provider;) {
        WmiHold hold(*provider);
        ULONG const id = provider->id;
        WmiBlock const& block = *block_of(*provider, guid);
        if (!(block.flags & WMIREG_FLAG_EVENT_ONLY_GUID)) {
            asked = true;
            WmiBuffer answer;
            AllData const wish { guid, block.static_names };
            NTSTATUS status = ask_until_it_fits(*provider, IRP_MN_QUERY_ALL_DATA, guid, answer, &prepare_all, &wish,
                                                kFirstRoom);
            if (NT_SUCCESS(status))
                status = take_all(*provider, guid, answer, into, used, last);
            if (!NT_SUCCESS(status))
                outcome = status;
        }
        provider = next_provider(guid, id);
    }
    if (!asked)
        return nobody_serves(target);
    return used ? STATUS_SUCCESS : outcome;
}

// @cite(wdk-docs): page=kernel/irp-mn-query-single-instance
NTSTATUS query_single(WmiTarget const& target, std::u16string_view name, WmiBuffer& into)
{
    GUID const guid = target.guid;
    NTSTATUS outcome = nobody_serves(target);
    for (WmiProvider* provider = next_provider(guid, 0); provider;) {
        WmiHold hold(*provider);
        ULONG const id = provider->id;
        WmiBlock const& block = *block_of(*provider, guid);
        WmiPlace const place = find_instance(block, name);
        if (!(block.flags & WMIREG_FLAG_EVENT_ONLY_GUID)) {
            outcome = STATUS_WMI_INSTANCE_NOT_FOUND;
            if (place.possible) {
                WmiBuffer answer;
                SingleInstance const wish { guid, name, place.index, place.is_static };
                outcome = ask_until_it_fits(*provider, IRP_MN_QUERY_SINGLE_INSTANCE, guid, answer, &prepare_single,
                                            &wish, kFirstRoom + round8(name.size() * 2));
                if (NT_SUCCESS(outcome))
                    return take_single(*provider, guid, answer, into);
                if (outcome != STATUS_WMI_INSTANCE_NOT_FOUND && outcome != STATUS_WMI_GUID_NOT_FOUND)
                    return outcome;
            }
        }
        provider = next_provider(guid, id);
    }
    return outcome;
}

NTSTATUS nobody_serves(WmiTarget const& target)
{
    return target.had_provider && !next_provider(target.guid, 0) ? STATUS_WMI_GUID_DISCONNECTED : STATUS_WMI_GUID_NOT_FOUND;
}

} // namespace ringside::io
