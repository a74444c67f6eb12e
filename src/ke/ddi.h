// SPDX-License-Identifier: MIT
// The exports that room ke owns: one table of rows per subject.
#pragma once

#include "base/contract.h"

#include <vector>

namespace ringside::ke {

// All of the room's rows, in the order of the tables below.
std::span<Ddi const> ddi_rows();

std::span<Ddi const> object_rows();    // object_ddi.cpp: events, semaphores, mutexes, timers, DPCs, waits
std::span<Ddi const> processor_rows(); // processor_ddi.cpp: IRQL, spin locks, regions, time
std::span<Ddi const> thread_rows();    // thread_ddi.cpp: priorities, affinities
std::span<Ddi const> topology_rows();  // topology_ddi.cpp: processors, groups, nodes
std::span<Ddi const> apc_rows();       // apc_ddi.cpp: APCs and alerts
std::span<Ddi const> kernel_queue_rows(); // kernel_queue.cpp
std::span<Ddi const> stack_rows();     // stack.cpp: KeExpandKernelStackAndCallout
std::span<Ddi const> extended_state_rows(); // extended_state_ddi.cpp: floating-point state and beyond
std::span<Ddi const> exception_rows(); // exception_ddi.cpp: raising, unwinding, guarded memory, bug checks
std::span<Ddi const> debug_rows();     // debug_ddi.cpp: DbgPrint and break-ins
std::span<Ddi const> queue_rows();     // device_queue_ddi.cpp
std::span<Ddi const> interrupt_rows(); // interrupt_ddi.cpp: interrupts, processor calls, queued locks, callbacks
std::span<Ddi const> data_rows();      // data_exports.cpp: variables

} // namespace ringside::ke
