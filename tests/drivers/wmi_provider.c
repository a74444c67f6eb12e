// SPDX-License-Identifier: MIT
// A WMI provider that leaves the work to WmiLib: a data block with a method, an event block, an expensive block.
#include <ntddk.h>
#include <wmistr.h>
#include <wmilib.h>

static const GUID SlotGuid = { 0x5f3a1c62, 0x0d6b, 0x4d6e, { 0x9f, 0x0e, 0x1f, 0x6a, 0x5a, 0x3b, 0x7c, 0x01 } };
static const GUID SumGuid = { 0x5f3a1c62, 0x0d6b, 0x4d6e, { 0x9f, 0x0e, 0x1f, 0x6a, 0x5a, 0x3b, 0x7c, 0x02 } };
static const GUID CountGuid = { 0x5f3a1c62, 0x0d6b, 0x4d6e, { 0x9f, 0x0e, 0x1f, 0x6a, 0x5a, 0x3b, 0x7c, 0x03 } };

enum { SLOT, SUM, COUNT, SLOTS = 2 };

static WMIGUIDREGINFO Blocks[] = {
    { &SlotGuid, SLOTS, 0 },
    { &SumGuid, 1, WMIREG_FLAG_EVENT_ONLY_GUID },
    { &CountGuid, 1, WMIREG_FLAG_EXPENSIVE },
};

typedef struct {
    UNICODE_STRING RegistryPath;
    WCHAR RegistryText[128];
    ULONG Slots[SLOTS];
    ULONG Counts[4]; // collection enabled, disabled; events enabled, disabled
    BOOLEAN Events;
} EXTENSION;

static PDEVICE_OBJECT Device;

static NTSTATUS NTAPI QueryRegInfo(PDEVICE_OBJECT Object, PULONG Flags, PUNICODE_STRING Name,
                                   PUNICODE_STRING* RegistryPath, PUNICODE_STRING MofName, PDEVICE_OBJECT* Pdo)
{
    static const WCHAR Base[] = L"Slot";
    EXTENSION* extension = Object->DeviceExtension;

    UNREFERENCED_PARAMETER(Pdo);
    *Flags = WMIREG_FLAG_INSTANCE_BASENAME;
    *RegistryPath = &extension->RegistryPath;
    RtlInitUnicodeString(MofName, L"RingsideMof");
    Name->Buffer = ExAllocatePoolWithTag(PagedPool, sizeof(Base), 'nimW');
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
    EXTENSION* extension = Object->DeviceExtension;
    ULONG bytes = Block == SLOT ? Count * 8 : sizeof(extension->Counts);
    ULONG i;

    if (Block == SUM) {
        return WmiCompleteRequest(Object, Irp, STATUS_WMI_GUID_NOT_FOUND, 0, IO_NO_INCREMENT);
    }
    if (Room < bytes) {
        return WmiCompleteRequest(Object, Irp, STATUS_BUFFER_TOO_SMALL, bytes, IO_NO_INCREMENT);
    }
    if (Block == COUNT) {
        RtlCopyMemory(Buffer, extension->Counts, sizeof(extension->Counts));
        *Lengths = sizeof(extension->Counts);
    } else {
        for (i = 0; i < Count; ++i) {
            *(PULONG)(Buffer + i * 8) = extension->Slots[Instance + i];
            Lengths[i] = sizeof(ULONG);
        }
        if (Count == 1) {
            bytes = sizeof(ULONG);
        }
    }
    return WmiCompleteRequest(Object, Irp, STATUS_SUCCESS, bytes, IO_NO_INCREMENT);
}

static NTSTATUS NTAPI SetDataBlock(PDEVICE_OBJECT Object, PIRP Irp, ULONG Block, ULONG Instance, ULONG Bytes,
                                   PUCHAR Buffer)
{
    EXTENSION* extension = Object->DeviceExtension;
    NTSTATUS status = STATUS_SUCCESS;

    if (Block != SLOT) {
        status = STATUS_WMI_READ_ONLY;
    } else if (Bytes != sizeof(ULONG)) {
        status = STATUS_WMI_SET_FAILURE;
    } else {
        extension->Slots[Instance] = *(PULONG)Buffer;
    }
    return WmiCompleteRequest(Object, Irp, status, 0, IO_NO_INCREMENT);
}

static NTSTATUS NTAPI SetDataItem(PDEVICE_OBJECT Object, PIRP Irp, ULONG Block, ULONG Instance, ULONG Item,
                                  ULONG Bytes, PUCHAR Buffer)
{
    if (Block == SLOT && Item != 1) {
        return WmiCompleteRequest(Object, Irp, STATUS_WMI_ITEMID_NOT_FOUND, 0, IO_NO_INCREMENT);
    }
    return SetDataBlock(Object, Irp, Block, Instance, Bytes, Buffer);
}

static void Fire(PDEVICE_OBJECT Object, ULONG Sum)
{
    PULONG data = ExAllocatePoolWithTag(NonPagedPool, sizeof(ULONG), 'eimW');

    if (data != NULL) {
        *data = Sum;
        WmiFireEvent(Object, &SumGuid, 0, sizeof(ULONG), data);
    }
}

static NTSTATUS NTAPI ExecuteMethod(PDEVICE_OBJECT Object, PIRP Irp, ULONG Block, ULONG Instance, ULONG Method,
                                    ULONG In, ULONG Out, PUCHAR Buffer)
{
    EXTENSION* extension = Object->DeviceExtension;

    if (Block != SLOT || Method < 1 || Method > 2) {
        return WmiCompleteRequest(Object, Irp, STATUS_WMI_ITEMID_NOT_FOUND, 0, IO_NO_INCREMENT);
    }
    if (Method == 2 || Out < sizeof(ULONG)) {
        return WmiCompleteRequest(Object, Irp, STATUS_BUFFER_TOO_SMALL, Method == 2 ? 5000 : 4, IO_NO_INCREMENT);
    }
    if (In != sizeof(ULONG)) {
        return WmiCompleteRequest(Object, Irp, STATUS_INVALID_PARAMETER, 0, IO_NO_INCREMENT);
    }
    extension->Slots[Instance] += *(PULONG)Buffer;
    *(PULONG)Buffer = extension->Slots[Instance];
    if (extension->Events) {
        Fire(Object, extension->Slots[Instance]);
    }
    return WmiCompleteRequest(Object, Irp, STATUS_SUCCESS, sizeof(ULONG), IO_NO_INCREMENT);
}

static NTSTATUS NTAPI FunctionControl(PDEVICE_OBJECT Object, PIRP Irp, ULONG Block, WMIENABLEDISABLECONTROL Function,
                                      BOOLEAN Enable)
{
    EXTENSION* extension = Object->DeviceExtension;

    extension->Counts[(Function == WmiEventControl ? 2 : 0) + (Enable ? 0 : 1)]++;
    if (Function == WmiEventControl && Block == SUM) {
        extension->Events = Enable;
    }
    return WmiCompleteRequest(Object, Irp, STATUS_SUCCESS, 0, IO_NO_INCREMENT);
}

static WMILIB_CONTEXT Context = {
    ARRAYSIZE(Blocks), Blocks, QueryRegInfo, QueryDataBlock, SetDataBlock, SetDataItem, ExecuteMethod, FunctionControl,
};

static NTSTATUS NTAPI SystemControl(PDEVICE_OBJECT Object, PIRP Irp)
{
    SYSCTL_IRP_DISPOSITION disposition;
    NTSTATUS status = WmiSystemControl(&Context, Object, Irp, &disposition);

    if (disposition == IrpForward || disposition == IrpNotWmi) {
        status = Irp->IoStatus.Status; // nobody is below
    }
    if (disposition != IrpProcessed) {
        IoCompleteRequest(Irp, IO_NO_INCREMENT);
    }
    return status;
}

static NTSTATUS NTAPI Done(PDEVICE_OBJECT Object, PIRP Irp)
{
    UNREFERENCED_PARAMETER(Object);
    Irp->IoStatus.Status = STATUS_SUCCESS;
    Irp->IoStatus.Information = 0;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return STATUS_SUCCESS;
}

static VOID NTAPI Unload(PDRIVER_OBJECT Driver)
{
    UNREFERENCED_PARAMETER(Driver);
#ifndef STAYS_REGISTERED
    IoWMIRegistrationControl(Device, WMIREG_ACTION_DEREGISTER);
#endif
    IoDeleteDevice(Device);
}

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT Driver, PUNICODE_STRING RegistryPath)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\Device\\WmiProvider");
    EXTENSION* extension;
    NTSTATUS status;

    status = IoCreateDevice(Driver, sizeof(EXTENSION), &name, FILE_DEVICE_UNKNOWN, 0, FALSE, &Device);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    extension = Device->DeviceExtension;
    extension->RegistryPath.Buffer = extension->RegistryText;
    extension->RegistryPath.MaximumLength = sizeof(extension->RegistryText);
    RtlCopyUnicodeString(&extension->RegistryPath, RegistryPath);
    extension->Slots[0] = 100;
    extension->Slots[1] = 200;
    Driver->MajorFunction[IRP_MJ_CREATE] = Done;
    Driver->MajorFunction[IRP_MJ_CLOSE] = Done;
    Driver->MajorFunction[IRP_MJ_SYSTEM_CONTROL] = SystemControl;
    Driver->DriverUnload = Unload;
    status = IoWMIRegistrationControl(Device, WMIREG_ACTION_REGISTER);
    if (!NT_SUCCESS(status)) {
        IoDeleteDevice(Device);
    }
    return status;
}
