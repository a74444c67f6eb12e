// SPDX-License-Identifier: MIT
// The first x64 Windows that exports a name, for names that no contract row serves: sdk/data/exports.csv (the kernel's
// modules) and data/kernel_exports.csv (others), both built into the program.
#pragma once

#include <ringside/windows.h>

#include <map>
#include <optional>
#include <string_view>

namespace ringside::cli {

struct ExportFacts {
    std::string_view dll;
    std::optional<Windows> since; // nothing: it exists, but no page says since when
};

// The kernel's exports (ntoskrnl.exe, hal.dll and wmilib.sys), in name order.
std::map<std::string_view, ExportFacts> const& kernel_exports();
// Nothing: neither table has the name.
std::optional<ExportFacts> export_facts(std::string_view name);

} // namespace ringside::cli
