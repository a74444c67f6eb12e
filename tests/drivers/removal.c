// SPDX-License-Identifier: MIT
// A driver that does with its remove lock what it is told, right or wrong. Built with DBG it has a lock of the large form.
#include <ntddk.h>

#include "removal.h"

typedef struct _EXTENSION {
    IO_REMOVE_LOCK RemoveLock;
} EXTENSION;

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

static NTSTATUS Control(PDEVICE_OBJECT Device, PIRP Irp)
{
    PIO_REMOVE_LOCK lock = &((EXTENSION*)Device->DeviceExtension)->RemoveLock;
    PIO_STACK_LOCATION location = IoGetCurrentIrpStackLocation(Irp);
    PVOID tag;
    if (location->Parameters.DeviceIoControl.InputBufferLength != sizeof(ULONG))
        return Complete(Irp, STATUS_INVALID_PARAMETER);
    tag = ULongToPtr(*(ULONG*)Irp->AssociatedIrp.SystemBuffer);
    switch (location->Parameters.DeviceIoControl.IoControlCode) {
    case IOCTL_REMOVAL_ACQUIRE:
        return Complete(Irp, IoAcquireRemoveLock(lock, tag));
    case IOCTL_REMOVAL_RELEASE:
        IoReleaseRemoveLock(lock, tag);
        return Complete(Irp, STATUS_SUCCESS);
    case IOCTL_REMOVAL_RELEASE_AND_WAIT:
        IoReleaseRemoveLockAndWait(lock, tag);
        return Complete(Irp, STATUS_SUCCESS);
    default:
        return Complete(Irp, STATUS_INVALID_DEVICE_REQUEST);
    }
}

static void Unload(PDRIVER_OBJECT Driver)
{
    UNICODE_STRING link = RTL_CONSTANT_STRING(L"\\DosDevices\\Removal");
    IoDeleteSymbolicLink(&link);
    IoDeleteDevice(Driver->DeviceObject);
}

NTSTATUS DriverEntry(PDRIVER_OBJECT Driver, PUNICODE_STRING RegistryPath)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\Device\\Removal");
    UNICODE_STRING link = RTL_CONSTANT_STRING(L"\\DosDevices\\Removal");
    PDEVICE_OBJECT device;
    NTSTATUS status;
    UNREFERENCED_PARAMETER(RegistryPath);
    Driver->MajorFunction[IRP_MJ_CREATE] = CreateClose;
    Driver->MajorFunction[IRP_MJ_CLOSE] = CreateClose;
    Driver->MajorFunction[IRP_MJ_DEVICE_CONTROL] = Control;
    Driver->DriverUnload = Unload;
    status = IoCreateDevice(Driver, sizeof(EXTENSION), &name, 0x8000, 0, FALSE, &device);
    if (!NT_SUCCESS(status))
        return status;
    IoInitializeRemoveLock(&((EXTENSION*)device->DeviceExtension)->RemoveLock, 'vmeR', 0, 0);
    status = IoCreateSymbolicLink(&link, &name);
    if (!NT_SUCCESS(status))
        IoDeleteDevice(device);
    return status;
}
