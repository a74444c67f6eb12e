// SPDX-License-Identifier: MIT
// A 64-bit driver that serves 32-bit programs, too: it asks whose request it has, and reads structures with handles in
// them as that program wrote them.
#include <ntifs.h>

#include "widths.h"

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

static unsigned BitsOf(PIRP Irp) { return IoIs32bitProcess(Irp) ? 32 : 64; }

// The order, as wide as this driver; whatever the program's width, what is too short is refused.
static NTSTATUS ReadOrder(PIRP Irp, ULONG Length, WIDTHS_RING64* Order)
{
    if (IoIs32bitProcess(Irp)) {
        WIDTHS_RING32 const* narrow = Irp->AssociatedIrp.SystemBuffer;
        if (Length < sizeof *narrow)
            return STATUS_INVALID_PARAMETER;
        Order->Handle = narrow->Handle;
        Order->Key = narrow->Key;
        return STATUS_SUCCESS;
    }
    if (Length < sizeof *Order)
        return STATUS_INVALID_PARAMETER;
    *Order = *(WIDTHS_RING64*)Irp->AssociatedIrp.SystemBuffer;
    return STATUS_SUCCESS;
}

static unsigned BitsOfAnIrpOfOurs(PDEVICE_OBJECT Device)
{
    PIRP own = IoAllocateIrp(Device->StackSize, FALSE);
    unsigned bits = 0;
    if (own) {
        own->Tail.Overlay.Thread = PsGetCurrentThread();
        bits = BitsOf(own);
        IoFreeIrp(own);
    }
    return bits;
}

static NTSTATUS Ring(PDEVICE_OBJECT Device, PIRP Irp, PIO_STACK_LOCATION Location)
{
    WIDTHS_ANSWER* answer = Irp->AssociatedIrp.SystemBuffer;
    WIDTHS_RING64 order;
    PKEVENT event;
    NTSTATUS status = ReadOrder(Irp, Location->Parameters.DeviceIoControl.InputBufferLength, &order);
    if (!NT_SUCCESS(status))
        return Complete(Irp, status, 0);
    if (Location->Parameters.DeviceIoControl.OutputBufferLength < sizeof *answer)
        return Complete(Irp, STATUS_BUFFER_TOO_SMALL, 0);
    status = ObReferenceObjectByHandle((HANDLE)(ULONG_PTR)order.Handle, EVENT_MODIFY_STATE, *ExEventObjectType,
                                       Irp->RequestorMode, (PVOID*)&event, NULL);
    if (!NT_SUCCESS(status))
        return Complete(Irp, status, 0);
    KeSetEvent(event, IO_NO_INCREMENT, FALSE);
    ObDereferenceObject(event);
    answer->Key = order.Key;
    answer->Bits = BitsOf(Irp);
    answer->OwnBits = BitsOfAnIrpOfOurs(Device);
    return Complete(Irp, STATUS_SUCCESS, sizeof *answer);
}

static NTSTATUS Where(PIRP Irp, PIO_STACK_LOCATION Location)
{
    ULONGLONG* into = Irp->UserBuffer;
    NTSTATUS status = STATUS_SUCCESS;
    if (Location->Parameters.DeviceIoControl.OutputBufferLength < 2 * sizeof *into)
        return Complete(Irp, STATUS_BUFFER_TOO_SMALL, 0);
    __try {
        ProbeForWrite(into, 2 * sizeof *into, sizeof *into);
        into[0] = (ULONG_PTR)Location->Parameters.DeviceIoControl.Type3InputBuffer;
        into[1] = (ULONG_PTR)into;
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = GetExceptionCode();
    }
    return Complete(Irp, status, NT_SUCCESS(status) ? 2 * sizeof *into : 0);
}

static NTSTATUS Control(PDEVICE_OBJECT Device, PIRP Irp)
{
    PIO_STACK_LOCATION location = IoGetCurrentIrpStackLocation(Irp);
    switch (location->Parameters.DeviceIoControl.IoControlCode) {
    case IOCTL_WIDTHS_RING:
        return Ring(Device, Irp, location);
    case IOCTL_WIDTHS_WHERE:
        return Where(Irp, location);
    default:
        return Complete(Irp, STATUS_INVALID_DEVICE_REQUEST, 0);
    }
}

// There is no IRP: the caller's own process counts.
static FAST_IO_DEVICE_CONTROL FastControl;
static BOOLEAN FastControl(PFILE_OBJECT File, BOOLEAN Wait, PVOID In, ULONG InLength, PVOID Out, ULONG OutLength,
                           ULONG Code, PIO_STATUS_BLOCK Status, PDEVICE_OBJECT Device)
{
    UNREFERENCED_PARAMETER(File);
    UNREFERENCED_PARAMETER(Wait);
    UNREFERENCED_PARAMETER(In);
    UNREFERENCED_PARAMETER(InLength);
    UNREFERENCED_PARAMETER(Device);
    if (Code != IOCTL_WIDTHS_FAST || OutLength < sizeof(unsigned))
        return FALSE;
    *(unsigned*)Out = BitsOf(NULL);
    Status->Status = STATUS_SUCCESS;
    Status->Information = sizeof(unsigned);
    return TRUE;
}

static FAST_IO_DISPATCH Fast;

static void Unload(PDRIVER_OBJECT Driver)
{
    UNICODE_STRING link = RTL_CONSTANT_STRING(L"\\DosDevices\\Widths");
    IoDeleteSymbolicLink(&link);
    IoDeleteDevice(Driver->DeviceObject);
}

NTSTATUS DriverEntry(PDRIVER_OBJECT Driver, PUNICODE_STRING RegistryPath)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\Device\\Widths");
    UNICODE_STRING link = RTL_CONSTANT_STRING(L"\\DosDevices\\Widths");
    PDEVICE_OBJECT device;
    NTSTATUS status;
    UNREFERENCED_PARAMETER(RegistryPath);
    Driver->MajorFunction[IRP_MJ_CREATE] = CreateClose;
    Driver->MajorFunction[IRP_MJ_CLOSE] = CreateClose;
    Driver->MajorFunction[IRP_MJ_DEVICE_CONTROL] = Control;
    Driver->DriverUnload = Unload;
    Fast.SizeOfFastIoDispatch = sizeof Fast;
    Fast.FastIoDeviceControl = FastControl;
    Driver->FastIoDispatch = &Fast;
    status = IoCreateDevice(Driver, 0, &name, 0x8000, 0, FALSE, &device);
    if (!NT_SUCCESS(status))
        return status;
    status = IoCreateSymbolicLink(&link, &name);
    if (!NT_SUCCESS(status))
        IoDeleteDevice(device);
    return status;
}
