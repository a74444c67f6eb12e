// SPDX-License-Identifier: MIT
// Walks the relocation blocks. The walk is bounded by the file: the whole table must be backed by it.
#include "ldr/pe_relocations.h"

namespace ringside::ldr {

Refusal read_relocations(ImageView const& image, std::vector<uint32_t>& targets)
{
    Directory where = image.directory(pe::kRelocationDirectory);
    if (where.absent())
        return {};
    auto table = image.bytes(where.rva, where.size);
    if (!table)
        return refuse("the relocation table ({:#x}, {:#x} bytes) is not inside one section's bytes", where.rva,
                      where.size);
    for (uint64_t offset = 0; offset < table->size();) {
        auto block = read_at<pe::RelocationBlock>(*table, offset);
        if (!block)
            return refuse("the relocation table ends inside a block's header");
        // Some linkers fill the table up with zeros.
        if (block->page == 0 && block->size == 0)
            break;
        if (block->size < sizeof(pe::RelocationBlock) || block->size % 2 != 0 || block->size > table->size() - offset)
            return refuse("the relocation block at {:#x} has the impossible size {:#x}", where.rva + offset,
                          block->size);
        for (uint64_t at = offset + sizeof(pe::RelocationBlock); at < offset + block->size; at += 2) {
            uint16_t entry = value_at<uint16_t>(*table, at);
            uint16_t type = entry >> 12;
            if (type == pe::kRelocationAbsolute)
                continue;
            if (type != pe::kRelocationDir64)
                return refuse("the relocation at {:#x} has type {}; an x64 image has only DIR64 (10)", where.rva + at,
                              type);
            uint64_t target = uint64_t(block->page) + (entry & 0xFFF);
            if (!image.section_at(target, sizeof(uint64_t)))
                return refuse("the relocation at {:#x} changes {:#x}, which is outside every section", where.rva + at,
                              target);
            targets.push_back(uint32_t(target));
        }
        offset += block->size;
    }
    return {};
}

std::optional<uint32_t> find_absolute_address(ImageView const& image, std::span<Section const> sections)
{
    Headers const& headers = image.headers();
    uint64_t lowest = headers.image_base + headers.size_of_headers;
    uint64_t size = headers.size_of_image - headers.size_of_headers;
    for (Section const& section : sections) {
        auto bytes = image.bytes(section.rva, section.file_size);
        if (!bytes)
            continue; // an empty section
        // Compilers align addresses in data; in code they are immediates and stand anywhere.
        uint64_t step = section.execute ? 1 : sizeof(uint64_t);
        for (uint64_t offset = 0; offset + sizeof(uint64_t) <= bytes->size(); offset += step) {
            if (value_at<uint64_t>(*bytes, offset) - lowest < size)
                return uint32_t(section.rva + offset);
        }
    }
    return std::nullopt;
}

} // namespace ringside::ldr
