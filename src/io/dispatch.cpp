// SPDX-License-Identifier: MIT
// @cite(wdk-docs): page=kernel/passing-irps-down-the-driver-stack
#include "io/dispatch.h"

#include "io/frame.h"
#include "io/listener.h"
#include "io/manager.h"
#include "ke/door.h"
#include "ke/kernel.h"

namespace ringside::io {

Listener g_listener;

namespace {

[[gnu::noinline, gnu::cold]] [[noreturn]] void out_of_locations(IRP* irp)
{
    ke::bug_check(NO_MORE_IRP_STACK_LOCATIONS, reinterpret_cast<uint64_t>(irp), 0, 0, 0,
                  "an IRP was sent to more drivers than it has stack locations");
}

// Frames of this IRP at this location or above it see that it went on. Those outside of one that knows it were told then.
void mark_forwarded(IrpRecord& record, int location)
{
    for (DispatchFrame* frame = record.frames; frame && !frame->forwarded; frame = frame->outer)
        if (frame->location >= location)
            frame->forwarded = true;
}

[[gnu::noinline]] NTSTATUS call_observed(DEVICE_OBJECT* device, IRP* irp, IO_STACK_LOCATION const& location,
                                         PDRIVER_DISPATCH dispatch)
{
    Manager& io = manager();
    IrpRecord& record = io.irps().note(irp);
    DeviceRecord const* to = io.devices().find(device);
    record.state = IrpState::InFlight;
    record.device = device;
    record.device_number = to ? to->number : 0;
    record.driver_number = to ? to->driver_number : 0;
    ++record.trips;
    mark_forwarded(record, irp->CurrentLocation);
    DispatchFrame frame(record, device, irp->CurrentLocation);
    frame.major = location.MajorFunction;
    frame.minor = location.MinorFunction;
    frame.routine = dispatch;
    frame.upper_routine = location.CompletionRoutine;
    ke::DoorPassage passage { ke::Door::Dispatch, nullptr, record.number,
                              passage_detail(frame.major, frame.minor, record.driver_number), 0, irp };
    NTSTATUS const status = ke::through_door(passage, dispatch, device, irp);
    frame.returned = true;
    // The IRP may have gone, or have been used again for another: the frame knows.
    if (status == STATUS_PENDING && frame.record && frame.record->state == IrpState::InFlight)
        frame.record->state = IrpState::Pending;
    if (g_listener.dispatch_returned)
        g_listener.dispatch_returned(frame, status, passage);
    return status;
}

} // namespace

// @cite(wdk-ddi): page=wdm/nf-wdm-iofcalldriver
NTSTATUS IofCallDriver(DEVICE_OBJECT* device, IRP* irp)
{
    if (g_listener.irp_sending) [[unlikely]]
        g_listener.irp_sending(irp, manager().irps().find(irp), device);
    if (--irp->CurrentLocation <= 0) [[unlikely]]
        out_of_locations(irp);
    IO_STACK_LOCATION* location = --irp->Tail.Overlay.CurrentStackLocation;
    location->DeviceObject = device;
    // Read as a table of 256, which it is (GuestDriver).
    PDRIVER_DISPATCH const* table = device->DriverObject->MajorFunction;
    PDRIVER_DISPATCH dispatch = table[location->MajorFunction];
    if (ke::g_binding == ke::Binding::Bare)
        return dispatch(device, irp);
    return call_observed(device, irp, *location, dispatch);
}

} // namespace ringside::io
