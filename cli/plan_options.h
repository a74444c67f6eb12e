// SPDX-License-Identifier: MIT
// The command line of `ringside run`, with CLI11. The order of I/O options on the line is the order of the steps, so
// options are gathered as they come: --in, --out and --at belong to the step before them.
#pragma once

#include "plan.h"

namespace ringside::cli {

// Throws Usage, or ShownHelp once help has been printed.
struct ShownHelp { };
RunPlan parse_run(std::string program, std::vector<std::string> const& arguments);

Windows parse_windows(std::string_view option, std::string_view name);

} // namespace ringside::cli
