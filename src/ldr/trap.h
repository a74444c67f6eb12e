// SPDX-License-Identifier: MIT
// Driver instructions that trapped, or whose trampoline leads into the kernel: what the processor profile and the
// machine make of them.
//
//   trampoline -----------------+--> ringside_patched --> execute on the driver's own stack --> behind the instruction
//   trap --> emulate() (signal) +                         (may switch threads, bug check, raise)
//
// Where hardware would give a general-protection fault (an MSR that the processor lacks), emulate() declines and the
// fault takes NT's course: STATUS_ACCESS_VIOLATION on address -1, which a driver's __except may take. What a driver may
// do on Windows and Ringside cannot do (loading a descriptor table, writing a control register) ends the machine as a
// missing service that names the instruction and its place.
#pragma once

#include "ldr/patch.h"
#include "nt/nt.h"

extern "C" {
// Entered from a trampoline with the Site* on top of the stack. Keeps the whole context, has the site executed, and
// continues where it says.
void ringside_patched();
// The same for a trapped instruction: the site is ringside_trapped_site, the stack is the driver's.
void ringside_trapped();
extern ringside::ldr::Site const* ringside_trapped_site;
void ringside_execute_site(ringside::nt::CONTEXT* context, ringside::ldr::Site const* site);
}

namespace ringside::ldr {

// What ke::g_trap_emulator is set to while a loader lives. Called on the signal's stack.
bool emulate(void* ucontext, uintptr_t fault_address);

// Does what the instruction at site.address does to the context, and moves its Rip. On the driver's fiber; may not
// return.
void execute(nt::CONTEXT& context, Site const& site);

// Where in and out go. Without a device every port reads as all ones and writes vanish, as on an empty bus; each port
// touched is noted once in the log. A bus with I/O ports sets these.
struct PortDoor {
    uint32_t (*read)(uint16_t port, unsigned bits) = nullptr;
    void (*write)(uint16_t port, unsigned bits, uint32_t value) = nullptr;
};
extern PortDoor g_port_door;
// Forgets which ports were noted: a machine begins.
void reset_ports();
uint32_t read_port(uint16_t port, unsigned bits);
void write_port(uint16_t port, unsigned bits, uint32_t value);

} // namespace ringside::ldr
