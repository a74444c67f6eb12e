// SPDX-License-Identifier: MIT
// Rules about IoCallDriver: what is sent, where to, at which IRQL, with which location. Asked before the location moves.
#include "hal/layout.h"
#include "io/frame.h"
#include "io/listener.h"
#include "io/manager.h"
#include "ke/kernel.h"
#include "mm/memory.h"
#include "verifier/violation.h"

namespace ringside::verifier {

using namespace nt;
using io::IrpState;

namespace {

// Majors whose dispatch routines may count on PASSIVE_LEVEL: what they are sent for waits or touches pageable data.
// @cite(wdk-docs): page=kernel/dispatch-routine-irql-and-thread-context
constexpr bool needs_passive(UCHAR major)
{
    switch (major) {
    case IRP_MJ_CREATE:
    case IRP_MJ_CREATE_NAMED_PIPE:
    case IRP_MJ_CREATE_MAILSLOT:
    case IRP_MJ_CLOSE:
    case IRP_MJ_CLEANUP:
    case IRP_MJ_PNP:
    case IRP_MJ_SYSTEM_CONTROL:
    case IRP_MJ_SHUTDOWN:
    case IRP_MJ_QUERY_SECURITY:
    case IRP_MJ_SET_SECURITY:
        return true;
    default:
        return false;
    }
}

// The PnP manager's alone to send.
// @cite(wdk-docs): page=kernel/plug-and-play-minor-irps
constexpr bool is_system_pnp(UCHAR minor)
{
    switch (minor) {
    case IRP_MN_START_DEVICE:
    case IRP_MN_QUERY_REMOVE_DEVICE:
    case IRP_MN_REMOVE_DEVICE:
    case IRP_MN_CANCEL_REMOVE_DEVICE:
    case IRP_MN_STOP_DEVICE:
    case IRP_MN_QUERY_STOP_DEVICE:
    case IRP_MN_CANCEL_STOP_DEVICE:
    case IRP_MN_SURPRISE_REMOVAL:
        return true;
    default:
        return false;
    }
}

bool failed(IRP const& irp) { return !NT_SUCCESS(irp.IoStatus.Status) && irp.IoStatus.Status != STATUS_NOT_SUPPORTED; }

// Of the three majors whose drivers leave the status alone when they do not know a request.
void check_status(IRP* irp, io::IrpRecord const& record, DEVICE_OBJECT* to, UCHAR major)
{
    bool const fresh = record.trips == 0 && record.maker_driver;
    bool const initialized = irp->IoStatus.Status == STATUS_NOT_SUPPORTED;
    switch (major) {
    case IRP_MJ_PNP:
        if (fresh && !initialized && is_on(Rule::PnpStatusNotInitialized))
            violated(Rule::PnpStatusNotInitialized, irp, to);
        if (!fresh && failed(*irp) && is_on(Rule::FailedPnpIrpSent))
            violated(Rule::FailedPnpIrpSent, irp, to);
        break;
    case IRP_MJ_POWER:
        if (fresh && !initialized && is_on(Rule::PowerStatusNotInitialized))
            violated(Rule::PowerStatusNotInitialized, irp, to);
        if (!fresh && failed(*irp) && is_on(Rule::FailedPowerIrpSent))
            violated(Rule::FailedPowerIrpSent, irp, to);
        break;
    case IRP_MJ_SYSTEM_CONTROL:
        if (fresh && !initialized && is_on(Rule::WmiStatusNotInitialized))
            violated(Rule::WmiStatusNotInitialized, irp, to);
        break;
    default:
        break;
    }
}

// 0xC4/0xE2: parameter 2 the IRP, 3 the address.
void check_addresses(IRP* irp, IO_STACK_LOCATION const& next)
{
    if (irp->RequestorMode != KernelMode || next.MajorFunction != IRP_MJ_DEVICE_CONTROL
        || (next.Parameters.DeviceIoControl.IoControlCode & 3) != METHOD_NEITHER)
        return;
    for (void* address : { next.Parameters.DeviceIoControl.Type3InputBuffer, irp->UserBuffer })
        if (address && hal::is_user(reinterpret_cast<uintptr_t>(address)))
            violated(Rule::UserAddressInKernelIrp, reinterpret_cast<uint64_t>(irp), reinterpret_cast<uint64_t>(address),
                     0, sender_of(irp));
}

// The dispatch call in which the sender stands, if it is one: the newest at a location that the IRP is at or was at.
io::DispatchFrame const* senders_frame(io::IrpRecord const& record)
{
    return record.frames && !record.frames->completed ? record.frames : nullptr;
}

// What a driver does to the location of the next one.
void check_location(IRP* irp, io::IrpRecord const& record, DEVICE_OBJECT* to)
{
    io::DispatchFrame const* frame = senders_frame(record);
    if (!frame || irp->CurrentLocation <= 1)
        return;
    IO_STACK_LOCATION const* next = io::next_location(irp);
    bool const skipped = irp->CurrentLocation - 1 == frame->location;
    if (skipped) {
        if (is_on(Rule::SkippedWithRoutine) && next->CompletionRoutine != frame->upper_routine)
            violated(Rule::SkippedWithRoutine, irp, to);
        return;
    }
    IO_STACK_LOCATION const* current = io::current_location(irp);
    if (is_on(Rule::ControlNotCleared) && irp->CurrentLocation == frame->location
        && (next->Control & (SL_PENDING_RETURNED | SL_ERROR_RETURNED)))
        violated(Rule::ControlNotCleared, irp, to);
    if (is_on(Rule::LocationCopiedByHand) && irp->CurrentLocation == frame->location && current->CompletionRoutine
        && next->CompletionRoutine == current->CompletionRoutine && next->Context == current->Context
        && next->DeviceObject == current->DeviceObject)
        violated(Rule::LocationCopiedByHand, irp, to);
}

// 0xC9/0xF: parameter 2 the device object, 3 the IRP, 4 the file object.
void check_file(IRP* irp, IO_STACK_LOCATION const& next, DEVICE_OBJECT* to)
{
    if (next.MajorFunction != IRP_MJ_CREATE || !next.FileObject || !io::manager().files().find(next.FileObject))
        return;
    if (next.FileObject->Flags & (FO_CLEANUP_COMPLETE | FO_FILE_OPEN_CANCELLED))
        violated(Rule::SentClosedFile, reinterpret_cast<uint64_t>(to), reinterpret_cast<uint64_t>(irp),
                 reinterpret_cast<uint64_t>(next.FileObject), sender_of(irp));
}

// Its maker sends it and will not get it back, though nobody else frees it. One that was given a thread, or the flags of a
// request without one, ends as theirs do.
bool is_nobodys(IRP const& irp, io::IrpRecord const& record, IO_STACK_LOCATION const& next)
{
    constexpr UCHAR kCalled = SL_INVOKE_ON_SUCCESS | SL_INVOKE_ON_ERROR | SL_INVOKE_ON_CANCEL;
    bool const asynchronous = record.origin == io::IrpOrigin::Asynchronous;
    bool const allocated = record.origin == io::IrpOrigin::Driver && !irp.Tail.Overlay.Thread
        && !(irp.Flags & (IRP_PAGING_IO | IRP_CLOSE_OPERATION));
    return (asynchronous || allocated) && record.maker_driver && irp.CurrentLocation == irp.StackCount + 1
        && (!next.CompletionRoutine || !(next.Control & kCalled));
}

bool is_pageable(PIO_COMPLETION_ROUTINE routine)
{
    mm::ImageSection const* section = mm::memory().images.section_at(reinterpret_cast<uintptr_t>(routine));
    return section && section->pageable;
}

// An IRP that a driver made for its own thread and sends for the first time: the thread itself must be able to end it.
// 0xC9/0x302: parameter 4 the IRQL.
void check_threaded(IRP* irp, io::IrpRecord& record)
{
    if (record.origin != io::IrpOrigin::Threaded || !record.maker_driver || record.trips)
        return;
    record.event_was_set = irp->UserEvent && irp->UserEvent->Header.SignalState;
    if (ke::Kernel::irql() >= APC_LEVEL && is_on(Rule::SentWhereNoApcRuns))
        violated_with(Rule::SentWhereNoApcRuns, irp, ke::Kernel::irql());
}

// From a device to one further down in the same stack than the next.
bool is_past(DEVICE_OBJECT* from, DEVICE_OBJECT* to)
{
    auto* record = from && from != to ? io::manager().devices().find(from) : nullptr;
    if (!record || !record->attached_to || record->attached_to->device == to)
        return false;
    for (auto* below = record->attached_to->attached_to; below; below = below->attached_to)
        if (below->device == to)
            return true;
    return false;
}

void sending(IRP* irp, io::IrpRecord* record, DEVICE_OBJECT* to)
{
    if (is_on(Rule::SentNoIrp) && (irp->Type != IO_TYPE_IRP || (record && record->state == IrpState::Freed)))
        violated(Rule::SentNoIrp, reinterpret_cast<uint64_t>(irp), 0, 0, sender_of(irp));
    if (irp->Type != IO_TYPE_IRP)
        return;
    if (!to && is_on(Rule::SentToNull))
        violated(Rule::SentToNull, irp, nullptr);
    if (to && is_on(Rule::SentToNoDevice) && (to->Type != IO_TYPE_DEVICE || !io::manager().devices().find(to)))
        violated(Rule::SentToNoDevice, reinterpret_cast<uint64_t>(to), 0, 0, sender_of(irp));
    if (irp->CancelRoutine && is_on(Rule::SentWithCancelRoutine))
        violated(Rule::SentWithCancelRoutine, irp, to);
    if (record && record->state == IrpState::Pending && record->device == to && is_on(Rule::SentWhileBelow))
        violated(Rule::SentWhileBelow, irp, to);
    if (!record || irp->CurrentLocation <= 1 || irp->CurrentLocation > irp->StackCount + 1)
        return;
    IO_STACK_LOCATION const& next = *io::next_location(irp);
    if (ke::Kernel::irql() > APC_LEVEL && needs_passive(next.MajorFunction) && is_on(Rule::SentAtWrongIrql))
        violated(Rule::SentAtWrongIrql, irp, to);
    if (next.MajorFunction >= IRP_MJ_POWER)
        check_status(irp, *record, to, next.MajorFunction);
    if (next.MajorFunction == IRP_MJ_PNP && record->maker_driver && record->trips == 0
        && is_system_pnp(next.MinorFunction) && is_on(Rule::SystemIrpSent))
        violated(Rule::SystemIrpSent, irp, to);
    if (is_on(Rule::UserAddressInKernelIrp))
        check_addresses(irp, next);
    if (is_on(Rule::SentClosedFile))
        check_file(irp, next, to);
    if (is_on(Rule::SentWithoutRoutine) && is_nobodys(*irp, *record, next))
        violated(Rule::SentWithoutRoutine, irp, to);
    if (next.CompletionRoutine && is_on(Rule::PageableRoutine) && is_pageable(next.CompletionRoutine))
        violated(Rule::PageableRoutine, irp, to);
    check_threaded(irp, *record);
    if (record->state == IrpState::InFlight) {
        if (record->device != to && is_on(Rule::SentPastDevice) && is_past(record->device, to))
            violated(Rule::SentPastDevice, irp, to);
        check_location(irp, *record, to);
    }
}

} // namespace

void listen_to_sending()
{
    RuleSet asked;
    for (auto rule = Rule::SentNoIrp; rule <= Rule::SentWithoutRoutine;
         rule = static_cast<Rule>(static_cast<uint8_t>(rule) + 1))
        asked.set(static_cast<size_t>(rule));
    asked.set(static_cast<size_t>(Rule::EventSetBefore));
    io::g_listener.irp_sending = (g_on & asked).any() ? sending : nullptr;
}

} // namespace ringside::verifier
