// SPDX-License-Identifier: MIT
// Puts the directory parsers together, and lays an image out.
#include "ldr/pe.h"

#include "base/check.h"
#include "ldr/pe_graph.h"
#include "ldr/pe_relocations.h"

namespace ringside::ldr {

PeFile const& PeResult::file() const
{
    CHECK(ok(), "file() of a refused image");
    return std::get<0>(m_state);
}

PeFile PeResult::take()
{
    CHECK(ok(), "take() of a refused image");
    return std::move(std::get<0>(m_state));
}

BadImage const& PeResult::bad() const
{
    CHECK(!ok(), "bad() of a good image");
    return std::get<1>(m_state);
}

uint32_t pe_checksum(std::span<std::byte const> file, uint32_t checksum_offset)
{
    CHECK(checksum_offset % 4 == 0, "a PE header stands at a multiple of 4");
    // The sum of 16-bit words with end-around carry may be taken over wider words and folded at the end.
    uint64_t sum = 0;
    size_t offset = 0;
    for (; offset + 4 <= file.size(); offset += 4)
        sum += value_at<uint32_t>(file, offset);
    uint32_t rest = 0;
    std::memcpy(&rest, file.data() + offset, file.size() - offset);
    sum += rest;
    if (auto stored = read_at<uint32_t>(file, checksum_offset))
        sum -= *stored; // it is one of the words above
    while (sum >> 16)
        sum = (sum & 0xFFFF) + (sum >> 16);
    return uint32_t(sum + file.size());
}

Refusal PeFile::read(std::span<std::byte const> file)
{
    if (auto bad = read_headers(file, m_headers, m_sections))
        return bad;
    ImageView image(file, m_headers, m_sections);
    if (auto bad = read_relocations(image, m_relocations))
        return bad;
    if (auto bad = read_imports(image, m_imports))
        return bad;
    if (auto bad = read_delay_imports(image, m_delay_imports))
        return bad;
    if (auto bad = read_exports(image, m_exports))
        return bad;
    if (!m_exports.rows.empty()) {
        ExportSource self { m_exports.dll_name, &m_exports };
        if (auto cycle = find_forwarder_cycle({ &self, 1 }); !cycle.empty())
            return refuse("export {} is forwarded in a circle back to itself", cycle.front());
        for (ImportedDll const& dll : m_imports) {
            if (same_module(dll.name, m_exports.dll_name))
                return refuse("{} imports from itself", m_exports.dll_name);
        }
    }
    if (auto bad = read_exceptions(image, m_functions))
        return bad;
    if (auto bad = read_load_config(image, m_load_config))
        return bad;
    m_debug = read_debug(image);
    m_version = read_version(image);
    m_computed_checksum = pe_checksum(file, m_headers.checksum_offset);
    if (m_relocations.empty() && m_headers.relocations_stripped())
        m_absolute_address = find_absolute_address(image, m_sections);
    return {};
}

PeResult PeFile::parse(std::span<std::byte const> file)
{
    PeFile image;
    if (auto bad = image.read(file))
        return std::move(*bad);
    image.m_bytes.assign(file.begin(), file.end());
    return image;
}

uint32_t PeFile::memory_size() const { return uint32_t(round_up(m_headers.size_of_image, pe::kPageSize)); }

std::span<std::byte const> PeFile::certificates() const
{
    Directory where = m_headers.directories[pe::kCertificateDirectory];
    if (where.absent())
        return {};
    return bytes().subspan(where.rva, where.size);
}

Refusal PeFile::why_not_a_driver() const
{
    if (m_headers.subsystem != pe::kSubsystemNative)
        return refuse("this is not a driver: its subsystem is \"{}\", a driver's is \"native\"",
                      subsystem_name(m_headers.subsystem));
    return {};
}

Refusal PeFile::layout(std::span<std::byte> memory, uint64_t base) const
{
    CHECK(memory.size() >= memory_size(), "the memory is smaller than the image");
    CHECK(base % pe::kPageSize == 0, "an image stands at a page boundary");
    if (base != preferred_base() && m_absolute_address)
        return refuse_with(
            kStatusConflictingAddresses,
            "the image has no relocations and can only be loaded at {:#x} (it holds an address at {:#x})",
            preferred_base(), *m_absolute_address);
    std::memset(memory.data(), 0, memory_size());
    std::memcpy(memory.data(), m_bytes.data(), m_headers.size_of_headers);
    for (Section const& section : m_sections) {
        if (section.file_size != 0)
            std::memcpy(memory.data() + section.rva, m_bytes.data() + section.file_offset, section.file_size);
    }
    uint64_t delta = base - preferred_base();
    if (delta == 0)
        return {};
    for (uint32_t rva : m_relocations) {
        uint64_t address;
        std::memcpy(&address, memory.data() + rva, sizeof address);
        address += delta;
        std::memcpy(memory.data() + rva, &address, sizeof address);
    }
    return {};
}

std::vector<Protection> PeFile::protections() const
{
    if (m_headers.shares_pages())
        return { { 0, memory_size(), true, true, true, "image" } };
    std::vector<Protection> ranges;
    ranges.push_back(
        { 0, uint32_t(round_up(m_headers.size_of_headers, pe::kPageSize)), true, false, false, "headers" });
    for (Section const& section : m_sections) {
        if (section.size != 0)
            ranges.push_back({ section.rva, uint32_t(round_up(section.size, pe::kPageSize)), section.read,
                               section.write, section.execute, section.name, section.discardable, section.pageable });
    }
    return ranges;
}

} // namespace ringside::ldr
