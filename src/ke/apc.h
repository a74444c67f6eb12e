// SPDX-License-Identifier: MIT
// Asynchronous procedure calls, for the rooms above: io completes a client's request with one.
#pragma once

#include "ke/kernel.h"

namespace ringside::ke {

// Without a normal routine it is a special kernel APC, whatever the mode.
void initialize_apc(nt::KAPC& apc, Thread& thread, nt::PKKERNEL_ROUTINE kernel_routine,
                    nt::PKRUNDOWN_ROUTINE rundown_routine, nt::PKNORMAL_ROUTINE normal_routine, nt::KPROCESSOR_MODE mode,
                    void* normal_context);
// False when it is queued already or its thread ended. Any IRQL up to DISPATCH_LEVEL.
bool insert_apc(nt::KAPC& apc, void* argument1, void* argument2, int32_t increment);
// Takes the next user-mode APC; false when none is queued.
bool take_user_apc(Thread& thread, nt::KAPC*& apc);

} // namespace ringside::ke
