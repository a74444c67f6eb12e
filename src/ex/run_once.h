// SPDX-License-Identifier: MIT
// One-time initialization. The driver's word is the state, as on Windows:
//
//   0            not begun                begin            -> 1, or 3 when asynchronous
//   1            one thread initializes   complete         -> context | 2; failed -> 0, and a waiter begins
//   3            any number of them do    the first to complete -> context | 2, the others fail
//   context | 2  done
//
// Who waits for another's initialization stands in one queue of stack frames.
#pragma once

#include "nt/nt.h"

namespace ringside::ex {

using RTL_RUN_ONCE_INIT_FN = nt::ULONG(NTAPI*)(nt::RTL_RUN_ONCE*, nt::PVOID parameter, nt::PVOID* context);

inline constexpr nt::ULONG RTL_RUN_ONCE_CHECK_ONLY = 1;
inline constexpr nt::ULONG RTL_RUN_ONCE_ASYNC = 2;
inline constexpr nt::ULONG RTL_RUN_ONCE_INIT_FAILED = 4;

struct RunOnceWaiter;
struct RunOnceWaiters {
    RunOnceWaiter* first = nullptr; // in order of arrival
};

void RtlRunOnceInitialize(nt::RTL_RUN_ONCE* once);
nt::NTSTATUS RtlRunOnceExecuteOnce(nt::RTL_RUN_ONCE* once, RTL_RUN_ONCE_INIT_FN initialize, nt::PVOID parameter,
                                   nt::PVOID* context);
nt::NTSTATUS RtlRunOnceBeginInitialize(nt::RTL_RUN_ONCE* once, nt::ULONG flags, nt::PVOID* context);
nt::NTSTATUS RtlRunOnceComplete(nt::RTL_RUN_ONCE* once, nt::ULONG flags, nt::PVOID context);

} // namespace ringside::ex
