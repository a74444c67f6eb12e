// SPDX-License-Identifier: MIT
// Controllers, activity IDs, threads of a driver, and the marks of mark_ddi.h, as exports.
#include "io/activity.h"
#include "io/controller.h"
#include "io/ddi.h"
#include "io/file.h"
#include "io/hard_error.h"
#include "io/keep_alive.h"
#include "io/mark_ddi.h"
#include "io/system_thread.h"

namespace ringside::io {

namespace {

constexpr char const* kWorkItems = "a work item does not take the activity ID of the thread that queued it along";
constexpr char const* kNoIrql = "the page gives no IRQL";
constexpr char const* kNoKeys = "no open has an oplock's key: extra create parameters are refused";
constexpr char const* kNoTexts = "the texts of ntstatus.h are not there: names of status codes stand for them";
constexpr char const* kNothingSuspends
    = "no process is ever suspended: the counts are kept and told when they are left";

} // namespace

std::span<Ddi const> mark_rows()
{
    static Ddi const rows[] = {
        { .name = "IoCreateController", .irql = { 0, 0 }, .fail = Fail::Null,
          .page = "ntddk/nf-ntddk-iocreatecontroller", .rules = "IrqlIoPassive2,PowerIrpDDis",
          .body = body<&IoCreateController>() },
        { .name = "IoDeleteController", .irql = { 0, 0 }, .page = "ntddk/nf-ntddk-iodeletecontroller",
          .rules = "IrqlIoPassive4,PowerIrpDDis", .body = body<&IoDeleteController>() },
        { .name = "IoAllocateController", .irql = { 2, 2 }, .page = "ntddk/nf-ntddk-ioallocatecontroller",
          .rules = "IrqlDispatch", .body = body<&IoAllocateController>() },
        { .name = "IoFreeController", .irql = { 2, 2 }, .page = "ntddk/nf-ntddk-iofreecontroller",
          .rules = "IrqlDispatch", .body = body<&IoFreeController>() },
        { .name = "IoGetActivityIdIrp", .irql = { 0, 15 }, .since = Windows::win8,
          .page = "ntddk/nf-ntddk-iogetactivityidirp", .body = body<&IoGetActivityIdIrp>() },
        { .name = "IoSetActivityIdIrp", .irql = { 0, 15 }, .since = Windows::win8,
          .page = "ntddk/nf-ntddk-iosetactivityidirp", .body = body<&IoSetActivityIdIrp>() },
        { .name = "IoGetActivityIdThread", .irql = { 0, 15 }, .since = Windows::win8,
          .page = "ntddk/nf-ntddk-iogetactivityidthread", .body = body<&IoGetActivityIdThread>() },
        { .name = "IoSetActivityIdThread", .irql = { 0, 15 }, .since = Windows::win8,
          .page = "ntddk/nf-ntddk-iosetactivityidthread", .partial = kWorkItems,
          .body = body<&IoSetActivityIdThread>() },
        { .name = "IoClearActivityIdThread", .irql = { 0, 15 }, .since = Windows::win8,
          .page = "ntddk/nf-ntddk-ioclearactivityidthread", .body = body<&IoClearActivityIdThread>() },
        { .name = "IoPropagateActivityIdToThread", .irql = { 0, 15 }, .since = Windows::win8,
          .page = "ntddk/nf-ntddk-iopropagateactivityidtothread", .partial = kWorkItems,
          .body = body<&IoPropagateActivityIdToThread>() },
        { .name = "IoTransferActivityId", .irql = { 0, 15 }, .since = Windows::win8,
          .page = "ntddk/nf-ntddk-iotransferactivityid", .body = body<&IoTransferActivityId>() },
        { .name = "IoCreateSystemThread", .irql = { 0, 0 }, .since = Windows::win8, .fail = Fail::Status,
          .fail_status = STATUS_INSUFFICIENT_RESOURCES, .page = "wdm/nf-wdm-iocreatesystemthread",
          .body = body<&IoCreateSystemThread>() },
        { .name = "IoSetFileOrigin", .irql = { 0, 15 }, .page = "ntddk/nf-ntddk-iosetfileorigin",
          .body = body<&IoSetFileOrigin>() },
        { .name = "IoIsFileOriginRemote", .irql = { 0, 15 }, .page = "ntddk/nf-ntddk-ioisfileoriginremote",
          .body = body<&IoIsFileOriginRemote>() },
        { .name = "IoSetFileObjectIgnoreSharing", .irql = { 0, 15 }, .since = Windows::win7, .fail = Fail::Status,
          .fail_status = STATUS_INSUFFICIENT_RESOURCES, .page = "ntddk/nf-ntddk-iosetfileobjectignoresharing",
          .body = body<&IoSetFileObjectIgnoreSharing>() },
        { .name = "IoIsFileObjectIgnoringSharing", .irql = { 0, 15 }, .since = Windows::vista,
          .page = "ntddk/nf-ntddk-ioisfileobjectignoringsharing", .body = body<&IoIsFileObjectIgnoringSharing>() },
        { .name = "IoGetInitiatorProcess", .irql = { 0, 2 }, .page = "ntddk/nf-ntddk-iogetinitiatorprocess",
          .body = body<&IoGetInitiatorProcess>() },
        { .name = "IoGetShadowFileInformation", .irql = { 0, 2 }, .since = Windows::v11_22H2,
          .page = "ntddk/nf-ntddk-iogetshadowfileinformation", .because = kNoIrql,
          .body = body<&IoGetShadowFileInformation>() },
        { .name = "IoSetShadowFileInformation", .irql = { 0, 0 }, .since = Windows::v11_22H2, .fail = Fail::Status,
          .fail_status = STATUS_INSUFFICIENT_RESOURCES, .page = "ntddk/nf-ntddk-iosetshadowfileinformation",
          .partial = "no filter manager serves the shadow file from the one behind it", .because = kNoIrql,
          .body = body<&IoSetShadowFileInformation>() },
        { .name = "IoGetOplockKeyContext", .irql = { 0, 2 }, .page = "ntddk/nf-ntddk-iogetoplockkeycontext",
          .partial = kNoKeys, .body = body<&IoGetOplockKeyContext>() },
        { .name = "IoGetOplockKeyContextEx", .irql = { 0, 2 }, .since = Windows::win8,
          .page = "ntddk/nf-ntddk-iogetoplockkeycontextex", .partial = kNoKeys,
          .body = body<&IoGetOplockKeyContextEx>() },
        { .name = "IoGetSiloParameters", .irql = { 0, 2 }, .since = Windows::v10_1607,
          .page = "ntddk/nf-ntddk-iogetsiloparameters", .because = kNoIrql, .body = body<&IoGetSiloParameters>() },
        { .name = "IoIncrementKeepAliveCount", .irql = { 0, 2 }, .since = Windows::win8,
          .page = "ntddk/nf-ntddk-ioincrementkeepalivecount", .partial = kNothingSuspends, .because = kNoIrql,
          .body = body<&IoIncrementKeepAliveCount>() },
        { .name = "IoDecrementKeepAliveCount", .irql = { 0, 2 }, .since = Windows::win8,
          .page = "ntddk/nf-ntddk-iodecrementkeepalivecount", .partial = kNothingSuspends, .because = kNoIrql,
          .body = body<&IoDecrementKeepAliveCount>() },
        { .name = "IoCancelFileOpen", .irql = { 0, 0 }, .page = "ntddk/nf-ntddk-iocancelfileopen",
          .body = body<&IoCancelFileOpen>() },
        { .name = "IoSetThreadHardErrorMode", .irql = { 0, 2 }, .page = "ntddk/nf-ntddk-iosetthreadharderrormode",
          .body = body<&IoSetThreadHardErrorMode>() },
        { .name = "IoRaiseHardError", .irql = { 0, 1 }, .page = "ntddk/nf-ntddk-ioraiseharderror",
          .rules = "IrqlIoApcLte", .partial = kNoTexts, .body = body<&IoRaiseHardError>() },
        { .name = "IoRaiseInformationalHardError", .irql = { 0, 1 }, .fail = Fail::False,
          .page = "ntddk/nf-ntddk-ioraiseinformationalharderror", .rules = "IrqlIoApcLte", .partial = kNoTexts,
          .body = body<&IoRaiseInformationalHardError>() },
        { .name = "IoSetHardErrorOrVerifyDevice", .irql = { 0, 2 },
          .page = "ntddk/nf-ntddk-iosetharderrororverifydevice", .body = body<&IoSetHardErrorOrVerifyDevice>() },
        { .name = "IoGetDeviceToVerify", .irql = { 0, 2 }, .page = "ntifs/nf-ntifs-iogetdevicetoverify",
          .rules = "IrqlIoDispatch", .body = body<&IoGetDeviceToVerify>() },
        { .name = "IoSetDeviceToVerify", .irql = { 0, 2 }, .page = "ntifs/nf-ntifs-iosetdevicetoverify",
          .rules = "IrqlIoDispatch", .body = body<&IoSetDeviceToVerify>() },
        { .name = "IoSetMasterIrpStatus", .irql = { 0, 15 }, .since = Windows::win8,
          .page = "ntddk/nf-ntddk-iosetmasterirpstatus", .body = body<&IoSetMasterIrpStatus>() },
        { .name = "IoGetPagingIoPriority", .irql = { 0, 15 }, .page = "ntddk/nf-ntddk-iogetpagingiopriority",
          .partial = "no paging request is sent; one of a driver's is high when its priority hint is above normal",
          .body = body<&IoGetPagingIoPriority>() },
        { .name = "IoIsValidIrpStatus", .irql = { 0, 15 }, .since = Windows::win8,
          .page = "ntddk/nf-ntddk-ioisvalidirpstatus",
          .partial = "which facilities Windows knows is not documented: those up to 0xFF pass",
          .body = body<&IoIsValidIrpStatus>() },
    };
    return rows;
}

} // namespace ringside::io
