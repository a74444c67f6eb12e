// SPDX-License-Identifier: MIT
// Reads and validates the headers; see pe_headers.h for what holds afterwards. The order of the checks is the order in
// which a person would ask: is it a PE file, is it for this machine, is it whole, does it make sense.
#include "ldr/pe_headers.h"

#include "ldr/pe_bytes.h"

#include <algorithm>
#include <bit>

namespace ringside::ldr {

namespace {

using Bytes = std::span<std::byte const>;

BadImage cut_short(Bytes file, std::string_view what, uint64_t end)
{
    return refuse("the file is cut short: {} needs bytes up to {:#x}, the file has {:#x}", what, end, file.size());
}

// Finds the PE header. Everything that is not a PE file at all is told apart here.
Refusal find_pe_header(Bytes file, uint32_t& offset)
{
    if (file.empty())
        return refuse_with(kStatusInvalidImageNotMz, "the file is empty");
    auto magic = read_at<uint16_t>(file, 0);
    if (!magic || *magic != pe::kDosMagic) {
        bool elf = read_at<uint32_t>(file, 0) == 0x464C457Fu;
        return refuse_with(kStatusInvalidImageNotMz, "this is not a PE image: it does not start with MZ{}",
                           elf ? " (it is an ELF file)" : "");
    }
    if (file.size() < pe::kDosHeaderSize)
        return cut_short(file, "the DOS header", pe::kDosHeaderSize);
    offset = value_at<uint32_t>(file, pe::kDosNewHeaderOffset);
    auto signature = read_at<uint32_t>(file, offset);
    if (!signature)
        return refuse("there is no PE header: the DOS header points at {:#x}, the file has {:#x} bytes "
                      "(cut short, or a DOS program)",
                      offset, file.size());
    if (uint16_t(*signature) == pe::kNeSignature)
        return refuse_with(kStatusInvalidImageNeFormat, "this is a 16-bit (NE) image; Ringside loads x64 drivers");
    if (uint16_t(*signature) == pe::kLeSignature)
        return refuse_with(kStatusInvalidImageLeFormat, "this is a VxD (LE) image; Ringside loads x64 drivers");
    if (*signature != pe::kPeSignature)
        return refuse("this is not a PE image: there is no PE signature at {:#x}", offset);
    if (offset % 4 != 0)
        return refuse("the PE header stands at {:#x}, which is not a multiple of 4", offset);
    return {};
}

Refusal check_machine(Bytes file, pe::FileHeader const& header, uint32_t optional_offset)
{
    if (header.machine == pe::kMachineAmd64)
        return {};
    uint32_t status = header.machine == pe::kMachineI386 ? kStatusInvalidImageWin32 : kStatusInvalidImageFormat;
    auto subsystem = read_at<uint16_t>(file, uint64_t(optional_offset) + pe::kOptionalSubsystemOffset);
    char const* kind = subsystem == pe::kSubsystemNative ? "driver" : "program";
    std::string machine = machine_name(header.machine);
    if (machine.empty())
        return refuse_with(status, "this image is for an unknown machine ({:#06x}); Ringside loads x64 drivers",
                           header.machine);
    bool vowel = machine.starts_with('A') || machine.starts_with('I');
    return refuse_with(status, "this is {} {} {}; Ringside loads x64 drivers", vowel ? "an" : "a", machine, kind);
}

Refusal check_sizes(Bytes file, pe::OptionalHeader64 const& optional)
{
    uint32_t section_alignment = optional.section_alignment, file_alignment = optional.file_alignment;
    if (!std::has_single_bit(section_alignment) || !std::has_single_bit(file_alignment))
        return refuse("the alignments ({:#x} in memory, {:#x} in the file) are not powers of two", section_alignment,
                      file_alignment);
    if (file_alignment > section_alignment)
        return refuse("the file alignment ({:#x}) is larger than the section alignment ({:#x})", file_alignment,
                      section_alignment);
    bool paged = section_alignment >= pe::kPageSize;
    if (paged ? file_alignment < 512 || file_alignment > 65536 : file_alignment != section_alignment)
        return refuse("the file alignment ({:#x}) does not fit the section alignment ({:#x})", file_alignment,
                      section_alignment);
    if (optional.image_base % 65536 != 0)
        return refuse("the image base ({:#x}) is not a multiple of 64 KiB", optional.image_base);
    if (optional.size_of_image == 0 || optional.size_of_image % section_alignment != 0)
        return refuse("the image size ({:#x}) is not a multiple of the section alignment ({:#x})",
                      optional.size_of_image, section_alignment);
    if (optional.size_of_image > kImageSizeMax)
        return refuse("the image asks for {} MiB of memory; Ringside gives a driver at most {} MiB",
                      (uint64_t(optional.size_of_image) + (1 << 20) - 1) >> 20, kImageSizeMax >> 20);
    if (optional.image_base + optional.size_of_image < optional.image_base)
        return refuse("the image base ({:#x}) leaves no room for the image", optional.image_base);
    if (optional.size_of_headers > optional.size_of_image)
        return refuse("the headers ({:#x} bytes) are larger than the image ({:#x} bytes)", optional.size_of_headers,
                      optional.size_of_image);
    if (optional.size_of_headers > file.size())
        return cut_short(file, "the header area", optional.size_of_headers);
    return {};
}

void copy_fields(pe::FileHeader const& file, pe::OptionalHeader64 const& optional, Headers& headers)
{
    headers.machine = file.machine;
    headers.characteristics = file.characteristics;
    headers.timestamp = file.time_date_stamp;
    headers.linker = { optional.major_linker_version, optional.minor_linker_version };
    headers.os = { optional.major_operating_system_version, optional.minor_operating_system_version };
    headers.image = { optional.major_image_version, optional.minor_image_version };
    headers.subsystem_version = { optional.major_subsystem_version, optional.minor_subsystem_version };
    headers.subsystem = optional.subsystem;
    headers.dll_characteristics = optional.dll_characteristics;
    headers.entry_point = optional.address_of_entry_point;
    headers.image_base = optional.image_base;
    headers.section_alignment = optional.section_alignment;
    headers.file_alignment = optional.file_alignment;
    headers.size_of_image = optional.size_of_image;
    headers.size_of_headers = optional.size_of_headers;
    headers.checksum = optional.check_sum;
}

// GNU tools write "/123" for a name longer than eight characters: an offset into the table behind the COFF symbols.
std::string section_name(Bytes file, pe::FileHeader const& header, pe::SectionHeader const& section)
{
    std::string_view name(section.name, std::find(section.name, section.name + 8, '\0') - section.name);
    if (name.size() < 2 || name[0] != '/' || header.pointer_to_symbol_table == 0)
        return printable(name);
    uint64_t offset = 0;
    for (char c : name.substr(1)) {
        if (c < '0' || c > '9')
            return printable(name);
        offset = offset * 10 + uint64_t(c - '0');
    }
    offset += header.pointer_to_symbol_table + uint64_t(header.number_of_symbols) * pe::kSymbolSize;
    auto text = text_at(file, offset, 64);
    return printable(text ? *text : name);
}

Refusal check_section(Bytes file, Headers const& headers, std::vector<Section> const& before, Section const& section,
                      uint32_t raw_size)
{
    std::string const& name = section.name;
    uint64_t end = uint64_t(section.rva) + section.size;
    if (section.rva % headers.section_alignment != 0)
        return refuse("section {} starts at {:#x}, which is not a multiple of the section alignment ({:#x})", name,
                      section.rva, headers.section_alignment);
    if (section.rva < headers.size_of_headers)
        return refuse("section {} ({:#x}) overlaps the headers in memory", name, section.rva);
    if (!before.empty()) {
        Section const& last = before.back();
        uint64_t last_end = uint64_t(last.rva) + last.size;
        if (section.rva < last_end)
            return refuse("sections {} ({:#x} to {:#x}) and {} ({:#x} to {:#x}) overlap in memory or are out of order",
                          last.name, last.rva, last_end, name, section.rva, end);
        if (section.rva > round_up(last_end, headers.section_alignment))
            return refuse("there is a hole between sections {} (ends at {:#x}) and {} (starts at {:#x})", last.name,
                          last_end, name, section.rva);
    }
    if (end > headers.size_of_image)
        return refuse("section {} ({:#x} to {:#x}) reaches beyond the end of the image ({:#x})", name, section.rva, end,
                      headers.size_of_image);
    if (raw_size == 0)
        return {};
    if (section.file_offset % headers.file_alignment != 0)
        return refuse("section {}'s bytes start at {:#x} in the file, which is not a multiple of the file alignment "
                      "({:#x})",
                      name, section.file_offset, headers.file_alignment);
    if (section.file_offset < headers.size_of_headers)
        return refuse("section {}'s bytes ({:#x}) overlap the headers in the file", name, section.file_offset);
    if (uint64_t raw_end = uint64_t(section.file_offset) + raw_size; raw_end > file.size())
        return cut_short(file, fmt::format("section {}", name), raw_end);
    if (headers.shares_pages() && section.file_offset != section.rva)
        return refuse("section {} shares its pages with others, so its place in memory ({:#x}) and in the file ({:#x}) "
                      "must be equal",
                      name, section.rva, section.file_offset);
    return {};
}

struct FileRange {
    uint64_t begin, end;
    size_t section;
};

Refusal check_file_overlap(std::vector<FileRange> ranges, std::vector<Section> const& sections)
{
    std::ranges::sort(ranges, {}, &FileRange::begin);
    for (size_t i = 1; i < ranges.size(); ++i) {
        if (ranges[i].begin < ranges[i - 1].end)
            return refuse("sections {} and {} overlap in the file at {:#x}", sections[ranges[i - 1].section].name,
                          sections[ranges[i].section].name, ranges[i].begin);
    }
    return {};
}

Refusal read_sections(Bytes file, pe::FileHeader const& header, uint64_t table, Headers const& headers,
                      std::vector<Section>& sections)
{
    if (header.number_of_sections == 0)
        return refuse("the image has no sections");
    if (header.number_of_sections > pe::kSectionsMax)
        return refuse("the image has {} sections; Windows loads at most {}", header.number_of_sections,
                      pe::kSectionsMax);
    uint64_t table_end = table + uint64_t(header.number_of_sections) * sizeof(pe::SectionHeader);
    if (table_end > file.size())
        return cut_short(file, "the section table", table_end);
    if (table_end > headers.size_of_headers)
        return refuse("the section table ends at {:#x}, behind the header area ({:#x} bytes)", table_end,
                      headers.size_of_headers);
    std::vector<FileRange> ranges;
    for (size_t i = 0; i < header.number_of_sections; ++i) {
        auto raw = value_at<pe::SectionHeader>(file, table + i * sizeof(pe::SectionHeader));
        // Old linkers leave a section without content its size, but give it no place in the file.
        uint32_t raw_size = raw.pointer_to_raw_data == 0 ? 0 : raw.size_of_raw_data;
        Section section;
        section.name = section_name(file, header, raw);
        section.rva = raw.virtual_address;
        section.size = raw.virtual_size != 0 ? raw.virtual_size : raw.size_of_raw_data;
        section.file_offset = raw_size != 0 ? raw.pointer_to_raw_data : 0;
        section.file_size = std::min(raw_size, section.size);
        section.characteristics = raw.characteristics;
        section.read = raw.characteristics & pe::kSectionRead;
        section.write = raw.characteristics & pe::kSectionWrite;
        section.execute = raw.characteristics & pe::kSectionExecute;
        section.discardable = raw.characteristics & pe::kSectionDiscardable;
        section.pageable = section.name.starts_with("PAGE");
        if (auto bad = check_section(file, headers, sections, section, raw_size))
            return bad;
        if (raw_size != 0)
            ranges.push_back({ section.file_offset, uint64_t(section.file_offset) + raw_size, i });
        sections.push_back(std::move(section));
    }
    return check_file_overlap(std::move(ranges), sections);
}

Refusal check_entry_point(Headers const& headers, std::vector<Section> const& sections)
{
    uint32_t entry = headers.entry_point;
    if (entry == 0)
        return headers.is_dll() ? Refusal() : refuse("the image has no entry point");
    for (Section const& section : sections) {
        if (entry - section.rva < section.size && entry >= section.rva)
            return section.execute
                ? Refusal()
                : refuse("the entry point ({:#x}) lies in section {}, which is not executable", entry, section.name);
    }
    return refuse("the entry point ({:#x}) lies outside every section", entry);
}

Refusal read_directories(Bytes file, uint64_t table, uint32_t count, Headers& headers)
{
    static constexpr char const* kNames[pe::kDirectoryCount] = {
        "export",       "import",         "resource", "exception",   "certificate",  "relocation",     "debug",
        "architecture", "global pointer", "TLS",      "load config", "bound import", "import address", "delay import",
        "CLR",          "reserved",
    };
    for (uint32_t i = 0; i < count; ++i) {
        auto entry = value_at<pe::DataDirectory>(file, table + i * sizeof(pe::DataDirectory));
        uint64_t end = uint64_t(entry.address) + entry.size;
        headers.directories[i] = { entry.address, entry.size };
        if (entry.address == 0 || entry.size == 0 || i == pe::kGlobalPointerDirectory)
            continue;
        if (i == pe::kCertificateDirectory) {
            if (end > file.size())
                return cut_short(file, "the certificate table", end);
        } else if (end > headers.size_of_image) {
            return refuse("the {} directory ({:#x} to {:#x}) reaches beyond the end of the image ({:#x})", kNames[i],
                          entry.address, end, headers.size_of_image);
        }
    }
    return {};
}

} // namespace

Refusal read_headers(Bytes file, Headers& headers, std::vector<Section>& sections)
{
    if (file.size() > kFileSizeMax)
        return refuse("the file has more than {} MiB, which no driver has", kFileSizeMax >> 20);
    uint32_t pe_offset = 0;
    if (auto bad = find_pe_header(file, pe_offset))
        return bad;
    uint64_t file_header_offset = uint64_t(pe_offset) + sizeof(pe::kPeSignature);
    uint64_t optional_offset = file_header_offset + sizeof(pe::FileHeader);
    auto file_header = read_at<pe::FileHeader>(file, file_header_offset);
    if (!file_header)
        return cut_short(file, "the file header", optional_offset);
    if (auto bad = check_machine(file, *file_header, uint32_t(optional_offset)))
        return bad;
    if (!(file_header->characteristics & pe::kFileExecutable))
        return refuse("the image is not marked executable: its linking failed or was not finished");

    auto optional = read_at<pe::OptionalHeader64>(file, optional_offset);
    if (!optional)
        return cut_short(file, "the optional header", optional_offset + sizeof(pe::OptionalHeader64));
    if (optional->magic == pe::kOptionalMagic32)
        return refuse("the image is marked x64, but has a 32-bit (PE32) optional header");
    if (optional->magic != pe::kOptionalMagic64)
        return refuse("the optional header has the unknown magic number {:#06x}", optional->magic);
    uint32_t directories = optional->number_of_rva_and_sizes;
    if (directories > pe::kDirectoryCount)
        return refuse("the image has {} data directories; there are {}", directories, +pe::kDirectoryCount);
    uint64_t optional_size = sizeof(pe::OptionalHeader64) + directories * sizeof(pe::DataDirectory);
    if (file_header->size_of_optional_header < optional_size)
        return refuse("the optional header ({} bytes) is too small for its {} data directories",
                      file_header->size_of_optional_header, directories);
    if (optional_offset + file_header->size_of_optional_header > file.size())
        return cut_short(file, "the optional header", optional_offset + file_header->size_of_optional_header);

    if (auto bad = check_sizes(file, *optional))
        return bad;
    copy_fields(*file_header, *optional, headers);
    uint64_t directory_table = optional_offset + sizeof(pe::OptionalHeader64);
    headers.checksum_offset = uint32_t(optional_offset + pe::kOptionalCheckSumOffset);
    if (directories > pe::kCertificateDirectory)
        headers.certificate_entry_offset
            = uint32_t(directory_table + pe::kCertificateDirectory * sizeof(pe::DataDirectory));
    if (auto bad
        = read_sections(file, *file_header, optional_offset + file_header->size_of_optional_header, headers, sections))
        return bad;
    if (auto bad = check_entry_point(headers, sections))
        return bad;
    return read_directories(file, directory_table, directories, headers);
}

std::string machine_name(uint16_t machine)
{
    switch (machine) {
    case pe::kMachineI386:
        return "32-bit (x86)";
    case pe::kMachineArm:
    case pe::kMachineArmNt:
        return "ARM (32-bit)";
    case pe::kMachineIa64:
        return "Itanium";
    case pe::kMachineAmd64:
        return "x64";
    case pe::kMachineArm64:
        return "ARM64";
    default:
        return "";
    }
}

std::string subsystem_name(uint16_t subsystem)
{
    switch (subsystem) {
    case 1:
        return "native (a driver)";
    case 2:
        return "Windows program";
    case 3:
        return "console program";
    case 5:
        return "OS/2 program";
    case 7:
        return "POSIX program";
    case 8:
        return "Windows 9x driver";
    case 9:
        return "Windows CE program";
    case 10:
        return "EFI application";
    case 11:
        return "EFI boot driver";
    case 12:
        return "EFI run-time driver";
    case 13:
        return "EFI ROM";
    case 14:
        return "Xbox program";
    case 16:
        return "Windows boot application";
    default:
        return fmt::format("unknown ({})", subsystem);
    }
}

std::string printable(std::string_view text)
{
    std::string out;
    for (char c : text) {
        if (c >= 0x20 && c < 0x7F)
            out += c;
        else
            out += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    }
    return out;
}

} // namespace ringside::ldr
