// SPDX-License-Identifier: MIT
// What the rules' files share: which rules are on, and the ends that a broken one comes to.
#pragma once

#include "verifier/rules.h"

#include "nt/nt.h"
#include "nt/wmi.h"

namespace ringside::ke {
struct DoorPassage;
struct Import;
}
namespace ringside::io {
struct DispatchFrame;
struct IrpRecord;
}

namespace ringside::verifier {

// Of the machine that is live.
extern RuleSet g_on;
inline bool is_on(Rule rule) { return g_on[static_cast<size_t>(rule)]; }

// Ends the machine with the rule's bug check: its code, its subcode, and three parameters. `routine`: the driver's, for
// the back-trace, when it has returned already.
[[noreturn]] void violated(Rule rule, uint64_t p2, uint64_t p3, uint64_t p4, void const* routine = nullptr);
// The same for the rules of I/O verification that Windows numbers from 0x200: an address in the driver's code (the
// routine's; without one, where the driver called the kernel from), the IRP, the device object.
[[noreturn]] void violated(Rule rule, nt::IRP const* irp, nt::DEVICE_OBJECT const* device,
                           void const* routine = nullptr);
// The same for those whose page has a parameter 4 of another kind: a status, an IRQL.
[[noreturn]] void violated_with(Rule rule, nt::IRP const* irp, uint64_t p4, void const* routine = nullptr);
// The dispatch routine in which the IRP was sent on: a driver that returns what IoCallDriver returns has jumped there,
// and stands on no stack.
void const* sender_of(nt::IRP* irp);

// DoorPassage::notes.
enum Note : uint8_t {
    kSignalled = 1,       // a completion routine called KeSetEvent
    kSignalledOwn = 2,    // with the event of its IRP
    kWasMarked = 4,       // its own location was marked pending when it was called
    kQueuedUnmarked = 8,  // a dispatch routine let others at the IRP before it marked it pending
    kToForward = 16,      // and was told by WmiSystemControl to forward it
    kCancelableFirst = 32 // a StartIo routine made its IRPs cancelable when this one had no cancel routine
};

// The driver's routine that is in progress on this thread, and the one that it was called from; null: none.
ke::DoorPassage* routine_in_progress();
ke::DoorPassage* routine_outside(ke::DoorPassage const& passage);

// Parts of what is heard at gates and doors, each in the file of its rules.
void check_irql(ke::Import const& import, uint64_t const* arguments);
void setting_event(nt::KEVENT* event);
void starting_next(nt::DEVICE_OBJECT* device);
void setting_start_io(bool cancelable);
void leaving_spin_lock();
void acquired_spin_lock(void const* lock);
void releasing_spin_lock(void const* lock);
void completing_by_call(nt::IRP* irp);
void check_start_next(nt::DEVICE_OBJECT* device);
void forget_spin_locks();
void queuing(void* what);
void setting_routine_ex(nt::DEVICE_OBJECT* device, nt::IRP* irp);
void asked_wmilib(nt::IRP* irp, nt::SYSCTL_IRP_DISPOSITION disposition);
void entering_completion(ke::DoorPassage& passage);
void check_signals(nt::IRP* irp, io::IrpRecord& record, nt::PIO_COMPLETION_ROUTINE routine, nt::NTSTATUS status,
                   bool was_pending, int location, uint8_t notes);
void check_remove_lock_kept(io::DispatchFrame const& frame);
bool is_left_cancelled(nt::IRP const& irp, io::IrpRecord const& record);

// The files' parts of the registration.
void listen_to_gates();
void listen_to_starting();
void listen_to_signalling();
void listen_to_routines();
void listen_to_making();
void listen_to_sending();
void listen_to_returning();
void listen_to_completing();
void listen_to_remove_locks();
void forget_remove_locks();

} // namespace ringside::verifier
