// SPDX-License-Identifier: MIT
// What runs on every processor, and the callbacks of the nonmaskable interrupt (hal::Interrupts::send_nmi).
#pragma once

#include "nt/nt.h"

namespace ringside::ke {

nt::ULONG_PTR KeIpiGenericCall(nt::PKIPI_BROADCAST_WORKER routine, nt::ULONG_PTR context);
void KeGenericCallDpc(nt::PKDEFERRED_ROUTINE routine, nt::PVOID context);
void KeSignalCallDpcDone(nt::PVOID argument1);
nt::LOGICAL KeSignalCallDpcSynchronize(nt::PVOID argument2);

nt::PVOID KeRegisterNmiCallback(nt::PNMI_CALLBACK routine, nt::PVOID context);
nt::NTSTATUS KeDeregisterNmiCallback(nt::PVOID handle);
// A machine begins.
void reset_nmi_callbacks();
// Registered and not deregistered: a leak when the driver is gone.
unsigned nmi_callbacks();

} // namespace ringside::ke
