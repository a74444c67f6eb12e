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
// Files come as a third kind: frames of its own that are filled from a file when committed and written back by a flush.
//
// Invariants
//   S1  a section's frames go back when neither its object nor a view is left
//   S2  committed pages of a Paging section are committed in each view that covers them
//   S3  a page that was copied on write belongs to the process, not to the section
#pragma once

#include "base/result.h"
#include "hal/physical.h"
#include "mm/address_space.h"
#include "mm/frames.h"
#include "mm/system_mapping.h"
#include "nt/mm_virtual.h"

#include <map>
#include <memory>
#include <vector>

namespace ringside::mm {

struct Section {
    enum class Backing : uint8_t { Paging, Physical };

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
    std::map<uint64_t, Run> runs; // committed pages by page number: Paging only

    // The page's frame; nothing while it is not committed.
    std::optional<hal::Pfn> frame(uint64_t page) const;
    // Whether a view may have this protection.
    bool permits(nt::ULONG view_protect) const;
};

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
    size_t system_views() const { return m_system_views.size(); }
    size_t open() const;

private:
    Result<void> commit(Section& section, uint64_t first_page, uint64_t count);
    void show_in_views(Section& section, uint64_t page, Section::Run const& run);
    void drop_if_unused(Section& section);

    hal::PhysicalMemory& m_physical;
    FrameLocks& m_locks;
    std::vector<std::unique_ptr<Section>> m_sections; // by index; null: gone
    std::map<uintptr_t, Section*> m_system_views;
    uint32_t m_born = 0;
};

// The protections a section may be created with, and that of a view.
bool is_section_protection(nt::ULONG protect);

} // namespace ringside::mm
