// SPDX-License-Identifier: MIT
// The kernel debugger, attached or not. Nobody sits at it: at each break-in it says "go", and the driver goes on behind
// the instruction. Without one a break-in is an exception, as on a Windows that boots without debugging.
//
//   no debugger ........................................ break-ins raise
//   Attached and enabled <--KdDisable/EnableDebugger--> attached and disabled (break-ins raise)
#pragma once

#include "nt/basic.h"

namespace ringside::ke {

// At boot.
void attach_debugger(bool attached);
// A break-in of a driver, logged by the caller, goes no further than the debugger.
bool debugger_takes_break();
bool debugger_attached();
bool debugger_enabled();
// STATUS_DEBUGGER_INACTIVE without one, STATUS_ACCESS_DENIED while its state is blocked.
nt::NTSTATUS enable_debugger(bool enable);
// While blocked, the debugger can be neither enabled nor disabled; 0x80 is for ever.
nt::NTSTATUS block_debugger(nt::BOOLEAN block);

} // namespace ringside::ke
