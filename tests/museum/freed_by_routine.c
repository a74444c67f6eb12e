// SPDX-License-Identifier: MIT
// Rule FreedByRoutine: the completion routine frees the driver's own IRP and lets the completion go on, in memory
// that is gone.
#define MUSEUM_LEVELS 2
#include "museum.h"

static NTSTATUS Below(PDEVICE_OBJECT Device, PIRP Irp)
{
    UNREFERENCED_PARAMETER(Device);
    return Complete(Irp, STATUS_SUCCESS);
}

static NTSTATUS FreeIt(PDEVICE_OBJECT Device, PIRP Irp, PVOID Context)
{
    UNREFERENCED_PARAMETER(Device);
    UNREFERENCED_PARAMETER(Context);
    Expect(IN_DRIVER, (ULONG_PTR)Irp, 0);
    IoFreeIrp(Irp);
#ifdef CORRECTED
    return STATUS_MORE_PROCESSING_REQUIRED;
#else
    return STATUS_SUCCESS;
#endif
}

static NTSTATUS Show(PDEVICE_OBJECT Device, PIRP Irp)
{
    PIRP own = IoAllocateIrp(LowerOf(Device)->StackSize, FALSE);
    if (!own)
        return Complete(Irp, STATUS_INSUFFICIENT_RESOURCES);
    PIO_STACK_LOCATION next = IoGetNextIrpStackLocation(own);
    next->MajorFunction = IRP_MJ_DEVICE_CONTROL;
    next->Parameters.DeviceIoControl.IoControlCode = IOCTL_MUSEUM_SHOW;
    IoSetCompletionRoutine(own, FreeIt, NULL, TRUE, TRUE, TRUE);
    IoCallDriver(LowerOf(Device), own);
    return Complete(Irp, STATUS_SUCCESS);
}

static void Leave(void) { }
