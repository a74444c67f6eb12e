// SPDX-License-Identifier: MIT
// The museum's driver below: \Device\MuseumHolder keeps one request until it is cancelled, and refuses a second.
#include <ntddk.h>

static PIRP Held;

static NTSTATUS Complete(PIRP Irp, NTSTATUS Status)
{
    Irp->IoStatus.Status = Status;
    Irp->IoStatus.Information = 0;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return Status;
}

static void CancelHeld(PDEVICE_OBJECT Device, PIRP Irp)
{
    UNREFERENCED_PARAMETER(Device);
    InterlockedCompareExchangePointer((PVOID*)&Held, NULL, Irp);
    IoReleaseCancelSpinLock(Irp->CancelIrql);
    Complete(Irp, STATUS_CANCELLED);
}

static NTSTATUS Control(PDEVICE_OBJECT Device, PIRP Irp)
{
    UNREFERENCED_PARAMETER(Device);
    if (InterlockedCompareExchangePointer((PVOID*)&Held, Irp, NULL))
        return Complete(Irp, STATUS_DEVICE_BUSY);
    IoMarkIrpPending(Irp);
    IoSetCancelRoutine(Irp, CancelHeld);
    // Cancelled before the routine was there: nobody called it.
    if (Irp->Cancel && IoSetCancelRoutine(Irp, NULL)) {
        Held = NULL;
        Complete(Irp, STATUS_CANCELLED);
    }
    return STATUS_PENDING;
}

static NTSTATUS CreateClose(PDEVICE_OBJECT Device, PIRP Irp)
{
    UNREFERENCED_PARAMETER(Device);
    return Complete(Irp, STATUS_SUCCESS);
}

static void Unload(PDRIVER_OBJECT Driver) { IoDeleteDevice(Driver->DeviceObject); }

NTSTATUS DriverEntry(PDRIVER_OBJECT Driver, PUNICODE_STRING RegistryPath)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\Device\\MuseumHolder");
    PDEVICE_OBJECT device;
    UNREFERENCED_PARAMETER(RegistryPath);
    Driver->MajorFunction[IRP_MJ_CREATE] = CreateClose;
    Driver->MajorFunction[IRP_MJ_CLOSE] = CreateClose;
    Driver->MajorFunction[IRP_MJ_CLEANUP] = CreateClose;
    Driver->MajorFunction[IRP_MJ_DEVICE_CONTROL] = Control;
    Driver->DriverUnload = Unload;
    return IoCreateDevice(Driver, 0, &name, 0x8000, 0, FALSE, &device);
}
