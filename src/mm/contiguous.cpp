// SPDX-License-Identifier: MIT
// @cite(wdk-ddi): page=ntddk/nf-ntddk-mmallocatecontiguousmemoryspecifycache
// @cite(wdk-ddi): page=ntddk/nf-ntddk-mmfreecontiguousmemory
// @cite(wdk-docs): page=debugger/bug-check-0xc2--bad-pool-caller
#include "mm/contiguous.h"

#include "ke/bugcheck.h"
#include "mm/cache_types.h"
#include "mm/caller.h"
#include "mm/memory.h"

#include <bit>

namespace ringside::mm {

using namespace nt;
using hal::kPageShift;
using hal::kPageSize;
using hal::PhysicalMemory;

namespace {

uint64_t bits(PHYSICAL_ADDRESS address) { return static_cast<uint64_t>(address.QuadPart); }

bool crosses(hal::Pfn first, size_t pages, uint64_t boundary_pages)
{
    return first / boundary_pages != (first + pages - 1) / boundary_pages;
}

std::optional<hal::Pfn> find_frames(size_t pages, uint64_t lowest, uint64_t highest, uint64_t boundary)
{
    PhysicalMemory& physical = memory().physical;
    hal::Pfn const first_allowed = (lowest + kPageSize - 1) >> kPageShift;
    // The last byte must not lie above `highest`: of a frame that it cuts nothing may be used.
    uint64_t const frames_below = highest == ~uint64_t { 0 } ? ~hal::Pfn { 0 } : (highest + 1) >> kPageShift;
    if (!frames_below)
        return std::nullopt;
    hal::Pfn const last_allowed = frames_below == ~hal::Pfn { 0 } ? frames_below : frames_below - 1;
    uint64_t const boundary_pages = boundary >> kPageShift;
    if (boundary && (boundary_pages < pages || !std::has_single_bit(boundary)))
        return std::nullopt;
    auto pfn = physical.allocate(pages, 1, first_allowed, last_allowed);
    if (!pfn || !boundary || !crosses(*pfn, pages, boundary_pages))
        return pfn;
    // A block aligned to a power of two no smaller than itself crosses no multiple of a larger one.
    physical.free(*pfn, pages);
    return physical.allocate(pages, std::bit_ceil(pages), first_allowed, last_allowed);
}

enum class Kind : uint8_t { Executable, NoExecute, NonCached };

void* allocate(size_t bytes, uint64_t lowest, uint64_t highest, uint64_t boundary, MEMORY_CACHING_TYPE cache,
               Kind kind = Kind::Executable)
{
    Memory& m = memory();
    if (!bytes || bytes > m.physical.bytes())
        return nullptr;
    size_t const pages = hal::page_round_up(bytes) >> kPageShift;
    auto pfn = find_frames(pages, lowest, highest, boundary);
    if (!pfn)
        return nullptr;
    void* base = PhysicalMemory::address_of(*pfn);
    m.contiguous.blocks[reinterpret_cast<uintptr_t>(base)]
        = { .pages = pages,
            .bytes = bytes,
            .non_cached = kind == Kind::NonCached,
            .may_execute = kind == Kind::Executable,
            .cache = cache,
            .caller = calling_driver(),
            .number = ++m.contiguous.born };
    return base;
}

void release(std::map<uintptr_t, ContiguousBlock>::iterator it)
{
    Memory& m = memory();
    hal::Pfn const first = (it->first - hal::kDirectMap) >> kPageShift;
    for (size_t i = 0; i < it->second.pages; ++i)
        if (m.locks.count(first + i))
            ke::bug_check(PFN_LIST_CORRUPT, 0x9A, first + i, 0, m.locks.count(first + i),
                          "pages were freed that an MDL still holds locked");
    if (it->second.executes)
        sim::host::set_access(it->first, it->second.pages << kPageShift, sim::host::Access::ReadWrite);
    m.physical.free(first, it->second.pages);
    m.contiguous.blocks.erase(it);
}

} // namespace

PVOID MmAllocateContiguousMemory(SIZE_T bytes, PHYSICAL_ADDRESS highest)
{
    return allocate(bytes, 0, bits(highest), 0, MmCached);
}

PVOID MmAllocateContiguousMemorySpecifyCache(SIZE_T bytes, PHYSICAL_ADDRESS lowest, PHYSICAL_ADDRESS highest,
                                             PHYSICAL_ADDRESS boundary, MEMORY_CACHING_TYPE cache)
{
    return allocate(bytes, bits(lowest), bits(highest), bits(boundary), cache);
}

PVOID MmAllocateContiguousMemorySpecifyCacheNode(SIZE_T bytes, PHYSICAL_ADDRESS lowest, PHYSICAL_ADDRESS highest,
                                                 PHYSICAL_ADDRESS boundary, MEMORY_CACHING_TYPE cache, ULONG)
{
    return allocate(bytes, bits(lowest), bits(highest), bits(boundary), cache);
}

PVOID MmAllocateContiguousNodeMemory(SIZE_T bytes, PHYSICAL_ADDRESS lowest, PHYSICAL_ADDRESS highest,
                                     PHYSICAL_ADDRESS boundary, ULONG protect, ULONG)
{
    ULONG const access = protect & ~(PAGE_NOCACHE | PAGE_WRITECOMBINE);
    if ((access != PAGE_READWRITE && access != PAGE_EXECUTE_READWRITE)
        || (protect & (PAGE_NOCACHE | PAGE_WRITECOMBINE)) == (PAGE_NOCACHE | PAGE_WRITECOMBINE))
        return nullptr;
    return allocate(bytes, bits(lowest), bits(highest), bits(boundary), cache_type_of_protection(protect),
                    access == PAGE_READWRITE ? Kind::NoExecute : Kind::Executable);
}

void MmFreeContiguousMemory(PVOID base)
{
    auto& blocks = memory().contiguous.blocks;
    auto it = blocks.find(reinterpret_cast<uintptr_t>(base));
    if (it == blocks.end() || it->second.non_cached)
        ke::bug_check(BAD_POOL_CALLER, 0x60, reinterpret_cast<uint64_t>(base), 0, 0,
                      "MmFreeContiguousMemory was given an address that no contiguous block starts at");
    release(it);
}

void MmFreeContiguousMemorySpecifyCache(PVOID base, SIZE_T, MEMORY_CACHING_TYPE) { MmFreeContiguousMemory(base); }

PVOID MmAllocateNonCachedMemory(SIZE_T bytes) { return allocate(bytes, 0, ~uint64_t { 0 }, 0, MmNonCached, Kind::NonCached); }

void MmFreeNonCachedMemory(PVOID base, SIZE_T bytes)
{
    auto& blocks = memory().contiguous.blocks;
    auto it = blocks.find(reinterpret_cast<uintptr_t>(base));
    size_t const pages = hal::page_round_up(bytes) >> kPageShift;
    if (it == blocks.end() || !it->second.non_cached)
        ke::bug_check(SYSTEM_PTE_MISUSE, 0x302, reinterpret_cast<uint64_t>(base), 0, 0,
                      "MmFreeNonCachedMemory was given an address that no non-cached block starts at");
    if (it->second.pages != pages)
        ke::bug_check(SYSTEM_PTE_MISUSE, 0x305, reinterpret_cast<uint64_t>(base), pages, it->second.pages,
                      "MmFreeNonCachedMemory was given another size than the block has");
    release(it);
}

bool let_execute(uintptr_t address)
{
    auto& blocks = memory().contiguous.blocks;
    auto it = blocks.upper_bound(address);
    if (it == blocks.begin())
        return false;
    ContiguousBlock& block = (--it)->second;
    size_t const bytes = block.pages << kPageShift;
    if (address - it->first >= bytes || !block.may_execute || block.executes)
        return false;
    block.executes = true;
    sim::host::set_access(it->first, bytes, sim::host::Access::All);
    return true;
}

} // namespace ringside::mm
