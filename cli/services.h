// SPDX-License-Identifier: MIT
// What Ringside serves, by name: the contract rows of all rooms, without a machine.
#pragma once

#include "base/contract.h"

#include <string>
#include <string_view>
#include <vector>

namespace ringside::cli {

// In name order.
std::vector<Ddi const*> const& all_services();
// Null: nobody serves it.
Ddi const* service(std::string_view name);

} // namespace ringside::cli
