// SPDX-License-Identifier: MIT
// What drivers say: DbgPrint and its family. Lines go to the log and, when asked, to the host at once.
#pragma once

#include "nt/nt.h"

#include <string_view>

namespace ringside::ke {

// Component filters as Windows has them: a message of level L (0..31: a bit number, else a bit mask) passes when the
// component's mask, or'ed with the WIN2000 mask, has the bit. At boot every component lets errors through (bit 0) and
// DEFAULT lets everything through, so that DbgPrint is always seen.
void reset_debug_filters();
void set_debug_filter(nt::ULONG component, nt::ULONG mask);
bool debug_filter_passes(nt::ULONG component, nt::ULONG level);

void debug_print(std::string_view text);

} // namespace ringside::ke
