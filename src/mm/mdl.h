// SPDX-License-Identifier: MIT
// Memory descriptor lists, for the rooms above; the DDIs with their documentation stand in mdl.cpp (building),
// mdl_lock.cpp (probing and locking), mdl_map.cpp (mapping) and mdl_pages.cpp (MDLs with pages of their own).
#pragma once

#include "hal/layout.h"
#include "nt/nt.h"

namespace ringside::mm {

// --- Building ---
nt::SIZE_T MmSizeOfMdl(nt::PVOID base, nt::SIZE_T length);
nt::MDL* IoAllocateMdl(nt::PVOID address, nt::ULONG length, nt::BOOLEAN secondary, nt::BOOLEAN charge_quota,
                       nt::IRP* irp);
nt::MDL* MmCreateMdl(nt::MDL* mdl, nt::PVOID base, nt::SIZE_T length);
void IoFreeMdl(nt::MDL* mdl);
void IoBuildPartialMdl(nt::MDL* source, nt::MDL* target, nt::PVOID address, nt::ULONG length);
void MmBuildMdlForNonPagedPool(nt::MDL* mdl);
nt::NTSTATUS MmAdvanceMdl(nt::MDL* mdl, nt::ULONG bytes);

// --- Locking ---
// Raises STATUS_ACCESS_VIOLATION.
void MmProbeAndLockPages(nt::MDL* mdl, nt::KPROCESSOR_MODE mode, nt::LOCK_OPERATION operation);
// Each segment is a FILE_SEGMENT_ELEMENT: eight bytes with the address of a page.
void MmProbeAndLockSelectedPages(nt::MDL* mdl, uint64_t* segments, nt::KPROCESSOR_MODE mode,
                                 nt::LOCK_OPERATION operation);
void MmUnlockPages(nt::MDL* mdl);

// --- Mapping ---
// KernelMode: null when no mapping is left and the caller asked for no bug check. UserMode: raises.
nt::PVOID MmMapLockedPagesSpecifyCache(nt::MDL* mdl, nt::KPROCESSOR_MODE mode, nt::MEMORY_CACHING_TYPE cache,
                                       nt::PVOID requested, nt::ULONG bug_check_on_failure, nt::ULONG priority);
nt::PVOID MmMapLockedPages(nt::MDL* mdl, nt::KPROCESSOR_MODE mode);
void MmUnmapLockedPages(nt::PVOID base, nt::MDL* mdl);
using MM_MDL_ROUTINE = void(NTAPI*)(nt::PVOID context, nt::PVOID mapped);
nt::NTSTATUS MmMapMdl(nt::MDL* mdl, nt::ULONG protect, MM_MDL_ROUTINE routine, nt::PVOID context);
nt::NTSTATUS MmProtectMdlSystemAddress(nt::MDL* mdl, nt::ULONG protect);
nt::PVOID MmAllocateMappingAddress(nt::SIZE_T bytes, nt::ULONG tag);
void MmFreeMappingAddress(nt::PVOID base, nt::ULONG tag);
nt::PVOID MmMapLockedPagesWithReservedMapping(nt::PVOID base, nt::ULONG tag, nt::MDL* mdl,
                                              nt::MEMORY_CACHING_TYPE cache);
void MmUnmapReservedMapping(nt::PVOID base, nt::ULONG tag, nt::MDL* mdl);

// --- Pages of their own ---
nt::MDL* MmAllocatePagesForMdl(nt::PHYSICAL_ADDRESS low, nt::PHYSICAL_ADDRESS high, nt::PHYSICAL_ADDRESS skip,
                               nt::SIZE_T bytes);
nt::MDL* MmAllocatePagesForMdlEx(nt::PHYSICAL_ADDRESS low, nt::PHYSICAL_ADDRESS high, nt::PHYSICAL_ADDRESS skip,
                                 nt::SIZE_T bytes, nt::MEMORY_CACHING_TYPE cache, nt::ULONG flags);
nt::MDL* MmAllocateNodePagesForMdlEx(nt::PHYSICAL_ADDRESS low, nt::PHYSICAL_ADDRESS high, nt::PHYSICAL_ADDRESS skip,
                                     nt::SIZE_T bytes, nt::MEMORY_CACHING_TYPE cache, nt::ULONG node, nt::ULONG flags);
void MmFreePagesFromMdl(nt::MDL* mdl);
// Of a device's memory.
nt::NTSTATUS MmAllocateMdlForIoSpace(nt::MM_PHYSICAL_ADDRESS_LIST* list, nt::SIZE_T entries, nt::MDL** made);

// What the inline macros of drivers do.
inline nt::PFN_NUMBER* frames_of(nt::MDL* mdl) { return reinterpret_cast<nt::PFN_NUMBER*>(mdl + 1); }
inline uintptr_t address_of(nt::MDL const* mdl) { return reinterpret_cast<uintptr_t>(mdl->StartVa) + mdl->ByteOffset; }
inline size_t pages_spanned(uintptr_t base, size_t bytes)
{
    return (base % hal::kPageSize + bytes + hal::kPageSize - 1) >> hal::kPageShift;
}
inline size_t page_count(nt::MDL const* mdl) { return pages_spanned(mdl->ByteOffset, mdl->ByteCount); }
// MmGetSystemAddressForMdlSafe.
inline nt::PVOID system_address(nt::MDL* mdl, nt::ULONG priority = nt::NormalPagePriority)
{
    if (mdl->MdlFlags & (nt::MDL_MAPPED_TO_SYSTEM_VA | nt::MDL_SOURCE_IS_NONPAGED_POOL))
        return mdl->MappedSystemVa;
    return MmMapLockedPagesSpecifyCache(mdl, nt::KernelMode, nt::MmCached, nullptr, 0, priority);
}

// MDLs whose pages are locked, and system mappings made from MDLs: for the leak check (memory.h has all counts).
size_t locked_mdls();
size_t mapped_mdls();

// Undoes an MDL's system mapping; room-internal.
void drop_system_mapping(nt::MDL* mdl, uintptr_t address);

} // namespace ringside::mm
