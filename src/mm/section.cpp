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

constexpr uint64_t kPhysicalBytes = uint64_t { 1 } << 46; // what the processor of the profile can address

} // namespace

bool is_section_protection(ULONG protect)
{
    constexpr ULONG kModifiers = PAGE_GUARD | PAGE_NOCACHE | PAGE_WRITECOMBINE;
    return is_protection(protect) && !(protect & kModifiers) && protect != PAGE_NOACCESS;
}

std::optional<hal::Pfn> Section::frame(uint64_t page) const
{
    return backing == Backing::Physical ? page : frame_in(runs(), page);
}

std::optional<hal::Pfn> frame_in(Section::Runs const& runs, uint64_t page)
{
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

Result<void> Sections::check_attributes(ULONG attributes)
{
    constexpr ULONG kKinds = SEC_COMMIT | SEC_RESERVE | SEC_IMAGE;
    constexpr ULONG kModifiers = SEC_NOCACHE | SEC_WRITECOMBINE | SEC_NO_CHANGE;
    ULONG const kind = attributes & kKinds;
    if (attributes & ~(kKinds | kModifiers) || (kind != SEC_COMMIT && kind != SEC_RESERVE && kind != SEC_IMAGE))
        return Failure { STATUS_INVALID_PARAMETER_6 };
    return {};
}

Section& Sections::add(Section::Backing backing, uint64_t bytes, ULONG protect, ULONG attributes)
{
    auto& section = *m_sections.emplace_back(std::make_unique<Section>());
    section.index = m_sections.size() - 1;
    section.backing = backing;
    section.bytes = bytes;
    section.pages = hal::page_round_up(bytes) >> kPageShift;
    section.protect = protect;
    section.attributes = attributes;
    section.number = ++m_born;
    return section;
}

Result<Section*> Sections::create(uint64_t bytes, ULONG protect, ULONG attributes)
{
    TRY(check_attributes(attributes));
    if (attributes & SEC_IMAGE)
        return Failure { STATUS_INVALID_FILE_FOR_SECTION }; // an image is a file
    if (!is_section_protection(protect))
        return Failure { STATUS_INVALID_PAGE_PROTECTION };
    if (!bytes)
        return Failure { STATUS_INVALID_PARAMETER_4 };
    if (bytes > kSectionBytesMax)
        return Failure { STATUS_SECTION_TOO_BIG };
    Section& section = add(Section::Backing::Paging, bytes, protect, attributes);
    if (attributes & SEC_COMMIT)
        if (auto committed = commit(section, 0, section.pages); !committed.ok()) {
            m_sections.pop_back();
            --m_born;
            return committed.failure();
        }
    return &section;
}

Section& Sections::create_physical()
{
    return add(Section::Backing::Physical, kPhysicalBytes, PAGE_EXECUTE_READWRITE, SEC_COMMIT);
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
    if (section.file && section.writes())
        (void)write_back(*section.file, 0, section.pages); // a failure comes again at the next flush
    drop_if_unused(section);
}

void Sections::drop_if_unused(Section& section)
{
    if (section.object || section.views)
        return;
    if (section.file)
        leave_segment(section);
    for (auto const& [page, run] : section.own_runs)
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
        Section::Runs& runs = section.runs();
        auto next = runs.lower_bound(page);
        size_t run = std::min(end, next == runs.end() ? end : next->first) - page;
        std::optional<hal::Pfn> first;
        while (!(first = m_physical.allocate(run)))
            run /= 2;
        if (section.file)
            if (auto filled = fill(*section.file, page, { *first, run }); !filled.ok()) {
                m_locks.release(*first, run);
                return filled.failure();
            }
        runs.emplace(page, Section::Run { *first, run });
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
