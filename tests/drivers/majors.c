// SPDX-License-Identifier: MIT
// A driver with a handler for each major function, which notes what it was asked and succeeds. With HANDLERS 1 it has one
// for opens alone, with 0 none: NT's defaults answer for the rest.
#include <ntifs.h>
#include <ntstrsafe.h>

#include "majors.h"

#ifndef HANDLERS
#define HANDLERS 2
#define DEVICE_NAME L"Majors"
#endif

#define SEEN_MAX 1024

#if HANDLERS == 2
static CHAR Seen[SEEN_MAX];

// What of the parameters is a number and the same in every run.
static VOID Note(PIO_STACK_LOCATION Location)
{
    CHAR line[96];
    ULONG a = 0, b = 0, c = 0;
    switch (Location->MajorFunction) {
    case IRP_MJ_CREATE:
        a = Location->Parameters.Create.Options;
        b = Location->Parameters.Create.ShareAccess;
        c = Location->Parameters.Create.EaLength;
        break;
    case IRP_MJ_CREATE_NAMED_PIPE:
        a = Location->Parameters.CreatePipe.Options;
        b = Location->Parameters.CreatePipe.Parameters->InboundQuota;
        c = Location->Parameters.CreatePipe.Parameters->MaximumInstances;
        break;
    case IRP_MJ_CREATE_MAILSLOT:
        a = Location->Parameters.CreateMailslot.Options;
        b = Location->Parameters.CreateMailslot.Parameters->MailslotQuota;
        c = Location->Parameters.CreateMailslot.Parameters->MaximumMessageSize;
        break;
    case IRP_MJ_READ:
    case IRP_MJ_WRITE:
        a = Location->Parameters.Read.Length;
        b = Location->Parameters.Read.ByteOffset.LowPart;
        c = Location->Parameters.Read.Key;
        break;
    case IRP_MJ_QUERY_INFORMATION:
    case IRP_MJ_SET_INFORMATION:
        a = Location->Parameters.QueryFile.Length;
        b = Location->Parameters.QueryFile.FileInformationClass;
        break;
    case IRP_MJ_QUERY_VOLUME_INFORMATION:
    case IRP_MJ_SET_VOLUME_INFORMATION:
        a = Location->Parameters.QueryVolume.Length;
        b = Location->Parameters.QueryVolume.FsInformationClass;
        break;
    case IRP_MJ_QUERY_EA:
        a = Location->Parameters.QueryEa.Length;
        b = Location->Parameters.QueryEa.EaListLength;
        break;
    case IRP_MJ_SET_EA:
        a = Location->Parameters.SetEa.Length;
        break;
    case IRP_MJ_DIRECTORY_CONTROL:
        a = Location->Parameters.QueryDirectory.Length;
        if (Location->MinorFunction == IRP_MN_NOTIFY_CHANGE_DIRECTORY)
            b = Location->Parameters.NotifyDirectory.CompletionFilter;
        else
            b = Location->Parameters.QueryDirectory.FileInformationClass;
        break;
    case IRP_MJ_FILE_SYSTEM_CONTROL:
    case IRP_MJ_DEVICE_CONTROL:
    case IRP_MJ_INTERNAL_DEVICE_CONTROL:
        a = Location->Parameters.DeviceIoControl.IoControlCode;
        b = Location->Parameters.DeviceIoControl.InputBufferLength;
        c = Location->Parameters.DeviceIoControl.OutputBufferLength;
        break;
    case IRP_MJ_LOCK_CONTROL:
        a = Location->Parameters.LockControl.ByteOffset.LowPart;
        b = Location->Parameters.LockControl.Length ? Location->Parameters.LockControl.Length->LowPart : 0;
        c = Location->Parameters.LockControl.Key;
        break;
    case IRP_MJ_QUERY_SECURITY:
        a = Location->Parameters.QuerySecurity.SecurityInformation;
        b = Location->Parameters.QuerySecurity.Length;
        break;
    case IRP_MJ_SET_SECURITY:
        a = Location->Parameters.SetSecurity.SecurityInformation;
        b = RtlLengthSecurityDescriptor(Location->Parameters.SetSecurity.SecurityDescriptor);
        break;
    case IRP_MJ_QUERY_QUOTA:
        a = Location->Parameters.QueryQuota.Length;
        b = Location->Parameters.QueryQuota.SidListLength;
        break;
    case IRP_MJ_SET_QUOTA:
        a = Location->Parameters.SetQuota.Length;
        break;
    }
    RtlStringCbPrintfA(line, sizeof line, "[%u.%u flags %x: %x %x %x]", Location->MajorFunction,
                       Location->MinorFunction, Location->Flags, a, b, c);
    RtlStringCbCatA(Seen, sizeof Seen, line);
}

// How much a query that succeeds says it gave.
static ULONG Given(PIO_STACK_LOCATION Location)
{
    switch (Location->MajorFunction) {
    case IRP_MJ_READ:
    case IRP_MJ_QUERY_EA:
    case IRP_MJ_DIRECTORY_CONTROL:
    case IRP_MJ_QUERY_INFORMATION:
    case IRP_MJ_QUERY_VOLUME_INFORMATION:
    case IRP_MJ_QUERY_SECURITY:
    case IRP_MJ_QUERY_QUOTA:
        return 4;
    default:
        return 0;
    }
}

static ULONG GiveSeen(PIRP Irp, PIO_STACK_LOCATION Location)
{
    SIZE_T bytes = 0;
    RtlStringCbLengthA(Seen, sizeof Seen, &bytes);
    if (bytes > Location->Parameters.DeviceIoControl.OutputBufferLength)
        bytes = Location->Parameters.DeviceIoControl.OutputBufferLength;
    RtlCopyMemory(Irp->AssociatedIrp.SystemBuffer, Seen, bytes);
    Seen[0] = 0;
    return (ULONG)bytes;
}
#endif

#if HANDLERS
static DRIVER_DISPATCH Handle;
static NTSTATUS Handle(PDEVICE_OBJECT Device, PIRP Irp)
{
    UNREFERENCED_PARAMETER(Device);
    Irp->IoStatus.Information = 0;
#if HANDLERS == 2
    {
        PIO_STACK_LOCATION location = IoGetCurrentIrpStackLocation(Irp);
        if (location->MajorFunction == IRP_MJ_DEVICE_CONTROL
            && location->Parameters.DeviceIoControl.IoControlCode == IOCTL_MAJORS_SEEN)
            Irp->IoStatus.Information = GiveSeen(Irp, location);
        else {
            Note(location);
            Irp->IoStatus.Information = Given(location);
        }
    }
#endif
    Irp->IoStatus.Status = STATUS_SUCCESS;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return STATUS_SUCCESS;
}
#endif

static UNICODE_STRING Link = RTL_CONSTANT_STRING(L"\\DosDevices\\" DEVICE_NAME);

static DRIVER_UNLOAD Unload;
static VOID Unload(PDRIVER_OBJECT Driver)
{
    IoUnregisterShutdownNotification(Driver->DeviceObject);
    IoDeleteSymbolicLink(&Link);
    IoDeleteDevice(Driver->DeviceObject);
}

DRIVER_INITIALIZE DriverEntry;
NTSTATUS DriverEntry(PDRIVER_OBJECT Driver, PUNICODE_STRING RegistryPath)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\Device\\" DEVICE_NAME);
    PDEVICE_OBJECT device;
    NTSTATUS status;
    UNREFERENCED_PARAMETER(RegistryPath);
#if HANDLERS == 2
    {
        ULONG i;
        for (i = 0; i <= IRP_MJ_MAXIMUM_FUNCTION; i++)
            Driver->MajorFunction[i] = Handle;
    }
#elif HANDLERS
    Driver->MajorFunction[IRP_MJ_CREATE] = Handle;
#endif
    Driver->DriverUnload = Unload;
    status = IoCreateDevice(Driver, 0, &name, FILE_DEVICE_UNKNOWN, 0, FALSE, &device);
    if (!NT_SUCCESS(status))
        return status;
    device->Flags |= DO_BUFFERED_IO;
    status = IoRegisterShutdownNotification(device);
    if (NT_SUCCESS(status))
        status = IoCreateSymbolicLink(&Link, &name);
    if (!NT_SUCCESS(status)) {
        IoUnregisterShutdownNotification(device);
        IoDeleteDevice(device);
    }
    return status;
}
