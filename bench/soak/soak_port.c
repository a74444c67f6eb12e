// SPDX-License-Identifier: MIT
// The bottom of the soak's stack. Reads wait in a cancel-safe queue until the "device" has data (a timer's DPC); writes
// go through StartIo, one at a time; flushes and IOCTL_SOAK_WORK are completed by work items; the rest at once.
#include "soak.h"

typedef struct {
    IO_CSQ Queue;
    LIST_ENTRY Reads;
    KSPIN_LOCK ReadLock;
    KTIMER Timer; // the device has data
    KDPC TimerDpc;
    KDPC WriteDpc; // the device has taken the data
} PORT, *PPORT;

typedef struct {
    PIO_WORKITEM Item;
    PIRP Irp;
} JOB, *PJOB;

static PPORT PortOf(PIO_CSQ Queue) { return CONTAINING_RECORD(Queue, PORT, Queue); }

static VOID InsertIrp(PIO_CSQ Queue, PIRP Irp) { InsertTailList(&PortOf(Queue)->Reads, &Irp->Tail.Overlay.ListEntry); }

static VOID RemoveIrp(PIO_CSQ Queue, PIRP Irp)
{
    UNREFERENCED_PARAMETER(Queue);
    RemoveEntryList(&Irp->Tail.Overlay.ListEntry);
}

// Context: a file object, or none for any.
static PIRP PeekNextIrp(PIO_CSQ Queue, PIRP Irp, PVOID Context)
{
    PPORT port = PortOf(Queue);
    PLIST_ENTRY entry = Irp ? Irp->Tail.Overlay.ListEntry.Flink : port->Reads.Flink;
    for (; entry != &port->Reads; entry = entry->Flink) {
        PIRP next = CONTAINING_RECORD(entry, IRP, Tail.Overlay.ListEntry);
        if (!Context || IoGetCurrentIrpStackLocation(next)->FileObject == Context)
            return next;
    }
    return NULL;
}

static VOID AcquireLock(PIO_CSQ Queue, PKIRQL Irql)
{
    KeAcquireSpinLock(&PortOf(Queue)->ReadLock, Irql);
}

static VOID ReleaseLock(PIO_CSQ Queue, KIRQL Irql) { KeReleaseSpinLock(&PortOf(Queue)->ReadLock, Irql); }

static VOID CompleteCanceledIrp(PIO_CSQ Queue, PIRP Irp)
{
    UNREFERENCED_PARAMETER(Queue);
    SoakComplete(Irp, STATUS_CANCELLED, 0);
}

// The data of a read: each byte is the low byte of its offset.
static NTSTATUS FillRead(PIRP Irp)
{
    PIO_STACK_LOCATION location = IoGetCurrentIrpStackLocation(Irp);
    ULONG const length = location->Parameters.Read.Length;
    if (!length)
        return STATUS_SUCCESS;
    PUCHAR bytes = MmGetSystemAddressForMdlSafe(Irp->MdlAddress, NormalPagePriority);
    if (!bytes)
        return STATUS_INSUFFICIENT_RESOURCES;
    for (ULONG i = 0; i < length; ++i)
        bytes[i] = (UCHAR)(location->Parameters.Read.ByteOffset.LowPart + i);
    Irp->IoStatus.Information = length;
    return STATUS_SUCCESS;
}

static VOID HasData(PKDPC Dpc, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    PPORT port = Context;
    PIRP irp;
    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(Argument1);
    UNREFERENCED_PARAMETER(Argument2);
    while ((irp = IoCsqRemoveNextIrp(&port->Queue, NULL)) != NULL) {
        irp->IoStatus.Information = 0;
        NTSTATUS const status = FillRead(irp);
        SoakComplete(irp, status, irp->IoStatus.Information);
    }
}

static NTSTATUS Read(PDEVICE_OBJECT Device, PIRP Irp)
{
    PPORT port = Device->DeviceExtension;
    LARGE_INTEGER due;
    due.QuadPart = -50; // 5 microseconds
    IoCsqInsertIrp(&port->Queue, Irp, NULL); // marks it pending
    KeSetTimer(&port->Timer, due, &port->TimerDpc);
    return STATUS_PENDING;
}

static VOID CancelWrite(PDEVICE_OBJECT Device, PIRP Irp)
{
    if (Irp == Device->CurrentIrp) {
        // StartIo has not taken it yet, and will not.
        IoReleaseCancelSpinLock(Irp->CancelIrql);
        KIRQL irql;
        KeRaiseIrql(DISPATCH_LEVEL, &irql);
        IoStartNextPacket(Device, TRUE);
        KeLowerIrql(irql);
    } else {
        KeRemoveEntryDeviceQueue(&Device->DeviceQueue, &Irp->Tail.Overlay.DeviceQueueEntry);
        IoReleaseCancelSpinLock(Irp->CancelIrql);
    }
    SoakComplete(Irp, STATUS_CANCELLED, 0);
}

static VOID StartIo(PDEVICE_OBJECT Device, PIRP Irp)
{
    PPORT port = Device->DeviceExtension;
    KIRQL irql;
    IoAcquireCancelSpinLock(&irql);
    BOOLEAN const ours = IoSetCancelRoutine(Irp, NULL) != NULL;
    IoReleaseCancelSpinLock(irql);
    if (ours)
        KeInsertQueueDpc(&port->WriteDpc, NULL, NULL);
}

static VOID HasWritten(PKDPC Dpc, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    PDEVICE_OBJECT device = Context;
    PIRP irp = device->CurrentIrp;
    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(Argument1);
    UNREFERENCED_PARAMETER(Argument2);
    ULONG const length = IoGetCurrentIrpStackLocation(irp)->Parameters.Write.Length;
    IoStartNextPacket(device, TRUE);
    SoakComplete(irp, STATUS_SUCCESS, length);
}

static NTSTATUS Write(PDEVICE_OBJECT Device, PIRP Irp)
{
    IoMarkIrpPending(Irp);
    IoStartPacket(Device, Irp, NULL, CancelWrite);
    return STATUS_PENDING;
}

static VOID Work(PDEVICE_OBJECT Device, PVOID Context)
{
    PJOB job = Context;
    PIRP irp = job->Irp;
    UNREFERENCED_PARAMETER(Device);
    IoFreeWorkItem(job->Item);
    ExFreePoolWithTag(job, SOAK_TAG);
    SoakComplete(irp, STATUS_SUCCESS, 0);
}

static NTSTATUS ByWorkItem(PDEVICE_OBJECT Device, PIRP Irp)
{
    PJOB job = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof *job, SOAK_TAG);
    if (!job)
        return SoakComplete(Irp, STATUS_INSUFFICIENT_RESOURCES, 0);
    job->Item = IoAllocateWorkItem(Device);
    job->Irp = Irp;
    if (!job->Item) {
        ExFreePoolWithTag(job, SOAK_TAG);
        return SoakComplete(Irp, STATUS_INSUFFICIENT_RESOURCES, 0);
    }
    IoMarkIrpPending(Irp);
    IoQueueWorkItem(job->Item, Work, DelayedWorkQueue, job);
    return STATUS_PENDING;
}

// One more in each byte.
static ULONG AddOne(PUCHAR To, PUCHAR From, ULONG ToLength, ULONG FromLength)
{
    ULONG const length = ToLength < FromLength ? ToLength : FromLength;
    for (ULONG i = 0; i < length; ++i)
        To[i] = (UCHAR)(From[i] + 1);
    return length;
}

static NTSTATUS Direct(PIRP Irp, ULONG In, ULONG Out, BOOLEAN FromDevice)
{
    if (!Irp->MdlAddress)
        return SoakComplete(Irp, STATUS_SUCCESS, 0);
    PUCHAR second = MmGetSystemAddressForMdlSafe(Irp->MdlAddress, NormalPagePriority);
    if (!second)
        return SoakComplete(Irp, STATUS_INSUFFICIENT_RESOURCES, 0);
    if (FromDevice)
        return SoakComplete(Irp, STATUS_SUCCESS, AddOne(second, Irp->AssociatedIrp.SystemBuffer, Out, In));
    return SoakComplete(Irp, STATUS_SUCCESS, Out);
}

static NTSTATUS Neither(PIRP Irp, PIO_STACK_LOCATION Location)
{
    NTSTATUS status = STATUS_SUCCESS;
    ULONG length = 0;
    ULONG const in = Location->Parameters.DeviceIoControl.InputBufferLength;
    ULONG const out = Location->Parameters.DeviceIoControl.OutputBufferLength;
    PUCHAR from = Location->Parameters.DeviceIoControl.Type3InputBuffer;
    __try {
        ProbeForRead(from, in, 1);
        ProbeForWrite(Irp->UserBuffer, out, 1);
        length = AddOne(Irp->UserBuffer, from, out, in);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = GetExceptionCode();
    }
    return SoakComplete(Irp, status, length);
}

static NTSTATUS Control(PDEVICE_OBJECT Device, PIRP Irp)
{
    PIO_STACK_LOCATION location = IoGetCurrentIrpStackLocation(Irp);
    ULONG const in = location->Parameters.DeviceIoControl.InputBufferLength;
    ULONG const out = location->Parameters.DeviceIoControl.OutputBufferLength;
    PUCHAR buffer = Irp->AssociatedIrp.SystemBuffer;
    switch (location->Parameters.DeviceIoControl.IoControlCode) {
    case IOCTL_SOAK_BUFFERED:
        return SoakComplete(Irp, STATUS_SUCCESS, AddOne(buffer, buffer, out, in));
    case IOCTL_SOAK_IN_DIRECT:
        return Direct(Irp, in, out, FALSE);
    case IOCTL_SOAK_OUT_DIRECT:
        return Direct(Irp, in, out, TRUE);
    case IOCTL_SOAK_NEITHER:
        return Neither(Irp, location);
    case IOCTL_SOAK_WORK:
        return ByWorkItem(Device, Irp);
    default:
        return SoakComplete(Irp, STATUS_INVALID_DEVICE_REQUEST, 0);
    }
}

static NTSTATUS AtOnce(PDEVICE_OBJECT Device, PIRP Irp)
{
    UNREFERENCED_PARAMETER(Device);
    return SoakComplete(Irp, STATUS_SUCCESS, 0);
}

// The file's reads that still wait are cancelled.
static NTSTATUS Cleanup(PDEVICE_OBJECT Device, PIRP Irp)
{
    PPORT port = Device->DeviceExtension;
    PFILE_OBJECT file = IoGetCurrentIrpStackLocation(Irp)->FileObject;
    PIRP read;
    while ((read = IoCsqRemoveNextIrp(&port->Queue, file)) != NULL)
        SoakComplete(read, STATUS_CANCELLED, 0);
    return SoakComplete(Irp, STATUS_SUCCESS, 0);
}

static VOID Unload(PDRIVER_OBJECT Driver)
{
    UNICODE_STRING link = RTL_CONSTANT_STRING(L"\\DosDevices\\Soak");
    PPORT port = Driver->DeviceObject->DeviceExtension;
    KeCancelTimer(&port->Timer);
    KeFlushQueuedDpcs();
    IoDeleteSymbolicLink(&link);
    IoDeleteDevice(Driver->DeviceObject);
}

NTSTATUS DriverEntry(PDRIVER_OBJECT Driver, PUNICODE_STRING RegistryPath)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\Device\\Soak");
    UNICODE_STRING link = RTL_CONSTANT_STRING(L"\\DosDevices\\Soak");
    PDEVICE_OBJECT device;
    UNREFERENCED_PARAMETER(RegistryPath);
    NTSTATUS status = IoCreateDevice(Driver, sizeof(PORT), &name, FILE_DEVICE_UNKNOWN, 0, FALSE, &device);
    if (!NT_SUCCESS(status))
        return status;
    PPORT port = device->DeviceExtension;
    InitializeListHead(&port->Reads);
    KeInitializeSpinLock(&port->ReadLock);
    KeInitializeTimer(&port->Timer);
    KeInitializeDpc(&port->TimerDpc, HasData, port);
    KeInitializeDpc(&port->WriteDpc, HasWritten, device);
    IoCsqInitialize(&port->Queue, InsertIrp, RemoveIrp, PeekNextIrp, AcquireLock, ReleaseLock, CompleteCanceledIrp);
    status = IoCreateSymbolicLink(&link, &name);
    if (!NT_SUCCESS(status)) {
        IoDeleteDevice(device);
        return status;
    }
    device->Flags |= DO_DIRECT_IO;
    Driver->MajorFunction[IRP_MJ_CREATE] = Driver->MajorFunction[IRP_MJ_CLOSE] = AtOnce;
    Driver->MajorFunction[IRP_MJ_CLEANUP] = Cleanup;
    Driver->MajorFunction[IRP_MJ_READ] = Read;
    Driver->MajorFunction[IRP_MJ_WRITE] = Write;
    Driver->MajorFunction[IRP_MJ_FLUSH_BUFFERS] = ByWorkItem;
    Driver->MajorFunction[IRP_MJ_DEVICE_CONTROL] = Control;
    Driver->DriverStartIo = StartIo;
    Driver->DriverUnload = Unload;
    return STATUS_SUCCESS;
}
