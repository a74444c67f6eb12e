// SPDX-License-Identifier: MIT
// The unwinder of x64 driver frames: one step from a frame to its caller, by the image's .pdata and .xdata. Reads the
// stack through guarded accessors: a smashed stack ends the walk, never the process.
// @cite(msvc-docs): page=build/exception-handling-x64
#pragma once

#include "ke/function_table.h"

#include <array>

namespace ringside::ke {

enum class HandlerType : uint8_t { None = 0, Exception = 1, Termination = 2 };

struct UnwindStep {
    uint64_t establisher = 0;          // the frame's own base, as handlers are given it
    uint64_t handler = 0;              // address of the language handler; 0: none of the asked type
    void* handler_data = nullptr;
    nt::RUNTIME_FUNCTION const* function = nullptr;
};

// Changes `context` from the frame at context.Rip (inside `image`) to its caller. False when the stack could not be read.
bool virtual_unwind(HandlerType wanted, ImageRange const& image, nt::CONTEXT& context, UnwindStep& step);

// Return addresses of the walk from a context through driver and host frames (host ones are stepped over).
struct BackTrace {
    std::array<uint64_t, 48> addresses {};
    size_t count = 0;
};
BackTrace back_trace(nt::CONTEXT const& from);

// The context in which a gate's caller continues after the call. xmm6 to xmm15 of a light gate's caller are those that
// `context` has: the walk has come to the gate with them.
struct GateFrame;
void context_of_gate(GateFrame const& gate, nt::CONTEXT& context);

// General-purpose registers of a CONTEXT by their unwind-code number (rax rcx rdx rbx rsp rbp rsi rdi r8 ... r15).
inline uint64_t* integer_registers(nt::CONTEXT& context) { return &context.Rax; }
inline nt::M128A* xmm_registers(nt::CONTEXT& context) { return reinterpret_cast<nt::M128A*>(&context.Xmm0); }

} // namespace ringside::ke
