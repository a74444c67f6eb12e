// SPDX-License-Identifier: MIT
// Every second write (by its offset) is answered with a write of this driver's own, from a copy of the data in pool:
// IoBuildAsynchronousFsdRequest, whose completion routine takes the request apart again.
#include "soak.h"

typedef struct {
    PSOAK_FILTER Filter;
    PIRP Original;
    PVOID Copy;
} COPY, *PCOPY;

static NTSTATUS CopyWritten(PDEVICE_OBJECT Device, PIRP Irp, PVOID Context)
{
    PCOPY copy = Context;
    PIRP original = copy->Original;
    PSOAK_FILTER filter = copy->Filter;
    NTSTATUS const status = Irp->IoStatus.Status;
    ULONG_PTR const information = Irp->IoStatus.Information;
    UNREFERENCED_PARAMETER(Device);
    if (Irp->MdlAddress) {
        MmUnlockPages(Irp->MdlAddress);
        IoFreeMdl(Irp->MdlAddress);
        Irp->MdlAddress = NULL;
    }
    IoFreeIrp(Irp);
    ExFreePoolWithTag(copy, SOAK_TAG);
    SoakComplete(original, status, information);
    IoReleaseRemoveLock(&filter->Lock, original);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

static NTSTATUS WriteCopy(PSOAK_FILTER Filter, PIRP Irp)
{
    PIO_STACK_LOCATION location = IoGetCurrentIrpStackLocation(Irp);
    ULONG const length = location->Parameters.Write.Length;
    PVOID source = MmGetSystemAddressForMdlSafe(Irp->MdlAddress, NormalPagePriority);
    PCOPY copy = source ? ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof *copy + length, SOAK_TAG) : NULL;
    if (!copy)
        return SoakFail(Filter, Irp, STATUS_INSUFFICIENT_RESOURCES);
    copy->Filter = Filter;
    copy->Original = Irp;
    copy->Copy = copy + 1;
    RtlCopyMemory(copy->Copy, source, length);
    PIRP write = IoBuildAsynchronousFsdRequest(IRP_MJ_WRITE, Filter->Lower, copy->Copy, length,
                                               &location->Parameters.Write.ByteOffset, NULL);
    if (!write) {
        ExFreePoolWithTag(copy, SOAK_TAG);
        return SoakFail(Filter, Irp, STATUS_INSUFFICIENT_RESOURCES);
    }
    IoSetCompletionRoutine(write, CopyWritten, copy, TRUE, TRUE, TRUE);
    IoMarkIrpPending(Irp);
    IoCallDriver(Filter->Lower, write);
    return STATUS_PENDING;
}

static NTSTATUS Dispatch(PDEVICE_OBJECT Device, PIRP Irp)
{
    PSOAK_FILTER filter = Device->DeviceExtension;
    PIO_STACK_LOCATION location = IoGetCurrentIrpStackLocation(Irp);
    NTSTATUS const status = IoAcquireRemoveLock(&filter->Lock, Irp);
    if (!NT_SUCCESS(status))
        return SoakComplete(Irp, status, 0);
    if (location->MajorFunction == IRP_MJ_WRITE && location->Parameters.Write.Length
        && location->Parameters.Write.ByteOffset.LowPart & 1)
        return WriteCopy(filter, Irp);
    return SoakSkip(filter, Irp);
}

NTSTATUS DriverEntry(PDRIVER_OBJECT Driver, PUNICODE_STRING RegistryPath)
{
    UNREFERENCED_PARAMETER(RegistryPath);
    for (int i = 0; i <= IRP_MJ_MAXIMUM_FUNCTION; ++i)
        Driver->MajorFunction[i] = Dispatch;
    Driver->DriverUnload = SoakDetach;
    return SoakAttach(Driver);
}
