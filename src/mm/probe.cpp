// SPDX-License-Identifier: MIT
// @cite(wdk-ddi): page=wdm/nf-wdm-probeforread
// @cite(wdk-ddi): page=wdm/nf-wdm-probeforwrite
// @cite(wdk-ddi): page=ntddk/nf-ntddk-mmsecurevirtualmemory
// @cite(wdk-ddi): page=ntddk/nf-ntddk-mmsecurevirtualmemoryex
#include "mm/probe.h"

#include "ke/bugcheck.h"
#include "ke/exception.h"
#include "mm/memory.h"
#include "nt/mm_virtual.h"

#include <algorithm>

namespace ringside::mm {

using namespace nt;

namespace {

// Alignment comes first, then the range: a misaligned system address is misaligned. Returns the first byte behind.
uintptr_t check_range(uintptr_t begin, size_t length, ULONG alignment, bool write)
{
    if (alignment > 1 && begin & (alignment - 1))
        ke::raise(STATUS_DATATYPE_MISALIGNMENT);
    uintptr_t end;
    if (__builtin_add_overflow(begin, length, &end) || end > hal::kUserProbeAddress)
        ke::raise_access_violation(begin, write);
    return end;
}

} // namespace

void ProbeForRead(void const* address, SIZE_T length, ULONG alignment)
{
    // The range only: whether anything is there is told by the access itself.
    if (length)
        check_range(reinterpret_cast<uintptr_t>(address), length, alignment, false);
}

void ProbeForWrite(PVOID address, SIZE_T length, ULONG alignment)
{
    if (!length)
        return;
    auto at = reinterpret_cast<uintptr_t>(address);
    uintptr_t const end = check_range(at, length, alignment, true);
    for (; at < end; at = hal::page_of(at) + hal::kPageSize) {
        char byte;
        ke::copy_or_raise(&byte, reinterpret_cast<void*>(at), 1);
        ke::copy_or_raise(reinterpret_cast<void*>(at), &byte, 1);
    }
}

namespace {

constexpr ULONG kSecureFlags
    = MM_SECURE_EXCLUSIVE | MM_SECURE_NO_CHANGE | MM_SECURE_USER_MODE_ONLY | MM_SECURE_NO_INHERIT;

// Whether another range is secured in the allocation that this address lies in.
bool secured_nearby(Slice& slice, uintptr_t address)
{
    auto it = memory().spaces.find(slice, address);
    if (it == slice.allocations.end())
        return false;
    uintptr_t const end = it->first + (it->second.pages << hal::kPageShift);
    return std::ranges::any_of(slice.secured,
                               [&](SecuredRange const& other) { return other.begin < end && it->first < other.end; });
}

} // namespace

HANDLE MmSecureVirtualMemoryEx(PVOID address, SIZE_T size, ULONG probe_mode, ULONG flags)
{
    AddressSpaces& spaces = memory().spaces;
    auto const begin = reinterpret_cast<uintptr_t>(address);
    uintptr_t end;
    if (!size || __builtin_add_overflow(begin, size, &end) || end > hal::kUserProbeAddress)
        return nullptr;
    if ((probe_mode != PAGE_READONLY && probe_mode != PAGE_READWRITE) || (flags & ~kSecureFlags))
        return nullptr;
    bool const write = probe_mode == PAGE_READWRITE;
    Slice* slice = spaces.current();
    if (!slice || !spaces.accessible(*slice, begin, end, write))
        return nullptr;
    if (flags & MM_SECURE_EXCLUSIVE && secured_nearby(*slice, begin))
        return nullptr;
    uint64_t const handle = spaces.next_secure_handle();
    slice->secured.push_back(
        { handle, begin, end, write, (flags & MM_SECURE_NO_CHANGE) != 0, (flags & MM_SECURE_USER_MODE_ONLY) != 0 });
    return reinterpret_cast<HANDLE>(handle);
}

HANDLE MmSecureVirtualMemory(PVOID address, SIZE_T size, ULONG probe_mode)
{
    return MmSecureVirtualMemoryEx(address, size, probe_mode, 0);
}

void MmUnsecureVirtualMemory(HANDLE handle)
{
    Slice* slice = memory().spaces.current();
    if (slice)
        for (auto it = slice->secured.begin(); it != slice->secured.end(); ++it)
            if (it->handle == reinterpret_cast<uint64_t>(handle)) {
                slice->secured.erase(it);
                return;
            }
    ke::bug_check(MEMORY_MANAGEMENT, 0x15000, reinterpret_cast<uint64_t>(handle), 0, 0,
                  "MmUnsecureVirtualMemory was given a handle that the current process does not have");
}

} // namespace ringside::mm
