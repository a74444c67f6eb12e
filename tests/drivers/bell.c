// SPDX-License-Identifier: MIT
// Sets an event of its client, given by handle, from a timer's DPC.
#include <ntddk.h>

#include "bell.h"

#define BELL_TAG 'lleB'

typedef struct _BELL {
    KTIMER Timer;
    KDPC Dpc;
    PKEVENT Event;
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
    KeSetEvent(bell->Event, IO_NO_INCREMENT, FALSE);
    ObDereferenceObject(bell->Event);
    ExFreePoolWithTag(bell, BELL_TAG);
}

static NTSTATUS RingLater(struct BELL_ORDER const* Order, KPROCESSOR_MODE Mode)
{
    LARGE_INTEGER due;
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
    due.QuadPart = -10000LL * Order->Milliseconds;
    KeInitializeTimer(&bell->Timer);
    KeInitializeDpc(&bell->Dpc, Ring, bell);
    KeSetTimer(&bell->Timer, due, &bell->Dpc);
    return STATUS_SUCCESS;
}

static NTSTATUS DeviceControl(PDEVICE_OBJECT Device, PIRP Irp)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(Irp);
    UNREFERENCED_PARAMETER(Device);
    if (stack->Parameters.DeviceIoControl.IoControlCode != IOCTL_BELL_RING_LATER
        || stack->Parameters.DeviceIoControl.InputBufferLength < sizeof(struct BELL_ORDER))
        return Complete(Irp, STATUS_INVALID_PARAMETER);
    return Complete(Irp, RingLater(Irp->AssociatedIrp.SystemBuffer, Irp->RequestorMode));
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
