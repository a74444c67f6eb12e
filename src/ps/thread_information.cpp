// SPDX-License-Identifier: MIT
// ZwQueryInformationThread, ZwSetInformationThread.
#include "ps/ddi.h"

#include "ke/kernel.h"
#include "ob/service.h"
#include "ps/process.h"
#include "ps/query.h"
#include "ps/writer.h"

#include <algorithm>

namespace ringside::ps {

using namespace nt;

namespace {

constexpr ACCESS_MASK kThreadQuery = 0x40;
constexpr ULONG kPagePriorityMax = 5;
constexpr KPRIORITY kRealTime = 16, kHighest = 31, kProcessBase = 8;

HANDLE handle_of(uint64_t id) { return reinterpret_cast<HANDLE>(id); }

NTSTATUS exit_status(ke::Thread const& thread)
{
    return thread.state == ke::ThreadState::Terminated ? thread.exit_status : STATUS_PENDING;
}

NTSTATUS query(HANDLE handle, THREADINFOCLASS what, PVOID into, ULONG length, ULONG* return_length,
               KPROCESSOR_MODE mode)
{
    auto found = object_to_query(handle, ob::thread_type, kThreadQuery | THREAD_QUERY_LIMITED_INFORMATION, mode, into, length,
                                 return_length);
    if (!found.ok())
        return found.status();
    ke::Thread& thread = *ke::kernel().thread_of(static_cast<PKTHREAD>(*found));
    ThreadRecord const& record = *manager().record_of(thread);
    switch (what) {
    case ThreadBasicInformation: {
        THREAD_BASIC_INFORMATION information {};
        information.ExitStatus = exit_status(thread);
        information.ClientId = { handle_of(thread.process->id), handle_of(thread.id) };
        information.AffinityMask
            = thread.affinity & ~uint64_t { 0 } >> (64 - std::min<size_t>(64, ke::kernel().cpus().size()));
        information.Priority = thread.priority;
        information.BasePriority = thread.base_priority - kProcessBase;
        return answer(information, into, length, return_length);
    }
    case ThreadTimes: {
        KERNEL_USER_TIMES times {};
        times.CreateTime.QuadPart = record.create_time;
        return answer(times, into, length, return_length);
    }
    case ThreadQuerySetWin32StartAddress:
        return answer(reinterpret_cast<PVOID>(record.start_routine), into, length, return_length);
    case ThreadAmILastThread:
        return answer(ULONG { manager().record_of(*thread.process)->live_threads == 1 }, into, length, return_length);
    case ThreadHideFromDebugger:
        return answer(BOOLEAN { record.hidden_from_debugger }, into, length, return_length);
    case ThreadBreakOnTermination:
        return answer(ULONG { record.critical }, into, length, return_length);
    case ThreadIsTerminated:
        return answer(ULONG { thread.state == ke::ThreadState::Terminated }, into, length, return_length);
    case ThreadPagePriority:
        return answer(ULONG { record.page_priority }, into, length, return_length);
    default:
        return what < 0 || what >= kThreadClassesEnd ? STATUS_INVALID_INFO_CLASS : STATUS_NOT_IMPLEMENTED;
    }
}

NTSTATUS set(HANDLE handle, THREADINFOCLASS what, PVOID information, ULONG length, KPROCESSOR_MODE mode)
{
    auto found = ob::reference_by_handle(handle, THREAD_SET_INFORMATION, &ob::thread_type, mode);
    if (!found.ok())
        return found.status();
    if (NTSTATUS status = ob::probe(mode, information, length, sizeof(ULONG)); status)
        return status;
    ob::Held held(found->body);
    ke::Thread& thread = *ke::kernel().thread_of(static_cast<PKTHREAD>(held.body()));
    ThreadRecord& record = *manager().record_of(thread);
    ULONG value = 0;
    if (what == ThreadHideFromDebugger) {
        if (length)
            return STATUS_INFO_LENGTH_MISMATCH;
        record.hidden_from_debugger = true;
        return STATUS_SUCCESS;
    }
    switch (what) {
    case ThreadPriority:
    case ThreadBasePriority:
    case ThreadPagePriority:
    case ThreadBreakOnTermination:
        break;
    default:
        return what < 0 || what >= kThreadClassesEnd ? STATUS_INVALID_INFO_CLASS : STATUS_NOT_IMPLEMENTED;
    }
    if (NTSTATUS status = take(value, information, length); status)
        return status;
    auto const priority = static_cast<KPRIORITY>(value);
    switch (what) {
    case ThreadPriority:
        if (priority <= 0 || priority > kHighest)
            return STATUS_INVALID_PARAMETER;
        if (priority >= kRealTime && !caller_may(SE_INC_BASE_PRIORITY_PRIVILEGE, mode))
            return STATUS_PRIVILEGE_NOT_HELD;
        thread.base_priority = static_cast<int8_t>(priority);
        ke::kernel().set_priority(thread, thread.base_priority);
        return STATUS_SUCCESS;
    case ThreadBasePriority: {
        // An increment upon the process' base priority, which stays in the process' class.
        KPRIORITY const base = kProcessBase + priority;
        if (priority <= -kRealTime || priority >= kRealTime)
            return STATUS_INVALID_PARAMETER;
        thread.base_priority = static_cast<int8_t>(std::clamp(base, 1, kRealTime - 1));
        ke::kernel().set_priority(thread, thread.base_priority);
        return STATUS_SUCCESS;
    }
    case ThreadPagePriority:
        if (!value || value > kPagePriorityMax)
            return STATUS_INVALID_PARAMETER;
        record.page_priority = value;
        return STATUS_SUCCESS;
    default:
        if (!caller_may(SE_DEBUG_PRIVILEGE, mode))
            return STATUS_PRIVILEGE_NOT_HELD;
        record.critical = value;
        return STATUS_SUCCESS;
    }
}

} // namespace

NTSTATUS ZwQueryInformationThread(HANDLE thread, THREADINFOCLASS what, PVOID into, ULONG length, ULONG* return_length)
{
    return query(thread, what, into, length, return_length, KernelMode);
}

NTSTATUS NtQueryInformationThread(HANDLE thread, THREADINFOCLASS what, PVOID into, ULONG length, ULONG* return_length)
{
    KPROCESSOR_MODE const mode = ob::previous_mode();
    return ob::as_service(mode, [&] { return query(thread, what, into, length, return_length, mode); });
}

// @cite(wdk-ddi): page=ntddk/nf-ntddk-zwsetinformationthread
NTSTATUS ZwSetInformationThread(HANDLE thread, THREADINFOCLASS what, PVOID information, ULONG length)
{
    return set(thread, what, information, length, KernelMode);
}

NTSTATUS NtSetInformationThread(HANDLE thread, THREADINFOCLASS what, PVOID information, ULONG length)
{
    KPROCESSOR_MODE const mode = ob::previous_mode();
    return ob::as_service(mode, [&] { return set(thread, what, information, length, mode); });
}

std::span<Ddi const> information_rows()
{
    constexpr char const* kInUse = "exported, but not documented";
    constexpr char const* kSystem
        = "classes basic, processor, time of day, process, module, handle and its extended form, kernel debugger, code "
          "integrity; others: STATUS_NOT_IMPLEMENTED. Processor times and memory counters are 0; the kernel's own "
          "module "
          "is its table of stubs, which has no PE header";
    constexpr char const* kProcess = "classes basic, times, debug port, flags and object, priority class, handle "
                                     "count, session, WOW64, image names, "
                                     "break on termination; others: STATUS_NOT_IMPLEMENTED. Processor times are 0";
    constexpr char const* kThread = "classes basic, times, start address, last thread, hide from debugger, break on "
                                    "termination, is terminated, page "
                                    "priority; others: STATUS_NOT_IMPLEMENTED. Processor times are 0";
    // clang-format off
    static Ddi const rows[] = {
        { .name = "ZwQuerySystemInformation", .partial = kSystem, .because = kInUse,
          .body = body<&ZwQuerySystemInformation>() },
        { .name = "NtQuerySystemInformation", .partial = kSystem, .because = kInUse,
          .body = body<&NtQuerySystemInformation>() },
        { .name = "ZwQueryInformationProcess", .partial = kProcess, .because = kInUse,
          .body = body<&ZwQueryInformationProcess>() },
        { .name = "NtQueryInformationProcess", .partial = kProcess, .because = kInUse,
          .body = body<&NtQueryInformationProcess>() },
        { .name = "ZwSetInformationProcess",
          .partial = "priority class (which changes no thread's priority) and break on termination; others: "
                     "STATUS_NOT_IMPLEMENTED",
          .because = kInUse, .body = body<&ZwSetInformationProcess>() },
        { .name = "NtOpenProcess", .fail = Fail::Status, .fail_status = STATUS_INSUFFICIENT_RESOURCES,
          .page = "ntddk/nf-ntddk-ntopenprocess", .rules = "PowerIrpDDis", .body = body<&NtOpenProcess>() },
        { .name = "SeLocateProcessImageName", .fail = Fail::Status, .fail_status = STATUS_INSUFFICIENT_RESOURCES,
          .page = "ntifs/nf-ntifs-selocateprocessimagename", .body = body<&SeLocateProcessImageName>() },
        { .name = "ZwTerminateProcess", .page = "ntddk/nf-ntddk-zwterminateprocess", .rules = "PowerIrpDDis",
          .partial = "the System process cannot be terminated", .body = body<&ZwTerminateProcess>() },
        { .name = "ZwOpenThread", .fail = Fail::Status, .fail_status = STATUS_INSUFFICIENT_RESOURCES, .because = kInUse,
          .body = body<&ZwOpenThread>() },
        { .name = "NtOpenThread", .fail = Fail::Status, .fail_status = STATUS_INSUFFICIENT_RESOURCES, .because = kInUse,
          .body = body<&NtOpenThread>() },
        { .name = "ZwQueryInformationThread", .partial = kThread, .because = kInUse,
          .body = body<&ZwQueryInformationThread>() },
        { .name = "NtQueryInformationThread", .partial = kThread, .because = kInUse,
          .body = body<&NtQueryInformationThread>() },
        { .name = "ZwSetInformationThread", .page = "ntddk/nf-ntddk-zwsetinformationthread", .rules = "PowerIrpDDis",
          .partial = "priority, base priority, page priority (which changes nothing), hide from debugger, break on "
                     "termination; others: STATUS_NOT_IMPLEMENTED",
          .body = body<&ZwSetInformationThread>() },
        { .name = "NtSetInformationThread", .page = "ntifs/nf-ntifs-ntsetinformationthread", .rules = "PowerIrpDDis",
          .partial = "as ZwSetInformationThread", .body = body<&NtSetInformationThread>() },
        { .name = "NtSetInformationProcess", .partial = "as ZwSetInformationProcess", .because = kInUse,
          .body = body<&NtSetInformationProcess>() },
        { .name = "PsSetCreateProcessNotifyRoutineEx2", .since = Windows::v10_1703,
          .page = "ntddk/nf-ntddk-pssetcreateprocessnotifyroutineex2", .rules = "PowerIrpDDis",
          .body = body<&PsSetCreateProcessNotifyRoutineEx2>() },
        { .name = "PsSetCreateThreadNotifyRoutineEx", .since = Windows::v10_1507, .fail = Fail::Status,
          .fail_status = STATUS_INSUFFICIENT_RESOURCES, .page = "ntddk/nf-ntddk-pssetcreatethreadnotifyroutineex",
          .body = body<&PsSetCreateThreadNotifyRoutineEx>() },
        { .name = "PsSetLoadImageNotifyRoutineEx", .since = Windows::v10_1709, .fail = Fail::Status,
          .fail_status = STATUS_INSUFFICIENT_RESOURCES, .page = "ntddk/nf-ntddk-pssetloadimagenotifyroutineex",
          .partial = kImages,
          .body = body<&PsSetLoadImageNotifyRoutineEx>() },
    };
    // clang-format on
    return rows;
}

} // namespace ringside::ps
