// SPDX-License-Identifier: MIT
// Patches driver images at load (docs/design.md D5, D7): instructions that would trap, or would tell the host's truth
// instead of the machine's, and the places where time must be able to pass.
//
//   a site          becomes                                                        cost
//   jump            E9 over the instruction; the trampoline does the work          2 ns inline, 40 ns by the kernel
//   trap            F4 (hlt) over its first byte; the trap handler goes there      4 us
//   native          unchanged: it traps by itself                                  4 us
//   left            unchanged, for the trampolines' space is used up: it does what the host does
//
// Exact, moving no neighbour. An instruction of n bytes (2 <= n < 5) gives the jump its low n-1 displacement bytes; the
// others are those of the instruction behind it, which stay as they are. They dictate a window of 256^(n-1) bytes, in
// which the trampoline is put. Sites are done from high addresses to low, for a jump depends on the bytes behind it.
//
//   P1  no byte of another instruction changes
//   P2  a trampoline leaves every register and flag as the instruction would have; the stack below rsp is not kept
//       (the Microsoft convention has no red zone). One thing it does not look at: mov cr8 of a value above 15 faults
//       on hardware, and here only where it traps
//   P3  a fault inside a trampoline is reported as the instruction's own
#pragma once

#include "ldr/patch_space.h"
#include "ldr/patch_sweep.h"

#include <deque>
#include <memory>

namespace ringside::ldr {

enum class Entry : uint8_t { Jump, Trap, Native, Left };

struct Site {
    uintptr_t address = 0;
    Instruction instruction;
    Entry entry = Entry::Native;
    uintptr_t trampoline = 0; // 0: none
    uint32_t trampoline_size = 0;
    // Where the original instruction stands again, for those that run after a schedule point; 0: it is emulated.
    uintptr_t resume = 0;
    // SharedData that trapped: the register through which the copied instruction addresses the page; it is saved on the
    // driver's stack meanwhile.
    int8_t scratch = -1;
};

// What was done to an image: for `ringside inspect` and tests.
struct PatchReport {
    struct Line {
        uint32_t rva;
        Operation operation;
        Entry entry;
    };
    std::vector<Line> lines; // ascending
    uint32_t instructions = 0;
    uint32_t functions = 0;
    uint32_t leaves = 0;
    size_t trampoline_pages = 0;

    size_t count(Operation operation, Entry entry) const;
    // One line per kind of instruction: "mov cr8, reg: 3 patched, 1 trapped".
    std::string text() const;
};

class Patcher {
public:
    explicit Patcher(TrampolineSpace& space);
    ~Patcher();
    Patcher(Patcher const&) = delete;
    Patcher& operator=(Patcher const&) = delete;

    // The image must be laid out at its base and writable; `owner` names it to the trampolines' space.
    PatchReport patch(uint32_t owner, std::span<std::byte> image, PeFile const& file, SweepOptions const& options);
    // The image is gone: its trampolines go too.
    void forget(uint32_t owner);

    // No allocation, for the trap handler. Null: none there.
    Site* site_at(uintptr_t address) const;
    Site* site_of_trampoline(uintptr_t address) const;

    // A copy of an instruction that trapped on the shared user data page, to run with another address; null if it has
    // no such form. Its site is kept: the next trap there finds it.
    Site* add_shared_data_site(uintptr_t address, Decoded const& decoded, std::span<uint8_t const> bytes);

private:
    struct Image {
        std::span<std::byte> memory;
        std::deque<Site> sites;
        bool gone = false;
    };
    struct Window {
        uintptr_t first;
        uintptr_t last;
    };
    Site& apply(uint32_t owner, Image& image, FoundSite const& found);
    bool place(uint32_t owner, Site& site, Window window);
    void index(Site& site);

    TrampolineSpace& m_space;
    std::map<uint32_t, Image> m_images;
    std::map<uintptr_t, Site*> m_by_address;
    std::map<uintptr_t, Site*> m_by_trampoline;
    std::deque<Site> m_behind_locked; // their second schedule points, which have no address of their own
};

// The live machine's patcher; null while none is.
extern Patcher* g_patcher;

} // namespace ringside::ldr
