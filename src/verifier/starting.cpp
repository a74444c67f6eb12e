// SPDX-License-Identifier: MIT
// Rules about StartIo.
#include "io/listener.h"
#include "io/manager.h"
#include "ke/door.h"
#include "verifier/violation.h"

namespace ringside::verifier {

using namespace nt;

namespace {

void start_io_returned(DEVICE_OBJECT* device, IRP* irp, io::IrpRecord* record, uint8_t notes)
{
    if (!record)
        return;
    auto const* routine = reinterpret_cast<void const*>(device->DriverObject->DriverStartIo);
    if ((notes & kCancelableFirst) && irp->CancelRoutine && is_on(Rule::CancelableBeforeRoutine))
        violated(Rule::CancelableBeforeRoutine, irp, device, routine);
    if (is_left_cancelled(*irp, *record) && is_on(Rule::CancelNotChecked))
        violated(Rule::CancelNotChecked, irp, device, routine);
}

} // namespace

// The device's current IRP is the one that the StartIo in progress was given, until the next one is started.
void starting_next(DEVICE_OBJECT* device)
{
    io::DeviceRecord const* const record = io::manager().devices().find(device);
    if (!record || record->start_io_deferred || !is_on(Rule::StartNextInStartIo))
        return;
    for (auto* passage = routine_in_progress(); passage; passage = routine_outside(*passage)) {
        if (passage->door == ke::Door::Dpc || passage->door == ke::Door::Isr)
            return; // what they interrupted has no part in it
        if (passage->door == ke::Door::StartIo && passage->context == device->CurrentIrp)
            violated(Rule::StartNextInStartIo, static_cast<IRP*>(passage->context), device, passage->function);
    }
}

void setting_start_io(bool cancelable)
{
    ke::DoorPassage* const passage = routine_in_progress();
    if (!passage || passage->door != ke::Door::StartIo)
        return;
    auto* const irp = static_cast<IRP*>(passage->context);
    io::IrpRecord const* const record = io::manager().irps().find(irp);
    if (cancelable && record && record->number == passage->subject && !irp->CancelRoutine)
        passage->notes |= kCancelableFirst;
}

void listen_to_starting()
{
    bool const any = is_on(Rule::CancelableBeforeRoutine) || is_on(Rule::CancelNotChecked);
    io::g_listener.start_io_returned = any ? start_io_returned : nullptr;
}

} // namespace ringside::verifier
