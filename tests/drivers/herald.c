// SPDX-License-Identifier: MIT
// Has the user told of what goes wrong: hard errors, the event log; and uses the small services beside them.
#include <ntddk.h>

#include "herald.h"

#define HERALD_TAG 'dlrH'

static PDEVICE_OBJECT TheDevice;
static LONG Tries; // of the request that fails

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

static NTSTATUS Fail(PIRP Irp, BOOLEAN InRegion)
{
    LONG const failing = *(LONG*)Irp->AssociatedIrp.SystemBuffer;
    if (Tries++ >= failing) {
        BOOLEAN const again = failing != 0;
        Tries = 0;
        RtlCopyMemory(Irp->AssociatedIrp.SystemBuffer, "data", 4);
        // Marked pending by the first try: whoever is above was told so.
        Complete(Irp, STATUS_SUCCESS, 4);
        return again ? STATUS_PENDING : STATUS_SUCCESS;
    }
    if (InRegion)
        KeEnterCriticalRegion();
    Irp->IoStatus.Status = STATUS_DEVICE_NOT_READY;
    Irp->IoStatus.Information = 4;
    IoMarkIrpPending(Irp);
    IoRaiseHardError(Irp, NULL, TheDevice);
    if (InRegion) {
        DbgPrint("region");
        KeLeaveCriticalRegion();
    }
    return STATUS_PENDING;
}

static VOID WriteLog(VOID)
{
    static const WCHAR words[] = L"out of paper";
    PIO_ERROR_LOG_PACKET entry
        = IoAllocateErrorLogEntry(TheDevice, (UCHAR)(sizeof(IO_ERROR_LOG_PACKET) + sizeof words));
    if (!entry)
        return;
    entry->ErrorCode = STATUS_DEVICE_PAPER_EMPTY;
    entry->UniqueErrorValue = 7;
    entry->FinalStatus = STATUS_UNSUCCESSFUL;
    entry->NumberOfStrings = 1;
    entry->StringOffset = sizeof(IO_ERROR_LOG_PACKET);
    RtlCopyMemory(entry + 1, words, sizeof words);
    IoWriteErrorLogEntry(entry);
}

static NTSTATUS FullPath(PIRP Irp, ULONG OutBytes)
{
    UNICODE_STRING path;
    NTSTATUS status = IoQueryFullDriverPath(TheDevice->DriverObject, &path);
    ULONG bytes;
    if (!NT_SUCCESS(status))
        return Complete(Irp, status, 0);
    bytes = min(path.Length, OutBytes);
    RtlCopyMemory(Irp->AssociatedIrp.SystemBuffer, path.Buffer, bytes);
    ExFreePool(path.Buffer);
    return Complete(Irp, STATUS_SUCCESS, bytes);
}

static VOID Links(struct HERALD_LINKS* Out, PFILE_OBJECT File)
{
    static SHARE_ACCESS stream;
    static LINK_SHARE_ACCESS links[2];
    ULONG const update = IO_CHECK_SHARE_ACCESS_UPDATE_SHARE_ACCESS;
    ULONG const quiet = IO_CHECK_SHARE_ACCESS_DONT_UPDATE_FILE_OBJECT;
    Out->Read = IoCheckLinkShareAccess(FILE_READ_DATA, FILE_SHARE_READ, File, &stream, &links[0], 0);
    IoUpdateLinkShareAccessEx(File, &stream, &links[0], 0);
    Out->DeleteSame = IoCheckLinkShareAccess(DELETE, FILE_SHARE_READ, NULL, &stream, &links[0], quiet);
    Out->DeleteOther = IoCheckLinkShareAccess(DELETE, FILE_SHARE_READ, NULL, &stream, &links[1], quiet);
    IoRemoveLinkShareAccessEx(File, &stream, &links[0], 0);
    Out->AfterClose = IoCheckLinkShareAccess(DELETE, FILE_SHARE_READ, NULL, &stream, &links[0], quiet);
    IoSetLinkShareAccess(FILE_READ_DATA, FILE_SHARE_READ, File, &stream, &links[0], update);
    IoRemoveLinkShareAccess(File, &stream, &links[0]);
    IoUpdateLinkShareAccess(File, &stream, &links[0]);
    IoRemoveLinkShareAccess(File, &stream, &links[0]);
}

static VOID Small(struct HERALD_SMALL* Out, PIRP Irp, PFILE_OBJECT File)
{
    static const GUID first = { 1, 2, 3, { 4 } };
    static const GUID second = { 5, 6, 7, { 8 } };
    IO_STATUS_BLOCK block = { .Status = STATUS_END_OF_FILE, .Information = 12 };
    IO_STATUS_BLOCK64 wide;
    LPCGUID before;
    GUID found;
    Out->Initiator = IoGetInitiatorProcess(File) != NULL;
    Out->Silo = IoGetSiloParameters(File) != NULL;
    Out->OplockKeys = (IoGetOplockKeyContext(File) != NULL) + (IoGetOplockKeyContextEx(File) != NULL);
    Out->Shadow = IoGetShadowFileInformation(File) != NULL;
    if (NT_SUCCESS(IoSetShadowFileInformation(File, File, NULL)))
        Out->Shadow += 2 * (IoGetShadowFileInformation(File)->BackingFileObject == File);
    Out->Paging = IoGetPagingIoPriority(Irp);
    IosbToIosb64(&wide, &block);
    RtlZeroMemory(&block, sizeof block);
    Iosb64ToIosb(&block, &wide);
    Out->BlockStatus = block.Status;
    Out->BlockInformation = (int)block.Information;
    before = IoSetActivityIdThread(&first);
    if (NT_SUCCESS(IoSetActivityIdIrp(Irp, NULL)) && NT_SUCCESS(IoGetActivityIdIrp(Irp, &found)))
        Out->Activity = RtlEqualMemory(&found, &first, sizeof found) && IoGetActivityIdThread() == &first
            && IoIsValidIrpStatus(STATUS_SUCCESS);
    IoTransferActivityId(&first, &second);
    IoClearActivityIdThread(before);
}

static NTSTATUS Remember(PVOID Text, SIZE_T Bytes)
{
    USHORT tag = 5;
    PVOID plain, tagged;
    NTSTATUS status = IoReserveKsrPersistentMemory(TheDevice->DriverObject, TheDevice, 64, 0, &plain);
    if (NT_SUCCESS(status))
        status = IoWriteKsrPersistentMemory(plain, Text, Bytes);
    if (NT_SUCCESS(status))
        status = IoReserveKsrPersistentMemoryEx(TheDevice->DriverObject, TheDevice, NULL, &tag, 2, 64, 0, &tagged);
    if (NT_SUCCESS(status))
        status = IoWriteKsrPersistentMemory(tagged, "tag", 4);
    return status;
}

static NTSTATUS Heard(PDRIVER_OBJECT Driver, PDEVICE_OBJECT Device, PUNICODE_STRING Id, PUSHORT Tag, PULONG Version,
                      PVOID Context)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\Device\\Herald");
    if (Driver == TheDevice->DriverObject && Device == TheDevice && RtlEqualUnicodeString(Id, &name, FALSE)
        && (*Tag == 0 || (*Tag == 5 && *Version == 2)))
        ++*(int*)Context;
    return STATUS_SUCCESS;
}

static VOID Recall(struct HERALD_FOUND* Out)
{
    PDRIVER_OBJECT driver = TheDevice->DriverObject;
    USHORT tag = 5;
    SIZE_T size = 0;
    IoEnumerateKsrPersistentMemoryEx(driver, TheDevice, NULL, Heard, &Out->Heard);
    Out->SizeStatus = IoQueryKsrPersistentMemorySize(driver, TheDevice, &size);
    Out->Size = (int)size;
    size = 1;
    Out->SmallStatus = IoAcquireKsrPersistentMemory(driver, TheDevice, Out->Plain, &size);
    size = sizeof Out->Plain;
    IoAcquireKsrPersistentMemory(driver, TheDevice, Out->Plain, &size);
    if (NT_SUCCESS(IoQueryKsrPersistentMemorySizeEx(driver, TheDevice, NULL, &tag, 2, &size))) {
        size = sizeof Out->Tagged;
        Out->TaggedStatus = IoAcquireKsrPersistentMemoryEx(driver, TheDevice, NULL, &tag, 2, Out->Tagged, &size);
    } else
        Out->TaggedStatus = STATUS_NOT_FOUND;
    Out->Again = IoQueryKsrPersistentMemorySize(driver, TheDevice, &size);
}

static NTSTATUS DeviceControl(PDEVICE_OBJECT Device, PIRP Irp)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(Irp);
    ULONG const out = stack->Parameters.DeviceIoControl.OutputBufferLength;
    PVOID buffer = Irp->AssociatedIrp.SystemBuffer;
    UNICODE_STRING text = RTL_CONSTANT_STRING(L"A:");
    BOOLEAN answer;
    UNREFERENCED_PARAMETER(Device);
    switch (stack->Parameters.DeviceIoControl.IoControlCode) {
    case IOCTL_HERALD_FAIL:
        return Fail(Irp, FALSE);
    case IOCTL_HERALD_FAIL_IN_REGION:
        return Fail(Irp, TRUE);
    case IOCTL_HERALD_INFORM:
        answer = IoRaiseInformationalHardError(*(NTSTATUS*)buffer, &text, (PKTHREAD)PsGetCurrentThread());
        break;
    case IOCTL_HERALD_INFORM_SYSTEM:
        answer = IoRaiseInformationalHardError(*(NTSTATUS*)buffer, &text, NULL);
        break;
    case IOCTL_HERALD_MODE:
        answer = IoSetThreadHardErrorMode(*(BOOLEAN*)buffer);
        break;
    case IOCTL_HERALD_LOG:
        WriteLog();
        return Complete(Irp, STATUS_SUCCESS, 0);
    case IOCTL_HERALD_PATH:
        return FullPath(Irp, out);
    case IOCTL_HERALD_KEEP:
        return Complete(Irp, IoIncrementKeepAliveCount(stack->FileObject, PsGetCurrentProcess()), 0);
    case IOCTL_HERALD_LET_GO:
        return Complete(Irp, IoDecrementKeepAliveCount(stack->FileObject, PsGetCurrentProcess()), 0);
    case IOCTL_HERALD_LINKS:
        Links(buffer, stack->FileObject);
        return Complete(Irp, STATUS_SUCCESS, sizeof(struct HERALD_LINKS));
    case IOCTL_HERALD_REMEMBER:
        return Complete(Irp, Remember(buffer, stack->Parameters.DeviceIoControl.InputBufferLength), 0);
    case IOCTL_HERALD_RECALL:
        RtlZeroMemory(buffer, sizeof(struct HERALD_FOUND));
        Recall(buffer);
        return Complete(Irp, STATUS_SUCCESS, sizeof(struct HERALD_FOUND));
    case IOCTL_HERALD_SMALL:
        RtlZeroMemory(buffer, sizeof(struct HERALD_SMALL));
        Small(buffer, Irp, stack->FileObject);
        return Complete(Irp, STATUS_SUCCESS, sizeof(struct HERALD_SMALL));
    default:
        return Complete(Irp, STATUS_INVALID_DEVICE_REQUEST, 0);
    }
    *(BOOLEAN*)buffer = answer;
    return Complete(Irp, STATUS_SUCCESS, sizeof answer);
}

static VOID Unload(PDRIVER_OBJECT Driver) { IoDeleteDevice(Driver->DeviceObject); }

NTSTATUS DriverEntry(PDRIVER_OBJECT Driver, PUNICODE_STRING RegistryPath)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\Device\\Herald");
    UNREFERENCED_PARAMETER(RegistryPath);
    Driver->MajorFunction[IRP_MJ_CREATE] = CreateClose;
    Driver->MajorFunction[IRP_MJ_CLOSE] = CreateClose;
    Driver->MajorFunction[IRP_MJ_DEVICE_CONTROL] = DeviceControl;
    Driver->DriverUnload = Unload;
    return IoCreateDevice(Driver, 0, &name, 0x8000, 0, FALSE, &TheDevice);
}
