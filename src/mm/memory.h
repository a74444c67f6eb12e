// SPDX-License-Identifier: MIT
// The room's state: user slices, locks on frames, system mappings, MDLs in use, contiguous blocks. The machine makes
// one Memory after the kernel and destroys it after everything above; the free functions of the other headers work on
// it.
//
// Pool stands above this room: what MDLs themselves are made of comes through g_pool, set by room ex.
#pragma once

#include "base/windows.h"
#include "mm/address_space.h"
#include "mm/contiguous.h"
#include "mm/frames.h"
#include "mm/image_paging.h"
#include "mm/mdl_records.h"
#include "mm/section.h"
#include "mm/system_mapping.h"

#include <string_view>

namespace ringside::mm {

struct PoolHook {
    // Non-paged memory that counts as the calling driver's. Null when pool is empty.
    void* (*allocate)(size_t bytes, uint32_t tag) = nullptr;
    void (*free)(void* block) = nullptr;
};
extern PoolHook g_pool;

// MmGetSystemRoutineAddress: the export table belongs to the loader.
extern void* (*g_system_routine)(std::u16string_view name);

// What drivers left behind.
struct Residue {
    size_t locked_mdls = 0; // MmProbeAndLockPages without MmUnlockPages
    size_t mapped_mdls = 0; // system mappings of MDLs
    size_t user_views = 0; // user mappings of MDLs
    size_t contiguous_blocks = 0; // MmAllocateContiguousMemory and MmAllocateNonCachedMemory
    size_t mdl_page_sets = 0; // MmAllocatePagesForMdl without MmFreePagesFromMdl
    size_t io_mappings = 0; // MmMapIoSpace
    size_t cache_conflicts = 0; // mappings of pages that had another cache type
    size_t reserved_ranges = 0; // MmAllocateMappingAddress
    size_t secured_ranges = 0; // MmSecureVirtualMemory
    size_t sections = 0; // neither closed nor without views
    size_t system_views = 0; // MmMapViewInSystemSpace
    size_t system_regions = 0; // of the System process: allocations and views

    bool operator==(Residue const&) const = default;
};

class Memory {
public:
    Memory(hal::PhysicalMemory& physical_memory, Windows windows_version);
    ~Memory();
    Memory(Memory const&) = delete;
    Memory& operator=(Memory const&) = delete;

    Residue residue();

    hal::PhysicalMemory& physical;
    Windows const windows;
    FrameLocks locks { physical };
    AddressSpaces spaces { physical, locks };
    SystemMappings mappings { physical };
    Sections sections { physical, locks };
    ImagePaging images;
    MdlRecords mdls;
    ContiguousBlocks contiguous;
    size_t cache_conflicts = 0; // counted by check_cache_type
};

extern Memory* g_memory;
inline Memory& memory() { return *g_memory; }

} // namespace ringside::mm
