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
    if (is_on(Rule::ReusedThreadedIrp) && is_threaded(*record))
        violated(Rule::ReusedThreadedIrp, irp, record->device);
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

} // namespace

void listen_to_making()
{
    bool const frees = is_on(Rule::FreedNoIrp) || is_on(Rule::FreedThreadedIrp) || is_on(Rule::FreedIrpInUse);
    io::g_listener.irp_freed = frees ? freed : nullptr;
    io::g_listener.irp_reusing = is_on(Rule::ReusedIrpInUse) || is_on(Rule::ReusedThreadedIrp) ? reusing : nullptr;
    io::g_listener.irp_initializing
        = is_on(Rule::InitializedChargedIrp) || is_on(Rule::InitializedAllocatedIrp) ? initializing : nullptr;
}

} // namespace ringside::verifier
