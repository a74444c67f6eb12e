// SPDX-License-Identifier: MIT
// Mapping the pages of an MDL. The direct map serves where that cannot be told from a mapping of its own: consecutive
// frames that belong wholly to the buffer (a client's pages, pages of an MDL), outside verified mode, in which a stale
// mapping must fault.
// @cite(wdk-ddi): page=wdm/nf-wdm-mmmaplockedpagesspecifycache
// @cite(wdk-ddi): page=wdm/nf-wdm-mmunmaplockedpages
// @cite(wdk-ddi): page=wdm/nf-wdm-mmmapmdl
// @cite(wdk-ddi): page=wdm/nf-wdm-mmmaplockedpageswithreservedmapping
// @cite(wdk-docs): page=debugger/bug-check-0xda--system-pte-misuse
#include "mm/mdl.h"

#include "base/check.h"
#include "ke/bugcheck.h"
#include "ke/door.h"
#include "ke/exception.h"
#include "ke/gate.h"
#include "mm/cache_types.h"
#include "mm/caller.h"
#include "mm/mdl_rules.h"
#include "mm/memory.h"

namespace ringside::mm {

using namespace nt;
using hal::kPageShift;
using hal::kPageSize;
using sim::host::Access;

namespace {

uint64_t value(void const* pointer) { return reinterpret_cast<uint64_t>(pointer); }

std::span<hal::Pfn const> checked_frames(MDL* mdl)
{
    Memory& m = memory();
    bool const device = mdl->MdlFlags & MDL_IO_SPACE;
    PFN_NUMBER* const frames = frames_of(mdl);
    size_t const pages = page_count(mdl);
    for (size_t i = 0; i < pages; ++i) {
        if (device ? m.physical.exists(frames[i], 1) : m.locks.exists(frames[i]))
            continue;
        verify_frame(mdl, frames + i);
        ke::bug_check(MEMORY_MANAGEMENT, 0x1236, value(mdl), value(frames + i), frames[i],
                      "an MDL was to be mapped whose page entries were never filled or are corrupt");
    }
    return { frames, pages };
}

bool consecutive(std::span<hal::Pfn const> frames)
{
    for (size_t i = 1; i < frames.size(); ++i)
        if (frames[i] != frames[0] + i)
            return false;
    return !frames.empty();
}

bool has_pages_of_its_own(MDL* mdl)
{
    for (auto const& set : memory().mdls.page_sets)
        if (set.mdl == mdl)
            return true;
    return false;
}

// Whether the pages belong to this buffer alone, so that their access in the direct map may change with the mapping's.
bool direct_map_serves(MDL* mdl, std::span<hal::Pfn const> frames, Access access)
{
    if (ke::g_binding == ke::Binding::Verified || access != Access::ReadWrite || !consecutive(frames))
        return false;
    return hal::is_user(address_of(mdl)) || has_pages_of_its_own(mdl);
}

std::vector<MappedMdl>::iterator find_mapping(MDL* mdl, uintptr_t page)
{
    auto& mapped = memory().mdls.mapped;
    for (auto it = mapped.end(); it != mapped.begin();) {
        --it;
        // MmAdvanceMdl moves the address inside the mapping.
        if (it->mdl == mdl && page >= it->base && page - it->base <= it->pages << kPageShift)
            return it;
    }
    return mapped.end();
}

void undo(std::vector<MappedMdl>::iterator it)
{
    if (!it->direct)
        memory().mappings.release(it->base);
    else if (it->protected_direct)
        sim::host::set_access(it->base, it->pages << kPageShift, Access::ReadWrite);
    memory().mdls.mapped.erase(it);
}

PVOID map_system(MDL* mdl, MEMORY_CACHING_TYPE cache, ULONG priority)
{
    Memory& m = memory();
    auto frames = checked_frames(mdl);
    Access const access = priority & MdlMappingNoWrite ? Access::Read : Access::ReadWrite;
    bool const direct = direct_map_serves(mdl, frames, access);
    uintptr_t base;
    if (direct)
        base = value(hal::PhysicalMemory::address_of(frames[0]));
    else {
        auto room = m.mappings.reserve(frames.size(), SystemMappings::Use::Mdl);
        if (!room)
            return nullptr;
        base = *room;
        // What the pages have counts; what is asked for, only when they have none.
        if (mdl->MdlFlags & MDL_IO_SPACE && !frames.empty())
            m.mappings.find(base)->cache = cache_type_of(frames[0], 1).value_or(cache);
        m.mappings.map(base, frames, access);
    }
    m.mdls.mapped.push_back({ mdl, base, frames.size(), direct, false, calling_driver(), ++m.mdls.born });
    mdl->MappedSystemVa = reinterpret_cast<void*>(base + mdl->ByteOffset);
    ULONG flags = mdl->MdlFlags | MDL_MAPPED_TO_SYSTEM_VA;
    if (flags & MDL_PARTIAL)
        flags |= MDL_PARTIAL_HAS_BEEN_MAPPED;
    mdl->MdlFlags = static_cast<CSHORT>(flags);
    return mdl->MappedSystemVa;
}

PVOID map_user(MDL* mdl, PVOID requested, ULONG priority)
{
    AddressSpaces& spaces = memory().spaces;
    Slice* slice = spaces.current();
    if (!slice)
        ke::raise(STATUS_INVALID_ADDRESS); // the System process has no user addresses
    uintptr_t const at = hal::page_of(value(requested));
    auto view = spaces.map_mdl(*slice, checked_frames(mdl), !(priority & MdlMappingNoWrite), at);
    if (!view)
        ke::raise(view.status());
    return reinterpret_cast<void*>(*view + mdl->ByteOffset);
}

} // namespace

PVOID MmMapLockedPagesSpecifyCache(MDL* mdl, KPROCESSOR_MODE mode, MEMORY_CACHING_TYPE cache, PVOID requested,
                                   ULONG bug_check_on_failure, ULONG priority)
{
    if (mode == UserMode) {
        PVOID const view = map_user(mdl, requested, priority);
        settle_cache_type(mdl, cache);
        return view;
    }
    verify_before_map(mdl);
    PVOID mapped = map_system(mdl, cache, priority);
    if (mapped)
        settle_cache_type(mdl, cache);
    if (!mapped && bug_check_on_failure)
        ke::bug_check(NO_MORE_SYSTEM_PTES, 0, page_count(mdl), 0, 0, "no addresses are left for a system mapping");
    return mapped;
}

PVOID MmMapLockedPages(MDL* mdl, KPROCESSOR_MODE mode)
{
    return MmMapLockedPagesSpecifyCache(mdl, mode, MmCached, nullptr, TRUE, HighPagePriority);
}

void drop_system_mapping(MDL* mdl, uintptr_t address)
{
    auto it = find_mapping(mdl, hal::page_of(address));
    if (it == memory().mdls.mapped.end())
        ke::bug_check(SYSTEM_PTE_MISUSE, 6, value(mdl), address, page_count(mdl),
                      "a mapping was taken away from an MDL that is not mapped there");
    undo(it);
    ULONG const gone = MDL_MAPPED_TO_SYSTEM_VA | MDL_PARTIAL_HAS_BEEN_MAPPED | MDL_FREE_EXTRA_PTES;
    mdl->MdlFlags = static_cast<CSHORT>(mdl->MdlFlags & ~gone);
}

void MmUnmapLockedPages(PVOID base, MDL* mdl)
{
    auto const address = value(base);
    if (!hal::is_user(address)) {
        verify_before_unmap(mdl);
        drop_system_mapping(mdl, address);
        return;
    }
    AddressSpaces& spaces = memory().spaces;
    if (spaces.current() && spaces.unmap_mdl(*spaces.current(), hal::page_of(address)))
        return;
    verify_user_unmap(mdl, address);
    ke::bug_check(SYSTEM_PTE_MISUSE, 6, value(mdl), address, page_count(mdl),
                  "a user mapping was taken away that the current process does not have");
}

// The MDL is mapped for the length of the call, unless it has a system address.
NTSTATUS MmMapMdl(MDL* mdl, ULONG protect, MM_MDL_ROUTINE routine, PVOID context)
{
    if (!mdl || !routine)
        return STATUS_INVALID_PARAMETER;
    ULONG priority = NormalPagePriority;
    switch (protect) {
    case PAGE_READONLY:
        priority |= MdlMappingNoWrite;
        break;
    case PAGE_READWRITE:
        break;
    default:
        return STATUS_INVALID_PAGE_PROTECTION;
    }
    bool const mapped_before = mdl->MdlFlags & (MDL_MAPPED_TO_SYSTEM_VA | MDL_SOURCE_IS_NONPAGED_POOL);
    PVOID const at = mapped_before ? mdl->MappedSystemVa
                                   : MmMapLockedPagesSpecifyCache(mdl, KernelMode, MmCached, nullptr, FALSE, priority);
    if (!at)
        return STATUS_INSUFFICIENT_RESOURCES;
    ke::through_door(ke::DoorPassage { ke::Door::Other, nullptr }, routine, context, at);
    if (!mapped_before)
        MmUnmapLockedPages(at, mdl);
    return STATUS_SUCCESS;
}

NTSTATUS MmProtectMdlSystemAddress(MDL* mdl, ULONG protect)
{
    if (!(mdl->MdlFlags & MDL_MAPPED_TO_SYSTEM_VA))
        return STATUS_NOT_MAPPED_VIEW;
    Access access;
    switch (protect) {
    case PAGE_NOACCESS:
        access = Access::None;
        break;
    case PAGE_READONLY:
        access = Access::Read;
        break;
    case PAGE_READWRITE:
        access = Access::ReadWrite;
        break;
    case PAGE_EXECUTE: // x64 has no page that can be executed and not read
    case PAGE_EXECUTE_READ:
        access = Access::ReadExecute;
        break;
    case PAGE_EXECUTE_READWRITE:
        access = Access::All;
        break;
    default:
        return STATUS_INVALID_PAGE_PROTECTION;
    }
    auto it = find_mapping(mdl, hal::page_of(value(mdl->MappedSystemVa)));
    if (it == memory().mdls.mapped.end())
        return STATUS_NOT_MAPPED_VIEW; // a partial MDL that uses its parent's mapping
    if (it->direct) {
        it->protected_direct = true;
        sim::host::set_access(it->base, it->pages << kPageShift, access);
    } else
        memory().mappings.protect(it->base, access);
    return STATUS_SUCCESS;
}

// --- Reserved ranges ---

PVOID MmAllocateMappingAddress(SIZE_T bytes, ULONG tag)
{
    if (!bytes)
        ke::bug_check(SYSTEM_PTE_MISUSE, 0x100, 0, tag, calling_driver(), "a mapping range of no bytes was asked for");
    if (bytes > hal::kSystemMappingsHigh - hal::kSystemMappings)
        return nullptr;
    auto base = memory().mappings.reserve(hal::page_round_up(bytes) >> kPageShift, SystemMappings::Use::Reserved, tag);
    return base ? reinterpret_cast<void*>(*base) : nullptr;
}

namespace {
// The three codes: not reserved at all, somebody else's; what Windows calls them differs per caller.
SystemMappings::Range& require_reserved(PVOID base, ULONG tag, uint64_t code_empty, uint64_t code_foreign)
{
    SystemMappings::Range* range = memory().mappings.find(value(base));
    if (!range || range->use != SystemMappings::Use::Reserved)
        ke::bug_check(SYSTEM_PTE_MISUSE, code_empty, value(base), tag, 0, "no reserved mapping range starts there");
    if (range->tag != tag)
        ke::bug_check(SYSTEM_PTE_MISUSE, code_foreign, value(base), tag, range->tag,
                      "the mapping range was reserved with another tag");
    return *range;
}
} // namespace

void MmFreeMappingAddress(PVOID base, ULONG tag)
{
    auto& range = require_reserved(base, tag, 0x102, 0x101);
    if (range.mapped)
        ke::bug_check(SYSTEM_PTE_MISUSE, 0x103, value(base), tag, range.pages,
                      "a reserved mapping range was freed with an MDL still mapped there");
    memory().mappings.release(value(base));
}

PVOID MmMapLockedPagesWithReservedMapping(PVOID base, ULONG tag, MDL* mdl, MEMORY_CACHING_TYPE cache)
{
    auto& range = require_reserved(base, tag, 0x105, 0x104);
    if (range.mapped)
        ke::bug_check(SYSTEM_PTE_MISUSE, 0x107, value(base), value(base),
                      value(base) + ((range.pages - 1) << kPageShift), "an MDL was mapped where another still is");
    auto frames = checked_frames(mdl);
    if (frames.empty() || frames.size() > range.pages)
        return nullptr;
    memory().mappings.map(value(base), frames, Access::ReadWrite);
    settle_cache_type(mdl, cache);
    // The field has no byte offset here, other than after MmMapLockedPagesSpecifyCache.
    mdl->MappedSystemVa = base;
    ULONG flags = mdl->MdlFlags | MDL_MAPPED_TO_SYSTEM_VA;
    if (flags & MDL_PARTIAL)
        flags |= MDL_PARTIAL_HAS_BEEN_MAPPED;
    mdl->MdlFlags = static_cast<CSHORT>(flags);
    return static_cast<char*>(base) + mdl->ByteOffset;
}

void MmUnmapReservedMapping(PVOID base, ULONG tag, MDL* mdl)
{
    auto& range = require_reserved(base, tag, 0x109, 0x108);
    size_t const pages = page_count(mdl);
    if (pages > range.pages)
        ke::bug_check(SYSTEM_PTE_MISUSE, 0x10A, value(base), range.pages, pages,
                      "more pages were unmapped than the reserved range has");
    if (pages > range.mapped)
        ke::bug_check(SYSTEM_PTE_MISUSE, 0x10B, value(base), tag, pages, "pages were unmapped that are not mapped");
    if (pages < range.mapped)
        ke::bug_check(SYSTEM_PTE_MISUSE, 0x10C, value(base), tag, pages, "not all that is mapped there was unmapped");
    memory().mappings.unmap(value(base));
    mdl->MdlFlags = static_cast<CSHORT>(mdl->MdlFlags & ~(MDL_MAPPED_TO_SYSTEM_VA | MDL_PARTIAL_HAS_BEEN_MAPPED));
}

} // namespace ringside::mm
