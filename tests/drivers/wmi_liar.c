// SPDX-License-Identifier: MIT
// A WMI provider that lies: it answers each request with the bytes, the size and the status that it was told before.
#include <ntddk.h>
#include <wmistr.h>
#include <wmilib.h>

#include "wmi_liar.h"

#define LIAR_TAG 'raiL'

static const GUID LibGuid = { 0x11a70000, 0x0002, 0x4d6e, { 0x9f, 0x0e, 0x1f, 0x6a, 0x5a, 0x3b, 0x7c, 0x01 } };
static WMIGUIDREGINFO Blocks[] = { { &LibGuid, 2, 0 } };

static PDEVICE_OBJECT Device;
static LIAR_ANSWER* Answers[LIAR_MINORS];
static LIAR_LIB Lib;
static BOOLEAN UseLib;
static BOOLEAN Registered;
static PIRP Kept;
static UCHAR NoPool[256];

static NTSTATUS Complete(PIRP Irp, NTSTATUS Status, ULONG_PTR Information)
{
    Irp->IoStatus.Status = Status;
    Irp->IoStatus.Information = Information;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return Status;
}

static NTSTATUS NTAPI QueryRegInfo(PDEVICE_OBJECT Object, PULONG Flags, PUNICODE_STRING Name,
                                   PUNICODE_STRING* RegistryPath, PUNICODE_STRING MofName, PDEVICE_OBJECT* Pdo)
{
    static const WCHAR Base[] = L"Lie";

    UNREFERENCED_PARAMETER(Object);
    UNREFERENCED_PARAMETER(RegistryPath);
    UNREFERENCED_PARAMETER(MofName);
    UNREFERENCED_PARAMETER(Pdo);
    *Flags = WMIREG_FLAG_INSTANCE_BASENAME;
    if (!Lib.Name) {
        return STATUS_SUCCESS;
    }
    Name->Buffer = ExAllocatePoolWithTag(PagedPool, sizeof(Base), LIAR_TAG);
    if (Name->Buffer == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    RtlCopyMemory(Name->Buffer, Base, sizeof(Base));
    Name->Length = sizeof(Base) - sizeof(WCHAR);
    Name->MaximumLength = sizeof(Base);
    return STATUS_SUCCESS;
}

static NTSTATUS NTAPI QueryDataBlock(PDEVICE_OBJECT Object, PIRP Irp, ULONG Block, ULONG Instance, ULONG Count,
                                     PULONG Lengths, ULONG Room, PUCHAR Buffer)
{
    ULONG i;

    UNREFERENCED_PARAMETER(Block);
    UNREFERENCED_PARAMETER(Instance);
    UNREFERENCED_PARAMETER(Room);
    UNREFERENCED_PARAMETER(Buffer);
    for (i = 0; i < Count; ++i) {
        Lengths[i] = Lib.Lengths[i];
    }
    if (Lib.Count) {
        ((PWNODE_ALL_DATA)IoGetCurrentIrpStackLocation(Irp)->Parameters.WMI.Buffer)->InstanceCount = Lib.Count;
    }
    return WmiCompleteRequest(Object, Irp, Lib.Status, Lib.Used, IO_NO_INCREMENT);
}

static WMILIB_CONTEXT Context = { ARRAYSIZE(Blocks), Blocks, QueryRegInfo, QueryDataBlock, NULL, NULL, NULL, NULL };

static NTSTATUS LeaveToLib(PIRP Irp)
{
    SYSCTL_IRP_DISPOSITION disposition;
    NTSTATUS status = WmiSystemControl(&Context, Device, Irp, &disposition);

    if (disposition != IrpProcessed) {
        status = Irp->IoStatus.Status;
        IoCompleteRequest(Irp, IO_NO_INCREMENT);
    }
    return status;
}

static NTSTATUS Answer(PIRP Irp)
{
    PIO_STACK_LOCATION location = IoGetCurrentIrpStackLocation(Irp);
    const LIAR_ANSWER* answer = Answers[location->MinorFunction];
    PUCHAR buffer = location->Parameters.WMI.Buffer;

    RtlCopyMemory(buffer, answer + 1, answer->Bytes);
    if (answer->RoomAt != LIAR_NOWHERE) {
        *(PULONG)(buffer + answer->RoomAt) = location->Parameters.WMI.BufferSize + 8;
    }
    if (answer->PdoAt != LIAR_NOWHERE) {
        ObReferenceObject(Device);
        *(PDEVICE_OBJECT*)(buffer + answer->PdoAt) = Device;
    }
    return Complete(Irp, answer->Status, answer->Information);
}

static NTSTATUS NTAPI SystemControl(PDEVICE_OBJECT Object, PIRP Irp)
{
    UCHAR minor = IoGetCurrentIrpStackLocation(Irp)->MinorFunction;

    UNREFERENCED_PARAMETER(Object);
    if (UseLib) {
        return LeaveToLib(Irp);
    }
    if (minor >= LIAR_MINORS || Answers[minor] == NULL) {
        return Complete(Irp, Irp->IoStatus.Status, 0);
    }
    if (Answers[minor]->Keep) {
        IoMarkIrpPending(Irp);
        Kept = Irp;
        return STATUS_PENDING;
    }
    return Answer(Irp);
}

static NTSTATUS Learn(const LIAR_ANSWER* Told, ULONG Bytes)
{
    LIAR_ANSWER* copy;

    if (Bytes < sizeof(*Told) || Told->Minor >= LIAR_MINORS || Told->Bytes != Bytes - sizeof(*Told)) {
        return STATUS_INVALID_PARAMETER;
    }
    copy = ExAllocatePoolWithTag(NonPagedPool, Bytes, LIAR_TAG);
    if (copy == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    RtlCopyMemory(copy, Told, Bytes);
    if (Answers[Told->Minor]) {
        ExFreePoolWithTag(Answers[Told->Minor], LIAR_TAG);
    }
    Answers[Told->Minor] = copy;
    return STATUS_SUCCESS;
}

static NTSTATUS Register(ULONG Action)
{
    NTSTATUS status = IoWMIRegistrationControl(Device, Action);

    if (NT_SUCCESS(status)) {
        Registered = Action != WMIREG_ACTION_DEREGISTER;
    }
    return status;
}

static NTSTATUS Fire(const LIAR_EVENT* Event, ULONG Bytes)
{
    PUCHAR block, wnode;
    NTSTATUS status;

    if (Bytes < sizeof(*Event) || Event->Bytes != Bytes - sizeof(*Event)) {
        return STATUS_INVALID_PARAMETER;
    }
    block = ExAllocatePoolWithTag(NonPagedPool, Event->Block, LIAR_TAG);
    if (block == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    wnode = Event->Where == LIAR_NO_POOL ? NoPool : Event->Where == LIAR_INSIDE_A_BLOCK ? block + 16 : block;
    RtlCopyMemory(wnode, Event + 1, Event->Bytes);
    if (Event->Own) {
        ((PWNODE_HEADER)wnode)->ProviderId = IoWMIDeviceObjectToProviderId(Device);
    }
    status = IoWMIWriteEvent(wnode);
    if (Event->Where == LIAR_TWICE) {
        status = IoWMIWriteEvent(wnode);
    }
    if (!NT_SUCCESS(status)) {
        ExFreePoolWithTag(block, LIAR_TAG);
    } else if (Event->Where == LIAR_WRITTEN_AFTERWARDS) {
        RtlFillMemory(wnode, Event->Block, 0xFF);
    }
    return status;
}

static NTSTATUS NTAPI Control(PDEVICE_OBJECT Object, PIRP Irp)
{
    PIO_STACK_LOCATION location = IoGetCurrentIrpStackLocation(Irp);
    ULONG bytes = location->Parameters.DeviceIoControl.InputBufferLength;
    PVOID in = Irp->AssociatedIrp.SystemBuffer;
    PIRP kept = Kept;

    UNREFERENCED_PARAMETER(Object);
    switch (location->Parameters.DeviceIoControl.IoControlCode) {
    case IOCTL_LIAR_ANSWER:
        return Complete(Irp, Learn(in, bytes), 0);
    case IOCTL_LIAR_REGISTER:
        return Complete(Irp, bytes == sizeof(ULONG) ? Register(*(PULONG)in) : STATUS_INVALID_PARAMETER, 0);
    case IOCTL_LIAR_FIRE:
        return Complete(Irp, Fire(in, bytes), 0);
    case IOCTL_LIAR_RELEASE:
        if (kept == NULL) {
            return Complete(Irp, STATUS_NO_MORE_ENTRIES, 0);
        }
        Kept = NULL;
        Answer(kept);
        return Complete(Irp, STATUS_SUCCESS, 0);
    case IOCTL_LIAR_LIB:
        if (bytes != sizeof(Lib)) {
            return Complete(Irp, STATUS_INVALID_PARAMETER, 0);
        }
        RtlCopyMemory(&Lib, in, sizeof(Lib));
        UseLib = TRUE;
        return Complete(Irp, STATUS_SUCCESS, 0);
    default:
        return Complete(Irp, STATUS_INVALID_DEVICE_REQUEST, 0);
    }
}

static NTSTATUS NTAPI Done(PDEVICE_OBJECT Object, PIRP Irp)
{
    UNREFERENCED_PARAMETER(Object);
    return Complete(Irp, STATUS_SUCCESS, 0);
}

static VOID NTAPI Unload(PDRIVER_OBJECT Driver)
{
    UNICODE_STRING link = RTL_CONSTANT_STRING(L"\\??\\WmiLiar");
    ULONG i;

    UNREFERENCED_PARAMETER(Driver);
    if (Registered) {
        Register(WMIREG_ACTION_DEREGISTER);
    }
    for (i = 0; i < LIAR_MINORS; ++i) {
        if (Answers[i]) {
            ExFreePoolWithTag(Answers[i], LIAR_TAG);
        }
    }
    IoDeleteSymbolicLink(&link);
    IoDeleteDevice(Device);
}

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT Driver, PUNICODE_STRING RegistryPath)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\Device\\WmiLiar");
    UNICODE_STRING link = RTL_CONSTANT_STRING(L"\\??\\WmiLiar");
    NTSTATUS status;

    UNREFERENCED_PARAMETER(RegistryPath);
    status = IoCreateDevice(Driver, 0, &name, FILE_DEVICE_UNKNOWN, 0, FALSE, &Device);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    status = IoCreateSymbolicLink(&link, &name);
    if (!NT_SUCCESS(status)) {
        IoDeleteDevice(Device);
        return status;
    }
    Driver->MajorFunction[IRP_MJ_CREATE] = Done;
    Driver->MajorFunction[IRP_MJ_CLEANUP] = Done;
    Driver->MajorFunction[IRP_MJ_CLOSE] = Done;
    Driver->MajorFunction[IRP_MJ_DEVICE_CONTROL] = Control;
    Driver->MajorFunction[IRP_MJ_SYSTEM_CONTROL] = SystemControl;
    Driver->DriverUnload = Unload;
    return STATUS_SUCCESS;
}
