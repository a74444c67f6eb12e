// SPDX-License-Identifier: MIT
// Carries out a plan on a machine, in the process it is called in, and tells about it in records: JSON objects, one for
// each thing that happened, sent at once, so that the story is known up to the point where the process may die.
//
//   kind       members
//   machine    seed processors windows checks faults explore force_irql debugger wow64
//   phase      words: what is about to happen; shown only if nothing comes after it
//   driver     name path status (null: DriverEntry did not return) loaded base size imports[dll name served words]
//   devices    devices[name driver type links[] stack]
//   open       path status
//   ioctl      path code in room status information bytes, second where it was given
//   read       path at room status information bytes
//   write      path at in status information
//   pending    requests[]: what drivers still hold when all steps are done
//   close      path
//   unload     name status
//   report     see machine/views.h: report_json()
//   log        lines[]
//   trace-...  with --trace: trace_record.h
//   refused    words: the plan makes no sense to the machine; nothing comes after it
// Bytes are hexadecimal text. Statuses are numbers.
#pragma once

#include "plan.h"

#include <nlohmann/json.hpp>

#include <functional>

namespace ringside::cli {

using Json = nlohmann::ordered_json;
using Sink = std::function<void(Json const&)>;

// Returns the exit code.
int run_machine(RunPlan const& plan, uint64_t seed, Sink const& sink);

} // namespace ringside::cli
