// SPDX-License-Identifier: MIT
// A driver that comes to a bad end in the way its control code says: what each does to the machine is a test.
#include <ntddk.h>

#include "ends.h"

static KDPC Dpc;
static volatile LONG Never;
static KSPIN_LOCK Lock;

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

static __attribute__((noinline)) ULONG Recurse(volatile ULONG* Depth)
{
    volatile ULONG here[64];
    here[0] = *Depth + 1;
    return Recurse(&here[0]) + here[0];
}

static VOID SpinDpc(PKDPC Self, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    UNREFERENCED_PARAMETER(Self);
    UNREFERENCED_PARAMETER(Context);
    UNREFERENCED_PARAMETER(Argument1);
    UNREFERENCED_PARAMETER(Argument2);
    while (!Never) { }
}

static NTSTATUS DeviceControl(PDEVICE_OBJECT Device, PIRP Irp)
{
    PIO_STACK_LOCATION location = IoGetCurrentIrpStackLocation(Irp);
    ULONG depth = 0;
    KIRQL old;
    UNREFERENCED_PARAMETER(Device);
    switch (location->Parameters.DeviceIoControl.IoControlCode) {
    case IOCTL_END_RECURSE:
        Recurse(&depth);
        break;
    case IOCTL_END_JUMP_TO_ZERO: {
        void (*volatile nowhere)(void) = NULL;
        nowhere();
        break;
    }
    case IOCTL_END_SPIN:
        while (!Never) { }
        break;
    case IOCTL_END_SPIN_IN_DPC:
        KeInitializeDpc(&Dpc, SpinDpc, NULL);
        KeInsertQueueDpc(&Dpc, NULL, NULL);
        break;
    case IOCTL_END_INVALID_KERNEL_ADDRESS:
        __try {
            *(volatile ULONG*)0x300FFFFF0000 = 1;
        } __except (EXCEPTION_EXECUTE_HANDLER) {
            return Complete(Irp, GetExceptionCode());
        }
        break;
    case IOCTL_END_NULL_AT_DISPATCH:
        KeInitializeSpinLock(&Lock);
        KeAcquireSpinLock(&Lock, &old);
        __try {
            *(volatile ULONG*)NULL = 1;
        } __except (EXCEPTION_EXECUTE_HANDLER) {
            depth = 1;
        }
        KeReleaseSpinLock(&Lock, old);
        break;
    case IOCTL_END_UNHANDLED:
        *(volatile ULONG*)NULL = 1;
        break;
    case IOCTL_END_BREAK_IN:
        __debugbreak();
        break;
    case IOCTL_END_FAST_FAIL:
        __fastfail(3); // FAST_FAIL_CORRUPT_LIST_ENTRY
        break;
    case IOCTL_END_BUG_CHECK:
        KeBugCheckEx(0xDEADDEAD, 1, 2, 3, 4);
        break;
    case IOCTL_END_KERNEL_GIVEN_NONSENSE:
        KeSetEvent((PRKEVENT)0x300FFFFF0000, 0, FALSE);
        break;
    case IOCTL_END_PEND_FOR_EVER:
        IoMarkIrpPending(Irp);
        return STATUS_PENDING;
    case IOCTL_END_OVERRUN_AND_KEEP: {
        volatile UCHAR* block = ExAllocatePoolWithTag(NonPagedPoolNx, 5000, 'sdnE');
        if (!block)
            return Complete(Irp, STATUS_INSUFFICIENT_RESOURCES);
        block[5000] = 1; // in its last page, where no other block's owner notices
        break;
    }
    default:
        return Complete(Irp, STATUS_INVALID_DEVICE_REQUEST);
    }
    return Complete(Irp, STATUS_SUCCESS);
}

static void Unload(PDRIVER_OBJECT Driver)
{
    UNICODE_STRING link = RTL_CONSTANT_STRING(L"\\DosDevices\\Ends");
    IoDeleteSymbolicLink(&link);
    IoDeleteDevice(Driver->DeviceObject);
}

NTSTATUS DriverEntry(PDRIVER_OBJECT Driver, PUNICODE_STRING RegistryPath)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\Device\\Ends");
    UNICODE_STRING link = RTL_CONSTANT_STRING(L"\\DosDevices\\Ends");
    PDEVICE_OBJECT device;
    NTSTATUS status;
    UNREFERENCED_PARAMETER(RegistryPath);
    Driver->MajorFunction[IRP_MJ_CREATE] = CreateClose;
    Driver->MajorFunction[IRP_MJ_CLOSE] = CreateClose;
    Driver->MajorFunction[IRP_MJ_DEVICE_CONTROL] = DeviceControl;
    Driver->DriverUnload = Unload;
#ifdef FAIL_ENTRY
    return STATUS_DEVICE_CONFIGURATION_ERROR;
#endif
    status = IoCreateDevice(Driver, 0, &name, FILE_DEVICE_UNKNOWN, 0, FALSE, &device);
    if (!NT_SUCCESS(status))
        return status;
    status = IoCreateSymbolicLink(&link, &name);
    if (!NT_SUCCESS(status))
        IoDeleteDevice(device);
    return status;
}
