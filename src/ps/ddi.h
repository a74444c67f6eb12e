// SPDX-License-Identifier: MIT
// The room's contract rows, and the bodies behind them that other rooms and tests call by name.
#pragma once

#include "base/contract.h"
#include "nt/nt.h"
#include "nt/system_information.h"

#include <span>

namespace ringside::ps {

std::span<Ddi const> ddi_rows();
std::span<Ddi const> accessor_rows();    // accessor_ddi.cpp
std::span<Ddi const> information_rows(); // thread_information.cpp: queries, ends, the newer notify routines

inline constexpr nt::ULONG kSession = 0;
// Above every class that a Windows knows.
inline constexpr int32_t kProcessClassesEnd = 128;
inline constexpr int32_t kThreadClassesEnd = 64;

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

// Queries and settings (system_, process_, thread_information.cpp)
nt::NTSTATUS ZwQuerySystemInformation(nt::SYSTEM_INFORMATION_CLASS what, nt::PVOID into, nt::ULONG length,
                                      nt::ULONG* return_length);
nt::NTSTATUS NtQuerySystemInformation(nt::SYSTEM_INFORMATION_CLASS what, nt::PVOID into, nt::ULONG length,
                                      nt::ULONG* return_length);
nt::NTSTATUS ZwQueryInformationProcess(nt::HANDLE process, nt::PROCESSINFOCLASS what, nt::PVOID into, nt::ULONG length,
                                       nt::ULONG* return_length);
nt::NTSTATUS NtQueryInformationProcess(nt::HANDLE process, nt::PROCESSINFOCLASS what, nt::PVOID into, nt::ULONG length,
                                       nt::ULONG* return_length);
nt::NTSTATUS ZwSetInformationProcess(nt::HANDLE process, nt::PROCESSINFOCLASS what, nt::PVOID information,
                                     nt::ULONG length);
nt::NTSTATUS NtOpenProcess(nt::HANDLE* handle, nt::ACCESS_MASK desired, nt::OBJECT_ATTRIBUTES* attributes,
                           nt::CLIENT_ID* client_id);
nt::NTSTATUS NtSetInformationProcess(nt::HANDLE process, nt::PROCESSINFOCLASS what, nt::PVOID information,
                                     nt::ULONG length);
nt::NTSTATUS ZwTerminateProcess(nt::HANDLE process, nt::NTSTATUS status);
nt::NTSTATUS ZwOpenThread(nt::HANDLE* handle, nt::ACCESS_MASK desired, nt::OBJECT_ATTRIBUTES* attributes,
                          nt::CLIENT_ID* client_id);
nt::NTSTATUS NtOpenThread(nt::HANDLE* handle, nt::ACCESS_MASK desired, nt::OBJECT_ATTRIBUTES* attributes,
                          nt::CLIENT_ID* client_id);
nt::NTSTATUS ZwQueryInformationThread(nt::HANDLE thread, nt::THREADINFOCLASS what, nt::PVOID into, nt::ULONG length,
                                      nt::ULONG* return_length);
nt::NTSTATUS NtQueryInformationThread(nt::HANDLE thread, nt::THREADINFOCLASS what, nt::PVOID into, nt::ULONG length,
                                      nt::ULONG* return_length);
nt::NTSTATUS NtSetInformationThread(nt::HANDLE thread, nt::THREADINFOCLASS what, nt::PVOID information,
                                    nt::ULONG length);
nt::NTSTATUS ZwSetInformationThread(nt::HANDLE thread, nt::THREADINFOCLASS what, nt::PVOID information,
                                    nt::ULONG length);

// Small questions, quota, disk counters (accessor_ddi.cpp)
nt::BOOLEAN PsIsSystemProcess(nt::PEPROCESS process);
nt::BOOLEAN PsGetProcessExitProcessCalled(nt::PEPROCESS process);
nt::UCHAR PsGetProcessPriorityClass(nt::PEPROCESS process);
nt::NTSTATUS PsLookupProcessThreadByCid(nt::CLIENT_ID* id, nt::PEPROCESS* process, nt::PETHREAD* thread);
nt::NTSTATUS SeLocateProcessImageName(nt::PEPROCESS process, nt::UNICODE_STRING** name);
nt::PVOID PsGetProcessSectionBaseAddress(nt::PEPROCESS process);
nt::NTSTATUS PsReferenceProcessFilePointer(nt::PEPROCESS process, nt::PVOID* file);
nt::NTSTATUS PsAcquireProcessExitSynchronization(nt::PEPROCESS process);
void PsReleaseProcessExitSynchronization(nt::PEPROCESS process);
nt::CCHAR PsGetCurrentThreadPreviousMode();
nt::PEPROCESS PsGetCurrentThreadProcess();
nt::HANDLE PsGetCurrentThreadProcessId();
void PsChargePoolQuota(nt::PEPROCESS process, nt::POOL_TYPE type, nt::ULONG_PTR amount);
nt::NTSTATUS PsChargeProcessPoolQuota(nt::PEPROCESS process, nt::POOL_TYPE type, nt::ULONG_PTR amount);
void PsReturnPoolQuota(nt::PEPROCESS process, nt::POOL_TYPE type, nt::ULONG_PTR amount);
nt::BOOLEAN PsIsDiskCountersEnabled();
void PsUpdateDiskCounters(nt::PEPROCESS process, nt::ULONGLONG bytes_read, nt::ULONGLONG bytes_written,
                          nt::ULONG reads, nt::ULONG writes, nt::ULONG flushes);

// Notify routines (notify_ddi.cpp)
nt::NTSTATUS PsSetCreateProcessNotifyRoutine(nt::PCREATE_PROCESS_NOTIFY_ROUTINE routine, nt::BOOLEAN remove);
nt::NTSTATUS PsSetCreateProcessNotifyRoutineEx(nt::PCREATE_PROCESS_NOTIFY_ROUTINE_EX routine, nt::BOOLEAN remove);
inline constexpr nt::ULONG kPsCreateProcessNotifySubsystems = 0;
inline constexpr nt::ULONG kPsCreateThreadNotifyNonSystem = 0;
inline constexpr nt::ULONG kPsCreateThreadNotifySubsystems = 1;
inline constexpr nt::ULONG kPsImageNotifyConflictingArchitecture = 1;
nt::NTSTATUS PsSetCreateProcessNotifyRoutineEx2(nt::ULONG type, nt::PVOID information, nt::BOOLEAN remove);
nt::NTSTATUS PsSetCreateThreadNotifyRoutineEx(nt::ULONG type, nt::PVOID information);
nt::NTSTATUS PsSetLoadImageNotifyRoutineEx(nt::PLOAD_IMAGE_NOTIFY_ROUTINE routine, nt::ULONG_PTR flags);
nt::NTSTATUS PsSetCreateThreadNotifyRoutine(nt::PCREATE_THREAD_NOTIFY_ROUTINE routine);
nt::NTSTATUS PsRemoveCreateThreadNotifyRoutine(nt::PCREATE_THREAD_NOTIFY_ROUTINE routine);
nt::NTSTATUS PsSetLoadImageNotifyRoutine(nt::PLOAD_IMAGE_NOTIFY_ROUTINE routine);
nt::NTSTATUS PsRemoveLoadImageNotifyRoutine(nt::PLOAD_IMAGE_NOTIFY_ROUTINE routine);

} // namespace ringside::ps
