// SPDX-License-Identifier: MIT
// @cite(wdk-ddi): page=wdm/nf-wdm-zwcreatesection
// @cite(wdk-docs): page=kernel/section-objects-and-views
#include "mm/section.h"

#include "base/check.h"
#include "mm/memory.h"
#include "mm/protection.h"

#include <algorithm>

namespace ringside::mm {

using namespace nt;
using hal::kPageShift;

namespace {

// More than any slice could show.
constexpr uint64_t kSectionBytesMax = hal::kUserSliceBytes;

constexpr uint64_t kPhysicalBytes = uint64_t { 1 } << 46; // what the processor of the profile can address

} // namespace

bool is_section_protection(ULONG protect)
{
    constexpr ULONG kModifiers = PAGE_GUARD | PAGE_NOCACHE | PAGE_WRITECOMBINE;
    return is_protection(protect) && !(protect & kModifiers) && protect != PAGE_NOACCESS;
}

std::optional<hal::Pfn> Section::frame(uint64_t page) const
{
    if (backing == Backing::Physical)
        return page;
    auto it = runs.upper_bound(page);
    if (it == runs.begin())
        return std::nullopt;
    --it;
    if (page - it->first >= it->second.count)
        return std::nullopt;
    return it->second.first + (page - it->first);
}

// A view may read, copy on write, and do what the section's own pages permit.
bool Section::permits(ULONG view_protect) const
{
    ULONG const view = view_protect & kBasicProtections;
    bool const section_executes
        = protect & (PAGE_EXECUTE | PAGE_EXECUTE_READ | PAGE_EXECUTE_READWRITE | PAGE_EXECUTE_WRITECOPY);
    bool const section_writes = protect & (PAGE_READWRITE | PAGE_EXECUTE_READWRITE);
    switch (view) {
    case PAGE_NOACCESS:
        return true;
    case PAGE_READONLY:
    case PAGE_WRITECOPY:
        return protect != PAGE_EXECUTE && !(view == PAGE_WRITECOPY && backing == Backing::Physical);
    case PAGE_READWRITE:
        return section_writes;
    case PAGE_EXECUTE:
        return section_executes;
    case PAGE_EXECUTE_READ:
        return section_executes && protect != PAGE_EXECUTE;
    case PAGE_EXECUTE_WRITECOPY:
        return section_executes && protect != PAGE_EXECUTE && backing != Backing::Physical;
    case PAGE_EXECUTE_READWRITE:
        return section_executes && section_writes;
    default:
        return false;
    }
}

Sections::~Sections() = default; // the frames go with the machine's memory

// --- Life --------------------------------------------------------------------------------------------------------

Result<Section*> Sections::create(uint64_t bytes, ULONG protect, ULONG attributes)
{
    constexpr ULONG kKinds = SEC_COMMIT | SEC_RESERVE | SEC_IMAGE;
    constexpr ULONG kModifiers = SEC_NOCACHE | SEC_WRITECOMBINE | SEC_NO_CHANGE;
    if (attributes & ~(kKinds | kModifiers))
        return Failure { STATUS_INVALID_PARAMETER_6 };
    if (attributes & SEC_IMAGE)
        return Failure { STATUS_INVALID_FILE_FOR_SECTION }; // an image is a file
    ULONG const kind = attributes & kKinds;
    if (kind != SEC_COMMIT && kind != SEC_RESERVE)
        return Failure { STATUS_INVALID_PARAMETER_6 };
    if (!is_section_protection(protect))
        return Failure { STATUS_INVALID_PAGE_PROTECTION };
    if (!bytes)
        return Failure { STATUS_INVALID_PARAMETER_4 };
    if (bytes > kSectionBytesMax)
        return Failure { STATUS_SECTION_TOO_BIG };
    auto made = std::make_unique<Section>();
    Section& section = *made;
    section.index = m_sections.size();
    section.bytes = bytes;
    section.pages = hal::page_round_up(bytes) >> kPageShift;
    section.protect = protect;
    section.attributes = attributes;
    section.number = ++m_born;
    if (kind == SEC_COMMIT)
        TRY(commit(section, 0, section.pages));
    m_sections.push_back(std::move(made));
    return &section;
}

Section& Sections::create_physical()
{
    auto made = std::make_unique<Section>();
    Section& section = *made;
    section.index = m_sections.size();
    section.backing = Section::Backing::Physical;
    section.bytes = kPhysicalBytes;
    section.pages = kPhysicalBytes >> kPageShift;
    section.protect = PAGE_EXECUTE_READWRITE;
    section.attributes = SEC_COMMIT;
    section.number = ++m_born;
    m_sections.push_back(std::move(made));
    return section;
}

void Sections::bind(Section& section, void* object) { section.object = object; }

void Sections::discard_unbound()
{
    for (auto const& section : m_sections)
        if (section)
            drop_if_unused(*section);
}

Section* Sections::of_object(void const* object, size_t index)
{
    if (index >= m_sections.size() || !m_sections[index] || m_sections[index]->object != object)
        return nullptr;
    return m_sections[index].get();
}

void Sections::object_gone(Section& section)
{
    section.object = nullptr;
    drop_if_unused(section);
}

void Sections::view_gone(Section& section)
{
    CHECK(section.views, "a view went that was never made");
    --section.views;
    drop_if_unused(section);
}

void Sections::drop_if_unused(Section& section)
{
    if (section.object || section.views)
        return;
    for (auto const& [page, run] : section.runs)
        m_locks.release(run.first, run.count);
    m_sections[section.index].reset();
}

size_t Sections::open() const
{
    return static_cast<size_t>(std::ranges::count_if(
        m_sections, [](auto const& section) { return section && section->backing != Section::Backing::Physical; }));
}

// --- Pages -------------------------------------------------------------------------------------------------------

Result<void> Sections::commit(Section& section, uint64_t first_page, uint64_t count)
{
    uint64_t const end = first_page + count;
    uint64_t wanted = 0;
    for (uint64_t page = first_page; page < end; ++page)
        wanted += !section.frame(page);
    if (wanted > m_physical.free_pages())
        return Failure { STATUS_COMMITMENT_LIMIT };
    for (uint64_t page = first_page; page < end;) {
        if (section.frame(page)) {
            ++page;
            continue;
        }
        auto next = section.runs.lower_bound(page);
        size_t run = std::min(end, next == section.runs.end() ? end : next->first) - page;
        std::optional<hal::Pfn> first;
        while (!(first = m_physical.allocate(run)))
            run /= 2;
        section.runs.emplace(page, Section::Run { *first, run });
        show_in_views(section, page, { *first, run });
        page += run;
    }
    return {};
}

// A page committed through one view is there in all of them, with each view's own protection.
void Sections::show_in_views(Section& section, uint64_t page, Section::Run const& run)
{
    if (!section.views)
        return;
    AddressSpaces& spaces = memory().spaces;
    for (Slice& slice : spaces.slices())
        for (auto& [base, view] : slice.allocations) {
            if (view.section != &section)
                continue;
            uint64_t const begin = std::max(page, view.first_page);
            uint64_t const end = std::min(page + run.count, view.first_page + view.pages);
            if (begin < end)
                spaces.commit_frames(slice, base + ((begin - view.first_page) << kPageShift),
                                     run.first + (begin - page), end - begin, view.protect);
        }
}

Result<void> Sections::commit_view(Slice& slice, AllocationIterator view, uintptr_t begin, uintptr_t end, ULONG protect)
{
    Section& section = *view->second.section;
    if (section.backing != Section::Backing::Paging)
        return Failure { STATUS_ALREADY_COMMITTED };
    if (!section.permits(protect))
        return Failure { STATUS_SECTION_PROTECTION };
    uint64_t const first = view->second.first_page + ((begin - view->first) >> kPageShift);
    TRY(commit(section, first, (end - begin) >> kPageShift));
    memory().spaces.set_protect(slice, begin, end, protect);
    return {};
}

} // namespace ringside::mm
