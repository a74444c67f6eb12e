// SPDX-License-Identifier: MIT
// An IRP's life, as exports.
#include "io/build.h"
#include "io/cancel.h"
#include "io/complete.h"
#include "io/csq.h"
#include "io/ddi.h"
#include "io/dispatch.h"
#include "io/thread_ddi.h"

namespace ringside::io {

namespace {

constexpr char const* kQueueLock = "the page excludes DISPATCH_LEVEL only for queues whose lock is no spin lock";

uint32_t number_of_irp(uint64_t argument)
{
    IrpRecord const* record = record_of(reinterpret_cast<IRP*>(argument));
    return record ? record->number : 0;
}

void capture_first_irp(uint64_t const* arguments, LogCapture& into) { into.subject = number_of_irp(arguments[0]); }
void capture_second_irp(uint64_t const* arguments, LogCapture& into) { into.subject = number_of_irp(arguments[1]); }

} // namespace

std::span<Ddi const> irp_rows()
{
    static Ddi const rows[] = {
        { .name = "IoAllocateIrp", .irql = { 0, 2 }, .fail = Fail::Null, .page = "wdm/nf-wdm-ioallocateirp",
          .rules = "IoAllocateFree,IoReuseIrp,IoFreeIrp", .body = body<&IoAllocateIrp>(), .says_itself = true },
        { .name = "IoAllocateIrpEx", .irql = { 0, 2 }, .since = Windows::v10_1507, .fail = Fail::Null,
          .page = "wdm/nf-wdm-ioallocateirpex", .body = body<&IoAllocateIrpEx>() },
        { .name = "IoInitializeIrp", .irql = { 0, 2 }, .page = "wdm/nf-wdm-ioinitializeirp", .rules = "IoReuseIrp",
          .body = body<&IoInitializeIrp>() },
        { .name = "IoReuseIrp", .irql = { 0, 2 }, .page = "wdm/nf-wdm-ioreuseirp", .rules = "IoReuseIrp,IoReuseIrp2",
          .body = body<&IoReuseIrp>(), .capture = capture_first_irp },
        { .name = "IoFreeIrp", .irql = { 0, 2 }, .page = "wdm/nf-wdm-iofreeirp",
          .rules = "IoAllocateFree,IoBuildDeviceControlNoFree,IoBuildFsdFree,IoBuildSynchronousFsdRequestNoFree",
          .body = light_body<&IoFreeIrp, &free_irp_bare, &free_irp_observed>(), .says_itself = true },
        { .name = "IofCallDriver", .irql = { 0, 2 }, .page = "wdm/nf-wdm-iofcalldriver",
          .rules = "CompletionRoutineRegistered,ForwardedAtBadIrql,LowerDriverReturn,MarkIrpPending,MarkIrpPending2",
          .body = light_body<&IofCallDriver, &call_driver_bare, &call_driver_observed>(), .says_itself = true },
        { .name = "IofCompleteRequest", .irql = { 0, 2 }, .page = "wdm/nf-wdm-iocompleterequest",
          .rules = "CompleteRequest,DoubleCompletion,IrpProcessingComplete,SpinLockSafe",
          .body = light_body<&IofCompleteRequest, &complete_request_bare, &complete_request_observed>(), .says_itself = true },
        { .name = "IoBuildDeviceIoControlRequest", .irql = { 0, 1 }, .fail = Fail::Null,
          .page = "wdm/nf-wdm-iobuilddeviceiocontrolrequest",
          .rules = "IoBuildDeviceControlNoFree,IoBuildDeviceControlWait,IrqlIoPassive1,PowerIrpDDis",
          .body = body<&IoBuildDeviceIoControlRequest>() },
        { .name = "IoBuildSynchronousFsdRequest", .irql = { 0, 1 }, .fail = Fail::Null,
          .page = "wdm/nf-wdm-iobuildsynchronousfsdrequest",
          .rules = "IoBuildSynchronousFsdRequestNoFree,IoBuildSynchronousFsdRequestWait,PowerIrpDDis",
          .body = body<&IoBuildSynchronousFsdRequest>() },
        { .name = "IoBuildAsynchronousFsdRequest", .irql = { 0, 1 }, .fail = Fail::Null,
          .page = "wdm/nf-wdm-iobuildasynchronousfsdrequest",
          .rules = "IoBuildFsdComplete,IoBuildFsdForward,IoBuildFsdFree",
          .body = body<&IoBuildAsynchronousFsdRequest>() },
        { .name = "IoMakeAssociatedIrp", .irql = { 0, 2 }, .fail = Fail::Null,
          .page = "ntddk/nf-ntddk-iomakeassociatedirp", .body = body<&IoMakeAssociatedIrp>() },
        { .name = "IoForwardIrpSynchronously", .irql = { 0, 1 }, .page = "wdm/nf-wdm-ioforwardirpsynchronously",
          .rules = "PnpIrpCompletion", .body = body<&IoForwardIrpSynchronously>() },
        { .name = "IoSetCompletionRoutineEx", .irql = { 0, 2 }, .fail = Fail::Status,
          .fail_status = STATUS_INSUFFICIENT_RESOURCES, .page = "wdm/nf-wdm-iosetcompletionroutineex",
          .rules = "IoSetCompletionExCompleteIrp,IoSetCompletionRoutineExCheck",
          .body = body<&IoSetCompletionRoutineEx>() },
        { .name = "IoCancelIrp", .irql = { 0, 2 }, .page = "wdm/nf-wdm-iocancelirp", .body = body<&IoCancelIrp>(),
          .capture = capture_first_irp },
        { .name = "IoAcquireCancelSpinLock", .irql = { 0, 2 }, .page = "wdm/nf-wdm-ioacquirecancelspinlock",
          .body = body<&IoAcquireCancelSpinLock>() },
        { .name = "IoReleaseCancelSpinLock", .irql = { 2, 2 }, .page = "wdm/nf-wdm-ioreleasecancelspinlock",
          .body = body<&IoReleaseCancelSpinLock>() },
        { .name = "IoCsqInitialize", .irql = { 0, 15 }, .page = "wdm/nf-wdm-iocsqinitialize",
          .body = body<&IoCsqInitialize>() },
        { .name = "IoCsqInitializeEx", .irql = { 0, 15 }, .page = "wdm/nf-wdm-iocsqinitializeex",
          .body = body<&IoCsqInitializeEx>() },
        { .name = "IoCsqInsertIrp", .irql = { 0, 2 }, .page = "wdm/nf-wdm-iocsqinsertirp", .because = kQueueLock,
          .body = body<&IoCsqInsertIrp>(), .capture = capture_second_irp },
        { .name = "IoCsqInsertIrpEx", .irql = { 0, 2 }, .page = "wdm/nf-wdm-iocsqinsertirpex", .because = kQueueLock,
          .body = body<&IoCsqInsertIrpEx>(), .capture = capture_second_irp },
        { .name = "IoCsqRemoveIrp", .irql = { 0, 2 }, .page = "wdm/nf-wdm-iocsqremoveirp", .because = kQueueLock,
          .body = body<&IoCsqRemoveIrp>() },
        { .name = "IoCsqRemoveNextIrp", .irql = { 0, 2 }, .page = "wdm/nf-wdm-iocsqremovenextirp",
          .because = kQueueLock, .body = body<&IoCsqRemoveNextIrp>() },
        { .name = "IoIsOperationSynchronous", .irql = { 0, 15 }, .page = "ntifs/nf-ntifs-ioisoperationsynchronous",
          .body = body<&IoIsOperationSynchronous>() },
        { .name = "IoGetRequestorProcess", .irql = { 0, 2 }, .page = "ntifs/nf-ntifs-iogetrequestorprocess",
          .body = body<&IoGetRequestorProcess>() },
        { .name = "IoGetRequestorProcessId", .irql = { 0, 2 }, .page = "ntifs/nf-ntifs-iogetrequestorprocessid",
          .body = body<&IoGetRequestorProcessId>() },
        { .name = "IoGetRequestorSessionId", .irql = { 0, 1 }, .page = "ntifs/nf-ntifs-iogetrequestorsessionid",
          .partial = "always 0: nobody logs on", .body = body<&IoGetRequestorSessionId>() },
        { .name = "IoIs32bitProcess", .irql = { 0, 2 }, .page = "wdm/nf-wdm-iois32bitprocess",
          .body = body<&IoIs32bitProcess>() },
        { .name = "IoValidateDeviceIoControlAccess", .irql = { 0, 15 },
          .page = "wdm/nf-wdm-iovalidatedeviceiocontrolaccess", .body = body<&IoValidateDeviceIoControlAccess>() },
        { .name = "IoGetIoPriorityHint", .irql = { 0, 15 }, .since = Windows::vista,
          .page = "wdm/nf-wdm-iogetiopriorityhint", .body = body<&IoGetIoPriorityHint>() },
        { .name = "IoSetIoPriorityHint", .irql = { 0, 15 }, .since = Windows::vista,
          .page = "wdm/nf-wdm-iosetiopriorityhint", .body = body<&IoSetIoPriorityHint>() },
        { .name = "IoGetTopLevelIrp", .irql = { 0, 2 }, .page = "wdm/nf-wdm-iogettoplevelirp",
          .body = body<&IoGetTopLevelIrp>() },
        { .name = "IoSetTopLevelIrp", .irql = { 0, 2 }, .page = "wdm/nf-wdm-iosettoplevelirp",
          .body = body<&IoSetTopLevelIrp>() },
    };
    return rows;
}

} // namespace ringside::io
