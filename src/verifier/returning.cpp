// SPDX-License-Identifier: MIT
// Rules about what a dispatch routine returns, and what it leaves behind on its stack.
//
// The frame of the call (io/frame.h) knows whether the routine sent the IRP on or had it completed, on whatever thread.
#include "io/frame.h"
#include "io/listener.h"
#include "io/manager.h"
#include "ke/door.h"
#include "ke/kernel.h"
#include "verifier/violation.h"

namespace ringside::verifier {

using namespace nt;

namespace {

bool is_marked(io::DispatchFrame const& frame)
{
    if (frame.completed || !frame.record)
        return frame.marked_pending;
    auto const* locations = reinterpret_cast<IO_STACK_LOCATION const*>(frame.irp + 1);
    return locations[frame.location - 1].Control & SL_PENDING_RETURNED;
}

[[noreturn]] void broke(Rule rule, io::DispatchFrame const& frame)
{
    violated(rule, frame.irp, frame.device, reinterpret_cast<void const*>(frame.routine));
}

// 0xC9/0x224, 0x225, 0x23D and 0x23E: parameter 4 a status; 0x224: the one that it should have returned, the others: the
// one that it returned.
[[noreturn]] void broke(Rule rule, io::DispatchFrame const& frame, NTSTATUS status)
{
    violated_with(rule, frame.irp, static_cast<uint32_t>(status), reinterpret_cast<void const*>(frame.routine));
}

// The routine had the IRP completed itself: what it returns is what it completed it with.
bool completed_itself(io::DispatchFrame const& frame) { return frame.completed && !frame.forwarded; }

void check_pending(io::DispatchFrame const& frame, NTSTATUS status)
{
    // Gone without completion (its maker took it back), or still on its way below: nothing to be compared.
    if (frame.freed && !frame.completed)
        return;
    if (frame.forwarded && !frame.completed)
        return;
    bool const marked = is_marked(frame);
    if (status == STATUS_PENDING && !marked && is_on(Rule::PendingNotMarked))
        broke(Rule::PendingNotMarked, frame, status);
    if (status != STATUS_PENDING && marked && is_on(Rule::MarkedNotPending))
        broke(Rule::MarkedNotPending, frame, status);
}

// An IRP of this thread that a routine below made with an event or a status block of its own, and did not wait for:
// they stood further down on the stack than this call.
// 0xC9/0xC and 0xD: parameter 2 the block, the event.
void check_stack(io::DispatchFrame const& frame)
{
    ke::Thread const& self = ke::kernel().current();
    auto const here = reinterpret_cast<uintptr_t>(&frame);
    if (here - self.stack.low >= self.stack.bytes)
        return; // on a stack that it was continued on: what was left is not told by addresses
    auto const left = [&](void const* pointer) {
        auto const address = reinterpret_cast<uintptr_t>(pointer);
        return address >= self.stack.low && address < here;
    };
    for (auto const* record = io::manager().irps_of(self); record; record = record->thread_next) {
        if (!record->maker_driver)
            continue;
        if (is_on(Rule::StatusBlockOnStack) && left(record->irp->UserIosb))
            violated(Rule::StatusBlockOnStack, reinterpret_cast<uint64_t>(record->irp->UserIosb), 0, 0,
                     reinterpret_cast<void const*>(frame.routine));
        if (is_on(Rule::EventOnStack) && left(record->irp->UserEvent))
            violated(Rule::EventOnStack, reinterpret_cast<uint64_t>(record->irp->UserEvent), 0, 0,
                     reinterpret_cast<void const*>(frame.routine));
    }
}

// What a driver above may not touch while a driver below has the IRP. The same driver may stand twice in a stack, and
// change its own routine at any time: its devices do not accuse each other.
void check_cancel_routine(io::DispatchFrame const& frame)
{
    if (!frame.forwarded || frame.completed || !frame.record || frame.record->trips != frame.trips_below)
        return;
    io::Manager& io = io::manager();
    PDRIVER_CANCEL const routine = frame.irp->CancelRoutine;
    if (!routine || routine == frame.routine_below)
        return;
    auto const* own = io.devices().find(frame.device);
    auto const* below = io.devices().find(frame.record->device);
    if (own && below && own->driver != below->driver
        && io.drivers().of_address(reinterpret_cast<uintptr_t>(routine)) == own->driver)
        violated(Rule::CancelRoutineSetBelow, frame.irp, frame.device, reinterpret_cast<void const*>(routine));
}

// The call is over and the driver below has the IRP: what it left there is known to the call above.
void tell_outer(io::DispatchFrame const& frame)
{
    if (!frame.outer || frame.completed || !frame.record)
        return;
    frame.outer->routine_below = frame.irp->CancelRoutine;
    frame.outer->trips_below = frame.record->trips;
}

// The lock is held by this processor, and its IRQL says that no routine that was interrupted has it.
bool holds_cancel_lock()
{
    return io::manager().cancel_lock == ke::kernel().cpu().number() + 1 && ke::Kernel::irql() < DISPATCH_LEVEL;
}

// Bus drivers, which have nothing below, complete what they do not know.
bool has_lower_device(DEVICE_OBJECT* device)
{
    auto const* record = io::manager().devices().find(device);
    return record && record->attached_to;
}

void check_notes(io::DispatchFrame const& frame, NTSTATUS status, uint8_t notes)
{
    if ((notes & kQueuedUnmarked) && status == STATUS_PENDING && is_marked(frame) && is_on(Rule::MarkedAfterQueuing))
        broke(Rule::MarkedAfterQueuing, frame);
    if ((notes & kToForward) && completed_itself(frame) && has_lower_device(frame.device)
        && is_on(Rule::WmiNotForwarded))
        broke(Rule::WmiNotForwarded, frame);
}

// 0xC9/0x5: parameter 2 the device object, 3 the IRQL before, 4 after.
void returned(io::DispatchFrame const& frame, NTSTATUS status, ke::DoorPassage const& passage)
{
    if (uint8_t const irql = ke::Kernel::irql(); irql != passage.irql && is_on(Rule::IrqlAtReturn))
        violated(Rule::IrqlAtReturn, reinterpret_cast<uint64_t>(frame.device), passage.irql, irql,
                 reinterpret_cast<void const*>(frame.routine));
    if (status == static_cast<NTSTATUS>(0xFFFFFFFF) && is_on(Rule::IllegalStatus))
        broke(Rule::IllegalStatus, frame, status);
    bool const done = frame.completed || frame.forwarded || frame.freed || !frame.record;
    if (!done && status != STATUS_PENDING && !is_marked(frame) && is_on(Rule::ForgottenCompletion))
        broke(Rule::ForgottenCompletion, frame);
    check_pending(frame, status);
    if (completed_itself(frame) && status != STATUS_PENDING && status != frame.completed_with
        && is_on(Rule::StatusDiffers))
        broke(Rule::StatusDiffers, frame, frame.completed_with);
    if (frame.completed && frame.forwarded && !frame.marked_pending && status != STATUS_PENDING
        && status != frame.completed_with && is_on(Rule::LowerStatusDiffers))
        broke(Rule::LowerStatusDiffers, frame, frame.completed_with);
    if (status == STATUS_PENDING && frame.record && frame.location == frame.record->stack_count
        && frame.record->event_was_set && is_on(Rule::EventSetBefore))
        violated(Rule::EventSetBefore, frame.irp, frame.device);
    if (is_on(Rule::CancelRoutineSetBelow)) {
        check_cancel_routine(frame);
        if (status == STATUS_PENDING)
            tell_outer(frame);
    }
    if (is_on(Rule::StatusBlockOnStack) || is_on(Rule::EventOnStack))
        check_stack(frame);
    if (passage.notes)
        check_notes(frame, status, passage.notes);
    bool const keeps = status == STATUS_PENDING && !frame.forwarded && !frame.completed && frame.record;
    if (keeps && is_left_cancelled(*frame.irp, *frame.record) && is_on(Rule::CancelNotChecked))
        broke(Rule::CancelNotChecked, frame);
    if (is_on(Rule::CancelLockKeptAtReturn) && holds_cancel_lock())
        broke(Rule::CancelLockKeptAtReturn, frame);
    if (is_on(Rule::RemoveLockKept) && frame.completed && status != STATUS_PENDING)
        check_remove_lock_kept(frame);
}

} // namespace

// IoCancelIrp sets Cancel and takes the routine out with nothing between: who sees both set has set the routine after that.
bool is_left_cancelled(IRP const& irp, io::IrpRecord const& record)
{
    return (record.state == io::IrpState::InFlight || record.state == io::IrpState::Pending) && irp.Cancel
        && irp.CancelRoutine;
}

void asked_wmilib(IRP* irp, SYSCTL_IRP_DISPOSITION disposition)
{
    ke::DoorPassage* const passage = routine_in_progress();
    if (passage && passage->door == ke::Door::Dispatch && passage->context == irp && disposition == IrpForward)
        passage->notes |= kToForward;
}

void listen_to_returning()
{
    RuleSet asked;
    asked.set(static_cast<size_t>(Rule::IrqlAtReturn));
    for (auto rule = Rule::ForgottenCompletion; rule <= Rule::RemoveLockKept;
         rule = static_cast<Rule>(static_cast<uint8_t>(rule) + 1))
        asked.set(static_cast<size_t>(rule));
    io::g_listener.dispatch_returned = (g_on & asked).any() ? returned : nullptr;
}

} // namespace ringside::verifier
