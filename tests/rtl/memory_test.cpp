// SPDX-License-Identifier: MIT
// Comparison of memory, CRC-32, random numbers.
#include "rtl/memory.h"

#include <gtest/gtest.h>

namespace ringside::rtl {

TEST(Memory, Compare)
{
    EXPECT_EQ(RtlCompareMemory("abcd", "abxd", 4), 2u);
    EXPECT_EQ(RtlCompareMemory("abcd", "abcd", 4), 4u);
    EXPECT_EQ(RtlCompareMemory("a", "b", 0), 0u);
    alignas(4) ULONG words[] { 7, 7, 8 };
    EXPECT_EQ(RtlCompareMemoryUlong(words, 12, 7), 8u);
    EXPECT_EQ(RtlCompareMemoryUlong(words, 8, 7), 8u);
    EXPECT_EQ(RtlCompareMemoryUlong(words, 7, 7), 0u);
    EXPECT_EQ(RtlCompareMemoryUlong(reinterpret_cast<char*>(words) + 1, 4, 7), 0u);
}

TEST(Memory, Crc32)
{
    EXPECT_EQ(RtlComputeCrc32(0, "123456789", 9), 0xcbf43926u);
    EXPECT_EQ(RtlComputeCrc32(RtlComputeCrc32(0, "1234", 4), "56789", 5), 0xcbf43926u);
}

TEST(Memory, RandomDependsOnTheSeedAlone)
{
    ULONG first = 1;
    ULONG second = 1;
    for (int i = 0; i < 1000; ++i) {
        ULONG value = RtlRandom(&first);
        EXPECT_LT(value, 0x7fffffffu);
        EXPECT_EQ(RtlRandomEx(&second), value);
    }
    ULONG other = 2;
    EXPECT_NE(RtlRandom(&other), RtlRandom(&second));
}

} // namespace ringside::rtl
