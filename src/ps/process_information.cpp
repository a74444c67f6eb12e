// SPDX-License-Identifier: MIT
// ZwQueryInformationProcess, ZwSetInformationProcess, and the end of a process by handle.
#include "ps/ddi.h"

#include "hal/layout.h"
#include "ke/kernel.h"
#include "ob/service.h"
#include "ps/process.h"
#include "ps/query.h"
#include "ps/writer.h"

namespace ringside::ps {

using namespace nt;

namespace {

constexpr ACCESS_MASK kProcessQueryLimited = 0x1000, kProcessQuery = 0x400, kProcessSet = 0x200, kProcessTerminate = 1;
constexpr KPRIORITY kBasePriority = 8;
constexpr UCHAR kRealTimeClass = 4; // PROCESS_PRIORITY_CLASS_REALTIME
constexpr UCHAR kPriorityClassMax = 6; // PROCESS_PRIORITY_CLASS_ABOVE_NORMAL

PROCESS_BASIC_INFORMATION basic(ke::Process& process)
{
    ProcessRecord const& record = *manager().record_of(process);
    PROCESS_BASIC_INFORMATION information {};
    information.ExitStatus = record.exit_status;
    information.AffinityMask = ~ULONG_PTR { 0 } >> (64 - std::min<size_t>(64, ke::kernel().cpus().size()));
    information.BasePriority = kBasePriority;
    information.UniqueProcessId = process.id;
    information.InheritedFromUniqueProcessId = record.parent_id;
    return information;
}

NTSTATUS image_name(std::u16string const& name, PVOID into, ULONG length, ULONG* return_length)
{
    Writer out(into, length);
    size_t const bytes = name.size() * sizeof(char16_t);
    out.put(UNICODE_STRING { static_cast<USHORT>(bytes), static_cast<USHORT>(bytes + sizeof(char16_t)),
                             reinterpret_cast<PWSTR>(out.here() + sizeof(UNICODE_STRING)) });
    out.write(name.c_str(), bytes + sizeof(char16_t));
    return out.finish(return_length);
}

NTSTATUS query(HANDLE handle, PROCESSINFOCLASS what, PVOID into, ULONG length, ULONG* return_length,
               KPROCESSOR_MODE mode)
{
    auto found = object_to_query(handle, ob::process_type, kProcessQuery | kProcessQueryLimited, mode, into, length,
                                 return_length);
    if (!found.ok())
        return found.status();
    ke::Process& process = *manager().process_of(*found);
    ProcessRecord& record = *manager().record_of(process);
    switch (what) {
    case ProcessBasicInformation:
        if (length == sizeof(PROCESS_EXTENDED_BASIC_INFORMATION)) {
            auto extended = ob::get(static_cast<PROCESS_EXTENDED_BASIC_INFORMATION*>(into));
            if (extended.Size != sizeof extended)
                return STATUS_INVALID_PARAMETER;
            constexpr ULONG kDeleting = 4;
            extended.BasicInfo = basic(process);
            extended.Flags = record.terminating ? kDeleting : 0;
            return answer(extended, into, length, return_length);
        }
        return answer(basic(process), into, length, return_length);
    case ProcessTimes: {
        KERNEL_USER_TIMES times {};
        times.CreateTime.QuadPart = record.create_time;
        times.ExitTime.QuadPart = record.exit_time;
        return answer(times, into, length, return_length);
    }
    case ProcessWow64Information:
        return answer(record.narrow_peb, into, length, return_length);
    case ProcessDebugPort:
        return answer(ULONG_PTR { 0 }, into, length, return_length);
    case ProcessDebugObjectHandle:
        if (NTSTATUS status = answer(HANDLE {}, into, length, return_length); status)
            return status;
        return STATUS_PORT_NOT_SET;
    case ProcessDebugFlags: // not to be inherited by children
        return answer(ULONG { 1 }, into, length, return_length);
    case ProcessPriorityClass:
        return answer(PROCESS_PRIORITY_CLASS { FALSE, record.priority_class }, into, length, return_length);
    case ProcessHandleCount:
        return answer(static_cast<ULONG>(ob::open_handles_of(process)), into, length, return_length);
    case ProcessSessionInformation:
        return answer(PROCESS_SESSION_INFORMATION { kSession }, into, length, return_length);
    case ProcessImageFileName:
        return image_name(device_path_of_image(record), into, length, return_length);
    case ProcessImageFileNameWin32:
        return image_name(record.image_path, into, length, return_length);
    case ProcessBreakOnTermination:
        return answer(ULONG { record.critical }, into, length, return_length);
    default:
        return what < 0 || what >= kProcessClassesEnd ? STATUS_INVALID_INFO_CLASS : STATUS_NOT_IMPLEMENTED;
    }
}

NTSTATUS set(HANDLE handle, PROCESSINFOCLASS what, PVOID information, ULONG length, KPROCESSOR_MODE mode)
{
    auto found = ob::reference_by_handle(handle, kProcessSet, &ob::process_type, mode);
    if (!found.ok())
        return found.status();
    if (NTSTATUS status = ob::probe(mode, information, length, 1); status)
        return status;
    ob::Held held(found->body);
    ProcessRecord& record = *manager().record_of(*manager().process_of(held.body()));
    switch (what) {
    case ProcessPriorityClass: {
        PROCESS_PRIORITY_CLASS given {};
        if (NTSTATUS status = take(given, information, length); status)
            return status;
        if (given.PriorityClass > kPriorityClassMax)
            return STATUS_INVALID_PARAMETER;
        if (given.PriorityClass == kRealTimeClass && !caller_may(SE_INC_BASE_PRIORITY_PRIVILEGE, mode))
            return STATUS_PRIVILEGE_NOT_HELD;
        record.priority_class = given.PriorityClass;
        return STATUS_SUCCESS;
    }
    case ProcessBreakOnTermination: {
        ULONG critical = 0;
        if (NTSTATUS status = take(critical, information, length); status)
            return status;
        if (!caller_may(SE_DEBUG_PRIVILEGE, mode))
            return STATUS_PRIVILEGE_NOT_HELD;
        record.critical = critical;
        return STATUS_SUCCESS;
    }
    default:
        return what < 0 || what >= kProcessClassesEnd ? STATUS_INVALID_INFO_CLASS : STATUS_NOT_IMPLEMENTED;
    }
}

} // namespace

NTSTATUS ZwQueryInformationProcess(HANDLE process, PROCESSINFOCLASS what, PVOID into, ULONG length,
                                   ULONG* return_length)
{
    return query(process, what, into, length, return_length, KernelMode);
}

NTSTATUS NtQueryInformationProcess(HANDLE process, PROCESSINFOCLASS what, PVOID into, ULONG length,
                                   ULONG* return_length)
{
    KPROCESSOR_MODE const mode = ob::previous_mode();
    return ob::as_service(mode, [&] { return query(process, what, into, length, return_length, mode); });
}

NTSTATUS ZwSetInformationProcess(HANDLE process, PROCESSINFOCLASS what, PVOID information, ULONG length)
{
    return set(process, what, information, length, KernelMode);
}

NTSTATUS NtSetInformationProcess(HANDLE process, PROCESSINFOCLASS what, PVOID information, ULONG length)
{
    KPROCESSOR_MODE const mode = ob::previous_mode();
    return ob::as_service(mode, [&] { return set(process, what, information, length, mode); });
}

// Without a handle: all threads of the current process but this one.
// @cite(wdk-ddi): page=ntddk/nf-ntddk-zwterminateprocess
NTSTATUS ZwTerminateProcess(HANDLE handle, NTSTATUS status)
{
    if (!handle)
        return manager().terminate(*ke::kernel().current().process, status, true);
    auto found = ob::reference_by_handle(handle, kProcessTerminate, &ob::process_type, KernelMode);
    if (!found.ok())
        return found.status();
    ke::Process& process = *manager().process_of(found->body);
    // The current process does not come back from here, and holds itself while it runs.
    if (&process == ke::kernel().current().process) {
        ob::dereference(found->body);
        return manager().terminate(process, status);
    }
    ob::Held held(found->body);
    return manager().terminate(process, status);
}

} // namespace ringside::ps
