// SPDX-License-Identifier: MIT
// What a driver file is, gathered without running any of it: the file's own facts, and what becomes of its imports.
#pragma once

#include "first_windows.h"

#include "ldr/pe.h"
#include "ldr/signature.h"

#include <optional>
#include <string>
#include <vector>

namespace ringside::cli {

enum class Service : uint8_t { Works, Partial, Missing };

struct InspectedImport {
    std::string name; // "#12" by ordinal
    Service service = Service::Missing;
    std::string words; // what is partial, or why it is missing
    std::optional<Windows> since; // first x64 Windows that exports it, where that is documented
    bool exists = false; // known to be exported by Windows at all
};

struct InspectedDll {
    std::string name;
    bool delayed = false;
    std::vector<InspectedImport> imports;
    size_t count(Service service) const;
};

struct Inspection {
    std::string path;
    size_t bytes = 0;
    ldr::PeFile file;
    ldr::Signatures signatures;
    Windows windows {}; // whose exports decide what is missing
    std::vector<InspectedDll> dlls;
    std::string not_a_driver; // why Windows would not take it for one; empty: it would

    Windows oldest = Windows::xp_x64; // that exports all imports whose first version is known
    std::vector<std::string> oldest_because; // the imports that Windows before it lacks
    std::vector<std::string> undocumented; // exported, but no page says since when
    std::vector<std::string> unknown; // no table has them
};

std::string service_name(Service service);

// Throws Usage with one line for a file that cannot be read or is no x64 image.
Inspection inspect(std::string const& path, Windows windows);

void print_inspection(Inspection const& inspection);
void print_inspection_json(Inspection const& inspection);

// "2024-02-29 12:00:00 UTC".
std::string utc(int64_t seconds);
// "{8-4-4-4-12}" as Windows prints it.
std::string guid_text(std::array<uint8_t, 16> const& guid);

// The verb. Returns the exit code; throws Usage.
int inspect_verb(std::vector<std::string> const& arguments);

} // namespace ringside::cli
