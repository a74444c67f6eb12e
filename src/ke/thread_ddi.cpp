// SPDX-License-Identifier: MIT
// Threads as drivers set them up: priorities, where they run, how long they ran. docs/scheduling.md
#include "ke/ddi.h"
#include "ke/exception.h"
#include "ke/topology.h"

#include <algorithm>

namespace ringside::ke {

using namespace nt;

namespace {

constexpr KPRIORITY kRealTime = LOW_REALTIME_PRIORITY;

Thread& named(PKTHREAD pointer)
{
    Thread* thread = kernel().thread_of(pointer);
    if (!thread)
        bug_check(REFERENCE_BY_POINTER, 0, reinterpret_cast<uint64_t>(pointer), 0, 0,
                  "a thread pointer that names none");
    return *thread;
}

} // namespace

// --- Priorities ---

// Sets the dynamic priority: below the real-time class it wears off to the base priority. LOW_PRIORITY is the system's
// own, drivers get 1. What is no priority at all is what a checked build asserts.
KPRIORITY KeSetPriorityThread(PKTHREAD pointer, KPRIORITY priority)
{
    Thread& thread = named(pointer);
    if (priority < static_cast<KPRIORITY>(LOW_PRIORITY) || priority > static_cast<KPRIORITY>(HIGH_PRIORITY))
        bug_check(KMODE_EXCEPTION_NOT_HANDLED, static_cast<uint32_t>(STATUS_ASSERTION_FAILURE),
                  reinterpret_cast<uint64_t>(pointer), static_cast<uint32_t>(priority), 0,
                  "KeSetPriorityThread with a priority outside 1 to 31");
    KPRIORITY const before = thread.priority;
    kernel().set_priority(thread, static_cast<int8_t>(std::max<KPRIORITY>(priority, 1)));
    return before;
}

KPRIORITY KeQueryPriorityThread(PKTHREAD pointer) { return named(pointer).priority; }

// The increment counts from the process' base priority; the thread stays in the class of its process. Half the range or
// more in either direction means the end of the class. The dynamic priority moves as far as the base priority did.
LONG KeSetBasePriorityThread(PKTHREAD pointer, LONG increment)
{
    Thread& thread = named(pointer);
    int const process = thread.process->base_priority;
    int const lowest = process >= kRealTime ? kRealTime : 1;
    int const highest = process >= kRealTime ? static_cast<int>(HIGH_PRIORITY) : kRealTime - 1;
    int64_t const wanted = int64_t { process } + increment;
    int const base = static_cast<int>(std::clamp<int64_t>(wanted, lowest, highest));
    LONG const before = thread.base_priority - process;
    int const moved = std::clamp(thread.priority + base - thread.base_priority, lowest, highest);
    bool const to_the_end = increment >= kRealTime || increment <= -kRealTime;
    thread.base_priority = static_cast<int8_t>(base);
    kernel().set_priority(thread, static_cast<int8_t>(to_the_end ? base : moved));
    return before;
}

// --- Affinity ---

namespace {

// A system affinity replaces the user affinity until it is reverted. False: the mask is not valid, nothing changed.
bool set_system_affinity(uint64_t mask)
{
    if (!mask)
        return false;
    Thread& self = kernel().current();
    self.system_affinity = true;
    kernel().set_affinity(self, mask);
    return true;
}

uint64_t group_zero(KAFFINITY affinity) { return from_group_affinity({ affinity, 0, {} }); }

void revert(uint64_t mask, bool to_user)
{
    Thread& self = kernel().current();
    if (!self.system_affinity || (!to_user && !mask))
        return;
    if (to_user)
        self.system_affinity = false;
    kernel().set_affinity(self, to_user ? self.user_affinity : mask);
}

} // namespace

void KeSetSystemAffinityThread(KAFFINITY affinity) { set_system_affinity(group_zero(affinity)); }
void KeRevertToUserAffinityThread() { revert(0, true); }

KAFFINITY KeSetSystemAffinityThreadEx(KAFFINITY affinity)
{
    Thread const& self = kernel().current();
    KAFFINITY const before = self.system_affinity ? to_group_affinity(self.affinity).Mask : 0;
    return set_system_affinity(group_zero(affinity)) ? before : 0;
}

void KeRevertToUserAffinityThreadEx(KAFFINITY affinity) { revert(group_zero(affinity), affinity == 0); }

void KeSetSystemGroupAffinityThread(GROUP_AFFINITY* affinity, GROUP_AFFINITY* previous)
{
    GROUP_AFFINITY wanted;
    copy_or_raise(&wanted, affinity, sizeof wanted);
    Thread const& self = kernel().current();
    GROUP_AFFINITY before {};
    if (self.system_affinity)
        before = to_group_affinity(self.affinity);
    uint64_t const mask = from_group_affinity(wanted);
    if (!mask)
        before = {};
    if (previous)
        copy_or_raise(previous, &before, sizeof before);
    set_system_affinity(mask);
}

void KeRevertToUserGroupAffinityThread(GROUP_AFFINITY* previous)
{
    GROUP_AFFINITY wanted;
    copy_or_raise(&wanted, previous, sizeof wanted);
    revert(from_group_affinity(wanted), wanted.Mask == 0);
}

// A number in the thread's group; one that names no processor changes nothing.
UCHAR KeSetIdealProcessorThread(PKTHREAD pointer, UCHAR number)
{
    Thread& thread = named(pointer);
    unsigned const before = thread.ideal_processor;
    unsigned const group = group_of(before);
    if (number < group_size(group)) {
        thread.ideal_processor = static_cast<uint8_t>(group_first(group) + number);
        thread.ideal_chosen = true;
    }
    return static_cast<UCHAR>(before - group_first(group));
}

// --- Others ---

// All of a thread's time is kernel time: what a client does between its calls takes none.
ULONG KeQueryRuntimeThread(PKTHREAD pointer, ULONG* user_time)
{
    ULONG const none = 0;
    Thread& thread = named(pointer);
    copy_or_raise(user_time, &none, sizeof none);
    return static_cast<ULONG>(kernel().runtime_100ns(thread) / Kernel::kTickUnits);
}

// Stacks are never paged out; what is kept is the promise not to end with the stack locked (bug check 0x94).
BOOLEAN KeSetKernelStackSwapEnable(BOOLEAN enable)
{
    Thread& self = kernel().current();
    bool const before = self.stack_swap;
    self.stack_swap = enable;
    return before;
}

NTSTATUS ZwYieldExecution()
{
    return kernel().yield_execution() ? STATUS_SUCCESS : STATUS_NO_YIELD_PERFORMED;
}

std::span<Ddi const> thread_rows()
{
    static Ddi const rows[] = {
        { .name = "KeSetPriorityThread",
          .irql = { 0, 0 },
          .page = "wdm/nf-wdm-kesetprioritythread",
          .body = body<&KeSetPriorityThread>() },
        { .name = "KeQueryPriorityThread",
          .irql = { 0, 0 },
          .page = "wdm/nf-wdm-kequeryprioritythread",
          .body = body<&KeQueryPriorityThread>() },
        { .name = "KeSetBasePriorityThread",
          .irql = { 0, 0 },
          .page = "ntddk/nf-ntddk-kesetbaseprioritythread",
          .body = body<&KeSetBasePriorityThread>() },
        { .name = "KeSetSystemAffinityThread",
          .irql = { 0, 2 },
          .page = "wdm/nf-wdm-kesetsystemaffinitythread",
          .body = body<&KeSetSystemAffinityThread>() },
        { .name = "KeSetSystemAffinityThreadEx",
          .irql = { 0, 2 },
          .since = Windows::vista,
          .page = "wdm/nf-wdm-kesetsystemaffinitythreadex",
          .body = body<&KeSetSystemAffinityThreadEx>() },
        { .name = "KeRevertToUserAffinityThread",
          .irql = { 0, 2 },
          .because = "not documented; declared in wdm.h",
          .body = body<&KeRevertToUserAffinityThread>() },
        { .name = "KeRevertToUserAffinityThreadEx",
          .irql = { 0, 2 },
          .since = Windows::vista,
          .page = "wdm/nf-wdm-kereverttouseraffinitythreadex",
          .body = body<&KeRevertToUserAffinityThreadEx>() },
        { .name = "KeSetSystemGroupAffinityThread",
          .irql = { 0, 2 },
          .since = Windows::win7,
          .page = "wdm/nf-wdm-kesetsystemgroupaffinitythread",
          .body = body<&KeSetSystemGroupAffinityThread>() },
        { .name = "KeRevertToUserGroupAffinityThread",
          .irql = { 0, 2 },
          .since = Windows::win7,
          .page = "wdm/nf-wdm-kereverttousergroupaffinitythread",
          .body = body<&KeRevertToUserGroupAffinityThread>() },
        { .name = "KeSetIdealProcessorThread",
          .irql = { 0, 2 },
          .page = "ntifs/nf-ntifs-kesetidealprocessorthread",
          .because = "the page only reserves it, without an IRQL",
          .body = body<&KeSetIdealProcessorThread>() },
        { .name = "KeQueryRuntimeThread",
          .irql = { 0, 0 },
          .page = "wdm/nf-wdm-kequeryruntimethread",
          .body = body<&KeQueryRuntimeThread>() },
        { .name = "KeSetKernelStackSwapEnable",
          .irql = { 0, 1 },
          .page = "ntifs/nf-ntifs-kesetkernelstackswapenable",
          .body = body<&KeSetKernelStackSwapEnable>() },
        { .name = "ZwYieldExecution", .irql = { 0, 1 }, .because = "not documented", .body = body<&ZwYieldExecution>() },
    };
    return rows;
}

} // namespace ringside::ke
