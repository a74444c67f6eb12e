// SPDX-License-Identifier: MIT
// Two planted races. LOST_UPDATE: two system threads add to a counter that no lock protects. CANCEL: the driver keeps a
// request in a slot and completes it from a thread without asking who owns it, so that a cancel at the wrong moment
// completes it too: IoSetCancelRoutine's answer is thrown away.
#include <ntddk.h>

#include "races.h"

static volatile LONG Counter;
static PIRP Slot;
static KEVENT Wake;
static PKTHREAD Completer;
static BOOLEAN Stop;

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

static VOID Adder(PVOID Context)
{
    int i;
    UNREFERENCED_PARAMETER(Context);
    for (i = 0; i < 3; ++i) {
        LONG read = Counter;
        // Any call into the kernel will do: here is where another processor can come in between.
        KeQueryTimeIncrement();
        Counter = read + 1;
    }
    PsTerminateSystemThread(STATUS_SUCCESS);
}

static NTSTATUS LostUpdate(PIRP Irp)
{
    HANDLE handles[2];
    PVOID threads[2];
    int i;
    Counter = 0;
    for (i = 0; i < 2; ++i) {
        NTSTATUS status = PsCreateSystemThread(&handles[i], THREAD_ALL_ACCESS, NULL, NULL, NULL, Adder, NULL);
        if (!NT_SUCCESS(status))
            return Complete(Irp, status, 0);
        ObReferenceObjectByHandle(handles[i], THREAD_ALL_ACCESS, NULL, KernelMode, &threads[i], NULL);
        ZwClose(handles[i]);
    }
    KeWaitForMultipleObjects(2, threads, WaitAll, Executive, KernelMode, FALSE, NULL, NULL);
    ObDereferenceObject(threads[0]);
    ObDereferenceObject(threads[1]);
    // Asked for no reply, the driver judges itself.
    if (IoGetCurrentIrpStackLocation(Irp)->Parameters.DeviceIoControl.OutputBufferLength < sizeof(LONG)) {
        if (Counter != 6)
            KeBugCheckEx(0x4C4F5354 /* LOST */, (ULONG_PTR)Counter, 6, 0, 0);
        return Complete(Irp, STATUS_SUCCESS, 0);
    }
    *(LONG*)Irp->AssociatedIrp.SystemBuffer = Counter;
    return Complete(Irp, STATUS_SUCCESS, sizeof(LONG));
}

static VOID CancelRoutine(PDEVICE_OBJECT Device, PIRP Irp)
{
    UNREFERENCED_PARAMETER(Device);
    Slot = NULL;
    IoReleaseCancelSpinLock(Irp->CancelIrql);
    Complete(Irp, STATUS_CANCELLED, 0);
}

static VOID CompleterThread(PVOID Context)
{
    UNREFERENCED_PARAMETER(Context);
    for (;;) {
        PIRP irp;
        KeWaitForSingleObject(&Wake, Executive, KernelMode, FALSE, NULL);
        if (Stop)
            PsTerminateSystemThread(STATUS_SUCCESS);
        irp = Slot;
        Slot = NULL;
        if (irp) {
            // The fault: NULL here means that the cancel routine runs and will complete the request.
            IoSetCancelRoutine(irp, NULL);
            Complete(irp, STATUS_SUCCESS, 0);
        }
    }
}

static NTSTATUS Hold(PIRP Irp)
{
    IoMarkIrpPending(Irp);
    IoSetCancelRoutine(Irp, CancelRoutine);
    Slot = Irp;
    KeSetEvent(&Wake, 0, FALSE);
    return STATUS_PENDING;
}

static NTSTATUS DeviceControl(PDEVICE_OBJECT Device, PIRP Irp)
{
    UNREFERENCED_PARAMETER(Device);
    switch (IoGetCurrentIrpStackLocation(Irp)->Parameters.DeviceIoControl.IoControlCode) {
    case IOCTL_RACE_LOST_UPDATE:
        return LostUpdate(Irp);
    case IOCTL_RACE_CANCEL:
        return Hold(Irp);
    default:
        return Complete(Irp, STATUS_INVALID_DEVICE_REQUEST, 0);
    }
}

static void Unload(PDRIVER_OBJECT Driver)
{
    UNICODE_STRING link = RTL_CONSTANT_STRING(L"\\DosDevices\\Races");
    Stop = TRUE;
    KeSetEvent(&Wake, 0, FALSE);
    KeWaitForSingleObject(Completer, Executive, KernelMode, FALSE, NULL);
    ObDereferenceObject(Completer);
    IoDeleteSymbolicLink(&link);
    IoDeleteDevice(Driver->DeviceObject);
}

NTSTATUS DriverEntry(PDRIVER_OBJECT Driver, PUNICODE_STRING RegistryPath)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\Device\\Races");
    UNICODE_STRING link = RTL_CONSTANT_STRING(L"\\DosDevices\\Races");
    PDEVICE_OBJECT device;
    HANDLE handle;
    NTSTATUS status;
    UNREFERENCED_PARAMETER(RegistryPath);
    Driver->MajorFunction[IRP_MJ_CREATE] = CreateClose;
    Driver->MajorFunction[IRP_MJ_CLOSE] = CreateClose;
    Driver->MajorFunction[IRP_MJ_DEVICE_CONTROL] = DeviceControl;
    Driver->DriverUnload = Unload;
    KeInitializeEvent(&Wake, SynchronizationEvent, FALSE);
    status = IoCreateDevice(Driver, 0, &name, FILE_DEVICE_UNKNOWN, 0, FALSE, &device);
    if (!NT_SUCCESS(status))
        return status;
    status = IoCreateSymbolicLink(&link, &name);
    if (NT_SUCCESS(status)) {
        status = PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, NULL, NULL, NULL, CompleterThread, NULL);
        if (NT_SUCCESS(status)) {
            ObReferenceObjectByHandle(handle, THREAD_ALL_ACCESS, NULL, KernelMode, (PVOID*)&Completer, NULL);
            ZwClose(handle);
            return STATUS_SUCCESS;
        }
        IoDeleteSymbolicLink(&link);
    }
    IoDeleteDevice(device);
    return status;
}
