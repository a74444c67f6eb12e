// SPDX-License-Identifier: MIT
// Mutexes, waits, kernel queues.
#include "contract.h"

#include "ke/dispatcher_objects.h"

using namespace ringside;
using namespace ringside::nt;
using namespace ringside::test;

namespace {

ke::Thread& self() { return ke::kernel().current(); }
LARGE_INTEGER* poll(At& at) { return &at.object<LARGE_INTEGER>(); }
LARGE_INTEGER* soon(At& at)
{
    auto& timeout = at.object<LARGE_INTEGER>();
    timeout.QuadPart = at.irql() < DISPATCH_LEVEL ? -10'000 : 0;
    return &timeout;
}
LIST_ENTRY* as_entry(NTSTATUS status) { return reinterpret_cast<LIST_ENTRY*>(static_cast<intptr_t>(status)); }

} // namespace

// --- Mutexes ---

SAMPLE(KeInitializeMutex)
{
    auto& mutex = at.object<KMUTANT>();
    at.call(&mutex, ULONG { 3 });
    EXPECT_EQ(mutex.Header.Type, MutantObject);
    EXPECT_EQ(mutex.Header.SignalState, 1);
    EXPECT_EQ(mutex.ApcDisable, 1);
    EXPECT_EQ(mutex.OwnerThread, nullptr);
}

SAMPLE(KeInitializeMutant)
{
    auto& mutant = at.object<KMUTANT>();
    at.call(&mutant, TRUE);
    EXPECT_EQ(mutant.Header.Type, MutantObject);
    EXPECT_EQ(mutant.Header.SignalState, 0);
    EXPECT_EQ(mutant.ApcDisable, 0);
    EXPECT_EQ(mutant.OwnerThread, self().pointer());
    ke::KeReleaseMutant(&mutant, 0, FALSE, FALSE);
}

SAMPLE(KeReleaseMutex)
{
    auto& mutex = at.object<KMUTANT>();
    ke::KeInitializeMutex(&mutex, 0);
    for (int i = 0; i < 2; ++i)
        ke::KeWaitForSingleObject(&mutex, Executive, KernelMode, FALSE, nullptr);
    at.returns(LONG { -1 }, &mutex, FALSE);
    EXPECT_EQ(self().kernel_apc_disable, -1);
    at.returns(LONG { 0 }, &mutex, FALSE);
    EXPECT_EQ(mutex.Header.SignalState, 1);
    EXPECT_EQ(self().kernel_apc_disable, 0);
    if (at.at_passive())
        at.raises(STATUS_MUTANT_NOT_OWNED, &mutex, FALSE);
}

SAMPLE(KeReleaseMutant)
{
    auto& mutant = at.object<KMUTANT>();
    ke::KeInitializeMutant(&mutant, TRUE);
    at.returns(LONG { 0 }, &mutant, 0, FALSE, FALSE);
    EXPECT_EQ(mutant.Header.SignalState, 1);
    if (at.at_passive())
        at.raises(STATUS_MUTANT_NOT_OWNED, &mutant, 0, FALSE, FALSE);
}

SAMPLE(KeReadStateMutex)
{
    auto& mutex = at.object<KMUTANT>();
    ke::KeInitializeMutex(&mutex, 0);
    at.returns(LONG { 1 }, &mutex);
}

SAMPLE(KeReadStateMutant)
{
    auto& mutant = at.object<KMUTANT>();
    ke::KeInitializeMutant(&mutant, FALSE);
    at.returns(LONG { 1 }, &mutant);
}

// --- Waits ---

SAMPLE(KeWaitForSingleObject)
{
    auto& event = at.object<KEVENT>();
    ke::KeInitializeEvent(&event, SynchronizationEvent, TRUE);
    at.status(STATUS_SUCCESS, &event, Executive, KPROCESSOR_MODE { KernelMode }, FALSE, soon(at));
    EXPECT_EQ(event.Header.SignalState, 0);
    at.status(STATUS_TIMEOUT, &event, Executive, KPROCESSOR_MODE { KernelMode }, FALSE, soon(at));
    event.Header.Type = 0x77;
    at.bug_checks(INVALID_DATA_ACCESS_TRAP, &event, Executive, KPROCESSOR_MODE { KernelMode }, FALSE, poll(at));
}

SAMPLE_AS(KeWaitForSingleObject, at_dispatch_level)
{
    auto& event = at.object<KEVENT>();
    ke::KeInitializeEvent(&event, NotificationEvent, TRUE);
    if (at.at_passive())
        at.status(STATUS_SUCCESS, &event, Executive, KPROCESSOR_MODE { KernelMode }, FALSE, nullptr);
    else
        at.bug_checks(IRQL_NOT_LESS_OR_EQUAL, &event, Executive, KPROCESSOR_MODE { KernelMode }, FALSE, nullptr);
    at.status(STATUS_SUCCESS, &event, Executive, KPROCESSOR_MODE { KernelMode }, FALSE, poll(at));
    at.status(STATUS_SUCCESS, &event, Executive, KPROCESSOR_MODE { KernelMode }, FALSE, poll(at));
    event.Header.SignalState = 0;
    at.status(STATUS_TIMEOUT, &event, Executive, KPROCESSOR_MODE { KernelMode }, FALSE, poll(at));
}

SAMPLE(KeWaitForMutexObject)
{
    auto& mutex = at.object<KMUTANT>();
    ke::KeInitializeMutex(&mutex, 0);
    at.status(STATUS_SUCCESS, &mutex, Executive, KPROCESSOR_MODE { KernelMode }, FALSE, poll(at));
    EXPECT_EQ(mutex.OwnerThread, self().pointer());
    ke::KeReleaseMutex(&mutex, FALSE);
}

SAMPLE(KeWaitForMultipleObjects)
{
    auto& first = at.object<KEVENT>();
    auto& second = at.object<KEVENT>();
    ke::KeInitializeEvent(&first, SynchronizationEvent, FALSE);
    ke::KeInitializeEvent(&second, SynchronizationEvent, TRUE);
    auto& objects = at.object<std::array<void*, 4>>();
    objects = { &first, &second };
    KPROCESSOR_MODE const mode = KernelMode;
    at.status(STATUS_TIMEOUT, ULONG { 2 }, &objects, WaitAll, Executive, mode, FALSE, soon(at), nullptr);
    EXPECT_EQ(second.Header.SignalState, 1);
    at.status(STATUS_WAIT_0 + 1, ULONG { 2 }, &objects, WaitAny, Executive, mode, FALSE, soon(at), nullptr);
    EXPECT_EQ(second.Header.SignalState, 0);
    at.bug_checks(MAXIMUM_WAIT_OBJECTS_EXCEEDED, ULONG { 4 }, &objects, WaitAny, Executive, mode, FALSE, poll(at),
                  nullptr);
}

SAMPLE(KeDelayExecutionThread)
{
    auto& interval = at.object<LARGE_INTEGER>();
    interval.QuadPart = -50'000;
    uint64_t const before = sim::world().now_100ns();
    at.status(STATUS_SUCCESS, KPROCESSOR_MODE { KernelMode }, FALSE, &interval);
    EXPECT_GE(sim::world().now_100ns() - before, 50'000u);
    ke::KeAlertThread(self().pointer(), KernelMode);
    at.status(STATUS_ALERTED, KPROCESSOR_MODE { KernelMode }, TRUE, &interval);
}

// --- Kernel queues ---

SAMPLE(KeInitializeQueue)
{
    auto& queue = at.object<KQUEUE>();
    at.call(&queue, ULONG { 5 });
    EXPECT_EQ(queue.Header.Type, QueueObject);
    EXPECT_EQ(queue.MaximumCount, 5u);
    EXPECT_EQ(queue.EntryListHead.Flink, &queue.EntryListHead);
    at.call(&queue, ULONG { 0 });
    EXPECT_EQ(queue.MaximumCount, 2u);
}

SAMPLE(KeInsertQueue)
{
    auto& queue = at.object<KQUEUE>();
    auto& entries = at.object<std::array<LIST_ENTRY, 2>>();
    ke::KeInitializeQueue(&queue, 1);
    at.returns(LONG { 0 }, &queue, &entries[0]);
    at.returns(LONG { 1 }, &queue, &entries[1]);
    EXPECT_EQ(queue.EntryListHead.Flink, &entries[0]);
    at.bug_checks(INVALID_DATA_ACCESS_TRAP, at.bytes(sizeof(KQUEUE)), &entries[0]);
}

SAMPLE(KeInsertHeadQueue)
{
    auto& queue = at.object<KQUEUE>();
    auto& entries = at.object<std::array<LIST_ENTRY, 2>>();
    ke::KeInitializeQueue(&queue, 1);
    at.returns(LONG { 0 }, &queue, &entries[0]);
    at.returns(LONG { 1 }, &queue, &entries[1]);
    EXPECT_EQ(queue.EntryListHead.Flink, &entries[1]);
}

SAMPLE(KeRemoveQueue)
{
    auto& queue = at.object<KQUEUE>();
    auto& entry = at.object<LIST_ENTRY>();
    ke::KeInitializeQueue(&queue, 1);
    ke::KeInsertQueue(&queue, &entry);
    at.returns(&entry, &queue, KPROCESSOR_MODE { KernelMode }, poll(at));
    at.returns(as_entry(STATUS_TIMEOUT), &queue, KPROCESSOR_MODE { KernelMode }, soon(at));
    ke::KeRundownQueue(&queue);
    at.returns(as_entry(STATUS_ABANDONED), &queue, KPROCESSOR_MODE { KernelMode }, poll(at));
}

SAMPLE(KeRundownQueue)
{
    auto& queue = at.object<KQUEUE>();
    auto& entry = at.object<LIST_ENTRY>();
    ke::KeInitializeQueue(&queue, 1);
    ke::KeInsertQueue(&queue, &entry);
    at.returns(&entry, &queue);
    EXPECT_EQ(entry.Flink, &entry);
    EXPECT_EQ(queue.Header.SignalState, 0);
    at.returns(static_cast<LIST_ENTRY*>(nullptr), &queue);
}

SAMPLE(KeReadStateQueue)
{
    auto& queue = at.object<KQUEUE>();
    auto& entry = at.object<LIST_ENTRY>();
    ke::KeInitializeQueue(&queue, 1);
    ke::KeInsertQueue(&queue, &entry);
    at.returns(LONG { 1 }, &queue);
}
