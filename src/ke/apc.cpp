// SPDX-License-Identifier: MIT
// Asynchronous procedure calls. A special kernel APC (no NormalRoutine) runs at APC_LEVEL as soon as its thread
// runs below APC_LEVEL outside a guarded region; a normal one also waits for critical regions and for another normal
// one in progress. User-mode APCs end alertable user-mode waits and run at the return to user mode.
// @cite(wdk-docs): page=kernel/types-of-apcs
#include "ke/apc.h"

#include "base/check.h"

namespace ringside::ke {

using namespace nt;

namespace {

bool empty(LIST_ENTRY const& head) { return head.Flink == &head; }

KAPC& take_first(LIST_ENTRY& head)
{
    LIST_ENTRY* entry = head.Flink;
    head.Flink = entry->Flink;
    entry->Flink->Blink = &head;
    auto& apc = *CONTAINING_RECORD(entry, KAPC, ApcListEntry);
    apc.Inserted = 0;
    return apc;
}

bool may_deliver(Thread const& thread, KAPC const& apc)
{
    if (thread.special_apc_disable)
        return false;
    return !apc.NormalRoutine || (!thread.kernel_apc_disable && !thread.kernel_apc_in_progress);
}

} // namespace

void initialize_apc(KAPC& apc, Thread& thread, Environment environment, PKKERNEL_ROUTINE kernel_routine,
                    PKRUNDOWN_ROUTINE rundown_routine, PKNORMAL_ROUTINE normal_routine, KPROCESSOR_MODE mode,
                    void* normal_context)
{
    apc = {};
    apc.Type = ApcObject;
    apc.Size = sizeof apc;
    apc.Thread = thread.pointer();
    apc.ApcStateIndex = static_cast<CCHAR>(environment == Environment::Current ? thread.apc_environment
                                                                               : static_cast<uint8_t>(environment));
    apc.KernelRoutine = kernel_routine;
    apc.RundownRoutine = rundown_routine;
    apc.NormalRoutine = normal_routine;
    apc.ApcMode = normal_routine ? mode : KernelMode;
    apc.NormalContext = normal_routine ? normal_context : nullptr;
}

bool insert_apc(KAPC& apc, void* argument1, void* argument2, int32_t increment)
{
    Kernel& k = kernel();
    Thread* thread = k.thread_of(apc.Thread);
    if (!thread || !thread->apc_queueable || apc.Inserted)
        return false;
    apc.SystemArgument1 = argument1;
    apc.SystemArgument2 = argument2;
    apc.Inserted = 1;
    if (apc.ApcStateIndex == static_cast<CCHAR>(Environment::Insert))
        apc.ApcStateIndex = static_cast<CCHAR>(thread->apc_environment);
    bool const here
        = (apc.ApcStateIndex == static_cast<CCHAR>(Environment::Attached)) == (thread->apc_environment != 0);
    auto const mode = static_cast<size_t>(apc.ApcMode == KernelMode ? KernelMode : UserMode);
    LIST_ENTRY& head = here ? thread->guest->ApcLists[mode] : thread->guest->SavedApcLists[mode];
    // Special kernel APCs go before normal ones, in the order they came.
    LIST_ENTRY* before = &head;
    if (mode == KernelMode && !apc.NormalRoutine) {
        before = head.Flink;
        while (before != &head && !CONTAINING_RECORD(before, KAPC, ApcListEntry)->NormalRoutine)
            before = before->Flink;
    }
    apc.ApcListEntry.Flink = before;
    apc.ApcListEntry.Blink = before->Blink;
    before->Blink->Flink = &apc.ApcListEntry;
    before->Blink = &apc.ApcListEntry;
    if (!here)
        return true; // looked at when the thread comes back to that environment

    bool const waiting = thread->state == ThreadState::Waiting;
    if (mode == KernelMode) {
        thread->kernel_apc_pending = true;
        if (thread == &k.current()) {
            if (k.irql() < APC_LEVEL)
                k.deliver_kernel_apcs();
            else
                hal::processor().set_software_interrupt_pending(true); // an inlined KeLowerIrql looks at this only
        } else if (waiting && thread->wait_irql < APC_LEVEL && may_deliver(*thread, apc))
            k.end_wait(*thread, STATUS_KERNEL_APC, increment);
        else if (thread->state == ThreadState::Running && thread->cpu)
            thread->cpu->set_software_interrupt_pending(true);
    } else if (waiting && thread->wait_mode == UserMode && (thread->wait_alertable || thread->user_apc_pending)) {
        thread->user_apc_pending = true;
        k.end_wait(*thread, STATUS_USER_APC, increment);
    }
    return true;
}

namespace {

// What an APC's routines are called with; the kernel routine may free the KAPC, so all of it is copied first.
struct Call {
    PKKERNEL_ROUTINE kernel;
    PKNORMAL_ROUTINE normal;
    void* context;
    void* argument1;
    void* argument2;
};

void expect_irql(KAPC const& apc, Call const& call, uint8_t expected, uint64_t routine)
{
    uint8_t const now = Kernel::irql();
    if (now != expected)
        bug_check(IRQL_UNEXPECTED_VALUE, uint64_t { now } << 16 | uint64_t { expected } << 8 | routine,
                  reinterpret_cast<uint64_t>(call.kernel), reinterpret_cast<uint64_t>(&apc),
                  reinterpret_cast<uint64_t>(call.normal), "an APC's routine returned at another IRQL");
}

Call run_kernel_routine(KAPC& apc)
{
    Call call { apc.KernelRoutine, apc.NormalRoutine, apc.NormalContext, apc.SystemArgument1, apc.SystemArgument2 };
    hal::processor().set_irql(APC_LEVEL);
    through_door(DoorPassage { Door::Apc, nullptr }, apc.KernelRoutine, &apc, &call.normal, &call.context,
                 &call.argument1, &call.argument2);
    expect_irql(apc, call, APC_LEVEL, 0);
    return call;
}

} // namespace

bool Kernel::deliver_one_kernel_apc(Thread& self)
{
    LIST_ENTRY& head = self.guest->ApcLists[0];
    if (empty(head)) {
        self.kernel_apc_pending = false;
        return false;
    }
    if (!may_deliver(self, *CONTAINING_RECORD(head.Flink, KAPC, ApcListEntry)))
        return false; // stays pending: leaving the region looks again
    KAPC& apc = take_first(head);
    self.kernel_apc_pending = !empty(head);
    Call const call = run_kernel_routine(apc);
    if (call.normal) {
        self.kernel_apc_in_progress = true;
        hal::processor().set_irql(PASSIVE_LEVEL);
        through_door(DoorPassage { Door::Apc, nullptr }, call.normal, call.context, call.argument1, call.argument2);
        expect_irql(apc, call, PASSIVE_LEVEL, 1);
        self.kernel_apc_in_progress = false;
    }
    return true;
}

void Kernel::deliver_kernel_apcs()
{
    Thread& self = current();
    uint8_t const old = irql();
    CHECK(old < APC_LEVEL, "kernel APCs are delivered below APC_LEVEL");
    while (self.kernel_apc_pending && deliver_one_kernel_apc(self)) { }
    hal::processor().set_irql(old);
}

UserApc g_user_apc = nullptr;

// As a system service returns: bug check 0x1 for regions that were not left, then the user-mode APCs that a wait or a
// test of alerts found. Each runs its kernel routine here; its normal routine is user-mode code, which is the client's.
// @cite(wdk-docs): page=debugger/bug-check-0x1--apc-index-mismatch
// @cite(wdk-docs): page=debugger/bug-check-0x4a--irql-gt-zero-at-system-service
void Kernel::return_to_user(void const* service)
{
    Thread& self = current();
    auto const address = reinterpret_cast<uint64_t>(service);
    if (irql() != PASSIVE_LEVEL)
        ke::bug_check(IRQL_GT_ZERO_AT_SYSTEM_SERVICE, address, irql(), 0, 0,
                      "a system service returned to user mode above PASSIVE_LEVEL");
    if (combined_apc_disable(self) || self.apc_environment)
        ke::bug_check(APC_INDEX_MISMATCH, address, self.apc_environment, combined_apc_disable(self), 0,
                      "a system service returned to user mode inside a critical or guarded region, or attached");
    while (self.user_apc_pending && !empty(self.guest->ApcLists[UserMode])) {
        KAPC& apc = take_first(self.guest->ApcLists[UserMode]);
        Call const call = run_kernel_routine(apc);
        lower_irql(PASSIVE_LEVEL);
        log(sim::Event::UserApc, self.number, 0);
        if (call.normal && g_user_apc)
            g_user_apc(self, call.normal, call.context, call.argument1, call.argument2);
    }
    self.user_apc_pending = false;
}

// The end of a thread: what is queued to it runs, or is run down; nothing more is taken.
// @cite(wdk-docs): page=debugger/bug-check-0x20--kernel-apc-pending-during-exit
void Kernel::run_down_apcs(Thread& self)
{
    if (self.kernel_apc_disable != self.kernel_apc_disable_at_start || self.special_apc_disable || irql())
        ke::bug_check(KERNEL_APC_PENDING_DURING_EXIT, 0, combined_apc_disable(self), irql(), 0,
                      "a thread ended inside a critical or guarded region, or above PASSIVE_LEVEL");
    self.kernel_apc_disable = 0;
    if (self.kernel_apc_pending)
        deliver_kernel_apcs();
    self.apc_queueable = false;
    if (self.kernel_apc_pending)
        deliver_kernel_apcs();
    while (!empty(self.guest->ApcLists[UserMode])) {
        KAPC& apc = take_first(self.guest->ApcLists[UserMode]);
        if (apc.RundownRoutine)
            through_door(DoorPassage { Door::Apc, nullptr }, apc.RundownRoutine, &apc);
    }
    if (LIST_ENTRY& kernel_list = self.guest->ApcLists[KernelMode]; !empty(kernel_list))
        ke::bug_check(KERNEL_APC_PENDING_DURING_EXIT,
                      reinterpret_cast<uint64_t>(CONTAINING_RECORD(kernel_list.Flink, KAPC, ApcListEntry)),
                      combined_apc_disable(self), irql(), 0, "a thread ended while a kernel APC was queued to it");
}

} // namespace ringside::ke
