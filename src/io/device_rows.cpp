// SPDX-License-Identifier: MIT
// Drivers, devices, stacks and names, as exports.
#include "io/boot_driver.h"
#include "io/ddi.h"
#include "io/device.h"
#include "io/driver.h"
#include "io/file.h"
#include "io/symbolic_link.h"
#include "io/thread_ddi.h"

namespace ringside::io {

namespace {

constexpr char const* kNoThumbprint
    = "of a certificate its publisher and issuer are told, and no thumbprint; there is no ELAM hive";

void capture_request(uint64_t const* arguments, LogCapture& into)
{
    if (IrpRecord const* record = record_of(reinterpret_cast<IRP*>(arguments[1])))
        into.subject = record->number;
}

} // namespace

std::span<Ddi const> device_rows()
{
    static Ddi const rows[] = {
        { .name = "IopInvalidDeviceRequest", .irql = { 0, 2 },
          .because = "not exported by Windows: MajorFunction's default entry, which drivers may call",
          .body = body<&IopInvalidDeviceRequest>(), .capture = capture_request },
        { .name = "IoAllocateDriverObjectExtension", .irql = { 0, 2 }, .fail = Fail::Status,
          .fail_status = STATUS_INSUFFICIENT_RESOURCES, .page = "wdm/nf-wdm-ioallocatedriverobjectextension",
          .body = body<&IoAllocateDriverObjectExtension>() },
        { .name = "IoRegisterBootDriverCallback", .irql = { 0, 0 }, .since = Windows::win8, .fail = Fail::Null,
          .page = "ntddk/nf-ntddk-ioregisterbootdrivercallback", .partial = kNoThumbprint,
          .body = body<&IoRegisterBootDriverCallback>() },
        { .name = "IoUnregisterBootDriverCallback", .irql = { 0, 1 }, .since = Windows::win8,
          .page = "ntddk/nf-ntddk-iounregisterbootdrivercallback", .body = body<&IoUnregisterBootDriverCallback>() },
        { .name = "IoQueryFullDriverPath", .irql = { 0, 1 }, .since = Windows::win8_1, .fail = Fail::Status,
          .fail_status = STATUS_INSUFFICIENT_RESOURCES, .page = "ntddk/nf-ntddk-ioqueryfulldriverpath",
          .body = body<&IoQueryFullDriverPath>() },
        { .name = "IoGetDriverObjectExtension", .irql = { 0, 2 }, .page = "wdm/nf-wdm-iogetdriverobjectextension",
          .body = body<&IoGetDriverObjectExtension>() },
        { .name = "IoRegisterDriverReinitialization", .irql = { 0, 0 },
          .page = "ntddk/nf-ntddk-ioregisterdriverreinitialization", .rules = "IrqlIoPassive5,PowerIrpDDis",
          .body = body<&IoRegisterDriverReinitialization>() },
        { .name = "IoRegisterBootDriverReinitialization", .irql = { 0, 0 },
          .page = "ntddk/nf-ntddk-ioregisterbootdriverreinitialization", .rules = "PowerIrpDDis",
          .body = body<&IoRegisterBootDriverReinitialization>() },
        { .name = "IoCreateDevice", .irql = { 0, 1 }, .fail = Fail::Status,
          .fail_status = STATUS_INSUFFICIENT_RESOURCES, .page = "wdm/nf-wdm-iocreatedevice",
          .rules = "AddDevice,CheckDeviceObjectFlags,IrqlIoPassive1",
          .partial = "no file system mounts on disk, tape and CD-ROM devices: their VPB stays unmounted",
          .body = body<&IoCreateDevice>() },
        { .name = "IoDeleteDevice", .irql = { 0, 1 }, .page = "wdm/nf-wdm-iodeletedevice",
          .rules = "DeleteDevice,IrqlIoApcLte,PnpSurpriseRemove,RemoveLockCheck", .body = body<&IoDeleteDevice>() },
        { .name = "IoAttachDevice", .irql = { 0, 0 }, .fail = Fail::Status,
          .fail_status = STATUS_INSUFFICIENT_RESOURCES, .page = "wdm/nf-wdm-ioattachdevice", .rules = "IrqlIoPassive1",
          .body = body<&IoAttachDevice>() },
        { .name = "IoAttachDeviceToDeviceStack", .irql = { 0, 2 }, .fail = Fail::Null,
          .page = "wdm/nf-wdm-ioattachdevicetodevicestack", .rules = "AddDevice,PnpSameDeviceObject",
          .body = body<&IoAttachDeviceToDeviceStack>() },
        { .name = "IoAttachDeviceToDeviceStackSafe", .irql = { 0, 2 }, .fail = Fail::Status,
          .fail_status = STATUS_NO_SUCH_DEVICE, .page = "ntddk/nf-ntddk-ioattachdevicetodevicestacksafe",
          .body = body<&IoAttachDeviceToDeviceStackSafe>() },
        { .name = "IoDetachDevice", .irql = { 0, 0 }, .page = "wdm/nf-wdm-iodetachdevice",
          .rules = "IrqlIoPassive3,PnpSurpriseRemove,PowerIrpDDis,RemoveLockCheck", .body = body<&IoDetachDevice>() },
        { .name = "IoGetAttachedDevice", .irql = { 0, 2 }, .page = "ntifs/nf-ntifs-iogetattacheddevice",
          .body = body<&IoGetAttachedDevice>() },
        { .name = "IoGetAttachedDeviceReference", .irql = { 0, 2 }, .page = "wdm/nf-wdm-iogetattacheddevicereference",
          .rules = "DanglingDeviceObjectReference", .body = body<&IoGetAttachedDeviceReference>() },
        { .name = "IoGetLowerDeviceObject", .irql = { 0, 2 }, .page = "ntifs/nf-ntifs-iogetlowerdeviceobject",
          .body = body<&IoGetLowerDeviceObject>() },
        { .name = "IoGetDeviceAttachmentBaseRef", .irql = { 0, 2 },
          .page = "ntifs/nf-ntifs-iogetdeviceattachmentbaseref", .body = body<&IoGetDeviceAttachmentBaseRef>() },
        { .name = "IoEnumerateDeviceObjectList", .irql = { 0, 2 }, .page = "ntifs/nf-ntifs-ioenumeratedeviceobjectlist",
          .body = body<&IoEnumerateDeviceObjectList>() },
        { .name = "IoGetDeviceObjectPointer", .irql = { 0, 0 }, .fail = Fail::Status,
          .fail_status = STATUS_INSUFFICIENT_RESOURCES, .page = "wdm/nf-wdm-iogetdeviceobjectpointer",
          .rules = "IrqlIoPassive5,PowerIrpDDis", .body = body<&IoGetDeviceObjectPointer>() },
        { .name = "IoGetRelatedDeviceObject", .irql = { 0, 2 }, .page = "wdm/nf-wdm-iogetrelateddeviceobject",
          .body = body<&IoGetRelatedDeviceObject>() },
        { .name = "IoGetBaseFileSystemDeviceObject", .irql = { 0, 2 },
          .page = "ntifs/nf-ntifs-iogetbasefilesystemdeviceobject", .because = "the page gives no IRQL",
          .body = body<&IoGetBaseFileSystemDeviceObject>() },
        { .name = "IoGetTransactionParameterBlock", .irql = { 0, 15 }, .since = Windows::vista,
          .page = "ntddk/nf-ntddk-iogettransactionparameterblock", .body = body<&IoGetTransactionParameterBlock>() },
        { .name = "IoAcquireVpbSpinLock", .irql = { 0, 2 }, .page = "ntifs/nf-ntifs-ioacquirevpbspinlock",
          .body = body<&IoAcquireVpbSpinLock>() },
        { .name = "IoReleaseVpbSpinLock", .irql = { 2, 2 }, .page = "ntifs/nf-ntifs-ioreleasevpbspinlock",
          .body = body<&IoReleaseVpbSpinLock>() },
        { .name = "IoCreateSymbolicLink", .irql = { 0, 0 }, .fail = Fail::Status,
          .fail_status = STATUS_INSUFFICIENT_RESOURCES, .page = "wdm/nf-wdm-iocreatesymboliclink",
          .rules = "IrqlIoPassive3,PowerIrpDDis", .body = body<&IoCreateSymbolicLink>() },
        { .name = "IoCreateUnprotectedSymbolicLink", .irql = { 0, 0 }, .fail = Fail::Status,
          .fail_status = STATUS_INSUFFICIENT_RESOURCES, .page = "wdm/nf-wdm-iocreateunprotectedsymboliclink",
          .rules = "IrqlIoPassive4,PowerIrpDDis", .body = body<&IoCreateUnprotectedSymbolicLink>() },
        { .name = "IoDeleteSymbolicLink", .irql = { 0, 0 }, .page = "wdm/nf-wdm-iodeletesymboliclink",
          .rules = "IrqlIoPassive4,PowerIrpDDis", .body = body<&IoDeleteSymbolicLink>() },
    };
    return rows;
}

} // namespace ringside::io
