// SPDX-License-Identifier: MIT
// The version resource: what the maker says about the file. For people only, so a broken one counts as none.
#pragma once

#include "ldr/pe_view.h"

#include <utility>

namespace ringside::ldr {

struct VersionInfo {
    // The first language's strings in the file's order: CompanyName, FileDescription, FileVersion, OriginalFilename,
    // ... UTF-8 without control characters.
    std::vector<std::pair<std::string, std::string>> strings;
    std::array<uint16_t, 4> file_version {}; // of the fixed part; all 0: there is none

    std::string_view find(std::string_view key) const;
};

VersionInfo read_version(ImageView const& image);

} // namespace ringside::ldr
