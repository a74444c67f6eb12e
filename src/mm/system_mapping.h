// SPDX-License-Identifier: MIT
// System addresses for frames that have no fitting ones: mappings of MDLs, of physical ranges (MmMapIoSpace), and
// ranges that a driver reserved to map into later. A guard page follows each range, and the search for room goes
// onwards from the newest, so that a stale pointer meets no new mapping soon.
#pragma once

#include "hal/physical.h"
#include "mm/frames.h"
#include "nt/nt.h"
#include "sim/host.h"

#include <map>
#include <optional>
#include <span>
#include <vector>

namespace ringside::mm {

class SystemMappings {
public:
    enum class Use : uint8_t { Mdl, IoSpace, Reserved, SectionView, Count };

    struct Range {
        Use use;
        uint32_t tag = 0; // Reserved: the driver's
        size_t pages = 0; // of addresses
        size_t mapped = 0; // of those, from the first on
        std::vector<size_t> runs; // page counts of the host's mappings, in order
        nt::MEMORY_CACHING_TYPE cache = nt::MmCached; // of a device's pages
    };

    explicit SystemMappings(hal::PhysicalMemory& physical)
        : m_physical(physical)
    {
    }

    // Addresses only. Nothing when none are left.
    std::optional<uintptr_t> reserve(size_t pages, Use use, uint32_t tag = 0);
    // Maps into a range that has nothing mapped; the frames must fit.
    void map(uintptr_t base, std::span<hal::Pfn const> frames, sim::host::Access access);
    void map_run(uintptr_t base, hal::Pfn first, size_t count, sim::host::Access access);
    void protect(uintptr_t base, sim::host::Access access);
    void unmap(uintptr_t base);
    // Unmaps and gives the addresses back.
    void release(uintptr_t base);

    // The range that starts at this address; null for none.
    Range* find(uintptr_t base);
    // visit(base, range), by address.
    template <typename Visit>
    void for_each(Use use, Visit visit) const
    {
        for (auto const& [base, range] : m_ranges)
            if (range.use == use)
                visit(base, range);
    }
    size_t count(Use use) const { return m_counts[static_cast<size_t>(use)]; }

private:
    hal::PhysicalMemory& m_physical;
    std::map<uintptr_t, Range> m_ranges;
    uintptr_t m_next = hal::kSystemMappings;
    size_t m_counts[static_cast<size_t>(Use::Count)] {};
};

} // namespace ringside::mm
