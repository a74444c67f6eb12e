// SPDX-License-Identifier: MIT
// Direct control codes go down and are waited for (IoForwardIrpSynchronously); every second read (by its offset) is held
// in its completion routine, which may run at DISPATCH_LEVEL, and completed by a work item; the rest passes with a
// completion routine that hands on what is pending.
#include "soak.h"

static VOID LetGo(PDEVICE_OBJECT Device, PVOID Context)
{
    PSOAK_FILTER filter = Device->DeviceExtension;
    PIRP irp = Context;
    PIO_WORKITEM item = irp->Tail.Overlay.DriverContext[0];
    IoFreeWorkItem(item);
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    IoReleaseRemoveLock(&filter->Lock, irp);
}

// The dispatch routine marked the read pending and returned that: the work item may end it whenever it likes.
static NTSTATUS Hold(PDEVICE_OBJECT Device, PIRP Irp, PVOID Context)
{
    PIO_WORKITEM item = Context;
    UNREFERENCED_PARAMETER(Device);
    Irp->Tail.Overlay.DriverContext[0] = item;
    IoQueueWorkItem(item, LetGo, DelayedWorkQueue, Irp);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

static NTSTATUS Pass(PDEVICE_OBJECT Device, PIRP Irp, PVOID Context)
{
    PSOAK_FILTER filter = Context;
    UNREFERENCED_PARAMETER(Device);
    if (Irp->PendingReturned)
        IoMarkIrpPending(Irp);
    IoReleaseRemoveLock(&filter->Lock, Irp);
    return STATUS_CONTINUE_COMPLETION;
}

static NTSTATUS HeldRead(PDEVICE_OBJECT Device, PSOAK_FILTER Filter, PIRP Irp)
{
    PIO_WORKITEM item = IoAllocateWorkItem(Device);
    if (!item)
        return SoakFail(Filter, Irp, STATUS_INSUFFICIENT_RESOURCES);
    IoCopyCurrentIrpStackLocationToNext(Irp);
    IoSetCompletionRoutine(Irp, Hold, item, TRUE, TRUE, TRUE);
    IoMarkIrpPending(Irp);
    IoCallDriver(Filter->Lower, Irp);
    return STATUS_PENDING;
}

static NTSTATUS WaitedFor(PSOAK_FILTER Filter, PIRP Irp)
{
    IoCopyCurrentIrpStackLocationToNext(Irp);
    if (!IoForwardIrpSynchronously(Filter->Lower, Irp))
        return SoakFail(Filter, Irp, STATUS_INSUFFICIENT_RESOURCES);
    NTSTATUS const status = Irp->IoStatus.Status;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    IoReleaseRemoveLock(&Filter->Lock, Irp);
    return status;
}

static NTSTATUS Dispatch(PDEVICE_OBJECT Device, PIRP Irp)
{
    PSOAK_FILTER filter = Device->DeviceExtension;
    PIO_STACK_LOCATION location = IoGetCurrentIrpStackLocation(Irp);
    NTSTATUS const status = IoAcquireRemoveLock(&filter->Lock, Irp);
    if (!NT_SUCCESS(status))
        return SoakComplete(Irp, status, 0);
    if (location->MajorFunction == IRP_MJ_READ && location->Parameters.Read.ByteOffset.LowPart & 1)
        return HeldRead(Device, filter, Irp);
    if (location->MajorFunction == IRP_MJ_DEVICE_CONTROL) {
        ULONG const method = location->Parameters.DeviceIoControl.IoControlCode & 3;
        if (method == METHOD_IN_DIRECT || method == METHOD_OUT_DIRECT)
            return WaitedFor(filter, Irp);
    }
    IoCopyCurrentIrpStackLocationToNext(Irp);
    IoSetCompletionRoutine(Irp, Pass, filter, TRUE, TRUE, TRUE);
    return IoCallDriver(filter->Lower, Irp);
}

NTSTATUS DriverEntry(PDRIVER_OBJECT Driver, PUNICODE_STRING RegistryPath)
{
    UNREFERENCED_PARAMETER(RegistryPath);
    for (int i = 0; i <= IRP_MJ_MAXIMUM_FUNCTION; ++i)
        Driver->MajorFunction[i] = Dispatch;
    Driver->DriverUnload = SoakDetach;
    return SoakAttach(Driver);
}
