// SPDX-License-Identifier: MIT
// A disk in memory whose driver leaves partition tables to the kernel: each disk control code is one call, which comes
// back to this driver as reads, writes and questions about the geometry.
#include <ntddk.h>

#include <ntdddisk.h>

#include "platter.h"

#define PLATTER_TAG 'ttlP'
#define PLATTER_BYTES (PLATTER_SECTORS * PLATTER_BYTES_PER_SECTOR)

static PUCHAR Bytes;

static NTSTATUS Complete(PIRP Irp, NTSTATUS Status, ULONG_PTR Information)
{
    Irp->IoStatus.Status = Status;
    Irp->IoStatus.Information = Information;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return Status;
}

static DRIVER_DISPATCH Succeed;
static NTSTATUS Succeed(PDEVICE_OBJECT Device, PIRP Irp)
{
    UNREFERENCED_PARAMETER(Device);
    return Complete(Irp, STATUS_SUCCESS, 0);
}

static DRIVER_DISPATCH Transfer;
static NTSTATUS Transfer(PDEVICE_OBJECT Device, PIRP Irp)
{
    PIO_STACK_LOCATION location = IoGetCurrentIrpStackLocation(Irp);
    ULONGLONG offset = (ULONGLONG)location->Parameters.Read.ByteOffset.QuadPart;
    ULONG length = location->Parameters.Read.Length;
    PUCHAR theirs;
    UNREFERENCED_PARAMETER(Device);
    if (offset > PLATTER_BYTES || length > PLATTER_BYTES - offset)
        return Complete(Irp, STATUS_INVALID_PARAMETER, 0);
    if (length == 0)
        return Complete(Irp, STATUS_SUCCESS, 0);
    theirs = MmGetSystemAddressForMdlSafe(Irp->MdlAddress, NormalPagePriority);
    if (!theirs)
        return Complete(Irp, STATUS_INSUFFICIENT_RESOURCES, 0);
    if (location->MajorFunction == IRP_MJ_READ)
        RtlCopyMemory(theirs, Bytes + offset, length);
    else
        RtlCopyMemory(Bytes + offset, theirs, length);
    return Complete(Irp, STATUS_SUCCESS, length);
}

static VOID DescribeGeometry(PDISK_GEOMETRY Geometry)
{
    RtlZeroMemory(Geometry, sizeof *Geometry);
    Geometry->Cylinders.QuadPart = 1;
    Geometry->MediaType = FixedMedia;
    Geometry->TracksPerCylinder = 255;
    Geometry->SectorsPerTrack = 63;
    Geometry->BytesPerSector = PLATTER_BYTES_PER_SECTOR;
}

static NTSTATUS GetGeometry(PVOID Buffer, ULONG Room, ULONG_PTR* Information)
{
    PDISK_GEOMETRY_EX geometry = Buffer;
    if (Room < FIELD_OFFSET(DISK_GEOMETRY_EX, Data))
        return STATUS_BUFFER_TOO_SMALL;
    DescribeGeometry(&geometry->Geometry);
    geometry->DiskSize.QuadPart = PLATTER_BYTES;
    *Information = FIELD_OFFSET(DISK_GEOMETRY_EX, Data);
    return STATUS_SUCCESS;
}

static NTSTATUS GetLayout(PDEVICE_OBJECT Device, PVOID Buffer, ULONG Room, ULONG_PTR* Information)
{
    PDRIVE_LAYOUT_INFORMATION_EX layout;
    ULONG bytes;
    NTSTATUS status = IoReadPartitionTableEx(Device, &layout);
    if (!NT_SUCCESS(status))
        return status;
    bytes = FIELD_OFFSET(DRIVE_LAYOUT_INFORMATION_EX, PartitionEntry)
        + layout->PartitionCount * sizeof layout->PartitionEntry[0];
    if (Room < bytes)
        status = STATUS_BUFFER_TOO_SMALL;
    else {
        RtlCopyMemory(Buffer, layout, bytes);
        *Information = bytes;
    }
    ExFreePool(layout);
    return status;
}

static NTSTATUS SetLayout(PDEVICE_OBJECT Device, PVOID Buffer, ULONG Given)
{
    PDRIVE_LAYOUT_INFORMATION_EX layout = Buffer;
    ULONG room;
    if (Given < FIELD_OFFSET(DRIVE_LAYOUT_INFORMATION_EX, PartitionEntry))
        return STATUS_INFO_LENGTH_MISMATCH;
    room = (Given - FIELD_OFFSET(DRIVE_LAYOUT_INFORMATION_EX, PartitionEntry)) / sizeof layout->PartitionEntry[0];
    if (layout->PartitionCount > room)
        return STATUS_INFO_LENGTH_MISMATCH;
    return IoWritePartitionTableEx(Device, layout);
}

static DRIVER_DISPATCH Control;
static NTSTATUS Control(PDEVICE_OBJECT Device, PIRP Irp)
{
    PIO_STACK_LOCATION location = IoGetCurrentIrpStackLocation(Irp);
    ULONG given = location->Parameters.DeviceIoControl.InputBufferLength;
    ULONG room = location->Parameters.DeviceIoControl.OutputBufferLength;
    PVOID buffer = Irp->AssociatedIrp.SystemBuffer;
    ULONG_PTR information = 0;
    NTSTATUS status;
    switch (location->Parameters.DeviceIoControl.IoControlCode) {
    case IOCTL_DISK_GET_DRIVE_GEOMETRY_EX:
        status = GetGeometry(buffer, room, &information);
        break;
    case IOCTL_DISK_CREATE_DISK:
        status = given < sizeof(CREATE_DISK) ? STATUS_INFO_LENGTH_MISMATCH : IoCreateDisk(Device, buffer);
        break;
    case IOCTL_DISK_DELETE_DRIVE_LAYOUT:
        status = IoCreateDisk(Device, NULL);
        break;
    case IOCTL_DISK_GET_DRIVE_LAYOUT_EX:
        status = GetLayout(Device, buffer, room, &information);
        break;
    case IOCTL_DISK_SET_DRIVE_LAYOUT_EX:
        status = SetLayout(Device, buffer, given);
        break;
    case IOCTL_PLATTER_VERIFY:
        status = given < 1 ? STATUS_INFO_LENGTH_MISMATCH : IoVerifyPartitionTable(Device, *(PBOOLEAN)buffer);
        break;
    default:
        status = STATUS_INVALID_DEVICE_REQUEST;
    }
    return Complete(Irp, status, information);
}

static DRIVER_UNLOAD Unload;
static VOID Unload(PDRIVER_OBJECT Driver)
{
    UNICODE_STRING link = RTL_CONSTANT_STRING(L"\\DosDevices\\Platter");
    IoDeleteSymbolicLink(&link);
    IoDeleteDevice(Driver->DeviceObject);
    ExFreePoolWithTag(Bytes, PLATTER_TAG);
}

DRIVER_INITIALIZE DriverEntry;
NTSTATUS DriverEntry(PDRIVER_OBJECT Driver, PUNICODE_STRING RegistryPath)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\Device\\Platter");
    UNICODE_STRING link = RTL_CONSTANT_STRING(L"\\DosDevices\\Platter");
    PDEVICE_OBJECT device;
    NTSTATUS status;
    UNREFERENCED_PARAMETER(RegistryPath);
    Bytes = ExAllocatePoolWithTag(NonPagedPoolNx, PLATTER_BYTES, PLATTER_TAG);
    if (!Bytes)
        return STATUS_INSUFFICIENT_RESOURCES;
    RtlZeroMemory(Bytes, PLATTER_BYTES);
    status = IoCreateDevice(Driver, 0, &name, FILE_DEVICE_DISK, FILE_DEVICE_SECURE_OPEN, FALSE, &device);
    if (!NT_SUCCESS(status)) {
        ExFreePoolWithTag(Bytes, PLATTER_TAG);
        return status;
    }
    status = IoCreateSymbolicLink(&link, &name);
    if (!NT_SUCCESS(status)) {
        IoDeleteDevice(device);
        ExFreePoolWithTag(Bytes, PLATTER_TAG);
        return status;
    }
    Driver->MajorFunction[IRP_MJ_CREATE] = Succeed;
    Driver->MajorFunction[IRP_MJ_CLOSE] = Succeed;
    Driver->MajorFunction[IRP_MJ_READ] = Transfer;
    Driver->MajorFunction[IRP_MJ_WRITE] = Transfer;
    Driver->MajorFunction[IRP_MJ_DEVICE_CONTROL] = Control;
    Driver->DriverUnload = Unload;
    device->Flags |= DO_DIRECT_IO;
    device->Flags &= ~DO_DEVICE_INITIALIZING;
    return STATUS_SUCCESS;
}
