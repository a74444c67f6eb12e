// SPDX-License-Identifier: MIT
// The contract rows of room ps.
#include "ps/ddi.h"

#include "ps/process.h"

namespace ringside::ps {

using namespace nt;

std::span<Ddi const> ddi_rows()
{
    // clang-format off
    static Ddi const rows[] = {
        { .name = "PsCreateSystemThread", .fail = Fail::Status, .fail_status = STATUS_INSUFFICIENT_RESOURCES,
          .page = "wdm/nf-wdm-pscreatesystemthread", .rules = "IrqlPsPassive", .body = body<&PsCreateSystemThread>() },
        { .name = "PsTerminateSystemThread", .page = "wdm/nf-wdm-psterminatesystemthread",
          .rules = "IrqlPsPassive,PowerIrpDDis", .body = body<&PsTerminateSystemThread>() },
        { .name = "PsGetCurrentThread", .irql = { .highest = HIGH_LEVEL }, .needs = Needs::Nothing,
          .page = "wdm/nf-wdm-psgetcurrentthread", .body = body<&PsGetCurrentThread>() },
        { .name = "KeGetCurrentThread", .irql = { .highest = HIGH_LEVEL }, .needs = Needs::Nothing,
          .page = "wdm/nf-wdm-kegetcurrentthread", .body = body<&PsGetCurrentThread>() },
        { .name = "PsGetCurrentThreadId", .irql = { .highest = HIGH_LEVEL }, .needs = Needs::Nothing,
          .page = "ntddk/nf-ntddk-psgetcurrentthreadid", .body = body<&PsGetCurrentThreadId>() },
        { .name = "PsGetThreadId", .irql = { .highest = DISPATCH_LEVEL }, .page = "ntddk/nf-ntddk-psgetthreadid",
          .body = body<&PsGetThreadId>() },
        { .name = "PsGetThreadProcess", .irql = { .highest = DISPATCH_LEVEL },
          .because = "exported and in use, but not documented", .body = body<&PsGetThreadProcess>() },
        { .name = "IoThreadToProcess", .irql = { .highest = DISPATCH_LEVEL },
          .page = "ntifs/nf-ntifs-iothreadtoprocess", .body = body<&PsGetThreadProcess>() },
        { .name = "PsGetThreadProcessId", .irql = { .highest = HIGH_LEVEL }, .since = Windows::vista,
          .page = "ntddk/nf-ntddk-psgetthreadprocessid", .body = body<&PsGetThreadProcessId>() },
        { .name = "PsLookupThreadByThreadId", .irql = { .highest = APC_LEVEL },
          .page = "ntifs/nf-ntifs-pslookupthreadbythreadid", .body = body<&PsLookupThreadByThreadId>() },
        { .name = "PsIsSystemThread", .irql = { .highest = DISPATCH_LEVEL },
          .page = "ntifs/nf-ntifs-psissystemthread", .body = body<&PsIsSystemThread>() },
        { .name = "IoIsSystemThread", .irql = { .highest = DISPATCH_LEVEL },
          .page = "ntifs/nf-ntifs-ioissystemthread", .body = body<&PsIsSystemThread>() },
        { .name = "PsIsThreadTerminating", .irql = { .highest = DISPATCH_LEVEL },
          .page = "ntifs/nf-ntifs-psisthreadterminating", .body = body<&PsIsThreadTerminating>() },
        { .name = "PsGetThreadExitStatus", .irql = { .highest = APC_LEVEL }, .since = Windows::v10_1703,
          .page = "ntddk/nf-ntddk-psgetthreadexitstatus", .body = body<&PsGetThreadExitStatus>() },
        { .name = "PsGetThreadCreateTime", .irql = { .highest = DISPATCH_LEVEL }, .since = Windows::v10_1507,
          .page = "ntddk/nf-ntddk-psgetthreadcreatetime", .because = "the page says nothing about IRQL",
          .body = body<&PsGetThreadCreateTime>() },

        { .name = "IoGetCurrentProcess", .irql = { .highest = HIGH_LEVEL }, .needs = Needs::Nothing,
          .page = "wdm/nf-wdm-iogetcurrentprocess", .body = body<&PsGetCurrentProcess>() },
        { .name = "PsGetCurrentProcess", .irql = { .highest = HIGH_LEVEL }, .needs = Needs::Nothing,
          .because = "an alias of IoGetCurrentProcess", .body = body<&PsGetCurrentProcess>() },
        { .name = "PsGetCurrentProcessId", .irql = { .highest = HIGH_LEVEL }, .needs = Needs::Nothing,
          .page = "ntddk/nf-ntddk-psgetcurrentprocessid", .body = body<&PsGetCurrentProcessId>() },
        { .name = "PsGetProcessId", .irql = { .highest = HIGH_LEVEL }, .page = "ntddk/nf-ntddk-psgetprocessid",
          .body = body<&PsGetProcessId>() },
        { .name = "PsGetProcessImageFileName", .irql = { .highest = DISPATCH_LEVEL },
          .because = "exported and in use, but not documented", .body = body<&PsGetProcessImageFileName>() },
        { .name = "PsGetProcessCreateTimeQuadPart", .irql = { .highest = HIGH_LEVEL },
          .page = "ntddk/nf-ntddk-psgetprocesscreatetimequadpart", .body = body<&PsGetProcessCreateTimeQuadPart>() },
        { .name = "PsGetProcessExitTime", .irql = { .highest = DISPATCH_LEVEL },
          .page = "ntifs/nf-ntifs-psgetprocessexittime", .body = body<&PsGetProcessExitTime>() },
        { .name = "PsGetProcessExitStatus", .irql = { .highest = APC_LEVEL }, .since = Windows::win7,
          .page = "ntddk/nf-ntddk-psgetprocessexitstatus",
          .because = "the page documents it late: mingw-w64's import library of Windows 7 has it", .body = body<&PsGetProcessExitStatus>() },
        { .name = "PsGetProcessInheritedFromUniqueProcessId", .irql = { .highest = DISPATCH_LEVEL },
          .because = "exported and in use, but not documented",
          .body = body<&PsGetProcessInheritedFromUniqueProcessId>() },
        { .name = "PsLookupProcessByProcessId", .irql = { .highest = APC_LEVEL },
          .page = "ntifs/nf-ntifs-pslookupprocessbyprocessid", .body = body<&PsLookupProcessByProcessId>() },
        { .name = "PsGetVersion", .page = "wdm/nf-wdm-psgetversion", .rules = "IrqlPsPassive,PowerIrpDDis",
          .body = body<&PsGetVersion>() },
        { .name = "ZwOpenProcess", .fail = Fail::Status, .fail_status = STATUS_INSUFFICIENT_RESOURCES,
          .page = "ntddk/nf-ntddk-zwopenprocess", .rules = "PowerIrpDDis",
          .body = body<&ZwOpenProcess>() },
        { .name = "ZwDuplicateObject", .fail = Fail::Status, .fail_status = STATUS_INSUFFICIENT_RESOURCES,
          .page = "ntifs/nf-ntifs-zwduplicateobject", .body = body<&ZwDuplicateObject>() },
        { .name = "KeStackAttachProcess", .irql = { .highest = APC_LEVEL },
          .page = "ntifs/nf-ntifs-kestackattachprocess",
          .body = body<&KeStackAttachProcess>() },
        { .name = "KeUnstackDetachProcess", .irql = { .highest = APC_LEVEL },
          .page = "ntifs/nf-ntifs-keunstackdetachprocess", .body = body<&KeUnstackDetachProcess>() },
        { .name = "KeAttachProcess", .irql = { .highest = APC_LEVEL }, .page = "ntifs/nf-ntifs-keattachprocess",
          .because = "the page says nothing about IRQL", .body = body<&KeAttachProcess>() },
        { .name = "KeDetachProcess", .irql = { .highest = APC_LEVEL }, .page = "ntifs/nf-ntifs-kedetachprocess",
          .because = "the page says nothing about IRQL", .body = body<&KeDetachProcess>() },
        { .name = "KeIsAttachedProcess", .irql = { .highest = DISPATCH_LEVEL }, .needs = Needs::Nothing,
          .because = "not documented", .body = body<&KeIsAttachedProcess>() },

        { .name = "PsSetCreateProcessNotifyRoutine", .page = "ntddk/nf-ntddk-pssetcreateprocessnotifyroutine",
          .rules = "IrqlPsPassive,PowerIrpDDis", .body = body<&PsSetCreateProcessNotifyRoutine>() },
        { .name = "PsSetCreateProcessNotifyRoutineEx", .since = Windows::vista,
          .page = "ntddk/nf-ntddk-pssetcreateprocessnotifyroutineex", .rules = "PowerIrpDDis",
          .body = body<&PsSetCreateProcessNotifyRoutineEx>() },
        { .name = "PsSetCreateThreadNotifyRoutine", .fail = Fail::Status,
          .fail_status = STATUS_INSUFFICIENT_RESOURCES, .page = "ntddk/nf-ntddk-pssetcreatethreadnotifyroutine",
          .rules = "IrqlPsPassive,PowerIrpDDis", .body = body<&PsSetCreateThreadNotifyRoutine>() },
        { .name = "PsRemoveCreateThreadNotifyRoutine", .irql = { .highest = APC_LEVEL },
          .page = "ntddk/nf-ntddk-psremovecreatethreadnotifyroutine",
          .body = body<&PsRemoveCreateThreadNotifyRoutine>() },
        { .name = "PsSetLoadImageNotifyRoutine", .fail = Fail::Status, .fail_status = STATUS_INSUFFICIENT_RESOURCES,
          .page = "ntddk/nf-ntddk-pssetloadimagenotifyroutine", .rules = "IrqlPsPassive,PowerIrpDDis",
          .partial = kImages,
          .body = body<&PsSetLoadImageNotifyRoutine>() },
        { .name = "PsRemoveLoadImageNotifyRoutine", .irql = { .highest = APC_LEVEL },
          .page = "ntddk/nf-ntddk-psremoveloadimagenotifyroutine", .rules = "PowerIrpDDis",
          .body = body<&PsRemoveLoadImageNotifyRoutine>() },

        { .name = "PsInitialSystemProcess", .because = "exported and in use, but not documented",
          .data = reinterpret_cast<void*>(kInitialSystemProcess) },
    };
    // clang-format on
    return rows;
}

} // namespace ringside::ps
