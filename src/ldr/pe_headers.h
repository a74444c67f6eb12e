// SPDX-License-Identifier: MIT
// The headers and the section table of a PE32+ image, validated: the ground on which every directory parser stands.
//
//   H1  every section lies inside the image, above the headers, in ascending order, touching the next
//   H2  every section's bytes lie inside the file, above the headers, and no two sections share a byte of it
//   H3  the headers and the section table lie inside the file and below the first section
//   H4  the entry point is 0 or inside an executable section
//   H5  every data directory lies inside the image (the certificate table: inside the file)
#pragma once

#include "ldr/bad_image.h"
#include "ldr/pe_format.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace ringside::ldr {

// No driver comes near it; what asks for more is an attack on the host's memory.
inline constexpr uint32_t kImageSizeMax = 256u << 20;
inline constexpr uint64_t kFileSizeMax = 256u << 20;

struct PeVersion {
    uint16_t major = 0;
    uint16_t minor = 0;
    auto operator<=>(PeVersion const&) const = default;
};

struct Directory {
    uint32_t rva = 0;
    uint32_t size = 0;
    bool absent() const { return rva == 0 || size == 0; }
};

struct Section {
    std::string name; // long names resolved, unprintable bytes escaped
    uint32_t rva = 0;
    uint32_t size = 0; // in memory
    uint32_t file_offset = 0;
    uint32_t file_size = 0; // bytes copied from the file, at most size; the rest is zero
    uint32_t characteristics = 0;
    bool read = false;
    bool write = false;
    bool execute = false;
    bool discardable = false; // freed by Windows after DriverEntry
    bool pageable = false; // named PAGE...: Windows may page it out unless it is locked
};

struct Headers {
    uint16_t machine = 0;
    uint16_t characteristics = 0;
    uint32_t timestamp = 0; // seconds since 1970, or a hash of the content (PeFile::reproducible)
    PeVersion linker;
    PeVersion os;
    PeVersion image;
    PeVersion subsystem_version;
    uint16_t subsystem = 0;
    uint16_t dll_characteristics = 0;
    uint32_t entry_point = 0; // 0: none, which only an export driver may have
    uint64_t image_base = 0;
    uint32_t section_alignment = 0;
    uint32_t file_alignment = 0;
    uint32_t size_of_image = 0;
    uint32_t size_of_headers = 0;
    uint32_t checksum = 0;
    std::array<Directory, pe::kDirectoryCount> directories;
    // Where in the file the two fields stand that a signature leaves out. 0: the image has no such field.
    uint32_t checksum_offset = 0;
    uint32_t certificate_entry_offset = 0;

    bool is_dll() const { return characteristics & pe::kFileDll; }
    bool relocations_stripped() const { return characteristics & pe::kFileRelocsStripped; }
    // Sections smaller than a page cannot be protected one by one.
    bool shares_pages() const { return section_alignment < pe::kPageSize; }
};

Refusal read_headers(std::span<std::byte const> file, Headers& headers, std::vector<Section>& sections);

// "x64", "ARM64", ... and "native (a driver)", "console program", ...
std::string machine_name(uint16_t machine);
std::string subsystem_name(uint16_t subsystem);

// The text with everything but printable ASCII written as \xNN: what a file calls itself goes to a terminal.
std::string printable(std::string_view text);

} // namespace ringside::ldr
