// SPDX-License-Identifier: MIT
#include "ldr/patch_space.h"

#include "sim/host.h"

#include <algorithm>

namespace ringside::ldr {

namespace {

using hal::kPageSize;
using sim::host::Access;

constexpr uintptr_t kImageAlignment = 0x10000;

// The first range of a begin -> end map that ends above `at`.
template <typename Map>
auto first_above(Map const& ranges, uintptr_t at)
{
    auto it = ranges.upper_bound(at);
    if (it != ranges.begin() && std::prev(it)->second > at)
        --it;
    return it;
}

} // namespace

uintptr_t TrampolineSpace::room_for_image(uintptr_t from, size_t size) const
{
    uintptr_t base = (from + kImageAlignment - 1) & ~(kImageAlignment - 1);
    for (;;) {
        auto page = m_pages.lower_bound(base);
        auto image = first_above(m_images, base);
        uintptr_t const end = base + size + kPageSize;
        uintptr_t blocked = 0;
        if (page != m_pages.end() && page->first < end)
            blocked = page->first + kPageSize;
        if (image != m_images.end() && image->first < end)
            blocked = std::max(blocked, image->second);
        if (!blocked)
            return base;
        base = (blocked + kImageAlignment - 1) & ~(kImageAlignment - 1);
    }
}

bool TrampolineSpace::fits(uint32_t owner, uintptr_t at, size_t size, uintptr_t& next) const
{
    uintptr_t const end = at + size;
    if (auto used = first_above(m_used, at); used != m_used.end() && used->first < end) {
        next = used->second;
        return false;
    }
    if (auto image = first_above(m_images, hal::page_of(at)); image != m_images.end() && image->first < end) {
        next = image->second;
        return false;
    }
    for (uintptr_t page = hal::page_of(at); page < end; page += kPageSize) {
        auto it = m_pages.find(page);
        bool const own = it != m_pages.end() && it->second.owner == owner && !it->second.released;
        if (page < m_low || page + kPageSize > m_high || (it != m_pages.end() && !own)) {
            next = page + kPageSize;
            return false;
        }
    }
    return true;
}

uintptr_t TrampolineSpace::take(uint32_t owner, uintptr_t at, size_t size)
{
    for (uintptr_t page = hal::page_of(at); page < at + size; page += kPageSize)
        if (m_pages.try_emplace(page, Page { owner, false }).second) {
            sim::host::map_private(page, kPageSize, Access::ReadWrite);
            ++m_mapped;
        }
    m_used.emplace(at, at + size);
    return at;
}

std::optional<uintptr_t> TrampolineSpace::allocate(uint32_t owner, uintptr_t first, uintptr_t last, size_t size)
{
    uintptr_t next = 0;
    // Pages that the owner has already come first: each new one is a mapping more.
    for (auto it = m_pages.lower_bound(hal::page_of(first)); it != m_pages.end() && it->first <= last; ++it) {
        if (it->second.owner != owner || it->second.released)
            continue;
        uintptr_t at = std::max(first, it->first);
        while (at <= last && at + size <= it->first + kPageSize) {
            if (fits(owner, at, size, next))
                return take(owner, at, size);
            at = next;
        }
    }
    // A whole page if the window has one, else wherever in it there is room.
    uintptr_t at = std::max(first, m_low);
    if (uintptr_t const page = hal::page_round_up(at); page <= last)
        at = page;
    while (at <= last && at + size <= m_high) {
        if (!fits(owner, at, size, next)) {
            at = next;
            continue;
        }
        if (m_mapped + 2 > kPagesMax)
            return std::nullopt;
        return take(owner, at, size);
    }
    return std::nullopt;
}

template <typename Visit>
void TrampolineSpace::for_each_page(uint32_t owner, Visit visit) const
{
    for (auto const& [address, page] : m_pages)
        if (page.owner == owner && !page.released)
            visit(address);
}

void TrampolineSpace::unseal(uint32_t owner)
{
    for_each_page(owner, [](uintptr_t page) { sim::host::set_access(page, kPageSize, Access::ReadWrite); });
}

void TrampolineSpace::seal(uint32_t owner)
{
    for_each_page(owner, [](uintptr_t page) { sim::host::set_access(page, kPageSize, Access::ReadExecute); });
}

void TrampolineSpace::release(uint32_t owner)
{
    for (auto& [address, page] : m_pages)
        if (page.owner == owner && !page.released) {
            sim::host::discard(address, kPageSize);
            page.released = true;
            --m_mapped;
        }
}

size_t TrampolineSpace::pages(uint32_t owner) const
{
    size_t count = 0;
    for_each_page(owner, [&](uintptr_t) { ++count; });
    return count;
}

} // namespace ringside::ldr
