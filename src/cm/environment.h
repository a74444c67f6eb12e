// SPDX-License-Identifier: MIT
// Environment variables in REG_EXPAND_SZ text: %NAME% becomes the variable's value, and stays as it is when there is no
// such variable. The environment is a block that the driver gives (NAME=value strings, the last one empty), or the
// system's: SystemRoot, SystemDrive, windir, and what "Session Manager\Environment" says.
#pragma once

#include "cm/value_data.h"

#include <optional>

namespace ringside::cm {

// Zero-terminated, in pool, with the two zeros that RtlQueryRegistryValues promises; nothing when pool is empty.
// `bytes` is the length with the first zero.
struct Expanded {
    std::optional<PoolBytes> block;
    uint32_t bytes = 0;
};
void expand_environment(std::u16string_view text, void const* environment, Expanded& into);

} // namespace ringside::cm
