// SPDX-License-Identifier: MIT
// Finds the instructions of an image that need care. Only what is certainly code is looked at: the ranges named in
// .pdata, and leaf functions (which have no entry there) that are exported, entered, or called directly. Elsewhere data
// may hide between functions; and behind a function's own jump table, which compilers put at its end, nothing is read.
// What is not found here traps, if it can.
#pragma once

#include "ldr/pe.h"
#include "ldr/trap_operation.h"

namespace ringside::ldr {

struct SweepOptions {
    bool explore = false; // find locked instructions and exchanges with memory, too
};

struct FoundSite {
    uint32_t rva = 0;
    Instruction instruction;
    // SharedData: the last eight bytes are an address in the shared user data page.
    bool has_shared_address = false;
    // No branch is known to lead into it behind its first byte, and no other one overlaps it: it may be overwritten.
    bool whole = true;
};

struct Sweep {
    std::vector<FoundSite> sites; // ascending
    uint32_t instructions = 0;
    uint32_t functions = 0; // with .pdata
    uint32_t leaves = 0;
};

// `image` is the image as laid out, relocated or not.
Sweep sweep_image(std::span<std::byte const> image, PeFile const& file, SweepOptions const& options);

} // namespace ringside::ldr
