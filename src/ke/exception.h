// SPDX-License-Identifier: MIT
// Structured exceptions across driver and host frames.
//
// Phase 1 (dispatch) walks from the exception to its handler: driver frames by .pdata, host frames by the gate chain.
// Phase 2 (unwind) removes frames up to the handler's. At host frames it makes them unwind as C++: a call to a function
// that throws is placed at the host's return address, so destructors run, and the gate's personality takes over again.
//
// Fault classes are NT's (docs/design.md D8): user-range, null, non-canonical and raised faults reach a driver's
// handlers; an invalid kernel address is bug check 0x50; a fault at DISPATCH_LEVEL or above 0xD1 or 0xA.
#pragma once

#include "ke/gate.h"
#include "nt/nt.h"

namespace ringside::ke {

// A status raised by a body: unwinds the host frames above the nearest gate and continues as a structured exception in
// the driver that called it. Only on a machine's fiber, below a gate.
[[noreturn]] void raise(nt::NTSTATUS status);
[[noreturn]] void raise_access_violation(uint64_t address, bool write);

// Runs host code that may raise; the status if it did, else STATUS_SUCCESS. For bodies that turn exceptions into
// statuses, as Nt* services do.
template <typename Function>
nt::NTSTATUS guard_raise(Function function);

struct Raised { // the C++ exception behind raise()
    nt::NTSTATUS status;
    uint32_t parameters;
    uint64_t information[2];
};

template <typename Function>
nt::NTSTATUS guard_raise(Function function)
{
    try {
        function();
        return 0;
    } catch (Raised const& raised) {
        return raised.status;
    }
}

// Copies between driver-named memory and ours; a fault on a user address is raised to the driver, one on a kernel
// address is bug check 0x50 (0xD1 or 0xA at DISPATCH_LEVEL or above).
void copy_or_raise(void* to, void const* from, size_t bytes);
void fill_or_raise(void* to, int value, size_t bytes);

[[noreturn]] void dispatch_exception(nt::EXCEPTION_RECORD& record, nt::CONTEXT& context);
[[noreturn]] void unwind(uint64_t target_frame, uint64_t target_ip, nt::EXCEPTION_RECORD& record, uint64_t return_value,
                         nt::CONTEXT& from);
// Continues exactly at `context`: drops chain nodes below its stack pointer.
[[noreturn]] void restore_context(nt::CONTEXT const& context);

nt::EXCEPTION_DISPOSITION c_specific_handler(nt::EXCEPTION_RECORD* record, void* frame, nt::CONTEXT* context,
                                             nt::DISPATCHER_CONTEXT* dispatcher);

// Emulates or completes a driver instruction that trapped (room ldr sets it: privileged instructions, shared user data).
// Returns whether the instruction was dealt with and `context` says where to continue.
using TrapEmulator = bool (*)(void* ucontext, uintptr_t fault_address);
extern TrapEmulator g_trap_emulator;

// Code is fetched from kernel memory that is no image. Room ex says whether it is executable pool, and makes it so.
extern bool (*g_let_execute)(uintptr_t address);
// A page that is not there, or not as it was to be used, asked of room mm first: it may be one that comes when it is
// touched (paged out, copied on write), or one whose first touch has a status of its own (a guard page).
struct PageFault {
    bool resolved = false;     // the access goes on
    nt::NTSTATUS status = 0;   // else what is raised; 0: what an invalid address gives
};
extern PageFault (*g_page_fault)(uintptr_t address, bool write, uint8_t irql);

void install_fault_handling();
void remove_fault_handling();

} // namespace ringside::ke
