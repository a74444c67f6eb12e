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
nt::PHYSICAL_MEMORY_RANGE* MmGetPhysicalMemoryRanges();

} // namespace ringside::mm
