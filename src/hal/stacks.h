// SPDX-License-Identifier: MIT
// Kernel stacks at fixed addresses, each with an inaccessible guard below. A touch of the guard is a kernel stack
// overflow (bug check 0x7F, double fault). Freed slots are used again last-in first-out.
#pragma once

#include "hal/physical.h"

namespace ringside::hal {

class KernelStacks {
public:
    explicit KernelStacks(PhysicalMemory& memory) : m_memory(memory) {}

    struct Stack {
        uintptr_t low = 0; // lowest usable byte
        size_t bytes = 0;
    };
    // An empty stack (bytes == 0) when physical memory or slots are used up.
    Stack allocate();
    void free(Stack stack);

    // Whether the address lies in the guard of a slot.
    static bool is_guard(uintptr_t address)
    {
        return address >= kStacks && address < kStacksHigh
            && (address - kStacks) % kStackSlotBytes < kStackSlotBytes - kStackBytes;
    }
    size_t in_use() const { return m_in_use; }

private:
    PhysicalMemory& m_memory;
    std::vector<uintptr_t> m_cached; // mapped, not in use
    uintptr_t m_next = kStacks;
    size_t m_in_use = 0;
};

} // namespace ringside::hal
