// SPDX-License-Identifier: MIT
// The two doors on an IRP's path, dispatch and completion routines, in observed machines: what through_door does there,
// in line and without the passage, which only the verifier reads. It logs the same.
#pragma once

#include "ke/stack.h"

namespace ringside::ke {

// Force IRQL Checking, where a driver is about to run or to go on.
template <typename Way = Plain>
[[gnu::always_inline]] inline void check_at_dispatch()
{
    if (g_at_dispatch && Kernel::irql() >= nt::DISPATCH_LEVEL) [[unlikely]]
        Way::template call<&at_dispatch>();
}

// A driver's routine runs: the thread's StackUse, until the routine returns or is left by an exception. On that way out
// registers which the routine kept for us are lost (through_door), so what has to be done then stands in functions apart.
class Visit {
public:
    Visit(Thread& thread, uintptr_t stack_pointer)
        : m_outer(enter_driver(thread, Door::Dispatch, stack_pointer))
    {
    }
    ~Visit()
    {
        if (m_inside)
            left_by_exception();
    }
    Visit(Visit const&) = delete;
    Visit& operator=(Visit const&) = delete;
    void returned(Thread& thread)
    {
        leave_driver(thread, m_outer);
        m_inside = false;
    }

private:
    void left_by_exception() noexcept;

    StackUse m_outer;
    bool m_inside = true;
};

// `Way`: how the caller calls what is not on its path (ke/gate.h). `in_progress`: what the caller needs when an exception
// leaves the routine; like the visit it must stand in memory.
template <typename Way, sim::Event Enter, sim::Event Leave, typename... P, typename... A>
[[gnu::always_inline]] inline nt::NTSTATUS through_observed_door(uint32_t subject, uint64_t detail, void const* object,
                                                                 void* in_progress, nt::NTSTATUS(NTAPI* function)(P...),
                                                                 A... arguments)
{
    Kernel& k = kernel();
    auto const* const routine = reinterpret_cast<void const*>(function);
    nt::NTSTATUS status;
    {
        Visit visit(k.current(), stack_pointer());
        k.log_always<Way>(Enter, subject, detail, routine, object);
        check_at_dispatch<Way>();
        k.schedule_point<Way>();
        asm volatile("" : : "r"(&visit), "r"(in_progress) : "memory");
        status = function(arguments...);
        visit.returned(kernel().current());
    }
    k.log_always<Way>(Leave, subject, static_cast<uint32_t>(status), routine, object);
    return status;
}

// What the full gate's observed entry does around a body, for entries behind the light gate whose row says itself what
// is logged and fails for nobody.
[[gnu::always_inline]] inline void light_before() { kernel().schedule_point<Light>(); }
[[gnu::always_inline]] inline void light_after() { check_at_dispatch<Light>(); }

} // namespace ringside::ke
