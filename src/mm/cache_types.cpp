// SPDX-License-Identifier: MIT
// @cite(wdk-ddi): page=wdm/ne-wdm-_memory_caching_type
// @cite(wdk-ddi): page=wdm/nf-wdm-mmmaplockedpagesspecifycache
#include "mm/cache_types.h"

#include "ke/guarded.h"
#include "mm/mdl.h"
#include "mm/memory.h"

namespace ringside::mm {

using namespace nt;
using hal::kPageShift;
using Type = std::optional<MEMORY_CACHING_TYPE>;

namespace {

// A device's pages have the type of whatever maps them.
Type type_of_device(hal::Pfn first, size_t pages)
{
    Memory& m = memory();
    Type found;
    auto look = [&](uintptr_t base, SystemMappings::Range const& range) {
        uintptr_t at = base;
        for (size_t count : range.runs) {
            hal::Pfn const begin = *m.physical.physical_of(at) >> kPageShift;
            if (!found && begin < first + pages && first < begin + count)
                found = range.cache;
            at += count << kPageShift;
        }
    };
    m.mappings.for_each(SystemMappings::Use::IoSpace, look);
    m.mappings.for_each(SystemMappings::Use::Mdl, look);
    return found;
}

bool has_page(MdlPages const& set, hal::Pfn pfn)
{
    for (size_t i = 0; i < set.pages; ++i) // guarded: a driver may have freed the MDL and forgotten its pages
        if (ke::read_guarded<PFN_NUMBER>(frames_of(set.mdl) + i) == pfn)
            return true;
    return false;
}

// Memory is cached, unless it was asked for otherwise.
Type type_of_memory(hal::Pfn pfn)
{
    Memory& m = memory();
    auto const address = reinterpret_cast<uintptr_t>(hal::PhysicalMemory::address_of(pfn));
    auto it = m.contiguous.blocks.upper_bound(address);
    if (it != m.contiguous.blocks.begin() && address - (--it)->first < it->second.pages << kPageShift)
        return it->second.cache;
    for (auto const& set : m.mdls.page_sets)
        if (has_page(set, pfn))
            return set.cache;
    return MmCached;
}

} // namespace

Type cache_type_of(hal::Pfn first, size_t pages)
{
    if (!memory().physical.is_memory(first, pages))
        return type_of_device(first, pages);
    for (size_t i = 0; i < pages; ++i)
        if (Type type = type_of_memory(first + i))
            return type;
    return std::nullopt;
}

void check_cache_type(hal::Pfn first, size_t pages, MEMORY_CACHING_TYPE type)
{
    bool const of_memory = memory().physical.is_memory(first, pages);
    for (size_t i = 0; i < pages; i += of_memory ? 1 : pages) {
        Type const known = cache_type_of(first + i, of_memory ? 1 : pages);
        if (known && *known != type) {
            ++memory().cache_conflicts;
            return;
        }
    }
}

void settle_cache_type(MDL* mdl, MEMORY_CACHING_TYPE type)
{
    for (auto& set : memory().mdls.page_sets)
        if (set.mdl == mdl && !set.cache)
            set.cache = type;
}

} // namespace ringside::mm
