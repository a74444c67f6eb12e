// SPDX-License-Identifier: MIT
//
// A first driver: the four ways in which bytes travel between a client and a driver.
//
// It drives no hardware. It makes one device, \Device\RingsideIoctl, which clients open as \\.\RingsideIoctl, and
// answers what they send. Read it from the bottom: DriverEntry is called once, when the driver is loaded, and says
// which function answers which kind of request. From then on Windows calls those functions, each time with an IRP: the
// packet that describes one request. Whoever gets an IRP owns it until it completes it, exactly once.
//
// ioctl.h says what each control code does.

#include <ntddk.h>

#include "ioctl.h"

C_ASSERT(IOCTL_RINGSIDE_REVERSE == CTL_CODE(0x8000u, 0x800u, METHOD_BUFFERED, FILE_ANY_ACCESS));
C_ASSERT(IOCTL_RINGSIDE_STORE == CTL_CODE(0x8000u, 0x801u, METHOD_IN_DIRECT, FILE_ANY_ACCESS));
C_ASSERT(IOCTL_RINGSIDE_FETCH == CTL_CODE(0x8000u, 0x802u, METHOD_OUT_DIRECT, FILE_ANY_ACCESS));
C_ASSERT(IOCTL_RINGSIDE_CAPITALS == CTL_CODE(0x8000u, 0x803u, METHOD_NEITHER, FILE_ANY_ACCESS));

// Four letters that name the driver's memory in every listing of the pool; they read backwards there.
#define IOCTL_TAG 'tcoI'

// What belongs to one open file. Windows keeps the pointer for us, in FILE_OBJECT.FsContext.
typedef struct _OPEN_FILE {
    KSPIN_LOCK Lock;
    UCHAR Page[RINGSIDE_IOCTL_PAGE_BYTES];
} OPEN_FILE, *POPEN_FILE;

DRIVER_INITIALIZE DriverEntry;
static DRIVER_UNLOAD IoctlUnload;
_Dispatch_type_(IRP_MJ_CREATE) static DRIVER_DISPATCH IoctlCreate;
_Dispatch_type_(IRP_MJ_CLEANUP) static DRIVER_DISPATCH IoctlCleanup;
_Dispatch_type_(IRP_MJ_CLOSE) static DRIVER_DISPATCH IoctlClose;
_Dispatch_type_(IRP_MJ_READ) static DRIVER_DISPATCH IoctlReadWrite;
_Dispatch_type_(IRP_MJ_DEVICE_CONTROL) static DRIVER_DISPATCH IoctlDeviceControl;

#ifdef ALLOC_PRAGMA
#pragma alloc_text(INIT, DriverEntry)
#endif

static const UNICODE_STRING DeviceName = RTL_CONSTANT_STRING(L"\\Device\\RingsideIoctl");
static const UNICODE_STRING LinkName = RTL_CONSTANT_STRING(L"\\DosDevices\\RingsideIoctl");

// Gives the IRP back. Information is how many bytes of the reply count; after this the IRP must not be touched.
static NTSTATUS Complete(PIRP Irp, NTSTATUS Status, ULONG_PTR Information)
{
    Irp->IoStatus.Status = Status;
    Irp->IoStatus.Information = Information;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return Status;
}

typedef enum _DIRECTION { ToPage, FromPage } DIRECTION;

// Copies between a file's page and memory that is present at any IRQL: a kernel buffer or locked pages.
//
// Two requests for one file may run at the same time on two processors, so the page has a lock. A spin lock raises the
// processor to DISPATCH_LEVEL, where a page fault cannot be served: client memory that is not locked may not be touched
// while it is held.
static NTSTATUS CopyPage(POPEN_FILE File, DIRECTION Direction, ULONGLONG Offset, PUCHAR Buffer, ULONG Length,
                         PULONG Copied)
{
    KIRQL oldIrql;

    *Copied = 0;
    if (Offset >= sizeof(File->Page)) {
        return Direction == ToPage ? STATUS_INVALID_PARAMETER : STATUS_END_OF_FILE;
    }
    if (Length > sizeof(File->Page) - Offset) {
        // Half a write would be a surprise; half a read is what a file's end looks like.
        if (Direction == ToPage) {
            return STATUS_INVALID_PARAMETER;
        }
        Length = (ULONG)(sizeof(File->Page) - Offset);
    }
    KeAcquireSpinLock(&File->Lock, &oldIrql);
    if (Direction == ToPage) {
        RtlCopyMemory(File->Page + Offset, Buffer, Length);
    } else {
        RtlCopyMemory(Buffer, File->Page + Offset, Length);
    }
    KeReleaseSpinLock(&File->Lock, oldIrql);
    *Copied = Length;
    return STATUS_SUCCESS;
}

// METHOD_BUFFERED. One kernel buffer, as large as the larger of the two lengths, holds the input on entry; what stands
// in it at completion, Information bytes of it, is copied to the client. So the reply overwrites the input.
static NTSTATUS Reverse(PIRP Irp, PIO_STACK_LOCATION Stack, PULONG_PTR Information)
{
    PUCHAR bytes = Irp->AssociatedIrp.SystemBuffer;
    ULONG length = Stack->Parameters.DeviceIoControl.InputBufferLength;
    ULONG front;

    if (length == 0) {
        return STATUS_INVALID_PARAMETER;
    }
    if (Stack->Parameters.DeviceIoControl.OutputBufferLength < length) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    for (front = 0; front < length / 2; ++front) {
        UCHAR kept = bytes[front];
        bytes[front] = bytes[length - 1 - front];
        bytes[length - 1 - front] = kept;
    }
    *Information = length;
    return STATUS_SUCCESS;
}

// METHOD_IN_DIRECT and METHOD_OUT_DIRECT. The input comes in a kernel buffer as above. The second buffer is not copied:
// the I/O manager locked its pages and described them in Irp->MdlAddress; we map them into kernel space.
static NTSTATUS StoreOrFetch(PIRP Irp, PIO_STACK_LOCATION Stack, DIRECTION Direction, PULONG_PTR Information)
{
    PUCHAR bytes;
    ULONG offset;
    ULONG copied;
    NTSTATUS status;

    if (Stack->Parameters.DeviceIoControl.InputBufferLength != sizeof(offset)) {
        return STATUS_INVALID_PARAMETER;
    }
    RtlCopyMemory(&offset, Irp->AssociatedIrp.SystemBuffer, sizeof(offset));

    // An empty buffer has no pages and so no MDL.
    if (Irp->MdlAddress == NULL) {
        return STATUS_INVALID_PARAMETER;
    }
    bytes = MmGetSystemAddressForMdlSafe(Irp->MdlAddress, NormalPagePriority | MdlMappingNoExecute);
    if (bytes == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    status = CopyPage(Stack->FileObject->FsContext, Direction, offset, bytes,
                      Stack->Parameters.DeviceIoControl.OutputBufferLength, &copied);
    *Information = copied;
    return status;
}

// METHOD_NEITHER. Two raw client addresses, valid only in the client's own thread, which is the one we run in. They may
// point anywhere, and another thread of the client may free or change them while we look. Therefore: probe that they
// lie in user space, touch them inside __try only, and read every byte once, for it may differ the second time.
static NTSTATUS Capitals(PIRP Irp, PIO_STACK_LOCATION Stack, PULONG_PTR Information)
{
    PUCHAR input = Stack->Parameters.DeviceIoControl.Type3InputBuffer;
    PUCHAR output = Irp->UserBuffer;
    ULONG length = Stack->Parameters.DeviceIoControl.InputBufferLength;
    ULONG i;

    if (length == 0) {
        return STATUS_INVALID_PARAMETER;
    }
    if (Stack->Parameters.DeviceIoControl.OutputBufferLength < length) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    __try {
        ProbeForRead(input, length, sizeof(UCHAR));
        ProbeForWrite(output, length, sizeof(UCHAR));
        for (i = 0; i < length; ++i) {
            UCHAR byte = ((volatile UCHAR*)input)[i];
            output[i] = byte >= 'a' && byte <= 'z' ? (UCHAR)(byte - 'a' + 'A') : byte;
        }
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        return GetExceptionCode();
    }
    *Information = length;
    return STATUS_SUCCESS;
}

static NTSTATUS IoctlDeviceControl(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(Irp);
    ULONG_PTR information = 0;
    NTSTATUS status;

    UNREFERENCED_PARAMETER(DeviceObject);
    switch (stack->Parameters.DeviceIoControl.IoControlCode) {
    case IOCTL_RINGSIDE_REVERSE:
        status = Reverse(Irp, stack, &information);
        break;
    case IOCTL_RINGSIDE_STORE:
        status = StoreOrFetch(Irp, stack, ToPage, &information);
        break;
    case IOCTL_RINGSIDE_FETCH:
        status = StoreOrFetch(Irp, stack, FromPage, &information);
        break;
    case IOCTL_RINGSIDE_CAPITALS:
        status = Capitals(Irp, stack, &information);
        break;
    default:
        status = STATUS_INVALID_DEVICE_REQUEST;
        break;
    }
    return Complete(Irp, status, information);
}

// ReadFile and WriteFile. The device has DO_BUFFERED_IO, so both get a kernel buffer, as METHOD_BUFFERED does.
static NTSTATUS IoctlReadWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(Irp);
    BOOLEAN reading = stack->MajorFunction == IRP_MJ_READ;
    ULONG length = reading ? stack->Parameters.Read.Length : stack->Parameters.Write.Length;
    LARGE_INTEGER offset = reading ? stack->Parameters.Read.ByteOffset : stack->Parameters.Write.ByteOffset;
    ULONG copied;
    NTSTATUS status;

    UNREFERENCED_PARAMETER(DeviceObject);
    // Nothing to move, and no kernel buffer to move it through.
    if (length == 0) {
        return Complete(Irp, STATUS_SUCCESS, 0);
    }
    if (offset.QuadPart < 0) {
        return Complete(Irp, STATUS_INVALID_PARAMETER, 0);
    }
    status = CopyPage(stack->FileObject->FsContext, reading ? FromPage : ToPage, (ULONGLONG)offset.QuadPart,
                      Irp->AssociatedIrp.SystemBuffer, length, &copied);
    return Complete(Irp, status, copied);
}

// A client opens the device: CreateFile. Failing here makes the open fail, and no cleanup or close will follow.
static NTSTATUS IoctlCreate(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    POPEN_FILE file = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(OPEN_FILE), IOCTL_TAG);

    UNREFERENCED_PARAMETER(DeviceObject);
    if (file == NULL) {
        return Complete(Irp, STATUS_INSUFFICIENT_RESOURCES, 0);
    }
    KeInitializeSpinLock(&file->Lock);
    RtlCopyMemory(file->Page, RINGSIDE_IOCTL_GREETING, sizeof(RINGSIDE_IOCTL_GREETING) - 1);
    IoGetCurrentIrpStackLocation(Irp)->FileObject->FsContext = file;
    return Complete(Irp, STATUS_SUCCESS, FILE_OPENED);
}

// The client's last handle is gone. A driver that keeps requests waiting must cancel this file's here; we complete
// everything at once and have none. Other requests may still be on their way, so the page stays.
static NTSTATUS IoctlCleanup(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    return Complete(Irp, STATUS_SUCCESS, 0);
}

// The last request of the file is done: nobody will ask for its page any more.
static NTSTATUS IoctlClose(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    ExFreePoolWithTag(IoGetCurrentIrpStackLocation(Irp)->FileObject->FsContext, IOCTL_TAG);
    return Complete(Irp, STATUS_SUCCESS, 0);
}

// Called when no file is open any more. What DriverEntry made, this takes down, in reverse order.
static VOID IoctlUnload(PDRIVER_OBJECT DriverObject)
{
    IoDeleteSymbolicLink((PUNICODE_STRING)&LinkName);
    IoDeleteDevice(DriverObject->DeviceObject);
}

NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    PDEVICE_OBJECT device;
    NTSTATUS status;

    UNREFERENCED_PARAMETER(RegistryPath);
    status = IoCreateDevice(DriverObject, 0, (PUNICODE_STRING)&DeviceName, FILE_DEVICE_UNKNOWN, FILE_DEVICE_SECURE_OPEN,
                            FALSE, &device);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    // Reads and writes go through kernel buffers. Control codes say their method themselves.
    device->Flags |= DO_BUFFERED_IO;

    // Names under \Device are the kernel's; clients see those under \DosDevices.
    status = IoCreateSymbolicLink((PUNICODE_STRING)&LinkName, (PUNICODE_STRING)&DeviceName);
    if (!NT_SUCCESS(status)) {
        // Unload is not called after a failed DriverEntry: what was made so far is ours to undo.
        IoDeleteDevice(device);
        return status;
    }

    DriverObject->MajorFunction[IRP_MJ_CREATE] = IoctlCreate;
    DriverObject->MajorFunction[IRP_MJ_CLEANUP] = IoctlCleanup;
    DriverObject->MajorFunction[IRP_MJ_CLOSE] = IoctlClose;
    DriverObject->MajorFunction[IRP_MJ_READ] = IoctlReadWrite;
    DriverObject->MajorFunction[IRP_MJ_WRITE] = IoctlReadWrite;
    DriverObject->MajorFunction[IRP_MJ_DEVICE_CONTROL] = IoctlDeviceControl;
    DriverObject->DriverUnload = IoctlUnload;
    return STATUS_SUCCESS;
}
