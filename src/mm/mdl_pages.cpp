// SPDX-License-Identifier: MIT
// MDLs that come with pages: MmAllocatePagesForMdl and its younger forms. The pages have no addresses until mapped.
// @cite(wdk-ddi): page=wdm/nf-wdm-mmallocatepagesformdlex
// @cite(wdk-ddi): page=wdm/nf-wdm-mmfreepagesfrommdl
// @cite(wdk-ddi): page=wdm/nf-wdm-mmallocatemdlforiospace
#include "mm/mdl.h"

#include "ke/bugcheck.h"
#include "ke/exception.h"
#include "mm/caller.h"
#include "mm/memory.h"

#include <algorithm>
#include <bit>

namespace ringside::mm {

using namespace nt;
using hal::kPageShift;
using hal::kPageSize;
using hal::Pfn;

namespace {

constexpr ULONG kKnownFlags = MM_DONT_ZERO_ALLOCATION | MM_ALLOCATE_FROM_LOCAL_NODE_ONLY | MM_ALLOCATE_FULLY_REQUIRED
    | MM_ALLOCATE_NO_WAIT | MM_ALLOCATE_PREFER_CONTIGUOUS | MM_ALLOCATE_REQUIRE_CONTIGUOUS_CHUNKS;

struct FrameRange {
    Pfn lowest, highest;
};

// The frames that lie wholly in [low, high]; nothing when there are none.
std::optional<FrameRange> frames_between(uint64_t low, uint64_t high)
{
    Pfn const lowest = (low + kPageSize - 1) >> kPageShift;
    Pfn const end = high == ~uint64_t { 0 } ? ~Pfn { 0 } >> kPageShift : (high + 1) >> kPageShift;
    if (end <= lowest)
        return std::nullopt;
    return FrameRange { lowest, end - 1 };
}

// Fills frames from one range, in as few runs as memory has; returns how many it got.
size_t take(FrameRange range, size_t wanted, PFN_NUMBER* into)
{
    hal::PhysicalMemory& physical = memory().physical;
    size_t got = 0;
    for (size_t run = wanted; got < wanted && run;) {
        run = std::min(run, wanted - got);
        auto first = physical.allocate(run, 1, range.lowest, range.highest);
        if (!first) {
            run /= 2;
            continue;
        }
        for (size_t i = 0; i < run; ++i)
            into[got++] = *first + i;
    }
    return got;
}

void give_back(PFN_NUMBER const* frames, size_t count)
{
    for_each_run(std::span(frames, count), [](size_t, Pfn first, size_t run) { memory().physical.free(first, run); });
}

size_t fill_frames(uint64_t low, uint64_t high, uint64_t skip, size_t pages, ULONG flags, PFN_NUMBER* into)
{
    hal::PhysicalMemory& physical = memory().physical;
    bool const chunks = flags & MM_ALLOCATE_REQUIRE_CONTIGUOUS_CHUNKS;
    if (chunks) {
        // One block, all or nothing; or blocks of `skip` bytes each aligned to their size, as many as there are.
        auto range = frames_between(low, high);
        size_t const chunk = skip ? skip >> kPageShift : pages;
        if (!range || (skip && (!std::has_single_bit(skip) || skip < kPageSize || pages % chunk)))
            return 0;
        for (size_t got = 0; got < pages; got += chunk) {
            auto first = physical.allocate(chunk, skip ? chunk : 1, range->lowest, range->highest);
            if (!first)
                return got;
            for (size_t i = 0; i < chunk; ++i)
                into[got + i] = *first + i;
        }
        return pages;
    }
    size_t got = 0;
    for (;;) {
        if (auto range = frames_between(low, high))
            got += take(*range, pages - got, into + got);
        // The next range lies `skip` further up, as long as there is memory.
        if (got == pages || !skip || low + skip < low || low + skip >= physical.bytes())
            return got;
        low += skip;
        high = high + skip < high ? ~uint64_t { 0 } : high + skip;
    }
}

} // namespace

namespace {

MDL* allocate_pages(PHYSICAL_ADDRESS low, PHYSICAL_ADDRESS high, PHYSICAL_ADDRESS skip, SIZE_T bytes,
                    std::optional<MEMORY_CACHING_TYPE> cache, ULONG flags)
{
    Memory& m = memory();
    auto const skip_bytes = static_cast<uint64_t>(skip.QuadPart);
    if (!bytes || bytes > 4 * hal::kGiB - kPageSize || flags & ~kKnownFlags || skip_bytes % kPageSize)
        return nullptr;
    size_t const pages = hal::page_round_up(bytes) >> kPageShift;
    MDL* mdl = MmCreateMdl(nullptr, nullptr, pages << kPageShift);
    if (!mdl)
        return nullptr;
    size_t const got = fill_frames(static_cast<uint64_t>(low.QuadPart), static_cast<uint64_t>(high.QuadPart),
                                   skip_bytes, pages, flags, frames_of(mdl));
    if (!got || (got < pages && flags & MM_ALLOCATE_FULLY_REQUIRED)) {
        give_back(frames_of(mdl), got);
        g_pool.free(mdl);
        return nullptr;
    }
    mdl->ByteCount = static_cast<ULONG>(got << kPageShift);
    mdl->MdlFlags = MDL_PAGES_LOCKED;
    mdl->Process = nullptr;
    mdl->MappedSystemVa = nullptr;
    m.mdls.page_sets.push_back({ mdl, got, cache, calling_driver(), ++m.mdls.born });
    return mdl;
}

} // namespace

MDL* MmAllocatePagesForMdlEx(PHYSICAL_ADDRESS low, PHYSICAL_ADDRESS high, PHYSICAL_ADDRESS skip, SIZE_T bytes,
                             MEMORY_CACHING_TYPE cache, ULONG flags)
{
    return allocate_pages(low, high, skip, bytes, cache, flags);
}

MDL* MmAllocatePagesForMdl(PHYSICAL_ADDRESS low, PHYSICAL_ADDRESS high, PHYSICAL_ADDRESS skip, SIZE_T bytes)
{
    return allocate_pages(low, high, skip, bytes, std::nullopt, 0);
}

MDL* MmAllocateNodePagesForMdlEx(PHYSICAL_ADDRESS low, PHYSICAL_ADDRESS high, PHYSICAL_ADDRESS skip, SIZE_T bytes,
                                 MEMORY_CACHING_TYPE cache, ULONG, ULONG flags)
{
    return MmAllocatePagesForMdlEx(low, high, skip, bytes, cache, flags);
}

NTSTATUS MmAllocateMdlForIoSpace(MM_PHYSICAL_ADDRESS_LIST* list, SIZE_T entries, MDL** made)
{
    Memory& m = memory();
    auto entry = [&](size_t i) {
        MM_PHYSICAL_ADDRESS_LIST value;
        ke::copy_or_raise(&value, list + i, sizeof value);
        return value;
    };
    uint64_t bytes = 0;
    for (size_t i = 0; i < entries; ++i) {
        auto const range = entry(i);
        auto const base = static_cast<uint64_t>(range.PhysicalAddress.QuadPart);
        if (base % kPageSize || range.NumberOfBytes % kPageSize)
            return STATUS_INVALID_PARAMETER_1;
        Pfn const first = base >> kPageShift;
        size_t const pages = range.NumberOfBytes >> kPageShift;
        if (!pages || first < m.physical.bytes() >> kPageShift || !m.physical.exists(first, pages))
            return STATUS_INVALID_PARAMETER_1;
        bytes += range.NumberOfBytes;
        if (bytes > ~uint32_t { 0 })
            return STATUS_INVALID_PARAMETER_1;
    }
    if (!bytes)
        return STATUS_INVALID_PARAMETER_1;
    MDL* mdl = MmCreateMdl(nullptr, nullptr, bytes);
    if (!mdl)
        return STATUS_INSUFFICIENT_RESOURCES;
    PFN_NUMBER* into = frames_of(mdl);
    for (size_t i = 0; i < entries; ++i) {
        auto const range = entry(i);
        Pfn const first = static_cast<uint64_t>(range.PhysicalAddress.QuadPart) >> kPageShift;
        for (size_t page = 0; page < range.NumberOfBytes >> kPageShift; ++page)
            *into++ = first + page;
    }
    mdl->MdlFlags = static_cast<CSHORT>(MDL_PAGES_LOCKED | MDL_IO_SPACE);
    mdl->Process = nullptr;
    mdl->MappedSystemVa = nullptr;
    ke::copy_or_raise(made, &mdl, sizeof mdl);
    return STATUS_SUCCESS;
}

void MmFreePagesFromMdl(MDL* mdl)
{
    Memory& m = memory();
    auto& sets = m.mdls.page_sets;
    auto it = sets.end();
    while (it != sets.begin() && (it - 1)->mdl != mdl)
        --it;
    if (it == sets.begin() || page_count(mdl) != (it - 1)->pages)
        ke::bug_check(PFN_LIST_CORRUPT, 0x99, mdl->ByteCount ? frames_of(mdl)[0] : 0, 0, 0,
                      "MmFreePagesFromMdl was given an MDL that owns no pages");
    --it;
    // Before Windows 7 the driver had to unmap first; a mapping left then leaks, as it did there.
    if (mdl->MdlFlags & MDL_MAPPED_TO_SYSTEM_VA && m.windows >= Windows::win7)
        drop_system_mapping(mdl, reinterpret_cast<uintptr_t>(mdl->MappedSystemVa));
    for (size_t i = 0; i < it->pages; ++i)
        if (Pfn pfn = frames_of(mdl)[i]; !m.locks.exists(pfn) || m.locks.count(pfn))
            ke::bug_check(PFN_LIST_CORRUPT, 0x9A, pfn, 0, m.locks.exists(pfn) ? m.locks.count(pfn) : 0,
                          "pages were freed that another MDL still holds locked");
    give_back(frames_of(mdl), it->pages);
    sets.erase(it);
    mdl->MdlFlags = static_cast<CSHORT>(mdl->MdlFlags & ~MDL_PAGES_LOCKED);
}

} // namespace ringside::mm
