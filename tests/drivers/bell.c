// SPDX-License-Identifier: MIT
// Sets an event of its client, given by handle, or completes a request, from a timer's DPC.
#include <ntddk.h>

#include "bell.h"

#define BELL_TAG 'lleB'

typedef struct _BELL {
    KTIMER Timer;
    KDPC Dpc;
    PKEVENT Event;
    PIRP Irp; // instead of an event
} BELL, *PBELL;

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

static void Ring(PKDPC Dpc, PVOID Context, PVOID One, PVOID Two)
{
    PBELL bell = Context;
    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(One);
    UNREFERENCED_PARAMETER(Two);
    if (bell->Irp) {
        (void)Complete(bell->Irp, STATUS_SUCCESS);
    } else {
        KeSetEvent(bell->Event, IO_NO_INCREMENT, FALSE);
        ObDereferenceObject(bell->Event);
    }
    ExFreePoolWithTag(bell, BELL_TAG);
}

static void Start(PBELL bell, ULONG Milliseconds)
{
    LARGE_INTEGER due;
    due.QuadPart = -10000LL * Milliseconds;
    KeInitializeTimer(&bell->Timer);
    KeInitializeDpc(&bell->Dpc, Ring, bell);
    KeSetTimer(&bell->Timer, due, &bell->Dpc);
}

static NTSTATUS RingLater(struct BELL_ORDER const* Order, KPROCESSOR_MODE Mode)
{
    NTSTATUS status;
    PBELL bell = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof *bell, BELL_TAG);
    if (!bell)
        return STATUS_INSUFFICIENT_RESOURCES;
    status = ObReferenceObjectByHandle((HANDLE)Order->Event, EVENT_MODIFY_STATE, *ExEventObjectType, Mode,
                                       (PVOID*)&bell->Event, NULL);
    if (!NT_SUCCESS(status)) {
        ExFreePoolWithTag(bell, BELL_TAG);
        return status;
    }
    Start(bell, Order->Milliseconds);
    return STATUS_SUCCESS;
}

static NTSTATUS Wait(PIRP Irp, struct BELL_ORDER const* Order)
{
    PBELL bell = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof *bell, BELL_TAG);
    if (!bell)
        return Complete(Irp, STATUS_INSUFFICIENT_RESOURCES);
    bell->Irp = Irp;
    IoMarkIrpPending(Irp);
    Start(bell, Order->Milliseconds);
    return STATUS_PENDING;
}

static NTSTATUS DeviceControl(PDEVICE_OBJECT Device, PIRP Irp)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(Irp);
    UNREFERENCED_PARAMETER(Device);
    if (stack->Parameters.DeviceIoControl.InputBufferLength < sizeof(struct BELL_ORDER))
        return Complete(Irp, STATUS_INVALID_PARAMETER);
    switch (stack->Parameters.DeviceIoControl.IoControlCode) {
    case IOCTL_BELL_RING_LATER:
        return Complete(Irp, RingLater(Irp->AssociatedIrp.SystemBuffer, Irp->RequestorMode));
    case IOCTL_BELL_WAIT:
        return Wait(Irp, Irp->AssociatedIrp.SystemBuffer);
    default:
        return Complete(Irp, STATUS_INVALID_DEVICE_REQUEST);
    }
}

// Whoever unloads it has no order outstanding: the test waits for every bell.
static void Unload(PDRIVER_OBJECT Driver)
{
    KeFlushQueuedDpcs();
    IoDeleteDevice(Driver->DeviceObject);
}

NTSTATUS DriverEntry(PDRIVER_OBJECT Driver, PUNICODE_STRING RegistryPath)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\Device\\Bell");
    PDEVICE_OBJECT device;
    UNREFERENCED_PARAMETER(RegistryPath);
    Driver->MajorFunction[IRP_MJ_CREATE] = CreateClose;
    Driver->MajorFunction[IRP_MJ_CLOSE] = CreateClose;
    Driver->MajorFunction[IRP_MJ_DEVICE_CONTROL] = DeviceControl;
    Driver->DriverUnload = Unload;
    return IoCreateDevice(Driver, 0, &name, 0x8000, 0, FALSE, &device);
}
