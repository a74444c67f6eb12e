// SPDX-License-Identifier: MIT
// Sections: memory that can be mapped at several places, in one process or in many, each view a window on the same
// pages.
//
//   create ----> open (object) --last reference--> closed --last view--> gone
//                    |   map                          ^
//                    +----> views in processes, in system space ----+
//
// What a section is made of (Backing):
//   Paging      frames of its own, zeroed when committed: at once (SEC_COMMIT) or page by page (SEC_RESERVE)
//   Physical    physical memory itself: \Device\PhysicalMemory
//   File        frames that all sections of the file share (FileSegment): filled from the file when a view first shows
//               them, written back by a flush, when a view goes, and at the end
//
// Invariants
//   S1  a section's frames go back when neither its object nor a view is left; a file's, when that is so of its sections
//   S2  committed pages of a Paging section are committed in each view that covers them
//   S3  a page that was copied on write belongs to the process, not to the section
//   S4  reads and writes of a file and its views show the same bytes; a file does not shrink while it has a section
#pragma once

#include "base/result.h"
#include "hal/physical.h"
#include "mm/address_space.h"
#include "mm/file_data.h"
#include "mm/frames.h"
#include "mm/system_mapping.h"
#include "nt/mm_virtual.h"

#include <map>
#include <memory>
#include <vector>

namespace ringside::mm {

struct FileSegment;

struct Section {
    enum class Backing : uint8_t { Paging, Physical, File };

    size_t index = 0;
    Backing backing = Backing::Paging;
    uint64_t bytes = 0; // as asked for
    uint64_t pages = 0;
    nt::ULONG protect = 0; // of its pages
    nt::ULONG attributes = 0; // SEC_*
    void* object = nullptr; // the body that drivers know; null: closed
    size_t views = 0;
    uint32_t number = 0; // of birth

    struct Run {
        hal::Pfn first;
        size_t count;
    };
    using Runs = std::map<uint64_t, Run>; // committed pages by page number
    Runs own_runs; // Paging
    FileSegment* file = nullptr; // File

    Runs& runs();
    Runs const& runs() const { return const_cast<Section*>(this)->runs(); }
    bool writes() const { return protect & (nt::PAGE_READWRITE | nt::PAGE_EXECUTE_READWRITE); }
    // The page's frame; nothing while it is not committed.
    std::optional<hal::Pfn> frame(uint64_t page) const;
    // Whether a view may have this protection.
    bool permits(nt::ULONG view_protect) const;
};

// The frame of a page in committed runs.
std::optional<hal::Pfn> frame_in(Section::Runs const& runs, uint64_t page);

// A file's pages, while there is a section of it.
struct FileSegment {
    uint32_t number = 0; // of birth
    std::unique_ptr<FileData> data; // null: its file system went first
    nt::SECTION_OBJECT_POINTERS* pointers = nullptr; // compared; its DataSectionObject says that there is a segment
    Section::Runs runs;
    size_t sections = 0; // with an object or a view
    size_t writable_sections = 0;
    bool written = false; // by whom it may have been: there was a writable section
};

inline Section::Runs& Section::runs() { return file ? file->runs : own_runs; }

struct ViewRequest {
    uintptr_t base = 0; // 0: anywhere
    uint64_t zero_bits = 0;
    uint64_t commit_bytes = 0; // SEC_RESERVE: committed from the view's start on
    uint64_t offset = 0;
    uint64_t bytes = 0; // 0: to the section's end
    nt::SECTION_INHERIT inherit = nt::ViewUnmap;
    nt::ULONG type = 0;
    nt::ULONG protect = nt::PAGE_READWRITE;
};

struct View {
    uintptr_t base;
    uint64_t offset; // what was used
    size_t bytes;
};

class Sections {
public:
    Sections(hal::PhysicalMemory& physical, FrameLocks& locks)
        : m_physical(physical)
        , m_locks(locks)
    {
    }
    ~Sections();
    Sections(Sections const&) = delete;
    Sections& operator=(Sections const&) = delete;

    // A section of the paging file. STATUS_INVALID_PARAMETER_4 (no size), STATUS_INVALID_PARAMETER_6 (attributes),
    // STATUS_INVALID_PAGE_PROTECTION, STATUS_SECTION_TOO_BIG, STATUS_COMMITMENT_LIMIT.
    Result<Section*> create(uint64_t bytes, nt::ULONG protect, nt::ULONG attributes);
    // A section of a file object's file, as large as the file when `bytes` is 0; it grows when it is smaller and the
    // section writable. STATUS_INVALID_FILE_FOR_SECTION, STATUS_FILE_LOCK_CONFLICT, STATUS_MAPPED_FILE_SIZE_ZERO,
    // STATUS_SECTION_TOO_BIG, STATUS_INVALID_PAGE_PROTECTION, STATUS_INVALID_PARAMETER_6; STATUS_NOT_SUPPORTED for
    // SEC_IMAGE; the file system's.
    Result<Section*> create_of_file(nt::FILE_OBJECT* file, uint64_t bytes, nt::ULONG protect, nt::ULONG attributes);
    Section& create_physical();
    // The body belongs to this section from now on; its bytes hold the index, which is checked.
    void bind(Section& section, void* object);
    // Takes back what was created and never bound.
    void discard_unbound();
    Section* of_object(void const* object, size_t index);
    void object_gone(Section& section);
    void view_gone(Section& section);

    // NtMapViewOfSection's sizes and errors; NtUnmapViewOfSection.
    Result<View> map(Section& section, ke::Process& process, ViewRequest const& request);
    Result<void> unmap(ke::Process& process, uintptr_t address);
    // System space.
    Result<View> map_in_system(Section& section, uint64_t offset, uint64_t bytes);
    Result<void> unmap_in_system(uintptr_t base);

    // Commits pages of a SEC_RESERVE section through one view of it.
    Result<void> commit_view(Slice& slice, AllocationIterator view, uintptr_t begin, uintptr_t end, nt::ULONG protect);
    // Writes what a process' view shows at these addresses back to its file, if it has one.
    Result<void> flush_view(ke::Process& process, uintptr_t address, uint64_t bytes);

    // For a file system, of the file whose file objects point there. Nothing happens when it has no section.
    Result<void> flush_file(nt::SECTION_OBJECT_POINTERS const* pointers);
    void read_shown(nt::SECTION_OBJECT_POINTERS const* pointers, uint64_t at, std::span<std::byte> into);
    void write_shown(nt::SECTION_OBJECT_POINTERS const* pointers, uint64_t at, std::span<std::byte const> from);
    bool is_mapped(nt::SECTION_OBJECT_POINTERS const* pointers) { return segment_of(pointers) != nullptr; }
    // Whether the file may be given this size (none: whatever size is meant). It may grow.
    bool may_resize(nt::SECTION_OBJECT_POINTERS const* pointers, std::optional<uint64_t> bytes);
    size_t writable_references(nt::SECTION_OBJECT_POINTERS const* pointers);
    // The file system goes; with `write`, after what was written to views is in the files.
    void forget_files(bool write);

    size_t system_views() const { return m_system_views.size(); }
    size_t open() const;

private:
    static Result<void> check_attributes(nt::ULONG attributes);
    static Result<uint64_t> size_for(FileData& data, uint64_t bytes, bool writes);
    Section& add(Section::Backing backing, uint64_t bytes, nt::ULONG protect, nt::ULONG attributes);
    FileSegment& begin_segment(std::unique_ptr<FileData> data);
    FileSegment* segment_of(nt::SECTION_OBJECT_POINTERS const* pointers);
    Result<void> fill(FileSegment& segment, uint64_t page, Section::Run const& run);
    Result<void> write_back(FileSegment& segment, uint64_t first_page, uint64_t pages);
    void leave_segment(Section& section);
    template <typename Move>
    void for_each_shown(nt::SECTION_OBJECT_POINTERS const* pointers, uint64_t at, size_t bytes, Move move);
    Result<void> commit(Section& section, uint64_t first_page, uint64_t count);
    void show_in_views(Section& section, uint64_t page, Section::Run const& run);
    void drop_if_unused(Section& section);

    hal::PhysicalMemory& m_physical;
    FrameLocks& m_locks;
    std::vector<std::unique_ptr<Section>> m_sections; // by index; null: gone
    std::map<uint32_t, std::unique_ptr<FileSegment>> m_segments; // in order of birth
    // Looked up only: its order decides nothing.
    std::map<nt::SECTION_OBJECT_POINTERS const*, FileSegment*> m_segment_of;
    std::map<uintptr_t, Section*> m_system_views;
    uint32_t m_born = 0;
    uint32_t m_segments_born = 0;
};

// More than any slice could show.
inline constexpr uint64_t kSectionBytesMax = hal::kUserSliceBytes;

// The protections a section may be created with, and that of a view.
bool is_section_protection(nt::ULONG protect);

} // namespace ringside::mm
