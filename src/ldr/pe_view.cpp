// SPDX-License-Identifier: MIT
// From an RVA to the file's bytes.
#include "ldr/pe_view.h"

#include <algorithm>

namespace ringside::ldr {

Section const* ImageView::section_at(uint64_t rva, uint64_t size) const
{
    auto after = std::ranges::upper_bound(*m_sections, rva, {}, [](Section const& s) { return uint64_t(s.rva); });
    if (after == m_sections->begin())
        return nullptr;
    Section const& section = *std::prev(after);
    uint64_t offset = rva - section.rva;
    if (offset >= section.size || size > section.size - offset)
        return nullptr;
    return &section;
}

std::optional<ImageView::Region> ImageView::region(uint64_t rva) const
{
    if (rva < m_headers->size_of_headers) {
        uint64_t size = m_headers->size_of_headers - rva;
        return Region { m_file.subspan(rva, size), size };
    }
    Section const* section = section_at(rva);
    if (!section)
        return std::nullopt;
    uint64_t offset = rva - section->rva;
    uint64_t backed = offset < section->file_size ? section->file_size - offset : 0;
    return Region { backed ? m_file.subspan(section->file_offset + offset, backed) : std::span<std::byte const>(),
                    section->size - offset };
}

std::optional<std::span<std::byte const>> ImageView::bytes(uint64_t rva, uint64_t size) const
{
    auto part = region(rva);
    if (!part || size > part->backed.size())
        return std::nullopt;
    return part->backed.first(size);
}

std::optional<std::string> ImageView::name(uint64_t rva, size_t length_max) const
{
    auto part = region(rva);
    if (!part)
        return std::nullopt;
    auto text = text_at(part->backed, 0, length_max);
    if (!text && part->size > part->backed.size() && part->backed.size() <= length_max && !part->backed.empty())
        text = std::string_view(reinterpret_cast<char const*>(part->backed.data()), part->backed.size());
    if (!text || text->empty())
        return std::nullopt;
    if (!std::ranges::all_of(*text, [](char c) { return c > 0x20 && c < 0x7F; }))
        return std::nullopt;
    return std::string(*text);
}

} // namespace ringside::ldr
