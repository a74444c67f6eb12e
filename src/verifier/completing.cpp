// SPDX-License-Identifier: MIT
// Rules about IoCompleteRequest and about completion routines.
#include "io/build.h"
#include "io/frame.h"
#include "io/listener.h"
#include "io/manager.h"
#include "ke/kernel.h"
#include "verifier/violation.h"

namespace ringside::verifier {

using namespace nt;
using io::IrpState;

namespace {

// The IRP is with a driver, and one that stands above it in the same stack completes it. By images: a driver may stand twice
// in a stack, and a library may complete for the driver it serves.
bool is_from_above(IRP* irp, io::IrpRecord const& record)
{
    if (record.state != IrpState::InFlight && record.state != IrpState::Pending)
        return false;
    io::Manager& io = io::manager();
    auto const* caller = io.drivers().calling();
    auto const* has_it = record.device ? io.devices().find(record.device) : nullptr;
    if (!caller || !has_it || has_it->driver == caller)
        return false;
    auto const is_callers = [&](DEVICE_OBJECT* of) {
        auto const* device = of ? io.devices().find(of) : nullptr;
        return device && device->driver == caller;
    };
    // One that skipped its location is known by its dispatch call alone.
    for (auto const* frame = record.frames; frame; frame = frame->outer)
        if (frame->forwarded && is_callers(frame->device))
            return true;
    auto const* locations = reinterpret_cast<IO_STACK_LOCATION const*>(irp + 1);
    for (int above = irp->CurrentLocation + 1; above <= irp->StackCount; ++above)
        if (is_callers(locations[above - 1].DeviceObject))
            return true;
    return false;
}

// Bytes that the I/O manager will copy from the system buffer to the issuer's; no limit for what is copied otherwise.
uint64_t output_part(IRP* irp)
{
    constexpr ULONG kCopied = IRP_BUFFERED_IO | IRP_INPUT_OPERATION;
    IO_STACK_LOCATION const& location = *io::current_location(irp);
    if ((irp->Flags & kCopied) != kCopied || NT_ERROR(irp->IoStatus.Status))
        return ~uint64_t { 0 };
    switch (location.MajorFunction) {
    case IRP_MJ_READ:
        return location.Parameters.Read.Length;
    case IRP_MJ_DEVICE_CONTROL:
        return (location.Parameters.DeviceIoControl.IoControlCode & 3) == METHOD_BUFFERED
            ? location.Parameters.DeviceIoControl.OutputBufferLength
            : ~uint64_t { 0 };
    default:
        return ~uint64_t { 0 };
    }
}

void check_completer(IRP* irp, io::IrpRecord const& record)
{
    if (irp->CurrentLocation < 1 || irp->CurrentLocation > irp->StackCount)
        return;
    if (is_on(Rule::CompletedWhileBelow) && is_from_above(irp, record))
        violated(Rule::CompletedWhileBelow, irp, record.device);
    if (is_on(Rule::InformationTooLarge) && irp->IoStatus.Information > output_part(irp))
        violated(Rule::InformationTooLarge, irp, record.device);
    if (is_on(Rule::RoutineExUnused) && irp->CurrentLocation > 1
        && io::is_extended(io::next_location(irp)->CompletionRoutine))
        violated(Rule::RoutineExUnused, reinterpret_cast<uint64_t>(irp), 0, 0);
}

// 0xC4/0x135: parameter 2 the IRP, 3 how many milliseconds it had.
void given_up(io::IrpRecord& record, ULONG milliseconds)
{
    auto const* device = record.device ? io::manager().devices().find(record.device) : nullptr;
    void const* routine = device && device->device
        ? reinterpret_cast<void const*>(
              device->device->DriverObject->MajorFunction[io::current_location(record.irp)->MajorFunction])
        : nullptr;
    violated(Rule::NotCompletedWhenCancelled, reinterpret_cast<uint64_t>(record.irp), milliseconds, 0, routine);
}

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
    if (record)
        check_completer(irp, *record);
}

void routine_returned(IRP* irp, io::IrpRecord* record, PIO_COMPLETION_ROUTINE routine, NTSTATUS status,
                      bool was_pending, int location, uint8_t notes)
{
    if (record)
        check_signals(irp, *record, routine, status, was_pending, location, notes);
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

// By images, as above: the device of a driver further down may go with its driver's blessing, and the caller's with it.
void setting_routine_ex(DEVICE_OBJECT* device, IRP* irp)
{
    io::Manager& io = io::manager();
    auto const* caller = io.drivers().calling();
    auto const* named = io.devices().find(device);
    io::IrpRecord const* record = io.irps().find(irp);
    if (!caller || !named || !record || named->driver == caller || !is_on(Rule::RoutineExOfOtherDevice))
        return;
    auto const* has_it = record->frames ? io.devices().find(record->frames->device) : nullptr;
    if (has_it ? has_it->driver == caller : record->maker_driver == caller->number)
        violated(Rule::RoutineExOfOtherDevice, irp, device);
}

void listen_to_completing()
{
    RuleSet asked;
    for (Rule rule :
         { Rule::DoubleCompletion, Rule::CompletedAsPending, Rule::CompletedWithCancelRoutine, Rule::CompletedUnsent,
           Rule::CompletedWhileBelow, Rule::InformationTooLarge, Rule::RoutineExUnused })
        asked.set(static_cast<size_t>(rule));
    io::g_listener.irp_completing = (g_on & asked).any() ? completing : nullptr;
    io::g_listener.irp_given_up = is_on(Rule::NotCompletedWhenCancelled) ? given_up : nullptr;
    RuleSet returning;
    for (Rule rule : { Rule::PendingNotPropagated, Rule::FreedByRoutine, Rule::MarkedAndSignalled, Rule::EventOfIrpSet,
                       Rule::EventNeverSet })
        returning.set(static_cast<size_t>(rule));
    io::g_listener.completion_returned = (g_on & returning).any() ? routine_returned : nullptr;
}

} // namespace ringside::verifier
