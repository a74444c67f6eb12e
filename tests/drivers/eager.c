// SPDX-License-Identifier: MIT
// A driver that sends itself requests whose event is set before. That is no fault as long as none of them is pended.
#include <ntddk.h>

#include "eager.h"

static NTSTATUS Complete(PIRP Irp, NTSTATUS Status)
{
    Irp->IoStatus.Status = Status;
    Irp->IoStatus.Information = 0;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return Status;
}

static void CancelKept(PDEVICE_OBJECT Device, PIRP Irp)
{
    UNREFERENCED_PARAMETER(Device);
    IoReleaseCancelSpinLock(Irp->CancelIrql);
    Complete(Irp, STATUS_CANCELLED);
}

static NTSTATUS Keep(PIRP Irp)
{
    IoMarkIrpPending(Irp);
    IoSetCancelRoutine(Irp, CancelKept);
    if (Irp->Cancel && IoSetCancelRoutine(Irp, NULL))
        Complete(Irp, STATUS_CANCELLED);
    return STATUS_PENDING;
}

static NTSTATUS SendMany(PDEVICE_OBJECT Device)
{
    NTSTATUS status = STATUS_SUCCESS;
    KEVENT done;
    IO_STATUS_BLOCK outcome;
    KeInitializeEvent(&done, NotificationEvent, TRUE);
    for (int i = 0; i < 200 && NT_SUCCESS(status); ++i) {
        PIRP own = IoBuildDeviceIoControlRequest(IOCTL_EAGER_AT_ONCE, Device, NULL, 0, NULL, 0, FALSE, &done, &outcome);
        status = own ? IoCallDriver(Device, own) : STATUS_INSUFFICIENT_RESOURCES;
    }
    return status;
}

static NTSTATUS Control(PDEVICE_OBJECT Device, PIRP Irp)
{
    switch (IoGetCurrentIrpStackLocation(Irp)->Parameters.DeviceIoControl.IoControlCode) {
    case IOCTL_EAGER_SEND:
        return Complete(Irp, SendMany(Device));
    case IOCTL_EAGER_AT_ONCE:
        return Complete(Irp, STATUS_SUCCESS);
    case IOCTL_EAGER_KEEP:
        return Keep(Irp);
    default:
        return Complete(Irp, STATUS_INVALID_DEVICE_REQUEST);
    }
}

static NTSTATUS CreateClose(PDEVICE_OBJECT Device, PIRP Irp)
{
    UNREFERENCED_PARAMETER(Device);
    return Complete(Irp, STATUS_SUCCESS);
}

static void Unload(PDRIVER_OBJECT Driver)
{
    UNICODE_STRING link = RTL_CONSTANT_STRING(L"\\DosDevices\\Eager");
    IoDeleteSymbolicLink(&link);
    IoDeleteDevice(Driver->DeviceObject);
}

NTSTATUS DriverEntry(PDRIVER_OBJECT Driver, PUNICODE_STRING RegistryPath)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\Device\\Eager");
    UNICODE_STRING link = RTL_CONSTANT_STRING(L"\\DosDevices\\Eager");
    PDEVICE_OBJECT device;
    NTSTATUS status;
    UNREFERENCED_PARAMETER(RegistryPath);
    Driver->MajorFunction[IRP_MJ_CREATE] = CreateClose;
    Driver->MajorFunction[IRP_MJ_CLOSE] = CreateClose;
    Driver->MajorFunction[IRP_MJ_CLEANUP] = CreateClose;
    Driver->MajorFunction[IRP_MJ_DEVICE_CONTROL] = Control;
    Driver->DriverUnload = Unload;
    status = IoCreateDevice(Driver, 0, &name, 0x8000, 0, FALSE, &device);
    if (!NT_SUCCESS(status))
        return status;
    status = IoCreateSymbolicLink(&link, &name);
    if (!NT_SUCCESS(status))
        IoDeleteDevice(device);
    return status;
}
