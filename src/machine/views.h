// SPDX-License-Identifier: MIT
// What the public face's structures look like to programs: the command line and the C face say the same in JSON.
#pragma once

#include <ringside/ringside.h>

#include <nlohmann/json.hpp>

#include <string>
#include <vector>

namespace ringside::machine {

// {dll, name, served: works | partial | missing, words} for each.
nlohmann::ordered_json imports_json(std::vector<ImportLine> const& imports);
// All members of a Report under their names; "end" is clean, leaks, bug-check, missing-service or hung. Numbers are
// numbers.
nlohmann::ordered_json report_json(Report const& report);

// "STATUS_SUCCESS", or "0xC0001234".
std::string status_name(int32_t status);

} // namespace ringside::machine
