// SPDX-License-Identifier: MIT
// Watches processes, threads and handles to processes; ends a process when it is asked to; and keeps requests until they
// are cancelled, as a driver does that waits for its device.
#include <ntifs.h>

#include "watcher.h"

static WATCHER_COUNTS Counts;
static PVOID Registration;

static void Count(unsigned* What) { InterlockedIncrement((volatile LONG*)What); }

static NTSTATUS Complete(PIRP Irp, NTSTATUS Status, ULONG_PTR Information)
{
    Irp->IoStatus.Status = Status;
    Irp->IoStatus.Information = Information;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return Status;
}

static VOID ProcessNotify(HANDLE Parent, HANDLE Process, BOOLEAN Create)
{
    UNREFERENCED_PARAMETER(Parent);
    UNREFERENCED_PARAMETER(Process);
    Count(Create ? &Counts.ProcessesMade : &Counts.ProcessesEnded);
}

static VOID ThreadNotify(HANDLE Process, HANDLE Thread, BOOLEAN Create)
{
    UNREFERENCED_PARAMETER(Process);
    UNREFERENCED_PARAMETER(Thread);
    Count(Create ? &Counts.ThreadsMade : &Counts.ThreadsEnded);
}

static OB_PREOP_CALLBACK_STATUS BeforeHandle(PVOID Context, POB_PRE_OPERATION_INFORMATION Information)
{
    UNREFERENCED_PARAMETER(Context);
    UNREFERENCED_PARAMETER(Information);
    Count(&Counts.HandlesBefore);
    return OB_PREOP_SUCCESS;
}

static VOID AfterHandle(PVOID Context, POB_POST_OPERATION_INFORMATION Information)
{
    UNREFERENCED_PARAMETER(Context);
    Count(&Counts.HandlesAfter);
    if (Information->Parameters->CreateHandleInformation.GrantedAccess & 1)
        Count(&Counts.TerminateGranted);
}

static VOID CancelWait(PDEVICE_OBJECT Device, PIRP Irp)
{
    UNREFERENCED_PARAMETER(Device);
    IoReleaseCancelSpinLock(Irp->CancelIrql);
    InterlockedDecrement((volatile LONG*)&Counts.Waiting);
    Complete(Irp, STATUS_CANCELLED, 0);
}

static NTSTATUS Wait(PIRP Irp)
{
    KIRQL irql;
    IoAcquireCancelSpinLock(&irql);
    if (Irp->Cancel) {
        IoReleaseCancelSpinLock(irql);
        return Complete(Irp, STATUS_CANCELLED, 0);
    }
    IoMarkIrpPending(Irp);
    Count(&Counts.Waiting);
    IoSetCancelRoutine(Irp, CancelWait);
    IoReleaseCancelSpinLock(irql);
    return STATUS_PENDING;
}

static NTSTATUS Terminate(ULONG Id)
{
    OBJECT_ATTRIBUTES attributes;
    CLIENT_ID client = { (HANDLE)(ULONG_PTR)Id, NULL };
    HANDLE process;
    NTSTATUS status;
    InitializeObjectAttributes(&attributes, NULL, OBJ_KERNEL_HANDLE, NULL, NULL);
    status = ZwOpenProcess(&process, 1, &attributes, &client);
    if (!NT_SUCCESS(status))
        return status;
    status = ZwTerminateProcess(process, STATUS_CANCELLED);
    ZwClose(process);
    return status;
}

static NTSTATUS DeviceControl(PDEVICE_OBJECT Device, PIRP Irp)
{
    PIO_STACK_LOCATION location = IoGetCurrentIrpStackLocation(Irp);
    ULONG* numbers = Irp->AssociatedIrp.SystemBuffer;
    ULONG in = location->Parameters.DeviceIoControl.InputBufferLength;
    ULONG out = location->Parameters.DeviceIoControl.OutputBufferLength;
    UNREFERENCED_PARAMETER(Device);
    switch (location->Parameters.DeviceIoControl.IoControlCode) {
    case IOCTL_WATCHER_WAIT:
        return Wait(Irp);
    case IOCTL_WATCHER_WHO_AM_I:
        if (out < sizeof(ULONG))
            return Complete(Irp, STATUS_BUFFER_TOO_SMALL, 0);
        numbers[0] = (ULONG)(ULONG_PTR)PsGetCurrentProcessId();
        return Complete(Irp, STATUS_SUCCESS, sizeof(ULONG));
    case IOCTL_WATCHER_TERMINATE:
        if (in < sizeof(ULONG) || out < sizeof(ULONG))
            return Complete(Irp, STATUS_BUFFER_TOO_SMALL, 0);
        numbers[0] = (ULONG)Terminate(numbers[0]);
        return Complete(Irp, STATUS_SUCCESS, sizeof(ULONG));
    case IOCTL_WATCHER_COUNTS:
        if (out < sizeof Counts)
            return Complete(Irp, STATUS_BUFFER_TOO_SMALL, 0);
        *(WATCHER_COUNTS*)numbers = Counts;
        return Complete(Irp, STATUS_SUCCESS, sizeof Counts);
    default:
        return Complete(Irp, STATUS_INVALID_DEVICE_REQUEST, 0);
    }
}

static NTSTATUS CreateClose(PDEVICE_OBJECT Device, PIRP Irp)
{
    UNREFERENCED_PARAMETER(Device);
    return Complete(Irp, STATUS_SUCCESS, 0);
}

static VOID Unwatch(VOID)
{
    if (Registration)
        ObUnRegisterCallbacks(Registration);
    PsRemoveCreateThreadNotifyRoutine(ThreadNotify);
    PsSetCreateProcessNotifyRoutine(ProcessNotify, TRUE);
}

static NTSTATUS Watch(VOID)
{
    OB_OPERATION_REGISTRATION operation = { PsProcessType, OB_OPERATION_HANDLE_CREATE, BeforeHandle, AfterHandle };
    OB_CALLBACK_REGISTRATION callbacks = { OB_FLT_REGISTRATION_VERSION, 1, RTL_CONSTANT_STRING(L"321000"), NULL,
                                           &operation };
    NTSTATUS status = PsSetCreateProcessNotifyRoutine(ProcessNotify, FALSE);
    if (NT_SUCCESS(status))
        status = PsSetCreateThreadNotifyRoutine(ThreadNotify);
    if (NT_SUCCESS(status))
        status = ObRegisterCallbacks(&callbacks, &Registration);
    if (!NT_SUCCESS(status))
        Unwatch();
    return status;
}

static VOID Unload(PDRIVER_OBJECT Driver)
{
    UNICODE_STRING link = RTL_CONSTANT_STRING(L"\\DosDevices\\Watcher");
    Unwatch();
    IoDeleteSymbolicLink(&link);
    IoDeleteDevice(Driver->DeviceObject);
}

NTSTATUS DriverEntry(PDRIVER_OBJECT Driver, PUNICODE_STRING RegistryPath)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\Device\\Watcher");
    UNICODE_STRING link = RTL_CONSTANT_STRING(L"\\DosDevices\\Watcher");
    PDEVICE_OBJECT device;
    NTSTATUS status;
    UNREFERENCED_PARAMETER(RegistryPath);
    Driver->MajorFunction[IRP_MJ_CREATE] = CreateClose;
    Driver->MajorFunction[IRP_MJ_CLOSE] = CreateClose;
    Driver->MajorFunction[IRP_MJ_DEVICE_CONTROL] = DeviceControl;
    Driver->DriverUnload = Unload;
    status = IoCreateDevice(Driver, 0, &name, FILE_DEVICE_UNKNOWN, FILE_DEVICE_SECURE_OPEN, FALSE, &device);
    if (!NT_SUCCESS(status))
        return status;
    status = IoCreateSymbolicLink(&link, &name);
    if (NT_SUCCESS(status)) {
        status = Watch();
        if (!NT_SUCCESS(status))
            IoDeleteSymbolicLink(&link);
    }
    if (!NT_SUCCESS(status))
        IoDeleteDevice(device);
    return status;
}
