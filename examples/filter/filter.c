// SPDX-License-Identifier: MIT
//
// An upper filter: a driver that sits on another driver's device and sees every request that goes there.
//
//        program                         Without the filter the I/O manager sends a request to the target's dispatch
//           |                            routine. Once our device is attached it is the top of the target's stack, and
//           v                            requests come to us first; what we do not pass on, the target never sees.
//     +-----------+
//     |  filter   |  FilterPass ......... counts, asks to be called back, passes the request down
//     |  device   |  FilterPassed <...... is called when the target completes it, on its way up
//     +-----------+
//           |
//           v
//     +-----------+
//     |  target   |  knows nothing of us
//     +-----------+
//
// The filter changes nothing: a program cannot tell that it is there. That takes care at four places, and at each a
// comment says what goes wrong without it: the buffering flags, the pending bit, requests that are on their way when we
// leave, and a want of memory.
//
// A second device, the control device, belongs to nobody's stack. Programs open it to ask for the counts: they cannot
// ask through the filter device, for what is sent there is the target's.

#include <ntddk.h>

#include "filter.h"

C_ASSERT(FILTER_MAJOR_FUNCTIONS == IRP_MJ_MAXIMUM_FUNCTION + 1);
C_ASSERT(IOCTL_FILTER_COUNTS == CTL_CODE(0x8000u, 0x800u, METHOD_BUFFERED, FILE_ANY_ACCESS));

#define FILTER_TAG 'tliF'

// The filter device's extension. The control device has none.
typedef struct _FILTER {
    PDEVICE_OBJECT Lower; // what was the top of the stack before us: where requests go
    IO_REMOVE_LOCK Lock;  // held by each request that is on its way
    FILTER_COUNTS Counts;
} FILTER, *PFILTER;

DRIVER_INITIALIZE DriverEntry;
static DRIVER_UNLOAD FilterUnload;
static DRIVER_DISPATCH FilterDispatch;
static IO_COMPLETION_ROUTINE FilterPassed;

#ifdef ALLOC_PRAGMA
#pragma alloc_text(INIT, DriverEntry)
#endif

static const UNICODE_STRING ControlName = RTL_CONSTANT_STRING(L"\\Device\\RingsideFilter");
static const UNICODE_STRING ControlLink = RTL_CONSTANT_STRING(L"\\DosDevices\\RingsideFilter");

// One driver, one of each device.
static PDEVICE_OBJECT FilterDevice;
static PDEVICE_OBJECT ControlDevice;

static NTSTATUS Complete(PIRP Irp, NTSTATUS Status, ULONG_PTR Information)
{
    Irp->IoStatus.Status = Status;
    Irp->IoStatus.Information = Information;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return Status;
}

// --- The way through ---------------------------------------------------------------------------------------------

// The request comes back up. Whoever completed it runs this, on any thread, at DISPATCH_LEVEL at most; the request's
// status is set, its buffers are still there.
static NTSTATUS FilterPassed(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context)
{
    PFILTER filter = DeviceObject->DeviceExtension;
    FILTER_COUNT* count = Context;

    // If the target pended the request, its own stack location says so, and the I/O manager has put that into
    // PendingReturned. Our location must say it too: without this the issuer would believe that the request had ended
    // in its own call, and never look for the end that comes later.
    if (Irp->PendingReturned) {
        IoMarkIrpPending(Irp);
        InterlockedIncrement64(&count->Pended);
    }
    if (NT_ERROR(Irp->IoStatus.Status)) {
        InterlockedIncrement64(&count->Failed);
    }
    InterlockedIncrement64(&count->Completed);
    IoReleaseRemoveLock(&filter->Lock, Irp);

    // Not STATUS_MORE_PROCESSING_REQUIRED: the request is not ours, it goes on upwards.
    return STATUS_CONTINUE_COMPLETION;
}

// Every major function leads here, those that do not exist yet in our time included: what a filter does not understand,
// it passes on.
static NTSTATUS FilterPass(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PFILTER filter = DeviceObject->DeviceExtension;
    FILTER_COUNT* count = &filter->Counts.Major[IoGetCurrentIrpStackLocation(Irp)->MajorFunction];
    NTSTATUS status;

    // Fails when FilterUnload waits for the last request: this one saw us on the stack just before we left it.
    status = IoAcquireRemoveLock(&filter->Lock, Irp);
    if (!NT_SUCCESS(status)) {
        return Complete(Irp, status, 0);
    }
    InterlockedIncrement64(&count->Sent);

    // The target gets a stack location of its own, with the same parameters. The copy leaves out what is ours:
    // the completion routine, and the pending bit.
    IoCopyCurrentIrpStackLocationToNext(Irp);

    // The Ex form keeps this driver in memory until the routine has returned. With the older one, the routine's last
    // instructions could be gone: it releases the lock that FilterUnload waits for before it returns.
    status = IoSetCompletionRoutineEx(DeviceObject, Irp, FilterPassed, count, TRUE, TRUE, TRUE);
    if (!NT_SUCCESS(status)) {
        // There was no memory to be called back. That is no reason to fail a request which the target may well be able
        // to serve; and a cleanup or a close must not fail at all. The target gets our own location instead, as if we
        // were not there.
        InterlockedIncrement64(&filter->Counts.Unseen);
        IoSkipCurrentIrpStackLocation(Irp);
        status = IoCallDriver(filter->Lower, Irp);
        // The request may be complete and its memory somebody else's: here it is a name for the lock, nothing more.
        IoReleaseRemoveLock(&filter->Lock, Irp);
        return status;
    }

    // What the target returned we return, and do not look at the request any more: it may be gone. If this is
    // STATUS_PENDING, FilterPassed has marked our location, or will.
    return IoCallDriver(filter->Lower, Irp);
}

// --- The control device ------------------------------------------------------------------------------------------

static NTSTATUS ControlDispatch(PIRP Irp)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(Irp);
    PFILTER filter = FilterDevice->DeviceExtension;

    switch (stack->MajorFunction) {
    case IRP_MJ_CREATE:
    case IRP_MJ_CLEANUP:
    case IRP_MJ_CLOSE:
        return Complete(Irp, STATUS_SUCCESS, 0);
    case IRP_MJ_DEVICE_CONTROL:
        break;
    default:
        return Complete(Irp, STATUS_INVALID_DEVICE_REQUEST, 0);
    }
    if (stack->Parameters.DeviceIoControl.IoControlCode != IOCTL_FILTER_COUNTS) {
        return Complete(Irp, STATUS_INVALID_DEVICE_REQUEST, 0);
    }
    if (stack->Parameters.DeviceIoControl.OutputBufferLength < sizeof(FILTER_COUNTS)) {
        return Complete(Irp, STATUS_BUFFER_TOO_SMALL, 0);
    }
    // Each count is right; that they are of the same instant is not promised, for requests go on meanwhile.
    RtlCopyMemory(Irp->AssociatedIrp.SystemBuffer, &filter->Counts, sizeof(FILTER_COUNTS));
    return Complete(Irp, STATUS_SUCCESS, sizeof(FILTER_COUNTS));
}

// A driver has one table of dispatch routines for all its devices: the first argument says whose the request is.
static NTSTATUS FilterDispatch(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    return DeviceObject == ControlDevice ? ControlDispatch(Irp) : FilterPass(DeviceObject, Irp);
}

// --- Coming and going --------------------------------------------------------------------------------------------

// Reads Parameters\Target below our service's key. The string is the caller's to free, with RtlFreeUnicodeString, for
// RtlQueryRegistryValues makes it.
static NTSTATUS ReadTarget(PCUNICODE_STRING RegistryPath, PUNICODE_STRING Target)
{
    RTL_QUERY_REGISTRY_TABLE table[3];
    PWSTR path;
    NTSTATUS status;

    RtlZeroMemory(Target, sizeof(*Target));
    // RegistryPath is counted; the routine wants a path that ends with a zero.
    path = ExAllocatePool2(POOL_FLAG_PAGED, RegistryPath->Length + sizeof(WCHAR), FILTER_TAG);
    if (path == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    RtlCopyMemory(path, RegistryPath->Buffer, RegistryPath->Length);

    RtlZeroMemory(table, sizeof(table));
    table[0].Flags = RTL_QUERY_REGISTRY_SUBKEY;
    table[0].Name = L"Parameters";
    // TYPECHECK: whoever may write the value may give it another type, and DIRECT would store that, whatever its size.
    table[1].Flags = RTL_QUERY_REGISTRY_DIRECT | RTL_QUERY_REGISTRY_REQUIRED | RTL_QUERY_REGISTRY_TYPECHECK;
    table[1].Name = L"Target";
    table[1].EntryContext = Target;
    table[1].DefaultType = REG_SZ << RTL_QUERY_REGISTRY_TYPECHECK_SHIFT;
    status = RtlQueryRegistryValues(RTL_REGISTRY_ABSOLUTE, path, table, NULL, NULL);
    ExFreePoolWithTag(path, FILTER_TAG);
    return status;
}

static NTSTATUS CreateControlDevice(PDRIVER_OBJECT DriverObject)
{
    NTSTATUS status = IoCreateDevice(DriverObject, 0, (PUNICODE_STRING)&ControlName, FILE_DEVICE_UNKNOWN,
                                     FILE_DEVICE_SECURE_OPEN, FALSE, &ControlDevice);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    status = IoCreateSymbolicLink((PUNICODE_STRING)&ControlLink, (PUNICODE_STRING)&ControlName);
    if (!NT_SUCCESS(status)) {
        IoDeleteDevice(ControlDevice);
    }
    return status;
}

static void DeleteControlDevice(void)
{
    IoDeleteSymbolicLink((PUNICODE_STRING)&ControlLink);
    IoDeleteDevice(ControlDevice);
}

static NTSTATUS AttachTo(PDRIVER_OBJECT DriverObject, PUNICODE_STRING Target)
{
    PDEVICE_OBJECT top;
    PFILE_OBJECT file;
    PFILTER filter;
    NTSTATUS status;

    // Opens the device by name, as a program would, and says which device is the top of its stack.
    status = IoGetDeviceObjectPointer(Target, FILE_READ_ATTRIBUTES, &file, &top);
    if (!NT_SUCCESS(status)) {
        return status;
    }

    // No name: whoever opens the target's name gets us, too. A name of our own would be a second door to it, past the
    // security of the first.
    status = IoCreateDevice(DriverObject, sizeof(FILTER), NULL, top->DeviceType,
                            top->Characteristics & FILE_DEVICE_SECURE_OPEN, FALSE, &FilterDevice);
    if (!NT_SUCCESS(status)) {
        ObDereferenceObject(file);
        return status;
    }
    filter = FilterDevice->DeviceExtension; // zeroed
    IoInitializeRemoveLock(&filter->Lock, FILTER_TAG, 0, 0);

    // How reads and writes are buffered is decided by the flags of the top device, which will be ours. With others than
    // the target's, it would find a buffer where it expects an MDL.
    FilterDevice->Flags |= top->Flags & (DO_BUFFERED_IO | DO_DIRECT_IO | DO_POWER_PAGABLE);

    // From here on requests come, before the call has even returned: so `Lower` is stored by the call itself, and all
    // else is ready. The top may be another by now; the call takes what it finds.
    status = IoAttachDeviceToDeviceStackSafe(FilterDevice, top, &filter->Lower);
    if (NT_SUCCESS(status)) {
        FilterDevice->Flags &= ~DO_DEVICE_INITIALIZING;
    } else {
        IoDeleteDevice(FilterDevice);
    }
    // The open was only needed to find the device. The attachment keeps nothing open: programs come and go.
    // The file's IRP_MJ_CLOSE goes to the top of the stack, so it is the first request that passes us.
    ObDereferenceObject(file);
    return status;
}

// Windows calls this when nobody attached to us; that our own device is in use it cannot see, for programs hold files
// of the target. A filter that may be unloaded while its target is used is a risk that the lock makes small, not nil: a
// request that has found our device and not yet entered FilterPass is known to nobody. Filters of Plug and Play devices
// are safe from it: they leave when their device does.
static VOID FilterUnload(PDRIVER_OBJECT DriverObject)
{
    PFILTER filter = FilterDevice->DeviceExtension;

    DeleteControlDevice();

    // New requests go straight to the target ...
    IoDetachDevice(filter->Lower);
    // ... and those on their way come back before our device goes. The lock must be held to be waited for; it cannot be
    // refused, for this is the only place that ends it.
    (void)IoAcquireRemoveLock(&filter->Lock, DriverObject);
    IoReleaseRemoveLockAndWait(&filter->Lock, DriverObject);
    IoDeleteDevice(FilterDevice);
}

NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    UNICODE_STRING target;
    NTSTATUS status;
    ULONG i;

    status = ReadTarget(RegistryPath, &target);
    if (!NT_SUCCESS(status)) {
        return status;
    }

    // All of them: the target may answer what we have never heard of.
    for (i = 0; i <= IRP_MJ_MAXIMUM_FUNCTION; ++i) {
        DriverObject->MajorFunction[i] = FilterDispatch;
    }
    DriverObject->DriverUnload = FilterUnload;

    // The attachment comes last. It is the step that others notice, and nothing is left that could fail behind it.
    status = CreateControlDevice(DriverObject);
    if (NT_SUCCESS(status)) {
        status = AttachTo(DriverObject, &target);
        if (!NT_SUCCESS(status)) {
            DeleteControlDevice();
        }
    }
    RtlFreeUnicodeString(&target);
    return status;
}
