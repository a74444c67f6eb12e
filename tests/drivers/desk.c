// SPDX-License-Identifier: MIT
// A driver that does with reads, writes and whatever else it is asked what it was told before: completes with a status
// and an amount, or keeps the request until it is told to serve it or the request is cancelled.
#include <ntifs.h>

#include "desk.h"

typedef struct {
    KSPIN_LOCK Lock;
    LIST_ENTRY Kept;
    ULONG Count;
    IO_CSQ Queue;
    DESK_ORDER Order;
} DESK;

static DESK *DeskOf(PIO_CSQ Queue) { return CONTAINING_RECORD(Queue, DESK, Queue); }

static VOID InsertIrp(PIO_CSQ Queue, PIRP Irp)
{
    InsertTailList(&DeskOf(Queue)->Kept, &Irp->Tail.Overlay.ListEntry);
    DeskOf(Queue)->Count++;
}

static VOID RemoveIrp(PIO_CSQ Queue, PIRP Irp)
{
    RemoveEntryList(&Irp->Tail.Overlay.ListEntry);
    DeskOf(Queue)->Count--;
}

static PIRP PeekNextIrp(PIO_CSQ Queue, PIRP Irp, PVOID Context)
{
    PLIST_ENTRY next = Irp ? Irp->Tail.Overlay.ListEntry.Flink : DeskOf(Queue)->Kept.Flink;
    UNREFERENCED_PARAMETER(Context);
    return next == &DeskOf(Queue)->Kept ? NULL : CONTAINING_RECORD(next, IRP, Tail.Overlay.ListEntry);
}

static VOID AcquireLock(PIO_CSQ Queue, PKIRQL Irql) { KeAcquireSpinLock(&DeskOf(Queue)->Lock, Irql); }
static VOID ReleaseLock(PIO_CSQ Queue, KIRQL Irql) { KeReleaseSpinLock(&DeskOf(Queue)->Lock, Irql); }

static NTSTATUS Complete(PIRP Irp, NTSTATUS Status, ULONG_PTR Information)
{
    Irp->IoStatus.Status = Status;
    Irp->IoStatus.Information = Information;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return Status;
}

static VOID CompleteCanceledIrp(PIO_CSQ Queue, PIRP Irp)
{
    UNREFERENCED_PARAMETER(Queue);
    Complete(Irp, STATUS_CANCELLED, 0);
}

static ULONG OutputBytes(PIO_STACK_LOCATION Location)
{
    switch (Location->MajorFunction) {
    case IRP_MJ_READ:
        return Location->Parameters.Read.Length;
    case IRP_MJ_DEVICE_CONTROL:
        return Location->Parameters.DeviceIoControl.OutputBufferLength;
    case IRP_MJ_QUERY_INFORMATION:
        return Location->Parameters.QueryFile.Length;
    default:
        return 0;
    }
}

static NTSTATUS Serve(PIRP Irp, const DESK_ORDER *Order)
{
    ULONG bytes = OutputBytes(IoGetCurrentIrpStackLocation(Irp));
    if (bytes && Irp->AssociatedIrp.SystemBuffer)
        RtlFillMemory(Irp->AssociatedIrp.SystemBuffer, bytes, 'd');
    return Complete(Irp, Order->Status, Order->Information);
}

static NTSTATUS AsOrdered(DESK *Desk, PIRP Irp)
{
    if (!Desk->Order.Keep)
        return Serve(Irp, &Desk->Order);
    if (Desk->Order.Uncancelled) {
        KIRQL irql;
        IoMarkIrpPending(Irp);
        KeAcquireSpinLock(&Desk->Lock, &irql);
        InsertIrp(&Desk->Queue, Irp);
        KeReleaseSpinLock(&Desk->Lock, irql);
    } else
        IoCsqInsertIrp(&Desk->Queue, Irp, NULL);
    return STATUS_PENDING;
}

static PIRP TakeOldest(DESK *Desk)
{
    PIRP irp = IoCsqRemoveNextIrp(&Desk->Queue, NULL);
    KIRQL irql;
    if (irp)
        return irp;
    // One that was kept without a cancel routine is none of the queue's.
    KeAcquireSpinLock(&Desk->Lock, &irql);
    irp = PeekNextIrp(&Desk->Queue, NULL, NULL);
    if (irp)
        RemoveIrp(&Desk->Queue, irp);
    KeReleaseSpinLock(&Desk->Lock, irql);
    return irp;
}

static NTSTATUS Control(DESK *Desk, PIRP Irp, PIO_STACK_LOCATION Location)
{
    ULONG in = Location->Parameters.DeviceIoControl.InputBufferLength;
    ULONG out = Location->Parameters.DeviceIoControl.OutputBufferLength;
    PVOID buffer = Irp->AssociatedIrp.SystemBuffer;
    DESK_ORDER order;
    PIRP kept;
    switch (Location->Parameters.DeviceIoControl.IoControlCode) {
    case IOCTL_DESK_ORDER:
        if (in < sizeof order)
            return Complete(Irp, STATUS_BUFFER_TOO_SMALL, 0);
        Desk->Order = *(DESK_ORDER *)buffer;
        return Complete(Irp, STATUS_SUCCESS, 0);
    case IOCTL_DESK_SERVE:
        if (in < sizeof order)
            return Complete(Irp, STATUS_BUFFER_TOO_SMALL, 0);
        order = *(DESK_ORDER *)buffer;
        kept = TakeOldest(Desk);
        if (!kept)
            return Complete(Irp, STATUS_NO_MORE_ENTRIES, 0);
        Serve(kept, &order);
        return Complete(Irp, STATUS_SUCCESS, 0);
    case IOCTL_DESK_COUNT:
        if (out < sizeof Desk->Count)
            return Complete(Irp, STATUS_BUFFER_TOO_SMALL, 0);
        *(ULONG *)buffer = Desk->Count;
        return Complete(Irp, STATUS_SUCCESS, sizeof Desk->Count);
    default:
        return AsOrdered(Desk, Irp);
    }
}

static DRIVER_DISPATCH Dispatch;
static NTSTATUS Dispatch(PDEVICE_OBJECT Device, PIRP Irp)
{
    PIO_STACK_LOCATION location = IoGetCurrentIrpStackLocation(Irp);
    DESK *desk = Device->DeviceExtension;
    switch (location->MajorFunction) {
    case IRP_MJ_CREATE:
    case IRP_MJ_CLEANUP:
    case IRP_MJ_CLOSE:
        return Complete(Irp, STATUS_SUCCESS, 0);
    case IRP_MJ_DEVICE_CONTROL:
        return Control(desk, Irp, location);
    default:
        return AsOrdered(desk, Irp);
    }
}

static DRIVER_UNLOAD Unload;
static VOID Unload(PDRIVER_OBJECT Driver)
{
    UNICODE_STRING link = RTL_CONSTANT_STRING(L"\\DosDevices\\Desk");
    IoDeleteSymbolicLink(&link);
    IoDeleteDevice(Driver->DeviceObject);
}

DRIVER_INITIALIZE DriverEntry;
NTSTATUS DriverEntry(PDRIVER_OBJECT Driver, PUNICODE_STRING RegistryPath)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\Device\\Desk");
    UNICODE_STRING link = RTL_CONSTANT_STRING(L"\\DosDevices\\Desk");
    PDEVICE_OBJECT device;
    DESK *desk;
    NTSTATUS status;
    ULONG i;
    UNREFERENCED_PARAMETER(RegistryPath);
    for (i = 0; i < IRP_MJ_PNP; i++)
        Driver->MajorFunction[i] = Dispatch;
    Driver->DriverUnload = Unload;
    status = IoCreateDevice(Driver, sizeof(DESK), &name, FILE_DEVICE_UNKNOWN, 0, FALSE, &device);
    if (!NT_SUCCESS(status))
        return status;
    desk = device->DeviceExtension;
    KeInitializeSpinLock(&desk->Lock);
    InitializeListHead(&desk->Kept);
    IoCsqInitialize(&desk->Queue, InsertIrp, RemoveIrp, PeekNextIrp, AcquireLock, ReleaseLock, CompleteCanceledIrp);
    device->Flags |= DO_BUFFERED_IO;
    status = IoCreateSymbolicLink(&link, &name);
    if (!NT_SUCCESS(status))
        IoDeleteDevice(device);
    return status;
}
