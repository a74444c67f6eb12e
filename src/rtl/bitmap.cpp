// SPDX-License-Identifier: MIT
// Bitmaps. Everything that searches goes through next(), which skips whole words.
#include "rtl/bitmap.h"

#include <algorithm>
#include <bit>

namespace ringside::rtl {

namespace {

constexpr ULONG kWordBits = 32;

// The first bit at or after `from` with that value, or the size of the bitmap.
ULONG next(RTL_BITMAP const& map, ULONG from, bool value)
{
    uint64_t at = from; // wider, for the step past the last word
    while (at < map.SizeOfBitMap) {
        ULONG word = map.Buffer[at / kWordBits];
        ULONG candidates = (value ? word : ~word) >> at % kWordBits;
        if (candidates) {
            uint64_t found = at + static_cast<ULONG>(std::countr_zero(candidates));
            return static_cast<ULONG>(std::min<uint64_t>(found, map.SizeOfBitMap));
        }
        at = (at / kWordBits + 1) * kWordBits;
    }
    return map.SizeOfBitMap;
}

struct Run {
    ULONG start;
    ULONG length; // 0: none
};

Run next_run(RTL_BITMAP const& map, ULONG from, bool value)
{
    ULONG start = next(map, from, value);
    if (start == map.SizeOfBitMap)
        return { start, 0 };
    return { start, next(map, start, !value) - start };
}

// The first run of `count` bits that starts within [from, limit).
ULONG find_within(RTL_BITMAP const& map, ULONG count, ULONG from, ULONG limit, bool value)
{
    for (Run run = next_run(map, from, value); run.length && run.start < limit;
         run = next_run(map, run.start + run.length, value))
        if (run.length >= count)
            return run.start;
    return kNoBits;
}

ULONG find(RTL_BITMAP const& map, ULONG count, ULONG hint, bool value)
{
    if (count > map.SizeOfBitMap)
        return kNoBits;
    if (hint >= map.SizeOfBitMap)
        hint = 0;
    if (count == 0)
        return hint;
    ULONG found = find_within(map, count, hint, map.SizeOfBitMap, value);
    return found == kNoBits && hint ? find_within(map, count, 0, hint, value) : found;
}

void fill(RTL_BITMAP& map, ULONG start, ULONG count, bool value)
{
    while (count) {
        ULONG offset = start % kWordBits;
        ULONG here = std::min(count, kWordBits - offset);
        ULONG mask = (here == kWordBits ? ~0u : (1u << here) - 1) << offset;
        ULONG& word = map.Buffer[start / kWordBits];
        word = value ? word | mask : word & ~mask;
        start += here;
        count -= here;
    }
}

bool uniform(RTL_BITMAP const& map, ULONG start, ULONG count, bool value)
{
    if (count == 0 || start >= map.SizeOfBitMap || count > map.SizeOfBitMap - start)
        return false;
    return next(map, start, !value) - start >= count;
}

void fill_words(RTL_BITMAP& map, ULONG word)
{
    std::fill_n(map.Buffer, (uint64_t { map.SizeOfBitMap } + kWordBits - 1) / kWordBits, word);
}

ULONG report(Run run, ULONG* start)
{
    *start = run.start;
    return run.length;
}

} // namespace

void RtlInitializeBitMap(RTL_BITMAP* map, ULONG* buffer, ULONG size) { *map = { size, buffer }; }

void RtlSetBit(RTL_BITMAP* map, ULONG bit) { fill(*map, bit, 1, true); }
void RtlClearBit(RTL_BITMAP* map, ULONG bit) { fill(*map, bit, 1, false); }
void RtlSetBits(RTL_BITMAP* map, ULONG start, ULONG count) { fill(*map, start, count, true); }
void RtlClearBits(RTL_BITMAP* map, ULONG start, ULONG count) { fill(*map, start, count, false); }
void RtlSetAllBits(RTL_BITMAP* map) { fill_words(*map, ~0u); }
void RtlClearAllBits(RTL_BITMAP* map) { fill_words(*map, 0); }

BOOLEAN RtlTestBit(RTL_BITMAP const* map, ULONG bit) { return map->Buffer[bit / kWordBits] >> bit % kWordBits & 1; }

BOOLEAN RtlAreBitsSet(RTL_BITMAP const* map, ULONG start, ULONG count) { return uniform(*map, start, count, true); }
BOOLEAN RtlAreBitsClear(RTL_BITMAP const* map, ULONG start, ULONG count) { return uniform(*map, start, count, false); }

ULONG RtlNumberOfSetBits(RTL_BITMAP const* map)
{
    ULONG count = 0;
    for (Run run = next_run(*map, 0, true); run.length; run = next_run(*map, run.start + run.length, true))
        count += run.length;
    return count;
}

ULONG RtlNumberOfClearBits(RTL_BITMAP const* map) { return map->SizeOfBitMap - RtlNumberOfSetBits(map); }

ULONG RtlFindClearBits(RTL_BITMAP const* map, ULONG count, ULONG hint) { return find(*map, count, hint, false); }
ULONG RtlFindSetBits(RTL_BITMAP const* map, ULONG count, ULONG hint) { return find(*map, count, hint, true); }

ULONG RtlFindClearBitsAndSet(RTL_BITMAP* map, ULONG count, ULONG hint)
{
    ULONG start = find(*map, count, hint, false);
    if (start != kNoBits)
        fill(*map, start, count, true);
    return start;
}

ULONG RtlFindSetBitsAndClear(RTL_BITMAP* map, ULONG count, ULONG hint)
{
    ULONG start = find(*map, count, hint, true);
    if (start != kNoBits)
        fill(*map, start, count, false);
    return start;
}

ULONG RtlFindFirstRunClear(RTL_BITMAP const* map, ULONG* start) { return report(next_run(*map, 0, false), start); }

ULONG RtlFindNextForwardRunClear(RTL_BITMAP const* map, ULONG from, ULONG* start)
{
    return report(next_run(*map, from, false), start);
}

ULONG RtlFindLastBackwardRunClear(RTL_BITMAP const* map, ULONG from, ULONG* start)
{
    *start = from;
    if (map->SizeOfBitMap == 0)
        return 0;
    ULONG end = std::min(from, map->SizeOfBitMap - 1);
    while (RtlTestBit(map, end))
        if (end-- == 0)
            return 0;
    ULONG first = end;
    while (first > 0 && !RtlTestBit(map, first - 1))
        --first;
    return report({ first, end - first + 1 }, start);
}

ULONG RtlFindLongestRunClear(RTL_BITMAP const* map, ULONG* start)
{
    Run best { 0, 0 };
    for (Run run = next_run(*map, 0, false); run.length; run = next_run(*map, run.start + run.length, false))
        if (run.length > best.length)
            best = run;
    return report(best, start);
}

ULONG RtlFindClearRuns(RTL_BITMAP const* map, RTL_BITMAP_RUN* runs, ULONG capacity, BOOLEAN longest)
{
    ULONG count = 0;
    for (Run run = next_run(*map, 0, false); run.length; run = next_run(*map, run.start + run.length, false)) {
        if (!longest) {
            if (count == capacity)
                break;
            runs[count++] = { run.start, run.length };
            continue;
        }
        // Longest first; of equal ones the earlier stays in front.
        auto* end = runs + count;
        auto* place = std::find_if(runs, end, [&](auto const& other) { return other.NumberOfBits < run.length; });
        if (place == runs + capacity)
            continue;
        if (count < capacity)
            ++count;
        else
            --end;
        std::move_backward(place, end, end + 1);
        *place = { run.start, run.length };
    }
    return count;
}

CCHAR RtlFindLeastSignificantBit(ULONGLONG value)
{
    return value ? static_cast<CCHAR>(std::countr_zero(value)) : CCHAR { -1 };
}

CCHAR RtlFindMostSignificantBit(ULONGLONG value) { return static_cast<CCHAR>(63 - std::countl_zero(value)); }

ULONG RtlNumberOfSetBitsUlongPtr(ULONG_PTR value) { return static_cast<ULONG>(std::popcount(value)); }

} // namespace ringside::rtl
