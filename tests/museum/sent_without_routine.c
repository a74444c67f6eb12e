// SPDX-License-Identifier: MIT
// Rule SentWithoutRoutine: an IRP from IoAllocateIrp is freed by its maker, which gets it back in a completion routine.
// This one is sent without.
#define MUSEUM_LEVELS 2
#include "museum.h"

static NTSTATUS Below(PDEVICE_OBJECT Device, PIRP Irp)
{
    UNREFERENCED_PARAMETER(Device);
    return Complete(Irp, STATUS_SUCCESS);
}

static NTSTATUS Show(PDEVICE_OBJECT Device, PIRP Irp)
{
    PIRP own = IoAllocateIrp(LowerOf(Device)->StackSize, FALSE);
    if (!own)
        return Complete(Irp, STATUS_INSUFFICIENT_RESOURCES);
    PIO_STACK_LOCATION next = IoGetNextIrpStackLocation(own);
    next->MajorFunction = IRP_MJ_DEVICE_CONTROL;
    next->Parameters.DeviceIoControl.IoControlCode = IOCTL_MUSEUM_SHOW;
#ifdef CORRECTED
    IoSetCompletionRoutine(own, TakeBack, NULL, TRUE, TRUE, TRUE);
#else
    Expect(IN_DRIVER, (ULONG_PTR)own, (ULONG_PTR)LowerOf(Device));
#endif
    IoCallDriver(LowerOf(Device), own);
    IoFreeIrp(own);
    return Complete(Irp, STATUS_SUCCESS);
}

static void Leave(void) { }
