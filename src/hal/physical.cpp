// SPDX-License-Identifier: MIT
#include "hal/physical.h"

#include <algorithm>

namespace ringside::hal {

PhysicalMemory::PhysicalMemory(size_t bytes)
    : m_descriptor(sim::host::create_memory_file(bytes))
    , m_pages(bytes >> kPageShift)
    , m_free_pages(m_pages - 1)
{
    CHECK(bytes % kPageSize == 0 && bytes <= kDirectMapHigh - kDirectMap, "an impossible size of physical memory");
    // Frame 0 is never handed out: a physical address of zero means "none" to many drivers.
    m_free.emplace(1, m_pages - 1);
    sim::host::map_memory_file(kDirectMap, bytes, m_descriptor, 0, sim::host::Access::ReadWrite);
}

PhysicalMemory::~PhysicalMemory()
{
    sim::host::close_file(m_descriptor);
    for (DeviceRange const& device : m_devices)
        sim::host::close_file(device.descriptor);
}

bool PhysicalMemory::add_device(uint64_t base, size_t bytes, std::string name)
{
    CHECK(base % kPageSize == 0 && bytes && bytes % kPageSize == 0, "a device has whole pages");
    uint64_t const end = base + bytes;
    if (end < base || base < this->bytes())
        return false;
    auto it
        = std::ranges::find_if(m_devices, [=](DeviceRange const& other) { return other.base + other.bytes > base; });
    if (it != m_devices.end() && it->base < end)
        return false;
    m_devices.insert(it, { base, bytes, std::move(name), sim::host::create_memory_file(bytes) });
    return true;
}

DeviceRange const* PhysicalMemory::device_at(Pfn pfn) const
{
    for (DeviceRange const& device : m_devices)
        if (pfn - device.first() < device.pages())
            return &device;
    return nullptr;
}

bool PhysicalMemory::exists(Pfn first, size_t count) const
{
    if (is_memory(first, count))
        return true;
    DeviceRange const* device = device_at(first);
    return device && count <= device->pages() - (first - device->first());
}

std::optional<Pfn> PhysicalMemory::allocate(size_t count, size_t alignment, Pfn lowest, Pfn highest)
{
    for (auto it = m_free.begin(); it != m_free.end(); ++it) {
        Pfn const begin = it->first;
        Pfn const end = begin + it->second;
        Pfn first = std::max(begin, lowest);
        first = (first + alignment - 1) / alignment * alignment;
        if (first >= end || end - first < count || first + count - 1 > highest)
            continue;
        m_free.erase(it);
        if (first > begin)
            m_free.emplace(begin, first - begin);
        if (first + count < end)
            m_free.emplace(first + count, end - first - count);
        m_free_pages -= count;
        return first;
    }
    return std::nullopt;
}

void PhysicalMemory::free(Pfn first, size_t count)
{
    CHECK(first >= 1 && count && first + count <= m_pages, "frames that do not exist were freed");
    sim::host::punch(m_descriptor, first << kPageShift, count << kPageShift);
    auto [it, inserted] = m_free.emplace(first, count);
    CHECK(inserted, "a frame was freed twice");
    m_free_pages += count;
    if (auto next = std::next(it); next != m_free.end()) {
        CHECK(first + count <= next->first, "a frame was freed twice");
        if (first + count == next->first) {
            it->second += next->second;
            m_free.erase(next);
        }
    }
    if (it != m_free.begin()) {
        auto previous = std::prev(it);
        CHECK(previous->first + previous->second <= first, "a frame was freed twice");
        if (previous->first + previous->second == first) {
            previous->second += it->second;
            m_free.erase(it);
        }
    }
}

void PhysicalMemory::map(uintptr_t address, Pfn first, size_t count, sim::host::Access access)
{
    if (first < m_pages)
        sim::host::map_memory_file(address, count << kPageShift, m_descriptor, first << kPageShift, access);
    else {
        DeviceRange const* device = device_at(first);
        CHECK(device && exists(first, count), "frames that do not exist were mapped");
        sim::host::map_memory_file(address, count << kPageShift, device->descriptor,
                                   (first - device->first()) << kPageShift, access);
    }
    auto [it, inserted] = m_mappings.emplace(address, Mapping { count, first });
    CHECK(inserted, "an address was mapped twice");
    (void)it;
}

void PhysicalMemory::unmap(uintptr_t address, size_t count)
{
    uintptr_t const end = address + (count << kPageShift);
    for (uintptr_t at = address; at < end;) {
        auto it = m_mappings.upper_bound(at);
        CHECK(it != m_mappings.begin(), "a mapping that does not exist was taken away");
        --it;
        uintptr_t const begin = it->first;
        Mapping const mapping = it->second;
        uintptr_t const mapping_end = begin + (mapping.count << kPageShift);
        CHECK(at < mapping_end, "a mapping that does not exist was taken away");
        uintptr_t const upto = std::min(end, mapping_end);
        m_mappings.erase(it);
        if (begin < at)
            m_mappings.emplace(begin, Mapping { (at - begin) >> kPageShift, mapping.first });
        if (upto < mapping_end)
            m_mappings.emplace(
                upto, Mapping { (mapping_end - upto) >> kPageShift, mapping.first + ((upto - begin) >> kPageShift) });
        at = upto;
    }
    sim::host::discard(address, count << kPageShift);
}

std::optional<uint64_t> PhysicalMemory::physical_of(uintptr_t address) const
{
    if (address >= kDirectMap && address < kDirectMap + bytes())
        return address - kDirectMap;
    auto it = m_mappings.upper_bound(address);
    if (it == m_mappings.begin())
        return std::nullopt;
    --it;
    if (address - it->first >= it->second.count << kPageShift)
        return std::nullopt;
    return (it->second.first << kPageShift) + (address - it->first);
}

} // namespace ringside::hal
