// SPDX-License-Identifier: MIT
#include "io/wmi_parse.h"

#include <algorithm>
#include <cstring>
#include <fmt/format.h>

namespace ringside::io {

namespace {

using Bytes = std::span<uint8_t const>;

constexpr size_t kNowhere = 0xFFFFFFFF; // beyond any answer

// The first complaint stays.
bool refuse(std::string& error, std::string words)
{
    if (error.empty())
        error = std::move(words);
    return false;
}

template <typename T>
bool read(Bytes bytes, size_t offset, T& into)
{
    if (offset > bytes.size() || bytes.size() - offset < sizeof(T))
        return false;
    std::memcpy(&into, bytes.data() + offset, sizeof(T));
    return true;
}

// A USHORT length in bytes and the characters; a zero at the end is not part of the name.
bool read_string(Bytes bytes, size_t offset, std::u16string& into, size_t* next = nullptr)
{
    USHORT length = 0;
    if (!read(bytes, offset, length) || length % 2 || bytes.size() - offset - 2 < length)
        return false;
    into.resize(length / 2);
    std::memcpy(into.data(), bytes.data() + offset + 2, length);
    if (next)
        *next = offset + 2 + length;
    while (!into.empty() && into.back() == 0)
        into.pop_back();
    return true;
}

std::u16string numbered(std::u16string const& base, ULONG number)
{
    std::u16string name = base;
    for (char c : std::to_string(number))
        name += static_cast<char16_t>(c);
    return name;
}

// `room`: characters that names may still take.
bool read_names(Bytes info, WMIREGGUIDW const& told, WmiBlock& block, ULONG number, size_t& room, std::string& error)
{
    constexpr ULONG kKinds = WMIREG_FLAG_INSTANCE_LIST | WMIREG_FLAG_INSTANCE_BASENAME | WMIREG_FLAG_INSTANCE_PDO;
    ULONG const kind = told.Flags & kKinds;
    if (kind & (kind - 1))
        return refuse(error, fmt::format("block {} names its instances in more than one way (flags {:#x})", number,
                                         told.Flags));
    if (!kind)
        return true;
    block.static_names = true;
    if (told.InstanceCount > kWmiInstancesMax)
        return refuse(error, fmt::format("block {} tells {} instances", number, told.InstanceCount));
    block.instances = told.InstanceCount;
    if (kind == WMIREG_FLAG_INSTANCE_PDO) {
        block.pdo = reinterpret_cast<DEVICE_OBJECT*>(told.Pdo);
        return true;
    }
    size_t at = told.BaseNameOffset;
    std::u16string text;
    for (ULONG i = 0; i < told.InstanceCount; ++i) {
        if ((kind == WMIREG_FLAG_INSTANCE_LIST || i == 0) && !read_string(info, at, text, &at))
            return refuse(error, fmt::format("the name of block {}'s instance {} does not lie in the {} bytes of its "
                                             "WMIREGINFO",
                                             number, i, info.size()));
        block.names.push_back(kind == WMIREG_FLAG_INSTANCE_LIST ? text : numbered(text, i));
        if (block.names.back().size() >= room)
            return refuse(error, too_many_names());
        room -= block.names.back().size() + 1;
    }
    return true;
}

bool read_info(Bytes info, std::vector<WmiBlock>& blocks, size_t& room, std::string& error)
{
    WMIREGINFOW head;
    if (!read(info, 0, head))
        return refuse(error, fmt::format("{} bytes hold no WMIREGINFO", info.size()));
    if (head.BufferSize < sizeof head || head.BufferSize > info.size())
        return refuse(error, fmt::format("WMIREGINFO says that it has {} bytes, {} were written", head.BufferSize,
                                         info.size()));
    info = info.first(head.BufferSize);
    std::u16string ignored;
    if (head.RegistryPath && !read_string(info, head.RegistryPath, ignored))
        return refuse(error, fmt::format("RegistryPath {:#x} does not lie in the {} bytes of WMIREGINFO",
                                         head.RegistryPath, info.size()));
    if (head.MofResourceName && !read_string(info, head.MofResourceName, ignored))
        return refuse(error, fmt::format("MofResourceName {:#x} does not lie in the {} bytes of WMIREGINFO",
                                         head.MofResourceName, info.size()));
    if (head.GuidCount > kWmiBlocksMax || head.GuidCount > (info.size() - sizeof head) / sizeof(WMIREGGUIDW))
        return refuse(error, fmt::format("WMIREGINFO tells {} blocks, its {} bytes hold {} at most", head.GuidCount,
                                         info.size(), (info.size() - sizeof head) / sizeof(WMIREGGUIDW)));
    for (ULONG i = 0; i < head.GuidCount; ++i) {
        WMIREGGUIDW told;
        read(info, sizeof head + i * sizeof told, told);
        WmiBlock block;
        block.guid = told.Guid;
        block.flags = told.Flags;
        if (!(told.Flags & WMIREG_FLAG_REMOVE_GUID) && !read_names(info, told, block, i, room, error))
            return false;
        blocks.push_back(std::move(block));
    }
    return true;
}

} // namespace

std::string too_many_names()
{
    return fmt::format("the names of its instances are longer than {} characters together", kWmiNamesMax);
}

std::vector<WmiBlock> parse_registration(Bytes bytes, std::string& error)
{
    std::vector<WmiBlock> blocks;
    size_t room = kWmiNamesMax;
    for (;;) {
        ULONG next = 0;
        if (!read_info(bytes, blocks, room, error))
            return blocks;
        read(bytes, offsetof(WMIREGINFOW, NextWmiRegInfo), next);
        if (!next)
            return blocks;
        if (next < sizeof(WMIREGINFOW) || next >= bytes.size() || blocks.size() > kWmiBlocksMax) {
            refuse(error, fmt::format("NextWmiRegInfo {:#x} leads out of the {} bytes that were written", next,
                                      bytes.size()));
            return blocks;
        }
        bytes = bytes.subspan(next);
    }
}

bool check_wnode(Bytes bytes, std::string& error)
{
    WNODE_HEADER head;
    if (!read(bytes, 0, head))
        return refuse(error, fmt::format("{} bytes hold no WNODE_HEADER", bytes.size()));
    if (head.BufferSize < sizeof head || head.BufferSize > bytes.size())
        return refuse(error, fmt::format("WnodeHeader.BufferSize is {}, of a buffer of {} bytes", head.BufferSize,
                                         bytes.size()));
    return true;
}

ULONG needed_by(Bytes bytes)
{
    WNODE_TOO_SMALL told;
    if (!read(bytes, 0, told) || !(told.WnodeHeader.Flags & WNODE_FLAG_TOO_SMALL))
        return 0;
    return told.SizeNeeded;
}

std::vector<WmiInstanceView> parse_all_data(Bytes bytes, std::span<std::u16string const> names, std::string& error)
{
    WNODE_ALL_DATA head;
    if (!check_wnode(bytes, error))
        return {};
    bytes = bytes.first(reinterpret_cast<WNODE_HEADER const*>(bytes.data())->BufferSize);
    std::memset(&head, 0, sizeof head);
    std::memcpy(&head, bytes.data(), std::min(bytes.size(), sizeof head));
    size_t const fixed = offsetof(WNODE_ALL_DATA, FixedInstanceSize);
    if (bytes.size() < fixed || head.InstanceCount > kWmiInstancesMax) {
        refuse(error, fmt::format("a WNODE_ALL_DATA of {} bytes tells {} instances", bytes.size(), head.InstanceCount));
        return {};
    }
    bool const is_static = head.WnodeHeader.Flags & WNODE_FLAG_STATIC_INSTANCE_NAMES;
    if (is_static && head.InstanceCount > names.size()) {
        refuse(error, fmt::format("WNODE_ALL_DATA tells {} instances, the block was registered with {}",
                                  head.InstanceCount, names.size()));
        return {};
    }
    std::vector<WmiInstanceView> found;
    size_t fixed_at = head.DataBlockOffset;
    size_t characters = 0, data = 0;
    for (ULONG i = 0; i < head.InstanceCount; ++i) {
        OFFSETINSTANCEDATAANDLENGTH place { static_cast<ULONG>(fixed_at), head.FixedInstanceSize };
        if (head.WnodeHeader.Flags & WNODE_FLAG_FIXED_INSTANCE_SIZE)
            fixed_at = std::min(fixed_at + round8(head.FixedInstanceSize), kNowhere);
        else if (!read(bytes, fixed + i * sizeof place, place)) {
            refuse(error, fmt::format("the place of instance {} of {} lies beyond the WNODE's {} bytes", i,
                                      head.InstanceCount, bytes.size()));
            return {};
        }
        if (place.OffsetInstanceData > bytes.size()
            || bytes.size() - place.OffsetInstanceData < place.LengthInstanceData) {
            refuse(error, fmt::format("instance {}: {} bytes at {:#x} lie beyond the WNODE's {} bytes", i,
                                      place.LengthInstanceData, place.OffsetInstanceData, bytes.size()));
            return {};
        }
        WmiInstanceView view { {}, i, bytes.subspan(place.OffsetInstanceData, place.LengthInstanceData) };
        ULONG name = 0;
        if (is_static)
            view.name = names[i];
        else if (!read(bytes, head.OffsetInstanceNameOffsets + size_t { i } * 4, name)
                 || !read_string(bytes, name, view.name)) {
            refuse(error, fmt::format("the name of instance {} lies beyond the WNODE's {} bytes", i, bytes.size()));
            return {};
        }
        characters += view.name.size() + 1;
        data += view.data.size();
        if (characters > kWmiNamesMax || data > kWmiDataMax) {
            refuse(error, fmt::format("its {} instances lie over each other: up to instance {} they have {} characters and "
                                      "{} bytes, of a WNODE of {} bytes",
                                      head.InstanceCount, i, characters, data, bytes.size()));
            return {};
        }
        found.push_back(std::move(view));
    }
    return found;
}

namespace {

// What WNODE_SINGLE_INSTANCE and WNODE_SINGLE_ITEM tell: the item stands between the index and the data's place.
struct One {
    char const* kind;
    ULONG flags = 0, name = 0, index = 0, item = 0, data = 0, size = 0;
};

bool read_one(Bytes bytes, bool item, One& told)
{
    size_t const place = item ? offsetof(WNODE_SINGLE_ITEM, DataBlockOffset)
                              : offsetof(WNODE_SINGLE_INSTANCE, DataBlockOffset);
    told.kind = item ? "WNODE_SINGLE_ITEM" : "WNODE_SINGLE_INSTANCE";
    return read(bytes, offsetof(WNODE_HEADER, Flags), told.flags)
        && read(bytes, offsetof(WNODE_SINGLE_INSTANCE, OffsetInstanceName), told.name)
        && read(bytes, offsetof(WNODE_SINGLE_INSTANCE, InstanceIndex), told.index)
        && (!item || read(bytes, offsetof(WNODE_SINGLE_ITEM, ItemId), told.item)) && read(bytes, place, told.data)
        && read(bytes, place + sizeof(ULONG), told.size);
}

std::vector<WmiInstanceView> parse_one(Bytes bytes, std::span<std::u16string const> names, bool item,
                                       std::string& error)
{
    One told;
    if (!check_wnode(bytes, error))
        return {};
    bytes = bytes.first(reinterpret_cast<WNODE_HEADER const*>(bytes.data())->BufferSize);
    if (!read_one(bytes, item, told)) {
        refuse(error, fmt::format("{} bytes hold no {}", bytes.size(), told.kind));
        return {};
    }
    if (told.data > bytes.size() || bytes.size() - told.data < told.size) {
        refuse(error, fmt::format("a {}'s {} bytes of data at {:#x} lie beyond its {} bytes", told.kind, told.size,
                                  told.data, bytes.size()));
        return {};
    }
    WmiInstanceView view { {}, told.index, bytes.subspan(told.data, told.size), item, told.item };
    if (told.flags & WNODE_FLAG_STATIC_INSTANCE_NAMES) {
        if (told.index >= names.size()) {
            refuse(error, fmt::format("{} tells of instance {}, the block was registered with {}", told.kind, told.index,
                                      names.size()));
            return {};
        }
        view.name = names[told.index];
    } else if (!read_string(bytes, told.name, view.name)) {
        refuse(error, fmt::format("the name of a {} lies beyond its {} bytes", told.kind, bytes.size()));
        return {};
    }
    return { std::move(view) };
}

} // namespace

std::vector<WmiInstanceView> parse_single_instance(Bytes bytes, std::span<std::u16string const> names,
                                                   std::string& error)
{
    return parse_one(bytes, names, false, error);
}

std::vector<WmiInstanceView> parse_single_item(Bytes bytes, std::span<std::u16string const> names, std::string& error)
{
    return parse_one(bytes, names, true, error);
}

namespace {

size_t write_string(std::vector<uint8_t>& to, std::u16string_view text)
{
    size_t const at = to.size();
    auto const length = static_cast<USHORT>(std::min<size_t>(text.size() * 2, 0xFFFE));
    to.resize(at + 2 + length);
    std::memcpy(to.data() + at, &length, 2);
    std::memcpy(to.data() + at + 2, text.data(), length);
    return at;
}

size_t write_data(std::vector<uint8_t>& to, Bytes data)
{
    to.resize(round8(to.size()));
    size_t const at = to.size();
    to.insert(to.end(), data.begin(), data.end());
    return at;
}

WNODE_HEADER header(GUID const& guid, ULONG provider, ULONG flags, size_t bytes)
{
    WNODE_HEADER head {};
    head.BufferSize = static_cast<ULONG>(bytes);
    head.ProviderId = provider;
    head.Guid = guid;
    head.Flags = flags;
    return head;
}

} // namespace

std::vector<uint8_t> write_all_data(GUID const& guid, ULONG provider, std::span<WmiInstanceView const> instances,
                                    ULONG flags)
{
    size_t const places = offsetof(WNODE_ALL_DATA, OffsetInstanceDataAndLength);
    size_t const name_offsets = places + std::max<size_t>(instances.size(), 1) * sizeof(OFFSETINSTANCEDATAANDLENGTH);
    std::vector<uint8_t> bytes(name_offsets + instances.size() * sizeof(ULONG));
    for (size_t i = 0; i < instances.size(); ++i) {
        auto const name = static_cast<ULONG>(write_string(bytes, instances[i].name));
        bytes.resize((bytes.size() + 1) & ~size_t { 1 });
        std::memcpy(bytes.data() + name_offsets + i * sizeof name, &name, sizeof name);
    }
    bytes.resize(round8(bytes.size()));
    WNODE_ALL_DATA head {};
    head.DataBlockOffset = static_cast<ULONG>(bytes.size());
    for (size_t i = 0; i < instances.size(); ++i) {
        OFFSETINSTANCEDATAANDLENGTH const place { static_cast<ULONG>(write_data(bytes, instances[i].data)),
                                                  static_cast<ULONG>(instances[i].data.size()) };
        std::memcpy(bytes.data() + places + i * sizeof place, &place, sizeof place);
    }
    bytes.resize(round8(bytes.size()));
    head.WnodeHeader = header(guid, provider, WNODE_FLAG_ALL_DATA | flags, bytes.size());
    head.InstanceCount = static_cast<ULONG>(instances.size());
    head.OffsetInstanceNameOffsets = static_cast<ULONG>(name_offsets);
    std::memcpy(bytes.data(), &head, places);
    return bytes;
}

std::vector<uint8_t> write_single_instance(GUID const& guid, ULONG provider, WmiInstanceView const& instance,
                                           ULONG flags)
{
    std::vector<uint8_t> bytes(instance.is_item ? sizeof(WNODE_SINGLE_ITEM) : sizeof(WNODE_SINGLE_INSTANCE));
    auto const name = static_cast<ULONG>(write_string(bytes, instance.name));
    auto const data = static_cast<ULONG>(write_data(bytes, instance.data));
    auto const size = static_cast<ULONG>(instance.data.size());
    bytes.resize(round8(bytes.size()));
    if (instance.is_item) {
        WNODE_SINGLE_ITEM const head { header(guid, provider, WNODE_FLAG_SINGLE_ITEM | flags, bytes.size()), name,
                                       instance.index, instance.item, data, size };
        std::memcpy(bytes.data(), &head, offsetof(WNODE_SINGLE_ITEM, SizeDataItem) + sizeof size);
    } else {
        WNODE_SINGLE_INSTANCE const head { header(guid, provider, WNODE_FLAG_SINGLE_INSTANCE | flags, bytes.size()),
                                           name, instance.index, data, size };
        std::memcpy(bytes.data(), &head, sizeof head);
    }
    return bytes;
}

} // namespace ringside::io
