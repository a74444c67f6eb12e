// SPDX-License-Identifier: MIT
// Comparison, CRC-32 and random numbers.
#include "rtl/memory.h"

#include <array>
#include <cstring>

namespace ringside::rtl {

namespace {

consteval std::array<ULONG, 256> crc_table()
{
    constexpr ULONG kPolynomial = 0xedb88320;
    std::array<ULONG, 256> table {};
    for (ULONG byte = 0; byte < table.size(); ++byte) {
        ULONG value = byte;
        for (int bit = 0; bit < 8; ++bit)
            value = value >> 1 ^ (value & 1 ? kPolynomial : 0);
        table[byte] = value;
    }
    return table;
}

constexpr auto kCrcTable = crc_table();

// Lehmer's generator, as the documentation of RtlUniform names it; never 2^31 - 1 itself.
ULONG next_random(ULONG& seed)
{
    constexpr uint64_t kModulus = 0x7fffffff;
    seed = static_cast<ULONG>((uint64_t { seed } * 0x7fffffed + 0x7fffffc3) % kModulus);
    return seed;
}

} // namespace

SIZE_T RtlCompareMemory(void const* first, void const* second, SIZE_T length)
{
    auto const* a = static_cast<uint8_t const*>(first);
    auto const* b = static_cast<uint8_t const*>(second);
    SIZE_T i = 0;
    while (i < length && a[i] == b[i])
        ++i;
    return i;
}

SIZE_T RtlCompareMemoryUlong(void const* source, SIZE_T length, ULONG pattern)
{
    if (reinterpret_cast<uintptr_t>(source) % sizeof(ULONG) || length % sizeof(ULONG))
        return 0;
    auto const* words = static_cast<ULONG const*>(source);
    SIZE_T i = 0;
    while (i < length / sizeof(ULONG) && words[i] == pattern)
        ++i;
    return i * sizeof(ULONG);
}

ULONG RtlComputeCrc32(ULONG partial, void const* buffer, ULONG length)
{
    auto const* bytes = static_cast<uint8_t const*>(buffer);
    ULONG value = ~partial;
    for (ULONG i = 0; i < length; ++i)
        value = value >> 8 ^ kCrcTable[(value ^ bytes[i]) & 0xff];
    return ~value;
}

void RtlPrefetchMemoryNonTemporal(void const* source, SIZE_T)
{
    __builtin_prefetch(source, 0, 0); // never faults
}

ULONG RtlRandom(ULONG* seed) { return next_random(*seed); }
ULONG RtlRandomEx(ULONG* seed) { return next_random(*seed); }

} // namespace ringside::rtl
