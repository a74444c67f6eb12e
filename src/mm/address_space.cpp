// SPDX-License-Identifier: MIT
#include "mm/address_space.h"

#include "base/check.h"
#include "ke/bugcheck.h"
#include "ke/kernel.h"
#include "mm/memory.h"

#include <algorithm>
#include <cstring>

namespace ringside::mm {

using namespace nt;
using hal::kPageSize;
using hal::kPageShift;
using sim::host::Access;

namespace {
// Windows hands out user addresses in units of 64 KiB; drivers see such addresses.
constexpr size_t kGranularity = 64 * 1024;

constexpr uintptr_t round_up(uintptr_t value, size_t unit) { return (value + unit - 1) & ~(unit - 1); }

bool overlaps(SecuredRange const& secured, uintptr_t begin, uintptr_t end)
{
    return begin < secured.end && secured.begin < end;
}
} // namespace

Slice* AddressSpaces::slice_of(ke::Process const* process)
{
    if (!process || !process->slice)
        return nullptr;
    Slice& slice = m_slices[(process->slice - hal::kUserLow) / hal::kUserSliceBytes];
    return slice.process == process ? &slice : nullptr;
}

AddressSpaces::~AddressSpaces()
{
    for (Slice const& slice : m_slices)
        if (slice.reserved)
            sim::host::release(slice.base, hal::kUserSliceBytes);
}

Result<void> AddressSpaces::create(ke::Process& process)
{
    CHECK(!process.slice, "a process has one slice");
    auto pick = [&](bool reserved) {
        return std::ranges::find_if(m_slices, [=](Slice const& s) { return !s.process && s.reserved == reserved; });
    };
    auto it = pick(false);
    if (it == m_slices.end())
        it = pick(true);
    if (it == m_slices.end())
        return Failure { STATUS_INSUFFICIENT_RESOURCES };
    it->process = &process;
    it->base = hal::kUserLow + static_cast<size_t>(it - m_slices.begin()) * hal::kUserSliceBytes;
    if (!it->reserved)
        sim::host::reserve(it->base, hal::kUserSliceBytes);
    it->reserved = true;
    it->next = it->base + kGranularity;
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
        drop(*slice, slice->allocations.begin());
    if (m_open == slice)
        m_open = nullptr;
    slice->process = nullptr;
    process.slice = 0;
    process.slice_open = false;
}

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
        Access const access = it->second.access;
        uintptr_t end = begin;
        while (it != slice.ranges.end() && it->first == end && it->second.access == access) {
            end += it->second.pages << kPageShift;
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

std::optional<uintptr_t> AddressSpaces::find_room(Slice& slice, size_t pages, uintptr_t requested) const
{
    size_t const bytes = pages << kPageShift;
    uintptr_t const first = slice.base + kGranularity;
    uintptr_t const end = slice.base + hal::kUserSliceBytes;
    auto free_at = [&](uintptr_t at) {
        if (at < first || at > end || end - at < bytes)
            return false;
        auto after = slice.allocations.lower_bound(at);
        if (after != slice.allocations.end() && after->first < at + bytes)
            return false;
        if (after == slice.allocations.begin())
            return true;
        auto const& [before, allocation] = *std::prev(after);
        return before + (allocation.pages << kPageShift) <= at;
    };
    if (requested)
        return free_at(requested) ? std::optional(requested) : std::nullopt;
    // Onwards from the last allocation, so that an address freed a moment ago is not there again at once.
    if (free_at(slice.next))
        return slice.next;
    uintptr_t at = first;
    for (auto const& [address, allocation] : slice.allocations) {
        if (at + bytes <= address)
            return at;
        at = round_up(address + (allocation.pages << kPageShift), kGranularity);
    }
    return free_at(at) ? std::optional(at) : std::nullopt;
}

void AddressSpaces::map_runs(Slice& slice, uintptr_t address, UserAllocation const& allocation, Access access)
{
    bool const open = m_open == &slice;
    uintptr_t at = address;
    for (auto const& run : allocation.runs) {
        m_physical.map(at, run.first, run.count, open ? access : Access::None);
        at += run.count << kPageShift;
    }
    slice.ranges[address] = { allocation.pages, access };
    slice.next = round_up(at, kGranularity);
    slice.low = slice.low ? std::min(slice.low, address) : address;
    slice.high = std::max(slice.high, at);
}

Result<uintptr_t> AddressSpaces::allocate(Slice& slice, size_t pages, bool writable)
{
    auto address = find_room(slice, pages, 0);
    if (!address)
        return Failure { STATUS_NO_MEMORY };
    UserAllocation allocation { pages, false, {} };
    // In one run if there is one; a scattered memory gives what it has.
    for (size_t left = pages; left;) {
        size_t count = left;
        std::optional<hal::Pfn> first;
        while (count && !(first = m_physical.allocate(count)))
            count /= 2;
        if (!first) {
            for (auto const& run : allocation.runs)
                m_physical.free(run.first, run.count);
            return Failure { STATUS_NO_MEMORY };
        }
        allocation.runs.push_back({ *first, count });
        left -= count;
    }
    map_runs(slice, *address, allocation, writable ? Access::ReadWrite : Access::Read);
    slice.allocations.emplace(*address, std::move(allocation));
    return *address;
}

Result<uintptr_t> AddressSpaces::map_view(Slice& slice, std::span<hal::Pfn const> frames, bool writable,
                                          uintptr_t requested)
{
    auto address = find_room(slice, frames.size(), requested);
    if (!address)
        return Failure { requested ? STATUS_CONFLICTING_ADDRESSES : STATUS_NO_MEMORY };
    UserAllocation allocation { frames.size(), true, {} };
    for_each_run(frames, [&](size_t, hal::Pfn first, size_t count) { allocation.runs.push_back({ first, count }); });
    map_runs(slice, *address, allocation, writable ? Access::ReadWrite : Access::Read);
    slice.allocations.emplace(*address, std::move(allocation));
    ++m_views;
    return *address;
}

void AddressSpaces::drop(Slice& slice, std::map<uintptr_t, UserAllocation>::iterator it)
{
    uintptr_t at = it->first;
    for (auto const& run : it->second.runs) {
        m_physical.unmap(at, run.count);
        if (!it->second.view)
            m_locks.release(run.first, run.count);
        at += run.count << kPageShift;
    }
    if (it->second.view)
        --m_views;
    auto first = slice.ranges.lower_bound(it->first);
    slice.ranges.erase(first, slice.ranges.lower_bound(at));
    slice.allocations.erase(it);
    if (slice.allocations.empty())
        slice.low = slice.high = 0;
}

Result<void> AddressSpaces::free(Slice& slice, uintptr_t address, bool view)
{
    auto it = slice.allocations.find(address);
    if (it == slice.allocations.end() || it->second.view != view)
        return Failure { STATUS_MEMORY_NOT_ALLOCATED };
    uintptr_t const end = address + (it->second.pages << kPageShift);
    for (auto const& secured : slice.secured)
        if (overlaps(secured, address, end))
            return Failure { STATUS_INVALID_PAGE_PROTECTION };
    drop(slice, it);
    return {};
}

// Makes `begin` and `end` borders of ranges, where they lie inside one.
void AddressSpaces::cut(Slice& slice, uintptr_t begin, uintptr_t end)
{
    for (uintptr_t at : { begin, end }) {
        auto it = slice.ranges.lower_bound(at);
        if (it == slice.ranges.begin())
            continue;
        --it;
        uintptr_t const range_end = it->first + (it->second.pages << kPageShift);
        if (it->first < at && at < range_end) {
            slice.ranges.emplace(at, UserRange { (range_end - at) >> kPageShift, it->second.access });
            it->second.pages = (at - it->first) >> kPageShift;
        }
    }
}

Result<void> AddressSpaces::protect(Slice& slice, uintptr_t begin, uintptr_t end, Access access)
{
    for (auto const& secured : slice.secured) {
        bool const narrows = secured.write ? access != Access::ReadWrite : access == Access::None;
        if (narrows && overlaps(secured, begin, end))
            return Failure { STATUS_INVALID_PAGE_PROTECTION };
    }
    cut(slice, begin, end);
    uintptr_t at = begin;
    auto const first = slice.ranges.lower_bound(begin);
    for (auto it = first; at < end; ++it) {
        if (it == slice.ranges.end() || it->first != at)
            return Failure { STATUS_NOT_COMMITTED };
        at += it->second.pages << kPageShift;
    }
    for (auto it = first; it != slice.ranges.end() && it->first < end; ++it)
        it->second.access = access;
    if (m_open == &slice)
        sim::host::set_access(begin, end - begin, access);
    return {};
}

size_t AddressSpaces::secured() const
{
    size_t count = 0;
    for (Slice const& slice : m_slices)
        count += slice.secured.size();
    return count;
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
        uintptr_t const range_end = it->first + (it->second.pages << kPageShift);
        if (range_end <= at)
            return false;
        if (it->second.access == Access::None || (write && it->second.access != Access::ReadWrite))
            return false;
        at = range_end;
    }
    return true;
}

// --- What the rooms above call -----------------------------------------------------------------------------------

namespace {
Slice& require_slice(ke::Process& process)
{
    Slice* slice = memory().spaces.slice_of(&process);
    CHECK(slice, "the process has no user addresses");
    return *slice;
}
} // namespace

Result<void> create_slice(ke::Process& process) { return memory().spaces.create(process); }
void delete_slice(ke::Process& process) { memory().spaces.remove(process); }

Result<void*> allocate_user(ke::Process& process, size_t bytes, bool writable)
{
    if (!bytes || bytes > hal::kUserSliceBytes)
        return Failure { STATUS_NO_MEMORY };
    uintptr_t const address = TRY(
        memory().spaces.allocate(require_slice(process), hal::page_round_up(bytes) >> kPageShift, writable));
    return reinterpret_cast<void*>(address);
}

Result<void> free_user(ke::Process& process, void* address)
{
    return memory().spaces.free(require_slice(process), reinterpret_cast<uintptr_t>(address), false);
}

Result<void> protect_user(ke::Process& process, void* address, size_t bytes, bool readable, bool writable)
{
    auto const begin = hal::page_of(reinterpret_cast<uintptr_t>(address));
    auto const end = hal::page_round_up(reinterpret_cast<uintptr_t>(address) + bytes);
    Access const access = writable ? Access::ReadWrite : readable ? Access::Read : Access::None;
    return memory().spaces.protect(require_slice(process), begin, end, access);
}

void use_slice(ke::Process* process) { memory().spaces.use(process); }

bool is_accessible(void const* address, size_t bytes, bool write)
{
    auto const begin = reinterpret_cast<uintptr_t>(address);
    uintptr_t end;
    if (__builtin_add_overflow(begin, bytes, &end))
        return false;
    AddressSpaces& spaces = memory().spaces;
    if (hal::is_user(begin))
        return spaces.current() && spaces.accessible(*spaces.current(), begin, end, write);
    for (uintptr_t at = begin; at < end; at = hal::page_of(at) + kPageSize)
        if (!memory().physical.physical_of(at))
            return false;
    return true;
}

namespace {
template <typename Copy>
bool copy_by_frames(ke::Process& process, uintptr_t address, size_t bytes, Copy copy)
{
    uintptr_t end;
    if (__builtin_add_overflow(address, bytes, &end))
        return false;
    if (address < process.slice || end > process.slice + hal::kUserSliceBytes)
        return false;
    for (size_t done = 0; done < bytes;) {
        auto physical = memory().physical.physical_of(address + done);
        if (!physical)
            return false;
        size_t const step = std::min(bytes - done, kPageSize - (address + done) % kPageSize);
        copy(reinterpret_cast<void*>(hal::kDirectMap + *physical), done, step);
        done += step;
    }
    return true;
}
} // namespace

bool read_process(ke::Process& process, void* to, void const* address, size_t bytes)
{
    auto copy = [&](void* at, size_t done, size_t step) { std::memcpy(static_cast<char*>(to) + done, at, step); };
    return copy_by_frames(process, reinterpret_cast<uintptr_t>(address), bytes, copy);
}

bool write_process(ke::Process& process, void* address, void const* from, size_t bytes)
{
    auto const* source = static_cast<char const*>(from);
    auto copy = [&](void* at, size_t done, size_t step) { std::memcpy(at, source + done, step); };
    return copy_by_frames(process, reinterpret_cast<uintptr_t>(address), bytes, copy);
}

size_t locked_pages(ke::Process const& process)
{
    Slice* slice = memory().spaces.slice_of(&process);
    return slice ? slice->locked_pages : 0;
}

} // namespace ringside::mm
