// SPDX-License-Identifier: MIT
// RTL_BITMAP: a number of bits over ULONGs that the caller owns. Bit n is bit n % 32 of word n / 32. Whoever searches
// gets kNoBits or a length of 0 when there is nothing. Ranges given to the setters are not checked, as on Windows: what
// lies behind the bitmap is changed then.
#pragma once

#include "nt/rtl.h"

namespace ringside::rtl {

inline constexpr ULONG kNoBits = 0xffffffff;

void RtlInitializeBitMap(RTL_BITMAP* map, ULONG* buffer, ULONG size);

void RtlSetBit(RTL_BITMAP* map, ULONG bit);
void RtlClearBit(RTL_BITMAP* map, ULONG bit);
BOOLEAN RtlTestBit(RTL_BITMAP const* map, ULONG bit);
void RtlSetBits(RTL_BITMAP* map, ULONG start, ULONG count);
void RtlClearBits(RTL_BITMAP* map, ULONG start, ULONG count);
void RtlSetAllBits(RTL_BITMAP* map);
void RtlClearAllBits(RTL_BITMAP* map);

// FALSE too for an empty range and for one that leaves the bitmap.
BOOLEAN RtlAreBitsSet(RTL_BITMAP const* map, ULONG start, ULONG count);
BOOLEAN RtlAreBitsClear(RTL_BITMAP const* map, ULONG start, ULONG count);
ULONG RtlNumberOfSetBits(RTL_BITMAP const* map);
ULONG RtlNumberOfClearBits(RTL_BITMAP const* map);

// The first run of `count` at or after the hint, else the first one anywhere.
ULONG RtlFindClearBits(RTL_BITMAP const* map, ULONG count, ULONG hint);
ULONG RtlFindSetBits(RTL_BITMAP const* map, ULONG count, ULONG hint);
ULONG RtlFindClearBitsAndSet(RTL_BITMAP* map, ULONG count, ULONG hint);
ULONG RtlFindSetBitsAndClear(RTL_BITMAP* map, ULONG count, ULONG hint);

ULONG RtlFindFirstRunClear(RTL_BITMAP const* map, ULONG* start);
ULONG RtlFindLongestRunClear(RTL_BITMAP const* map, ULONG* start);
ULONG RtlFindNextForwardRunClear(RTL_BITMAP const* map, ULONG from, ULONG* start);
ULONG RtlFindLastBackwardRunClear(RTL_BITMAP const* map, ULONG from, ULONG* start);
ULONG RtlFindClearRuns(RTL_BITMAP const* map, RTL_BITMAP_RUN* runs, ULONG capacity, BOOLEAN longest);

// Of one number: the position, or -1 for zero.
CCHAR RtlFindLeastSignificantBit(ULONGLONG value);
CCHAR RtlFindMostSignificantBit(ULONGLONG value);
ULONG RtlNumberOfSetBitsUlongPtr(ULONG_PTR value);

} // namespace ringside::rtl
