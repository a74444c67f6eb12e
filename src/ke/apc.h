// SPDX-License-Identifier: MIT
// Asynchronous procedure calls, for the rooms above: io completes a client's request with one.
//
// A thread has two environments: its own process', and the one it is attached to. Each has queues of its own; APCs of the
// environment that a thread is not in wait until it is back.
#pragma once

#include "ke/kernel.h"

namespace ringside::ke {

// KAPC_ENVIRONMENT, which the public headers lack.
enum class Environment : int32_t { Original, Attached, Current, Insert };

// Without a normal routine it is a special kernel APC, whatever the mode.
void initialize_apc(nt::KAPC& apc, Thread& thread, Environment environment, nt::PKKERNEL_ROUTINE kernel_routine,
                    nt::PKRUNDOWN_ROUTINE rundown_routine, nt::PKNORMAL_ROUTINE normal_routine,
                    nt::KPROCESSOR_MODE mode, void* normal_context);
// False when it is queued already or its thread is ending. Any IRQL up to DISPATCH_LEVEL.
bool insert_apc(nt::KAPC& apc, void* argument1, void* argument2, int32_t increment);

// KTHREAD.CombinedApcDisable as bug checks tell it.
inline uint32_t combined_apc_disable(Thread const& thread)
{
    return static_cast<uint32_t>(thread.special_apc_disable & 0xFFFF) << 16
        | static_cast<uint32_t>(thread.kernel_apc_disable & 0xFFFF);
}

// Where a user-mode APC's normal routine goes: to whoever plays the client's code. Null: nobody does.
using UserApc = void (*)(Thread& thread, nt::PKNORMAL_ROUTINE routine, void* context, void* argument1, void* argument2);
extern UserApc g_user_apc;

// The current thread's queues at an attach and a detach (ke/apc_state.cpp). Null: it was not, or is no longer, attached;
// else the driver's KAPC_STATE keeps what belongs to the process in between.
void put_apc_state_aside(Thread& self, nt::KAPC_STATE* state);
void bring_apc_state_back(Thread& self, nt::KAPC_STATE* state);

} // namespace ringside::ke
