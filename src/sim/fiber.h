// SPDX-License-Identifier: MIT
// A fiber: one stack of control on the single host thread. Driver threads, the processors' idle loops and the client's
// requests are fibers; switching costs about 10 ns. The stack is given by the owner (a fixed address, docs/design.md
// D11). A switch carries with it what belongs to a stack but lives per host thread: the C++ runtime's exception state,
// the gate chain of ke, and AddressSanitizer's notion of the current stack.
#pragma once

#include <cstddef>
#include <cstdint>

namespace ringside::sim {

// The head of the chain of gate frames on the running fiber's stack (ke/gate.h owns its meaning). A plain variable:
// one host thread. Assembly reads it by name.
extern "C" {
extern void* ringside_gate_head;
}

class Fiber {
public:
    using Entry = void (*)(void* context);

    Fiber() = default; // the host's own stack, once it switches away
    Fiber(Fiber const&) = delete;
    Fiber& operator=(Fiber const&) = delete;

    // Prepares a fiber on [stack, stack + size): the first switch to it calls entry(context), which must not return.
    void prepare(void* stack, size_t size, Entry entry, void* context);

    // Leaves the running fiber and continues `to`; returns when something switches back.
    static void switch_to(Fiber& to);
    static Fiber& current();
    // Makes `host` the name of the stack this call runs on: before the first switch of a machine.
    static void adopt_host_stack(Fiber& host);

    // Calls function(context) on another stack, as part of the running fiber; C++ exceptions pass back through.
    static void call_on(void* stack, size_t size, Entry function, void* context);

    uintptr_t stack_low() const { return m_stack_low; }
    uintptr_t stack_high() const { return m_stack_high; }

    // After a switch that abandons the old stack for good (bug check): nothing on it is ever unwound.
    [[noreturn]] static void abandon_for(Fiber& to);

private:
    friend void fiber_main(Fiber*);
    class OtherStack;
    struct EhGlobals { // the Itanium ABI's __cxa_eh_globals
        void* caught_exceptions = nullptr;
        unsigned int uncaught_exceptions = 0;
    };
    void leave(Fiber& to, bool for_good);
    static void arrived();

    void* m_rsp = nullptr;
    uintptr_t m_stack_low = 0;
    uintptr_t m_stack_high = 0;
    Entry m_entry = nullptr;
    void* m_context = nullptr;
    void* m_gate_head = nullptr;
    EhGlobals m_eh;
    void* m_fake_stack = nullptr; // AddressSanitizer's
    Fiber* m_came_from = nullptr;
};

} // namespace ringside::sim
