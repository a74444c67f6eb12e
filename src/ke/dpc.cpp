// SPDX-License-Identifier: MIT
// Deferred procedure calls. Each processor has a queue of ordinary DPCs, which run at DISPATCH_LEVEL on the stack of
// whatever it was doing, behind a barrier (the interrupted thread's exception handlers are none of their business), and
// a queue of threaded ones, which a thread of priority 31 runs at PASSIVE_LEVEL.
//
// The queues are the kernel's own: a KDPC that is overwritten or freed while it is queued is noticed when its turn
// comes. DpcData tells that a KDPC is queued and where, DpcListEntry as which.
// @cite(wdk-ddi): page=wdm/nf-wdm-keinsertqueuedpc
// @cite(wdk-docs): page=kernel/organization-of-dpc-queues
// @cite(wdk-docs): page=kernel/introduction-to-threaded-dpcs
// @cite(wdk-docs): page=debugger/bug-check-0xc7--timer-or-dpc-invalid
#include "ke/kernel.h"

#include "base/check.h"
#include "ke/dispatcher_objects.h"
#include "ke/guarded.h"

#include <algorithm>

namespace ringside::ke {

using namespace nt;

Thread* (*g_make_system_thread)(Thread::Main main, void* context) = nullptr;

namespace {

constexpr USHORT kTargeted = 32; // KDPC.Number: processor + 32 after KeSetTargetProcessorDpc, as Windows keeps it
constexpr size_t kDepth = 4;     // more than this in a queue, and it is processed whatever the importance
constexpr int8_t kThreadPriority = 31;

uint64_t sequence_of(KDPC const& dpc) { return reinterpret_cast<uint64_t>(dpc.DpcListEntry.Next); }
bool is_threaded(KDPC const& dpc) { return dpc.Type == ThreadedDpcObject; }

// What the processor's DPC thread waits for: behind the KDPC in its control region.
KEVENT& wake_event(Cpu const& cpu)
{
    return *reinterpret_cast<KEVENT*>(cpu.region() + hal::kPcrCallDpc + sizeof(KDPC));
}

[[noreturn]] void invalid(KDPC const* dpc, char const* words)
{
    auto const page = hal::page_of(reinterpret_cast<uintptr_t>(dpc));
    bug_check(TIMER_OR_DPC_INVALID, 1, reinterpret_cast<uint64_t>(dpc), page, page + hal::kPageSize, words);
}

bool take_out(std::deque<QueuedDpc>& queue, KDPC const& dpc)
{
    auto const it = std::ranges::find_if(
        queue, [&](QueuedDpc const& q) { return q.dpc == &dpc && q.sequence == sequence_of(dpc); });
    if (it == queue.end())
        return false;
    queue.erase(it);
    return true;
}

} // namespace

Thread* Kernel::create_own_thread(Thread::Main main, void* context, int8_t priority, uint64_t affinity)
{
    Thread* thread = nullptr;
    if (g_make_system_thread)
        thread = g_make_system_thread(main, context);
    else if (auto page = m_memory.allocate(1))
        thread = create_thread(hal::PhysicalMemory::address_of(*page), m_idle_process, main, context);
    if (!thread)
        return nullptr;
    thread->priority = thread->base_priority = priority;
    thread->affinity = affinity;
    start(*thread);
    return thread;
}

bool Kernel::insert_dpc(KDPC& dpc, void* argument1, void* argument2)
{
    if (dpc.DpcData)
        return false;
    Cpu& here = cpu();
    Cpu* at = &here;
    if (dpc.Number >= kTargeted && dpc.Number - kTargeted < static_cast<int>(m_cpus.size()))
        at = m_cpus[dpc.Number - kTargeted].get();
    bool threaded = is_threaded(dpc);
    if (threaded && !at->dpc_thread) {
        KeInitializeEvent(&wake_event(*at), SynchronizationEvent, 0);
        at->dpc_thread = create_own_thread(
            [](Thread&, void* self) { static_cast<Kernel*>(self)->dpc_thread_main(); }, this, kThreadPriority,
            uint64_t { 1 } << at->number());
        threaded = at->dpc_thread; // without one they run as ordinary ones do
    }
    dpc.SystemArgument1 = argument1;
    dpc.SystemArgument2 = argument2;
    dpc.DpcData = at->region();
    QueuedDpc const queued { &dpc, ++m_dpc_sequence };
    dpc.DpcListEntry.Next = reinterpret_cast<SINGLE_LIST_ENTRY*>(queued.sequence);
    auto& queue = threaded ? at->threaded_dpcs : at->dpcs;
    if (dpc.Importance == HighImportance)
        queue.push_front(queued);
    else
        queue.push_back(queued);
    if (threaded) {
        wake_event(*at).Header.SignalState = 1;
        signalled(wake_event(*at).Header, 0);
    } else {
        ++at->dpc_count;
        bool const at_once = dpc.Importance == HighImportance || dpc.Importance == MediumHighImportance
            || (dpc.Importance == MediumImportance && at == &here) || queue.size() > kDepth;
        if (at_once)
            at->set_software_interrupt_pending(true);
        else if (!at->dpcs_due_100ns)
            at->dpcs_due_100ns = (sim::world().now_100ns() / kTickUnits + 1) * kTickUnits;
    }
    if (irql() < DISPATCH_LEVEL && here.software_interrupt_pending())
        software_interrupts();
    return true;
}

bool Kernel::remove_dpc(KDPC& dpc)
{
    if (!dpc.DpcData)
        return false;
    for (auto const& at : m_cpus) {
        bool const ordinary = take_out(at->dpcs, dpc);
        if (!ordinary && !take_out(at->threaded_dpcs, dpc))
            continue;
        at->dpc_count -= ordinary;
        dpc.DpcData = nullptr;
        return true;
    }
    return false;
}

size_t Kernel::dpcs_pending() const
{
    size_t count = 0;
    for (auto const& at : m_cpus)
        count += at->dpcs.size() + at->threaded_dpcs.size();
    return count;
}

// DPCs of low importance, and those of another processor, wait for the next tick at most.
void Kernel::ask_for_dpcs()
{
    Cpu& here = cpu();
    if (!here.dpcs_due_100ns || sim::world().now_100ns() < here.dpcs_due_100ns)
        return;
    here.dpcs_due_100ns = 0;
    here.set_software_interrupt_pending(true);
}

bool Kernel::run_one_dpc(std::deque<QueuedDpc>& queue, uint64_t& running)
{
    QueuedDpc const queued = queue.front();
    queue.pop_front();
    // Copied before the call: the driver may queue or free the KDPC from its own routine.
    auto const copy = read_guarded<KDPC>(queued.dpc);
    if (!copy)
        invalid(queued.dpc, "the memory of a DPC is gone while the DPC was queued");
    if (copy->Type != DpcObject && copy->Type != ThreadedDpcObject)
        invalid(queued.dpc, "a DPC was overwritten or freed while it was queued");
    if (!copy->DpcData || sequence_of(*copy) != queued.sequence)
        return false; // initialized again while it was queued: that took it out
    queued.dpc->DpcData = nullptr;
    running = queued.sequence;
    {
        BarrierNode node;
        Linked barrier(node, NodeKind::Barrier);
        through_door(DoorPassage { Door::Dpc, nullptr }, copy->DeferredRoutine, queued.dpc, copy->DeferredContext,
                     copy->SystemArgument1, copy->SystemArgument2);
    }
    running = 0;
    return true;
}

void Kernel::run_dpcs()
{
    Cpu& here = cpu();
    if (here.dpc_active)
        return;
    CHECK(here.irql() == DISPATCH_LEVEL, "DPCs run at DISPATCH_LEVEL");
    Thread& borrowed = *here.current;
    here.dpcs_due_100ns = 0;
    while (!here.dpcs.empty()) {
        --here.dpc_count;
        here.dpc_active = true;
        borrowed.in_dpc = true;
        here.dpc_started_100ns = sim::world().now_100ns();
        run_one_dpc(here.dpcs, here.dpc_running);
        here.dpc_active = false;
        borrowed.in_dpc = false;
    }
}

void Kernel::dpc_thread_main()
{
    // Bound to its processor, so that this stays the same one.
    Cpu& here = cpu();
    for (;;) {
        while (!here.threaded_dpcs.empty()) {
            run_one_dpc(here.threaded_dpcs, here.threaded_dpc_running);
            if (irql() != PASSIVE_LEVEL)
                lower_irql(PASSIVE_LEVEL);
        }
        KeWaitForSingleObject(&wake_event(here), WrDispatchInt, KernelMode, FALSE, nullptr);
    }
}

void Kernel::flush_dpcs()
{
    uint64_t const newest = m_dpc_sequence;
    auto const older = [&](QueuedDpc const& q) { return q.sequence <= newest; };
    for (auto const& at : m_cpus)
        if (!at->dpcs.empty())
            at->set_software_interrupt_pending(true);
    auto const left = [&] {
        return std::ranges::any_of(m_cpus, [&](auto const& at) {
            // A threaded DPC cannot wait for itself.
            uint64_t const threaded = at->dpc_thread == &current() ? 0 : at->threaded_dpc_running;
            return std::ranges::any_of(at->dpcs, older) || std::ranges::any_of(at->threaded_dpcs, older)
                || (at->dpc_running && at->dpc_running <= newest) || (threaded && threaded <= newest);
        });
    };
    while (left())
        spin();
}

} // namespace ringside::ke
