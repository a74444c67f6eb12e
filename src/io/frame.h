// SPDX-License-Identifier: MIT
// One call of a dispatch routine in progress. It stands on the caller's stack, linked from the IRP's record, so that
// what happens to the IRP meanwhile (forwarded, completed, freed, on whatever thread) is known when the routine
// returns, though the IRP itself may be gone by then. In verified machines only, where rules ask for it.
#pragma once

#include "io/irp.h"

namespace ringside::io {

struct DispatchFrame {
    DispatchFrame(IrpRecord& of, DEVICE_OBJECT* to, int location_index) : irp(of.irp), number(of.number), device(to),
        location(static_cast<int8_t>(location_index)), record(&of), outer(of.frames)
    {
        of.frames = this;
    }
    ~DispatchFrame();
    DispatchFrame(DispatchFrame const&) = delete;
    DispatchFrame& operator=(DispatchFrame const&) = delete;

    IRP* irp;                 // an address only, when `freed`
    uint32_t number;          // of the IRP
    DEVICE_OBJECT* device;
    int8_t location;          // CurrentLocation in the routine
    bool forwarded = false;   // sent on from this location or a lower one
    bool completed = false;   // completion passed this location
    bool marked_pending = false; // SL_PENDING_RETURNED stood in this location when completion passed it
    bool freed = false;
    bool returned = false;       // else the routine is in progress, or was left by an exception
    uint8_t major = 0;
    uint8_t minor = 0;
    NTSTATUS completed_with = 0; // IoStatus.Status when completion passed this location
    PDRIVER_DISPATCH routine = nullptr;
    // What the call below had left when it returned STATUS_PENDING (verified mode only): the IRP's cancel routine, and how
    // often the IRP had been sent by then; 0: no such call.
    PDRIVER_CANCEL routine_below = nullptr;
    uint32_t trips_below = 0;
    PIO_COMPLETION_ROUTINE upper_routine = nullptr; // what stood in this location: of the driver above, or its maker's

    IrpRecord* record;        // null once the IRP is freed
    DispatchFrame* outer;
};

// The IRP goes: its frames stay behind without it.
inline void detach_frames(IrpRecord& record)
{
    for (DispatchFrame* frame = record.frames; frame; frame = frame->outer) {
        frame->freed = true;
        frame->record = nullptr;
    }
    record.frames = nullptr;
}

inline DispatchFrame::~DispatchFrame()
{
    if (!record)
        return;
    // An exception took the routine away: the IRP is with whoever handles it.
    if (!returned && record->state == IrpState::InFlight)
        record->state = IrpState::Owned;
    DispatchFrame** link = &record->frames;
    while (*link && *link != this)
        link = &(*link)->outer;
    if (*link)
        *link = outer;
}

} // namespace ringside::io
