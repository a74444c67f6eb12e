// SPDX-License-Identifier: MIT
// Rules about making an IRP, making it new again, and freeing it.
#include "io/listener.h"
#include "io/manager.h"
#include "ke/kernel.h"
#include "verifier/violation.h"

namespace ringside::verifier {

using namespace nt;
using io::IrpState;

namespace {

// Somebody has it: it was sent and has not come back.
bool is_out(io::IrpRecord const& record)
{
    return record.state == IrpState::InFlight || record.state == IrpState::Pending;
}

bool is_threaded(io::IrpRecord const& record) { return record.origin == io::IrpOrigin::Threaded; }

// The rule that an IRP of this origin breaks when it is made new; Count: none.
Rule rule_of_reuse(io::IrpOrigin origin)
{
    switch (origin) {
    case io::IrpOrigin::Threaded:
        return Rule::ReusedThreadedIrp;
    case io::IrpOrigin::Asynchronous:
        return Rule::ReusedAsynchronousIrp;
    case io::IrpOrigin::Associated:
        return Rule::ReusedAssociatedIrp;
    default:
        return Rule::Count;
    }
}

// 0xC9/0x1 and 0x2: parameter 2 the IRP.
void freed(IRP* irp, io::IrpRecord* record)
{
    if (is_on(Rule::FreedNoIrp) && (irp->Type != IO_TYPE_IRP || (record && record->state == IrpState::Freed)))
        violated(Rule::FreedNoIrp, reinterpret_cast<uint64_t>(irp), 0, 0);
    if (!record)
        return;
    if (is_on(Rule::FreedIrpInUse) && is_out(*record))
        violated(Rule::FreedIrpInUse, irp, record->device);
    // Its issuer may still take back one that it never sent.
    if (is_on(Rule::FreedThreadedIrp) && is_threaded(*record) && record->thread)
        violated(Rule::FreedThreadedIrp, reinterpret_cast<uint64_t>(irp), 0, 0);
}

void reusing(IRP* irp, io::IrpRecord* record)
{
    if (!record)
        return;
    if (is_on(Rule::ReusedIrpInUse) && is_out(*record))
        violated(Rule::ReusedIrpInUse, irp, record->device);
    if (Rule const rule = rule_of_reuse(record->origin); rule != Rule::Count && is_on(rule))
        violated(rule, irp, record->device);
}

void initializing(IRP* irp, io::IrpRecord* record)
{
    if (!record || record->state == IrpState::Freed)
        return;
    Rule const rule
        = irp->AllocationFlags & IRP_QUOTA_CHARGED ? Rule::InitializedChargedIrp : Rule::InitializedAllocatedIrp;
    if (is_on(rule))
        violated(rule, irp, nullptr);
}

// 0xC9/0x8 and 0x9: parameter 2 the device object, 3 the major function or the control code, 4 the status.
void buffer_refused(DEVICE_OBJECT* device, bool control, ULONG what, NTSTATUS status)
{
    Rule const rule = control ? Rule::ControlBufferRefused : Rule::AsynchronousBufferRefused;
    if (is_on(rule))
        violated(rule, reinterpret_cast<uint64_t>(device), what, static_cast<uint32_t>(status));
}

} // namespace

void listen_to_making()
{
    bool const frees = is_on(Rule::FreedNoIrp) || is_on(Rule::FreedThreadedIrp) || is_on(Rule::FreedIrpInUse);
    io::g_listener.irp_freed = frees ? freed : nullptr;
    bool const reuses = is_on(Rule::ReusedIrpInUse) || is_on(Rule::ReusedThreadedIrp)
        || is_on(Rule::ReusedAsynchronousIrp) || is_on(Rule::ReusedAssociatedIrp);
    io::g_listener.irp_reusing = reuses ? reusing : nullptr;
    io::g_listener.buffer_refused
        = is_on(Rule::AsynchronousBufferRefused) || is_on(Rule::ControlBufferRefused) ? buffer_refused : nullptr;
    io::g_listener.irp_initializing
        = is_on(Rule::InitializedChargedIrp) || is_on(Rule::InitializedAllocatedIrp) ? initializing : nullptr;
}

} // namespace ringside::verifier
