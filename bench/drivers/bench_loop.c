// SPDX-License-Identifier: MIT
// Sends IRPs through the benchmark's stacks in a loop, inside the kernel; and, for comparison, makes the same number of
// indirect calls with nothing between them.
#include <ntddk.h>

#include "bench_loop.h"

static PDEVICE_OBJECT Targets[2];
static PFILE_OBJECT Files[2];

static NTSTATUS Done(PDEVICE_OBJECT Device, PIRP Irp, PVOID Context)
{
    UNREFERENCED_PARAMETER(Device);
    UNREFERENCED_PARAMETER(Irp);
    UNREFERENCED_PARAMETER(Context);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

static void Send(PDEVICE_OBJECT Target, PIRP Irp)
{
    PIO_STACK_LOCATION next = IoGetNextIrpStackLocation(Irp);
    next->MajorFunction = IRP_MJ_INTERNAL_DEVICE_CONTROL;
    next->Parameters.DeviceIoControl.IoControlCode = IOCTL_BENCH_NOTHING;
    IoSetCompletionRoutine(Irp, Done, NULL, TRUE, TRUE, TRUE);
    IoCallDriver(Target, Irp);
}

static NTSTATUS LoopAllocated(PDEVICE_OBJECT Target, ULONG Count)
{
    ULONG i;
    for (i = 0; i < Count; ++i) {
        PIRP irp = IoAllocateIrp(Target->StackSize, FALSE);
        if (!irp)
            return STATUS_INSUFFICIENT_RESOURCES;
        Send(Target, irp);
        IoFreeIrp(irp);
    }
    return STATUS_SUCCESS;
}

static NTSTATUS LoopReused(PDEVICE_OBJECT Target, ULONG Count)
{
    ULONG i;
    PIRP irp = IoAllocateIrp(Target->StackSize, FALSE);
    if (!irp)
        return STATUS_INSUFFICIENT_RESOURCES;
    for (i = 0; i < Count; ++i) {
        IoReuseIrp(irp, STATUS_SUCCESS);
        Send(Target, irp);
    }
    IoFreeIrp(irp);
    return STATUS_SUCCESS;
}

// The chain: `Levels` dispatch calls one inside the other, then as many completion calls.
typedef NTSTATUS CHAIN(ULONG Level, PVOID Irp);
static CHAIN* volatile Dispatches[3];
static CHAIN* volatile Completions[3];

static NTSTATUS ChainCompletion(ULONG Level, PVOID Irp)
{
    UNREFERENCED_PARAMETER(Level);
    UNREFERENCED_PARAMETER(Irp);
    return STATUS_SUCCESS;
}

static NTSTATUS ChainBottom(ULONG Level, PVOID Irp)
{
    ULONG i;
    for (i = 0; i < Level; ++i)
        Completions[i](i, Irp);
    return STATUS_SUCCESS;
}

static NTSTATUS ChainDispatch(ULONG Level, PVOID Irp) { return Dispatches[0](Level, Irp); }
static NTSTATUS ChainMiddle(ULONG Level, PVOID Irp) { return Dispatches[1](Level, Irp); }

static NTSTATUS LoopChain(ULONG Levels, ULONG Count)
{
    static UCHAR irp[1024];
    ULONG i;
    ULONG const bytes = sizeof(IRP) + (Levels + 1) * sizeof(IO_STACK_LOCATION);
    CHAIN* volatile* first = Levels == 1 ? &Dispatches[0] : &Dispatches[2];
    for (i = 0; i < 3; ++i)
        Completions[i] = ChainCompletion;
    Dispatches[0] = ChainBottom;
    Dispatches[1] = ChainDispatch;
    Dispatches[2] = ChainMiddle;
    for (i = 0; i < Count; ++i) {
        RtlZeroMemory(irp, bytes);
        (*first)(Levels, irp);
    }
    return STATUS_SUCCESS;
}

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

static NTSTATUS DeviceControl(PDEVICE_OBJECT Device, PIRP Irp)
{
    PIO_STACK_LOCATION location = IoGetCurrentIrpStackLocation(Irp);
    ULONG const* in = Irp->AssociatedIrp.SystemBuffer;
    UNREFERENCED_PARAMETER(Device);
    if (location->Parameters.DeviceIoControl.IoControlCode != IOCTL_BENCH_LOOP)
        return Complete(Irp, STATUS_SUCCESS);
    if (location->Parameters.DeviceIoControl.InputBufferLength < 2 * sizeof(ULONG))
        return Complete(Irp, STATUS_BUFFER_TOO_SMALL);
    switch (in[1]) {
    case BENCH_ALLOCATED_1:
    case BENCH_ALLOCATED_3:
        return Complete(Irp, LoopAllocated(Targets[in[1] / 2], in[0]));
    case BENCH_REUSED_1:
    case BENCH_REUSED_3:
        return Complete(Irp, LoopReused(Targets[in[1] / 2], in[0]));
    case BENCH_CHAIN_1:
        return Complete(Irp, LoopChain(1, in[0]));
    case BENCH_CHAIN_3:
        return Complete(Irp, LoopChain(3, in[0]));
    default:
        return Complete(Irp, STATUS_INVALID_PARAMETER);
    }
}

static void Unload(PDRIVER_OBJECT Driver)
{
    UNICODE_STRING link = RTL_CONSTANT_STRING(L"\\DosDevices\\BenchLoop");
    ObDereferenceObject(Files[0]);
    ObDereferenceObject(Files[1]);
    IoDeleteSymbolicLink(&link);
    IoDeleteDevice(Driver->DeviceObject);
}

NTSTATUS DriverEntry(PDRIVER_OBJECT Driver, PUNICODE_STRING RegistryPath)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\Device\\BenchLoop");
    UNICODE_STRING link = RTL_CONSTANT_STRING(L"\\DosDevices\\BenchLoop");
    UNICODE_STRING single = RTL_CONSTANT_STRING(L"\\Device\\BenchSingle");
    UNICODE_STRING stack = RTL_CONSTANT_STRING(L"\\Device\\BenchStack");
    PDEVICE_OBJECT device;
    NTSTATUS status;
    UNREFERENCED_PARAMETER(RegistryPath);
    Driver->MajorFunction[IRP_MJ_CREATE] = CreateClose;
    Driver->MajorFunction[IRP_MJ_CLOSE] = CreateClose;
    Driver->MajorFunction[IRP_MJ_DEVICE_CONTROL] = DeviceControl;
    Driver->DriverUnload = Unload;
    status = IoGetDeviceObjectPointer(&single, FILE_READ_DATA, &Files[0], &Targets[0]);
    if (!NT_SUCCESS(status))
        return status;
    status = IoGetDeviceObjectPointer(&stack, FILE_READ_DATA, &Files[1], &Targets[1]);
    if (NT_SUCCESS(status)) {
        status = IoCreateDevice(Driver, 0, &name, FILE_DEVICE_UNKNOWN, 0, FALSE, &device);
        if (NT_SUCCESS(status)) {
            status = IoCreateSymbolicLink(&link, &name);
            if (NT_SUCCESS(status))
                return status;
            IoDeleteDevice(device);
        }
        ObDereferenceObject(Files[1]);
    }
    ObDereferenceObject(Files[0]);
    return status;
}
