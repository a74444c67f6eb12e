// SPDX-License-Identifier: MIT
// Calls a routine of a pageable section: below DISPATCH_LEVEL, at it, and at it with the section locked. The second is a
// fault that shows only when the section happens to be paged out.
#include <ntddk.h>

#include "pageable.h"

static KSPIN_LOCK Lock;

__declspec(code_seg("PAGEcode")) __attribute__((noinline)) static ULONG Answer(ULONG Question)
{
    return Question * 3 + 1;
}

static ULONG AnswerAtDispatch(ULONG Question)
{
    KIRQL irql;
    ULONG answer;
    KeAcquireSpinLock(&Lock, &irql);
    answer = Answer(Question);
    KeReleaseSpinLock(&Lock, irql);
    return answer;
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

static NTSTATUS Control(PDEVICE_OBJECT Device, PIRP Irp)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(Irp);
    ULONG answer;
    PVOID section;
    UNREFERENCED_PARAMETER(Device);
    if (stack->Parameters.DeviceIoControl.OutputBufferLength < sizeof(ULONG))
        return Complete(Irp, STATUS_BUFFER_TOO_SMALL, 0);
    switch (stack->Parameters.DeviceIoControl.IoControlCode) {
    case IOCTL_PAGEABLE_PASSIVE:
        answer = Answer(1);
        break;
    case IOCTL_PAGEABLE_AT_DISPATCH:
        answer = AnswerAtDispatch(2);
        break;
    case IOCTL_PAGEABLE_LOCKED:
        section = MmLockPagableCodeSection((PVOID)(ULONG_PTR)Answer);
        answer = AnswerAtDispatch(3);
        MmUnlockPagableImageSection(section);
        break;
    default:
        return Complete(Irp, STATUS_INVALID_DEVICE_REQUEST, 0);
    }
    *(ULONG*)Irp->AssociatedIrp.SystemBuffer = answer;
    return Complete(Irp, STATUS_SUCCESS, sizeof answer);
}

static VOID Unload(PDRIVER_OBJECT Driver)
{
    UNICODE_STRING link = RTL_CONSTANT_STRING(L"\\??\\Pageable");
    IoDeleteSymbolicLink(&link);
    IoDeleteDevice(Driver->DeviceObject);
}

NTSTATUS DriverEntry(PDRIVER_OBJECT Driver, PUNICODE_STRING Path)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\Device\\Pageable");
    UNICODE_STRING link = RTL_CONSTANT_STRING(L"\\??\\Pageable");
    PDEVICE_OBJECT device;
    NTSTATUS status;
    UNREFERENCED_PARAMETER(Path);
    KeInitializeSpinLock(&Lock);
    status = IoCreateDevice(Driver, 0, &name, FILE_DEVICE_UNKNOWN, 0, FALSE, &device);
    if (!NT_SUCCESS(status))
        return status;
    status = IoCreateSymbolicLink(&link, &name);
    if (!NT_SUCCESS(status)) {
        IoDeleteDevice(device);
        return status;
    }
    Driver->MajorFunction[IRP_MJ_CREATE] = CreateClose;
    Driver->MajorFunction[IRP_MJ_CLOSE] = CreateClose;
    Driver->MajorFunction[IRP_MJ_DEVICE_CONTROL] = Control;
    Driver->DriverUnload = Unload;
    return STATUS_SUCCESS;
}
