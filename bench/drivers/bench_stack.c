// SPDX-License-Identifier: MIT
// One level of the benchmark's device stacks, by ROLE:
//   0  a single device, \Device\BenchSingle       1  the bottom of a stack, \Device\BenchStack
//   2  a filter attached to \Device\BenchStack (built twice, for two drivers)
#include <ntddk.h>

typedef struct _LEVEL {
    PDEVICE_OBJECT Lower;
} LEVEL;

#if ROLE == 2
static NTSTATUS Completed(PDEVICE_OBJECT Device, PIRP Irp, PVOID Context)
{
    UNREFERENCED_PARAMETER(Device);
    UNREFERENCED_PARAMETER(Context);
    if (Irp->PendingReturned)
        IoMarkIrpPending(Irp);
    return STATUS_CONTINUE_COMPLETION;
}
#endif

static NTSTATUS Dispatch(PDEVICE_OBJECT Device, PIRP Irp)
{
#if ROLE == 2
    IoCopyCurrentIrpStackLocationToNext(Irp);
    IoSetCompletionRoutine(Irp, Completed, NULL, TRUE, TRUE, TRUE);
    return IoCallDriver(((LEVEL*)Device->DeviceExtension)->Lower, Irp);
#else
    UNREFERENCED_PARAMETER(Device);
    Irp->IoStatus.Status = STATUS_SUCCESS;
    Irp->IoStatus.Information = 0;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return STATUS_SUCCESS;
#endif
}

static void Unload(PDRIVER_OBJECT Driver)
{
#if ROLE == 2
    IoDetachDevice(((LEVEL*)Driver->DeviceObject->DeviceExtension)->Lower);
#endif
    IoDeleteDevice(Driver->DeviceObject);
}

NTSTATUS DriverEntry(PDRIVER_OBJECT Driver, PUNICODE_STRING RegistryPath)
{
    PDEVICE_OBJECT device;
    NTSTATUS status;
    int i;
#if ROLE == 0
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\Device\\BenchSingle");
#else
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\Device\\BenchStack");
#endif
    UNREFERENCED_PARAMETER(RegistryPath);
    for (i = 0; i <= IRP_MJ_MAXIMUM_FUNCTION; ++i)
        Driver->MajorFunction[i] = Dispatch;
    Driver->DriverUnload = Unload;
    status = IoCreateDevice(Driver, sizeof(LEVEL), ROLE == 2 ? NULL : &name, FILE_DEVICE_UNKNOWN, 0, FALSE, &device);
    if (!NT_SUCCESS(status))
        return status;
#if ROLE == 2
    status = IoAttachDevice(device, &name, &((LEVEL*)device->DeviceExtension)->Lower);
    if (!NT_SUCCESS(status))
        IoDeleteDevice(device);
    device->Flags &= ~DO_DEVICE_INITIALIZING;
#endif
    return status;
}
