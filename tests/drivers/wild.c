// SPDX-License-Identifier: MIT
// A driver that knows where it really runs and calls Linux: what it does to the machine's process no machine can stop,
// and the process that drives it must survive (tests/capi). It also keeps a request until that is cancelled.
#include <ntddk.h>

#include "wild.h"

enum { LINUX_WRITE = 1, LINUX_CLOSE = 3, LINUX_GETPID = 39, LINUX_KILL = 62, LINUX_EXIT_GROUP = 231 };

static volatile LONG Never;

static LONG_PTR Linux(LONG_PTR Number, LONG_PTR First, LONG_PTR Second, LONG_PTR Third)
{
    LONG_PTR result = Number;
    __asm__ volatile("syscall" : "+a"(result) : "D"(First), "S"(Second), "d"(Third) : "rcx", "r11", "memory");
    return result;
}

static NTSTATUS Complete(PIRP Irp, NTSTATUS Status, ULONG_PTR Information)
{
    Irp->IoStatus.Status = Status;
    Irp->IoStatus.Information = Information;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return Status;
}

static NTSTATUS CreateClose(PDEVICE_OBJECT Device, PIRP Irp)
{
    UNREFERENCED_PARAMETER(Device);
    return Complete(Irp, STATUS_SUCCESS, 0);
}

static VOID Cancel(PDEVICE_OBJECT Device, PIRP Irp)
{
    UNREFERENCED_PARAMETER(Device);
    IoReleaseCancelSpinLock(Irp->CancelIrql);
    Complete(Irp, STATUS_CANCELLED, 0);
}

static NTSTATUS Keep(PIRP Irp)
{
    KIRQL old;
    IoAcquireCancelSpinLock(&old);
    if (Irp->Cancel) {
        IoReleaseCancelSpinLock(old);
        return Complete(Irp, STATUS_CANCELLED, 0);
    }
    IoMarkIrpPending(Irp);
    IoSetCancelRoutine(Irp, Cancel);
    IoReleaseCancelSpinLock(old);
    return STATUS_PENDING;
}

static NTSTATUS DeviceControl(PDEVICE_OBJECT Device, PIRP Irp)
{
    PIO_STACK_LOCATION location = IoGetCurrentIrpStackLocation(Irp);
    ULONG length = location->Parameters.DeviceIoControl.InputBufferLength;
    LONG given = 0;
    UNREFERENCED_PARAMETER(Device);
    if (length >= sizeof given)
        given = *(PLONG)Irp->AssociatedIrp.SystemBuffer;
    else
        length = sizeof given;
    switch (location->Parameters.DeviceIoControl.IoControlCode) {
    case IOCTL_WILD_EXIT:
        Linux(LINUX_EXIT_GROUP, given, 0, 0);
        break;
    case IOCTL_WILD_KILL:
        Linux(LINUX_KILL, Linux(LINUX_GETPID, 0, 0, 0), given, 0);
        break;
    case IOCTL_WILD_CLOSE:
        Linux(LINUX_CLOSE, given, 0, 0);
        break;
    case IOCTL_WILD_SPEAK:
        if (Linux(LINUX_WRITE, given, (LONG_PTR)Irp->AssociatedIrp.SystemBuffer + sizeof given, length - sizeof given) < 0)
            return Complete(Irp, STATUS_INVALID_HANDLE, 0);
        break;
    case IOCTL_WILD_COMPUTE:
        while (!Never) { }
        break;
    case IOCTL_WILD_KEEP:
        return Keep(Irp);
    case IOCTL_WILD_PROCESS:
        if (location->Parameters.DeviceIoControl.OutputBufferLength < sizeof given)
            return Complete(Irp, STATUS_BUFFER_TOO_SMALL, 0);
        *(PLONG)Irp->AssociatedIrp.SystemBuffer = (LONG)Linux(LINUX_GETPID, 0, 0, 0);
        return Complete(Irp, STATUS_SUCCESS, sizeof given);
    default:
        return Complete(Irp, STATUS_INVALID_DEVICE_REQUEST, 0);
    }
    return Complete(Irp, STATUS_SUCCESS, 0);
}

static void Unload(PDRIVER_OBJECT Driver)
{
    UNICODE_STRING link = RTL_CONSTANT_STRING(L"\\DosDevices\\Wild");
    IoDeleteSymbolicLink(&link);
    IoDeleteDevice(Driver->DeviceObject);
}

NTSTATUS DriverEntry(PDRIVER_OBJECT Driver, PUNICODE_STRING RegistryPath)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\Device\\Wild");
    UNICODE_STRING link = RTL_CONSTANT_STRING(L"\\DosDevices\\Wild");
    PDEVICE_OBJECT device;
    NTSTATUS status;
    UNREFERENCED_PARAMETER(RegistryPath);
    Driver->MajorFunction[IRP_MJ_CREATE] = CreateClose;
    Driver->MajorFunction[IRP_MJ_CLOSE] = CreateClose;
    Driver->MajorFunction[IRP_MJ_DEVICE_CONTROL] = DeviceControl;
    Driver->DriverUnload = Unload;
    status = IoCreateDevice(Driver, 0, &name, FILE_DEVICE_UNKNOWN, 0, FALSE, &device);
    if (!NT_SUCCESS(status))
        return status;
    status = IoCreateSymbolicLink(&link, &name);
    if (!NT_SUCCESS(status))
        IoDeleteDevice(device);
    return status;
}
