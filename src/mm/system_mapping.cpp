// SPDX-License-Identifier: MIT
#include "mm/system_mapping.h"

#include "base/check.h"

namespace ringside::mm {

using hal::kPageShift;

namespace {
constexpr size_t kGuardPages = 1;
}

std::optional<uintptr_t> SystemMappings::reserve(size_t pages, Use use, uint32_t tag)
{
    size_t const bytes = (pages + kGuardPages) << kPageShift;
    uintptr_t at = m_next;
    bool wrapped = false;
    auto it = m_ranges.lower_bound(at);
    for (;;) {
        if (bytes > hal::kSystemMappingsHigh - at) {
            if (wrapped)
                return std::nullopt;
            wrapped = true;
            at = hal::kSystemMappings;
            it = m_ranges.begin();
            continue;
        }
        if (it == m_ranges.end() || at + bytes <= it->first)
            break;
        at = it->first + ((it->second.pages + kGuardPages) << kPageShift);
        ++it;
    }
    Range range { .use = use, .tag = tag, .pages = pages, .runs = {} };
    m_ranges.emplace(at, std::move(range));
    ++m_counts[static_cast<size_t>(use)];
    m_next = at + bytes;
    return at;
}

SystemMappings::Range* SystemMappings::find(uintptr_t base)
{
    auto it = m_ranges.find(base);
    return it == m_ranges.end() ? nullptr : &it->second;
}

void SystemMappings::map(uintptr_t base, std::span<hal::Pfn const> frames, sim::host::Access access)
{
    for_each_run(frames, [&](size_t index, hal::Pfn first, size_t count) {
        Range& range = *find(base);
        CHECK(index == range.mapped && index + count <= range.pages, "a mapping does not fit its range");
        m_physical.map(base + (index << kPageShift), first, count, access);
        range.runs.push_back(count);
        range.mapped += count;
    });
}

void SystemMappings::map_run(uintptr_t base, hal::Pfn first, size_t count, sim::host::Access access)
{
    Range& range = *find(base);
    CHECK(!range.mapped && count <= range.pages, "a mapping does not fit its range");
    m_physical.map(base, first, count, access);
    range.runs.push_back(count);
    range.mapped = count;
}

void SystemMappings::protect(uintptr_t base, sim::host::Access access)
{
    Range& range = *find(base);
    sim::host::set_access(base, range.mapped << kPageShift, access);
}

void SystemMappings::unmap(uintptr_t base)
{
    Range& range = *find(base);
    uintptr_t at = base;
    for (size_t count : range.runs) {
        m_physical.unmap(at, count);
        at += count << kPageShift;
    }
    range.runs.clear();
    range.mapped = 0;
}

void SystemMappings::release(uintptr_t base)
{
    unmap(base);
    auto it = m_ranges.find(base);
    --m_counts[static_cast<size_t>(it->second.use)];
    m_ranges.erase(it);
}

} // namespace ringside::mm
