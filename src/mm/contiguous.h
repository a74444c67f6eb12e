// SPDX-License-Identifier: MIT
// Memory that a driver takes by whole pages: physically contiguous blocks and non-cached ones. Both are runs of frames,
// addressed through the direct map; the record beside tells a free of something else.
#pragma once

#include "nt/nt.h"

#include <map>

namespace ringside::mm {

struct ContiguousBlock {
    size_t pages;
    size_t bytes; // as asked for
    bool non_cached; // MmAllocateNonCachedMemory
    bool may_execute;
    nt::MEMORY_CACHING_TYPE cache;
    uint64_t caller; // return address in the driver
    uint32_t number; // of birth
    bool executes = false; // let_execute has changed its access
};

struct ContiguousBlocks {
    std::map<uintptr_t, ContiguousBlock> blocks;
    uint32_t born = 0;
};

nt::PVOID MmAllocateContiguousMemory(nt::SIZE_T bytes, nt::PHYSICAL_ADDRESS highest);
nt::PVOID MmAllocateContiguousMemorySpecifyCache(nt::SIZE_T bytes, nt::PHYSICAL_ADDRESS lowest,
                                                 nt::PHYSICAL_ADDRESS highest, nt::PHYSICAL_ADDRESS boundary,
                                                 nt::MEMORY_CACHING_TYPE cache);
nt::PVOID MmAllocateContiguousMemorySpecifyCacheNode(nt::SIZE_T bytes, nt::PHYSICAL_ADDRESS lowest,
                                                     nt::PHYSICAL_ADDRESS highest, nt::PHYSICAL_ADDRESS boundary,
                                                     nt::MEMORY_CACHING_TYPE cache, nt::ULONG node);
nt::PVOID MmAllocateContiguousNodeMemory(nt::SIZE_T bytes, nt::PHYSICAL_ADDRESS lowest, nt::PHYSICAL_ADDRESS highest,
                                         nt::PHYSICAL_ADDRESS boundary, nt::ULONG protect, nt::ULONG node);
void MmFreeContiguousMemory(nt::PVOID base);
void MmFreeContiguousMemorySpecifyCache(nt::PVOID base, nt::SIZE_T bytes, nt::MEMORY_CACHING_TYPE cache);
nt::PVOID MmAllocateNonCachedMemory(nt::SIZE_T bytes);
void MmFreeNonCachedMemory(nt::PVOID base, nt::SIZE_T bytes);

// Code was to be run at this address: whether that is in a contiguous block that may, and from now on does. Memory is not
// executable from the start, for what is both written and run would hide a driver's stray jump.
bool let_execute(uintptr_t address);

} // namespace ringside::mm
