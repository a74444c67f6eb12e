// SPDX-License-Identifier: MIT
// Two devices with lists of their own (IoCreateDeviceSecure), one that says nothing, and one request: who opened me?
#include <ntifs.h>
#include <wdmsec.h>

#include "guarded.h"

static const struct {
    PCWSTR Device;
    PCWSTR Link;
    PCWSTR Sddl; // NULL: IoCreateDevice
} Devices[] = {
    { L"\\Device\\GuardedOpen", L"\\DosDevices\\GuardedOpen", NULL },
    { L"\\Device\\GuardedAdmins", L"\\DosDevices\\GuardedAdmins", L"D:P(A;;GA;;;SY)(A;;GA;;;BA)" },
    { L"\\Device\\GuardedReaders", L"\\DosDevices\\GuardedReaders", L"D:P(A;;GA;;;SY)(A;;GR;;;BU)" },
};

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

// The caller's SID as text, and whether he is an administrator.
static NTSTATUS Who(PIRP Irp, ULONG Room)
{
    SECURITY_SUBJECT_CONTEXT subject;
    UNICODE_STRING text = { 0, 0, NULL };
    PTOKEN_USER user = NULL;
    PACCESS_TOKEN token;
    NTSTATUS status;
    GUARDED_WHO* who = Irp->AssociatedIrp.SystemBuffer;

    if (Room < sizeof(*who)) {
        return Complete(Irp, STATUS_BUFFER_TOO_SMALL, 0);
    }
    SeCaptureSubjectContext(&subject);
    SeLockSubjectContext(&subject);
    token = SeQuerySubjectContextToken(&subject);
    RtlZeroMemory(who, sizeof(*who));
    who->Administrator = SeTokenIsAdmin(token);
    status = SeQueryInformationToken(token, TokenUser, (PVOID*)&user);
    SeUnlockSubjectContext(&subject);
    SeReleaseSubjectContext(&subject);
    if (NT_SUCCESS(status)) {
        text.Buffer = who->Sid;
        text.MaximumLength = sizeof(who->Sid);
        status = RtlConvertSidToUnicodeString(&text, user->User.Sid, FALSE);
        ExFreePool(user);
    }
    return Complete(Irp, status, NT_SUCCESS(status) ? sizeof(*who) : 0);
}

static NTSTATUS Control(PDEVICE_OBJECT Device, PIRP Irp)
{
    PIO_STACK_LOCATION location = IoGetCurrentIrpStackLocation(Irp);

    UNREFERENCED_PARAMETER(Device);
    if (location->Parameters.DeviceIoControl.IoControlCode == IOCTL_GUARDED_WHO) {
        return Who(Irp, location->Parameters.DeviceIoControl.OutputBufferLength);
    }
    return Complete(Irp, STATUS_INVALID_DEVICE_REQUEST, 0);
}

static VOID Unload(PDRIVER_OBJECT Driver)
{
    UNICODE_STRING link;
    ULONG i;

    for (i = 0; i < RTL_NUMBER_OF(Devices); ++i) {
        RtlInitUnicodeString(&link, Devices[i].Link);
        IoDeleteSymbolicLink(&link);
    }
    while (Driver->DeviceObject != NULL) {
        IoDeleteDevice(Driver->DeviceObject);
    }
}

NTSTATUS DriverEntry(PDRIVER_OBJECT Driver, PUNICODE_STRING RegistryPath)
{
    UNICODE_STRING name, link, sddl;
    PDEVICE_OBJECT device;
    NTSTATUS status = STATUS_SUCCESS;
    ULONG i;

    UNREFERENCED_PARAMETER(RegistryPath);
    Driver->MajorFunction[IRP_MJ_CREATE] = CreateClose;
    Driver->MajorFunction[IRP_MJ_CLOSE] = CreateClose;
    Driver->MajorFunction[IRP_MJ_DEVICE_CONTROL] = Control;
    Driver->DriverUnload = Unload;
    for (i = 0; i < RTL_NUMBER_OF(Devices) && NT_SUCCESS(status); ++i) {
        RtlInitUnicodeString(&name, Devices[i].Device);
        RtlInitUnicodeString(&link, Devices[i].Link);
        if (Devices[i].Sddl != NULL) {
            RtlInitUnicodeString(&sddl, Devices[i].Sddl);
            status = IoCreateDeviceSecure(Driver, 0, &name, FILE_DEVICE_UNKNOWN, FILE_DEVICE_SECURE_OPEN, FALSE, &sddl,
                                          NULL, &device);
        } else {
            status = IoCreateDevice(Driver, 0, &name, FILE_DEVICE_UNKNOWN, 0, FALSE, &device);
        }
        if (NT_SUCCESS(status)) {
            status = IoCreateSymbolicLink(&link, &name);
        }
    }
    if (!NT_SUCCESS(status)) {
        Unload(Driver);
    }
    return status;
}
