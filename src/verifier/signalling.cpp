// SPDX-License-Identifier: MIT
// Rules about the events that tell a driver that its IRP has come back.
#include "io/frame.h"
#include "io/listener.h"
#include "io/manager.h"
#include "ke/door.h"
#include "ke/kernel.h"
#include "verifier/violation.h"

namespace ringside::verifier {

using namespace nt;

// The completion routine in progress is told by its passage; one in which another routine runs did not set this event.
void setting_event(KEVENT* event)
{
    ke::DoorPassage* const passage = routine_in_progress();
    if (!passage || passage->door != ke::Door::Completion)
        return;
    passage->notes |= kSignalled;
    auto* const irp = static_cast<IRP*>(passage->context);
    io::IrpRecord const* const record = io::manager().irps().find(irp);
    if (record && record->number == passage->subject && record->state != io::IrpState::Freed && irp->UserEvent == event)
        passage->notes |= kSignalledOwn;
}

void entering_completion(ke::DoorPassage& passage)
{
    auto* const irp = static_cast<IRP*>(passage.context);
    if (irp->CurrentLocation <= irp->StackCount && (io::current_location(irp)->Control & SL_PENDING_RETURNED))
        passage.notes |= kWasMarked;
}

void check_signals(IRP* irp, io::IrpRecord& record, PIO_COMPLETION_ROUTINE routine, NTSTATUS status, bool was_pending,
                   int location, uint8_t notes)
{
    auto const* code = reinterpret_cast<void const*>(routine);
    bool const keeps = status == STATUS_MORE_PROCESSING_REQUIRED;
    if (!keeps && (notes & kSignalledOwn) && is_on(Rule::EventOfIrpSet))
        violated(Rule::EventOfIrpSet, irp, record.device, code);
    if (!keeps)
        return;
    bool const marked = location <= irp->StackCount && (io::current_location(irp)->Control & SL_PENDING_RETURNED);
    if ((notes & kSignalled) && marked && !(notes & kWasMarked) && is_on(Rule::MarkedAndSignalled))
        violated(Rule::MarkedAndSignalled, irp, record.device, code);
    if (was_pending && !(notes & kSignalled)) {
        record.kept_by = code;
        record.kept_birth = record.number;
    }
}

namespace {

// An IRP that a completion routine of the driver kept without a word, and a thread that waits for it.
struct Kept {
    io::DriverRecord const& driver;
    io::IrpRecord const* irp = nullptr; // the oldest
    bool waited_for = false;
};

bool is_kept(io::IrpRecord const& record, io::DriverRecord const& driver)
{
    return record.state == io::IrpState::Owned && record.kept_by && record.kept_birth == record.number
        && io::manager().drivers().of_address(reinterpret_cast<uintptr_t>(record.kept_by)) == &driver;
}

void look_for_kept(void* context, io::IrpRecord const& record)
{
    auto& kept = *static_cast<Kept*>(context);
    if (!kept.irp && is_kept(record, kept.driver))
        kept.irp = &record;
}

// A dispatch routine of the driver that has not returned, on the thread that made the IRP that was kept.
void look_for_wait(void* context, io::IrpRecord const& record)
{
    auto& kept = *static_cast<Kept*>(context);
    if (record.maker != kept.irp->maker)
        return;
    for (auto const* frame = record.frames; frame; frame = frame->outer) {
        auto const* device = io::manager().devices().find(frame->device);
        kept.waited_for |= !frame->returned && device && device->driver == &kept.driver;
    }
}

void driver_ending(io::DriverRecord& driver)
{
    Kept kept { driver };
    io::manager().irps().for_each(look_for_kept, &kept);
    if (!kept.irp)
        return;
    io::manager().irps().for_each(look_for_wait, &kept);
    if (kept.waited_for)
        violated(Rule::EventNeverSet, kept.irp->irp, kept.irp->device, kept.irp->kept_by);
}

} // namespace

void listen_to_signalling() { io::g_listener.driver_ending = is_on(Rule::EventNeverSet) ? driver_ending : nullptr; }

} // namespace ringside::verifier
