// SPDX-License-Identifier: MIT
// The exports that room ex owns: one table of rows per subject.
#pragma once

#include "base/contract.h"

namespace ringside::ex {

// All of the room's rows, in the order of the tables below.
std::span<Ddi const> ddi_rows();

std::span<Ddi const> pool_rows();    // pool and lookaside lists
std::span<Ddi const> lock_rows();    // mutexes, resources, push locks, reader/writer spin locks
std::span<Ddi const> list_rows();    // interlocked lists, rundown protection
std::span<Ddi const> service_rows(); // work items, timers, time, identifiers
std::span<Ddi const> trace_rows();   // event tracing
std::span<Ddi const> runtime_rows(); // one-time initialization, heaps, firmware

} // namespace ringside::ex
