// SPDX-License-Identifier: MIT
// Physical addresses and what stands behind them: translation, mapping physical ranges, copying from anywhere.
#pragma once

#include "nt/nt.h"

namespace ringside::mm {

nt::PHYSICAL_ADDRESS MmGetPhysicalAddress(nt::PVOID base);
nt::PVOID MmGetVirtualForPhysical(nt::PHYSICAL_ADDRESS physical);
nt::BOOLEAN MmIsAddressValid(nt::PVOID address);
nt::BOOLEAN MmIsNonPagedSystemAddressValid(nt::PVOID address);
// Null for physical addresses that no frame stands behind.
nt::PVOID MmMapIoSpace(nt::PHYSICAL_ADDRESS physical, nt::SIZE_T bytes, nt::MEMORY_CACHING_TYPE cache);
nt::PVOID MmMapIoSpaceEx(nt::PHYSICAL_ADDRESS physical, nt::SIZE_T bytes, nt::ULONG protect);
void MmUnmapIoSpace(nt::PVOID base, nt::SIZE_T bytes);
// The source is an MM_COPY_ADDRESS: a virtual or a physical address.
nt::NTSTATUS MmCopyMemory(nt::PVOID target, nt::ULONG64 source, nt::SIZE_T bytes, nt::ULONG flags,
                          nt::SIZE_T* transferred);
// A pool block of { base, bytes } pairs that ends with zeros.
// A block of pool that the driver frees; an empty range ends it.
nt::PHYSICAL_MEMORY_RANGE* MmGetPhysicalMemoryRanges();
nt::PHYSICAL_MEMORY_RANGE* MmGetPhysicalMemoryRangesEx(nt::PVOID partition);
nt::PHYSICAL_MEMORY_RANGE* MmGetPhysicalMemoryRangesEx2(nt::PVOID partition, nt::ULONG flags);
// Whether MmMapIoSpace maps a part of the range now.
nt::BOOLEAN MmIsIoSpaceActive(nt::PHYSICAL_ADDRESS start, nt::SIZE_T bytes);

} // namespace ringside::mm
