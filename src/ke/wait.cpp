// SPDX-License-Identifier: MIT
// Waits. An object's waiters are the wait blocks linked from its header, in the driver's memory; a thread's blocks
// stand in its own KTHREAD or where the driver said. A block's Thread is looked up, never followed blindly.
// @cite(wdk-ddi): page=wdm/nf-wdm-kewaitforsingleobject
// @cite(wdk-ddi): page=wdm/nf-wdm-kewaitformultipleobjects
#include "ke/kernel.h"

#include "base/check.h"
#include "ke/exception.h"
#include "ke/guarded.h"

namespace ringside::ke {

using namespace nt;

namespace {

constexpr LONG kMutantLimit = -0x7FFFFFFF - 1; // MINLONG
constexpr int32_t kAlertIncrement = 2; // as Windows' ALERT_INCREMENT

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

bool is_timer(UCHAR type) { return type == TimerNotificationObject || type == TimerSynchronizationObject; }

bool is_waitable(UCHAR type)
{
    switch (type) {
    case EventNotificationObject:
    case EventSynchronizationObject:
    case MutantObject:
    case ProcessObject:
    case SemaphoreObject:
    case ThreadObject:
    case TimerNotificationObject:
    case TimerSynchronizationObject:
        return true;
    default:
        return false;
    }
}

// A wait for something that is no dispatcher object, or is not there: a driver's bug, told before anything is linked.
// Windows looks with the dispatcher's IRQL, at which no fault can be handled.
void require_waitable(void* object)
{
    auto const first = read_guarded<uint64_t>(object);
    if (!first) [[unlikely]]
        ke::bug_check(IRQL_NOT_LESS_OR_EQUAL, reinterpret_cast<uint64_t>(object), DISPATCH_LEVEL, 0, 0,
                      "a wait for an object that is not there");
    if (!is_waitable(static_cast<UCHAR>(*first))) [[unlikely]]
        ke::bug_check(INVALID_DATA_ACCESS_TRAP, reinterpret_cast<uint64_t>(object), 0, 0, 0,
                      "a wait for something that is not a dispatcher object, or was never initialized");
}

// Memory that was never initialized can pass for an unsignalled object; its list of waiters then leads nowhere. Windows
// finds out when it links the first one.
void require_list(DISPATCHER_HEADER& object)
{
    auto const head = reinterpret_cast<uint64_t>(&object.WaitListHead);
    LIST_ENTRY* const last = object.WaitListHead.Blink;
    if (last == &object.WaitListHead && last->Flink == last) [[likely]]
        return; // nobody waits
    auto const behind = read_guarded<uint64_t>(&last->Flink);
    if (!behind)
        ke::bug_check(IRQL_NOT_LESS_OR_EQUAL, reinterpret_cast<uint64_t>(&last->Flink), DISPATCH_LEVEL, 0, 0,
                      "a wait for an object that was never initialized: its list of waiters leads nowhere");
    if (*behind != head)
        ke::bug_check(KERNEL_SECURITY_CHECK_FAILURE, FAST_FAIL_CORRUPT_LIST_ENTRY, 0, 0, 0,
                      "a wait for an object whose list of waiters was overwritten");
}

enum BlockState : UCHAR { kBlockIdle = 0, kBlockLinked = 1 };

} // namespace

bool Kernel::object_is_signalled(DISPATCHER_HEADER const& object, Thread const& by) const
{
    if (object.Type == MutantObject) {
        auto const& mutant = reinterpret_cast<KMUTANT const&>(object);
        return object.SignalState > 0 || mutant.OwnerThread == by.pointer();
    }
    return object.SignalState > 0;
}

// What a satisfied wait takes from the object.
void Kernel::consume(DISPATCHER_HEADER& object, Thread& by)
{
    switch (object.Type) {
    case EventSynchronizationObject:
    case TimerSynchronizationObject:
        object.SignalState = 0;
        break;
    case SemaphoreObject:
        --object.SignalState;
        break;
    case MutantObject: {
        auto& mutant = reinterpret_cast<KMUTANT&>(object);
        if (--object.SignalState == 0) {
            mutant.OwnerThread = by.pointer();
            by.kernel_apc_disable -= mutant.ApcDisable;
            link_tail(by.guest->Mutants, mutant.MutantListEntry);
            if (mutant.Abandoned) {
                mutant.Abandoned = 0;
                by.wait_status |= STATUS_ABANDONED;
            }
        }
        break;
    }
    default:
        break;
    }
}

NTSTATUS Kernel::wait(uint32_t count, void** objects, WAIT_TYPE type, KWAIT_REASON reason, KPROCESSOR_MODE mode,
                      bool alertable, LARGE_INTEGER const* timeout, KWAIT_BLOCK* blocks)
{
    Thread& self = current();
    if (count > MAXIMUM_WAIT_OBJECTS || (!blocks && count > THREAD_WAIT_OBJECTS))
        ke::bug_check(MAXIMUM_WAIT_OBJECTS_EXCEEDED, 0, 0, 0, 0, "more wait objects than the wait blocks given can hold");
    if (!blocks)
        blocks = self.guest->WaitBlocks;
    bool const no_wait = timeout && timeout->QuadPart == 0;
    if (self.wait_next) {
        // KeSetEvent and its kin raised the IRQL so that no switch comes between; from here on it is as before them.
        self.wait_next = false;
        hal::processor().set_irql(self.wait_next_irql);
    }
    if (irql() > APC_LEVEL && !no_wait)
        ke::bug_check(IRQL_NOT_LESS_OR_EQUAL, count ? reinterpret_cast<uint64_t>(objects[0]) : 0, irql(), 1, 0,
                      "a wait with a time-out other than zero at DISPATCH_LEVEL or above");
    bool const timed = timeout && !no_wait;
    int64_t deadline = 0; // absolute, in system time
    if (timed)
        deadline = timeout->QuadPart < 0 ? static_cast<int64_t>(system_time()) - timeout->QuadPart : timeout->QuadPart;

    for (uint32_t i = 0; i < count; ++i)
        require_waitable(objects[i]);

    for (;;) {
        // A pending kernel APC runs before the wait begins, as it would interrupt it at once.
        if (irql() < APC_LEVEL && self.kernel_apc_pending)
            deliver_kernel_apcs();
        uint8_t const old = raise_irql(DISPATCH_LEVEL);
        self.wait_status = STATUS_SUCCESS;
        self.wait_type = type;
        bool satisfied = type == WaitAll;
        uint32_t satisfied_by = 0;
        for (uint32_t i = 0; i < count; ++i) {
            auto& object = *static_cast<DISPATCHER_HEADER*>(objects[i]);
            if (object.Type == MutantObject && object.SignalState == kMutantLimit) {
                lower_irql(old);
                raise(STATUS_MUTANT_LIMIT_EXCEEDED);
            }
            bool const is = object_is_signalled(object, self);
            if (type == WaitAny && is) {
                satisfied = true;
                satisfied_by = i;
                break;
            }
            if (type == WaitAll && !is)
                satisfied = false;
        }
        if (satisfied) {
            if (type == WaitAny)
                consume(*static_cast<DISPATCHER_HEADER*>(objects[satisfied_by]), self);
            else
                for (uint32_t i = 0; i < count; ++i)
                    consume(*static_cast<DISPATCHER_HEADER*>(objects[i]), self);
            NTSTATUS status = self.wait_status | static_cast<NTSTATUS>(satisfied_by);
            lower_irql(old);
            return status;
        }
        if (NTSTATUS status; (alertable || self.user_apc_pending || self.ending) && !no_wait
            && wait_is_interrupted(mode, alertable, status)) {
            lower_irql(old);
            return status;
        }
        if (no_wait || (timed && deadline <= static_cast<int64_t>(system_time()))) {
            lower_irql(old);
            return STATUS_TIMEOUT;
        }
        for (uint32_t i = 0; i < count; ++i)
            require_list(*static_cast<DISPATCHER_HEADER*>(objects[i]));
        for (uint32_t i = 0; i < count; ++i) {
            KWAIT_BLOCK& block = blocks[i];
            block.Thread = self.pointer();
            block.Object = objects[i];
            block.WaitKey = static_cast<USHORT>(i);
            block.WaitType = static_cast<UCHAR>(type);
            block.BlockState = kBlockLinked;
            link_tail(static_cast<DISPATCHER_HEADER*>(objects[i])->WaitListHead, block.WaitListEntry);
        }
        if (timed)
            start_time_out(self, deadline);
        self.wait_blocks = blocks;
        self.wait_count = count;
        self.wait_reason = reason;
        self.wait_mode = mode;
        self.wait_alertable = alertable;
        self.wait_irql = old;
        self.state = ThreadState::Waiting;
        if (self.queue) [[unlikely]]
            queue_thread_blocks(self);
        block();
        NTSTATUS const status = self.wait_status;
        lower_irql(old);
        if (status != STATUS_KERNEL_APC)
            return status;
        // A kernel APC ended the wait; it has run by now. The wait begins again with the same deadline.
    }
}

void Kernel::start_time_out(Thread& self, int64_t deadline)
{
    KTIMER& timer = self.guest->WaitTimer;
    KWAIT_BLOCK& block = self.guest->WaitBlocks[3];
    timer.Header.SignalState = 0;
    block.Thread = self.pointer();
    block.Object = &timer;
    block.WaitKey = static_cast<USHORT>(STATUS_TIMEOUT);
    block.WaitType = WaitAny;
    block.BlockState = kBlockLinked;
    link_tail(timer.Header.WaitListHead, block.WaitListEntry);
    set_timer(timer, LARGE_INTEGER { .QuadPart = deadline }, 0, nullptr);
}

NTSTATUS Kernel::wait_for_entry(KQUEUE& queue, KPROCESSOR_MODE mode, bool timed, int64_t deadline, uint8_t old)
{
    Thread& self = current();
    KWAIT_BLOCK& block = self.guest->WaitBlocks[0];
    block.Thread = self.pointer();
    block.Object = &queue;
    block.WaitKey = 0;
    block.WaitType = WaitAny;
    block.BlockState = kBlockLinked;
    link_tail(queue.Header.WaitListHead, block.WaitListEntry);
    if (timed)
        start_time_out(self, deadline);
    self.wait_blocks = &block;
    self.wait_count = 1;
    self.wait_type = WaitAny;
    self.wait_status = STATUS_SUCCESS;
    self.wait_reason = WrQueue;
    self.wait_mode = mode;
    self.wait_alertable = false;
    self.wait_irql = old;
    self.state = ThreadState::Waiting;
    this->block();
    return self.wait_status;
}

NTSTATUS Kernel::delay(KPROCESSOR_MODE mode, bool alertable, LARGE_INTEGER const& interval)
{
    if (interval.QuadPart == 0) {
        if (NTSTATUS status; wait_is_interrupted(mode, alertable, status))
            return status;
        yield();
        return STATUS_SUCCESS;
    }
    NTSTATUS status = wait(0, nullptr, WaitAny, DelayExecution, mode, alertable,
                           &interval, nullptr);
    return status == STATUS_TIMEOUT ? STATUS_SUCCESS : status;
}

void Kernel::end_wait(Thread& thread, NTSTATUS status, int32_t increment)
{
    CHECK(thread.state == ThreadState::Waiting, "a wait was ended that is not in progress");
    for (uint32_t i = 0; i < thread.wait_count; ++i) {
        unlink(thread.wait_blocks[i].WaitListEntry);
        thread.wait_blocks[i].BlockState = kBlockIdle;
    }
    KWAIT_BLOCK& timeout_block = thread.guest->WaitBlocks[3];
    if (timeout_block.BlockState == kBlockLinked && timeout_block.Object == &thread.guest->WaitTimer) {
        unlink(timeout_block.WaitListEntry);
        timeout_block.BlockState = kBlockIdle;
        cancel_timer(thread.guest->WaitTimer);
    }
    thread.wait_status = status | (status == STATUS_KERNEL_APC ? 0 : thread.wait_status & STATUS_ABANDONED);
    thread.wait_count = 0;
    if (thread.queue) [[unlikely]]
        thread.queue->CurrentCount += 1;
    boost(thread, increment);
    ready(thread);
}

// @cite(wdk-docs): page=kernel/waits-and-apcs
bool Kernel::wait_is_interrupted(KPROCESSOR_MODE mode, bool alertable, NTSTATUS& status)
{
    Thread& self = current();
    if (alertable) {
        for (KPROCESSOR_MODE alert : { mode, KPROCESSOR_MODE { KernelMode } })
            if (self.alerted[static_cast<int>(alert)]) {
                self.alerted[static_cast<int>(alert)] = false;
                status = STATUS_ALERTED;
                return true;
            }
        LIST_ENTRY const& user = self.guest->ApcLists[UserMode];
        if (mode == UserMode && user.Flink != &user)
            self.user_apc_pending = true;
    }
    status = STATUS_USER_APC;
    return mode == UserMode && (self.user_apc_pending || self.ending);
}

bool Kernel::alert(Thread& thread, KPROCESSOR_MODE mode)
{
    bool& alerted = thread.alerted[mode == UserMode];
    if (alerted)
        return true;
    // A kernel-mode alert ends waits of both modes.
    if (thread.state == ThreadState::Waiting && thread.wait_alertable && mode <= thread.wait_mode)
        end_wait(thread, STATUS_ALERTED, kAlertIncrement);
    else
        alerted = true;
    return false;
}

bool Kernel::test_alert(KPROCESSOR_MODE mode)
{
    Thread& self = current();
    bool& alerted = self.alerted[mode == UserMode];
    bool const was = alerted;
    alerted = false;
    LIST_ENTRY const& user = self.guest->ApcLists[UserMode];
    if (!was && mode == UserMode && user.Flink != &user)
        self.user_apc_pending = true;
    return was;
}

void Kernel::signalled(DISPATCHER_HEADER& object, int32_t increment)
{
    LIST_ENTRY* const head = &object.WaitListHead;
    LIST_ENTRY* entry = head->Flink;
    while (entry != head && object.SignalState > 0) {
        auto& block = *CONTAINING_RECORD(entry, KWAIT_BLOCK, WaitListEntry);
        LIST_ENTRY* next = entry->Flink;
        Thread* waiter = thread_of(block.Thread);
        if (!waiter || waiter->state != ThreadState::Waiting) [[unlikely]]
            ke::bug_check(KERNEL_SECURITY_CHECK_FAILURE, FAST_FAIL_CORRUPT_LIST_ENTRY, 0, 0, 0,
                          "an object was signalled whose list of waiters was overwritten");
        bool satisfied = false;
        if (block.WaitType == WaitAny) {
            waiter->wait_status = STATUS_SUCCESS;
            if (!is_timer(object.Type) || block.Object != &waiter->guest->WaitTimer)
                consume(object, *waiter);
            satisfied = true;
        } else {
            bool all = true;
            for (uint32_t i = 0; i < waiter->wait_count && all; ++i)
                all = object_is_signalled(*static_cast<DISPATCHER_HEADER*>(waiter->wait_blocks[i].Object), *waiter);
            if (all) {
                waiter->wait_status = STATUS_SUCCESS;
                for (uint32_t i = 0; i < waiter->wait_count; ++i)
                    consume(*static_cast<DISPATCHER_HEADER*>(waiter->wait_blocks[i].Object), *waiter);
                satisfied = true;
            }
        }
        if (!satisfied) {
            entry = next;
            continue;
        }
        NTSTATUS status = block.WaitType == WaitAny ? static_cast<NTSTATUS>(block.WaitKey) : STATUS_SUCCESS;
        end_wait(*waiter, status, increment);
        // The waiter may have had several blocks on this object: begin again, the list is consistent.
        entry = head->Flink;
    }
}

} // namespace ringside::ke
