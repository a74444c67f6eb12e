// SPDX-License-Identifier: MIT
// A .reg file's text, as the registry editor writes it (UTF-16 with its mark) or as people do (UTF-8).
#pragma once

#include <string>

namespace ringside::cli {

// In UTF-8 without a mark. Usage for a file that cannot be read or is no text.
std::string registry_file_text(std::string const& path);

} // namespace ringside::cli
