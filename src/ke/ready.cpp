// SPDX-License-Identifier: MIT
// Where a thread that can run waits for a processor: the ready queues, affinities, and which processor is chosen.
#include "ke/kernel.h"

#include "base/check.h"

#include <bit>

namespace ringside::ke {

using namespace nt;

namespace {
bool may_run(Thread const& thread, Cpu const& cpu) { return (thread.affinity >> cpu.number()) & 1; }
} // namespace

// An idle processor first: the one that was chosen for it, the one it ran on last, any. Else where it ran last, else the
// first that it may use.
void Kernel::ready(Thread& thread)
{
    Cpu* chosen = nullptr;
    auto idle = [&](Cpu& c) { return may_run(thread, c) && !c.has_work(); };
    if (thread.ideal_chosen && idle(*m_cpus[thread.ideal_processor]))
        chosen = m_cpus[thread.ideal_processor].get();
    if (!chosen && thread.cpu && idle(*thread.cpu))
        chosen = thread.cpu;
    if (!chosen)
        for (auto const& c : m_cpus)
            if (idle(*c)) {
                chosen = c.get();
                break;
            }
    if (!chosen && thread.ideal_chosen && may_run(thread, *m_cpus[thread.ideal_processor]))
        chosen = m_cpus[thread.ideal_processor].get();
    if (!chosen && thread.cpu && may_run(thread, *thread.cpu))
        chosen = thread.cpu;
    if (!chosen)
        for (auto const& c : m_cpus)
            if (may_run(thread, *c)) {
                chosen = c.get();
                break;
            }
    CHECK(chosen, "a thread's affinity names no processor");
    thread.since_100ns = sim::world().now_100ns();
    queue_ready(*chosen, thread, false);
    if (thread.priority > chosen->current->priority) {
        chosen->preempt = true;
        chosen->set_software_interrupt_pending(true);
    }
}

void Kernel::queue_ready(Cpu& at, Thread& thread, bool first)
{
    auto const p = static_cast<size_t>(thread.priority);
    thread.state = ThreadState::Ready;
    thread.cpu = &at;
    thread.ready_next = first ? at.ready_first[p] : nullptr;
    if (first)
        at.ready_first[p] = &thread;
    else if (at.ready_last[p])
        at.ready_last[p]->ready_next = &thread;
    else
        at.ready_first[p] = &thread;
    if (!first || !thread.ready_next)
        at.ready_last[p] = &thread;
    at.ready_mask |= 1u << p;
}

void Kernel::unqueue_ready(Thread& thread)
{
    Cpu& at = *thread.cpu;
    auto const p = static_cast<size_t>(thread.priority);
    Thread** link = &at.ready_first[p];
    Thread* previous = nullptr;
    while (*link && *link != &thread) {
        previous = *link;
        link = &(*link)->ready_next;
    }
    CHECK(*link == &thread, "a ready thread is not in its queue");
    *link = thread.ready_next;
    if (at.ready_last[p] == &thread)
        at.ready_last[p] = previous;
    if (!at.ready_first[p])
        at.ready_mask &= ~(1u << p);
    thread.ready_next = nullptr;
}

Thread* Kernel::take_ready(Cpu& cpu)
{
    if (!cpu.ready_mask)
        return nullptr;
    auto p = 31u - static_cast<unsigned>(std::countl_zero(cpu.ready_mask));
    Thread* first = cpu.ready_first[p];
    cpu.ready_first[p] = first->ready_next;
    if (!cpu.ready_first[p]) {
        cpu.ready_last[p] = nullptr;
        cpu.ready_mask &= ~(1u << p);
    }
    first->ready_next = nullptr;
    return first;
}

// At DISPATCH_LEVEL. `first`: pre-empted, so it goes before its equals.
void Kernel::leave_processor(bool first)
{
    Cpu& here = cpu();
    Thread& self = *here.current;
    if (may_run(self, here)) {
        Thread* next = take_ready(here);
        queue_ready(here, self, first);
        switch_thread(here, *next);
        return;
    }
    self.cpu = nullptr;
    ready(self);
    block();
}

void Kernel::set_affinity(Thread& thread, uint64_t affinity)
{
    uint8_t const old = raise_irql(DISPATCH_LEVEL);
    thread.affinity = affinity;
    switch (thread.state) {
    case ThreadState::Ready:
        if (!may_run(thread, *thread.cpu)) {
            unqueue_ready(thread);
            ready(thread);
        }
        break;
    case ThreadState::Running:
        if (!may_run(thread, *thread.cpu)) {
            if (old < DISPATCH_LEVEL && &thread == &current())
                leave_processor(true);
            else
                thread.cpu->set_software_interrupt_pending(true);
        }
        break;
    default:
        break; // looked at when it becomes ready
    }
    if (old < DISPATCH_LEVEL)
        lower_irql(old);
}

} // namespace ringside::ke
