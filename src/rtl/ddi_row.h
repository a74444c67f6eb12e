// SPDX-License-Identifier: MIT
// Words that the rows of the run-time library share: IRQL ranges by what the documentation calls them, and the reasons
// why rows depart from it.
#pragma once

#include "rtl/ddi.h"

namespace ringside::rtl {

inline constexpr IrqlRange kPassive { 0, 0 };
inline constexpr IrqlRange kUpToApc { 0, 1 };
inline constexpr IrqlRange kUpToDispatch { 0, 2 };
inline constexpr IrqlRange kAnyIrql { 0, 15 };

// Pages whose requirement is "see remarks" or a level for pageable memory: pageable memory that is not there at
// DISPATCH_LEVEL is a fault of its own, not the call's.
inline constexpr char const* kResident = "any IRQL when the memory is resident, say the page's remarks";
inline constexpr char const* kSeeRemarks = "the requirement is in the remarks: any IRQL when the buffers are resident";
inline constexpr char const* kResidentTable
    = "up to DISPATCH_LEVEL when the table and its routines are resident (remarks)";
inline constexpr char const* kNoIrql = "the page names no IRQL; works on the caller's memory alone";
// The C library and a few Rtl functions have no page.
inline constexpr char const* kNoPage = "exported without a WDK page; works on the caller's memory alone";
inline constexpr char const* kPagedTables = "exported without a WDK page; the tables it reads are pageable on Windows";
inline constexpr char const* kPagedPool = "exported without a WDK page; allocates paged pool";
inline constexpr char const* kOemExact = "code page 437 has no best fits: a character it lacks becomes '?' or is unmappable";

} // namespace ringside::rtl
