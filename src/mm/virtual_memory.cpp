// SPDX-License-Identifier: MIT
// @cite(wdk-ddi): page=ntifs/nf-ntifs-ntallocatevirtualmemory
// @cite(wdk-ddi): page=ntifs/nf-ntifs-ntfreevirtualmemory
// @cite(wdk-ddi): page=ntifs/nf-ntifs-ntqueryvirtualmemory
#include "mm/virtual_memory.h"

#include "base/check.h"
#include "mm/memory.h"
#include "mm/protection.h"
#include "mm/section.h"

namespace ringside::mm {

using namespace nt;
using hal::kPageShift;
using hal::kPageSize;
using Kind = UserAllocation::Kind;

namespace {

constexpr uintptr_t kHighest = hal::kUserProbeAddress - 1;
constexpr uint64_t kZeroBitsMax = 20;

Result<Slice*> slice_for(ke::Process& process)
{
    Slice* slice = memory().spaces.slice_of(&process);
    if (!slice)
        return Failure { STATUS_PROCESS_IS_TERMINATING };
    return slice;
}

Slice& require_slice(ke::Process& process)
{
    Slice* slice = memory().spaces.slice_of(&process);
    CHECK(slice, "the process has no user addresses");
    return *slice;
}

uintptr_t end_of(AllocationIterator it) { return it->first + (it->second.pages << kPageShift); }

// The pages around [base, base + bytes); the failures are those of the base and of the size.
Result<Region> pages_around(uintptr_t base, size_t bytes, NTSTATUS bad_base, NTSTATUS bad_size)
{
    if (base > kHighest)
        return Failure { bad_base };
    if (bytes > hal::kUserProbeAddress - base)
        return Failure { bad_size };
    uintptr_t const begin = hal::page_of(base);
    return Region { begin, hal::page_round_up(base + bytes) - begin };
}

Result<Region> reserve_memory(Slice& slice, uintptr_t base, size_t bytes, ULONG type, ULONG protect)
{
    AddressSpaces& spaces = memory().spaces;
    uintptr_t const begin = base & ~(kGranularity - 1);
    if (base && !begin)
        return Failure { STATUS_CONFLICTING_ADDRESSES };
    size_t const pages = (hal::page_round_up(base + bytes) - begin) >> kPageShift;
    auto room = spaces.find_room(slice, pages, begin, type & MEM_TOP_DOWN);
    if (!room)
        return Failure { base ? STATUS_CONFLICTING_ADDRESSES : STATUS_NO_MEMORY };
    spaces.reserve(slice, *room, { pages, Kind::Private, protect });
    Region const region { *room, pages << kPageShift };
    if (type & MEM_COMMIT) {
        auto done = spaces.commit(slice, region.base, region.base + region.bytes, protect);
        if (!done.ok()) {
            spaces.release(slice, slice.allocations.find(region.base));
            return done.failure();
        }
    }
    return region;
}

// Of pages that are reserved already, or committed.
Result<Region> commit_memory(Slice& slice, Region region, ULONG protect)
{
    AddressSpaces& spaces = memory().spaces;
    uintptr_t const end = region.base + region.bytes;
    auto it = spaces.find(slice, region.base);
    if (it == slice.allocations.end() || end > end_of(it))
        return Failure { STATUS_CONFLICTING_ADDRESSES };
    switch (it->second.kind) {
    case Kind::MdlView:
    case Kind::Image:
        return Failure { STATUS_CONFLICTING_ADDRESSES };
    case Kind::SectionView:
        TRY(memory().sections.commit_view(slice, it, region.base, end, protect));
        return region;
    case Kind::Private:
        if (is_copy_on_write(protect))
            return Failure { STATUS_INVALID_PAGE_PROTECTION };
        if (spaces.committed(slice, region.base, end))
            TRY(check_secured(slice, region.base, end, protect, KernelMode));
        TRY(spaces.commit(slice, region.base, end, protect));
        return region;
    }
    return region;
}

} // namespace

Result<void> check_secured(Slice const& slice, uintptr_t begin, uintptr_t end, ULONG protect, KPROCESSOR_MODE mode)
{
    for (SecuredRange const& secured : slice.secured) {
        if (begin >= secured.end || secured.begin >= end || (secured.user_mode_only && mode == KernelMode))
            continue;
        bool const narrows
            = secured.no_change || is_guard(protect) || !(secured.write ? is_writable(protect) : is_readable(protect));
        if (narrows)
            return Failure { STATUS_INVALID_PAGE_PROTECTION };
    }
    return {};
}

Result<Region> allocate_memory(ke::Process& process, uintptr_t base, uint64_t zero_bits, size_t bytes, ULONG type,
                               ULONG protect)
{
    constexpr ULONG kTypes = MEM_COMMIT | MEM_RESERVE | MEM_RESET | MEM_TOP_DOWN;
    if (zero_bits > kZeroBitsMax)
        return Failure { STATUS_INVALID_PARAMETER_3 };
    if ((type & ~kTypes) || !(type & (MEM_COMMIT | MEM_RESERVE | MEM_RESET)))
        return Failure { STATUS_INVALID_PARAMETER_5 };
    if ((type & MEM_RESET) && type != MEM_RESET)
        return Failure { STATUS_INVALID_PARAMETER_5 };
    if (!is_protection(protect))
        return Failure { STATUS_INVALID_PAGE_PROTECTION };
    if (!bytes)
        return Failure { STATUS_INVALID_PARAMETER_4 };
    Region const region = TRY(pages_around(base, bytes, STATUS_INVALID_PARAMETER_2, STATUS_INVALID_PARAMETER_4));
    Slice& slice = *TRY(slice_for(process));
    if (type == MEM_RESET) {
        // Nothing is written anywhere that could be left unwritten: the contents stay, as they may.
        auto it = memory().spaces.find(slice, region.base);
        if (it == slice.allocations.end() || region.base + region.bytes > end_of(it))
            return Failure { STATUS_CONFLICTING_ADDRESSES };
        return region;
    }
    // Committing without a place to do it reserves one.
    bool const reserves = (type & MEM_RESERVE) || !base;
    if (!reserves)
        return commit_memory(slice, region, protect);
    if (is_copy_on_write(protect))
        return Failure { STATUS_INVALID_PAGE_PROTECTION };
    // No user address has its upper bits clear: those below 4 GiB are not the machine's to give.
    if (zero_bits && !base)
        return Failure { STATUS_NO_MEMORY };
    return reserve_memory(slice, base, bytes, type, protect);
}

Result<Region> free_memory(ke::Process& process, uintptr_t base, size_t bytes, ULONG type, KPROCESSOR_MODE mode)
{
    if (type != MEM_DECOMMIT && type != MEM_RELEASE)
        return Failure { STATUS_INVALID_PARAMETER_4 };
    Region region = TRY(pages_around(base, bytes, STATUS_INVALID_PARAMETER_2, STATUS_INVALID_PARAMETER_3));
    Slice& slice = *TRY(slice_for(process));
    AddressSpaces& spaces = memory().spaces;
    auto it = spaces.find(slice, region.base);
    if (it == slice.allocations.end())
        return Failure { STATUS_MEMORY_NOT_ALLOCATED };
    if (it->second.kind != Kind::Private)
        return Failure { type == MEM_RELEASE ? STATUS_UNABLE_TO_DELETE_SECTION : STATUS_UNABLE_TO_DECOMMIT_VM };
    if (!bytes) {
        if (region.base != it->first)
            return Failure { STATUS_FREE_VM_NOT_AT_BASE };
        region = { it->first, it->second.pages << kPageShift };
    }
    uintptr_t const end = region.base + region.bytes;
    if (end > end_of(it))
        return Failure { STATUS_UNABLE_TO_FREE_VM };
    // A size is what the region has, or the release is none of the region.
    if (type == MEM_RELEASE && (region.base != it->first || end != end_of(it)))
        return Failure { STATUS_UNABLE_TO_FREE_VM };
    TRY(check_secured(slice, region.base, end, 0, mode));
    if (type == MEM_RELEASE)
        spaces.release(slice, it);
    else
        spaces.decommit(slice, region.base, end);
    return region;
}

Result<Protected> protect_memory(ke::Process& process, uintptr_t base, size_t bytes, ULONG protect,
                                 KPROCESSOR_MODE mode)
{
    if (!is_protection(protect))
        return Failure { STATUS_INVALID_PAGE_PROTECTION };
    if (!bytes)
        return Failure { STATUS_INVALID_PARAMETER_3 };
    Region const region = TRY(pages_around(base, bytes, STATUS_INVALID_PARAMETER_2, STATUS_INVALID_PARAMETER_3));
    uintptr_t const end = region.base + region.bytes;
    Slice& slice = *TRY(slice_for(process));
    AddressSpaces& spaces = memory().spaces;
    auto it = spaces.find(slice, region.base);
    if (it == slice.allocations.end() || end > end_of(it))
        return Failure { STATUS_CONFLICTING_ADDRESSES };
    if (!spaces.committed(slice, region.base, end))
        return Failure { STATUS_NOT_COMMITTED };
    switch (it->second.kind) {
    case Kind::MdlView: // the pages are a driver's: the user may not get more than it gave
        if (is_copy_on_write(protect) || is_guard(protect)
            || (is_writable(protect) && !is_writable(it->second.protect)))
            return Failure { STATUS_INVALID_PAGE_PROTECTION };
        break;
    case Kind::SectionView:
        if (!it->second.section->permits(protect))
            return Failure { STATUS_SECTION_PROTECTION };
        break;
    case Kind::Private:
    case Kind::Image: // nobody shares its pages: there is nothing to copy
        if (is_copy_on_write(protect))
            return Failure { STATUS_INVALID_PAGE_PROTECTION };
        break;
    }
    TRY(check_secured(slice, region.base, end, protect, mode));
    ULONG const before = AddressSpaces::protection_at(slice, region.base);
    spaces.set_protect(slice, region.base, end, protect);
    // Pages with a copy of their own need no second one.
    if (is_copy_on_write(protect))
        for (auto copied = slice.copied.lower_bound(region.base); copied != slice.copied.end() && *copied < end;
             ++copied)
            spaces.set_protect(slice, *copied, *copied + kPageSize, after_copy(protect));
    return Protected { region, before };
}

Result<MEMORY_BASIC_INFORMATION> query_memory(ke::Process& process, uintptr_t address)
{
    if (address > kHighest)
        return Failure { STATUS_INVALID_PARAMETER };
    Slice* slice = memory().spaces.slice_of(&process);
    uintptr_t const page = hal::page_of(address);
    MEMORY_BASIC_INFORMATION info {};
    info.BaseAddress = reinterpret_cast<void*>(page);
    auto it = slice ? memory().spaces.find(*slice, page) : AllocationIterator {};
    if (!slice || it == slice->allocations.end()) {
        uintptr_t end = hal::kUserProbeAddress;
        if (slice)
            if (auto next = slice->allocations.lower_bound(page); next != slice->allocations.end())
                end = next->first;
        info.RegionSize = end - page;
        info.State = MEM_FREE;
        info.Protect = PAGE_NOACCESS;
        return info;
    }
    info.AllocationBase = reinterpret_cast<void*>(it->first);
    info.AllocationProtect = it->second.protect;
    info.Type = it->second.kind == Kind::SectionView ? MEM_MAPPED
        : it->second.kind == Kind::Image             ? MEM_IMAGE
                                                     : MEM_PRIVATE;
    info.Protect = AddressSpaces::protection_at(*slice, page);
    info.State = info.Protect ? MEM_COMMIT : MEM_RESERVE;
    uintptr_t end = page;
    while (end < end_of(it)) {
        ULONG const protect = AddressSpaces::protection_at(*slice, end);
        if (protect != info.Protect)
            break;
        auto next = slice->ranges.upper_bound(end);
        uintptr_t const border = next == slice->ranges.end() ? end_of(it) : std::min(next->first, end_of(it));
        end = protect ? std::min(border, std::prev(next)->first + (std::prev(next)->second.pages << kPageShift))
                      : border;
    }
    info.RegionSize = end - page;
    return info;
}

// --- What the rooms above call -----------------------------------------------------------------------------------

Result<void> create_slice(ke::Process& process, Width width)
{
    return memory().spaces.create(process, width, false);
}

Result<void> create_system_slice(ke::Process& process)
{
    if (process.slice)
        return {};
    TRY(memory().spaces.create(process, Width::Bits64, true));
    return {};
}

void delete_slice(ke::Process& process) { memory().spaces.remove(process); }

Result<void*> allocate_user(ke::Process& process, size_t bytes, bool writable)
{
    Slice& slice = require_slice(process);
    if (!bytes || bytes > hal::kUserSliceBytes)
        return Failure { STATUS_NO_MEMORY };
    Region const region
        = TRY(reserve_memory(slice, 0, bytes, MEM_RESERVE | MEM_COMMIT, writable ? PAGE_READWRITE : PAGE_READONLY));
    return reinterpret_cast<void*>(region.base);
}

Result<void> free_user(ke::Process& process, void* address)
{
    Slice& slice = require_slice(process);
    auto it = slice.allocations.find(reinterpret_cast<uintptr_t>(address));
    if (it == slice.allocations.end() || it->second.kind != Kind::Private)
        return Failure { STATUS_MEMORY_NOT_ALLOCATED };
    TRY(free_memory(process, it->first, 0, MEM_RELEASE, UserMode));
    return {};
}

Result<void> protect_user(ke::Process& process, void* address, size_t bytes, bool readable, bool writable)
{
    ULONG const protect = writable ? PAGE_READWRITE : readable ? PAGE_READONLY : PAGE_NOACCESS;
    TRY(protect_memory(process, reinterpret_cast<uintptr_t>(address), bytes, protect, UserMode));
    return {};
}

void use_slice(ke::Process* process) { memory().spaces.use(process); }

size_t locked_pages(ke::Process const& process)
{
    Slice* slice = memory().spaces.slice_of(&process);
    return slice ? slice->locked_pages : 0;
}

} // namespace ringside::mm
