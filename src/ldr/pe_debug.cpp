// SPDX-License-Identifier: MIT
// Reads the debug directory's CodeView record.
#include "ldr/pe_debug.h"

#include <algorithm>

namespace ringside::ldr {

namespace {

constexpr size_t kEntriesMax = 64;
constexpr size_t kPdbNameMax = 512;

void read_code_view(std::span<std::byte const> record, DebugInfo& info)
{
    auto head = read_at<pe::CodeViewRecord>(record, 0);
    if (!head || head->signature != pe::kCodeViewSignature)
        return;
    auto name = text_at(record, sizeof(pe::CodeViewRecord), kPdbNameMax);
    if (!name)
        return;
    info.pdb_name = printable(*name);
    std::copy_n(head->guid, 16, info.pdb_guid.begin());
    info.pdb_age = head->age;
}

} // namespace

DebugInfo read_debug(ImageView const& image)
{
    DebugInfo info;
    Directory where = image.directory(pe::kDebugDirectory);
    if (where.absent())
        return info;
    size_t count = std::min<size_t>(where.size / sizeof(pe::DebugEntry), kEntriesMax);
    for (size_t i = 0; i < count; ++i) {
        auto entry = image.read<pe::DebugEntry>(where.rva + i * sizeof(pe::DebugEntry));
        if (!entry)
            break;
        info.reproducible |= entry->type == pe::kDebugReproducible;
        if (entry->type != pe::kDebugCodeView || !info.pdb_name.empty())
            continue;
        if (auto record = slice(image.file(), entry->pointer_to_raw_data, entry->size_of_data))
            read_code_view(*record, info);
    }
    return info;
}

std::string DebugInfo::pdb_key() const
{
    if (pdb_guid == decltype(pdb_guid) {})
        return {};
    // The first three fields are little-endian numbers, the last eight bytes are bytes.
    static constexpr int kOrder[16] = { 3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15 };
    std::string key;
    for (int i : kOrder)
        key += fmt::format("{:02X}", pdb_guid[size_t(i)]);
    return key + fmt::format("{:X}", pdb_age);
}

} // namespace ringside::ldr
