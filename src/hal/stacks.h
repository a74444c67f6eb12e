// SPDX-License-Identifier: MIT
// Kernel stacks at fixed addresses, each with an inaccessible guard below. A touch of the guard is a kernel stack
// overflow (bug check 0x7F, double fault). Freed slots are used again last-in first-out.
#pragma once

#include "hal/physical.h"

namespace ringside::hal {

class KernelStacks {
public:
    explicit KernelStacks(PhysicalMemory& memory);

    struct Stack {
        uintptr_t low = 0; // lowest usable byte
        size_t bytes = 0;
    };
    // An empty stack (bytes == 0) when physical memory or slots are used up.
    Stack allocate();
    void free(Stack stack);
    // What a stack is continued on: depth 1 from a thread's own stack, 2 from that, and so on to kStackSegmentsMax.
    Stack allocate_segment(unsigned depth);
    void free_segment(unsigned depth, Stack segment);

    // Whether the address lies in the guard of a slot.
    static bool is_guard(uintptr_t address)
    {
        return address >= kStackSegments && address < kStacksHigh
            && (address - kStackSegments) % kStackSlotBytes < kStackSlotBytes - kStackBytes;
    }
    size_t in_use() const { return m_in_use; }

private:
    struct Slots {
        uintptr_t next = kStacks;
        uintptr_t high = kStacksHigh;
        std::vector<uintptr_t> cached {}; // mapped, not in use
    };
    Stack take(Slots& slots);

    PhysicalMemory& m_memory;
    Slots m_stacks;
    Slots m_segments[kStackSegmentsMax]; // by depth - 1
    size_t m_in_use = 0;
};

} // namespace ringside::hal
