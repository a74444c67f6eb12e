// SPDX-License-Identifier: MIT
// Found by the kernel: the driver made its IRP without stack locations, as if they came by themselves. An IRP is
// made with the StackSize of the device that it is sent to.
#define MUSEUM_LEVELS 2
#include "museum.h"

static NTSTATUS Below(PDEVICE_OBJECT Device, PIRP Irp)
{
    UNREFERENCED_PARAMETER(Device);
    return Complete(Irp, STATUS_SUCCESS);
}

static NTSTATUS Show(PDEVICE_OBJECT Device, PIRP Irp)
{
#ifdef CORRECTED
    PIRP own = IoAllocateIrp(LowerOf(Device)->StackSize, FALSE);
#else
    PIRP own = IoAllocateIrp(0, FALSE);
#endif
    if (!own)
        return Complete(Irp, STATUS_INSUFFICIENT_RESOURCES);
    PIO_STACK_LOCATION next = IoGetNextIrpStackLocation(own);
    next->MajorFunction = IRP_MJ_DEVICE_CONTROL;
    next->Parameters.DeviceIoControl.IoControlCode = IOCTL_MUSEUM_SHOW;
    IoSetCompletionRoutine(own, TakeBack, NULL, TRUE, TRUE, TRUE);
    ExpectAll((ULONG_PTR)own, 0, 0, 0);
    IoCallDriver(LowerOf(Device), own);
    IoFreeIrp(own);
    return Complete(Irp, STATUS_SUCCESS);
}

static void Leave(void) { }
