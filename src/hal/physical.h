// SPDX-License-Identifier: MIT
// Physical memory: one memory file, mapped whole at kDirectMap, and handed out by page frame. Everything a driver can
// describe with an MDL or ask a physical address for (pool, images, stacks, user buffers) consists of these frames, so
// every view of a byte is the same byte.
//
// Frames are handed out lowest first, which keeps addresses a function of what the run did.
#pragma once

#include "hal/layout.h"
#include "sim/host.h"

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

namespace ringside::hal {

using Pfn = uint64_t; // a page frame number

class PhysicalMemory {
public:
    explicit PhysicalMemory(size_t bytes);
    ~PhysicalMemory();
    PhysicalMemory(PhysicalMemory const&) = delete;
    PhysicalMemory& operator=(PhysicalMemory const&) = delete;

    size_t bytes() const { return m_pages << kPageShift; }
    size_t free_pages() const { return m_free_pages; }
    int descriptor() const { return m_descriptor; }

    // `count` frames in a row with numbers in [lowest, highest], aligned to `alignment` frames, zeroed; the first
    // frame's number, or nothing when memory is full or too scattered.
    std::optional<Pfn> allocate(size_t count, size_t alignment = 1, Pfn lowest = 1, Pfn highest = ~Pfn { 0 });
    void free(Pfn first, size_t count);

    // The direct map's address of a frame; valid for every frame, also one that is free.
    static void* address_of(Pfn pfn) { return reinterpret_cast<void*>(kDirectMap + (pfn << kPageShift)); }

    // Maps `count` frames from `first` at a fixed page-aligned address, and forgets such a mapping again.
    void map(uintptr_t address, Pfn first, size_t count, sim::host::Access access);
    void unmap(uintptr_t address, size_t count);

    // The physical address behind any kernel or user address that this object mapped; nothing for one it did not.
    std::optional<uint64_t> physical_of(uintptr_t address) const;

private:
    struct Mapping {
        size_t count;
        Pfn first;
    };
    int m_descriptor;
    size_t m_pages;
    size_t m_free_pages;
    std::map<Pfn, size_t> m_free;            // first -> count, coalesced
    std::map<uintptr_t, Mapping> m_mappings; // by first address
};

} // namespace ringside::hal
