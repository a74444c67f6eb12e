// SPDX-License-Identifier: MIT
// Calls that run on every processor: KeIpiGenericCall at IPI_LEVEL, all at once; KeGenericCallDpc at DISPATCH_LEVEL.
// And the interrupt that nothing keeps away, the NMI.
// @cite(wdk-ddi): page=wdm/nf-wdm-keipigenericcall
#include "ke/kernel.h"

#include "ke/broadcast.h"
#include "ke/exception.h"
#include "ke/interrupt.h"
#include "nt/bugcheck.h"

#include <vector>

namespace ringside::ke {

using namespace nt;

namespace {

uint64_t call_worker(PKIPI_BROADCAST_WORKER routine, uint64_t context)
{
    BarrierNode node;
    Linked barrier(node, NodeKind::Barrier);
    return through_door(DoorPassage { Door::Other, nullptr }, routine, context);
}

// Where the processors of one KeGenericCallDpc meet; in the first processor's control region, for drivers pass it back.
struct CallDpc {
    ULONG volatile left; // SystemArgument1: processors that have not signalled their end
    ULONG reserved;
    ULONG volatile arrived; // SystemArgument2 points here
    ULONG processors;
    ULONG volatile generation;
};

CallDpc& call_dpc()
{
    return *reinterpret_cast<CallDpc*>(kernel().cpus().front()->region() + hal::kPcrCallDpc + 0x100);
}

} // namespace

uint64_t Kernel::broadcast(PKIPI_BROADCAST_WORKER routine, uint64_t context)
{
    // Another call that is in progress interrupts this processor while it waits.
    while (m_broadcast.busy)
        spin();
    auto const processors = static_cast<uint32_t>(m_cpus.size());
    uint64_t const number = m_broadcast.number + 1;
    m_broadcast = { .routine = routine,
                    .context = context,
                    .from = cpu().number(),
                    .number = number,
                    .arrived = 1,
                    .done = 0,
                    .busy = true };
    uint8_t const old = raise_irql(IPI_LEVEL);
    for (auto const& other : m_cpus)
        if (other.get() != &cpu())
            m_interrupts.send_ipi(other->number());
    while (m_broadcast.arrived < processors)
        spin();
    uint64_t const result = call_worker(routine, context);
    ++m_broadcast.done;
    while (m_broadcast.done < processors)
        spin();
    m_broadcast.busy = false;
    lower_irql(old);
    return result;
}

void Kernel::take_ipi()
{
    auto const processors = static_cast<uint32_t>(m_cpus.size());
    uint64_t const number = m_broadcast.number;
    uint8_t const old = raise_irql(IPI_LEVEL);
    log(sim::Event::Ipi, m_broadcast.from, 0);
    ++m_broadcast.arrived;
    while (m_broadcast.arrived < processors)
        spin();
    call_worker(m_broadcast.routine, m_broadcast.context);
    ++m_broadcast.done;
    // The next call may begin before this processor has seen the end of this one.
    while (m_broadcast.number == number && m_broadcast.done < processors)
        spin();
    hal::processor().set_irql(old);
}

void Kernel::broadcast_dpc(PKDEFERRED_ROUTINE routine, void* context)
{
    while (m_call_dpc_busy)
        spin();
    m_call_dpc_busy = true;
    CallDpc& call = call_dpc();
    call.left = call.processors = static_cast<ULONG>(m_cpus.size());
    call.arrived = 0;
    auto const queue = [&](Cpu const& at) {
        KDPC& dpc = *reinterpret_cast<KDPC*>(at.region() + hal::kPcrCallDpc);
        dpc = {};
        dpc.Type = DpcObject;
        dpc.Importance = HighImportance;
        dpc.Number = static_cast<USHORT>(at.number() + 32);
        dpc.DeferredRoutine = routine;
        dpc.DeferredContext = context;
        insert_dpc(dpc, const_cast<ULONG*>(&call.left), const_cast<ULONG*>(&call.arrived));
    };
    // This processor's last: it runs there and then.
    Cpu& here = cpu();
    for (auto const& at : m_cpus)
        if (at.get() != &here)
            queue(*at);
    queue(here);
    while (call.left)
        spin();
    m_call_dpc_busy = false;
}

void KeGenericCallDpc(PKDEFERRED_ROUTINE routine, PVOID context) { kernel().broadcast_dpc(routine, context); }

void KeSignalCallDpcDone(PVOID argument1)
{
    auto& left = *static_cast<ULONG volatile*>(argument1);
    left = left - 1;
}

// Returns when all processors are here; TRUE on the one that came last.
LOGICAL KeSignalCallDpcSynchronize(PVOID)
{
    CallDpc& call = call_dpc();
    ULONG const generation = call.generation;
    call.arrived = call.arrived + 1;
    if (call.arrived >= call.processors) { // outside of a call there is nobody to wait for
        call.arrived = 0;
        call.generation = generation + 1;
        return TRUE;
    }
    while (call.generation == generation)
        kernel().spin();
    return FALSE;
}

ULONG_PTR KeIpiGenericCall(PKIPI_BROADCAST_WORKER routine, ULONG_PTR context)
{
    return kernel().broadcast(routine, context);
}

// --- NMI ---

namespace {

struct NmiCallback {
    PNMI_CALLBACK routine;
    void* context;
    uint64_t handle;
};
// In the order of registration; the newest is called first.
std::vector<NmiCallback> g_nmi_callbacks;
uint64_t g_nmi_handles = 0;

} // namespace

void reset_nmi_callbacks()
{
    g_nmi_callbacks.clear();
    g_nmi_handles = 0;
}

unsigned nmi_callbacks() { return static_cast<unsigned>(g_nmi_callbacks.size()); }

PVOID KeRegisterNmiCallback(PNMI_CALLBACK routine, PVOID context)
{
    if (!routine)
        return nullptr;
    g_nmi_callbacks.push_back({ routine, context, ++g_nmi_handles });
    return reinterpret_cast<PVOID>(g_nmi_handles);
}

NTSTATUS KeDeregisterNmiCallback(PVOID handle)
{
    for (auto it = g_nmi_callbacks.begin(); it != g_nmi_callbacks.end(); ++it)
        if (it->handle == reinterpret_cast<uint64_t>(handle)) {
            g_nmi_callbacks.erase(it);
            return STATUS_SUCCESS;
        }
    return STATUS_INVALID_HANDLE;
}

void Kernel::take_nmi()
{
    uint8_t const old = raise_irql(HIGH_LEVEL);
    log(sim::Event::Nmi, 0, 0);
    bool handled = false;
    for (size_t i = g_nmi_callbacks.size(); i-- > 0;) {
        NmiCallback const callback = g_nmi_callbacks[i];
        BarrierNode node;
        Linked barrier(node, NodeKind::Barrier);
        handled |= through_door(DoorPassage { Door::Other, nullptr }, callback.routine, callback.context,
                                static_cast<BOOLEAN>(handled))
            != 0;
    }
    if (!handled)
        ke::bug_check(NMI_HARDWARE_FAILURE, 0x4F4454, 0, 0, 0, "no NMI callback claimed a nonmaskable interrupt");
    hal::processor().set_irql(old);
}

} // namespace ringside::ke
