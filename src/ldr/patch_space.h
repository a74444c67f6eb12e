// SPDX-License-Identifier: MIT
// Where images and the trampolines of their patched instructions stand. A patched instruction dictates a window for
// its trampoline, up to 2 GiB away; pages are mapped there one by one, so images must keep clear of them and they of
// images. Nothing here is ever used again after its owner is gone: a thread that comes back to it is noticed.
#pragma once

#include "hal/layout.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>

namespace ringside::ldr {

class TrampolineSpace {
public:
    // The whole of [low, high) is reserved by the machine; images lie between their own bounds inside it.
    TrampolineSpace(uintptr_t low, uintptr_t high) : m_low(low), m_high(high) {}

    // The first address from `from` on, 64 KiB aligned, with room for an image and a free page behind it.
    uintptr_t room_for_image(uintptr_t from, size_t size) const;
    void add_image(uintptr_t base, size_t size) { m_images.emplace(base, base + size); }

    // `size` bytes for the owner that begin in [first, last], in pages that are its own; mapped and writable until
    // seal(). Nothing when all of the window is taken, or when the machine has too many of these pages already.
    std::optional<uintptr_t> allocate(uint32_t owner, uintptr_t first, uintptr_t last, size_t size);

    // The owner's pages may be written (unseal) or run (seal).
    void unseal(uint32_t owner);
    void seal(uint32_t owner);
    // Takes the owner's pages away; their addresses stay taken.
    void release(uint32_t owner);

    size_t pages(uint32_t owner) const;
    // An isolated page costs the host up to two more mappings, of which Linux allows 65 530 to a process.
    static constexpr size_t kPagesMax = 8192;

private:
    struct Page {
        uint32_t owner;
        bool released;
    };
    // Whether the range can be used; if not, where to look next.
    bool fits(uint32_t owner, uintptr_t at, size_t size, uintptr_t& next) const;
    uintptr_t take(uint32_t owner, uintptr_t at, size_t size);
    template <typename Visit>
    void for_each_page(uint32_t owner, Visit visit) const;

    uintptr_t m_low;
    uintptr_t m_high;
    std::map<uintptr_t, uintptr_t> m_images; // base -> end
    std::map<uintptr_t, Page> m_pages;
    std::map<uintptr_t, uintptr_t> m_used;   // begin -> end of what was handed out
    size_t m_mapped = 0;
};

} // namespace ringside::ldr
