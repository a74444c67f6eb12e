// SPDX-License-Identifier: MIT
// A driver with a log file, C:\Diary\diary.log, as many drivers keep one: the folder is made at load, lines are appended
// through a handle opened for each, old diaries are renamed away, and the folder is listed.
#include <ntifs.h>

#include "diary.h"

#define FOLDER L"\\??\\C:\\Diary"
#define LOG FOLDER L"\\diary.log"

static OBJECT_ATTRIBUTES Named(PUNICODE_STRING Name)
{
    OBJECT_ATTRIBUTES attributes;
    InitializeObjectAttributes(&attributes, Name, OBJ_CASE_INSENSITIVE | OBJ_KERNEL_HANDLE, NULL, NULL);
    return attributes;
}

static NTSTATUS Open(PCWSTR Path, ACCESS_MASK Access, ULONG Disposition, ULONG Options, PHANDLE Handle)
{
    UNICODE_STRING name;
    OBJECT_ATTRIBUTES attributes;
    IO_STATUS_BLOCK block;
    RtlInitUnicodeString(&name, Path);
    attributes = Named(&name);
    return ZwCreateFile(Handle, Access | SYNCHRONIZE, &attributes, &block, NULL, FILE_ATTRIBUTE_NORMAL,
                        FILE_SHARE_READ | FILE_SHARE_DELETE, Disposition, Options | FILE_SYNCHRONOUS_IO_NONALERT, NULL,
                        0);
}

static NTSTATUS WriteLine(PVOID Text, ULONG Bytes)
{
    IO_STATUS_BLOCK block;
    HANDLE file;
    NTSTATUS status = Open(LOG, FILE_APPEND_DATA, FILE_OPEN_IF, FILE_NON_DIRECTORY_FILE, &file);
    if (!NT_SUCCESS(status))
        return status;
    status = ZwWriteFile(file, NULL, NULL, NULL, &block, Text, Bytes, NULL, NULL);
    if (NT_SUCCESS(status))
        status = ZwWriteFile(file, NULL, NULL, NULL, &block, "\r\n", 2, NULL, NULL);
    ZwClose(file);
    return status;
}

static NTSTATUS ReadAll(PVOID Buffer, ULONG Room, PULONG_PTR Bytes)
{
    FILE_STANDARD_INFORMATION standard;
    IO_STATUS_BLOCK block;
    LARGE_INTEGER start;
    HANDLE file;
    NTSTATUS status = Open(LOG, FILE_READ_DATA, FILE_OPEN, FILE_NON_DIRECTORY_FILE, &file);
    if (!NT_SUCCESS(status))
        return status;
    status = ZwQueryInformationFile(file, &block, &standard, sizeof standard, FileStandardInformation);
    if (NT_SUCCESS(status) && standard.EndOfFile.QuadPart > Room)
        status = STATUS_BUFFER_TOO_SMALL;
    start.QuadPart = 0;
    if (NT_SUCCESS(status)) {
        status = ZwReadFile(file, NULL, NULL, NULL, &block, Buffer, Room, &start, NULL);
        if (NT_SUCCESS(status))
            *Bytes = block.Information;
    }
    ZwClose(file);
    return status;
}

static NTSTATUS Rotate(void)
{
    union {
        FILE_RENAME_INFORMATION rename;
        UCHAR bytes[sizeof(FILE_RENAME_INFORMATION) + sizeof L"diary.old"];
    } to;
    IO_STATUS_BLOCK block;
    HANDLE file;
    NTSTATUS status = Open(LOG, DELETE, FILE_OPEN, FILE_NON_DIRECTORY_FILE, &file);
    if (!NT_SUCCESS(status))
        return status;
    RtlZeroMemory(&to, sizeof to);
    to.rename.ReplaceIfExists = TRUE;
    to.rename.FileNameLength = sizeof L"diary.old" - sizeof(WCHAR);
    RtlCopyMemory(to.rename.FileName, L"diary.old", to.rename.FileNameLength);
    status = ZwSetInformationFile(file, &block, &to, sizeof to, FileRenameInformation);
    ZwClose(file);
    return status;
}

// Names as single bytes, a line each.
static NTSTATUS List(PUCHAR Buffer, ULONG Room, PULONG_PTR Bytes)
{
    union {
        FILE_NAMES_INFORMATION names;
        UCHAR bytes[128];
    } entry;
    UNICODE_STRING all = RTL_CONSTANT_STRING(L"*.*");
    IO_STATUS_BLOCK block;
    HANDLE folder;
    ULONG i, used = 0;
    NTSTATUS status = Open(FOLDER, FILE_LIST_DIRECTORY, FILE_OPEN, FILE_DIRECTORY_FILE, &folder);
    if (!NT_SUCCESS(status))
        return status;
    for (;;) {
        status = ZwQueryDirectoryFile(folder, NULL, NULL, NULL, &block, &entry, sizeof entry, FileNamesInformation, TRUE,
                                      &all, FALSE);
        if (!NT_SUCCESS(status))
            break;
        for (i = 0; i < entry.names.FileNameLength / sizeof(WCHAR) && used < Room; ++i)
            Buffer[used++] = (UCHAR)entry.names.FileName[i];
        if (used < Room)
            Buffer[used++] = '\n';
    }
    ZwClose(folder);
    *Bytes = used;
    return status == STATUS_NO_MORE_FILES ? STATUS_SUCCESS : status;
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
    PIO_STACK_LOCATION location = IoGetCurrentIrpStackLocation(Irp);
    PVOID buffer = Irp->AssociatedIrp.SystemBuffer;
    ULONG room = location->Parameters.DeviceIoControl.OutputBufferLength;
    ULONG_PTR bytes = 0;
    NTSTATUS status;
    UNREFERENCED_PARAMETER(Device);
    switch (location->Parameters.DeviceIoControl.IoControlCode) {
    case IOCTL_DIARY_WRITE:
        status = WriteLine(buffer, location->Parameters.DeviceIoControl.InputBufferLength);
        break;
    case IOCTL_DIARY_READ:
        status = ReadAll(buffer, room, &bytes);
        break;
    case IOCTL_DIARY_ROTATE:
        status = Rotate();
        break;
    case IOCTL_DIARY_LIST:
        status = List(buffer, room, &bytes);
        break;
    default:
        status = STATUS_INVALID_DEVICE_REQUEST;
    }
    return Complete(Irp, status, bytes);
}

static VOID Unload(PDRIVER_OBJECT Driver)
{
    UNICODE_STRING link = RTL_CONSTANT_STRING(L"\\DosDevices\\Diary");
    IoDeleteSymbolicLink(&link);
    IoDeleteDevice(Driver->DeviceObject);
}

NTSTATUS DriverEntry(PDRIVER_OBJECT Driver, PUNICODE_STRING RegistryPath)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\Device\\Diary");
    UNICODE_STRING link = RTL_CONSTANT_STRING(L"\\DosDevices\\Diary");
    PDEVICE_OBJECT device;
    HANDLE folder;
    NTSTATUS status;
    UNREFERENCED_PARAMETER(RegistryPath);
    status = Open(FOLDER, FILE_TRAVERSE, FILE_OPEN_IF, FILE_DIRECTORY_FILE, &folder);
    if (!NT_SUCCESS(status))
        return status;
    ZwClose(folder);
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
