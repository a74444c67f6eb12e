// SPDX-License-Identifier: MIT
// The DDIs of object_ddi.cpp and processor_ddi.cpp, for the rooms above and for tests.
#pragma once

#include "nt/nt.h"

namespace ringside::ke {

void KeInitializeEvent(nt::KEVENT* event, nt::EVENT_TYPE type, nt::BOOLEAN state);
nt::LONG KeSetEvent(nt::KEVENT* event, nt::KPRIORITY increment, nt::BOOLEAN wait);
nt::LONG KeResetEvent(nt::KEVENT* event);
void KeClearEvent(nt::KEVENT* event);
nt::LONG KePulseEvent(nt::KEVENT* event, nt::KPRIORITY increment, nt::BOOLEAN wait);
nt::LONG KeReadStateEvent(nt::KEVENT* event);
void KeInitializeSemaphore(nt::KSEMAPHORE* semaphore, nt::LONG count, nt::LONG limit);
nt::LONG KeReleaseSemaphore(nt::KSEMAPHORE* semaphore, nt::KPRIORITY increment, nt::LONG adjustment, nt::BOOLEAN wait);
void KeInitializeMutex(nt::KMUTANT* mutex, nt::ULONG level);
nt::LONG KeReleaseMutex(nt::KMUTANT* mutex, nt::BOOLEAN wait);
void KeInitializeMutant(nt::KMUTANT* mutant, nt::BOOLEAN owned);
nt::LONG KeReleaseMutant(nt::KMUTANT* mutant, nt::KPRIORITY increment, nt::BOOLEAN abandon, nt::BOOLEAN wait);
void KeInitializeTimer(nt::KTIMER* timer);
void KeInitializeTimerEx(nt::KTIMER* timer, nt::TIMER_TYPE type);
nt::BOOLEAN KeSetTimer(nt::KTIMER* timer, nt::LARGE_INTEGER due_time, nt::KDPC* dpc);
nt::BOOLEAN KeSetTimerEx(nt::KTIMER* timer, nt::LARGE_INTEGER due_time, nt::LONG period_ms, nt::KDPC* dpc);
nt::BOOLEAN KeSetCoalescableTimer(nt::KTIMER* timer, nt::LARGE_INTEGER due_time, nt::ULONG period_ms,
                                  nt::ULONG tolerable_ms, nt::KDPC* dpc);
nt::BOOLEAN KeCancelTimer(nt::KTIMER* timer);
void KeInitializeDpc(nt::KDPC* dpc, nt::PKDEFERRED_ROUTINE routine, nt::PVOID context);
void KeInitializeThreadedDpc(nt::KDPC* dpc, nt::PKDEFERRED_ROUTINE routine, nt::PVOID context);
void KeSetImportanceDpc(nt::KDPC* dpc, nt::KDPC_IMPORTANCE importance);
void KeFlushQueuedDpcs();
nt::BOOLEAN KeInsertQueueDpc(nt::KDPC* dpc, nt::PVOID argument1, nt::PVOID argument2);
nt::BOOLEAN KeRemoveQueueDpc(nt::KDPC* dpc);
void KeSetTargetProcessorDpc(nt::KDPC* dpc, nt::CCHAR number);
nt::NTSTATUS KeSetTargetProcessorDpcEx(nt::KDPC* dpc, nt::PROCESSOR_NUMBER* number);
nt::NTSTATUS KeWaitForSingleObject(nt::PVOID object, nt::KWAIT_REASON reason, nt::KPROCESSOR_MODE mode,
                                   nt::BOOLEAN alertable, nt::LARGE_INTEGER* timeout);
nt::NTSTATUS KeWaitForMultipleObjects(nt::ULONG count, nt::PVOID* objects, nt::WAIT_TYPE type, nt::KWAIT_REASON reason,
                                      nt::KPROCESSOR_MODE mode, nt::BOOLEAN alertable, nt::LARGE_INTEGER* timeout,
                                      nt::KWAIT_BLOCK* blocks);
nt::NTSTATUS KeDelayExecutionThread(nt::KPROCESSOR_MODE mode, nt::BOOLEAN alertable, nt::LARGE_INTEGER* interval);

nt::KAFFINITY KeQueryActiveProcessors();
void KeLowerIrql(nt::KIRQL to); // to a higher one: bug check 0xA
nt::KIRQL KeAcquireSpinLockRaiseToDpc(nt::KSPIN_LOCK* lock);
void KeReleaseSpinLock(nt::KSPIN_LOCK* lock, nt::KIRQL old);
void KeAcquireSpinLockAtDpcLevel(nt::KSPIN_LOCK* lock);
void KeReleaseSpinLockFromDpcLevel(nt::KSPIN_LOCK* lock);
void KeEnterCriticalRegion();
void KeLeaveCriticalRegion();
void KeEnterGuardedRegion();
void KeLeaveGuardedRegion();

// Threads (thread_ddi.cpp)
nt::KPRIORITY KeSetPriorityThread(nt::PKTHREAD thread, nt::KPRIORITY priority);
nt::KPRIORITY KeQueryPriorityThread(nt::PKTHREAD thread);
nt::LONG KeSetBasePriorityThread(nt::PKTHREAD thread, nt::LONG increment);
nt::UCHAR KeSetIdealProcessorThread(nt::PKTHREAD thread, nt::UCHAR processor);
nt::ULONG KeQueryRuntimeThread(nt::PKTHREAD thread, nt::ULONG* user_time);
nt::BOOLEAN KeSetKernelStackSwapEnable(nt::BOOLEAN enable);
void KeSetSystemAffinityThread(nt::KAFFINITY affinity);
void KeRevertToUserAffinityThread();
nt::KAFFINITY KeSetSystemAffinityThreadEx(nt::KAFFINITY affinity);
void KeRevertToUserAffinityThreadEx(nt::KAFFINITY affinity);
void KeSetSystemGroupAffinityThread(nt::GROUP_AFFINITY* affinity, nt::GROUP_AFFINITY* previous);
void KeRevertToUserGroupAffinityThread(nt::GROUP_AFFINITY* previous);

// APCs and alerts (apc_ddi.cpp)
void KeInitializeApc(nt::KAPC* apc, nt::PKTHREAD thread, nt::LONG environment, nt::PKKERNEL_ROUTINE kernel_routine,
                     nt::PKRUNDOWN_ROUTINE rundown_routine, nt::PKNORMAL_ROUTINE normal_routine,
                     nt::KPROCESSOR_MODE mode, nt::PVOID context);
nt::BOOLEAN KeInsertQueueApc(nt::KAPC* apc, nt::PVOID argument1, nt::PVOID argument2, nt::KPRIORITY increment);
nt::BOOLEAN KeAlertThread(nt::PKTHREAD thread, nt::KPROCESSOR_MODE mode);
nt::BOOLEAN KeTestAlertThread(nt::KPROCESSOR_MODE mode);

// Kernel queues (queue_ddi.cpp)
void KeInitializeQueue(nt::KQUEUE* queue, nt::ULONG count);
nt::LONG KeInsertQueue(nt::KQUEUE* queue, nt::LIST_ENTRY* entry);
nt::LONG KeInsertHeadQueue(nt::KQUEUE* queue, nt::LIST_ENTRY* entry);
nt::LIST_ENTRY* KeRemoveQueue(nt::KQUEUE* queue, nt::KPROCESSOR_MODE mode, nt::LARGE_INTEGER* timeout);
nt::LIST_ENTRY* KeRundownQueue(nt::KQUEUE* queue);
nt::LONG KeReadStateQueue(nt::KQUEUE* queue);

} // namespace ringside::ke
