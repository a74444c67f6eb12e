// SPDX-License-Identifier: MIT
#include "mm/process_copy.h"

#include "ke/exception.h"
#include "mm/memory.h"
#include "mm/page_fault.h"

#include <algorithm>
#include <cstring>

namespace ringside::mm {

using namespace nt;
using hal::kPageSize;

namespace {

// Where the host reaches the byte: a user one through the direct map, whichever slice is open.
NTSTATUS reach(Place const& place, size_t offset, bool write, uintptr_t& at)
{
    at = place.address + offset;
    if (!hal::is_user(at))
        return STATUS_SUCCESS;
    Slice* slice = memory().spaces.slice_of(place.process);
    if (!slice)
        return place.process && place.process->slice ? STATUS_PROCESS_IS_TERMINATING : STATUS_ACCESS_VIOLATION;
    if (NTSTATUS status = touch_user(*slice, at, write))
        return status;
    auto physical = memory().physical.physical_of(at);
    if (!physical || *physical >= memory().physical.bytes())
        return STATUS_ACCESS_VIOLATION; // a device's memory has no other address
    at = hal::kDirectMap + *physical;
    return STATUS_SUCCESS;
}

template <typename Copy>
bool copy_by_frames(ke::Process& process, uintptr_t address, size_t bytes, Copy copy)
{
    uintptr_t end;
    if (__builtin_add_overflow(address, bytes, &end))
        return false;
    Slice const* const slice = memory().spaces.slice_of(&process);
    if (!slice || address < slice->base || end > slice->end())
        return false;
    for (size_t done = 0; done < bytes;) {
        auto physical = memory().physical.physical_of(address + done);
        if (!physical || *physical >= memory().physical.bytes())
            return false;
        size_t const step = std::min(bytes - done, kPageSize - (address + done) % kPageSize);
        copy(reinterpret_cast<void*>(hal::kDirectMap + *physical), done, step);
        done += step;
    }
    return true;
}

} // namespace

Copied copy_between(Place const& to, Place const& from, size_t bytes)
{
    for (size_t done = 0; done < bytes;) {
        uintptr_t source, target;
        if (NTSTATUS status = reach(from, done, false, source))
            return { done, status };
        if (NTSTATUS status = reach(to, done, true, target))
            return { done, status };
        size_t const step = std::min({ bytes - done, kPageSize - source % kPageSize, kPageSize - target % kPageSize });
        ke::copy_or_raise(reinterpret_cast<void*>(target), reinterpret_cast<void*>(source), step);
        done += step;
    }
    return { bytes, STATUS_SUCCESS };
}

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

} // namespace ringside::mm
