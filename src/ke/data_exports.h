// SPDX-License-Identifier: MIT
// Variables that the kernel exports to drivers and room ke owns, and the shared user data page. They stand in the data
// exports' range from offset 0x20000.
#pragma once

#include "base/windows.h"
#include "hal/layout.h"

namespace ringside::ke {

inline constexpr uintptr_t kKeDataExports = hal::kDataExports + 0x20000;

// Fills them for a profile: version numbers, processors, no debugger, clocks at zero.
void write_data_exports(Windows windows);
// KdDebuggerEnabled, KdDebuggerNotPresent and their like in the shared user data page.
void write_debugger_variables(bool enabled, bool present);

} // namespace ringside::ke
