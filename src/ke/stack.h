// SPDX-License-Identifier: MIT
// What drivers use of a kernel stack. Windows gives 24 KiB; ours are ten times as large, but the host's frames stand on
// them too. So only drivers' bytes are counted: those between each door (where a driver was entered) and the gate
// through which it called the kernel. A verified machine looks at each gate and ends with bug check 0x7F, as the double
// fault on Windows; what goes beyond a stack without a call is seen at its guard only.
//
//   top   host | door  driver A  gate | host | door  driver B  gate | host ...
//                      \__ used __/                  \__ used __/
#pragma once

#include "ke/door.h"
#include "ke/kernel.h"

namespace ringside::ke {

// Drivers' bytes when the driver that was entered last has its stack pointer there. Nobody's: nothing.
inline int64_t stack_used(StackUse const& use, uintptr_t at)
{
    return use.entered > at ? int64_t { use.used } + static_cast<int64_t>(use.entered - at) : int64_t { use.used };
}

// Whether the newest gate was called by the driver that was entered last. The exception dispatcher calls a driver's
// language handler, a stub like any import, from below frames of its own: these are nobody's bytes.
inline bool called_by_driver(StackUse const& use, ChainNode const& gate)
{
    ChainNode const* before = gate.previous;
    return !before || is_gate(*before) || reinterpret_cast<uintptr_t>(before) >= use.entered;
}

// The gate through which the driver that was entered last called the kernel; null: the host called itself.
inline GateFrame const* gate_of_driver(StackUse const& use)
{
    ChainNode const* node = chain_head();
    if (reinterpret_cast<uintptr_t>(node) >= use.entered || !node || !is_gate(*node) || !called_by_driver(use, *node))
        return nullptr;
    return reinterpret_cast<GateFrame const*>(node);
}

// The stack pointer with which it did.
inline uintptr_t stack_pointer_at(GateFrame const& gate) { return reinterpret_cast<uintptr_t>(&gate + 1); }

// A driver is entered: how it was before. DPCs and ISRs have stacks of their own.
inline StackUse enter_driver(Thread& thread, Door door, uintptr_t at)
{
    StackUse const outer = thread.stack_use;
    if (door == Door::Dpc || door == Door::Isr)
        thread.stack_use = {};
    else if (GateFrame const* gate = gate_of_driver(outer))
        thread.stack_use.used = static_cast<uint32_t>(stack_used(outer, stack_pointer_at(*gate)));
    thread.stack_use.entered = at;
    return outer;
}

// And left. Word by word, as it was kept: one load of all 16 bytes would wait until the words are in the cache. The limit
// seldom differs (the DPC door).
inline void leave_driver(Thread& thread, StackUse const& outer)
{
    thread.stack_use.entered = outer.entered;
    thread.stack_use.used = outer.used;
    if (thread.stack_use.limit != outer.limit) [[unlikely]]
        thread.stack_use.limit = outer.limit;
}
[[noreturn]] void stack_overflow(uintptr_t at);

// As the driver that called the kernel sees its stack: the lowest byte that it may use, and the bytes left.
struct StackView {
    uintptr_t low;
    uintptr_t high;
    uintptr_t remaining;
};
StackView stack_view();

} // namespace ringside::ke
