// SPDX-License-Identifier: MIT
// One source, three drivers of one stack: what a picture of a run has to show.
//
//   LAYER 2  layers_top     sends on with a completion routine; a print and a hostile one
//   LAYER 1  layers_middle  sends on with a completion routine that marks the IRP pending
//   LAYER 0  layers_bottom  makes \Device\Layers, answers some requests at once and others from a timer's DPC
#include <ntddk.h>

#define IOCTL_LATER CTL_CODE(0x8000u, 0x800u, METHOD_BUFFERED, FILE_ANY_ACCESS)

static UNICODE_STRING Name = RTL_CONSTANT_STRING(L"\\Device\\Layers");
static UNICODE_STRING Link = RTL_CONSTANT_STRING(L"\\DosDevices\\Layers");

#if LAYER == 0

static PIRP Held;
static LONG Answered;
static KTIMER Timer;
static KDPC Dpc;

static NTSTATUS Complete(PIRP Irp, NTSTATUS Status, ULONG_PTR Information)
{
    Irp->IoStatus.Status = Status;
    Irp->IoStatus.Information = Information;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return Status;
}

static VOID Later(PKDPC This, PVOID Context, PVOID First, PVOID Second)
{
    UNREFERENCED_PARAMETER(This);
    UNREFERENCED_PARAMETER(Context);
    UNREFERENCED_PARAMETER(First);
    UNREFERENCED_PARAMETER(Second);
    PIRP irp = Held;
    Held = NULL;
    Complete(irp, STATUS_SUCCESS, 0);
    InterlockedIncrement(&Answered);
}

static NTSTATUS Dispatch(PDEVICE_OBJECT Device, PIRP Irp)
{
    UNREFERENCED_PARAMETER(Device);
    PIO_STACK_LOCATION location = IoGetCurrentIrpStackLocation(Irp);
    LARGE_INTEGER due = { .QuadPart = -10 * 1000 };
    if (location->MajorFunction != IRP_MJ_DEVICE_CONTROL)
        return Complete(Irp, STATUS_SUCCESS, 0);
    if (location->Parameters.DeviceIoControl.IoControlCode != IOCTL_LATER)
        return Complete(Irp, STATUS_INVALID_DEVICE_REQUEST, 0);
    IoMarkIrpPending(Irp);
    Held = Irp;
    KeSetTimer(&Timer, due, &Dpc);
    return STATUS_PENDING;
}

static VOID Unload(PDRIVER_OBJECT Driver)
{
    IoDeleteSymbolicLink(&Link);
    IoDeleteDevice(Driver->DeviceObject);
}

#else

#if LAYER == 1
#define OWN_NAME L"\\Device\\</script><img src=x onerror=\"document.title='broken'\">"
#else
#define OWN_NAME L"\\Device\\LayersTopWithANameThatIsLongerThanAnyColumnOfTheLadderIsWide"
#endif

static PDEVICE_OBJECT Below;
static LONG Sent;

static NTSTATUS Completed(PDEVICE_OBJECT Device, PIRP Irp, PVOID Context)
{
    UNREFERENCED_PARAMETER(Device);
    UNREFERENCED_PARAMETER(Context);
    if (Irp->PendingReturned)
        IoMarkIrpPending(Irp);
    return STATUS_CONTINUE_COMPLETION;
}

static NTSTATUS Dispatch(PDEVICE_OBJECT Device, PIRP Irp)
{
    UNREFERENCED_PARAMETER(Device);
#if LAYER == 2
    if (IoGetCurrentIrpStackLocation(Irp)->MajorFunction == IRP_MJ_DEVICE_CONTROL)
        DbgPrint("</script><img src=x onerror=\"document.title='broken'\"> & \"quotes\"\n");
#endif
    IoCopyCurrentIrpStackLocationToNext(Irp);
    IoSetCompletionRoutine(Irp, Completed, NULL, TRUE, TRUE, TRUE);
    NTSTATUS const status = IoCallDriver(Below, Irp);
    InterlockedIncrement(&Sent); // without it the call would be the routine's end, and no return address of ours
    return status;
}

static VOID Unload(PDRIVER_OBJECT Driver)
{
    IoDetachDevice(Below);
    IoDeleteDevice(Driver->DeviceObject);
}

#endif

NTSTATUS DriverEntry(PDRIVER_OBJECT Driver, PUNICODE_STRING RegistryPath)
{
    PDEVICE_OBJECT device;
    NTSTATUS status;
    UNREFERENCED_PARAMETER(RegistryPath);
    for (ULONG i = 0; i <= IRP_MJ_MAXIMUM_FUNCTION; ++i)
        Driver->MajorFunction[i] = Dispatch;
    Driver->DriverUnload = Unload;
#if LAYER == 0
    KeInitializeTimer(&Timer);
    KeInitializeDpc(&Dpc, Later, NULL);
    status = IoCreateDevice(Driver, 0, &Name, FILE_DEVICE_UNKNOWN, 0, FALSE, &device);
    if (NT_SUCCESS(status))
        status = IoCreateSymbolicLink(&Link, &Name);
#else
    UNICODE_STRING name = RTL_CONSTANT_STRING(OWN_NAME);
    status = IoCreateDevice(Driver, 0, &name, FILE_DEVICE_UNKNOWN, 0, FALSE, &device);
    if (NT_SUCCESS(status))
        status = IoAttachDevice(device, &Name, &Below);
#endif
    return status;
}
