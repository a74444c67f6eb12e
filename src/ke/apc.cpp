// SPDX-License-Identifier: MIT
// Kernel-mode asynchronous procedure calls. A special one (no NormalRoutine) runs at APC_LEVEL as soon as its thread
// runs below APC_LEVEL outside a guarded region; a normal one also waits for critical regions and for another normal
// one in progress. User-mode APCs end alertable user-mode waits; a client's own request loop runs them.
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

void initialize_apc(KAPC& apc, Thread& thread, PKKERNEL_ROUTINE kernel_routine, PKRUNDOWN_ROUTINE rundown_routine,
                    PKNORMAL_ROUTINE normal_routine, KPROCESSOR_MODE mode, void* normal_context)
{
    apc = {};
    apc.Type = ApcObject;
    apc.Size = sizeof apc;
    apc.Thread = thread.pointer();
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
    if (!thread || thread->state == ThreadState::Terminated || apc.Inserted)
        return false;
    apc.SystemArgument1 = argument1;
    apc.SystemArgument2 = argument2;
    apc.Inserted = 1;
    LIST_ENTRY& head = thread->guest->ApcLists[static_cast<int>(apc.ApcMode)];
    // Special kernel APCs go before normal ones, in the order they came.
    LIST_ENTRY* before = &head;
    if (apc.ApcMode == KernelMode && !apc.NormalRoutine) {
        before = head.Flink;
        while (before != &head && !CONTAINING_RECORD(before, KAPC, ApcListEntry)->NormalRoutine)
            before = before->Flink;
    }
    apc.ApcListEntry.Flink = before;
    apc.ApcListEntry.Blink = before->Blink;
    before->Blink->Flink = &apc.ApcListEntry;
    before->Blink = &apc.ApcListEntry;

    if (apc.ApcMode == KernelMode) {
        thread->kernel_apc_pending = true;
        if (thread == &k.current()) {
            if (k.irql() < APC_LEVEL)
                k.deliver_kernel_apcs();
            else
                hal::processor().set_software_interrupt_pending(true); // an inlined KeLowerIrql looks at this only
        } else if (thread->state == ThreadState::Waiting && thread->wait_irql < APC_LEVEL && may_deliver(*thread, apc))
            k.end_wait(*thread, STATUS_KERNEL_APC, increment);
    } else {
        thread->user_apc_pending = true;
        if (thread->state == ThreadState::Waiting && thread->wait_mode == UserMode && thread->wait_alertable)
            k.end_wait(*thread, STATUS_USER_APC, increment);
    }
    return true;
}

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
    // The kernel routine may free the KAPC, so everything is copied first.
    PKNORMAL_ROUTINE normal = apc.NormalRoutine;
    void* context = apc.NormalContext;
    void* argument1 = apc.SystemArgument1;
    void* argument2 = apc.SystemArgument2;
    hal::processor().set_irql(APC_LEVEL);
    through_door(DoorPassage { Door::Apc, nullptr }, apc.KernelRoutine, &apc, &normal, &context, &argument1, &argument2);
    if (normal) {
        self.kernel_apc_in_progress = true;
        hal::processor().set_irql(PASSIVE_LEVEL);
        through_door(DoorPassage { Door::Apc, nullptr }, normal, context, argument1, argument2);
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

bool take_user_apc(Thread& thread, KAPC*& apc)
{
    LIST_ENTRY& head = thread.guest->ApcLists[1];
    if (empty(head)) {
        thread.user_apc_pending = false;
        return false;
    }
    apc = &take_first(head);
    thread.user_apc_pending = !empty(head);
    return true;
}

} // namespace ringside::ke
