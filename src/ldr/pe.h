// SPDX-License-Identifier: MIT
// A Windows x64 image read from untrusted bytes: PeFile::parse refuses it with one sentence, or everything the rest of
// the loader and `ringside inspect` ask of it is validated, copied out, and does not change any more.
//
//     bytes --parse--> PeFile --layout(memory, base)--> an image in memory, relocated, imports not bound yet
//
//   P1  a PeFile owns its bytes and never reads laid-out memory: a relocation or the driver may have changed that
//   P2  memory and time of parse are bounded by the file's size, of layout by the size of the image (kImageSizeMax)
//   P3  every RVA handed out lies inside the image; slot, cookie and relocation RVAs with their eight bytes
//   P4  the invariants H (pe_headers.h) and U (pe_exceptions.h) hold
//
// Any PE32+ x64 file parses, a program too; whether it may be loaded as a driver is why_not_a_driver().
#pragma once

#include "ldr/pe_debug.h"
#include "ldr/pe_exceptions.h"
#include "ldr/pe_exports.h"
#include "ldr/pe_imports.h"
#include "ldr/pe_load_config.h"
#include "ldr/pe_version.h"

#include <variant>

namespace ringside::ldr {

// A range of whole pages of the image with one protection.
struct Protection {
    uint32_t rva = 0;
    uint32_t size = 0;
    bool read = false;
    bool write = false;
    bool execute = false;
    std::string name; // of the section; "headers"; "image" where the sections share pages
    bool discardable = false;
    bool pageable = false;
};

class PeResult;

class PeFile {
public:
    static PeResult parse(std::span<std::byte const> file);

    std::span<std::byte const> bytes() const { return m_bytes; }
    Headers const& headers() const { return m_headers; }
    std::vector<Section> const& sections() const { return m_sections; }
    std::vector<ImportedDll> const& imports() const { return m_imports; }
    std::vector<ImportedDll> const& delay_imports() const { return m_delay_imports; }
    Exports const& exports() const { return m_exports; }
    std::vector<uint32_t> const& relocations() const { return m_relocations; }
    std::vector<pe::RuntimeFunction> const& functions() const { return m_functions; } // sorted, see U1 to U4
    LoadConfig const& load_config() const { return m_load_config; }
    DebugInfo const& debug() const { return m_debug; }
    VersionInfo const& version() const { return m_version; }

    // The file's bytes by RVA: what the image holds at its preferred base before anybody changed it.
    ImageView view() const { return { m_bytes, m_headers, m_sections }; }

    uint64_t preferred_base() const { return m_headers.image_base; }
    uint32_t entry_point() const { return m_headers.entry_point; }
    // In whole pages: how much memory layout() needs.
    uint32_t memory_size() const;

    uint32_t computed_checksum() const { return m_computed_checksum; }
    // Windows checks the sum of drivers; Ringside reports it and loads the image, since most test builds have none.
    bool checksum_matches() const { return m_headers.checksum == m_computed_checksum; }

    bool has_relocations() const { return !m_relocations.empty(); }
    // Without relocations, marked as bound to its base, and with something in it that looks like an address: it can
    // run at its preferred base only. Old drivers without relocations are mostly position independent.
    bool position_dependent() const { return m_absolute_address.has_value(); }
    std::optional<uint32_t> absolute_address() const { return m_absolute_address; }
    bool needs_relocation(uint64_t base) const
    {
        return base != preferred_base() && (has_relocations() || position_dependent());
    }

    // The certificate table (Authenticode): a range of the file; empty if there is none.
    std::span<std::byte const> certificates() const;

    // Nothing: Windows would take it for a driver.
    Refusal why_not_a_driver() const;

    // Fills memory (at least memory_size() bytes) with the image as it stands at this base, a multiple of the page
    // size: headers, sections, zeros, relocated addresses. Refuses, having touched nothing, if the image cannot live
    // there.
    Refusal layout(std::span<std::byte> memory, uint64_t base) const;

    // What each page must allow once imports are bound: ascending, gaps belong to nobody.
    std::vector<Protection> protections() const;

private:
    Refusal read(std::span<std::byte const> file);

    std::vector<std::byte> m_bytes;
    Headers m_headers;
    std::vector<Section> m_sections;
    std::vector<uint32_t> m_relocations;
    std::vector<ImportedDll> m_imports;
    std::vector<ImportedDll> m_delay_imports;
    Exports m_exports;
    std::vector<pe::RuntimeFunction> m_functions;
    LoadConfig m_load_config;
    DebugInfo m_debug;
    VersionInfo m_version;
    std::optional<uint32_t> m_absolute_address;
    uint32_t m_computed_checksum = 0;
};

// A parsed image, or why it was refused.
class [[nodiscard]] PeResult {
public:
    PeResult(PeFile file)
        : m_state(std::move(file))
    {
    }
    PeResult(BadImage bad)
        : m_state(std::move(bad))
    {
    }

    bool ok() const { return m_state.index() == 0; }
    explicit operator bool() const { return ok(); }
    PeFile const& file() const;
    PeFile take();
    BadImage const& bad() const;

private:
    std::variant<PeFile, BadImage> m_state;
};

// The PE checksum of a file whose checksum field stands at this offset: the field itself counts as zero.
uint32_t pe_checksum(std::span<std::byte const> file, uint32_t checksum_offset);

} // namespace ringside::ldr
