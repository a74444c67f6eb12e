// SPDX-License-Identifier: MIT
// Finds the RT_VERSION resource and reads VS_VERSIONINFO: nested blocks of { length, value length, type, UTF-16 key,
// padding to 4, value, padding to 4, children }.
#include "ldr/pe_version.h"

#include <algorithm>

namespace ringside::ldr {

namespace {

using Bytes = std::span<std::byte const>;

constexpr size_t kStringsMax = 64;
constexpr size_t kUnitsMax = 512;

// UTF-16 to UTF-8 up to the first zero. Control characters and lone surrogates become '?': the text goes to a terminal.
std::string utf8_of(Bytes utf16)
{
    std::string out;
    for (size_t i = 0; i < kUnitsMax; ++i) {
        auto unit = read_at<uint16_t>(utf16, i * 2);
        if (!unit || *unit == 0)
            break;
        uint32_t c = *unit;
        if (c >= 0xD800 && c < 0xDC00) {
            auto low = read_at<uint16_t>(utf16, i * 2 + 2);
            if (low && *low >= 0xDC00 && *low < 0xE000) {
                c = 0x10000 + ((c - 0xD800) << 10) + (*low - 0xDC00u);
                ++i;
            }
        }
        if (c < 0x20 || (c >= 0x7F && c < 0xA0) || (c >= 0xD800 && c < 0xE000))
            c = '?';
        if (c < 0x80) {
            out += char(c);
        } else if (c < 0x800) {
            out += { char(0xC0 | c >> 6), char(0x80 | (c & 63)) };
        } else if (c < 0x10000) {
            out += { char(0xE0 | c >> 12), char(0x80 | (c >> 6 & 63)), char(0x80 | (c & 63)) };
        } else {
            out += { char(0xF0 | c >> 18), char(0x80 | (c >> 12 & 63)), char(0x80 | (c >> 6 & 63)),
                     char(0x80 | (c & 63)) };
        }
    }
    return out;
}

struct Block {
    std::string key;
    Bytes value;
    Bytes children;
    uint64_t size; // of the whole block
};

// Paddings count from the start of the resource; every block starts at a multiple of 4, so from the block's start too.
std::optional<Block> read_block(Bytes bytes)
{
    auto length = read_at<uint16_t>(bytes, 0);
    auto value_length = read_at<uint16_t>(bytes, 2);
    auto type = read_at<uint16_t>(bytes, 4);
    if (!length || !value_length || !type || *length < 6 || *length > bytes.size())
        return std::nullopt;
    bytes = bytes.first(*length);
    Block block;
    block.size = *length;
    block.key = utf8_of(bytes.subspan(6));
    uint64_t key_end = 6;
    while (auto unit = read_at<uint16_t>(bytes, key_end)) {
        key_end += 2;
        if (*unit == 0)
            break;
    }
    uint64_t value_start = std::min<uint64_t>(round_up(key_end, 4), bytes.size());
    // Text is counted in characters, but some tools count bytes: a value never leaves its block.
    uint64_t value_size
        = std::min<uint64_t>(uint64_t(*value_length) * (*type == 1 ? 2 : 1), bytes.size() - value_start);
    block.value = bytes.subspan(value_start, value_size);
    block.children = bytes.subspan(std::min<uint64_t>(round_up(value_start + value_size, 4), bytes.size()));
    return block;
}

std::optional<Block> find_child(Bytes children, std::string_view key)
{
    while (auto block = read_block(children)) {
        if (key.empty() || block->key == key)
            return block;
        children = children.subspan(std::min<uint64_t>(round_up(block->size, 4), children.size()));
    }
    return std::nullopt;
}

// Goes one level down the resource tree: to the entry with this id, or to the first one.
std::optional<uint32_t> find_entry(ImageView const& image, uint64_t root, uint32_t table_offset,
                                   std::optional<uint32_t> id)
{
    auto table = image.read<pe::ResourceTable>(root + table_offset);
    if (!table)
        return std::nullopt;
    uint32_t count = uint32_t(table->number_of_named_entries) + table->number_of_id_entries;
    for (uint32_t i = 0; i < count; ++i) {
        auto entry = image.read<pe::ResourceEntry>(root + table_offset + sizeof(pe::ResourceTable)
                                                   + uint64_t(i) * sizeof(pe::ResourceEntry));
        if (!entry)
            return std::nullopt;
        if (!id || entry->name_or_id == *id)
            return entry->offset;
    }
    return std::nullopt;
}

std::optional<Bytes> find_version_resource(ImageView const& image)
{
    Directory where = image.directory(pe::kResourceDirectory);
    if (where.absent())
        return std::nullopt;
    constexpr uint32_t kIsTable = 1u << 31;
    auto type = find_entry(image, where.rva, 0, pe::kResourceVersion);
    if (!type || !(*type & kIsTable))
        return std::nullopt;
    auto name = find_entry(image, where.rva, *type & ~kIsTable, std::nullopt);
    if (!name || !(*name & kIsTable))
        return std::nullopt;
    auto language = find_entry(image, where.rva, *name & ~kIsTable, std::nullopt);
    if (!language || (*language & kIsTable))
        return std::nullopt;
    auto data = image.read<pe::ResourceData>(uint64_t(where.rva) + *language);
    if (!data)
        return std::nullopt;
    return image.bytes(data->rva, data->size);
}

} // namespace

std::string_view VersionInfo::find(std::string_view key) const
{
    auto row = std::ranges::find(strings, key, [](auto const& s) { return std::string_view(s.first); });
    return row != strings.end() ? std::string_view(row->second) : std::string_view();
}

VersionInfo read_version(ImageView const& image)
{
    VersionInfo info;
    auto resource = find_version_resource(image);
    auto root = resource ? read_block(*resource) : std::nullopt;
    if (!root || root->key != "VS_VERSION_INFO")
        return info;
    if (read_at<uint32_t>(root->value, 0) == 0xFEEF04BDu) {
        uint32_t high = read_at<uint32_t>(root->value, 8).value_or(0),
                 low = read_at<uint32_t>(root->value, 12).value_or(0);
        info.file_version = { uint16_t(high >> 16), uint16_t(high), uint16_t(low >> 16), uint16_t(low) };
    }
    auto file_info = find_child(root->children, "StringFileInfo");
    auto table = file_info ? find_child(file_info->children, "") : std::nullopt;
    Bytes rest = table ? table->children : Bytes();
    while (info.strings.size() < kStringsMax) {
        auto string = read_block(rest);
        if (!string)
            break;
        info.strings.emplace_back(string->key, utf8_of(string->value));
        rest = rest.subspan(std::min<uint64_t>(round_up(string->size, 4), rest.size()));
    }
    return info;
}

} // namespace ringside::ldr
