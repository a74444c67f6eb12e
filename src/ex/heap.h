// SPDX-License-Identifier: MIT
// Heaps (RtlCreateHeap and its kin). A heap's blocks are paged pool; those of a heap that was given a base stand in the
// caller's memory, whose free stretches are kept beside it. A growable heap has pool's limits, another its reserve size.
#pragma once

#include "nt/nt.h"

#include <map>

namespace ringside::ex {

inline constexpr nt::ULONG HEAP_NO_SERIALIZE = 1;
inline constexpr nt::ULONG HEAP_GROWABLE = 2;
inline constexpr nt::ULONG HEAP_GENERATE_EXCEPTIONS = 4;
inline constexpr nt::ULONG HEAP_ZERO_MEMORY = 8;

using RTL_HEAP_COMMIT_ROUTINE
    = nt::NTSTATUS(NTAPI*)(nt::PVOID base, nt::PVOID* commit_address, nt::SIZE_T* commit_size);

// @cite(wdk-ddi): page=ntifs/ns-ntifs-rtl_heap_parameters
struct RTL_HEAP_PARAMETERS {
    nt::ULONG Length;
    nt::SIZE_T SegmentReserve;
    nt::SIZE_T SegmentCommit;
    nt::SIZE_T DeCommitFreeBlockThreshold;
    nt::SIZE_T DeCommitTotalFreeThreshold;
    nt::SIZE_T MaximumAllocationSize;
    nt::SIZE_T VirtualMemoryThreshold;
    nt::SIZE_T InitialCommit;
    nt::SIZE_T InitialReserve;
    RTL_HEAP_COMMIT_ROUTINE CommitRoutine;
    nt::SIZE_T Reserved[2];
};
static_assert(sizeof(RTL_HEAP_PARAMETERS) == 0x60);

struct Heap {
    nt::ULONG flags = 0;
    uint64_t caller = 0;
    size_t used = 0;
    size_t limit = 0; // of all blocks; growable: none
    size_t block_max = 0; // not growable: of one block
    uintptr_t base = 0; // the caller's memory; 0: pool
    size_t committed = 0; // of it
    RTL_HEAP_COMMIT_ROUTINE commit = nullptr;
    std::map<uintptr_t, size_t> blocks; // live ones
};

struct Heaps {
    std::map<uintptr_t, Heap> heaps; // by handle
};

nt::PVOID RtlCreateHeap(nt::ULONG flags, nt::PVOID base, nt::SIZE_T reserve, nt::SIZE_T commit, nt::PVOID lock,
                        RTL_HEAP_PARAMETERS const* parameters);
nt::PVOID RtlDestroyHeap(nt::PVOID heap);
nt::PVOID RtlAllocateHeap(nt::PVOID heap, nt::ULONG flags, nt::SIZE_T bytes);
nt::BOOLEAN RtlFreeHeap(nt::PVOID heap, nt::ULONG flags, nt::PVOID block);
nt::SIZE_T RtlSizeHeap(nt::PVOID heap, nt::ULONG flags, nt::PVOID block);

} // namespace ringside::ex
