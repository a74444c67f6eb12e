// SPDX-License-Identifier: MIT
// The room's contract rows, and the bodies behind them that other rooms and tests call by name.
#pragma once

#include "base/contract.h"
#include "nt/nt.h"

#include <span>

namespace ringside::ps {

std::span<Ddi const> ddi_rows();

// System threads (thread_ddi.cpp)
nt::NTSTATUS PsCreateSystemThread(nt::HANDLE* handle, nt::ULONG desired, nt::OBJECT_ATTRIBUTES* attributes,
                                  nt::HANDLE process, nt::CLIENT_ID* client_id, nt::PKSTART_ROUTINE routine,
                                  nt::PVOID context);
nt::NTSTATUS PsTerminateSystemThread(nt::NTSTATUS status);
nt::PKTHREAD PsGetCurrentThread();
nt::HANDLE PsGetCurrentThreadId();
nt::HANDLE PsGetThreadId(nt::PETHREAD thread);
nt::PEPROCESS PsGetThreadProcess(nt::PETHREAD thread);
nt::HANDLE PsGetThreadProcessId(nt::PETHREAD thread);
nt::NTSTATUS PsLookupThreadByThreadId(nt::HANDLE id, nt::PETHREAD* thread);
nt::BOOLEAN PsIsSystemThread(nt::PETHREAD thread);
nt::BOOLEAN PsIsThreadTerminating(nt::PETHREAD thread);
nt::NTSTATUS PsGetThreadExitStatus(nt::PETHREAD thread);
nt::LONGLONG PsGetThreadCreateTime(nt::PETHREAD thread);

// Processes (process_ddi.cpp)
nt::PEPROCESS PsGetCurrentProcess();
nt::HANDLE PsGetCurrentProcessId();
nt::HANDLE PsGetProcessId(nt::PEPROCESS process);
nt::UCHAR* PsGetProcessImageFileName(nt::PEPROCESS process);
nt::LONGLONG PsGetProcessCreateTimeQuadPart(nt::PEPROCESS process);
nt::LARGE_INTEGER PsGetProcessExitTime();
nt::NTSTATUS PsGetProcessExitStatus(nt::PEPROCESS process);
nt::HANDLE PsGetProcessInheritedFromUniqueProcessId(nt::PEPROCESS process);
nt::NTSTATUS PsLookupProcessByProcessId(nt::HANDLE id, nt::PEPROCESS* process);
nt::BOOLEAN PsGetVersion(nt::ULONG* major, nt::ULONG* minor, nt::ULONG* build, nt::UNICODE_STRING* service_pack);
nt::NTSTATUS ZwOpenProcess(nt::HANDLE* handle, nt::ACCESS_MASK desired, nt::OBJECT_ATTRIBUTES* attributes,
                           nt::CLIENT_ID* client_id);
nt::NTSTATUS ZwDuplicateObject(nt::HANDLE source_process, nt::HANDLE source, nt::HANDLE target_process,
                               nt::HANDLE* target, nt::ACCESS_MASK desired, nt::ULONG attributes, nt::ULONG options);
void KeStackAttachProcess(nt::PKPROCESS process, nt::KAPC_STATE* state);
void KeUnstackDetachProcess(nt::KAPC_STATE* state);
void KeAttachProcess(nt::PKPROCESS process);
void KeDetachProcess();
nt::BOOLEAN KeIsAttachedProcess();

// Notify routines (notify_ddi.cpp)
nt::NTSTATUS PsSetCreateProcessNotifyRoutine(nt::PCREATE_PROCESS_NOTIFY_ROUTINE routine, nt::BOOLEAN remove);
nt::NTSTATUS PsSetCreateProcessNotifyRoutineEx(nt::PCREATE_PROCESS_NOTIFY_ROUTINE_EX routine, nt::BOOLEAN remove);
nt::NTSTATUS PsSetCreateThreadNotifyRoutine(nt::PCREATE_THREAD_NOTIFY_ROUTINE routine);
nt::NTSTATUS PsRemoveCreateThreadNotifyRoutine(nt::PCREATE_THREAD_NOTIFY_ROUTINE routine);
nt::NTSTATUS PsSetLoadImageNotifyRoutine(nt::PLOAD_IMAGE_NOTIFY_ROUTINE routine);
nt::NTSTATUS PsRemoveLoadImageNotifyRoutine(nt::PLOAD_IMAGE_NOTIFY_ROUTINE routine);

} // namespace ringside::ps
