// SPDX-License-Identifier: MIT
// What the rules' files share: which rules are on, and the ends that a broken one comes to.
#pragma once

#include "verifier/rules.h"

#include "nt/nt.h"

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
// The dispatch routine in which the IRP was sent on: a driver that returns what IoCallDriver returns has jumped there,
// and stands on no stack.
void const* sender_of(nt::IRP* irp);

// The files' parts of the registration.
void listen_to_routines();
void listen_to_making();
void listen_to_sending();
void listen_to_returning();
void listen_to_completing();
void listen_to_remove_locks();
void forget_remove_locks();

} // namespace ringside::verifier
