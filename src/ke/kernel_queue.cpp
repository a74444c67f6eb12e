// SPDX-License-Identifier: MIT
// Kernel queues: entries that threads wait for, with a limit to how many of the queue's threads run at once. A thread
// belongs to the queue it last took from. It counts as running until it takes again, waits for anything, or ends; when
// it waits, another may have an entry in its place. Waiters are woken last come, first served, as their caches are warm.
//
//   Q1  CurrentCount is the number of the queue's threads that run or are ready
//   Q2  an entry lies in the queue only while nobody waits, or CurrentCount has reached MaximumCount
//
// @cite(wdk-ddi): page=ntifs/nf-ntifs-keinitializequeue
// @cite(win32): page=fileio/i-o-completion-ports
#include "ke/ddi.h"
#include "ke/exception.h"
#include "ke/topology.h"

namespace ringside::ke {

using namespace nt;

namespace {

void link_tail(LIST_ENTRY& head, LIST_ENTRY& entry)
{
    entry.Flink = &head;
    entry.Blink = head.Blink;
    head.Blink->Flink = &entry;
    head.Blink = &entry;
}

void unlink(LIST_ENTRY& entry)
{
    entry.Blink->Flink = entry.Flink;
    entry.Flink->Blink = entry.Blink;
}

bool empty(LIST_ENTRY const& head) { return head.Flink == &head; }

LIST_ENTRY* take_first(KQUEUE& queue)
{
    LIST_ENTRY* entry = queue.EntryListHead.Flink;
    unlink(*entry);
    entry->Flink = nullptr;
    --queue.Header.SignalState;
    return entry;
}

bool may_run_one_more(KQUEUE const& queue) { return queue.CurrentCount < queue.MaximumCount; }

KQUEUE& required(KQUEUE* queue)
{
    uint64_t first;
    copy_or_raise(&first, queue, sizeof first);
    if (static_cast<UCHAR>(first) != QueueObject)
        bug_check(INVALID_DATA_ACCESS_TRAP, reinterpret_cast<uint64_t>(queue), 0, 0, 0,
                  "a kernel queue that was never initialized");
    return *queue;
}

LIST_ENTRY* as_entry(NTSTATUS status) { return reinterpret_cast<LIST_ENTRY*>(static_cast<intptr_t>(status)); }

// The last thread that came waits first in line.
void wake_one(KQUEUE& queue, LIST_ENTRY* entry)
{
    Kernel& k = kernel();
    auto& block = *CONTAINING_RECORD(queue.Header.WaitListHead.Blink, KWAIT_BLOCK, WaitListEntry);
    Thread* waiter = k.thread_of(block.Thread);
    if (!waiter || waiter->state != ThreadState::Waiting)
        bug_check(KERNEL_SECURITY_CHECK_FAILURE, FAST_FAIL_CORRUPT_LIST_ENTRY, 0, 0, 0,
                  "a kernel queue whose list of waiters was overwritten");
    waiter->queue_entry = entry;
    k.end_wait(*waiter, STATUS_SUCCESS, 0);
}

void let_one_run(KQUEUE& queue)
{
    if (may_run_one_more(queue) && !empty(queue.EntryListHead) && !empty(queue.Header.WaitListHead))
        wake_one(queue, take_first(queue));
}

} // namespace

int32_t Kernel::insert_queue(KQUEUE& queue, LIST_ENTRY& entry, bool head)
{
    LONG const before = queue.Header.SignalState;
    if (may_run_one_more(queue) && !empty(queue.Header.WaitListHead)) {
        entry.Flink = nullptr;
        wake_one(queue, &entry);
        return before;
    }
    ++queue.Header.SignalState;
    link_tail(head ? *queue.EntryListHead.Flink : queue.EntryListHead, entry);
    return before;
}

// At DISPATCH_LEVEL, before the switch: somebody else may run for it.
void Kernel::queue_thread_blocks(Thread& thread)
{
    thread.queue->CurrentCount -= 1;
    let_one_run(*thread.queue);
}

void Kernel::leave_queue(Thread& thread)
{
    KQUEUE& queue = *thread.queue;
    unlink(thread.guest->QueueListEntry);
    thread.queue = nullptr;
    queue.CurrentCount -= 1;
    let_one_run(queue);
}

LIST_ENTRY* Kernel::remove_queue(KQUEUE& queue, KPROCESSOR_MODE mode, LARGE_INTEGER const* timeout)
{
    Thread& self = current();
    if (self.wait_next) {
        self.wait_next = false;
        hal::processor().set_irql(self.wait_next_irql);
    }
    bool const no_wait = timeout && timeout->QuadPart == 0;
    if (irql() > APC_LEVEL && !no_wait)
        ke::bug_check(IRQL_NOT_LESS_OR_EQUAL, reinterpret_cast<uint64_t>(&queue), irql(), 1, 0,
                      "a wait with a time-out other than zero at DISPATCH_LEVEL or above");
    bool const timed = timeout && !no_wait;
    int64_t const deadline = !timed ? 0
        : timeout->QuadPart < 0     ? static_cast<int64_t>(system_time()) - timeout->QuadPart
                                    : timeout->QuadPart;
    uint8_t const old = raise_irql(DISPATCH_LEVEL);
    if (queue.Header.Abandoned) {
        lower_irql(old);
        return as_entry(STATUS_ABANDONED);
    }
    if (self.queue != &queue) {
        if (self.queue)
            leave_queue(self);
        self.queue = &queue;
        link_tail(queue.ThreadListHead, self.guest->QueueListEntry);
    } else
        queue.CurrentCount -= 1;
    // From here on it does not count as running; what comes back counts again.
    auto done = [&](LIST_ENTRY* result) {
        if (self.queue)
            queue.CurrentCount += 1;
        lower_irql(old);
        return result;
    };
    for (;;) {
        if (queue.Header.Abandoned)
            return done(as_entry(STATUS_ABANDONED));
        if (!empty(queue.EntryListHead) && may_run_one_more(queue))
            return done(take_first(queue));
        NTSTATUS status;
        if (!no_wait && wait_is_interrupted(mode, false, status))
            return done(as_entry(status));
        if (no_wait || (timed && deadline <= static_cast<int64_t>(system_time())))
            return done(as_entry(STATUS_TIMEOUT));
        self.queue_entry = nullptr;
        status = wait_for_entry(queue, mode, timed, deadline, old);
        // Whoever ended the wait counted this thread as running again.
        if (status != STATUS_KERNEL_APC) {
            lower_irql(old);
            return self.queue_entry ? self.queue_entry : as_entry(status);
        }
        if (self.queue) // the queue may have been run down since
            queue.CurrentCount -= 1;
        lower_irql(old); // the APC runs
        raise_irql(DISPATCH_LEVEL);
    }
}

LIST_ENTRY* Kernel::rundown_queue(KQUEUE& queue)
{
    LIST_ENTRY* first = nullptr;
    if (!empty(queue.EntryListHead)) {
        first = queue.EntryListHead.Flink;
        unlink(queue.EntryListHead); // the entries are a ring of their own now
        queue.EntryListHead.Flink = queue.EntryListHead.Blink = &queue.EntryListHead;
    }
    queue.Header.SignalState = 0;
    queue.Header.Abandoned = 1;
    while (!empty(queue.ThreadListHead)) {
        LIST_ENTRY& entry = *queue.ThreadListHead.Flink;
        unlink(entry);
        auto* guest = CONTAINING_RECORD(&entry, GuestThread, QueueListEntry);
        if (Thread* thread = thread_of(reinterpret_cast<PKTHREAD>(guest)))
            thread->queue = nullptr;
    }
    queue.CurrentCount = 0;
    while (!empty(queue.Header.WaitListHead)) {
        auto& block = *CONTAINING_RECORD(queue.Header.WaitListHead.Flink, KWAIT_BLOCK, WaitListEntry);
        Thread* waiter = thread_of(block.Thread);
        if (!waiter || waiter->state != ThreadState::Waiting)
            break;
        end_wait(*waiter, STATUS_ABANDONED, 0);
    }
    return first;
}

// --- The services ---

namespace {

template <typename Change>
auto at_dispatch(Change change)
{
    Kernel& k = kernel();
    uint8_t const old = Kernel::irql();
    if (old < DISPATCH_LEVEL)
        k.raise_irql(DISPATCH_LEVEL);
    auto result = change(k);
    if (old < DISPATCH_LEVEL)
        k.lower_irql(old);
    return result;
}

} // namespace

void KeInitializeQueue(KQUEUE* queue, ULONG count)
{
    KQUEUE made {};
    made.Header.Type = QueueObject;
    made.Header.Size = sizeof(KQUEUE) / sizeof(ULONG);
    made.MaximumCount = count ? count : kernel().options().processors;
    copy_or_raise(queue, &made, sizeof made);
    for (LIST_ENTRY* head : { &queue->Header.WaitListHead, &queue->EntryListHead, &queue->ThreadListHead })
        head->Flink = head->Blink = head;
}

LONG KeInsertQueue(KQUEUE* queue, LIST_ENTRY* entry)
{
    required(queue);
    return at_dispatch([&](Kernel& k) { return k.insert_queue(*queue, *entry, false); });
}

LONG KeInsertHeadQueue(KQUEUE* queue, LIST_ENTRY* entry)
{
    required(queue);
    return at_dispatch([&](Kernel& k) { return k.insert_queue(*queue, *entry, true); });
}

LIST_ENTRY* KeRemoveQueue(KQUEUE* queue, KPROCESSOR_MODE mode, LARGE_INTEGER* timeout)
{
    return kernel().remove_queue(required(queue), mode, timeout);
}

LIST_ENTRY* KeRundownQueue(KQUEUE* queue)
{
    required(queue);
    return at_dispatch([&](Kernel& k) { return k.rundown_queue(*queue); });
}

LONG KeReadStateQueue(KQUEUE* queue) { return queue->Header.SignalState; }

std::span<Ddi const> kernel_queue_rows()
{
    static Ddi const rows[] = {
        { .name = "KeInitializeQueue",
          .irql = { 0, 2 },
          .page = "ntifs/nf-ntifs-keinitializequeue",
          .body = body<&KeInitializeQueue>() },
        { .name = "KeInsertQueue",
          .irql = { 0, 2 },
          .page = "ntifs/nf-ntifs-keinsertqueue",
          .body = body<&KeInsertQueue>() },
        { .name = "KeInsertHeadQueue",
          .irql = { 0, 2 },
          .page = "ntifs/nf-ntifs-keinsertheadqueue",
          .body = body<&KeInsertHeadQueue>() },
        { .name = "KeRemoveQueue",
          .irql = { 0, 2 },
          .page = "ntifs/nf-ntifs-keremovequeue",
          .body = body<&KeRemoveQueue>() },
        { .name = "KeRundownQueue",
          .irql = { 0, 2 },
          .page = "ntifs/nf-ntifs-kerundownqueue",
          .body = body<&KeRundownQueue>() },
        { .name = "KeReadStateQueue",
          .irql = { 0, 2 },
          .needs = Needs::Nothing,
          .because = "not documented",
          .body = body<&KeReadStateQueue>() },
    };
    return rows;
}

} // namespace ringside::ke
