// SPDX-License-Identifier: MIT
// What all exhibits share: a device \Device\Museum with the link \\.\Museum, and one function that an exhibit writes.
// An exhibit is one source built twice: as it is, it breaks one rule; with CORRECTED defined it is the same driver
// without the fault.
#pragma once
#include <ntddk.h>

#define IOCTL_MUSEUM_SHOW CTL_CODE(0x8000, 0x800, METHOD_BUFFERED, FILE_ANY_ACCESS)

// The exhibit: what the driver does with the request. It owns the IRP and returns the dispatch routine's status.
static NTSTATUS Show(PDEVICE_OBJECT Device, PIRP Irp);
// The exhibit's part of unloading.
static void Leave(void);

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

static void Unload(PDRIVER_OBJECT Driver)
{
    UNICODE_STRING link = RTL_CONSTANT_STRING(L"\\DosDevices\\Museum");
    Leave();
    IoDeleteSymbolicLink(&link);
    if (Driver->DeviceObject)
        IoDeleteDevice(Driver->DeviceObject);
}

NTSTATUS DriverEntry(PDRIVER_OBJECT Driver, PUNICODE_STRING RegistryPath)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\Device\\Museum");
    UNICODE_STRING link = RTL_CONSTANT_STRING(L"\\DosDevices\\Museum");
    PDEVICE_OBJECT device;
    NTSTATUS status;
    UNREFERENCED_PARAMETER(RegistryPath);
    Driver->MajorFunction[IRP_MJ_CREATE] = CreateClose;
    Driver->MajorFunction[IRP_MJ_CLOSE] = CreateClose;
    Driver->MajorFunction[IRP_MJ_DEVICE_CONTROL] = Show;
    Driver->DriverUnload = Unload;
    status = IoCreateDevice(Driver, 0, &name, 0x8000, 0, FALSE, &device);
    if (!NT_SUCCESS(status))
        return status;
    status = IoCreateSymbolicLink(&link, &name);
    if (!NT_SUCCESS(status))
        IoDeleteDevice(device);
    return status;
}
