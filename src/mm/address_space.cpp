// SPDX-License-Identifier: MIT
#include "mm/address_space.h"

#include "base/check.h"
#include "ke/bugcheck.h"
#include "ke/kernel.h"
#include "mm/memory.h"
#include "mm/protection.h"

#include <algorithm>
#include <cstring>

namespace ringside::mm {

using namespace nt;
using hal::kPageShift;
using hal::kPageSize;
using sim::host::Access;

namespace {
constexpr uintptr_t round_up(uintptr_t value, size_t unit) { return (value + unit - 1) & ~(unit - 1); }
constexpr uintptr_t round_down(uintptr_t value, size_t unit) { return value & ~(unit - 1); }
constexpr uintptr_t end_of(uintptr_t base, size_t pages) { return base + (pages << kPageShift); }
} // namespace

Slice* AddressSpaces::slice_of(ke::Process const* process)
{
    if (!process || !process->slice)
        return nullptr;
    bool const narrow = is_32bit(*process);
    Slice& slice = m_slices[narrow ? kWideSlices + (process->slice - kNarrowLow) / kNarrowSliceBytes
                                   : (process->slice - hal::kUserLow) / hal::kUserSliceBytes];
    return slice.process == process ? &slice : nullptr;
}

AddressSpaces::~AddressSpaces()
{
    for (Slice const& slice : m_slices)
        if (slice.reserved)
            sim::host::release(slice.base, slice.bytes);
}

Result<void> AddressSpaces::create(ke::Process& process, Width width, bool system)
{
    CHECK(!process.slice, "a process has one slice");
    bool const narrow = width == Width::Bits32;
    auto const wide_end = m_slices.begin() + kWideSlices;
    std::span<Slice> const among = narrow ? std::span(wide_end, m_slices.end()) : std::span(m_slices.begin(), wide_end);
    auto pick = [&](bool reserved) {
        return std::ranges::find_if(among, [=](Slice const& s) { return !s.process && s.reserved == reserved; });
    };
    auto it = system ? std::prev(among.end()) : pick(false);
    if (it == among.end())
        it = pick(true);
    if (it == among.end() || it->process)
        return Failure { STATUS_INSUFFICIENT_RESOURCES };
    auto const which = static_cast<size_t>(it - among.begin());
    it->process = &process;
    it->system = system;
    it->bytes = narrow ? kNarrowSliceBytes : hal::kUserSliceBytes;
    it->base = (narrow ? kNarrowLow : hal::kUserLow) + which * it->bytes;
    if (!it->reserved)
        sim::host::reserve(it->base, it->bytes);
    it->reserved = true;
    it->next = it->first();
    it->low = it->high = 0;
    it->locked_pages = 0;
    process.slice = it->base;
    process.slice_open = false;
    return {};
}

void AddressSpaces::remove(ke::Process& process)
{
    Slice* slice = slice_of(&process);
    CHECK(slice, "the process has no slice");
    if (slice->locked_pages)
        ke::bug_check(PROCESS_HAS_LOCKED_PAGES, 0, reinterpret_cast<uint64_t>(process.guest), slice->locked_pages, 0,
                      "a process ends while a driver holds pages of it locked");
    slice->secured.clear();
    while (!slice->allocations.empty())
        release(*slice, slice->allocations.begin());
    if (m_open == slice)
        m_open = nullptr;
    slice->process = nullptr;
    process.slice = 0;
    process.slice_open = false;
}

// --- Opening and closing -----------------------------------------------------------------------------------------

// One call closes a slice whatever lies in it; opening takes one per run of equal access.
void AddressSpaces::set_host_access(Slice const& slice, bool open) const
{
    if (slice.low == slice.high)
        return;
    if (!open) {
        sim::host::set_access(slice.low, slice.high - slice.low, Access::None);
        return;
    }
    for (auto it = slice.ranges.begin(); it != slice.ranges.end();) {
        uintptr_t const begin = it->first;
        Access const access = user_access(it->second.protect);
        uintptr_t end = begin;
        while (it != slice.ranges.end() && it->first == end && user_access(it->second.protect) == access) {
            end = end_of(end, it->second.pages);
            ++it;
        }
        if (access != Access::None)
            sim::host::set_access(begin, end - begin, access);
    }
}

void AddressSpaces::use(ke::Process* process)
{
    Slice* to = slice_of(process);
    if (to == m_open)
        return;
    if (m_open) {
        set_host_access(*m_open, false);
        m_open->process->slice_open = false;
    }
    m_open = to;
    if (to) {
        set_host_access(*to, true);
        to->process->slice_open = true;
    }
}

// --- Addresses ---------------------------------------------------------------------------------------------------

std::optional<uintptr_t> AddressSpaces::find_room(Slice& slice, size_t pages, uintptr_t requested, bool top_down) const
{
    if (pages > slice.bytes >> kPageShift)
        return std::nullopt;
    size_t const bytes = pages << kPageShift;
    uintptr_t const end = slice.end();
    auto free_at = [&](uintptr_t at) {
        if (at < slice.first() || at > end || end - at < bytes)
            return false;
        auto after = slice.allocations.lower_bound(at);
        if (after != slice.allocations.end() && after->first < at + bytes)
            return false;
        if (after == slice.allocations.begin())
            return true;
        auto const& [before, allocation] = *std::prev(after);
        return end_of(before, allocation.pages) <= at;
    };
    if (requested)
        return free_at(requested) ? std::optional(requested) : std::nullopt;
    if (top_down) {
        uintptr_t limit = end;
        for (auto it = slice.allocations.rbegin();; ++it) {
            uintptr_t const at = limit - slice.first() < bytes ? 0 : round_down(limit - bytes, kGranularity);
            bool const last = it == slice.allocations.rend();
            if (at >= (last ? slice.first() : end_of(it->first, it->second.pages)))
                return at;
            if (last)
                return std::nullopt;
            limit = it->first;
        }
    }
    // Onwards from the last allocation, so that an address freed a moment ago is not there again at once.
    if (free_at(slice.next))
        return slice.next;
    uintptr_t at = slice.first();
    for (auto const& [address, allocation] : slice.allocations) {
        if (at + bytes <= address)
            return at;
        at = round_up(end_of(address, allocation.pages), kGranularity);
    }
    return free_at(at) ? std::optional(at) : std::nullopt;
}

UserAllocation& AddressSpaces::reserve(Slice& slice, uintptr_t base, UserAllocation allocation)
{
    uintptr_t const end = end_of(base, allocation.pages);
    // What was asked for from the top or at an address does not move the search upwards.
    if (base <= slice.next && slice.next < end)
        slice.next = round_up(end, kGranularity);
    if (allocation.kind == UserAllocation::Kind::MdlView)
        ++m_views;
    auto [it, inserted] = slice.allocations.emplace(base, allocation);
    CHECK(inserted, "user addresses were given out twice");
    return it->second;
}

AllocationIterator AddressSpaces::find(Slice& slice, uintptr_t address) const
{
    auto it = slice.allocations.upper_bound(address);
    if (it == slice.allocations.begin())
        return slice.allocations.end();
    --it;
    return address < end_of(it->first, it->second.pages) ? it : slice.allocations.end();
}

ULONG AddressSpaces::protection_at(Slice const& slice, uintptr_t address)
{
    auto it = slice.ranges.upper_bound(address);
    if (it == slice.ranges.begin())
        return 0;
    --it;
    return address < end_of(it->first, it->second.pages) ? it->second.protect : 0;
}

// --- Pages -------------------------------------------------------------------------------------------------------

void AddressSpaces::commit_frames(Slice& slice, uintptr_t begin, hal::Pfn first, size_t count, ULONG protect)
{
    uintptr_t const end = end_of(begin, count);
    m_physical.map(begin, first, count, m_open == &slice ? user_access(protect) : Access::None);
    slice.low = slice.low ? std::min(slice.low, begin) : begin;
    slice.high = std::max(slice.high, end);
    // One range where the neighbour below is alike and of the same allocation.
    auto it = slice.ranges.lower_bound(begin);
    if (it != slice.ranges.begin()) {
        auto before = std::prev(it);
        if (end_of(before->first, before->second.pages) == begin && before->second.protect == protect
            && !slice.allocations.contains(begin)) {
            before->second.pages += count;
            return;
        }
    }
    slice.ranges.emplace(begin, UserRange { count, protect });
}

Result<void> AddressSpaces::commit(Slice& slice, uintptr_t begin, uintptr_t end, ULONG protect)
{
    struct Gap {
        uintptr_t begin, end;
    };
    std::vector<Gap> gaps;
    size_t wanted = 0;
    cut(slice, begin, end);
    for (uintptr_t at = begin; at < end;) {
        auto it = slice.ranges.lower_bound(at);
        uintptr_t const gap_end = it == slice.ranges.end() ? end : std::min(end, it->first);
        if (gap_end > at) {
            gaps.push_back({ at, gap_end });
            wanted += (gap_end - at) >> kPageShift;
        }
        at = gap_end < end ? end_of(it->first, it->second.pages) : end;
    }
    if (wanted > m_physical.free_pages())
        return Failure { STATUS_COMMITMENT_LIMIT };
    if (wanted << kPageShift < end - begin)
        set_protect(slice, begin, end, protect);
    for (Gap const& gap : gaps) {
        // In one run if there is one; a scattered memory gives what it has.
        for (uintptr_t at = gap.begin; at < gap.end;) {
            size_t count = (gap.end - at) >> kPageShift;
            std::optional<hal::Pfn> first;
            while (!(first = m_physical.allocate(count)))
                count /= 2;
            commit_frames(slice, at, *first, count, protect);
            at = end_of(at, count);
        }
    }
    return {};
}

// The frames of [begin, end) go, as far as the process owns them. Each page is mapped.
void AddressSpaces::give_back(Slice& slice, UserAllocation const& allocation, uintptr_t begin, uintptr_t end)
{
    hal::Pfn first = 0;
    size_t count = 0;
    auto flush = [&] {
        if (count)
            m_locks.release(first, count);
        count = 0;
    };
    for (uintptr_t at = begin; at < end; at += kPageSize) {
        bool const own = allocation.kind == UserAllocation::Kind::Private
            || allocation.kind == UserAllocation::Kind::Image || slice.copied.erase(at);
        if (!own)
            continue;
        hal::Pfn const pfn = *m_physical.physical_of(at) >> kPageShift;
        if (count && first + count == pfn) {
            ++count;
            continue;
        }
        flush();
        first = pfn;
        count = 1;
    }
    m_physical.unmap(begin, (end - begin) >> kPageShift);
    flush();
}

void AddressSpaces::decommit(Slice& slice, uintptr_t begin, uintptr_t end)
{
    UserAllocation const& allocation = find(slice, begin)->second;
    cut(slice, begin, end);
    auto it = slice.ranges.lower_bound(begin);
    while (it != slice.ranges.end() && it->first < end) {
        give_back(slice, allocation, it->first, end_of(it->first, it->second.pages));
        it = slice.ranges.erase(it);
    }
}

void AddressSpaces::release(Slice& slice, AllocationIterator it)
{
    decommit(slice, it->first, end_of(it->first, it->second.pages));
    if (it->second.kind == UserAllocation::Kind::MdlView)
        --m_views;
    Section* section = it->second.section;
    slice.allocations.erase(it);
    if (slice.ranges.empty())
        slice.low = slice.high = 0;
    if (section)
        memory().sections.view_gone(*section);
}

// Makes `begin` and `end` borders of ranges, where they lie inside one.
void AddressSpaces::cut(Slice& slice, uintptr_t begin, uintptr_t end)
{
    for (uintptr_t at : { begin, end }) {
        auto it = slice.ranges.lower_bound(at);
        if (it == slice.ranges.begin())
            continue;
        --it;
        uintptr_t const range_end = end_of(it->first, it->second.pages);
        if (it->first < at && at < range_end) {
            slice.ranges.emplace(at, UserRange { (range_end - at) >> kPageShift, it->second.protect });
            it->second.pages = (at - it->first) >> kPageShift;
        }
    }
}

void AddressSpaces::set_protect(Slice& slice, uintptr_t begin, uintptr_t end, ULONG protect)
{
    cut(slice, begin, end);
    for (auto it = slice.ranges.lower_bound(begin); it != slice.ranges.end() && it->first < end; ++it) {
        it->second.protect = protect;
        if (m_open == &slice)
            sim::host::set_access(it->first, it->second.pages << kPageShift, user_access(protect));
    }
}

bool AddressSpaces::copy_page(Slice& slice, uintptr_t page, ULONG protect)
{
    auto frame = m_physical.allocate(1);
    if (!frame)
        return false;
    std::memcpy(hal::PhysicalMemory::address_of(*frame),
                reinterpret_cast<void*>(hal::kDirectMap + *m_physical.physical_of(page)), kPageSize);
    m_physical.unmap(page, 1);
    m_physical.map(page, *frame, 1, Access::None);
    slice.copied.insert(page);
    set_protect(slice, page, page + kPageSize, protect);
    return true;
}

// --- Views of MDLs -----------------------------------------------------------------------------------------------

Result<uintptr_t> AddressSpaces::map_mdl(Slice& slice, std::span<hal::Pfn const> frames, bool writable,
                                         uintptr_t requested)
{
    auto address = find_room(slice, frames.size(), requested);
    if (!address)
        return Failure { requested ? STATUS_CONFLICTING_ADDRESSES : STATUS_NO_MEMORY };
    ULONG const protect = writable ? PAGE_READWRITE : PAGE_READONLY;
    reserve(slice, *address, { frames.size(), UserAllocation::Kind::MdlView, protect });
    for_each_run(frames, [&](size_t index, hal::Pfn first, size_t count) {
        commit_frames(slice, end_of(*address, index), first, count, protect);
    });
    return *address;
}

Result<void> AddressSpaces::unmap_mdl(Slice& slice, uintptr_t address)
{
    auto it = slice.allocations.find(address);
    if (it == slice.allocations.end() || it->second.kind != UserAllocation::Kind::MdlView)
        return Failure { STATUS_MEMORY_NOT_ALLOCATED };
    release(slice, it);
    return {};
}

// --- Looking -----------------------------------------------------------------------------------------------------

size_t AddressSpaces::secured() const
{
    size_t count = 0;
    for (Slice const& slice : m_slices)
        count += slice.secured.size();
    return count;
}

size_t AddressSpaces::system_regions() const
{
    Slice const& last = m_slices.back();
    return last.process && last.system ? last.allocations.size() : 0;
}

bool AddressSpaces::committed(Slice const& slice, uintptr_t begin, uintptr_t end) const
{
    auto it = slice.ranges.upper_bound(begin);
    if (it == slice.ranges.begin())
        return false;
    --it;
    for (uintptr_t at = begin; at < end; ++it) {
        if (it == slice.ranges.end() || it->first > at || end_of(it->first, it->second.pages) <= at)
            return false;
        at = end_of(it->first, it->second.pages);
    }
    return true;
}

bool AddressSpaces::accessible(Slice const& slice, uintptr_t begin, uintptr_t end, bool write) const
{
    auto it = slice.ranges.upper_bound(begin);
    if (it == slice.ranges.begin())
        return false;
    --it;
    for (uintptr_t at = begin; at < end; ++it) {
        if (it == slice.ranges.end() || it->first > at)
            return false;
        uintptr_t const range_end = end_of(it->first, it->second.pages);
        if (range_end <= at)
            return false;
        ULONG const protect = it->second.protect;
        if (is_guard(protect) || !is_readable(protect) || (write && !is_writable(protect)))
            return false;
        at = range_end;
    }
    return true;
}

} // namespace ringside::mm
