// SPDX-License-Identifier: MIT
// A driver that uses the kernel's concurrency as much as a driver can: each request's numbers become parcels from a
// lookaside list, which travel by interlocked list, timer, DPC and work item, and are delivered by the work item and a
// system thread at the same time, into an account that a resource guards. Nothing is lost, whatever call fails: a
// request is answered with its sum or with a status, and a wrong sum is the driver's own bug check.
#include <ntifs.h>

#include "courier.h"

#define COURIER_TAG 'ruoC'
#define PARCELS_MAX 16
#define COURIER_LOST 0x4C4F5354

typedef struct _PARCEL {
    LIST_ENTRY Link;
    ULONG Weight;
} PARCEL, *PPARCEL;

typedef struct _ROUND {
    LIST_ENTRY Waiting; // parcels that nobody has taken yet
    KSPIN_LOCK Lock;    // of Waiting
    KTIMER Timer;
    KDPC Dpc;
    PIO_WORKITEM Item;
    KEVENT Start;       // for the thread: the parcels have arrived
    KEVENT ItemDone;
    ULONGLONG Sum;      // guarded by Account
} ROUND, *PROUND;

static NPAGED_LOOKASIDE_LIST Parcels;
static ERESOURCE Account;
static ULONGLONG Total;    // of all rounds, guarded by Account
static FAST_MUTEX Counter; // of Rounds
static ULONG Rounds;
static EX_RUNDOWN_REF Closing;

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

// Delivers what it can get; another deliverer may be at work on the same list.
static VOID Deliver(PROUND Round)
{
    PLIST_ENTRY entry;
    while ((entry = ExInterlockedRemoveHeadList(&Round->Waiting, &Round->Lock)) != NULL) {
        PPARCEL parcel = CONTAINING_RECORD(entry, PARCEL, Link);
        KeEnterCriticalRegion();
        ExAcquireResourceExclusiveLite(&Account, TRUE);
        Round->Sum += parcel->Weight;
        Total += parcel->Weight;
        ExReleaseResourceLite(&Account);
        KeLeaveCriticalRegion();
        ExFreeToNPagedLookasideList(&Parcels, parcel);
    }
}

static IO_WORKITEM_ROUTINE DeliverByItem;
static VOID DeliverByItem(PDEVICE_OBJECT Device, PVOID Context)
{
    PROUND round = Context;
    UNREFERENCED_PARAMETER(Device);
    Deliver(round);
    KeSetEvent(&round->ItemDone, IO_NO_INCREMENT, FALSE);
}

static KSTART_ROUTINE DeliverByThread;
static VOID DeliverByThread(PVOID Context)
{
    PROUND round = Context;
    KeWaitForSingleObject(&round->Start, Executive, KernelMode, FALSE, NULL);
    Deliver(round);
    PsTerminateSystemThread(STATUS_SUCCESS);
}

static KDEFERRED_ROUTINE Arrive;
static VOID Arrive(PKDPC Dpc, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    PROUND round = Context;
    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(Argument1);
    UNREFERENCED_PARAMETER(Argument2);
    KeSetEvent(&round->Start, IO_NO_INCREMENT, FALSE);
    IoQueueWorkItem(round->Item, DeliverByItem, DelayedWorkQueue, round);
}

// A second pair of hands. Without it the work item does all.
static PVOID HireThread(PROUND Round)
{
    HANDLE handle;
    PVOID thread = NULL;
    if (!NT_SUCCESS(PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, NULL, NULL, NULL, DeliverByThread, Round)))
        return NULL;
    if (!NT_SUCCESS(ObReferenceObjectByHandle(handle, SYNCHRONIZE, *PsThreadType, KernelMode, &thread, NULL))) {
        KeSetEvent(&Round->Start, IO_NO_INCREMENT, FALSE);
        ZwWaitForSingleObject(handle, FALSE, NULL);
        thread = NULL;
    }
    ZwClose(handle);
    return thread;
}

static NTSTATUS PackParcels(PROUND Round, ULONG CONST* Weights, ULONG Count)
{
    ULONG i;
    for (i = 0; i < Count; ++i) {
        PPARCEL parcel = ExAllocateFromNPagedLookasideList(&Parcels);
        if (!parcel)
            return STATUS_INSUFFICIENT_RESOURCES;
        parcel->Weight = Weights[i];
        ExInterlockedInsertTailList(&Round->Waiting, &parcel->Link, &Round->Lock);
    }
    return STATUS_SUCCESS;
}

static VOID ThrowAway(PROUND Round)
{
    PLIST_ENTRY entry;
    while ((entry = ExInterlockedRemoveHeadList(&Round->Waiting, &Round->Lock)) != NULL)
        ExFreeToNPagedLookasideList(&Parcels, CONTAINING_RECORD(entry, PARCEL, Link));
}

static NTSTATUS DeliverAll(PDEVICE_OBJECT Device, ULONG CONST* Weights, ULONG Count, PULONGLONG Sum)
{
    LARGE_INTEGER soon;
    PVOID thread;
    NTSTATUS status;
    PROUND round = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(ROUND), COURIER_TAG);
    if (!round)
        return STATUS_INSUFFICIENT_RESOURCES;
    round->Item = IoAllocateWorkItem(Device);
    if (!round->Item) {
        ExFreePoolWithTag(round, COURIER_TAG);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    InitializeListHead(&round->Waiting);
    KeInitializeSpinLock(&round->Lock);
    KeInitializeTimer(&round->Timer);
    KeInitializeDpc(&round->Dpc, Arrive, round);
    KeInitializeEvent(&round->Start, NotificationEvent, FALSE);
    KeInitializeEvent(&round->ItemDone, NotificationEvent, FALSE);
    status = PackParcels(round, Weights, Count);
    if (NT_SUCCESS(status)) {
        thread = HireThread(round);
        soon.QuadPart = -10000;
        KeSetTimer(&round->Timer, soon, &round->Dpc);
        KeWaitForSingleObject(&round->ItemDone, Executive, KernelMode, FALSE, NULL);
        if (thread) {
            KeWaitForSingleObject(thread, Executive, KernelMode, FALSE, NULL);
            ObDereferenceObject(thread);
        }
        KeEnterCriticalRegion();
        ExAcquireResourceSharedLite(&Account, TRUE);
        *Sum = round->Sum;
        ExReleaseResourceLite(&Account);
        KeLeaveCriticalRegion();
        ExAcquireFastMutex(&Counter);
        ++Rounds;
        ExReleaseFastMutex(&Counter);
    } else
        ThrowAway(round);
    IoFreeWorkItem(round->Item);
    ExFreePoolWithTag(round, COURIER_TAG);
    return status;
}

static NTSTATUS DeviceControl(PDEVICE_OBJECT Device, PIRP Irp)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(Irp);
    ULONG weights[PARCELS_MAX];
    ULONG count = stack->Parameters.DeviceIoControl.InputBufferLength / sizeof(ULONG);
    ULONGLONG sum = 0, expected = 0;
    NTSTATUS status;
    ULONG i;
    if (stack->Parameters.DeviceIoControl.IoControlCode != IOCTL_COURIER_DELIVER)
        return Complete(Irp, STATUS_INVALID_DEVICE_REQUEST, 0);
    if (count == 0 || count > PARCELS_MAX || stack->Parameters.DeviceIoControl.OutputBufferLength < sizeof sum)
        return Complete(Irp, STATUS_INVALID_PARAMETER, 0);
    RtlCopyMemory(weights, Irp->AssociatedIrp.SystemBuffer, count * sizeof(ULONG));
    for (i = 0; i < count; ++i)
        expected += weights[i];
    if (!ExAcquireRundownProtection(&Closing))
        return Complete(Irp, STATUS_DELETE_PENDING, 0);
    status = DeliverAll(Device, weights, count, &sum);
    ExReleaseRundownProtection(&Closing);
    if (!NT_SUCCESS(status))
        return Complete(Irp, status, 0);
    if (sum != expected)
        KeBugCheckEx(COURIER_LOST, (ULONG_PTR)sum, (ULONG_PTR)expected, 0, 0);
    *(PULONGLONG)Irp->AssociatedIrp.SystemBuffer = sum;
    return Complete(Irp, STATUS_SUCCESS, sizeof sum);
}

static void Unload(PDRIVER_OBJECT Driver)
{
    UNICODE_STRING link = RTL_CONSTANT_STRING(L"\\DosDevices\\Courier");
    ExWaitForRundownProtectionRelease(&Closing);
    IoDeleteSymbolicLink(&link);
    IoDeleteDevice(Driver->DeviceObject);
    ExDeleteResourceLite(&Account);
    ExDeleteNPagedLookasideList(&Parcels);
}

NTSTATUS DriverEntry(PDRIVER_OBJECT Driver, PUNICODE_STRING RegistryPath)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\Device\\Courier");
    UNICODE_STRING link = RTL_CONSTANT_STRING(L"\\DosDevices\\Courier");
    PDEVICE_OBJECT device;
    NTSTATUS status;
    UNREFERENCED_PARAMETER(RegistryPath);
    Driver->MajorFunction[IRP_MJ_CREATE] = CreateClose;
    Driver->MajorFunction[IRP_MJ_CLOSE] = CreateClose;
    Driver->MajorFunction[IRP_MJ_DEVICE_CONTROL] = DeviceControl;
    Driver->DriverUnload = Unload;
    ExInitializeRundownProtection(&Closing);
    ExInitializeFastMutex(&Counter);
    status = ExInitializeResourceLite(&Account);
    if (!NT_SUCCESS(status))
        return status;
    ExInitializeNPagedLookasideList(&Parcels, NULL, NULL, 0, sizeof(PARCEL), COURIER_TAG, 0);
    status = IoCreateDevice(Driver, 0, &name, FILE_DEVICE_UNKNOWN, 0, FALSE, &device);
    if (NT_SUCCESS(status)) {
        status = IoCreateSymbolicLink(&link, &name);
        if (NT_SUCCESS(status))
            return status;
        IoDeleteDevice(device);
    }
    ExDeleteNPagedLookasideList(&Parcels);
    ExDeleteResourceLite(&Account);
    return status;
}
