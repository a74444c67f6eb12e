// SPDX-License-Identifier: MIT
// Callbacks for what seldom happens: a processor is added (never here, after boot), a user-mode bound exception.
#pragma once

#include "nt/interrupt.h"
#include "nt/nt.h"

namespace ringside::ke {

nt::PVOID KeRegisterProcessorChangeCallback(nt::PPROCESSOR_CALLBACK_FUNCTION function, nt::PVOID context,
                                            nt::ULONG flags);
void KeDeregisterProcessorChangeCallback(nt::PVOID handle);
nt::PVOID KeRegisterBoundCallback(nt::PBOUND_CALLBACK routine);
nt::NTSTATUS KeDeregisterBoundCallback(nt::PVOID handle);

// A machine begins.
void reset_change_callbacks();
// Registered and not deregistered: a leak when the driver is gone.
unsigned change_callbacks();

} // namespace ringside::ke
