// SPDX-License-Identifier: MIT
// What drivers say: DbgPrint and its family. Lines go to the log and, when asked, to the host at once.
#pragma once

#include "nt/nt.h"

#include <string_view>

namespace ringside::ke {

// Component filters as Windows has them: a message of level L (0..31: a bit number, else a bit mask) passes when the
// component's mask, or'ed with the WIN2000 mask, has one of its bits. The WIN2000 mask is 1 and cannot be changed here:
// errors (bit 0) always pass. At boot DEFAULT lets everything through, so that DbgPrint is seen; on Windows somebody has
// to set its mask. The others let nothing through of their own.
void reset_debug_filters();
void set_debug_filter(nt::ULONG component, nt::ULONG mask);
bool debug_filter_passes(nt::ULONG component, nt::ULONG level);

void debug_print(std::string_view text);
// An assertion of the kernel's own about its caller: says so and breaks in, as a driver's ASSERT does.
void assertion_failed(std::string_view what);

} // namespace ringside::ke
