// SPDX-License-Identifier: MIT
// Paging of driver images. The loader tells which sections an image has; a pageable one that nobody locked can be paged
// out: its pages lose all access, and a touch below DISPATCH_LEVEL brings the whole section back. Nothing is written
// anywhere: the frames stay, so the contents do.
//
//   a section:   resident --trim (pageable, not locked)--> paged out --touch, lock--> resident
//
// The Verifier's forced IRQL checking (Driver Verifier's option of that name) trims whenever a driver raises the IRQL
// to DISPATCH_LEVEL or is called there: what it then touches of its pageable code and data is bug check 0xD1, whether
// the pages happened to be in memory or not.
#pragma once

#include "sim/host.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace ringside::mm {

struct ImageSection {
    std::string name;
    uintptr_t begin = 0;
    size_t bytes = 0; // whole pages
    sim::host::Access access {};
    bool pageable = false; // as the linker left it: PAGE...
    bool discardable = false; // INIT: gone after DriverEntry
    bool executable = false;

    uint32_t locks = 0;
    bool resident = true;
};

class ImagePaging {
public:
    struct Image {
        uintptr_t base = 0;
        size_t bytes = 0;
        std::vector<ImageSection> sections {};
        bool paged_entirely = false; // MmPageEntireDriver
    };

    void add(Image image);
    void remove(uintptr_t base);
    // The loader took the section's access away.
    void discarded(uintptr_t begin);

    // Pages a section in that was paged out; false when the address lies in none.
    bool page_in(uintptr_t address);
    bool is_away(uintptr_t address);
    // Pages out what may be. Cheap when nothing may.
    void trim();

    // Everything back in: the machine ends, and what looks at the wreck must see it.
    void bring_all_back();
    // What MmPageEntireDriver did is undone.
    void reset(Image& image);

    Image* find(uintptr_t address);
    ImageSection* section_at(uintptr_t address);
    // The section that a handle of MmLockPagableDataSection means.
    ImageSection* section_of_handle(uintptr_t handle);
    void lock(ImageSection& section);
    // False when it is not locked.
    bool unlock(ImageSection& section);
    // Sections that drivers hold locked, for the leak check.
    size_t locked() const;

    uint64_t trims = 0; // sections paged out so far
    uint64_t page_ins = 0; // and paged in by a touch

private:
    static bool may_go(Image const& image, ImageSection const& section);
    void bring_back(ImageSection& section);

    std::vector<Image> m_images;
    size_t m_away = 0; // sections paged out now
};

} // namespace ringside::mm
