// SPDX-License-Identifier: MIT
// The load configuration: where the compiler's stack cookie lives, which the loader must set before any code runs, and
// whether control-flow guard was on.
#pragma once

#include "ldr/pe_view.h"

namespace ringside::ldr {

struct LoadConfig {
    uint32_t size = 0; // as the structure says itself; 0: the image has none
    std::optional<uint32_t> cookie_rva; // eight bytes inside a writable section
    bool cookie_has_default = false; // still the compiler's value: the one that the loader must replace
    uint32_t guard_flags = 0;
};

Refusal read_load_config(ImageView const& image, LoadConfig& config);

} // namespace ringside::ldr
