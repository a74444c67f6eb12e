// SPDX-License-Identifier: MIT
#include "mm/memory.h"

#include "base/check.h"
#include "ke/kernel.h"
#include "mm/ddi.h"
#include "mm/page_fault.h"

namespace ringside::mm {

Memory* g_memory = nullptr;
PoolHook g_pool;
void* (*g_system_routine)(std::u16string_view name) = nullptr;

Memory::Memory(hal::PhysicalMemory& physical_memory, Windows windows_version)
    : physical(physical_memory)
    , windows(windows_version)
{
    CHECK(!g_memory, "one machine is live per process at a time");
    g_memory = this;
    ke::g_slice_changed = &use_slice;
    ke::g_page_fault = &page_fault;
    write_data_exports();
}

Memory::~Memory()
{
    ke::g_slice_changed = nullptr;
    ke::g_page_fault = nullptr;
    g_memory = nullptr;
    g_system_routine = nullptr;
    g_pool = {};
}

Residue Memory::residue()
{
    return {
        .locked_mdls = mdls.locked.size(),
        .mapped_mdls = mdls.mapped.size(),
        .user_views = spaces.views(),
        .contiguous_blocks = contiguous.blocks.size(),
        .mdl_page_sets = mdls.page_sets.size(),
        .io_mappings = mappings.count(SystemMappings::Use::IoSpace),
        .cache_conflicts = cache_conflicts,
        .reserved_ranges = mappings.count(SystemMappings::Use::Reserved),
        .secured_ranges = spaces.secured(),
        .sections = sections.open(),
        .system_views = sections.system_views(),
        .system_regions = spaces.system_regions(),
    };
}

} // namespace ringside::mm
