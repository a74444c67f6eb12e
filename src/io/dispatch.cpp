// SPDX-License-Identifier: MIT
// @cite(wdk-docs): page=kernel/passing-irps-down-the-driver-stack
#include "io/dispatch.h"

#include "io/frame.h"
#include "io/irp_path.h"
#include "io/listener.h"
#include "io/manager.h"
#include "ke/door.h"

namespace ringside::io {

Listener g_listener;

[[gnu::cold]] void out_of_locations(IRP* irp)
{
    ke::bug_check(NO_MORE_IRP_STACK_LOCATIONS, reinterpret_cast<uint64_t>(irp), 0, 0, 0,
                  "an IRP was sent to more drivers than it has stack locations");
}

namespace {

// Frames of this IRP at this location or above it see that it went on. Those outside of one that knows it were told then.
void mark_forwarded(IrpRecord& record, int location)
{
    for (DispatchFrame* frame = record.frames; frame && !frame->forwarded; frame = frame->outer)
        if (frame->location >= location)
            frame->forwarded = true;
}

} // namespace

NTSTATUS call_verified(DEVICE_OBJECT* device, IRP* irp, IO_STACK_LOCATION const& location, PDRIVER_DISPATCH dispatch)
{
    IrpRecord& record = sent<ke::Plain>(device, irp);
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

// The IRP is with whoever handles the exception.
void ObservedCall::left_by_exception() noexcept
{
    if (in_flight())
        record.state = IrpState::Owned;
}

// @cite(wdk-ddi): page=wdm/nf-wdm-iofcalldriver
NTSTATUS IofCallDriver(DEVICE_OBJECT* device, IRP* irp)
{
    switch (ke::g_binding) {
    case ke::Binding::Bare:
        return call_driver<ke::Binding::Bare, ke::Plain>(device, irp);
    case ke::Binding::Observed:
        return call_driver<ke::Binding::Observed, ke::Plain>(device, irp);
    case ke::Binding::Verified:
        return call_driver<ke::Binding::Verified, ke::Plain>(device, irp);
    }
    __builtin_unreachable();
}

} // namespace ringside::io
