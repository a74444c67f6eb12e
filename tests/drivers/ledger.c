// SPDX-License-Identifier: MIT
// A driver that uses the kernel's memory, objects, registry and run-time library. Each chapter makes something, looks
// that it is what the documentation says, and takes it away again; it returns the status of the call that failed, if
// one did. A wrong result is the driver's own bug check, with the chapter's number.
#include <ntifs.h>

#include "ledger.h"

#define LEDGER_TAG 'gdeL'
#define LEDGER_WRONG 0x57524F4E

typedef NTSTATUS CHAPTER(PDRIVER_OBJECT Driver);

static VOID Expect(BOOLEAN True, ULONG Chapter, ULONG Line)
{
    if (!True)
        KeBugCheckEx(LEDGER_WRONG, Chapter, Line, 0, 0);
}
#define EXPECT(Condition) Expect((Condition) ? TRUE : FALSE, ThisChapter, __LINE__)

static OBJECT_ATTRIBUTES Named(PUNICODE_STRING Name)
{
    OBJECT_ATTRIBUTES attributes;
    InitializeObjectAttributes(&attributes, Name, OBJ_CASE_INSENSITIVE | OBJ_KERNEL_HANDLE, NULL, NULL);
    return attributes;
}

// A key with values: written, read back, enumerated, deleted.
static CHAPTER Registry;
static NTSTATUS Registry(PDRIVER_OBJECT Driver)
{
    enum { ThisChapter = 0 };
    UNICODE_STRING path = RTL_CONSTANT_STRING(L"\\Registry\\Machine\\Software\\RingsideLedger");
    UNICODE_STRING names[3] = { RTL_CONSTANT_STRING(L"One"), RTL_CONSTANT_STRING(L"Two"), RTL_CONSTANT_STRING(L"Three") };
    OBJECT_ATTRIBUTES attributes = Named(&path);
    UCHAR buffer[256];
    PKEY_VALUE_PARTIAL_INFORMATION partial = (PVOID)buffer;
    PKEY_FULL_INFORMATION full = (PVOID)buffer;
    HANDLE key;
    NTSTATUS status;
    ULONG length, i;
    UNREFERENCED_PARAMETER(Driver);
    status = ZwCreateKey(&key, KEY_ALL_ACCESS, &attributes, 0, NULL, REG_OPTION_VOLATILE, NULL);
    if (!NT_SUCCESS(status))
        return status;
    for (i = 0; NT_SUCCESS(status) && i < 3; ++i)
        status = ZwSetValueKey(key, &names[i], 0, REG_DWORD, &i, sizeof i);
    if (NT_SUCCESS(status)) {
        status = ZwQueryKey(key, KeyFullInformation, full, sizeof buffer, &length);
        if (NT_SUCCESS(status))
            EXPECT(full->Values == 3 && full->SubKeys == 0);
    }
    for (i = 0; NT_SUCCESS(status) && i < 3; ++i) {
        status = ZwQueryValueKey(key, &names[i], KeyValuePartialInformation, partial, sizeof buffer, &length);
        if (NT_SUCCESS(status))
            EXPECT(partial->Type == REG_DWORD && partial->DataLength == 4 && *(PULONG)partial->Data == i);
    }
    if (NT_SUCCESS(status)) {
        status = ZwEnumerateValueKey(key, 3, KeyValuePartialInformation, partial, sizeof buffer, &length);
        EXPECT(!NT_SUCCESS(status) || status == STATUS_NO_MORE_ENTRIES);
        if (status == STATUS_NO_MORE_ENTRIES)
            status = STATUS_SUCCESS;
    }
    ZwDeleteKey(key);
    ZwClose(key);
    return status;
}

// An event with a name: made, opened by it, found to be one object.
static CHAPTER Names;
static NTSTATUS Names(PDRIVER_OBJECT Driver)
{
    enum { ThisChapter = LEDGER_NAMES };
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\BaseNamedObjects\\LedgerEvent");
    OBJECT_ATTRIBUTES attributes = Named(&name);
    HANDLE first, second;
    PVOID objects[2] = { NULL, NULL };
    NTSTATUS status;
    UNREFERENCED_PARAMETER(Driver);
    status = ZwCreateEvent(&first, EVENT_ALL_ACCESS, &attributes, NotificationEvent, FALSE);
    if (!NT_SUCCESS(status))
        return status;
    status = ZwOpenEvent(&second, EVENT_ALL_ACCESS, &attributes);
    if (NT_SUCCESS(status)) {
        status = ObReferenceObjectByHandle(first, 0, *ExEventObjectType, KernelMode, &objects[0], NULL);
        if (NT_SUCCESS(status)) {
            status = ObReferenceObjectByHandle(second, 0, *ExEventObjectType, KernelMode, &objects[1], NULL);
            if (NT_SUCCESS(status)) {
                EXPECT(objects[0] == objects[1] && KeReadStateEvent(objects[0]) == 0);
                ObDereferenceObject(objects[1]);
            }
            ObDereferenceObject(objects[0]);
        }
        ZwClose(second);
    }
    ZwClose(first);
    if (NT_SUCCESS(status))
        EXPECT(!NT_SUCCESS(ZwOpenEvent(&second, EVENT_ALL_ACCESS, &attributes)));
    return status;
}

// One page seen at two addresses, through a memory descriptor list.
static CHAPTER TwoAddresses;
static NTSTATUS TwoAddresses(PDRIVER_OBJECT Driver)
{
    enum { ThisChapter = 2 };
    NTSTATUS status = STATUS_INSUFFICIENT_RESOURCES;
    PUCHAR block = ExAllocatePool2(POOL_FLAG_NON_PAGED, PAGE_SIZE, LEDGER_TAG);
    PMDL mdl;
    UNREFERENCED_PARAMETER(Driver);
    if (!block)
        return status;
    mdl = IoAllocateMdl(block, PAGE_SIZE, FALSE, FALSE, NULL);
    if (mdl) {
        PUCHAR other = NULL;
        BOOLEAN locked = FALSE;
        EXPECT(MmGetMdlByteCount(mdl) == PAGE_SIZE);
        // Not MmBuildMdlForNonPagedPool: such an MDL has its address already, and must not be given another.
        __try {
            MmProbeAndLockPages(mdl, KernelMode, IoWriteAccess);
            locked = TRUE;
        } __except (EXCEPTION_EXECUTE_HANDLER) {
            status = STATUS_INSUFFICIENT_RESOURCES;
        }
        if (locked)
            other = MmMapLockedPagesSpecifyCache(mdl, KernelMode, MmCached, NULL, FALSE, NormalPagePriority);
        if (other) {
            block[17] = 71;
            EXPECT(other[17] == 71);
            other[18] = 72;
            EXPECT(block[18] == 72);
            EXPECT(MmGetPhysicalAddress(other).QuadPart == MmGetPhysicalAddress(block).QuadPart);
            MmUnmapLockedPages(other, mdl);
            status = STATUS_SUCCESS;
        }
        if (locked)
            MmUnlockPages(mdl);
        IoFreeMdl(mdl);
    }
    ExFreePoolWithTag(block, LEDGER_TAG);
    return status;
}

// Pages without an address, and memory in one physical piece.
static CHAPTER Pages;
static NTSTATUS Pages(PDRIVER_OBJECT Driver)
{
    enum { ThisChapter = 3 };
    PHYSICAL_ADDRESS lowest = { .QuadPart = 0 }, highest = { .QuadPart = 0xFFFFFFFF }, none = { .QuadPart = 0 };
    NTSTATUS status = STATUS_INSUFFICIENT_RESOURCES;
    PUCHAR piece;
    PMDL mdl = MmAllocatePagesForMdl(lowest, highest, none, 3 * PAGE_SIZE);
    UNREFERENCED_PARAMETER(Driver);
    if (!mdl)
        return status;
    EXPECT(MmGetMdlByteCount(mdl) <= 3 * PAGE_SIZE);
    piece = MmAllocateContiguousMemory(2 * PAGE_SIZE, highest);
    if (piece) {
        EXPECT(MmGetPhysicalAddress(piece + PAGE_SIZE).QuadPart - MmGetPhysicalAddress(piece).QuadPart == PAGE_SIZE);
        EXPECT(MmIsAddressValid(piece));
        MmFreeContiguousMemory(piece);
        status = STATUS_SUCCESS;
    }
    MmFreePagesFromMdl(mdl);
    ExFreePool(mdl);
    return status;
}

static RTL_GENERIC_COMPARE_RESULTS NTAPI Compare(PRTL_GENERIC_TABLE Table, PVOID First, PVOID Second)
{
    ULONG a = *(PULONG)First, b = *(PULONG)Second;
    UNREFERENCED_PARAMETER(Table);
    return a < b ? GenericLessThan : a > b ? GenericGreaterThan : GenericEqual;
}

static PVOID NTAPI Allocate(PRTL_GENERIC_TABLE Table, CLONG Bytes)
{
    UNREFERENCED_PARAMETER(Table);
    return ExAllocatePool2(POOL_FLAG_PAGED, Bytes, LEDGER_TAG);
}

static VOID NTAPI Free(PRTL_GENERIC_TABLE Table, PVOID Block)
{
    UNREFERENCED_PARAMETER(Table);
    ExFreePoolWithTag(Block, LEDGER_TAG);
}

// A table that keeps its order.
static CHAPTER Tables;
static NTSTATUS Tables(PDRIVER_OBJECT Driver)
{
    enum { ThisChapter = 4 };
    static ULONG const given[] = { 5, 2, 9, 1, 7 };
    RTL_GENERIC_TABLE table;
    NTSTATUS status = STATUS_SUCCESS;
    ULONG i, last = 0;
    PULONG element;
    UNREFERENCED_PARAMETER(Driver);
    RtlInitializeGenericTable(&table, Compare, Allocate, Free, NULL);
    for (i = 0; i < RTL_NUMBER_OF(given); ++i)
        if (!RtlInsertElementGenericTable(&table, (PVOID)&given[i], sizeof(ULONG), NULL))
            status = STATUS_INSUFFICIENT_RESOURCES;
    if (NT_SUCCESS(status))
        EXPECT(RtlNumberGenericTableElements(&table) == RTL_NUMBER_OF(given));
    for (element = RtlEnumerateGenericTable(&table, TRUE); element; element = RtlEnumerateGenericTable(&table, FALSE)) {
        EXPECT(*element > last);
        last = *element;
    }
    while ((element = RtlGetElementGenericTable(&table, 0)) != NULL) {
        ULONG const value = *element;
        EXPECT(RtlDeleteElementGenericTable(&table, (PVOID)&value));
    }
    EXPECT(RtlIsGenericTableEmpty(&table));
    return status;
}

// Strings that the run-time library allocates.
static CHAPTER Strings;
static NTSTATUS Strings(PDRIVER_OBJECT Driver)
{
    enum { ThisChapter = 5 };
    ANSI_STRING ansi;
    UNICODE_STRING wide, text;
    GUID guid, again;
    NTSTATUS status;
    UNREFERENCED_PARAMETER(Driver);
    RtlInitAnsiString(&ansi, "ring zero");
    status = RtlAnsiStringToUnicodeString(&wide, &ansi, TRUE);
    if (!NT_SUCCESS(status))
        return status;
    EXPECT(wide.Length == 18 && wide.Buffer[5] == L'z');
    RtlFreeUnicodeString(&wide);
    status = ExUuidCreate(&guid);
    if (!NT_SUCCESS(status))
        return status;
    status = RtlStringFromGUID(&guid, &text);
    if (!NT_SUCCESS(status))
        return status;
    EXPECT(text.Length == 38 * sizeof(WCHAR));
    EXPECT(RtlGUIDFromString(&text, &again) == STATUS_SUCCESS && RtlCompareMemory(&guid, &again, 16) == 16);
    RtlFreeUnicodeString(&text);
    return status;
}

static VOID NTAPI Called(PVOID Context, PVOID Argument1, PVOID Argument2)
{
    *(PULONG)Context += (ULONG)(ULONG_PTR)Argument1 + (ULONG)(ULONG_PTR)Argument2;
}

// A callback object with a listener.
static CHAPTER Callbacks;
static NTSTATUS Callbacks(PDRIVER_OBJECT Driver)
{
    enum { ThisChapter = 6 };
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\Callback\\Ledger");
    OBJECT_ATTRIBUTES attributes = Named(&name);
    PCALLBACK_OBJECT callback;
    ULONG heard = 0;
    PVOID registration;
    NTSTATUS status = ExCreateCallback(&callback, &attributes, TRUE, TRUE);
    UNREFERENCED_PARAMETER(Driver);
    if (!NT_SUCCESS(status))
        return status;
    registration = ExRegisterCallback(callback, Called, &heard);
    if (registration) {
        ExNotifyCallback(callback, (PVOID)3, (PVOID)4);
        EXPECT(heard == 7);
        ExUnregisterCallback(registration);
    }
    ExNotifyCallback(callback, (PVOID)3, (PVOID)4);
    EXPECT(heard == (registration ? 7u : 0u));
    ObDereferenceObject(callback);
    return registration ? status : STATUS_INSUFFICIENT_RESOURCES;
}

// Time by three clocks; a bit map of what is taken.
static CHAPTER Clocks;
static NTSTATUS Clocks(PDRIVER_OBJECT Driver)
{
    enum { ThisChapter = 7 };
    LARGE_INTEGER begin, end, wait = { .QuadPart = -50000 };
    ULONG bits[4];
    RTL_BITMAP map;
    TIME_FIELDS fields;
    UNREFERENCED_PARAMETER(Driver);
    KeQuerySystemTime(&begin);
    EXPECT(KeDelayExecutionThread(KernelMode, FALSE, &wait) == STATUS_SUCCESS);
    KeQuerySystemTime(&end);
    EXPECT(end.QuadPart - begin.QuadPart >= 50000);
    RtlTimeToTimeFields(&end, &fields);
    EXPECT(fields.Year >= 2000 && fields.Month >= 1 && fields.Month <= 12);
    RtlInitializeBitMap(&map, bits, 128);
    RtlClearAllBits(&map);
    EXPECT(RtlFindClearBitsAndSet(&map, 100, 0) == 0);
    EXPECT(RtlNumberOfSetBits(&map) == 100);
    EXPECT(RtlFindClearBits(&map, 29, 0) == 0xFFFFFFFF);
    return STATUS_SUCCESS;
}

static CHAPTER* const Chapters[LEDGER_CHAPTERS]
    = { Registry, Names, TwoAddresses, Pages, Tables, Strings, Callbacks, Clocks };

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

static NTSTATUS DeviceControl(PDEVICE_OBJECT Device, PIRP Irp)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(Irp);
    ULONG done = 0, i;
    if (stack->Parameters.DeviceIoControl.IoControlCode != IOCTL_LEDGER_ALL)
        return Complete(Irp, STATUS_INVALID_DEVICE_REQUEST, 0);
    if (stack->Parameters.DeviceIoControl.OutputBufferLength < sizeof done)
        return Complete(Irp, STATUS_BUFFER_TOO_SMALL, 0);
    for (i = 0; i < LEDGER_CHAPTERS; ++i)
        if (NT_SUCCESS(Chapters[i](Device->DriverObject)))
            done |= 1u << i;
    *(PULONG)Irp->AssociatedIrp.SystemBuffer = done;
    return Complete(Irp, STATUS_SUCCESS, sizeof done);
}

static void Unload(PDRIVER_OBJECT Driver)
{
    UNICODE_STRING link = RTL_CONSTANT_STRING(L"\\DosDevices\\Ledger");
    IoDeleteSymbolicLink(&link);
    IoDeleteDevice(Driver->DeviceObject);
}

NTSTATUS DriverEntry(PDRIVER_OBJECT Driver, PUNICODE_STRING RegistryPath)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\Device\\Ledger");
    UNICODE_STRING link = RTL_CONSTANT_STRING(L"\\DosDevices\\Ledger");
    PDEVICE_OBJECT device;
    NTSTATUS status;
    UNREFERENCED_PARAMETER(RegistryPath);
    Driver->MajorFunction[IRP_MJ_CREATE] = CreateClose;
    Driver->MajorFunction[IRP_MJ_CLOSE] = CreateClose;
    Driver->MajorFunction[IRP_MJ_DEVICE_CONTROL] = DeviceControl;
    Driver->DriverUnload = Unload;
    status = IoCreateDevice(Driver, 0, &name, FILE_DEVICE_UNKNOWN, 0, FALSE, &device);
    if (!NT_SUCCESS(status))
        return status;
    status = IoCreateSymbolicLink(&link, &name);
    if (!NT_SUCCESS(status))
        IoDeleteDevice(device);
    return status;
}
