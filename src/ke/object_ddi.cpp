// SPDX-License-Identifier: MIT
// Dispatcher objects that drivers keep in their own memory: events, semaphores, mutexes, timers, DPCs; and the waits.
#include "ke/ddi.h"
#include "ke/exception.h"
#include "ke/topology.h"

namespace ringside::ke {

using namespace nt;

namespace {

void initialize_header(DISPATCHER_HEADER& header, UCHAR type, size_t bytes, LONG state)
{
    header.Lock = 0;
    header.Type = type;
    header.Size = static_cast<UCHAR>(bytes / sizeof(ULONG));
    header.SignalState = state;
    header.WaitListHead.Flink = header.WaitListHead.Blink = &header.WaitListHead;
}

// Satisfying waits changes ready queues, so it happens at DISPATCH_LEVEL; lowering again lets a better thread run. With
// `wait` the IRQL stays up until the wait that the driver promised.
template <typename Change>
auto at_dispatch(Change change, bool wait = false)
{
    Kernel& k = kernel();
    uint8_t const old = Kernel::irql();
    if (old < DISPATCH_LEVEL)
        k.raise_irql(DISPATCH_LEVEL);
    auto result = change(k);
    if (old < DISPATCH_LEVEL || wait)
        k.lower_or_wait_next(old, wait);
    return result;
}

LONG release_mutant(KMUTANT* mutex, KPRIORITY increment, bool abandon, bool wait)
{
    Thread& self = kernel().current();
    if (!abandon && mutex->OwnerThread != self.pointer())
        raise(mutex->Abandoned ? STATUS_ABANDONED : STATUS_MUTANT_NOT_OWNED);
    return at_dispatch(
        [&](Kernel& k) {
            LONG const before = mutex->Header.SignalState;
            mutex->Header.SignalState = abandon ? 1 : before + 1;
            mutex->Abandoned = abandon;
            if (mutex->Header.SignalState == 1) {
                if (Thread* owner = before <= 0 ? k.thread_of(mutex->OwnerThread) : nullptr) {
                    mutex->MutantListEntry.Blink->Flink = mutex->MutantListEntry.Flink;
                    mutex->MutantListEntry.Flink->Blink = mutex->MutantListEntry.Blink;
                    owner->kernel_apc_disable += mutex->ApcDisable;
                }
                mutex->OwnerThread = nullptr;
                k.signalled(mutex->Header, increment);
            }
            return before;
        },
        wait);
}

} // namespace

// --- Events ---

void KeInitializeEvent(KEVENT* event, EVENT_TYPE type, BOOLEAN state)
{
    initialize_header(event->Header, type == NotificationEvent ? EventNotificationObject : EventSynchronizationObject,
                      sizeof(KEVENT), state ? 1 : 0);
}

LONG KeSetEvent(KEVENT* event, KPRIORITY increment, BOOLEAN wait)
{
    return at_dispatch(
        [&](Kernel& k) {
            LONG const before = event->Header.SignalState;
            event->Header.SignalState = 1;
            if (!before)
                k.signalled(event->Header, increment);
            return before;
        },
        wait);
}

LONG KeResetEvent(KEVENT* event)
{
    LONG const before = event->Header.SignalState;
    event->Header.SignalState = 0;
    return before;
}

void KeClearEvent(KEVENT* event) { event->Header.SignalState = 0; }

LONG KePulseEvent(KEVENT* event, KPRIORITY increment, BOOLEAN wait)
{
    return at_dispatch(
        [&](Kernel& k) {
            LONG const before = event->Header.SignalState;
            event->Header.SignalState = 1;
            if (!before)
                k.signalled(event->Header, increment);
            event->Header.SignalState = 0;
            return before;
        },
        wait);
}

LONG KeReadStateEvent(KEVENT* event) { return event->Header.SignalState; }

// --- Semaphores ---

void KeInitializeSemaphore(KSEMAPHORE* semaphore, LONG count, LONG limit)
{
    initialize_header(semaphore->Header, SemaphoreObject, sizeof(KSEMAPHORE), count);
    semaphore->Limit = limit;
}

// Raises STATUS_SEMAPHORE_LIMIT_EXCEEDED, and the count stays as it was.
LONG KeReleaseSemaphore(KSEMAPHORE* semaphore, KPRIORITY increment, LONG adjustment, BOOLEAN wait)
{
    LONG const before = semaphore->Header.SignalState;
    int64_t const after = int64_t { before } + adjustment;
    if (after > semaphore->Limit || after < before)
        raise(STATUS_SEMAPHORE_LIMIT_EXCEEDED);
    return at_dispatch(
        [&](Kernel& k) {
            semaphore->Header.SignalState = static_cast<LONG>(after);
            if (!before)
                k.signalled(semaphore->Header, increment);
            return before;
        },
        wait);
}

LONG KeReadStateSemaphore(KSEMAPHORE* semaphore) { return semaphore->Header.SignalState; }

// --- Mutexes ---

void KeInitializeMutex(KMUTANT* mutex, ULONG)
{
    initialize_header(mutex->Header, MutantObject, sizeof(KMUTANT), 1);
    mutex->OwnerThread = nullptr;
    mutex->Abandoned = 0;
    mutex->ApcDisable = 1; // a kernel mutex keeps normal kernel APCs away from its owner
}

// Raises STATUS_MUTANT_NOT_OWNED, or STATUS_ABANDONED for one whose owner ended.
LONG KeReleaseMutex(KMUTANT* mutex, BOOLEAN wait) { return release_mutant(mutex, 1, false, wait); }

// A mutant is what NtCreateMutant makes: it leaves APCs alone, and may be abandoned.
void KeInitializeMutant(KMUTANT* mutant, BOOLEAN owned)
{
    initialize_header(mutant->Header, MutantObject, sizeof(KMUTANT), owned ? 0 : 1);
    mutant->OwnerThread = nullptr;
    mutant->Abandoned = 0;
    mutant->ApcDisable = 0;
    if (!owned)
        return;
    Thread& self = kernel().current();
    LIST_ENTRY& head = self.guest->Mutants;
    mutant->OwnerThread = self.pointer();
    mutant->MutantListEntry = { &head, head.Blink };
    head.Blink->Flink = &mutant->MutantListEntry;
    head.Blink = &mutant->MutantListEntry;
}

LONG KeReleaseMutant(KMUTANT* mutant, KPRIORITY increment, BOOLEAN abandon, BOOLEAN wait)
{
    return release_mutant(mutant, increment, abandon, wait);
}

LONG KeReadStateMutex(KMUTANT* mutex) { return mutex->Header.SignalState; }

// --- Timers ---

void KeInitializeTimerEx(KTIMER* timer, TIMER_TYPE type)
{
    initialize_header(timer->Header, type == NotificationTimer ? TimerNotificationObject : TimerSynchronizationObject,
                      sizeof(KTIMER), 0);
    timer->Header.Inserted = 0;
    timer->DueTime.QuadPart = 0;
    timer->TimerListEntry = {};
    timer->Dpc = nullptr;
    timer->Processor = 0;
    timer->Period = 0;
}

void KeInitializeTimer(KTIMER* timer) { KeInitializeTimerEx(timer, NotificationTimer); }

BOOLEAN KeSetTimerEx(KTIMER* timer, LARGE_INTEGER due_time, LONG period, KDPC* dpc)
{
    return at_dispatch([&](Kernel& k) { return k.set_timer(*timer, due_time, static_cast<uint32_t>(period), dpc); });
}

BOOLEAN KeSetTimer(KTIMER* timer, LARGE_INTEGER due_time, KDPC* dpc) { return KeSetTimerEx(timer, due_time, 0, dpc); }

// The tolerable delay only ever lets Windows be later; here a timer is never late.
BOOLEAN KeSetCoalescableTimer(KTIMER* timer, LARGE_INTEGER due_time, ULONG period, ULONG tolerable_ms, KDPC* dpc)
{
    timer->Header.Coalescable = tolerable_ms != 0;
    return KeSetTimerEx(timer, due_time, static_cast<LONG>(period), dpc);
}

BOOLEAN KeCancelTimer(KTIMER* timer)
{
    return at_dispatch([&](Kernel& k) { return k.cancel_timer(*timer); });
}

BOOLEAN KeReadStateTimer(KTIMER* timer) { return timer->Header.SignalState != 0; }

// --- DPCs ---

void KeInitializeDpc(KDPC* dpc, PKDEFERRED_ROUTINE routine, PVOID context)
{
    dpc->TargetInfoAsUlong = 0;
    dpc->Type = DpcObject;
    dpc->Importance = MediumImportance;
    dpc->DpcListEntry = {};
    dpc->ProcessorHistory = 0;
    dpc->DeferredRoutine = routine;
    dpc->DeferredContext = context;
    dpc->DpcData = nullptr;
}

void KeInitializeThreadedDpc(KDPC* dpc, PKDEFERRED_ROUTINE routine, PVOID context)
{
    KeInitializeDpc(dpc, routine, context);
    dpc->Type = ThreadedDpcObject;
}

BOOLEAN KeInsertQueueDpc(KDPC* dpc, PVOID argument1, PVOID argument2)
{
    return kernel().insert_dpc(*dpc, argument1, argument2);
}

BOOLEAN KeRemoveQueueDpc(KDPC* dpc) { return kernel().remove_dpc(*dpc); }
void KeSetImportanceDpc(KDPC* dpc, KDPC_IMPORTANCE importance) { dpc->Importance = static_cast<UCHAR>(importance); }

// Of group 0; a processor that it does not have leaves the target as it was.
void KeSetTargetProcessorDpc(KDPC* dpc, CCHAR number)
{
    if (static_cast<UCHAR>(number) < group_size(0))
        dpc->Number = static_cast<USHORT>(static_cast<UCHAR>(number) + 32);
}

NTSTATUS KeSetTargetProcessorDpcEx(KDPC* dpc, PROCESSOR_NUMBER* number)
{
    unsigned const index = processor_index(*number);
    if (index == kNoProcessor)
        return STATUS_INVALID_PARAMETER;
    dpc->Number = static_cast<USHORT>(index + 32);
    return STATUS_SUCCESS;
}

void KeFlushQueuedDpcs() { kernel().flush_dpcs(); }

// --- Waits ---

NTSTATUS KeWaitForSingleObject(PVOID object, KWAIT_REASON reason, KPROCESSOR_MODE mode, BOOLEAN alertable,
                               LARGE_INTEGER* timeout)
{
    return kernel().wait(1, &object, WaitAny, reason, mode, alertable, timeout, nullptr);
}

NTSTATUS KeWaitForMultipleObjects(ULONG count, PVOID* objects, WAIT_TYPE type, KWAIT_REASON reason, KPROCESSOR_MODE mode,
                                  BOOLEAN alertable, LARGE_INTEGER* timeout, KWAIT_BLOCK* blocks)
{
    return kernel().wait(count, objects, type, reason, mode, alertable, timeout, blocks);
}

NTSTATUS KeDelayExecutionThread(KPROCESSOR_MODE mode, BOOLEAN alertable, LARGE_INTEGER* interval)
{
    return kernel().delay(mode, alertable, *interval);
}

std::span<Ddi const> object_rows()
{
    constexpr char const* see_doc = "the page gives the limit in its remarks: DISPATCH_LEVEL";
    constexpr char const* waits
        = "DISPATCH_LEVEL only with a time-out of zero; the wait itself refuses the rest (0xA)";
    static Ddi const rows[] = {
        { .name = "KeInitializeEvent", .irql = { 0, 15 }, .needs = Needs::Nothing,
          .page = "wdm/nf-wdm-keinitializeevent", .body = body<&KeInitializeEvent>() },
        { .name = "KeSetEvent", .irql = { 0, 2 }, .page = "wdm/nf-wdm-kesetevent", .because = see_doc,
          .body = body<&KeSetEvent>() },
        { .name = "KeResetEvent", .irql = { 0, 2 }, .needs = Needs::Nothing, .page = "wdm/nf-wdm-keresetevent",
          .body = body<&KeResetEvent>() },
        { .name = "KeClearEvent", .irql = { 0, 2 }, .needs = Needs::Nothing, .page = "wdm/nf-wdm-keclearevent",
          .body = body<&KeClearEvent>() },
        { .name = "KePulseEvent", .irql = { 0, 2 }, .page = "ntddk/nf-ntddk-kepulseevent",
          .body = body<&KePulseEvent>() },
        { .name = "KeReadStateEvent", .irql = { 0, 15 }, .needs = Needs::Nothing, .page = "wdm/nf-wdm-kereadstateevent",
          .because = "the remarks allow an ISR to read a resident event", .body = body<&KeReadStateEvent>() },
        { .name = "KeInitializeSemaphore", .irql = { 0, 0 }, .needs = Needs::Nothing,
          .page = "wdm/nf-wdm-keinitializesemaphore", .body = body<&KeInitializeSemaphore>() },
        { .name = "KeReleaseSemaphore", .irql = { 0, 2 }, .page = "wdm/nf-wdm-kereleasesemaphore", .because = see_doc,
          .body = body<&KeReleaseSemaphore>() },
        { .name = "KeReadStateSemaphore", .irql = { 0, 15 }, .needs = Needs::Nothing,
          .page = "wdm/nf-wdm-kereadstatesemaphore", .body = body<&KeReadStateSemaphore>() },
        { .name = "KeInitializeMutex", .irql = { 0, 15 }, .needs = Needs::Nothing,
          .page = "wdm/nf-wdm-keinitializemutex", .body = body<&KeInitializeMutex>() },
        { .name = "KeReleaseMutex", .irql = { 0, 2 }, .page = "wdm/nf-wdm-kereleasemutex",
          .body = body<&KeReleaseMutex>() },
        { .name = "KeInitializeMutant",
          .irql = { 0, 2 },
          .needs = Needs::Nothing,
          .because = "not documented",
          .body = body<&KeInitializeMutant>() },
        { .name = "KeReleaseMutant", .irql = { 0, 2 }, .because = "not documented", .body = body<&KeReleaseMutant>() },
        { .name = "KeReadStateMutant",
          .irql = { 0, 2 },
          .needs = Needs::Nothing,
          .because = "not documented: another name of KeReadStateMutex",
          .body = body<&KeReadStateMutex>() },
        { .name = "KeReadStateMutex",
          .irql = { 0, 2 },
          .needs = Needs::Nothing,
          .page = "wdm/nf-wdm-kereadstatemutex",
          .body = body<&KeReadStateMutex>() },
        { .name = "KeInitializeTimer", .irql = { 0, 2 }, .needs = Needs::Nothing,
          .page = "wdm/nf-wdm-keinitializetimer", .body = body<&KeInitializeTimer>() },
        { .name = "KeInitializeTimerEx", .irql = { 0, 2 }, .needs = Needs::Nothing,
          .page = "wdm/nf-wdm-keinitializetimerex", .body = body<&KeInitializeTimerEx>() },
        { .name = "KeSetTimer", .irql = { 0, 2 }, .page = "wdm/nf-wdm-kesettimer", .body = body<&KeSetTimer>() },
        { .name = "KeSetTimerEx", .irql = { 0, 2 }, .page = "wdm/nf-wdm-kesettimerex", .body = body<&KeSetTimerEx>() },
        { .name = "KeSetCoalescableTimer", .irql = { 0, 2 }, .since = Windows::win7,
          .page = "wdm/nf-wdm-kesetcoalescabletimer", .body = body<&KeSetCoalescableTimer>() },
        { .name = "KeCancelTimer", .irql = { 0, 2 }, .page = "wdm/nf-wdm-kecanceltimer",
          .body = body<&KeCancelTimer>() },
        { .name = "KeReadStateTimer", .irql = { 0, 2 }, .needs = Needs::Nothing, .page = "wdm/nf-wdm-kereadstatetimer",
          .body = body<&KeReadStateTimer>() },
        { .name = "KeInitializeDpc", .irql = { 0, 15 }, .needs = Needs::Nothing, .page = "wdm/nf-wdm-keinitializedpc",
          .body = body<&KeInitializeDpc>() },
        { .name = "KeInitializeThreadedDpc", .irql = { 0, 15 }, .since = Windows::vista, .needs = Needs::Nothing,
          .page = "wdm/nf-wdm-keinitializethreadeddpc", .body = body<&KeInitializeThreadedDpc>() },
        { .name = "KeInsertQueueDpc", .irql = { 0, 15 }, .page = "wdm/nf-wdm-keinsertqueuedpc",
          .body = body<&KeInsertQueueDpc>() },
        { .name = "KeRemoveQueueDpc", .irql = { 0, 15 }, .page = "wdm/nf-wdm-keremovequeuedpc",
          .body = body<&KeRemoveQueueDpc>() },
        { .name = "KeSetImportanceDpc", .irql = { 0, 15 }, .needs = Needs::Nothing,
          .page = "wdm/nf-wdm-kesetimportancedpc", .body = body<&KeSetImportanceDpc>() },
        { .name = "KeSetTargetProcessorDpc", .irql = { 0, 15 }, .needs = Needs::Nothing,
          .page = "ntddk/nf-ntddk-kesettargetprocessordpc", .body = body<&KeSetTargetProcessorDpc>() },
        { .name = "KeSetTargetProcessorDpcEx", .irql = { 0, 15 }, .since = Windows::win7, .needs = Needs::Nothing,
          .page = "wdm/nf-wdm-kesettargetprocessordpcex", .body = body<&KeSetTargetProcessorDpcEx>() },
        { .name = "KeFlushQueuedDpcs", .irql = { 0, 0 }, .page = "wdm/nf-wdm-keflushqueueddpcs",
          .body = body<&KeFlushQueuedDpcs>() },
        { .name = "KeWaitForSingleObject", .irql = { 0, 2 }, .page = "wdm/nf-wdm-kewaitforsingleobject",
          .because = waits, .body = body<&KeWaitForSingleObject>() },
        { .name = "KeWaitForMutexObject", .irql = { 0, 2 },
          .because = "not documented: another name of KeWaitForSingleObject", .body = body<&KeWaitForSingleObject>() },
        { .name = "KeWaitForMultipleObjects", .irql = { 0, 2 }, .page = "wdm/nf-wdm-kewaitformultipleobjects",
          .because = waits, .body = body<&KeWaitForMultipleObjects>() },
        { .name = "KeDelayExecutionThread", .irql = { 0, 1 }, .page = "wdm/nf-wdm-kedelayexecutionthread",
          .body = body<&KeDelayExecutionThread>() },
    };
    return rows;
}

} // namespace ringside::ke
