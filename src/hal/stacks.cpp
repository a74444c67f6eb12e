// SPDX-License-Identifier: MIT
#include "hal/stacks.h"

namespace ringside::hal {

KernelStacks::KernelStacks(PhysicalMemory& memory)
    : m_memory(memory)
{
    uintptr_t high = kStacks;
    for (Slots& depth : m_segments) {
        depth.high = high;
        depth.next = high -= kStackSegmentsBytes;
    }
}

KernelStacks::Stack KernelStacks::take(Slots& slots)
{
    if (!slots.cached.empty()) {
        uintptr_t low = slots.cached.back();
        slots.cached.pop_back();
        return { low, kStackBytes };
    }
    if (slots.next >= slots.high)
        return {};
    auto pfn = m_memory.allocate(kStackBytes >> kPageShift);
    if (!pfn)
        return {};
    uintptr_t low = slots.next + kStackSlotBytes - kStackBytes;
    slots.next += kStackSlotBytes;
    m_memory.map(low, *pfn, kStackBytes >> kPageShift, sim::host::Access::ReadWrite);
    return { low, kStackBytes };
}

KernelStacks::Stack KernelStacks::allocate()
{
    Stack const stack = take(m_stacks);
    m_in_use += stack.bytes != 0;
    return stack;
}

void KernelStacks::free(Stack stack)
{
    CHECK(stack.bytes == kStackBytes && m_in_use, "a stack that was not given out came back");
    --m_in_use;
    m_stacks.cached.push_back(stack.low);
}

KernelStacks::Stack KernelStacks::allocate_segment(unsigned depth)
{
    CHECK(depth >= 1 && depth <= kStackSegmentsMax, "a stack segment of an impossible depth");
    return take(m_segments[depth - 1]);
}

void KernelStacks::free_segment(unsigned depth, Stack segment)
{
    CHECK(segment.bytes == kStackBytes, "a stack segment that was not given out came back");
    m_segments[depth - 1].cached.push_back(segment.low);
}

} // namespace ringside::hal
