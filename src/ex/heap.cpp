// SPDX-License-Identifier: MIT
// @cite(wdk-ddi): page=ntifs/nf-ntifs-rtlcreateheap
// @cite(wdk-ddi): page=ntifs/nf-ntifs-rtlallocateheap
// @cite(wdk-ddi): page=ntifs/ns-ntifs-rtl_heap_parameters
#include "ex/heap.h"

#include "ex/executive.h"
#include "ke/door.h"
#include "ke/exception.h"
#include "mm/caller.h"

#include <cstring>

namespace ringside::ex {

using namespace nt;

namespace {

constexpr ULONG kHeapTag = 0x70616548; // 'Heap'
constexpr size_t kHeaderBytes = 64;    // at the start of a caller's memory: its address is the handle
constexpr size_t kDefaultReserve = 64 * hal::kPageSize;
constexpr size_t kReserveUnit = 16 * hal::kPageSize;
constexpr size_t kBlockMax = 0x7F000; // of a heap that does not grow

Heap* find(PVOID handle)
{
    auto& heaps = executive().heaps.heaps;
    auto const it = heaps.find(reinterpret_cast<uintptr_t>(handle));
    return it == heaps.end() ? nullptr : &it->second;
}

constexpr size_t unit(size_t bytes) { return bytes ? (bytes + 15) & ~size_t { 15 } : 16; }

// Makes the caller's memory usable up to `end`.
bool commit_up_to(Heap& heap, size_t end)
{
    if (end <= heap.committed)
        return true;
    if (!heap.commit)
        return false;
    PVOID at = reinterpret_cast<PVOID>(heap.base + heap.committed);
    SIZE_T bytes = hal::page_round_up(end - heap.committed);
    auto const commit = heap.commit;
    if (!NT_SUCCESS(ke::through_door(ke::DoorPassage { ke::Door::Other, nullptr }, commit,
                                     reinterpret_cast<PVOID>(heap.base), &at, &bytes)))
        return false;
    heap.committed = std::max(heap.committed, reinterpret_cast<uintptr_t>(at) + bytes - heap.base);
    return end <= heap.committed;
}

// First fit between the live blocks.
uintptr_t place(Heap& heap, size_t bytes)
{
    uintptr_t at = heap.base + kHeaderBytes;
    for (auto const& [block, size] : heap.blocks) {
        if (block - at >= bytes)
            break;
        at = block + unit(size);
    }
    if (heap.base + heap.limit - at < bytes || !commit_up_to(heap, at + bytes - heap.base))
        return 0;
    return at;
}

} // namespace

PVOID RtlCreateHeap(ULONG flags, PVOID base, SIZE_T reserve, SIZE_T commit, PVOID lock,
                    RTL_HEAP_PARAMETERS const* parameters)
{
    RTL_HEAP_PARAMETERS extra {};
    if (parameters && parameters->Length == sizeof extra)
        extra = *parameters;
    bool const growable = flags & HEAP_GROWABLE;
    if ((lock && flags & HEAP_NO_SERIALIZE) || (extra.CommitRoutine && (growable || !base)))
        return nullptr;
    if (!reserve)
        reserve = commit ? (commit + kReserveUnit - 1) / kReserveUnit * kReserveUnit : kDefaultReserve;
    reserve = hal::page_round_up(reserve);
    commit = std::min(hal::page_round_up(std::max<SIZE_T>(commit, 1)), reserve);
    Heap heap { .flags = flags, .caller = mm::calling_driver(), .limit = reserve, .blocks = {} };
    heap.block_max = kBlockMax;
    if (extra.VirtualMemoryThreshold)
        heap.block_max = std::min<size_t>(heap.block_max, extra.VirtualMemoryThreshold);
    PVOID handle = base;
    if (base) {
        heap.base = reinterpret_cast<uintptr_t>(base);
        heap.commit = extra.CommitRoutine;
        // Without a routine that commits, all of it must be there.
        heap.committed = !heap.commit ? reserve : std::min<size_t>(extra.InitialCommit, reserve);
    } else if (!(handle = allocate(PagedPool, kHeaderBytes, kHeapTag, Owner::Driver, true)))
        return nullptr;
    executive().heaps.heaps.insert_or_assign(reinterpret_cast<uintptr_t>(handle), std::move(heap));
    return handle;
}

PVOID RtlDestroyHeap(PVOID handle)
{
    Heap* heap = find(handle);
    if (!heap)
        return handle;
    if (!heap->base) {
        for (auto const& [block, size] : heap->blocks)
            free(reinterpret_cast<PVOID>(block), kHeapTag);
        free(handle, kHeapTag);
    }
    executive().heaps.heaps.erase(reinterpret_cast<uintptr_t>(handle));
    return nullptr;
}

PVOID RtlAllocateHeap(PVOID handle, ULONG flags, SIZE_T bytes)
{
    Heap* heap = find(handle);
    if (!heap)
        return nullptr;
    uintptr_t block = 0;
    bool const growable = heap->flags & HEAP_GROWABLE;
    bool const fits
        = growable && !heap->base ? true : bytes <= heap->block_max && heap->used + unit(bytes) <= heap->limit;
    if (fits && heap->base)
        block = place(*heap, unit(bytes));
    else if (fits)
        block = reinterpret_cast<uintptr_t>(allocate(PagedPool, bytes, kHeapTag, Owner::Driver, false));
    if (!block) {
        if ((flags | heap->flags) & HEAP_GENERATE_EXCEPTIONS)
            ke::raise(STATUS_NO_MEMORY);
        return nullptr;
    }
    heap->blocks.emplace(block, bytes);
    heap->used += unit(bytes);
    if (flags & HEAP_ZERO_MEMORY)
        std::memset(reinterpret_cast<PVOID>(block), 0, bytes);
    return reinterpret_cast<PVOID>(block);
}

BOOLEAN RtlFreeHeap(PVOID handle, ULONG, PVOID block)
{
    Heap* heap = find(handle);
    auto const it = heap ? heap->blocks.find(reinterpret_cast<uintptr_t>(block)) : decltype(heap->blocks.begin()) {};
    if (!heap || it == heap->blocks.end())
        return FALSE;
    heap->used -= unit(it->second);
    heap->blocks.erase(it);
    if (!heap->base)
        free(block, kHeapTag);
    return TRUE;
}

SIZE_T RtlSizeHeap(PVOID handle, ULONG, PVOID block)
{
    Heap const* heap = find(handle);
    if (heap)
        if (auto const it = heap->blocks.find(reinterpret_cast<uintptr_t>(block)); it != heap->blocks.end())
            return it->second;
    return ~SIZE_T { 0 };
}

} // namespace ringside::ex
