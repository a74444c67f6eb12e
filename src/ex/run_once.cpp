// SPDX-License-Identifier: MIT
// @cite(wdk-ddi): page=ntddk/nf-ntddk-rtlrunoncebegininitialize
// @cite(wdk-ddi): page=ntddk/nf-ntddk-rtlrunoncecomplete
#include "ex/run_once.h"

#include "ex/at_dispatch.h"
#include "ex/executive.h"
#include "ke/dispatcher_objects.h"
#include "ke/door.h"
#include "ke/kernel.h"

namespace ringside::ex {

using namespace nt;

struct RunOnceWaiter {
    RTL_RUN_ONCE* once;
    KEVENT changed;
    RunOnceWaiter* next;
};

namespace {

constexpr ULONG_PTR kNotBegun = 0;
constexpr ULONG_PTR kOne = 1;  // a thread initializes
constexpr ULONG_PTR kMany = 3; // asynchronously
constexpr ULONG_PTR kDone = 2; // in the two lowest bits
constexpr ULONG_PTR kStateBits = 3;

ULONG_PTR word(RTL_RUN_ONCE const* once) { return reinterpret_cast<ULONG_PTR>(once->Ptr); }
void set_word(RTL_RUN_ONCE* once, ULONG_PTR value) { once->Ptr = reinterpret_cast<PVOID>(value); }
bool done(RTL_RUN_ONCE const* once) { return (word(once) & kStateBits) == kDone; }

void wait_for_change(RTL_RUN_ONCE* once)
{
    RunOnceWaiter waiter { once, {}, nullptr };
    ke::KeInitializeEvent(&waiter.changed, NotificationEvent, FALSE);
    RunOnceWaiter** link = &executive().run_once.first;
    while (*link)
        link = &(*link)->next;
    *link = &waiter;
    ke::KeWaitForSingleObject(&waiter.changed, nt::Executive, KernelMode, FALSE, nullptr);
}

// All waiters look again: after a failure the oldest begins, the others find it at work.
void tell_waiters(RTL_RUN_ONCE* once)
{
    AtDispatch whole;
    RunOnceWaiter** link = &executive().run_once.first;
    while (RunOnceWaiter* waiter = *link) {
        if (waiter->once != once) {
            link = &waiter->next;
            continue;
        }
        *link = waiter->next;
        ke::KeSetEvent(&waiter->changed, EVENT_INCREMENT, FALSE);
    }
}

} // namespace

void RtlRunOnceInitialize(RTL_RUN_ONCE* once) { set_word(once, kNotBegun); }

NTSTATUS RtlRunOnceBeginInitialize(RTL_RUN_ONCE* once, ULONG flags, PVOID* context)
{
    if (flags & ~(RTL_RUN_ONCE_CHECK_ONLY | RTL_RUN_ONCE_ASYNC))
        return STATUS_INVALID_PARAMETER_2;
    if (flags == (RTL_RUN_ONCE_CHECK_ONLY | RTL_RUN_ONCE_ASYNC))
        return STATUS_INVALID_PARAMETER_2;
    bool const asynchronous = flags & RTL_RUN_ONCE_ASYNC;
    for (;;) {
        if (done(once)) {
            if (context)
                *context = reinterpret_cast<PVOID>(word(once) & ~kStateBits);
            return STATUS_SUCCESS;
        }
        if (flags & RTL_RUN_ONCE_CHECK_ONLY)
            return STATUS_UNSUCCESSFUL;
        if (word(once) == kNotBegun) {
            set_word(once, asynchronous ? kMany : kOne);
            return STATUS_PENDING;
        }
        if (asynchronous != (word(once) == kMany))
            return STATUS_INVALID_PARAMETER_2; // the two modes do not mix
        if (asynchronous)
            return STATUS_PENDING;
        wait_for_change(once);
    }
}

NTSTATUS RtlRunOnceComplete(RTL_RUN_ONCE* once, ULONG flags, PVOID context)
{
    auto const value = reinterpret_cast<ULONG_PTR>(context);
    bool const asynchronous = flags & RTL_RUN_ONCE_ASYNC;
    bool const failed = flags & RTL_RUN_ONCE_INIT_FAILED;
    if (flags & ~(RTL_RUN_ONCE_ASYNC | RTL_RUN_ONCE_INIT_FAILED) || (asynchronous && failed))
        return STATUS_INVALID_PARAMETER_2;
    if (value & kStateBits || (failed && value))
        return STATUS_INVALID_PARAMETER_3;
    if (word(once) != (asynchronous ? kMany : kOne))
        return STATUS_UNSUCCESSFUL; // not begun so, or another attempt was first
    set_word(once, failed ? kNotBegun : value | kDone);
    tell_waiters(once);
    return STATUS_SUCCESS;
}

NTSTATUS RtlRunOnceExecuteOnce(RTL_RUN_ONCE* once, RTL_RUN_ONCE_INIT_FN initialize, PVOID parameter, PVOID* context)
{
    NTSTATUS const begun = RtlRunOnceBeginInitialize(once, 0, context);
    if (begun != STATUS_PENDING)
        return begun;
    PVOID made = nullptr;
    ULONG const good
        = ke::through_door(ke::DoorPassage { ke::Door::Other, nullptr }, initialize, once, parameter, &made);
    if (!good) {
        NTSTATUS const status = RtlRunOnceComplete(once, RTL_RUN_ONCE_INIT_FAILED, nullptr);
        return NT_SUCCESS(status) ? STATUS_UNSUCCESSFUL : status;
    }
    NTSTATUS const status = RtlRunOnceComplete(once, 0, made);
    if (NT_SUCCESS(status) && context)
        *context = made;
    return status;
}

} // namespace ringside::ex
