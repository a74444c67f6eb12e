// SPDX-License-Identifier: MIT
// Which image an instruction belongs to, and its unwind data: what the exception machinery needs to know of loaded
// images. The loader adds and removes entries. Unloaded images keep theirs, marked, so that a call into one can be
// named (bug check 0xCE).
#pragma once

#include "nt/nt.h"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace ringside::ke {

struct ImageRange {
    uintptr_t base = 0;
    size_t size = 0;
    std::string name; // "toaster.sys"
    std::string path; // of the file on the host, for symbols; may be empty
    std::span<nt::RUNTIME_FUNCTION const> functions {}; // sorted by begin; validated by the loader
    bool unloaded = false;

    bool contains(uintptr_t address) const { return address - base < size; }
};

class FunctionTable {
public:
    // Returns the entry's index, which stays valid for the machine's life.
    size_t add(ImageRange range);
    ImageRange& at(size_t index) { return m_ranges[index]; }
    std::span<ImageRange const> ranges() const { return m_ranges; }

    // The loaded image at an address; null outside any.
    ImageRange const* find(uintptr_t address) const;
    // The same for images that were unloaded.
    ImageRange const* find_unloaded(uintptr_t address) const;
    // The entry that covers an address; null for a leaf function, which has none.
    static nt::RUNTIME_FUNCTION const* lookup(ImageRange const& image, uintptr_t address);

private:
    std::vector<ImageRange> m_ranges;
};

} // namespace ringside::ke
