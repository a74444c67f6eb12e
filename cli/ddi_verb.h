// SPDX-License-Identifier: MIT
// `ringside ddi`: the contract of one service, or the list of all.
#pragma once

#include <string>
#include <vector>

namespace ringside::cli {

// Returns the exit code: 4 for a service that Windows has and Ringside lacks. Throws Usage.
int ddi_verb(std::vector<std::string> const& arguments);

} // namespace ringside::cli
