// SPDX-License-Identifier: MIT
// Every room's contract rows, in the order of the rooms: what a machine exports, what `ringside ddi` prints, what the
// audit compares with the documentation.
#pragma once

#include "base/contract.h"

#include <vector>

namespace ringside::machine {

std::vector<std::span<Ddi const>> all_rows();

} // namespace ringside::machine
