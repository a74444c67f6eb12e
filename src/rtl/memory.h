// SPDX-License-Identifier: MIT
// Comparison and checksums of memory. What writes memory (memcpy and its family) lives in room ke.
#pragma once

#include "nt/types.h"

namespace ringside::rtl {

// Bytes that agree, from the start.
SIZE_T RtlCompareMemory(void const* first, void const* second, SIZE_T length);
// Bytes that repeat the pattern; 0 where address or length is not a multiple of four.
SIZE_T RtlCompareMemoryUlong(void const* source, SIZE_T length, ULONG pattern);
// CRC-32 (IEEE 802.3); `partial` continues an earlier result, 0 begins.
ULONG RtlComputeCrc32(ULONG partial, void const* buffer, ULONG length);
// A hint; has no effect that can be seen.
void RtlPrefetchMemoryNonTemporal(void const* source, SIZE_T length);

// Random numbers from 0 to MAXLONG - 1. On Windows the seed also draws from a hidden table; here the result depends on
// the seed alone, which keeps a run reproducible whoever else asks.
ULONG RtlRandom(ULONG* seed);
ULONG RtlRandomEx(ULONG* seed);

} // namespace ringside::rtl
