// SPDX-License-Identifier: MIT
// The exports that room mm owns.
#pragma once

#include "base/contract.h"

namespace ringside::mm {

std::span<Ddi const> ddi_rows();
// Paging of drivers, what file systems ask, and what is declined.
std::span<Ddi const> driver_rows();

// Gives the exported variables their values: once per machine, when their pages are there.
void write_data_exports();

} // namespace ringside::mm
