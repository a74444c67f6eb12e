// SPDX-License-Identifier: MIT
// An image seen by RVA without being laid out: the file's bytes under a validated section table. Directory parsers read
// through it, so that parsing needs no memory for the image, however large it says it is.
// It owns nothing: file, headers and sections must outlive it.
#pragma once

#include "ldr/pe_bytes.h"
#include "ldr/pe_headers.h"

namespace ringside::ldr {

class ImageView {
public:
    ImageView(std::span<std::byte const> file, Headers const& headers, std::vector<Section> const& sections)
        : m_file(file)
        , m_headers(&headers)
        , m_sections(&sections)
    {
    }

    std::span<std::byte const> file() const { return m_file; }
    Headers const& headers() const { return *m_headers; }
    Directory directory(pe::DirectoryIndex index) const { return m_headers->directories[index]; }

    // The section that holds the whole range, or null. An empty range counts as its first byte.
    Section const* section_at(uint64_t rva, uint64_t size = 1) const;
    bool is_code(uint64_t rva) const
    {
        Section const* section = section_at(rva);
        return section && section->execute;
    }

    // The range as it stands in the file; nothing where the image has no section or only zero fill. For tables: their
    // size is then bounded by the file's.
    std::optional<std::span<std::byte const>> bytes(uint64_t rva, uint64_t size) const;

    // One value, in the headers or in a section, its zero fill included.
    template <typename T>
    std::optional<T> read(uint64_t rva) const
    {
        static_assert(std::is_trivially_copyable_v<T>);
        auto part = region(rva);
        if (!part || part->size < sizeof(T))
            return std::nullopt;
        T value {};
        size_t backed = part->backed.size() < sizeof(T) ? part->backed.size() : sizeof(T);
        if (backed != 0)
            std::memcpy(&value, part->backed.data(), backed);
        return value;
    }

    // A zero-terminated name of 1 to length_max printable ASCII characters without blanks; nothing otherwise.
    std::optional<std::string> name(uint64_t rva, size_t length_max) const;

private:
    struct Region {
        std::span<std::byte const> backed; // from the asked address on, as far as the file goes
        uint64_t size; // from the asked address on, in memory
    };
    std::optional<Region> region(uint64_t rva) const;

    std::span<std::byte const> m_file;
    Headers const* m_headers;
    std::vector<Section> const* m_sections;
};

} // namespace ringside::ldr
