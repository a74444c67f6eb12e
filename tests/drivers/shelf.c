// SPDX-License-Identifier: MIT
// Holds requests in the two ways that the documentation describes, in a slot under a spin lock and a cancel routine,
// and in a cancel-safe queue, until it is asked to serve them. It is right. FAULT makes a copy that is not:
//   1  who takes the request from the slot throws IoSetCancelRoutine's answer away
//   2  who puts a cancelled request there does
//   3  the cancel routine completes the request before it has left the slot
//   4  the queue's lock locks nothing
#include <ntddk.h>

#include "shelf.h"

#ifndef FAULT
#define FAULT 0
#endif

static KSPIN_LOCK SlotLock;
static PIRP Slot;

static IO_CSQ Queue;
static LIST_ENTRY QueueHead;
static KSPIN_LOCK QueueLock;

static NTSTATUS Complete(PIRP Irp, NTSTATUS Status)
{
    Irp->IoStatus.Status = Status;
    Irp->IoStatus.Information = 0;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return Status;
}

static NTSTATUS CreateClose(PDEVICE_OBJECT Device, PIRP Irp)
{
    UNREFERENCED_PARAMETER(Device);
    return Complete(Irp, STATUS_SUCCESS);
}

// The slot: it and the cancel routine of what is in it change under the lock. Who gets the routine out owns the
// request.

static VOID CancelSlot(PDEVICE_OBJECT Device, PIRP Irp)
{
    KIRQL irql;
    UNREFERENCED_PARAMETER(Device);
    IoReleaseCancelSpinLock(Irp->CancelIrql);
    if (FAULT == 3)
        Complete(Irp, STATUS_CANCELLED);
    KeAcquireSpinLock(&SlotLock, &irql);
    if (Slot == Irp)
        Slot = NULL;
    KeReleaseSpinLock(&SlotLock, irql);
    if (FAULT != 3)
        Complete(Irp, STATUS_CANCELLED);
}

static NTSTATUS PutIntoSlot(PIRP Irp)
{
    KIRQL irql;
    PIRP cancelled = NULL;
    KeAcquireSpinLock(&SlotLock, &irql);
    if (Slot) {
        KeReleaseSpinLock(&SlotLock, irql);
        return Complete(Irp, STATUS_DEVICE_BUSY);
    }
    IoMarkIrpPending(Irp);
    Slot = Irp;
    IoSetCancelRoutine(Irp, CancelSlot);
    if (Irp->Cancel && (IoSetCancelRoutine(Irp, NULL) || FAULT == 2)) {
        cancelled = Irp;
        Slot = NULL;
    }
    KeReleaseSpinLock(&SlotLock, irql);
    if (cancelled)
        Complete(cancelled, STATUS_CANCELLED);
    return STATUS_PENDING;
}

// Of any file for null.
static PIRP TakeFromSlot(PFILE_OBJECT File)
{
    KIRQL irql;
    PIRP irp;
    KeAcquireSpinLock(&SlotLock, &irql);
    irp = Slot;
    if (irp && File && IoGetCurrentIrpStackLocation(irp)->FileObject != File)
        irp = NULL;
    if (irp && !IoSetCancelRoutine(irp, NULL) && FAULT != 1)
        irp = NULL; // its cancel routine is on its way
    if (irp)
        Slot = NULL;
    KeReleaseSpinLock(&SlotLock, irql);
    return irp;
}

// The queue

static VOID InsertIrp(PIO_CSQ Csq, PIRP Irp)
{
    UNREFERENCED_PARAMETER(Csq);
    InsertTailList(&QueueHead, &Irp->Tail.Overlay.ListEntry);
}

static VOID RemoveIrp(PIO_CSQ Csq, PIRP Irp)
{
    UNREFERENCED_PARAMETER(Csq);
    RemoveEntryList(&Irp->Tail.Overlay.ListEntry);
}

static PIRP PeekNextIrp(PIO_CSQ Csq, PIRP Irp, PVOID File)
{
    PLIST_ENTRY entry = Irp ? Irp->Tail.Overlay.ListEntry.Flink : QueueHead.Flink;
    UNREFERENCED_PARAMETER(Csq);
    for (; entry != &QueueHead; entry = entry->Flink) {
        PIRP next = CONTAINING_RECORD(entry, IRP, Tail.Overlay.ListEntry);
        if (!File || IoGetCurrentIrpStackLocation(next)->FileObject == File)
            return next;
    }
    return NULL;
}

static VOID AcquireQueue(PIO_CSQ Csq, PKIRQL Irql)
{
    UNREFERENCED_PARAMETER(Csq);
    if (FAULT == 4)
        KeRaiseIrql(DISPATCH_LEVEL, Irql);
    else
        KeAcquireSpinLock(&QueueLock, Irql);
}

static VOID ReleaseQueue(PIO_CSQ Csq, KIRQL Irql)
{
    UNREFERENCED_PARAMETER(Csq);
    if (FAULT == 4)
        KeLowerIrql(Irql);
    else
        KeReleaseSpinLock(&QueueLock, Irql);
}

static VOID CompleteCanceledIrp(PIO_CSQ Csq, PIRP Irp)
{
    UNREFERENCED_PARAMETER(Csq);
    Complete(Irp, STATUS_CANCELLED);
}

// Both

static NTSTATUS Serve(PIRP Irp)
{
    PIRP irp = TakeFromSlot(NULL);
    if (irp)
        Complete(irp, STATUS_SUCCESS);
    while ((irp = IoCsqRemoveNextIrp(&Queue, NULL)) != NULL)
        Complete(irp, STATUS_SUCCESS);
    return Complete(Irp, STATUS_SUCCESS);
}

static NTSTATUS DeviceControl(PDEVICE_OBJECT Device, PIRP Irp)
{
    UNREFERENCED_PARAMETER(Device);
    switch (IoGetCurrentIrpStackLocation(Irp)->Parameters.DeviceIoControl.IoControlCode) {
    case IOCTL_SHELF_SLOT:
        return PutIntoSlot(Irp);
    case IOCTL_SHELF_QUEUE:
        IoCsqInsertIrp(&Queue, Irp, NULL);
        return STATUS_PENDING;
    case IOCTL_SHELF_SERVE:
        return Serve(Irp);
    default:
        return Complete(Irp, STATUS_INVALID_DEVICE_REQUEST);
    }
}

static NTSTATUS Cleanup(PDEVICE_OBJECT Device, PIRP Irp)
{
    PFILE_OBJECT file = IoGetCurrentIrpStackLocation(Irp)->FileObject;
    PIRP irp = TakeFromSlot(file);
    UNREFERENCED_PARAMETER(Device);
    if (irp)
        Complete(irp, STATUS_CANCELLED);
    while ((irp = IoCsqRemoveNextIrp(&Queue, file)) != NULL)
        Complete(irp, STATUS_CANCELLED);
    return Complete(Irp, STATUS_SUCCESS);
}

static VOID Unload(PDRIVER_OBJECT Driver) { IoDeleteDevice(Driver->DeviceObject); }

NTSTATUS DriverEntry(PDRIVER_OBJECT Driver, PUNICODE_STRING RegistryPath)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\Device\\Shelf");
    PDEVICE_OBJECT device;
    NTSTATUS status;
    UNREFERENCED_PARAMETER(RegistryPath);
    Driver->MajorFunction[IRP_MJ_CREATE] = CreateClose;
    Driver->MajorFunction[IRP_MJ_CLOSE] = CreateClose;
    Driver->MajorFunction[IRP_MJ_CLEANUP] = Cleanup;
    Driver->MajorFunction[IRP_MJ_DEVICE_CONTROL] = DeviceControl;
    Driver->DriverUnload = Unload;
    KeInitializeSpinLock(&SlotLock);
    KeInitializeSpinLock(&QueueLock);
    InitializeListHead(&QueueHead);
    status = IoCsqInitialize(&Queue, InsertIrp, RemoveIrp, PeekNextIrp, AcquireQueue, ReleaseQueue,
                             CompleteCanceledIrp);
    if (!NT_SUCCESS(status))
        return status;
    return IoCreateDevice(Driver, 0, &name, FILE_DEVICE_UNKNOWN, 0, FALSE, &device);
}
