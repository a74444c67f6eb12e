// SPDX-License-Identifier: MIT
// Deferred procedure calls: one queue per processor, linked through the driver's KDPCs. High importance goes first.
// A DPC runs on the stack of whatever its processor was doing, behind a barrier: the interrupted thread's exception
// handlers are none of its business.
// @cite(wdk-ddi): page=wdm/nf-wdm-keinsertqueuedpc
#include "ke/kernel.h"

#include "base/check.h"

namespace ringside::ke {

using namespace nt;

namespace {
constexpr USHORT kTargeted = 32; // KDPC.Number: processor + 32 after KeSetTargetProcessorDpc, as Windows keeps it
KDPC* next_of(KDPC const& dpc)
{
    return dpc.DpcListEntry.Next ? CONTAINING_RECORD(dpc.DpcListEntry.Next, KDPC, DpcListEntry) : nullptr;
}
}

bool Kernel::insert_dpc(KDPC& dpc, void* argument1, void* argument2)
{
    if (dpc.DpcData)
        return false;
    Cpu& here = cpu();
    Cpu* at = &here;
    if (dpc.Number >= kTargeted && dpc.Number - kTargeted < static_cast<int>(m_cpus.size()))
        at = m_cpus[dpc.Number - kTargeted].get();
    dpc.SystemArgument1 = argument1;
    dpc.SystemArgument2 = argument2;
    dpc.DpcData = at->region();
    if (dpc.Importance == HighImportance && at->dpc_first) {
        dpc.DpcListEntry.Next = &at->dpc_first->DpcListEntry;
        at->dpc_first = &dpc;
    } else {
        dpc.DpcListEntry.Next = nullptr;
        if (at->dpc_last)
            at->dpc_last->DpcListEntry.Next = &dpc.DpcListEntry;
        else
            at->dpc_first = &dpc;
        at->dpc_last = &dpc;
    }
    ++at->dpc_count;
    at->set_software_interrupt_pending(true);
    if (at == &here && irql() < DISPATCH_LEVEL)
        software_interrupts();
    return true;
}

bool Kernel::remove_dpc(KDPC& dpc)
{
    if (!dpc.DpcData)
        return false;
    for (auto const& at : m_cpus) {
        KDPC* previous = nullptr;
        for (KDPC* d = at->dpc_first; d; previous = d, d = next_of(*d)) {
            if (d != &dpc)
                continue;
            if (previous)
                previous->DpcListEntry.Next = dpc.DpcListEntry.Next;
            else
                at->dpc_first = next_of(dpc);
            if (at->dpc_last == &dpc)
                at->dpc_last = previous;
            --at->dpc_count;
            dpc.DpcData = nullptr;
            return true;
        }
    }
    return false;
}

size_t Kernel::dpcs_pending() const
{
    size_t count = 0;
    for (auto const& at : m_cpus)
        count += at->dpc_count;
    return count;
}

void Kernel::run_dpcs()
{
    Cpu& here = cpu();
    if (here.dpc_active)
        return;
    CHECK(here.irql() == DISPATCH_LEVEL, "DPCs run at DISPATCH_LEVEL");
    Thread& borrowed = *here.current;
    while (here.dpc_first) {
        KDPC& dpc = *here.dpc_first;
        here.dpc_first = next_of(dpc);
        if (!here.dpc_first)
            here.dpc_last = nullptr;
        --here.dpc_count;
        // Copied before the call: the driver may queue or free the KDPC from its own routine.
        auto routine = dpc.DeferredRoutine;
        void* context = dpc.DeferredContext;
        void* argument1 = dpc.SystemArgument1;
        void* argument2 = dpc.SystemArgument2;
        dpc.DpcData = nullptr;
        here.dpc_active = true;
        borrowed.in_dpc = true;
        here.dpc_started_100ns = sim::world().now_100ns();
        {
            BarrierNode node;
            Linked barrier(node, NodeKind::Barrier);
            through_door(DoorPassage { Door::Dpc, nullptr }, routine, &dpc, context, argument1, argument2);
        }
        here.dpc_active = false;
        borrowed.in_dpc = false;
    }
}

} // namespace ringside::ke
