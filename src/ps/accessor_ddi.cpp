// SPDX-License-Identifier: MIT
// Small questions about processes and threads, pool quota, disk counters, silos. A machine has one session, number 0, no
// job, no debugger and no silo but the host's; clients have no PEB and their threads no TEB. A 32-bit client has a zeroed
// page for its PEB, so that drivers that ask see what it is.
#include "ps/ddi.h"

#include "ke/kernel.h"
#include "ob/capture.h"
#include "ob/handle.h"
#include "ps/process.h"

namespace ringside::ps {

using namespace nt;

namespace {

constexpr char const* kInUse = "exported, but not documented";

HANDLE handle_of(uint64_t id) { return reinterpret_cast<HANDLE>(id); }
PEPROCESS pointer_to(ke::Process& process) { return reinterpret_cast<PEPROCESS>(process.guest); }

// Questions with one answer on this machine; the object must be what it is said to be.
PVOID no_pointer_of_process(PEPROCESS process)
{
    static_cast<void>(required_process(process));
    return nullptr;
}
PVOID no_pointer_of_thread(PETHREAD thread)
{
    static_cast<void>(required_thread(thread));
    return nullptr;
}
PVOID no_pointer() { return nullptr; }
BOOLEAN no_process(PEPROCESS process)
{
    static_cast<void>(required_process(process));
    return FALSE;
}
ULONG session_of_process(PEPROCESS process)
{
    static_cast<void>(required_process(process));
    return kSession;
}
ULONG session_of_thread(PETHREAD thread)
{
    static_cast<void>(required_thread(thread));
    return kSession;
}
ULONG the_session() { return kSession; }

bool is_paged(POOL_TYPE type) { return type & PagedPool; }

} // namespace

BOOLEAN PsIsSystemProcess(PEPROCESS process) { return &required_process(process) == &manager().system(); }

BOOLEAN PsGetProcessExitProcessCalled(PEPROCESS process)
{
    return manager().record_of(required_process(process))->terminating;
}

UCHAR PsGetProcessPriorityClass(PEPROCESS process)
{
    return manager().record_of(required_process(process))->priority_class;
}

NTSTATUS PsLookupProcessThreadByCid(CLIENT_ID* id, PEPROCESS* process, PETHREAD* thread)
{
    CLIENT_ID const given = ob::get(id);
    ke::Thread* found = manager().thread_by_id(reinterpret_cast<uint64_t>(given.UniqueThread));
    if (!found || handle_of(found->process->id) != given.UniqueProcess || found->state == ke::ThreadState::Terminated)
        return STATUS_INVALID_CID;
    ob::put(thread, found->pointer());
    if (process) {
        ob::put(process, pointer_to(*found->process));
        ob::reference(found->process->guest);
    }
    ob::reference(found->guest);
    return STATUS_SUCCESS;
}

// Null for the System process.
PVOID PsGetProcessSectionBaseAddress(PEPROCESS process)
{
    return reinterpret_cast<PVOID>(manager().record_of(required_process(process))->image_base);
}

// What a process was made from is no file here, as with the System process on Windows.
NTSTATUS PsReferenceProcessFilePointer(PEPROCESS process, PVOID* file)
{
    static_cast<void>(required_process(process));
    ob::put(file, nullptr);
    return STATUS_UNSUCCESSFUL;
}

NTSTATUS PsAcquireProcessExitSynchronization(PEPROCESS process)
{
    return manager().hold_exit(required_process(process));
}
void PsReleaseProcessExitSynchronization(PEPROCESS process) { manager().release_exit(required_process(process)); }

CCHAR PsGetCurrentThreadPreviousMode() { return ob::previous_mode(); }
PEPROCESS PsGetCurrentThreadProcess() { return pointer_to(*ke::kernel().current().process); }
HANDLE PsGetCurrentThreadProcessId() { return handle_of(ke::kernel().current().process->id); }

// --- Quota ---

// @cite(wdk-ddi): page=ntifs/nf-ntifs-pschargepoolquota
void PsChargePoolQuota(PEPROCESS process, POOL_TYPE type, ULONG_PTR amount)
{
    if (NTSTATUS status = PsChargeProcessPoolQuota(process, type, amount); status)
        ke::raise(status);
}

NTSTATUS PsChargeProcessPoolQuota(PEPROCESS process, POOL_TYPE type, ULONG_PTR amount)
{
    return manager().charge(required_process(process), is_paged(type), amount) ? STATUS_SUCCESS : STATUS_QUOTA_EXCEEDED;
}

// @cite(wdk-ddi): page=ntifs/nf-ntifs-psreturnpoolquota
void PsReturnPoolQuota(PEPROCESS process, POOL_TYPE type, ULONG_PTR amount)
{
    manager().give_back(required_process(process), is_paged(type), amount);
}

// --- Disk counters ---

// @cite(wdk-ddi): page=ntifs/nf-ntifs-psisdiskcountersenabled
BOOLEAN PsIsDiskCountersEnabled() { return TRUE; }

// @cite(wdk-ddi): page=ntifs/nf-ntifs-psupdatediskcounters
void PsUpdateDiskCounters(PEPROCESS process, ULONGLONG bytes_read, ULONGLONG bytes_written, ULONG reads, ULONG writes,
                          ULONG flushes)
{
    ULONGLONG* const disk = manager().record_of(required_process(process))->disk;
    ULONGLONG const more[] = { bytes_read, bytes_written, reads, writes, flushes };
    for (size_t i = 0; i < std::size(more); ++i)
        disk[i] += more[i];
}

// --- 32-bit clients ---

PVOID PsGetProcessWow64Process(PEPROCESS process) { return manager().record_of(required_process(process))->narrow_peb; }
PVOID PsGetCurrentProcessWow64Process()
{
    return manager().record_of(ob::current_process())->narrow_peb;
}

std::span<Ddi const> accessor_rows()
{
    constexpr char const* kNoPeb = "clients have no PEB: null, as for the System process";
    constexpr char const* kNarrowPeb = "a 32-bit client's PEB is a zeroed page";
    constexpr char const* kNoTeb = "clients' threads have no TEB: null, as for system threads";
    constexpr char const* kNoWin32 = "there is no win32k: null, as for a process that has not called it";
    constexpr char const* kNoImage = "clients are not made from an image file: as for the System process";
    constexpr char const* kOneSession = "there is one session: 0";
    constexpr char const* kNoSilos = "there are no silos but the host's";
    constexpr char const* kNoJobs = "there are no job objects";
    // clang-format off
    static Ddi const rows[] = {
        { .name = "PsGetProcessPeb", .irql = { .highest = DISPATCH_LEVEL }, .partial = kNoPeb, .because = kInUse,
          .body = body<&no_pointer_of_process>() },
        { .name = "PsGetProcessWow64Process", .irql = { .highest = DISPATCH_LEVEL },
          .partial = kNarrowPeb, .because = kInUse, .body = body<&PsGetProcessWow64Process>() },
        { .name = "PsGetCurrentProcessWow64Process", .irql = { .highest = DISPATCH_LEVEL },
          .partial = kNarrowPeb, .because = kInUse, .body = body<&PsGetCurrentProcessWow64Process>() },
        { .name = "PsGetProcessWin32Process", .irql = { .highest = DISPATCH_LEVEL }, .partial = kNoWin32,
          .because = kInUse, .body = body<&no_pointer_of_process>() },
        { .name = "PsGetThreadWin32Thread", .irql = { .highest = DISPATCH_LEVEL }, .partial = kNoWin32,
          .because = kInUse, .body = body<&no_pointer_of_thread>() },
        { .name = "PsGetProcessDebugPort", .irql = { .highest = DISPATCH_LEVEL },
          .partial = "there are no user-mode debuggers: null", .because = kInUse,
          .body = body<&no_pointer_of_process>() },
        { .name = "PsIsProcessBeingDebugged", .irql = { .highest = DISPATCH_LEVEL },
          .partial = "there are no user-mode debuggers: FALSE", .because = kInUse, .body = body<&no_process>() },
        { .name = "PsIsProtectedProcess", .irql = { .highest = DISPATCH_LEVEL }, .since = Windows::vista,
          .partial = "there are no protected processes: FALSE", .because = kInUse, .body = body<&no_process>() },
        { .name = "PsGetProcessJob", .irql = { .highest = DISPATCH_LEVEL }, .partial = "there are no job objects: null",
          .because = kInUse, .body = body<&no_pointer_of_process>() },
        { .name = "PsGetProcessSectionBaseAddress", .irql = { .highest = DISPATCH_LEVEL },
          .partial = "a client's image is its headers alone", .because = kInUse,
          .body = body<&PsGetProcessSectionBaseAddress>() },
        { .name = "PsReferenceProcessFilePointer", .irql = { .highest = APC_LEVEL }, .partial = kNoImage,
          .because = kInUse, .body = body<&PsReferenceProcessFilePointer>() },
        { .name = "PsGetProcessSessionId", .irql = { .highest = DISPATCH_LEVEL }, .partial = kOneSession,
          .because = kInUse, .body = body<&session_of_process>() },
        { .name = "PsGetProcessSessionIdEx", .irql = { .highest = DISPATCH_LEVEL }, .partial = kOneSession,
          .because = kInUse, .body = body<&session_of_process>() },
        { .name = "PsGetCurrentProcessSessionId", .irql = { .highest = DISPATCH_LEVEL }, .partial = kOneSession,
          .because = kInUse, .body = body<&the_session>() },
        { .name = "PsGetThreadSessionId", .irql = { .highest = DISPATCH_LEVEL }, .partial = kOneSession,
          .because = kInUse, .body = body<&session_of_thread>() },
        { .name = "PsGetThreadTeb", .irql = { .highest = DISPATCH_LEVEL }, .partial = kNoTeb, .because = kInUse,
          .body = body<&no_pointer_of_thread>() },
        { .name = "PsGetCurrentThreadTeb", .irql = { .highest = HIGH_LEVEL }, .since = Windows::win7,
          .page = "ntddk/nf-ntddk-psgetcurrentthreadteb", .partial = kNoTeb, .body = body<&no_pointer>() },
        { .name = "PsIsSystemProcess", .irql = { .highest = DISPATCH_LEVEL }, .because = kInUse,
          .body = body<&PsIsSystemProcess>() },
        { .name = "PsGetProcessExitProcessCalled", .irql = { .highest = DISPATCH_LEVEL }, .because = kInUse,
          .body = body<&PsGetProcessExitProcessCalled>() },
        { .name = "PsGetProcessPriorityClass", .irql = { .highest = DISPATCH_LEVEL }, .because = kInUse,
          .body = body<&PsGetProcessPriorityClass>() },
        { .name = "PsLookupProcessThreadByCid", .irql = { .highest = APC_LEVEL }, .because = kInUse,
          .body = body<&PsLookupProcessThreadByCid>() },
        { .name = "PsAcquireProcessExitSynchronization", .irql = { .highest = APC_LEVEL }, .because = kInUse,
          .body = body<&PsAcquireProcessExitSynchronization>() },
        { .name = "PsReleaseProcessExitSynchronization", .irql = { .highest = APC_LEVEL }, .because = kInUse,
          .body = body<&PsReleaseProcessExitSynchronization>() },
        { .name = "PsGetCurrentThreadPreviousMode", .irql = { .highest = DISPATCH_LEVEL }, .because = kInUse,
          .body = body<&PsGetCurrentThreadPreviousMode>() },
        { .name = "PsGetCurrentThreadProcess", .irql = { .highest = DISPATCH_LEVEL }, .because = kInUse,
          .body = body<&PsGetCurrentThreadProcess>() },
        { .name = "PsGetCurrentThreadProcessId", .irql = { .highest = DISPATCH_LEVEL }, .because = kInUse,
          .body = body<&PsGetCurrentThreadProcessId>() },

        { .name = "PsChargePoolQuota", .irql = { .highest = APC_LEVEL }, .fail = Fail::Raise,
          .fail_status = STATUS_QUOTA_EXCEEDED, .page = "ntifs/nf-ntifs-pschargepoolquota",
          .body = body<&PsChargePoolQuota>() },
        { .name = "PsChargeProcessPoolQuota", .irql = { .highest = APC_LEVEL }, .fail = Fail::Status,
          .fail_status = STATUS_QUOTA_EXCEEDED, .because = kInUse, .body = body<&PsChargeProcessPoolQuota>() },
        { .name = "PsReturnPoolQuota", .irql = { .highest = APC_LEVEL }, .page = "ntifs/nf-ntifs-psreturnpoolquota",
          .body = body<&PsReturnPoolQuota>() },
        { .name = "PsIsDiskCountersEnabled", .irql = { .highest = HIGH_LEVEL }, .since = Windows::win8,
          .page = "ntifs/nf-ntifs-psisdiskcountersenabled", .body = body<&PsIsDiskCountersEnabled>() },
        { .name = "PsUpdateDiskCounters", .irql = { .highest = DISPATCH_LEVEL }, .since = Windows::win8,
          .page = "ntifs/nf-ntifs-psupdatediskcounters", .body = body<&PsUpdateDiskCounters>() },

        { .name = "PsGetCurrentServerSilo", .irql = { .highest = DISPATCH_LEVEL }, .since = Windows::v10_1607,
          .page = "ntddk/nf-ntddk-psgetcurrentserversilo", .partial = "there are no silos: the host's, which is null",
          .body = body<&no_pointer>() },
        { .name = "PsGetThreadServerSilo", .irql = { .highest = DISPATCH_LEVEL }, .since = Windows::v10_1809,
          .page = "ntddk/nf-ntddk-psgetthreadserversilo", .partial = "there are no silos: the host's, which is null",
          .body = body<&no_pointer_of_thread>() },
        { .name = "PsGetParentSilo", .since = Windows::v10_1709, .page = "ntddk/nf-ntddk-psgetparentsilo",
          .declined = kNoJobs },
        { .name = "PsGetServerSiloActiveConsoleId", .since = Windows::v10_1709,
          .page = "ntddk/nf-ntddk-psgetserversiloactiveconsoleid", .declined = kNoSilos },
        { .name = "PsGetSiloContainerId", .since = Windows::v10_1809, .page = "ntddk/nf-ntddk-psgetsilocontainerid",
          .declined = kNoSilos },
        { .name = "PsAttachSiloToCurrentThread", .since = Windows::v10_1607,
          .page = "ntddk/nf-ntddk-psattachsilotocurrentthread", .declined = kNoSilos },
        { .name = "PsDetachSiloFromCurrentThread", .since = Windows::v10_1607,
          .page = "ntddk/nf-ntddk-psdetachsilofromcurrentthread", .declined = kNoSilos },
        { .name = "PsCreateSiloContext", .since = Windows::v10_1607, .page = "ntddk/nf-ntddk-pscreatesilocontext",
          .declined = kNoSilos },
        { .name = "PsReferenceSiloContext", .irql = { .highest = DISPATCH_LEVEL }, .since = Windows::v10_1607,
          .page = "ntddk/nf-ntddk-psreferencesilocontext", .declined = kNoSilos },
        { .name = "PsDereferenceSiloContext", .irql = { .highest = DISPATCH_LEVEL }, .since = Windows::v10_1607,
          .page = "ntddk/nf-ntddk-psdereferencesilocontext", .declined = kNoSilos },
        { .name = "PsInsertPermanentSiloContext", .since = Windows::v10_1607,
          .page = "ntddk/nf-ntddk-psinsertpermanentsilocontext", .declined = kNoSilos },
        { .name = "PsGetPermanentSiloContext", .since = Windows::v10_1607,
          .page = "ntddk/nf-ntddk-psgetpermanentsilocontext", .declined = kNoSilos },
        { .name = "PsRegisterSiloMonitor", .since = Windows::v10_1607, .page = "ntddk/nf-ntddk-psregistersilomonitor",
          .declined = kNoSilos },
        { .name = "PsStartSiloMonitor", .since = Windows::v10_1607, .page = "ntddk/nf-ntddk-psstartsilomonitor",
          .declined = kNoSilos },
        { .name = "PsUnregisterSiloMonitor", .since = Windows::v10_1607,
          .page = "ntddk/nf-ntddk-psunregistersilomonitor", .declined = kNoSilos },
        { .name = "PsGetSiloMonitorContextSlot", .since = Windows::v10_1607,
          .page = "ntddk/nf-ntddk-psgetsilomonitorcontextslot", .declined = kNoSilos },
        { .name = "PsQueryTotalCycleTimeProcess", .since = Windows::win8,
          .page = "wdm/nf-wdm-psquerytotalcycletimeprocess", .declined = "processor time is not counted by process" },
        { .name = "ZwCreateJobObject", .because = kInUse, .declined = kNoJobs },
        { .name = "ZwOpenJobObject", .because = kInUse, .declined = kNoJobs },
        { .name = "ZwAssignProcessToJobObject", .because = kInUse, .declined = kNoJobs },
        { .name = "ZwTerminateJobObject", .because = kInUse, .declined = kNoJobs },
        { .name = "ZwQueryInformationJobObject", .because = kInUse, .declined = kNoJobs },
        { .name = "ZwSetInformationJobObject", .because = kInUse, .declined = kNoJobs },
        { .name = "PsJobType", .because = kInUse, .declined = kNoJobs },
        { .name = "PsGetContextThread", .because = kInUse, .declined = "clients run no user-mode code: no context of it" },
        { .name = "PsSetContextThread", .because = kInUse, .declined = "clients run no user-mode code: no context of it" },
        { .name = "PsWrapApcWow64Thread", .because = kInUse, .declined = "clients run no user-mode code" },
    };
    // clang-format on
    return rows;
}

} // namespace ringside::ps
