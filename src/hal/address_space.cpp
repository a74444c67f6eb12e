// SPDX-License-Identifier: MIT
#include "hal/address_space.h"

#include "base/check.h"

#include <array>

namespace ringside::hal {

namespace {
struct Range {
    uintptr_t low;
    uintptr_t high;
};
constexpr std::array kRanges {
    Range { kStubs, kSharedUserData + kPageSize },
    Range { kTrampolinesLow, kTrampolinesHigh },
    Range { kStackSegments, kStacksHigh },
    Range { kSystemMappings, kSystemMappingsHigh },
};

void map_pages(PhysicalMemory& memory, uintptr_t address, size_t bytes)
{
    auto pfn = memory.allocate(bytes >> kPageShift);
    CHECK(pfn, "physical memory is too small to boot");
    memory.map(address, *pfn, bytes >> kPageShift, sim::host::Access::ReadWrite);
}
} // namespace

AddressSpace::AddressSpace(PhysicalMemory& memory) : m_memory(memory)
{
    for (auto const& range : kRanges)
        sim::host::reserve(range.low, range.high - range.low);
    map_pages(memory, kDataExports, kDataExportsBytes);
    map_pages(memory, kSharedUserData, kPageSize);
}

AddressSpace::~AddressSpace()
{
    for (auto const& range : kRanges)
        sim::host::release(range.low, range.high - range.low);
    sim::host::release(kDirectMap, m_memory.bytes());
}

} // namespace ringside::hal
