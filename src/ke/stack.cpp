// SPDX-License-Identifier: MIT
// The limits of kernel stacks, and callouts on larger ones.
// @cite(wdk-docs): page=kernel/using-the-kernel-stack
// @cite(wdk-ddi): page=ntddk/nf-ntddk-keexpandkernelstackandcalloutex
#include "ke/stack.h"

#include "ke/ddi.h"
#include "ke/door.h"

namespace ringside::ke {

using namespace nt;

void stack_overflow(uintptr_t at)
{
    bug_check(UNEXPECTED_KERNEL_MODE_TRAP, 8, at, at, 0,
              "kernel stack overflow: drivers use more of this stack than the 24 KiB that Windows has");
}

StackView stack_view()
{
    Thread const& self = kernel().current();
    uintptr_t const high = self.stack.low + self.stack.bytes;
    if (GateFrame const* gate = gate_of_driver(self.stack_use)) {
        uintptr_t const sp = stack_pointer_at(*gate);
        int64_t const left = int64_t { self.stack_use.limit } - stack_used(self.stack_use, sp);
        uintptr_t const remaining = left > 0 ? static_cast<uintptr_t>(left) : 0;
        return { sp - remaining, high, remaining };
    }
    auto const here = reinterpret_cast<uintptr_t>(__builtin_frame_address(0));
    return { self.stack.low, high, here - self.stack.low };
}

namespace {

// The current thread on a segment of its own, until this goes.
class Segment {
public:
    Segment(Thread& thread, hal::KernelStacks::Stack stack, uint32_t limit)
        : m_thread(thread)
        , m_outer_stack(thread.stack)
        , m_outer_use(thread.stack_use)
    {
        thread.stack = stack;
        thread.stack_use = { 0, 0, limit };
        ++thread.stack_segments;
    }
    ~Segment()
    {
        kernel().stacks().free_segment(m_thread.stack_segments--, m_thread.stack);
        m_thread.stack = m_outer_stack;
        m_thread.stack_use = m_outer_use;
    }
    Segment(Segment const&) = delete;
    Segment& operator=(Segment const&) = delete;

private:
    Thread& m_thread;
    hal::KernelStacks::Stack m_outer_stack;
    StackUse m_outer_use;
};

struct Callout {
    PEXPAND_STACK_CALLOUT function;
    PVOID parameter;
};

void call(void* callout)
{
    auto const& c = *static_cast<Callout*>(callout);
    through_door(DoorPassage { Door::Other, nullptr }, c.function, c.parameter);
}

NTSTATUS expand(Callout callout, SIZE_T size)
{
    if (size > MAXIMUM_EXPANSION_SIZE)
        return STATUS_INVALID_PARAMETER_3;
    Kernel& k = kernel();
    Thread& self = k.current();
    if (stack_view().remaining >= size) {
        call(&callout);
        return STATUS_SUCCESS;
    }
    unsigned const depth = self.stack_segments + 1u;
    if (depth > hal::kStackSegmentsMax)
        return STATUS_STACK_OVERFLOW;
    auto const stack = k.stacks().allocate_segment(depth);
    if (!stack.bytes)
        return STATUS_NO_MEMORY;
    Segment segment(self, stack, static_cast<uint32_t>(hal::page_round_up(size)));
    sim::Fiber::call_on(reinterpret_cast<void*>(stack.low), stack.bytes, call, &callout);
    return STATUS_SUCCESS;
}

} // namespace

NTSTATUS KeExpandKernelStackAndCallout(PEXPAND_STACK_CALLOUT function, PVOID parameter, SIZE_T size)
{
    return expand({ function, parameter }, size);
}

// There is never a reason to wait: a segment is there at once, or memory is used up.
NTSTATUS KeExpandKernelStackAndCalloutEx(PEXPAND_STACK_CALLOUT function, PVOID parameter, SIZE_T size, BOOLEAN wait,
                                         PVOID)
{
    if (size <= MAXIMUM_EXPANSION_SIZE && wait && Kernel::irql() >= DISPATCH_LEVEL)
        return STATUS_INVALID_PARAMETER_4;
    return expand({ function, parameter }, size);
}

std::span<Ddi const> stack_rows()
{
    static Ddi const rows[] = {
        { .name = "KeExpandKernelStackAndCallout",
          .irql = { 0, 1 },
          .fail = Fail::Status,
          .fail_status = STATUS_NO_MEMORY,
          .page = "ntddk/nf-ntddk-keexpandkernelstackandcallout",
          .body = body<&KeExpandKernelStackAndCallout>() },
        { .name = "KeExpandKernelStackAndCalloutEx",
          .irql = { 0, 2 },
          .since = Windows::vista,
          .fail = Fail::Status,
          .fail_status = STATUS_NO_MEMORY,
          .page = "ntddk/nf-ntddk-keexpandkernelstackandcalloutex",
          .because = "the remarks: up to DISPATCH_LEVEL since Windows 7",
          .body = body<&KeExpandKernelStackAndCalloutEx>() },
    };
    return rows;
}

} // namespace ringside::ke
