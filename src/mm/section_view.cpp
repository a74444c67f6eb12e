// SPDX-License-Identifier: MIT
// Views of sections, in processes and in system space.
// @cite(wdk-ddi): page=wdm/nf-wdm-zwmapviewofsection
// @cite(wdk-ddi): page=ntddk/nf-ntddk-mmmapviewinsystemspace
#include "mm/memory.h"
#include "mm/protection.h"
#include "mm/section.h"
#include "mm/virtual_memory.h"

#include <algorithm>

namespace ringside::mm {

using namespace nt;
using hal::kPageShift;
using hal::kPageSize;
using Kind = UserAllocation::Kind;

namespace {

struct Window {
    uint64_t first_page;
    uint64_t pages;
};

// The pages of the section that a view shows. STATUS_INVALID_VIEW_SIZE beyond its end.
Result<Window> window_of(Section const& section, uint64_t offset, uint64_t bytes)
{
    uint64_t const section_bytes = section.pages << kPageShift;
    if (offset >= section_bytes)
        return Failure { STATUS_INVALID_VIEW_SIZE };
    if (bytes > section_bytes - offset)
        return Failure { STATUS_INVALID_VIEW_SIZE };
    uint64_t const first_page = offset >> kPageShift;
    uint64_t const end = bytes ? hal::page_round_up(offset + bytes) >> kPageShift : section.pages;
    return Window { first_page, end - first_page };
}

// visit(first page of the section, frame, count) for each run of committed pages in the window.
template <typename Visit>
void for_each_committed(Section const& section, Window const& window, Visit visit)
{
    uint64_t const end = window.first_page + window.pages;
    if (section.backing == Section::Backing::Physical) {
        visit(window.first_page, window.first_page, window.pages);
        return;
    }
    for (uint64_t page = window.first_page; page < end;) {
        auto it = section.runs().upper_bound(page);
        uint64_t const next = it == section.runs().end() ? end : it->first;
        if (auto frame = section.frame(page)) {
            auto const& [begin, run] = *std::prev(it);
            uint64_t const count = std::min(end, begin + run.count) - page;
            visit(page, *frame, count);
            page += count;
        } else
            page = next;
    }
}

} // namespace

Result<View> Sections::map(Section& section, ke::Process& process, ViewRequest const& request)
{
    constexpr ULONG kTypes = MEM_TOP_DOWN | MEM_RESERVE;
    if (request.inherit != ViewShare && request.inherit != ViewUnmap)
        return Failure { STATUS_INVALID_PARAMETER_8 };
    if (request.type & ~kTypes)
        return Failure { STATUS_INVALID_PARAMETER_9 };
    if (request.zero_bits > 20)
        return Failure { STATUS_INVALID_PARAMETER_4 };
    if (!is_protection(request.protect) || is_guard(request.protect))
        return Failure { STATUS_INVALID_PAGE_PROTECTION };
    if (request.base >= hal::kUserProbeAddress)
        return Failure { STATUS_INVALID_PARAMETER_3 };
    if (!section.permits(request.protect))
        return Failure { STATUS_SECTION_PROTECTION };
    bool const physical = section.backing == Section::Backing::Physical;
    if (!physical && (request.base % kGranularity || request.offset % kGranularity))
        return Failure { STATUS_MAPPED_ALIGNMENT };
    // Of physical memory any page can be named: the view begins at the 64 KiB border below, and says so.
    uint64_t const slack = request.offset % kGranularity;
    uint64_t const offset = request.offset - slack;
    uint64_t const bytes = request.bytes ? request.bytes + slack : 0;
    if (bytes < request.bytes)
        return Failure { STATUS_INVALID_VIEW_SIZE };
    Window const window = TRY(window_of(section, offset, bytes));
    if (physical && !memory().physical.exists(window.first_page, window.pages))
        return Failure { STATUS_INVALID_VIEW_SIZE };
    AddressSpaces& spaces = memory().spaces;
    Slice* slice = spaces.slice_of(&process);
    if (!slice)
        return Failure { STATUS_PROCESS_IS_TERMINATING };
    if (request.zero_bits && !request.base)
        return Failure { STATUS_NO_MEMORY };
    uintptr_t const wanted = request.base & ~(kGranularity - 1);
    auto base = spaces.find_room(*slice, window.pages, wanted, request.type & MEM_TOP_DOWN);
    if (!base)
        return Failure { request.base ? STATUS_CONFLICTING_ADDRESSES : STATUS_NO_MEMORY };
    if (section.backing == Section::Backing::Paging && section.attributes & SEC_RESERVE && request.commit_bytes)
        TRY(commit(section, window.first_page,
                   std::min<uint64_t>(window.pages, hal::page_round_up(request.commit_bytes) >> kPageShift)));
    if (section.file) // no page fault reads a file: what a view shows is there from the start
        TRY(commit(section, window.first_page, window.pages));
    spaces.reserve(*slice, *base, { window.pages, Kind::SectionView, request.protect, &section, window.first_page });
    ++section.views;
    for_each_committed(section, window, [&](uint64_t page, hal::Pfn frame, size_t count) {
        spaces.commit_frames(*slice, *base + ((page - window.first_page) << kPageShift), frame, count, request.protect);
    });
    return View { *base, offset, window.pages << kPageShift };
}

Result<void> Sections::unmap(ke::Process& process, uintptr_t address)
{
    AddressSpaces& spaces = memory().spaces;
    Slice* slice = spaces.slice_of(&process);
    if (!slice)
        return Failure { STATUS_NOT_MAPPED_VIEW };
    auto it = spaces.find(*slice, address);
    if (it == slice->allocations.end() || it->second.kind != Kind::SectionView)
        return Failure { STATUS_NOT_MAPPED_VIEW };
    TRY(check_secured(*slice, it->first, it->first + (it->second.pages << kPageShift), 0, KernelMode));
    spaces.release(*slice, it);
    return {};
}

Result<View> Sections::map_in_system(Section& section, uint64_t offset, uint64_t bytes)
{
    if (section.backing == Section::Backing::Physical)
        return Failure { STATUS_INVALID_VIEW_SIZE }; // it has no end that could be mapped
    if (offset % kGranularity)
        return Failure { STATUS_MAPPED_ALIGNMENT };
    Window const window = TRY(window_of(section, offset, bytes));
    // What a system view shows is there: nobody could commit it later.
    TRY(commit(section, window.first_page, window.pages));
    auto base = memory().mappings.reserve(window.pages, SystemMappings::Use::SectionView);
    if (!base)
        return Failure { STATUS_NO_MEMORY };
    std::vector<hal::Pfn> frames;
    frames.reserve(window.pages);
    for (uint64_t page = window.first_page; page < window.first_page + window.pages; ++page)
        frames.push_back(*section.frame(page));
    memory().mappings.map(*base, frames, section.writes() ? sim::host::Access::ReadWrite : sim::host::Access::Read);
    m_system_views.emplace(*base, &section);
    ++section.views;
    return View { *base, offset, window.pages << kPageShift };
}

Result<void> Sections::unmap_in_system(uintptr_t base)
{
    auto it = m_system_views.find(base);
    if (it == m_system_views.end())
        return Failure { STATUS_NOT_MAPPED_VIEW };
    Section& section = *it->second;
    m_system_views.erase(it);
    memory().mappings.release(base);
    view_gone(section);
    return {};
}

} // namespace ringside::mm
