// SPDX-License-Identifier: MIT
//
// mingw-w64's wdm.h stands at Windows 7 and has a few faults. Around it go the annotations that Microsoft's headers
// bring along, corrections, and the newer interfaces, one small file per subject.
#pragma once
#include <driverspecs.h>
#include <excpt.h>
#include <sdkddkver.h>

// Put out of the way: the barrier does not exist there for x64; the bit tests are a second definition beside intrin.h's
// (wdm.h itself then makes their names macros for the compiler's own functions); ExRaiseStatus is declared as never
// returning, see corrections.h.
#include <intrin.h>
#define ExRaiseStatus ringside_unused_ExRaiseStatus
#define KeMemoryBarrier ringside_unused_KeMemoryBarrier
#define InterlockedBitTestAndSet ringside_unused_InterlockedBitTestAndSet
#define InterlockedBitTestAndReset ringside_unused_InterlockedBitTestAndReset
#include_next <wdm.h>
#undef KeMemoryBarrier
#undef ExRaiseStatus

#include <ringside_ddk/atomics.h>
#include <ringside_ddk/corrections.h>
#include <ringside_ddk/newer_wdm.h>
#include <ringside_ddk/pool.h>
#include <ringside_ddk/spin_locks.h>
