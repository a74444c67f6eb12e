// SPDX-License-Identifier: MIT
#include "hal/stacks.h"

namespace ringside::hal {

KernelStacks::Stack KernelStacks::allocate()
{
    if (!m_cached.empty()) {
        uintptr_t low = m_cached.back();
        m_cached.pop_back();
        ++m_in_use;
        return { low, kStackBytes };
    }
    if (m_next >= kStacksHigh)
        return {};
    auto pfn = m_memory.allocate(kStackBytes >> kPageShift);
    if (!pfn)
        return {};
    uintptr_t low = m_next + kStackSlotBytes - kStackBytes;
    m_next += kStackSlotBytes;
    m_memory.map(low, *pfn, kStackBytes >> kPageShift, sim::host::Access::ReadWrite);
    ++m_in_use;
    return { low, kStackBytes };
}

void KernelStacks::free(Stack stack)
{
    CHECK(stack.bytes == kStackBytes && m_in_use, "a stack that was not given out came back");
    --m_in_use;
    m_cached.push_back(stack.low);
}

} // namespace ringside::hal
