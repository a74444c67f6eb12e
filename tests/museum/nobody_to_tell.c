// SPDX-License-Identifier: MIT
// Found by the kernel: an IRP from IoAllocateIrp belongs to no thread. Its maker must stop its completion
// (STATUS_MORE_PROCESSING_REQUIRED) and free it; this one lets it run to its end, where there is nobody to tell.
#define MUSEUM_LEVELS 2
#include "museum.h"

static NTSTATUS Below(PDEVICE_OBJECT Device, PIRP Irp)
{
    UNREFERENCED_PARAMETER(Device);
    return Complete(Irp, STATUS_SUCCESS);
}

static NTSTATUS CameBack(PDEVICE_OBJECT Device, PIRP Irp, PVOID Context)
{
    UNREFERENCED_PARAMETER(Device);
    UNREFERENCED_PARAMETER(Context);
#ifdef CORRECTED
    IoFreeIrp(Irp);
    return STATUS_MORE_PROCESSING_REQUIRED;
#else
    UNREFERENCED_PARAMETER(Irp);
    ExpectAll(0, DISPATCH_LEVEL, 1, 0); // 0: the instruction is the kernel's own, which has no address here
    return STATUS_CONTINUE_COMPLETION;
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
    IoSetCompletionRoutine(own, CameBack, NULL, TRUE, TRUE, TRUE);
    IoCallDriver(LowerOf(Device), own);
    return Complete(Irp, STATUS_SUCCESS);
}

static void Leave(void) { }
