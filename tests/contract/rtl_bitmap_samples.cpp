// SPDX-License-Identifier: MIT
// Bitmaps.
#include "contract.h"

#include "rtl/bitmap.h"

using namespace ringside;
using namespace ringside::nt;
using namespace ringside::test;
using namespace ringside::rtl;

namespace {

// A map of 64 bits that starts with this pattern.
RTL_BITMAP& map(At& at, ULONG low, ULONG high = 0)
{
    auto* bits = static_cast<ULONG*>(at.bytes(8));
    bits[0] = low;
    bits[1] = high;
    auto& made = at.object<RTL_BITMAP>();
    made = { 64, bits };
    return made;
}

uint64_t bits(RTL_BITMAP const& map) { return map.Buffer[0] | uint64_t { map.Buffer[1] } << 32; }

constexpr ULONG kNone = ~ULONG { 0 };

} // namespace

SAMPLE(RtlInitializeBitMap)
{
    auto& made = at.object<RTL_BITMAP>();
    auto* buffer = static_cast<ULONG*>(at.bytes(8));
    at.call(&made, buffer, 33);
    EXPECT_EQ(made.SizeOfBitMap, 33u);
    EXPECT_EQ(made.Buffer, buffer);
}

SAMPLE(RtlSetBit)
{
    auto& m = map(at, 0);
    at.call(&m, 33);
    EXPECT_EQ(bits(m), 1ull << 33);
}

SAMPLE(RtlClearBit)
{
    auto& m = map(at, 0xF);
    at.call(&m, 2);
    EXPECT_EQ(bits(m), 0xBu);
}

SAMPLE(RtlTestBit)
{
    auto& m = map(at, 4);
    at.returns(BOOLEAN { TRUE }, &m, 2);
    at.returns(BOOLEAN { FALSE }, &m, 3);
}

SAMPLE(RtlSetBits)
{
    auto& m = map(at, 0);
    at.call(&m, 30, 4);
    EXPECT_EQ(bits(m), 0xFull << 30);
}

SAMPLE(RtlClearBits)
{
    auto& m = map(at, kNone, kNone);
    at.call(&m, 30, 4);
    EXPECT_EQ(bits(m), ~(0xFull << 30));
}

SAMPLE(RtlSetAllBits)
{
    auto& m = map(at, 0);
    at.call(&m);
    EXPECT_EQ(bits(m), ~0ull);
}

SAMPLE(RtlClearAllBits)
{
    auto& m = map(at, 7, 7);
    at.call(&m);
    EXPECT_EQ(bits(m), 0u);
}

SAMPLE(RtlAreBitsSet)
{
    auto& m = map(at, 0xF0);
    at.returns(BOOLEAN { TRUE }, &m, 4, 4);
    at.returns(BOOLEAN { FALSE }, &m, 4, 5);
    at.returns(BOOLEAN { FALSE }, &m, 4, 0);
}

SAMPLE(RtlAreBitsClear)
{
    auto& m = map(at, 0xF0);
    at.returns(BOOLEAN { TRUE }, &m, 0, 4);
    at.returns(BOOLEAN { FALSE }, &m, 0, 5);
}

SAMPLE(RtlNumberOfSetBits) { at.returns(ULONG { 5 }, &map(at, 0xF0, 1)); }
SAMPLE(RtlNumberOfClearBits) { at.returns(ULONG { 59 }, &map(at, 0xF0, 1)); }

SAMPLE(RtlFindClearBits)
{
    auto& m = map(at, 0xFFFFFF0F, kNone);
    at.returns(ULONG { 4 }, &m, 4, 0);
    at.returns(kNone, &m, 5, 0);
    at.returns(ULONG { 4 }, &m, 3, 40); // it wraps
}

SAMPLE(RtlFindSetBits)
{
    auto& m = map(at, 0xF0);
    at.returns(ULONG { 4 }, &m, 4, 0);
    at.returns(kNone, &m, 5, 0);
}

SAMPLE(RtlFindClearBitsAndSet)
{
    auto& m = map(at, 0xFFFFFF0F, kNone);
    at.returns(ULONG { 4 }, &m, 4, 0);
    EXPECT_EQ(bits(m), ~0ull);
    at.returns(kNone, &m, 1, 0);
}

SAMPLE(RtlFindSetBitsAndClear)
{
    auto& m = map(at, 0xF0);
    at.returns(ULONG { 4 }, &m, 4, 0);
    EXPECT_EQ(bits(m), 0u);
    at.returns(kNone, &m, 1, 0);
}

SAMPLE(RtlFindFirstRunClear)
{
    auto& start = at.object<ULONG>();
    at.returns(ULONG { 4 }, &map(at, 0xFFFFFF0F, kNone), &start);
    EXPECT_EQ(start, 4u);
}

SAMPLE(RtlFindLongestRunClear)
{
    auto& start = at.object<ULONG>();
    at.returns(ULONG { 8 }, &map(at, 0xFF00FF0F, kNone), &start);
    EXPECT_EQ(start, 16u);
}

SAMPLE(RtlFindNextForwardRunClear)
{
    auto& start = at.object<ULONG>();
    at.returns(ULONG { 8 }, &map(at, 0xFF00FF0F, kNone), 8, &start);
    EXPECT_EQ(start, 16u);
}

SAMPLE(RtlFindLastBackwardRunClear)
{
    auto& start = at.object<ULONG>();
    at.returns(ULONG { 4 }, &map(at, 0xFF00FF0F, kNone), 10, &start);
    EXPECT_EQ(start, 4u);
}

SAMPLE(RtlFindClearRuns)
{
    auto* runs = static_cast<RTL_BITMAP_RUN*>(at.bytes(2 * sizeof(RTL_BITMAP_RUN)));
    at.returns(ULONG { 2 }, &map(at, 0xFF00FF0F, kNone), runs, 2, TRUE);
    EXPECT_EQ(runs[0].StartingIndex, 16u);
    EXPECT_EQ(runs[0].NumberOfBits, 8u);
    EXPECT_EQ(runs[1].StartingIndex, 4u);
}

SAMPLE(RtlFindLeastSignificantBit)
{
    at.returns(CCHAR { 33 }, 1ull << 33 | 1ull << 60);
    at.returns(CCHAR { -1 }, 0ull);
}

SAMPLE(RtlFindMostSignificantBit)
{
    at.returns(CCHAR { 60 }, 1ull << 33 | 1ull << 60);
    at.returns(CCHAR { -1 }, 0ull);
}

SAMPLE(RtlNumberOfSetBitsUlongPtr) { at.returns(ULONG { 64 }, ~0ull); }
