// SPDX-License-Identifier: MIT
// Priorities. A thread has a base priority and a dynamic one; the dynamic one rises when a wait is satisfied and wears
// off by one level at each end of a quantum. Priorities of the real-time class (16 and more) never change by themselves,
// and no boost leads into it.
//
//   base --wait satisfied--> base + increment, at most 15 --quantum ends--> one less ... base
//   base --ready for 4 s without a turn--> 15 --quantum ends--> base
//
// @cite(wdk-docs): page=kernel/specifying-priority-boosts-when-completing-i-o-requests
// @cite(win32): page=procthread/priority-boosts
#include "ke/kernel.h"

namespace ringside::ke {

using namespace nt;

namespace {
constexpr int kRealTime = LOW_REALTIME_PRIORITY;
constexpr int8_t kStarvedPriority = kRealTime - 1;
constexpr unsigned kStarvedPerLook = 10; // as many threads as one look of the balance set manager raises
} // namespace

void Kernel::set_priority(Thread& thread, int8_t priority)
{
    thread.starved = false;
    if (thread.state != ThreadState::Ready) {
        thread.priority = priority;
        if (thread.state == ThreadState::Running && thread.cpu) {
            // Lowered below what waits for its processor, it goes.
            Cpu& at = *thread.cpu;
            if (at.ready_mask && 31 - __builtin_clz(at.ready_mask) > priority) {
                at.preempt = true;
                at.set_software_interrupt_pending(true);
                if (&thread == &current() && irql() < DISPATCH_LEVEL)
                    software_interrupts();
            }
        }
        return;
    }
    unqueue_ready(thread);
    thread.priority = priority;
    ready(thread);
    if (irql() < DISPATCH_LEVEL && hal::processor().software_interrupt_pending())
        software_interrupts();
}

void Kernel::boost(Thread& thread, int32_t increment)
{
    thread.quantum_100ns = 0;
    if (thread.priority >= kRealTime || thread.starved)
        return;
    int const wanted = std::min<int>(thread.base_priority + std::max(increment, 0), kRealTime - 1);
    if (wanted > thread.priority)
        thread.priority = static_cast<int8_t>(wanted);
}

// Of the current thread.
void Kernel::end_quantum()
{
    Thread& self = current();
    self.quantum_100ns = 0;
    uint64_t const now = sim::world().now_100ns();
    self.run_100ns += now - self.since_100ns;
    self.since_100ns = now;
    if (self.priority >= kRealTime)
        return;
    if (self.starved)
        self.priority = self.base_priority;
    else if (self.priority > self.base_priority)
        --self.priority;
    self.starved = false;
    Cpu& here = cpu();
    if (here.ready_mask && 31 - __builtin_clz(here.ready_mask) > self.priority) {
        here.preempt = true;
        here.set_software_interrupt_pending(true);
    }
}

// Who was ready for so long that somebody with a higher priority must have the processor is raised above all others of
// its class, for one quantum. In order of birth.
void Kernel::balance()
{
    uint64_t const now = sim::world().now_100ns();
    m_balance_due_100ns = now + kBalancePeriod_100ns;
    unsigned raised = 0;
    for (auto const& thread : m_threads) {
        if (!thread || thread->state != ThreadState::Ready || thread->priority >= kStarvedPriority
            || now - thread->since_100ns < kStarved_100ns)
            continue;
        unqueue_ready(*thread);
        thread->priority = kStarvedPriority;
        thread->starved = true;
        thread->quantum_100ns = 0;
        ready(*thread);
        if (++raised == kStarvedPerLook)
            break;
    }
}

bool Kernel::yield_execution()
{
    uint32_t const ready = cpu().ready_mask;
    if (!ready || 31 - __builtin_clz(ready) < current().priority)
        return false;
    yield();
    return true;
}

uint64_t Kernel::runtime_100ns(Thread const& thread) const
{
    return thread.run_100ns
        + (thread.state == ThreadState::Running ? sim::world().now_100ns() - thread.since_100ns : 0);
}

} // namespace ringside::ke
