// SPDX-License-Identifier: MIT
// Where the run-time library gets memory for the strings it hands out (RtlAnsiStringToUnicodeString and its family).
// Pool lives in a higher room, so the machine sets this pair at boot; the blocks then count as the driver's pool,
// tagged like Windows' own, and a string that is never freed is found as a leak. Both are null while no machine is
// live.
#pragma once

#include "nt/types.h"

namespace ringside::rtl {

struct Allocator {
    void* (*allocate)(size_t bytes); // null when there is none left
    void (*free)(void* block);
};

extern Allocator g_allocator;

} // namespace ringside::rtl
