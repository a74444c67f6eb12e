// SPDX-License-Identifier: MIT
// `ringside run`: the machine in a child process, seed by seed; whatever becomes of the child, one report.
#pragma once

#include <string>
#include <vector>

namespace ringside::cli {

// Returns the exit code; throws Usage.
int run_verb(std::string const& program, std::vector<std::string> const& arguments);

} // namespace ringside::cli
