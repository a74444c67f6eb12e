// SPDX-License-Identifier: MIT
// The contract rows of the run-time library: what ntoskrnl exports of it, by subject. The memcpy family is not here:
// its bodies touch memory that the driver may have got wrong, and live in room ke with the fault-fixing accessors.
#pragma once

#include "base/contract.h"

namespace ringside::rtl {

std::span<Ddi const> ddi_rows();

// The parts, one file each.
std::span<Ddi const> string_rows();
std::span<Ddi const> conversion_rows();
std::span<Ddi const> c_library_rows();
std::span<Ddi const> data_rows();
std::span<Ddi const> file_rows();
std::span<Ddi const> system_rows();
std::span<Ddi const> network_rows();
std::span<Ddi const> range_rows();
std::span<Ddi const> security_rows();

} // namespace ringside::rtl
