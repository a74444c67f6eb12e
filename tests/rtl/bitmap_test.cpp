// SPDX-License-Identifier: MIT
// Bitmaps: the documented results, and every search against a plain one, bit by bit.
#include "rtl/bitmap.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <random>
#include <string>
#include <vector>

namespace ringside::rtl {

namespace {

struct Map {
    std::vector<ULONG> words;
    RTL_BITMAP map;

    // "1011": bit 0 first. What lies behind the last bit is set, and must never be seen.
    explicit Map(std::string const& bits)
        : words(bits.size() / 32 + 1, ~0u)
    {
        RtlInitializeBitMap(&map, words.data(), static_cast<ULONG>(bits.size()));
        for (ULONG i = 0; i < bits.size(); ++i)
            bits[i] == '1' ? RtlSetBit(&map, i) : RtlClearBit(&map, i);
    }
    std::string text() const
    {
        std::string result;
        for (ULONG i = 0; i < map.SizeOfBitMap; ++i)
            result += RtlTestBit(&map, i) ? '1' : '0';
        return result;
    }
    RTL_BITMAP* operator&() { return &map; }
};

} // namespace

TEST(Bitmap, SetAndClear)
{
    Map map(std::string(70, '0'));
    RtlSetBits(&map, 30, 35);
    EXPECT_EQ(map.text(), std::string(30, '0') + std::string(35, '1') + std::string(5, '0'));
    EXPECT_EQ(RtlNumberOfSetBits(&map), 35u);
    EXPECT_EQ(RtlNumberOfClearBits(&map), 35u);
    RtlClearBits(&map, 31, 33);
    EXPECT_EQ(RtlNumberOfSetBits(&map), 2u);
    RtlSetAllBits(&map);
    EXPECT_EQ(RtlNumberOfSetBits(&map), 70u);
    RtlClearAllBits(&map);
    EXPECT_EQ(RtlNumberOfSetBits(&map), 0u);
    RtlSetBits(&map, 0, 0);
    EXPECT_EQ(RtlNumberOfSetBits(&map), 0u);
}

TEST(Bitmap, Ranges)
{
    Map map("0011110000");
    EXPECT_TRUE(RtlAreBitsSet(&map, 2, 4));
    EXPECT_FALSE(RtlAreBitsSet(&map, 2, 5));
    EXPECT_FALSE(RtlAreBitsSet(&map, 2, 0));
    EXPECT_TRUE(RtlAreBitsClear(&map, 6, 4));
    EXPECT_FALSE(RtlAreBitsClear(&map, 6, 5)); // leaves the bitmap
    EXPECT_FALSE(RtlAreBitsClear(&map, 10, 1));
    EXPECT_FALSE(RtlAreBitsClear(&map, 0xffffffff, 2));
}

TEST(Bitmap, Find)
{
    Map map("1100011000");
    EXPECT_EQ(RtlFindClearBits(&map, 3, 0), 2u);
    EXPECT_EQ(RtlFindClearBits(&map, 3, 3), 7u);
    EXPECT_EQ(RtlFindClearBits(&map, 3, 8), 2u); // from the start again
    EXPECT_EQ(RtlFindClearBits(&map, 4, 0), kNoBits);
    EXPECT_EQ(RtlFindClearBits(&map, 1, 100), 2u);
    EXPECT_EQ(RtlFindClearBits(&map, 11, 0), kNoBits);
    EXPECT_EQ(RtlFindSetBits(&map, 2, 1), 5u);
    EXPECT_EQ(RtlFindClearBitsAndSet(&map, 2, 0), 2u);
    EXPECT_EQ(map.text(), "1111011000");
    EXPECT_EQ(RtlFindSetBitsAndClear(&map, 4, 0), 0u);
    EXPECT_EQ(map.text(), "0000011000");
    EXPECT_EQ(RtlFindSetBitsAndClear(&map, 3, 0), kNoBits);
    Map straddling("1000001");
    EXPECT_EQ(RtlFindClearBits(&straddling, 5, 3), 1u); // begins before the hint, ends behind it
}

TEST(Bitmap, Runs)
{
    Map map("1001110000110");
    ULONG start = 99;
    EXPECT_EQ(RtlFindFirstRunClear(&map, &start), 2u);
    EXPECT_EQ(start, 1u);
    EXPECT_EQ(RtlFindLongestRunClear(&map, &start), 4u);
    EXPECT_EQ(start, 6u);
    EXPECT_EQ(RtlFindNextForwardRunClear(&map, 7, &start), 3u);
    EXPECT_EQ(start, 7u);
    EXPECT_EQ(RtlFindNextForwardRunClear(&map, 13, &start), 0u);
    EXPECT_EQ(RtlFindLastBackwardRunClear(&map, 5, &start), 2u);
    EXPECT_EQ(start, 1u);
    EXPECT_EQ(RtlFindLastBackwardRunClear(&map, 8, &start), 3u);
    EXPECT_EQ(start, 6u);
    EXPECT_EQ(RtlFindLastBackwardRunClear(&map, 0, &start), 0u);
    Map full("111");
    EXPECT_EQ(RtlFindFirstRunClear(&full, &start), 0u);
    EXPECT_EQ(RtlFindLongestRunClear(&full, &start), 0u);
    Map none("");
    EXPECT_EQ(RtlFindFirstRunClear(&none, &start), 0u);
    EXPECT_EQ(RtlFindLastBackwardRunClear(&none, 3, &start), 0u);

    RTL_BITMAP_RUN runs[3];
    EXPECT_EQ(RtlFindClearRuns(&map, runs, 2, FALSE), 2u);
    EXPECT_EQ(runs[0].StartingIndex, 1u);
    EXPECT_EQ(runs[1].StartingIndex, 6u);
    EXPECT_EQ(RtlFindClearRuns(&map, runs, 2, TRUE), 2u);
    EXPECT_EQ(runs[0].StartingIndex, 6u);
    EXPECT_EQ(runs[0].NumberOfBits, 4u);
    EXPECT_EQ(runs[1].StartingIndex, 1u);
    EXPECT_EQ(RtlFindClearRuns(&map, runs, 3, TRUE), 3u);
    EXPECT_EQ(runs[2].StartingIndex, 12u);
}

TEST(Bitmap, AgainstAPlainSearch)
{
    std::mt19937 random(7);
    for (int round = 0; round < 400; ++round) {
        std::string bits(random() % 150 + 1, '0');
        unsigned density = random() % 5 + 1;
        for (char& bit : bits)
            bit = random() % density ? '0' : '1';
        Map map(bits);
        ASSERT_EQ(map.text(), bits);
        ASSERT_EQ(RtlNumberOfSetBits(&map), static_cast<ULONG>(std::ranges::count(bits, '1')));
        ULONG count = static_cast<ULONG>(random() % 6 + 1);
        ULONG hint = static_cast<ULONG>(random() % bits.size());
        for (char wanted : { '0', '1' }) {
            std::string pattern(count, wanted);
            size_t expected = bits.find(pattern, hint);
            if (expected == std::string::npos)
                expected = bits.find(pattern);
            ULONG found = wanted == '0' ? RtlFindClearBits(&map, count, hint) : RtlFindSetBits(&map, count, hint);
            ASSERT_EQ(found, expected == std::string::npos ? kNoBits : static_cast<ULONG>(expected)) << bits;
        }
    }
}

TEST(Bitmap, BitsOfANumber)
{
    EXPECT_EQ(RtlFindLeastSignificantBit(0), -1);
    EXPECT_EQ(RtlFindMostSignificantBit(0), -1);
    EXPECT_EQ(RtlFindLeastSignificantBit(0x8000000000000000), 63);
    EXPECT_EQ(RtlFindMostSignificantBit(0x8000000000000001), 63);
    EXPECT_EQ(RtlFindLeastSignificantBit(12), 2);
    EXPECT_EQ(RtlFindMostSignificantBit(12), 3);
    EXPECT_EQ(RtlNumberOfSetBitsUlongPtr(0xf0f0), 8u);
}

} // namespace ringside::rtl
