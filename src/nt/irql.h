// SPDX-License-Identifier: MIT
// Interrupt request levels of x64.
#pragma once

#include "nt/types.h"

namespace ringside::nt {

inline constexpr KIRQL PASSIVE_LEVEL = 0;
inline constexpr KIRQL LOW_LEVEL = 0;
inline constexpr KIRQL APC_LEVEL = 1;
inline constexpr KIRQL DISPATCH_LEVEL = 2;
inline constexpr KIRQL CMCI_LEVEL = 5;
inline constexpr KIRQL CLOCK_LEVEL = 13;
inline constexpr KIRQL IPI_LEVEL = 14;
inline constexpr KIRQL DRS_LEVEL = 14;
inline constexpr KIRQL POWER_LEVEL = 14;
inline constexpr KIRQL PROFILE_LEVEL = 15;
inline constexpr KIRQL HIGH_LEVEL = 15;

} // namespace ringside::nt
