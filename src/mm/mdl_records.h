// SPDX-License-Identifier: MIT
// What stands beside MDLs. An MDL has no birth and death of its own (a driver may build one anywhere), so its bytes are
// the state; but each lock, mapping and set of pages made through one is recorded here until it is undone, so that what
// a driver forgets has a name. Lookups go from the newest on: what is undone is nearly always that.
#pragma once

#include "ke/thread.h"
#include "nt/nt.h"

#include <optional>
#include <vector>

namespace ringside::mm {

struct LockedMdl {
    nt::MDL* mdl;
    ke::Process* process; // null: system addresses
    size_t pages;
    uint64_t caller; // return address in the driver
    uint32_t number; // of birth, among locks
};

struct MappedMdl {
    nt::MDL* mdl;
    uintptr_t base; // first page
    size_t pages;
    bool direct; // the direct map serves
    bool protected_direct; // and MmProtectMdlSystemAddress changed its access
    uint64_t caller;
    uint32_t number;
};

struct MdlPages { // of MmAllocatePagesForMdl
    nt::MDL* mdl;
    size_t pages;
    std::optional<nt::MEMORY_CACHING_TYPE> cache; // nothing: the first mapping's will be
    uint64_t caller;
    uint32_t number;
};

struct MdlRecords {
    std::vector<LockedMdl> locked;
    std::vector<MappedMdl> mapped;
    std::vector<MdlPages> page_sets;
    uint32_t born = 0;
};

} // namespace ringside::mm
