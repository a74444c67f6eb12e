// SPDX-License-Identifier: MIT
// What happens to a thread's APCs when it attaches to another process and detaches again.
//
//   own process --attach--> A --stack attach--> B --detach--> A --detach--> own process
//   queues of:              own: in the thread  A: in the driver's KAPC_STATE
//
// @cite(wdk-ddi): page=ntifs/nf-ntifs-kestackattachprocess
#include "ke/apc.h"

namespace ringside::ke {

using namespace nt;

namespace {

bool empty(LIST_ENTRY const& head) { return head.Flink == &head; }

// `to` is overwritten; `from` is left empty.
void move_list(LIST_ENTRY& from, LIST_ENTRY& to)
{
    if (empty(from))
        to.Flink = to.Blink = &to;
    else {
        to = from;
        to.Flink->Blink = to.Blink->Flink = &to;
    }
    from.Flink = from.Blink = &from;
}

void swap_lists(LIST_ENTRY& a, LIST_ENTRY& b)
{
    LIST_ENTRY between;
    move_list(a, between);
    move_list(b, a);
    move_list(between, b);
}

void swap_environments(Thread& self)
{
    for (int mode = 0; mode < 2; ++mode)
        swap_lists(self.guest->ApcLists[mode], self.guest->SavedApcLists[mode]);
    std::swap(self.kernel_apc_in_progress, self.saved_kernel_apc_in_progress);
    std::swap(self.user_apc_pending, self.saved_user_apc_pending);
    self.apc_environment ^= 1;
}

} // namespace

void put_apc_state_aside(Thread& self, KAPC_STATE* state)
{
    if (state) {
        for (int mode = 0; mode < 2; ++mode)
            move_list(self.guest->ApcLists[mode], state->ApcListHead[mode]);
        self.kernel_apc_in_progress = self.user_apc_pending = false;
    } else
        swap_environments(self);
    self.kernel_apc_pending = !empty(self.guest->ApcLists[KernelMode]);
}

// What came for the process that is left must have run by now: nobody would run it later.
// @cite(wdk-docs): page=debugger/bug-check-0x6--invalid-process-detach-attempt
void bring_apc_state_back(Thread& self, KAPC_STATE* state)
{
    kernel().check_kernel_apcs();
    if (self.kernel_apc_in_progress || !empty(self.guest->ApcLists[KernelMode])
        || !empty(self.guest->ApcLists[UserMode]))
        bug_check(INVALID_PROCESS_DETACH_ATTEMPT, 0, 0, 0, 0,
                  "a thread detached from a process while APCs for it were queued or running");
    if (state) {
        for (int mode = 0; mode < 2; ++mode)
            move_list(state->ApcListHead[mode], self.guest->ApcLists[mode]);
        self.kernel_apc_in_progress = state->KernelApcInProgress;
        self.user_apc_pending = state->UserApcPending;
    } else
        swap_environments(self);
    self.kernel_apc_pending = !empty(self.guest->ApcLists[KernelMode]);
}

} // namespace ringside::ke
