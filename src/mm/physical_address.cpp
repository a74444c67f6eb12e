// SPDX-License-Identifier: MIT
// @cite(wdk-ddi): page=ntddk/nf-ntddk-mmgetphysicaladdress
// @cite(wdk-ddi): page=wdm/nf-wdm-mmmapiospaceex
// @cite(wdk-ddi): page=ntddk/nf-ntddk-mmcopymemory
#include "mm/physical_address.h"

#include "ke/bugcheck.h"
#include "ke/exception.h"
#include "ke/guarded.h"
#include "mm/cache_types.h"
#include "mm/memory.h"

#include <algorithm>

namespace ringside::mm {

using namespace nt;
using hal::kPageShift;
using hal::kPageSize;
using sim::host::Access;

namespace {

constexpr uint64_t kPhysicalEnd = uint64_t { 1 } << 52; // what x64 can address
constexpr ULONG kRangesTag = 0x526D4D; // "MmR"

uintptr_t value(void const* pointer) { return reinterpret_cast<uintptr_t>(pointer); }

PVOID map_frames(PHYSICAL_ADDRESS physical, size_t bytes, MEMORY_CACHING_TYPE cache, Access access)
{
    Memory& m = memory();
    auto const begin = static_cast<uint64_t>(physical.QuadPart);
    uint64_t end;
    if (!bytes || __builtin_add_overflow(begin, bytes, &end) || end > kPhysicalEnd)
        return nullptr;
    size_t const pages = (hal::page_round_up(end) - hal::page_of(begin)) >> kPageShift;
    // Where neither memory nor a device is, a bus would answer with all ones; no driver can have been given it.
    if (!m.physical.exists(begin >> kPageShift, pages))
        return nullptr;
    auto base = m.mappings.reserve(pages, SystemMappings::Use::IoSpace);
    if (!base)
        return nullptr;
    check_cache_type(begin >> kPageShift, pages, cache);
    m.mappings.find(*base)->cache = cache;
    m.mappings.map_run(*base, begin >> kPageShift, pages, access);
    return reinterpret_cast<void*>(*base + begin % kPageSize);
}

} // namespace

PHYSICAL_ADDRESS MmGetPhysicalAddress(PVOID base)
{
    auto physical = memory().physical.physical_of(value(base));
    return { .QuadPart = physical ? static_cast<LONGLONG>(*physical) : 0 };
}

PVOID MmGetVirtualForPhysical(PHYSICAL_ADDRESS physical)
{
    auto const address = static_cast<uint64_t>(physical.QuadPart);
    return address < memory().physical.bytes() ? reinterpret_cast<void*>(hal::kDirectMap + address) : nullptr;
}

BOOLEAN MmIsAddressValid(PVOID address)
{
    auto const at = value(address);
    Memory& m = memory();
    if (hal::is_user(at))
        return m.spaces.current() && m.spaces.accessible(*m.spaces.current(), at, at + 1, false);
    // Mapped, not with PAGE_NOACCESS, and not paged out.
    return !m.images.is_away(at) && m.physical.physical_of(at) && ke::read_guarded<char>(address);
}

BOOLEAN MmIsNonPagedSystemAddressValid(PVOID address)
{
    return !hal::is_user(value(address)) && MmIsAddressValid(address);
}

PVOID MmMapIoSpace(PHYSICAL_ADDRESS physical, SIZE_T bytes, MEMORY_CACHING_TYPE cache)
{
    return map_frames(physical, bytes, cache, Access::ReadWrite);
}

PVOID MmMapIoSpaceEx(PHYSICAL_ADDRESS physical, SIZE_T bytes, ULONG protect)
{
    ULONG const cache = protect & (PAGE_NOCACHE | PAGE_WRITECOMBINE);
    if (cache == (PAGE_NOCACHE | PAGE_WRITECOMBINE))
        return nullptr;
    MEMORY_CACHING_TYPE const type = cache_type_of_protection(protect);
    switch (protect & ~cache) {
    case PAGE_READONLY:
        return map_frames(physical, bytes, type, Access::Read);
    case PAGE_READWRITE:
        return map_frames(physical, bytes, type, Access::ReadWrite);
    case PAGE_EXECUTE:
    case PAGE_EXECUTE_READ:
        return map_frames(physical, bytes, type, Access::ReadExecute);
    case PAGE_EXECUTE_READWRITE:
        return map_frames(physical, bytes, type, Access::All);
    default:
        return nullptr;
    }
}

void MmUnmapIoSpace(PVOID base, SIZE_T bytes)
{
    uintptr_t const page = hal::page_of(value(base));
    size_t const pages = (hal::page_round_up(value(base) + bytes) - page) >> kPageShift;
    auto* range = memory().mappings.find(page);
    if (!range || range->use != SystemMappings::Use::IoSpace)
        ke::bug_check(SYSTEM_PTE_MISUSE, 0x400, value(base), pages, 0,
                      "MmUnmapIoSpace was given an address that MmMapIoSpace did not return");
    if (range->pages != pages)
        ke::bug_check(SYSTEM_PTE_MISUSE, 0x305, value(base), pages, range->pages,
                      "MmUnmapIoSpace was given another size than was mapped");
    memory().mappings.release(page);
}

NTSTATUS MmCopyMemory(PVOID target, ULONG64 source, SIZE_T bytes, ULONG flags, SIZE_T* transferred)
{
    *transferred = 0;
    if (flags == MM_COPY_MEMORY_PHYSICAL) {
        uint64_t const limit = memory().physical.bytes();
        uint64_t const there = source < limit ? std::min<uint64_t>(bytes, limit - source) : 0;
        ke::copy_or_raise(target, reinterpret_cast<void*>(hal::kDirectMap + source), there);
        *transferred = there;
        return there == bytes ? STATUS_SUCCESS : STATUS_INVALID_ADDRESS;
    }
    if (flags != MM_COPY_MEMORY_VIRTUAL)
        return STATUS_INVALID_PARAMETER_4;
    // Page by page: a target that faults is the driver's bug, a source that does only ends the copy. Registers are not
    // read: that could have effects.
    for (size_t done = 0; done < bytes;) {
        uint64_t const at = source + done;
        size_t const step = std::min(bytes - done, kPageSize - at % kPageSize);
        auto const physical = memory().physical.physical_of(at);
        bool const there = physical ? *physical < memory().physical.bytes() : hal::is_user(at);
        if (!there || !ke::read_guarded<char>(reinterpret_cast<void*>(at))) // brings it in, if it was paged out
            return STATUS_INVALID_ADDRESS;
        ke::copy_or_raise(static_cast<char*>(target) + done, reinterpret_cast<void*>(at), step);
        done += step;
        *transferred = done;
    }
    return STATUS_SUCCESS;
}

BOOLEAN MmIsIoSpaceActive(PHYSICAL_ADDRESS start, SIZE_T bytes)
{
    auto const begin = static_cast<uint64_t>(start.QuadPart);
    bool active = false;
    memory().mappings.for_each(SystemMappings::Use::IoSpace, [&](uintptr_t base, SystemMappings::Range const& range) {
        auto const first = memory().physical.physical_of(base);
        active |= first && *first < begin + bytes && begin < *first + (range.pages << kPageShift);
    });
    return active;
}

PHYSICAL_MEMORY_RANGE* MmGetPhysicalMemoryRangesEx(PVOID partition)
{
    return partition ? nullptr : MmGetPhysicalMemoryRanges(); // there is one partition
}

PHYSICAL_MEMORY_RANGE* MmGetPhysicalMemoryRangesEx2(PVOID partition, ULONG flags)
{
    return flags ? nullptr : MmGetPhysicalMemoryRangesEx(partition);
}

PHYSICAL_MEMORY_RANGE* MmGetPhysicalMemoryRanges()
{
    auto* ranges = static_cast<PHYSICAL_MEMORY_RANGE*>(g_pool.allocate(2 * sizeof(PHYSICAL_MEMORY_RANGE), kRangesTag));
    if (!ranges)
        return nullptr;
    ranges[0].BaseAddress.QuadPart = kPageSize; // frame 0 is nobody's
    ranges[0].NumberOfBytes.QuadPart = static_cast<LONGLONG>(memory().physical.bytes() - kPageSize);
    ranges[1] = {};
    return ranges;
}

} // namespace ringside::mm
