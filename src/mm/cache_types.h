// SPDX-License-Identifier: MIT
// Cache types of physical pages. No cache is modelled, so a type changes nothing that a driver could see; but a page may
// have only one at a time, and a driver that maps it with a second one has a fault that shows on hardware alone. Such
// mappings are made, counted, and told at the end.
#pragma once

#include "hal/physical.h"
#include "nt/nt.h"

#include <optional>

namespace ringside::mm {

// The type that one of these pages, of memory or all of a device, has already; nothing when none has.
std::optional<nt::MEMORY_CACHING_TYPE> cache_type_of(hal::Pfn first, size_t pages);

// What PAGE_NOCACHE and PAGE_WRITECOMBINE say; MmCached without either.
inline nt::MEMORY_CACHING_TYPE cache_type_of_protection(nt::ULONG protect)
{
    return protect & nt::PAGE_NOCACHE     ? nt::MmNonCached
        : protect & nt::PAGE_WRITECOMBINE ? nt::MmWriteCombined
                                          : nt::MmCached;
}

// MmMapIoSpace is about to map these pages so: counts a mapping that contradicts what they have.
void check_cache_type(hal::Pfn first, size_t pages, nt::MEMORY_CACHING_TYPE type);

// An MDL's pages are mapped so, if they have no type yet: pages of MmAllocatePagesForMdl have none before.
void settle_cache_type(nt::MDL* mdl, nt::MEMORY_CACHING_TYPE type);

} // namespace ringside::mm
