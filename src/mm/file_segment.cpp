// SPDX-License-Identifier: MIT
// Sections of files: the pages of a file that some section has shown, one set for all sections of it.
// @cite(wdk-ddi): page=wdm/nf-wdm-zwcreatesection
// @cite(wdk-ddi): page=ntifs/nf-ntifs-mmcanfilebetruncated
// @cite(wdk-ddi): page=ntifs/nf-ntifs-zwflushvirtualmemory
#include "base/check.h"
#include "mm/memory.h"
#include "mm/protection.h"
#include "mm/section.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace ringside::mm {

using namespace nt;
using hal::kPageShift;
using hal::kPageSize;

Result<std::unique_ptr<FileData>> (*g_file_data)(FILE_OBJECT* file) = nullptr;

namespace {

std::span<std::byte> bytes_of(hal::Pfn frame)
{
    return { static_cast<std::byte*>(hal::PhysicalMemory::address_of(frame)), kPageSize };
}

// How much of a page the file has.
size_t file_bytes_in(uint64_t page, uint64_t file_bytes)
{
    uint64_t const at = page << kPageShift;
    return at < file_bytes ? static_cast<size_t>(std::min<uint64_t>(kPageSize, file_bytes - at)) : 0;
}

} // namespace

Result<uint64_t> Sections::size_for(FileData& data, uint64_t bytes, bool writes)
{
    uint64_t const has = data.bytes();
    if (!bytes && !has)
        return Failure { STATUS_MAPPED_FILE_SIZE_ZERO };
    if (bytes > has) {
        if (!writes)
            return Failure { STATUS_SECTION_TOO_BIG };
        TRY(data.grow(bytes));
    }
    return bytes ? bytes : has;
}

Result<Section*> Sections::create_of_file(FILE_OBJECT* file, uint64_t bytes, ULONG protect, ULONG attributes)
{
    TRY(check_attributes(attributes));
    if (attributes & SEC_IMAGE)
        return Failure { STATUS_NOT_SUPPORTED };
    if (!is_section_protection(protect))
        return Failure { STATUS_INVALID_PAGE_PROTECTION };
    if (bytes > kSectionBytesMax)
        return Failure { STATUS_SECTION_TOO_BIG };
    if (!g_file_data)
        return Failure { STATUS_INVALID_FILE_FOR_SECTION };
    std::unique_ptr<FileData> data = TRY(g_file_data(file));
    bool const writes = protect & (PAGE_READWRITE | PAGE_EXECUTE_READWRITE);
    auto size = size_for(*data, bytes, writes);
    if (size.ok() && *size > kSectionBytesMax)
        size = Failure { STATUS_SECTION_TOO_BIG };
    if (!size.ok()) {
        data->close();
        return size.failure();
    }
    FileSegment* segment = segment_of(data->pointers());
    if (segment)
        data->close(); // it has the file already
    else
        segment = &begin_segment(std::move(data));
    ++segment->sections;
    segment->writable_sections += writes;
    segment->written |= writes;
    Section& section = add(Section::Backing::File, *size, protect, attributes);
    section.file = segment;
    return &section;
}

FileSegment& Sections::begin_segment(std::unique_ptr<FileData> data)
{
    auto made = std::make_unique<FileSegment>();
    FileSegment& segment = *made;
    segment.number = ++m_segments_born;
    segment.pointers = data->pointers();
    segment.pointers->DataSectionObject = segment.pointers; // opaque, and not null
    segment.data = std::move(data);
    m_segment_of.emplace(segment.pointers, &segment);
    m_segments.emplace(segment.number, std::move(made));
    return segment;
}

FileSegment* Sections::segment_of(SECTION_OBJECT_POINTERS const* pointers)
{
    auto found = m_segment_of.find(pointers);
    return found == m_segment_of.end() ? nullptr : found->second;
}

// Fills new frames with the file's bytes; what lies behind its end is zero.
Result<void> Sections::fill(FileSegment& segment, uint64_t page, Section::Run const& run)
{
    for (uint64_t i = 0; i < run.count; ++i) {
        auto const frame = bytes_of(run.first + i);
        size_t const has = segment.data ? file_bytes_in(page + i, segment.data->bytes()) : 0;
        if (has)
            TRY(segment.data->read((page + i) << kPageShift, frame.first(has)));
        std::ranges::fill(frame.subspan(has), std::byte { 0 });
    }
    return {};
}

// There are no dirty bits: what differs from the file was written.
Result<void> Sections::write_back(FileSegment& segment, uint64_t first_page, uint64_t pages)
{
    if (!segment.written || !segment.data)
        return {};
    std::array<std::byte, kPageSize> kept;
    for (auto const& [begin, run] : segment.runs) {
        uint64_t const end = std::min(begin + run.count, first_page + pages);
        for (uint64_t page = std::max(begin, first_page); page < end; ++page) {
            size_t const has = file_bytes_in(page, segment.data->bytes());
            if (!has)
                break;
            auto const shown = bytes_of(run.first + (page - begin)).first(has);
            TRY(segment.data->read(page << kPageShift, { kept.data(), has }));
            if (std::memcmp(shown.data(), kept.data(), has) != 0)
                TRY(segment.data->write(page << kPageShift, shown));
        }
    }
    return {};
}

Result<void> Sections::flush_view(ke::Process& process, uintptr_t address, uint64_t bytes)
{
    Slice* const slice = memory().spaces.slice_of(&process);
    auto const view = slice ? memory().spaces.find(*slice, address) : AllocationIterator {};
    if (!slice || view == slice->allocations.end() || !view->second.section)
        return Failure { STATUS_NOT_MAPPED_VIEW };
    Section const& section = *view->second.section;
    if (!section.file)
        return {};
    uint64_t const skipped = (address - view->first) >> kPageShift;
    return write_back(*section.file, view->second.first_page + skipped,
                      std::min(view->second.pages - skipped, hal::page_round_up(bytes) >> kPageShift));
}

Result<void> Sections::flush_file(SECTION_OBJECT_POINTERS const* pointers)
{
    FileSegment* const segment = segment_of(pointers);
    return segment ? write_back(*segment, 0, ~uint64_t { 0 } >> kPageShift) : Result<void> {};
}

void Sections::leave_segment(Section& section)
{
    FileSegment& segment = *section.file;
    segment.writable_sections -= section.writes();
    if (--segment.sections)
        return;
    // Nobody is left who could be told of a failure: what the file does not take is lost, as the lazy writer loses it.
    (void)write_back(segment, 0, ~uint64_t { 0 } >> kPageShift);
    for (auto const& [page, run] : segment.runs)
        m_locks.release(run.first, run.count);
    if (segment.data) {
        m_segment_of.erase(segment.pointers);
        segment.pointers->DataSectionObject = nullptr;
        segment.data->close();
    }
    m_segments.erase(segment.number);
}

void Sections::forget_files(bool write)
{
    for (auto const& [number, segment] : m_segments) {
        if (write)
            (void)write_back(*segment, 0, ~uint64_t { 0 } >> kPageShift);
        segment->data.reset();
        segment->pointers = nullptr;
    }
    m_segment_of.clear();
}

template <typename Move>
void Sections::for_each_shown(SECTION_OBJECT_POINTERS const* pointers, uint64_t at, size_t bytes, Move move)
{
    FileSegment* const segment = segment_of(pointers);
    if (!segment)
        return;
    for (size_t done = 0; done < bytes;) {
        size_t const offset = (at + done) % kPageSize;
        size_t const piece = std::min(bytes - done, kPageSize - offset);
        if (auto frame = frame_in(segment->runs, (at + done) >> kPageShift))
            move(bytes_of(*frame).subspan(offset, piece), done);
        done += piece;
    }
}

void Sections::read_shown(SECTION_OBJECT_POINTERS const* pointers, uint64_t at, std::span<std::byte> into)
{
    for_each_shown(pointers, at, into.size(), [&](std::span<std::byte> shown, size_t done) {
        std::memcpy(into.data() + done, shown.data(), shown.size());
    });
}

void Sections::write_shown(SECTION_OBJECT_POINTERS const* pointers, uint64_t at, std::span<std::byte const> from)
{
    for_each_shown(pointers, at, from.size(), [&](std::span<std::byte> shown, size_t done) {
        std::memcpy(shown.data(), from.data() + done, shown.size());
    });
}

bool Sections::may_resize(SECTION_OBJECT_POINTERS const* pointers, std::optional<uint64_t> bytes)
{
    FileSegment const* const segment = segment_of(pointers);
    return !segment || !segment->data || (bytes && *bytes > segment->data->bytes());
}

size_t Sections::writable_references(SECTION_OBJECT_POINTERS const* pointers)
{
    FileSegment const* const segment = segment_of(pointers);
    return segment ? segment->writable_sections : 0;
}

} // namespace ringside::mm
