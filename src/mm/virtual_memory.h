// SPDX-License-Identifier: MIT
// What NT's virtual-memory services do to a process: reserve, commit, free, protect, tell. Handles and the caller's
// pointers are the business of room ps, which owns the services themselves.
//
// A committed page has its frame at once: there is no paging file, and commitment ends with physical memory.
#pragma once

#include "base/result.h"
#include "ke/thread.h"
#include "mm/address_space.h"
#include "nt/mm_virtual.h"

namespace ringside::mm {

struct Region {
    uintptr_t base;
    size_t bytes;
};

// NtAllocateVirtualMemory's flags, sizes and errors.
Result<Region> allocate_memory(ke::Process& process, uintptr_t base, uint64_t zero_bits, size_t bytes, nt::ULONG type,
                               nt::ULONG protect);
// NtFreeVirtualMemory.
Result<Region> free_memory(ke::Process& process, uintptr_t base, size_t bytes, nt::ULONG type,
                           nt::KPROCESSOR_MODE mode);
// NtProtectVirtualMemory; also tells what the first page had.
struct Protected {
    Region region;
    nt::ULONG before;
};
Result<Protected> protect_memory(ke::Process& process, uintptr_t base, size_t bytes, nt::ULONG protect,
                                 nt::KPROCESSOR_MODE mode);
// NtQueryVirtualMemory, MemoryBasicInformation. STATUS_INVALID_PARAMETER above the user addresses.
Result<nt::MEMORY_BASIC_INFORMATION> query_memory(ke::Process& process, uintptr_t address);

// STATUS_INVALID_PAGE_PROTECTION when a secured range forbids it. Freeing is access 0.
Result<void> check_secured(Slice const& slice, uintptr_t begin, uintptr_t end, nt::ULONG protect,
                           nt::KPROCESSOR_MODE mode);

} // namespace ringside::mm
