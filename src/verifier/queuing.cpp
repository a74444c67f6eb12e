// SPDX-License-Identifier: MIT
// An IRP is marked pending before anybody else can get at it: once it is queued and the queue's lock is free, it may be
// completed and gone. What shows it is the call that made it reachable; the mark that comes after is looked for when the
// dispatch routine returns.
#include "io/manager.h"
#include "ke/door.h"
#include "ke/guarded.h"
#include "verifier/violation.h"

namespace ringside::verifier {

using namespace nt;

namespace {

// The dispatch routine in progress has this IRP, and has not marked it. Null: none.
ke::DoorPassage* unmarked_dispatch()
{
    ke::DoorPassage* const passage = routine_in_progress();
    if (!passage || passage->door != ke::Door::Dispatch)
        return nullptr;
    auto* const irp = static_cast<IRP*>(passage->context);
    io::IrpRecord const* const record = io::manager().irps().find(irp);
    bool const has_it = record && record->number == passage->subject && record->state == io::IrpState::InFlight;
    return has_it && !(io::current_location(irp)->Control & SL_PENDING_RETURNED) ? passage : nullptr;
}

bool is_in_a_list(LIST_ENTRY* entry)
{
    if (!entry->Flink || entry->Flink == entry)
        return false;
    auto const next = ke::read_guarded<LIST_ENTRY>(entry->Flink);
    return next && next->Blink == entry;
}

} // namespace

void leaving_spin_lock()
{
    ke::DoorPassage* const passage = unmarked_dispatch();
    if (passage && is_in_a_list(&static_cast<IRP*>(passage->context)->Tail.Overlay.ListEntry))
        passage->notes |= kQueuedUnmarked;
}

void queuing(void* what)
{
    ke::DoorPassage* const passage = unmarked_dispatch();
    if (!passage)
        return;
    auto* const irp = static_cast<IRP*>(passage->context);
    if (what == irp || what == &irp->Tail.Overlay.ListEntry || what == &irp->Tail.Overlay.DeviceQueueEntry)
        passage->notes |= kQueuedUnmarked;
}

} // namespace ringside::verifier
