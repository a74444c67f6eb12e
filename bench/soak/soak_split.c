// SPDX-License-Identifier: MIT
// The top of the soak's stack. Reads of more than SOAK_PIECE bytes become associated IRPs of one piece each; two control
// codes make this driver send requests of its own: one that IoBuildDeviceIoControlRequest makes, and one that
// IoAllocateIrp makes and IoReuseIrp makes new seven times.
#include "soak.h"

#define PIECES_MAX 16

// A piece's MDL is ours; the master's status is the first failure, its information what all pieces brought.
static NTSTATUS PieceRead(PDEVICE_OBJECT Device, PIRP Irp, PVOID Context)
{
    PIRP master = Context;
    UNREFERENCED_PARAMETER(Device);
    if (!NT_SUCCESS(Irp->IoStatus.Status))
        InterlockedExchange((volatile LONG*)&master->IoStatus.Status, Irp->IoStatus.Status);
    else
        InterlockedExchangeAdd64((volatile LONG64*)&master->IoStatus.Information, (LONG64)Irp->IoStatus.Information);
    IoFreeMdl(Irp->MdlAddress);
    Irp->MdlAddress = NULL;
    return STATUS_CONTINUE_COMPLETION;
}

static PIRP MakePiece(PSOAK_FILTER Filter, PIRP Master, ULONG Offset, ULONG Length)
{
    PIO_STACK_LOCATION read = IoGetCurrentIrpStackLocation(Master);
    PVOID const address = (PUCHAR)MmGetMdlVirtualAddress(Master->MdlAddress) + Offset;
    PIRP piece = IoMakeAssociatedIrp(Master, Filter->Lower->StackSize);
    if (!piece)
        return NULL;
    piece->MdlAddress = IoAllocateMdl(address, Length, FALSE, FALSE, NULL);
    if (!piece->MdlAddress) {
        IoFreeIrp(piece);
        return NULL;
    }
    IoBuildPartialMdl(Master->MdlAddress, piece->MdlAddress, address, Length);
    PIO_STACK_LOCATION next = IoGetNextIrpStackLocation(piece);
    next->MajorFunction = IRP_MJ_READ;
    next->FileObject = read->FileObject;
    next->Parameters.Read.Length = Length;
    next->Parameters.Read.ByteOffset.QuadPart = read->Parameters.Read.ByteOffset.QuadPart + Offset;
    IoSetCompletionRoutine(piece, PieceRead, Master, TRUE, TRUE, TRUE);
    return piece;
}

static NTSTATUS SplitRead(PSOAK_FILTER Filter, PIRP Irp)
{
    PIRP pieces[PIECES_MAX];
    LONG count = 0;
    ULONG const length = IoGetCurrentIrpStackLocation(Irp)->Parameters.Read.Length;
    for (ULONG offset = 0; offset < length; offset += SOAK_PIECE) {
        ULONG const rest = length - offset;
        pieces[count] = MakePiece(Filter, Irp, offset, rest < SOAK_PIECE ? rest : SOAK_PIECE);
        if (!pieces[count]) {
            while (count--) {
                IoFreeMdl(pieces[count]->MdlAddress);
                IoFreeIrp(pieces[count]);
            }
            return SoakFail(Filter, Irp, STATUS_INSUFFICIENT_RESOURCES);
        }
        ++count;
    }
    Irp->AssociatedIrp.IrpCount = count;
    Irp->IoStatus.Status = STATUS_SUCCESS;
    Irp->IoStatus.Information = 0;
    IoMarkIrpPending(Irp);
    for (LONG i = 0; i < count; ++i)
        IoCallDriver(Filter->Lower, pieces[i]);
    // The last piece completes the master, which may be gone by now.
    IoReleaseRemoveLock(&Filter->Lock, Irp);
    return STATUS_PENDING;
}

static NTSTATUS SendBuilt(PSOAK_FILTER Filter, PIRP Irp)
{
    KEVENT done;
    IO_STATUS_BLOCK outcome;
    UCHAR buffer[8] = { 1, 2, 3, 4, 5, 6, 7, 8 };
    KeInitializeEvent(&done, NotificationEvent, FALSE);
    PIRP built = IoBuildDeviceIoControlRequest(IOCTL_SOAK_WORK, Filter->Lower, buffer, sizeof buffer, buffer,
                                               sizeof buffer, FALSE, &done, &outcome);
    if (!built)
        return SoakFail(Filter, Irp, STATUS_INSUFFICIENT_RESOURCES);
    NTSTATUS status = IoCallDriver(Filter->Lower, built);
    if (status == STATUS_PENDING) {
        KeWaitForSingleObject(&done, Executive, KernelMode, FALSE, NULL);
        status = outcome.Status;
    }
    return SoakFail(Filter, Irp, status);
}

static NTSTATUS ReusedDone(PDEVICE_OBJECT Device, PIRP Irp, PVOID Context)
{
    UNREFERENCED_PARAMETER(Device);
    if (Irp->PendingReturned)
        KeSetEvent(Context, IO_NO_INCREMENT, FALSE);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

static NTSTATUS SendReused(PSOAK_FILTER Filter, PIRP Irp)
{
    KEVENT done;
    NTSTATUS status = STATUS_SUCCESS;
    KeInitializeEvent(&done, SynchronizationEvent, FALSE);
    PIRP reused = IoAllocateIrp(Filter->Lower->StackSize, FALSE);
    if (!reused)
        return SoakFail(Filter, Irp, STATUS_INSUFFICIENT_RESOURCES);
    for (int i = 0; i < 8 && NT_SUCCESS(status); ++i) {
        if (i)
            IoReuseIrp(reused, STATUS_NOT_SUPPORTED);
        PIO_STACK_LOCATION next = IoGetNextIrpStackLocation(reused);
        next->MajorFunction = IRP_MJ_FLUSH_BUFFERS;
        next->FileObject = IoGetCurrentIrpStackLocation(Irp)->FileObject;
        IoSetCompletionRoutine(reused, ReusedDone, &done, TRUE, TRUE, TRUE);
        status = IoCallDriver(Filter->Lower, reused);
        if (status == STATUS_PENDING)
            KeWaitForSingleObject(&done, Executive, KernelMode, FALSE, NULL);
        status = reused->IoStatus.Status;
    }
    IoFreeIrp(reused);
    return SoakFail(Filter, Irp, status);
}

static NTSTATUS Dispatch(PDEVICE_OBJECT Device, PIRP Irp)
{
    PSOAK_FILTER filter = Device->DeviceExtension;
    PIO_STACK_LOCATION location = IoGetCurrentIrpStackLocation(Irp);
    NTSTATUS const status = IoAcquireRemoveLock(&filter->Lock, Irp);
    if (!NT_SUCCESS(status))
        return SoakComplete(Irp, status, 0);
    if (location->MajorFunction == IRP_MJ_READ && location->Parameters.Read.Length > SOAK_PIECE
        && location->Parameters.Read.Length <= SOAK_PIECE * PIECES_MAX)
        return SplitRead(filter, Irp);
    if (location->MajorFunction == IRP_MJ_DEVICE_CONTROL) {
        if (location->Parameters.DeviceIoControl.IoControlCode == IOCTL_SOAK_BUILT)
            return SendBuilt(filter, Irp);
        if (location->Parameters.DeviceIoControl.IoControlCode == IOCTL_SOAK_REUSED)
            return SendReused(filter, Irp);
    }
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
