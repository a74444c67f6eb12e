// SPDX-License-Identifier: MIT
// Physical memory: one memory file, mapped whole at kDirectMap, and handed out by page frame. Everything a driver can
// describe with an MDL or ask a physical address for (pool, images, stacks, user buffers) consists of these frames, so
// every view of a byte is the same byte.
//
// Frames are handed out lowest first, which keeps addresses a function of what the run did.
//
// Devices' memory stands beside it in the physical address space: registers and frame buffers that MmMapIoSpace maps.
// Each range is a memory file of its own; a device model keeps the host's view of it.
#pragma once

#include "hal/layout.h"
#include "sim/host.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace ringside::hal {

using Pfn = uint64_t; // a page frame number

struct DeviceRange {
    uint64_t base;
    size_t bytes;
    std::string name; // "video memory"
    int descriptor; // the file that holds its bytes

    Pfn first() const { return base >> kPageShift; }
    size_t pages() const { return bytes >> kPageShift; }
};

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

    // Memory of a device at whole pages above all of the machine's own, zeroed. False when something is there already.
    bool add_device(uint64_t base, size_t bytes, std::string name);
    std::vector<DeviceRange> const& devices() const { return m_devices; }
    // The device that has the frame; null for none.
    DeviceRange const* device_at(Pfn pfn) const;
    // Whether all these frames are memory, or all a device's.
    bool is_memory(Pfn first, size_t count) const { return first < m_pages && count <= m_pages - first; }
    bool exists(Pfn first, size_t count) const;

    // The direct map's address of a frame; valid for every frame, also one that is free.
    static void* address_of(Pfn pfn) { return reinterpret_cast<void*>(kDirectMap + (pfn << kPageShift)); }

    // Maps `count` frames from `first` at a fixed page-aligned address, and forgets mapped pages again, which may be a
    // part of a mapping or several.
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
    std::map<Pfn, size_t> m_free; // first -> count, coalesced
    std::map<uintptr_t, Mapping> m_mappings; // by first address
    std::vector<DeviceRange> m_devices; // by base
};

} // namespace ringside::hal
