// SPDX-License-Identifier: MIT
// What the I/O manager does for drivers beside IRPs and devices, as exports.
#include "io/ddi.h"
#include "io/error_log.h"
#include "io/irp.h"
#include "io/remove_lock.h"
#include "io/share_access.h"
#include "io/shutdown.h"
#include "io/start_io.h"
#include "io/thread_ddi.h"
#include "io/timer.h"
#include "io/work_item.h"

namespace ringside::io {

namespace {

constexpr char const* kNoIrql = "the page gives no IRQL";
constexpr char const* kStackIrql = "the page's remarks: any IRQL since Windows Server 2003 SP1";
constexpr char const* kStreamsOfLinks
    = "how named streams count on a link is not documented: they share it, and their deletion is no deletion of it";

void capture_packet(uint64_t const* arguments, LogCapture& into)
{
    if (IrpRecord const* record = record_of(reinterpret_cast<IRP*>(arguments[1])))
        into.subject = record->number;
}

} // namespace

std::span<Ddi const> service_rows()
{
    static Ddi const rows[] = {
        { .name = "IoAllocateWorkItem", .irql = { 0, 2 }, .fail = Fail::Null, .page = "wdm/nf-wdm-ioallocateworkitem",
          .body = body<&IoAllocateWorkItem>() },
        { .name = "IoFreeWorkItem", .irql = { 0, 2 }, .page = "wdm/nf-wdm-iofreeworkitem",
          .body = body<&IoFreeWorkItem>() },
        { .name = "IoSizeofWorkItem", .irql = { 0, 15 }, .since = Windows::vista, .needs = Needs::Nothing,
          .page = "wdm/nf-wdm-iosizeofworkitem", .body = body<&IoSizeofWorkItem>() },
        { .name = "IoInitializeWorkItem", .irql = { 0, 15 }, .since = Windows::vista,
          .page = "wdm/nf-wdm-ioinitializeworkitem", .body = body<&IoInitializeWorkItem>() },
        { .name = "IoUninitializeWorkItem", .irql = { 0, 15 }, .since = Windows::vista,
          .page = "wdm/nf-wdm-iouninitializeworkitem", .body = body<&IoUninitializeWorkItem>() },
        { .name = "IoQueueWorkItem", .irql = { 0, 2 }, .page = "wdm/nf-wdm-ioqueueworkitem",
          .body = body<&IoQueueWorkItem>() },
        { .name = "IoQueueWorkItemEx", .irql = { 0, 2 }, .since = Windows::vista,
          .page = "wdm/nf-wdm-ioqueueworkitemex", .body = body<&IoQueueWorkItemEx>() },
        { .name = "IoInitializeTimer", .irql = { 0, 0 }, .fail = Fail::Status,
          .fail_status = STATUS_INSUFFICIENT_RESOURCES, .page = "wdm/nf-wdm-ioinitializetimer",
          .rules = "IrqlIoPassive5,PowerIrpDDis", .body = body<&IoInitializeTimer>() },
        { .name = "IoStartTimer", .irql = { 0, 2 }, .page = "wdm/nf-wdm-iostarttimer", .body = body<&IoStartTimer>() },
        { .name = "IoStopTimer", .irql = { 0, 2 }, .page = "wdm/nf-wdm-iostoptimer", .body = body<&IoStopTimer>() },
        { .name = "IoInitializeRemoveLockEx", .irql = { 0, 0 }, .page = "wdm/nf-wdm-ioinitializeremovelock",
          .body = body<&IoInitializeRemoveLockEx>() },
        { .name = "IoAcquireRemoveLockEx", .irql = { 0, 2 }, .page = "wdm/nf-wdm-ioacquireremovelock",
          .rules = "RemoveLock,RemoveLockCheck,MultRemoveLock", .body = body<&IoAcquireRemoveLockEx>() },
        { .name = "IoReleaseRemoveLockEx", .irql = { 0, 2 }, .page = "wdm/nf-wdm-ioreleaseremovelock",
          .rules = "RemoveLock,RemoveLockCheck", .body = body<&IoReleaseRemoveLockEx>() },
        { .name = "IoReleaseRemoveLockAndWaitEx", .irql = { 0, 0 }, .page = "wdm/nf-wdm-ioreleaseremovelockandwait",
          .rules = "RemoveLock,RemoveLockCheck,IoReleaseRemoveLockAndWaitOutsideRemoveDevice",
          .body = body<&IoReleaseRemoveLockAndWaitEx>() },
        { .name = "IoStartPacket", .irql = { 0, 2 }, .page = "wdm/nf-wdm-iostartpacket", .body = body<&IoStartPacket>(),
          .capture = capture_packet },
        { .name = "IoStartNextPacket", .irql = { 2, 2 }, .page = "wdm/nf-wdm-iostartnextpacket",
          .rules = "IrqlDispatch,SpinLockSafe,StartIoRecursion", .body = body<&IoStartNextPacket>() },
        { .name = "IoStartNextPacketByKey", .irql = { 0, 2 }, .page = "wdm/nf-wdm-iostartnextpacketbykey",
          .body = body<&IoStartNextPacketByKey>() },
        { .name = "IoSetStartIoAttributes", .irql = { 0, 15 }, .page = "wdm/nf-wdm-iosetstartioattributes",
          .rules = "StartIoCancel,StartIoRecursion", .body = body<&IoSetStartIoAttributes>() },
        { .name = "IoRegisterShutdownNotification", .irql = { 0, 0 }, .fail = Fail::Status,
          .fail_status = STATUS_INSUFFICIENT_RESOURCES, .page = "wdm/nf-wdm-ioregistershutdownnotification",
          .rules = "IrqlIoPassive5,PowerIrpDDis", .body = body<&IoRegisterShutdownNotification>() },
        { .name = "IoRegisterLastChanceShutdownNotification", .irql = { 0, 0 }, .fail = Fail::Status,
          .fail_status = STATUS_INSUFFICIENT_RESOURCES, .page = "wdm/nf-wdm-ioregisterlastchanceshutdownnotification",
          .rules = "PowerIrpDDis", .body = body<&IoRegisterLastChanceShutdownNotification>() },
        { .name = "IoUnregisterShutdownNotification", .irql = { 0, 0 },
          .page = "wdm/nf-wdm-iounregistershutdownnotification", .rules = "IrqlIoPassive5,PowerIrpDDis",
          .body = body<&IoUnregisterShutdownNotification>() },
        { .name = "IoAllocateErrorLogEntry", .irql = { 0, 2 }, .fail = Fail::Null,
          .page = "wdm/nf-wdm-ioallocateerrorlogentry", .body = body<&IoAllocateErrorLogEntry>() },
        { .name = "IoWriteErrorLogEntry", .irql = { 0, 2 }, .page = "wdm/nf-wdm-iowriteerrorlogentry",
          .rules = "IrqlDispatch", .body = body<&IoWriteErrorLogEntry>() },
        { .name = "IoFreeErrorLogEntry", .irql = { 0, 2 }, .page = "wdm/nf-wdm-iofreeerrorlogentry", .because = kNoIrql,
          .body = body<&IoFreeErrorLogEntry>() },
        { .name = "IoCheckShareAccess", .irql = { 0, 0 }, .page = "wdm/nf-wdm-iocheckshareaccess",
          .rules = "IrqlIoPassive2,PowerIrpDDis", .body = body<&IoCheckShareAccess>() },
        { .name = "IoCheckShareAccessEx", .irql = { 0, 0 }, .since = Windows::win7,
          .page = "wdm/nf-wdm-iocheckshareaccessex", .because = kNoIrql, .body = body<&IoCheckShareAccessEx>() },
        { .name = "IoSetShareAccess", .irql = { 0, 0 }, .page = "wdm/nf-wdm-iosetshareaccess",
          .rules = "IrqlIoPassive5", .body = body<&IoSetShareAccess>() },
        { .name = "IoSetShareAccessEx", .irql = { 0, 0 }, .since = Windows::win7,
          .page = "wdm/nf-wdm-iosetshareaccessex", .because = kNoIrql, .body = body<&IoSetShareAccessEx>() },
        { .name = "IoUpdateShareAccess", .irql = { 0, 0 }, .page = "wdm/nf-wdm-ioupdateshareaccess",
          .rules = "IrqlIoPassive5,PowerIrpDDis", .body = body<&IoUpdateShareAccess>() },
        { .name = "IoRemoveShareAccess", .irql = { 0, 0 }, .page = "wdm/nf-wdm-ioremoveshareaccess",
          .rules = "IrqlIoPassive5,PowerIrpDDis", .body = body<&IoRemoveShareAccess>() },
        { .name = "IoCheckLinkShareAccess", .irql = { 0, 0 }, .since = Windows::v10_1709,
          .page = "wdm/nf-wdm-iochecklinkshareaccess", .partial = kStreamsOfLinks, .because = kNoIrql,
          .body = body<&IoCheckLinkShareAccess>() },
        { .name = "IoSetLinkShareAccess", .irql = { 0, 0 }, .since = Windows::v10_1709,
          .page = "wdm/nf-wdm-iosetlinkshareaccess", .because = kNoIrql, .body = body<&IoSetLinkShareAccess>() },
        { .name = "IoUpdateLinkShareAccess", .irql = { 0, 0 }, .since = Windows::v10_1709,
          .page = "wdm/nf-wdm-ioupdatelinkshareaccess", .body = body<&IoUpdateLinkShareAccess>() },
        { .name = "IoUpdateLinkShareAccessEx", .irql = { 0, 0 }, .since = Windows::v10_1903,
          .page = "wdm/nf-wdm-ioupdatelinkshareaccessex", .partial = kStreamsOfLinks,
          .body = body<&IoUpdateLinkShareAccessEx>() },
        { .name = "IoRemoveLinkShareAccess", .irql = { 0, 0 }, .since = Windows::v10_1709,
          .page = "wdm/nf-wdm-ioremovelinkshareaccess", .body = body<&IoRemoveLinkShareAccess>() },
        { .name = "IoRemoveLinkShareAccessEx", .irql = { 0, 0 }, .since = Windows::v10_1903,
          .page = "wdm/nf-wdm-ioremovelinkshareaccessex", .partial = kStreamsOfLinks,
          .body = body<&IoRemoveLinkShareAccessEx>() },
        { .name = "IoGetStackLimits", .irql = { 0, 15 }, .page = "wdm/nf-wdm-iogetstacklimits", .because = kStackIrql,
          .body = body<&IoGetStackLimits>() },
        { .name = "IoGetRemainingStackSize", .irql = { 0, 15 }, .page = "wdm/nf-wdm-iogetremainingstacksize",
          .because = kStackIrql, .body = body<&IoGetRemainingStackSize>() },
        { .name = "IoGetInitialStack", .irql = { 0, 1 }, .page = "wdm/nf-wdm-iogetinitialstack",
          .rules = "IrqlIoApcLte", .body = body<&IoGetInitialStack>() },
        { .name = "IoWithinStackLimits", .irql = { 0, 1 }, .page = "wdm/nf-wdm-iowithinstacklimits",
          .body = body<&IoWithinStackLimits>() },
        { .name = "IoIsWdmVersionAvailable", .irql = { 0, 0 }, .page = "wdm/nf-wdm-ioiswdmversionavailable",
          .rules = "IrqlIoPassive5,PowerIrpDDis", .body = body<&IoIsWdmVersionAvailable>() },
        { .name = "IoGetConfigurationInformation", .irql = { 0, 0 },
          .page = "ntddk/nf-ntddk-iogetconfigurationinformation", .rules = "IrqlIoPassive5,PowerIrpDDis",
          .body = body<&IoGetConfigurationInformation>() },
        { .name = "IoGetFileObjectGenericMapping", .irql = { 0, 0 },
          .page = "ntddk/nf-ntddk-iogetfileobjectgenericmapping", .rules = "IrqlIoPassive5,PowerIrpDDis",
          .body = body<&IoGetFileObjectGenericMapping>() },
    };
    return rows;
}

} // namespace ringside::io
