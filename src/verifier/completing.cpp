// SPDX-License-Identifier: MIT
// Rules about IoCompleteRequest and about completion routines.
#include "io/listener.h"
#include "io/manager.h"
#include "ke/kernel.h"
#include "verifier/violation.h"

namespace ringside::verifier {

using namespace nt;
using io::IrpState;

namespace {

// 0x44: parameter 1 the IRP. 0xC9/0x6: parameter 2 the status, 3 the IRP. 0xC9/0x7: parameter 2 the cancel routine, 3 the
// IRP.
void completing(IRP* irp, io::IrpRecord* record)
{
    auto const address = reinterpret_cast<uint64_t>(irp);
    if (record && (record->state == IrpState::Freed || record->state == IrpState::Completed)
        && is_on(Rule::DoubleCompletion)) {
        RuleRow const& r = row(Rule::DoubleCompletion);
        ke::violation(r.name, r.code, address, 0, 0, 0, r.words);
    }
    if (irp->Type != IO_TYPE_IRP)
        return;
    NTSTATUS const status = irp->IoStatus.Status;
    if ((status == STATUS_PENDING || status == static_cast<NTSTATUS>(0xFFFFFFFF)) && is_on(Rule::CompletedAsPending))
        violated(Rule::CompletedAsPending, static_cast<uint32_t>(status), address, 0);
    if (irp->CancelRoutine && is_on(Rule::CompletedWithCancelRoutine))
        violated(Rule::CompletedWithCancelRoutine, reinterpret_cast<uint64_t>(irp->CancelRoutine), address, 0);
    if (record && record->state == IrpState::Owned && record->trips == 0 && irp->CurrentLocation == irp->StackCount + 1
        && is_on(Rule::CompletedUnsent))
        violated(Rule::CompletedUnsent, irp, nullptr);
}

void routine_returned(IRP* irp, io::IrpRecord* record, PIO_COMPLETION_ROUTINE routine, NTSTATUS status,
                      bool was_pending, int location)
{
    if (status == STATUS_MORE_PROCESSING_REQUIRED)
        return;
    auto const* code = reinterpret_cast<void const*>(routine);
    if (!record) {
        if (is_on(Rule::FreedByRoutine))
            violated(Rule::FreedByRoutine, irp, nullptr, code);
        return;
    }
    // The maker's own routine has no location to mark.
    if (was_pending && location <= irp->StackCount && is_on(Rule::PendingNotPropagated)
        && !(io::current_location(irp)->Control & SL_PENDING_RETURNED))
        violated(Rule::PendingNotPropagated, irp, record->device, code);
}

} // namespace

void listen_to_completing()
{
    RuleSet asked;
    for (Rule rule :
         { Rule::DoubleCompletion, Rule::CompletedAsPending, Rule::CompletedWithCancelRoutine, Rule::CompletedUnsent })
        asked.set(static_cast<size_t>(rule));
    io::g_listener.irp_completing = (g_on & asked).any() ? completing : nullptr;
    bool const routines = is_on(Rule::PendingNotPropagated) || is_on(Rule::FreedByRoutine);
    io::g_listener.completion_returned = routines ? routine_returned : nullptr;
}

} // namespace ringside::verifier
