// SPDX-License-Identifier: MIT
// Sends a request of its own to a device below, with its vector registers full, and looks at them when the call is back or
// was left by an exception; says what both routines see of the kernel stack; and gives the kernel garbage for an IRP.
#include <ntddk.h>

#include "keeper.h"

#define VECTORS "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15"
#define FOR_EACH_VECTOR(Do)                                                                                            \
    Do(6, 0) Do(7, 16) Do(8, 32) Do(9, 48) Do(10, 64) Do(11, 80) Do(12, 96) Do(13, 112) Do(14, 128) Do(15, 144)
#define LOAD(Number, Offset) "movups " #Offset "(%0), %%xmm" #Number "\n"
#define STORE(Number, Offset) "movups %%xmm" #Number ", " #Offset "(%0)\n"

static PDEVICE_OBJECT Upper, Lower;
static ULONG Asked;
static KEEPER_SEEN Seen;

// A callee may do with them what it likes, if its caller gets them back.
static void SpoilVectors(void)
{
    static ULONGLONG const spoilt[10][2]
        = { { 0xDEAD, 1 }, { 0xDEAD, 2 }, { 0xDEAD, 3 }, { 0xDEAD, 4 }, { 0xDEAD, 5 },
            { 0xDEAD, 6 }, { 0xDEAD, 7 }, { 0xDEAD, 8 }, { 0xDEAD, 9 }, { 0xDEAD, 10 } };
    __asm__ volatile(FOR_EACH_VECTOR(LOAD) : : "r"(spoilt) : "memory", VECTORS);
}

static NTSTATUS Completed(PDEVICE_OBJECT Device, PIRP Irp, PVOID Context)
{
    UNREFERENCED_PARAMETER(Device);
    UNREFERENCED_PARAMETER(Irp);
    UNREFERENCED_PARAMETER(Context);
    SpoilVectors();
    Seen.LeftInCompletion = IoGetRemainingStackSize();
    if (Asked == IOCTL_KEEPER_COMPLETION_RAISES)
        ExRaiseStatus(STATUS_DEVICE_NOT_READY);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

static NTSTATUS LowerDispatch(PDEVICE_OBJECT Device, PIRP Irp)
{
    UNREFERENCED_PARAMETER(Device);
    SpoilVectors();
    Seen.LeftInDispatch = IoGetRemainingStackSize();
    if (Asked == IOCTL_KEEPER_RAISES_AFTER_WAIT) {
        LARGE_INTEGER time;
        time.QuadPart = -10000;
        KeDelayExecutionThread(KernelMode, FALSE, &time);
    }
    if (Asked == IOCTL_KEEPER_RAISES_AFTER_WAIT || Asked == IOCTL_KEEPER_DISPATCH_RAISES)
        ExRaiseStatus(STATUS_DEVICE_NOT_READY);
    Irp->IoStatus.Status = STATUS_SUCCESS;
    Irp->IoStatus.Information = 0;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return STATUS_SUCCESS;
}

// Nothing of this function's own lives across the call in a vector register: they are the patterns' and the kernel's.
static __attribute__((noinline)) NTSTATUS Send(PIRP Irp, ULONGLONG const (*Patterns)[2], ULONGLONG (*After)[2])
{
    NTSTATUS status = STATUS_SUCCESS;
    __try {
        __asm__ volatile(FOR_EACH_VECTOR(LOAD) : : "r"(Patterns) : "memory", VECTORS);
        status = IoCallDriver(Lower, Irp);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = GetExceptionCode();
    }
    __asm__ volatile(FOR_EACH_VECTOR(STORE) : : "r"(After) : "memory");
    return status;
}

static NTSTATUS Ask(void)
{
    ULONGLONG patterns[10][2];
    PIO_STACK_LOCATION next;
    NTSTATUS status;
    ULONG i;
    PIRP irp = IoAllocateIrp(Lower->StackSize, FALSE);
    if (!irp)
        return STATUS_INSUFFICIENT_RESOURCES;
    for (i = 0; i < 10; ++i) {
        patterns[i][0] = 0x1000 + i;
        patterns[i][1] = 0x2000 + i;
    }
    next = IoGetNextIrpStackLocation(irp);
    next->MajorFunction = IRP_MJ_INTERNAL_DEVICE_CONTROL;
    IoSetCompletionRoutine(irp, Completed, NULL, TRUE, TRUE, TRUE);
    status = Send(irp, patterns, Seen.Vectors);
    IoFreeIrp(irp);
    return status;
}

static NTSTATUS GiveGarbage(KEEPER_GARBAGE const* Garbage)
{
    PIRP const irp = (PIRP)(ULONG_PTR)Garbage->Irp;
    if (Garbage->Service == KEEPER_CALLS)
        return IoCallDriver(Lower, irp);
    if (Garbage->Service == KEEPER_COMPLETES)
        IoCompleteRequest(irp, IO_NO_INCREMENT);
    else
        IoFreeIrp(irp);
    return STATUS_SUCCESS;
}

static NTSTATUS Dispatch(PDEVICE_OBJECT Device, PIRP Irp)
{
    PIO_STACK_LOCATION location = IoGetCurrentIrpStackLocation(Irp);
    NTSTATUS status = STATUS_SUCCESS;
    if (Device == Lower && location->MajorFunction == IRP_MJ_INTERNAL_DEVICE_CONTROL)
        return LowerDispatch(Device, Irp);
    Irp->IoStatus.Information = 0;
    if (location->MajorFunction == IRP_MJ_DEVICE_CONTROL
        && location->Parameters.DeviceIoControl.IoControlCode == IOCTL_KEEPER_GARBAGE) {
        status = location->Parameters.DeviceIoControl.InputBufferLength < sizeof(KEEPER_GARBAGE)
            ? STATUS_BUFFER_TOO_SMALL
            : GiveGarbage(Irp->AssociatedIrp.SystemBuffer);
    } else if (location->MajorFunction == IRP_MJ_DEVICE_CONTROL) {
        if (location->Parameters.DeviceIoControl.OutputBufferLength < sizeof(Seen))
            status = STATUS_BUFFER_TOO_SMALL;
        else {
            RtlZeroMemory(&Seen, sizeof(Seen));
            Asked = location->Parameters.DeviceIoControl.IoControlCode;
            status = Ask();
            RtlCopyMemory(Irp->AssociatedIrp.SystemBuffer, &Seen, sizeof(Seen));
            Irp->IoStatus.Information = sizeof(Seen);
            // As a warning: its bytes are copied back.
            if (status == STATUS_DEVICE_NOT_READY)
                status = STATUS_DEVICE_BUSY;
        }
    }
    Irp->IoStatus.Status = status;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return status;
}

static VOID Unload(PDRIVER_OBJECT Driver)
{
    UNICODE_STRING link = RTL_CONSTANT_STRING(L"\\DosDevices\\Keeper");
    IoDeleteSymbolicLink(&link);
    while (Driver->DeviceObject)
        IoDeleteDevice(Driver->DeviceObject);
}

NTSTATUS DriverEntry(PDRIVER_OBJECT Driver, PUNICODE_STRING RegistryPath)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\Device\\Keeper");
    UNICODE_STRING link = RTL_CONSTANT_STRING(L"\\DosDevices\\Keeper");
    NTSTATUS status;
    ULONG i;
    UNREFERENCED_PARAMETER(RegistryPath);
    for (i = 0; i <= IRP_MJ_MAXIMUM_FUNCTION; ++i)
        Driver->MajorFunction[i] = Dispatch;
    Driver->DriverUnload = Unload;
    status = IoCreateDevice(Driver, 0, NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &Lower);
    if (!NT_SUCCESS(status))
        return status;
    status = IoCreateDevice(Driver, 0, &name, FILE_DEVICE_UNKNOWN, 0, FALSE, &Upper);
    if (NT_SUCCESS(status))
        status = IoCreateSymbolicLink(&link, &name);
    if (!NT_SUCCESS(status))
        Unload(Driver);
    return status;
}
