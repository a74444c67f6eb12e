// SPDX-License-Identifier: MIT
// A driver that sends another one any request it is told to: an IRP of its own, to the device majors.c made.
#include <ntifs.h>

#include "majors.h"

static NTSTATUS Done(PDEVICE_OBJECT Device, PIRP Irp, PVOID Event)
{
    UNREFERENCED_PARAMETER(Device);
    UNREFERENCED_PARAMETER(Irp);
    KeSetEvent(Event, IO_NO_INCREMENT, FALSE);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

static NTSTATUS Send(const MAJORS_SEND *Order)
{
    // Parameters that only mean something to the handler's notes.
    static NAMED_PIPE_CREATE_PARAMETERS pipe = { 0, 0, 0, 3, 77, 0 };
    static MAILSLOT_CREATE_PARAMETERS mailslot = { 77, 3 };
    static SECURITY_DESCRIPTOR descriptor;
    UNICODE_STRING full = RTL_CONSTANT_STRING(L"\\Device\\Majors"), bare = RTL_CONSTANT_STRING(L"\\Device\\MajorsBare");
    PFILE_OBJECT file;
    PDEVICE_OBJECT device;
    PIO_STACK_LOCATION location;
    KEVENT event;
    PIRP irp;
    NTSTATUS status = IoGetDeviceObjectPointer(Order->Bare ? &bare : &full, FILE_READ_ATTRIBUTES, &file, &device);
    if (!NT_SUCCESS(status))
        return status;
    irp = IoAllocateIrp(device->StackSize, FALSE);
    if (irp) {
        KeInitializeEvent(&event, NotificationEvent, FALSE);
        irp->IoStatus.Status = STATUS_NOT_SUPPORTED;
        location = IoGetNextIrpStackLocation(irp);
        location->MajorFunction = Order->Major;
        location->MinorFunction = Order->Minor;
        if (Order->Major == IRP_MJ_CREATE_NAMED_PIPE)
            location->Parameters.CreatePipe.Parameters = &pipe;
        if (Order->Major == IRP_MJ_CREATE_MAILSLOT)
            location->Parameters.CreateMailslot.Parameters = &mailslot;
        if (Order->Major == IRP_MJ_SET_SECURITY) {
            RtlCreateSecurityDescriptor(&descriptor, SECURITY_DESCRIPTOR_REVISION);
            location->Parameters.SetSecurity.SecurityDescriptor = &descriptor;
        }
        IoSetCompletionRoutine(irp, Done, &event, TRUE, TRUE, TRUE);
        status = IoCallDriver(device, irp);
        KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL);
        status = irp->IoStatus.Status;
        IoFreeIrp(irp);
    } else
        status = STATUS_INSUFFICIENT_RESOURCES;
    ObDereferenceObject(file);
    return status;
}

static DRIVER_DISPATCH Dispatch;
static NTSTATUS Dispatch(PDEVICE_OBJECT Device, PIRP Irp)
{
    PIO_STACK_LOCATION location = IoGetCurrentIrpStackLocation(Irp);
    NTSTATUS status = STATUS_SUCCESS;
    UNREFERENCED_PARAMETER(Device);
    Irp->IoStatus.Information = 0;
    if (location->MajorFunction == IRP_MJ_DEVICE_CONTROL) {
        MAJORS_SEND order;
        if (location->Parameters.DeviceIoControl.IoControlCode != IOCTL_MAJORS_SEND
            || location->Parameters.DeviceIoControl.InputBufferLength < sizeof order
            || location->Parameters.DeviceIoControl.OutputBufferLength < sizeof(NTSTATUS))
            status = STATUS_INVALID_PARAMETER;
        else {
            order = *(MAJORS_SEND *)Irp->AssociatedIrp.SystemBuffer;
            *(NTSTATUS *)Irp->AssociatedIrp.SystemBuffer = Send(&order);
            Irp->IoStatus.Information = sizeof(NTSTATUS);
        }
    }
    Irp->IoStatus.Status = status;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return status;
}

static DRIVER_UNLOAD Unload;
static VOID Unload(PDRIVER_OBJECT Driver)
{
    UNICODE_STRING link = RTL_CONSTANT_STRING(L"\\DosDevices\\MajorsSender");
    IoDeleteSymbolicLink(&link);
    IoDeleteDevice(Driver->DeviceObject);
}

DRIVER_INITIALIZE DriverEntry;
NTSTATUS DriverEntry(PDRIVER_OBJECT Driver, PUNICODE_STRING RegistryPath)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\Device\\MajorsSender");
    UNICODE_STRING link = RTL_CONSTANT_STRING(L"\\DosDevices\\MajorsSender");
    PDEVICE_OBJECT device;
    NTSTATUS status;
    UNREFERENCED_PARAMETER(RegistryPath);
    Driver->MajorFunction[IRP_MJ_CREATE] = Dispatch;
    Driver->MajorFunction[IRP_MJ_CLOSE] = Dispatch;
    Driver->MajorFunction[IRP_MJ_DEVICE_CONTROL] = Dispatch;
    Driver->DriverUnload = Unload;
    status = IoCreateDevice(Driver, 0, &name, FILE_DEVICE_UNKNOWN, 0, FALSE, &device);
    if (!NT_SUCCESS(status))
        return status;
    status = IoCreateSymbolicLink(&link, &name);
    if (!NT_SUCCESS(status))
        IoDeleteDevice(device);
    return status;
}
