// SPDX-License-Identifier: MIT
// An IRP's path, written once for all its entries: IoCallDriver, IoCompleteRequest and the end of an IRP in bare, observed
// and verified machines (`Mode`), for the host's callers and the full gate (`Way` is ke::Plain: dispatch.cpp,
// complete.cpp, irp.cpp) and behind the light gate (ke::Light: light_path.cpp). What is off the path is called through
// the Way. All of a mode log the same and pass the same schedule points.
#pragma once

#include "io/dispatch.h"
#include "io/frame.h"
#include "io/listener.h"
#include "io/manager.h"
#include "ke/kernel.h"
#include "ke/observed_door.h"

#include <cstring>
#include <type_traits>

namespace ringside::io {

// --- Down ---

void out_of_locations(IRP* irp); // does not return
NTSTATUS call_verified(DEVICE_OBJECT* device, IRP* irp, IO_STACK_LOCATION const& location, PDRIVER_DISPATCH dispatch);

template <typename Way>
[[gnu::always_inline]] inline IrpRecord& sent(DEVICE_OBJECT* device, IRP* irp)
{
    Manager& io = manager();
    IrpRecord& record = io.irps().note<Way>(irp);
    DeviceRecord const* to = io.devices().find(device);
    record.state = IrpState::InFlight;
    record.device = device;
    record.driver_number = to ? to->driver_number : 0;
    ++record.trips;
    return record;
}

// A dispatch call in progress in an observed machine, where nobody asks what became of the IRP meanwhile.
struct ObservedCall {
    IrpRecord& record; // stays, though the IRP may go and another have its place
    uint32_t number;
    bool inside = true;

    // The IRP is where it was sent.
    bool in_flight() const { return record.number == number && record.state == IrpState::InFlight; }
    ~ObservedCall()
    {
        if (inside)
            left_by_exception();
    }
    void left_by_exception() noexcept;
};

template <typename Way>
[[gnu::always_inline]] inline NTSTATUS call_observed(DEVICE_OBJECT* device, IRP* irp, IO_STACK_LOCATION const& location,
                                                     PDRIVER_DISPATCH dispatch)
{
    IrpRecord& record = sent<Way>(device, irp);
    ObservedCall call { record, record.number };
    NTSTATUS const status = ke::through_observed_door<Way, sim::Event::DispatchEnter, sim::Event::DispatchReturn>(
        call.number, passage_detail(location.MajorFunction, location.MinorFunction, record.driver_number), irp, &call,
        dispatch, device, irp);
    call.inside = false;
    if (status == STATUS_PENDING && call.in_flight())
        call.record.state = IrpState::Pending;
    return status;
}

template <ke::Binding Mode, typename Way>
[[gnu::always_inline]] inline NTSTATUS call_driver(DEVICE_OBJECT* device, IRP* irp)
{
    if constexpr (Mode == ke::Binding::Verified)
        if (g_listener.irp_sending)
            g_listener.irp_sending(irp, manager().irps().find(irp), device);
    if (--irp->CurrentLocation <= 0) [[unlikely]] {
        Way::template call<&out_of_locations>(irp);
        __builtin_unreachable();
    }
    IO_STACK_LOCATION* location = --irp->Tail.Overlay.CurrentStackLocation;
    location->DeviceObject = device;
    // Read as a table of 256, which it is (GuestDriver).
    PDRIVER_DISPATCH const* table = device->DriverObject->MajorFunction;
    PDRIVER_DISPATCH dispatch = table[location->MajorFunction];
    if constexpr (Mode == ke::Binding::Bare)
        return dispatch(device, irp);
    else if constexpr (Mode == ke::Binding::Observed)
        return call_observed<Way>(device, irp, *location, dispatch);
    else
        return call_verified(device, irp, *location, dispatch);
}

// --- Up ---

void completed_twice(IRP* irp); // does not return
void pass_frames(IrpRecord& record, int location, bool pending, NTSTATUS status);
NTSTATUS call_routine_verified(IrpRecord& record, PIO_COMPLETION_ROUTINE routine, DEVICE_OBJECT* device, IRP* irp,
                               void* context, UCHAR major);
void end_of_walk(IRP* irp, CCHAR priority_boost);

// Above the last location: of no device.
inline constexpr IO_STACK_LOCATION kNoLocation {};

// A location that the walk has passed keeps its major function and device only.
inline void clear_location(IO_STACK_LOCATION& location)
{
    location.MinorFunction = 0;
    location.Flags = 0;
    location.Control &= SL_ERROR_RETURNED;
    location.Parameters.Others = {};
    location.FileObject = nullptr;
}

inline bool wants_call(IRP const& irp, UCHAR control)
{
    if (NT_SUCCESS(irp.IoStatus.Status) ? control & SL_INVOKE_ON_SUCCESS : control & SL_INVOKE_ON_ERROR)
        return true;
    return irp.Cancel && (control & SL_INVOKE_ON_CANCEL);
}

// Whose routine it is has the IRP now.
[[gnu::always_inline]] inline void hand_to(DEVICE_OBJECT* device, IrpRecord& record)
{
    DeviceRecord const* of = device ? manager().devices().find(device) : nullptr;
    record.driver_number = of ? of->driver_number : record.maker_driver;
}

// A routine returned. The record, if the IRP is still there.
[[gnu::always_inline]] inline IrpRecord* after_routine(IrpRecord& record, uint32_t number, NTSTATUS status)
{
    if (record.number != number || record.state == IrpState::Freed)
        return nullptr;
    if (status == STATUS_MORE_PROCESSING_REQUIRED && record.state == IrpState::Completing)
        record.state = IrpState::Owned;
    return &record;
}

template <typename Way>
[[gnu::always_inline]] inline NTSTATUS call_routine_observed(IrpRecord& record, PIO_COMPLETION_ROUTINE routine,
                                                             DEVICE_OBJECT* device, IRP* irp, void* context,
                                                             UCHAR major)
{
    uint32_t const number = record.number;
    hand_to(device, record);
    NTSTATUS const status = ke::through_observed_door<Way, sim::Event::CompletionEnter, sim::Event::CompletionReturn>(
        number, passage_detail(major, 0, record.driver_number), irp, nullptr, routine, device, irp, context);
    after_routine(record, number, status);
    return status;
}

template <ke::Binding Mode, typename Way>
[[gnu::always_inline]] inline void complete_request(IRP* irp, CCHAR priority_boost)
{
    if constexpr (Mode == ke::Binding::Verified)
        if (g_listener.irp_completing)
            g_listener.irp_completing(irp, manager().irps().find(irp));
    if (irp->Type != IO_TYPE_IRP || irp->CurrentLocation > irp->StackCount + 1) [[unlikely]] {
        Way::template call<&completed_twice>(irp);
        __builtin_unreachable();
    }
    [[maybe_unused]] IrpRecord* record = nullptr;
    if constexpr (Mode != ke::Binding::Bare) {
        record = &manager().irps().note<Way>(irp);
        record->state = IrpState::Completing;
        ke::kernel().log_always<Way>(sim::Event::IrpCompleted, record->number,
                                     static_cast<uint32_t>(irp->IoStatus.Status), nullptr, irp);
    }
    IO_STACK_LOCATION* passed = current_location(irp);
    ++irp->CurrentLocation;
    ++irp->Tail.Overlay.CurrentStackLocation;
    while (irp->CurrentLocation <= irp->StackCount + 1) {
        UCHAR const control = passed->Control;
        irp->PendingReturned = control & SL_PENDING_RETURNED;
        if constexpr (Mode == ke::Binding::Verified)
            pass_frames(*record, irp->CurrentLocation - 1, irp->PendingReturned, irp->IoStatus.Status);
        bool const top = irp->CurrentLocation == irp->StackCount + 1;
        if (wants_call(*irp, control)) {
            PIO_COMPLETION_ROUTINE routine = passed->CompletionRoutine;
            void* context = passed->Context;
            // Chosen, not branched to: the branch is taken once per walk, and a processor guesses that wrong.
            DEVICE_OBJECT* device = (top ? &kNoLocation : current_location(irp))->DeviceObject;
            clear_location(*passed);
            NTSTATUS status;
            if constexpr (Mode == ke::Binding::Bare)
                status = routine(device, irp, context);
            else if constexpr (Mode == ke::Binding::Observed)
                status = call_routine_observed<Way>(*record, routine, device, irp, context, passed->MajorFunction);
            else
                status = call_routine_verified(*record, routine, device, irp, context, passed->MajorFunction);
            if (status == STATUS_MORE_PROCESSING_REQUIRED)
                return; // whoever stopped the walk owns the IRP, which may be freed by now
        } else {
            if (irp->PendingReturned && !top)
                mark_pending(irp);
            clear_location(*passed);
        }
        ++passed;
        ++irp->CurrentLocation;
        ++irp->Tail.Overlay.CurrentStackLocation;
    }
    Way::template call<&end_of_walk>(irp, priority_boost);
}

// --- The end ---

inline constexpr int kFreedByte = 0xDD; // as of freed pool

template <typename Way>
[[gnu::always_inline]] inline void IrpTable::free_by(IrpRecord& record)
{
    // A driver that looks into it once more meets addresses that are none (the locations stay as they are).
    if constexpr (std::is_same_v<Way, ke::Plain>)
        if (ke::g_binding == ke::Binding::Verified)
            std::memset(record.irp, kFreedByte, sizeof(IRP));
    record.irp->Type = 0; // what a second completion or a second free meets
    record.state = IrpState::Freed;
    if (record.frames)
        detach_frames(record);
    --m_live;
    FreeList& list = m_free[record.stack_count];
    if (m_keep_freed == 0) {
        record.next_free = list.first;
        list.first = &record;
        if (!list.last)
            list.last = &record;
    } else {
        record.next_free = nullptr;
        if (list.last)
            list.last->next_free = &record;
        else
            list.first = &record;
        list.last = &record;
    }
    ++list.count;
    ke::kernel().log<Way>(sim::Event::IrpFreed, record.number, 0);
}

} // namespace ringside::io
