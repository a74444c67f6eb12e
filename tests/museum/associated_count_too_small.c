// SPDX-License-Identifier: MIT
// Found by the kernel: a master IRP completes when as many associated IRPs have completed as its IrpCount says.
// Counted too small, it is gone before the last of them comes back.
#define MUSEUM_LEVELS 2
#include "museum.h"

static NTSTATUS Below(PDEVICE_OBJECT Device, PIRP Irp)
{
    UNREFERENCED_PARAMETER(Device);
    return Complete(Irp, STATUS_SUCCESS);
}

static PIRP MakePart(PDEVICE_OBJECT Device, PIRP Master)
{
    PIRP part = IoMakeAssociatedIrp(Master, LowerOf(Device)->StackSize);
    if (part) {
        PIO_STACK_LOCATION next = IoGetNextIrpStackLocation(part);
        next->MajorFunction = IRP_MJ_DEVICE_CONTROL;
        next->Parameters.DeviceIoControl.IoControlCode = IOCTL_MUSEUM_SHOW;
    }
    return part;
}

static NTSTATUS Show(PDEVICE_OBJECT Device, PIRP Irp)
{
    PIRP first = MakePart(Device, Irp);
    PIRP second = MakePart(Device, Irp);
    if (!first || !second) {
        if (first)
            IoFreeIrp(first);
        if (second)
            IoFreeIrp(second);
        return Complete(Irp, STATUS_INSUFFICIENT_RESOURCES);
    }
#ifdef CORRECTED
    Irp->AssociatedIrp.IrpCount = 2;
#else
    Irp->AssociatedIrp.IrpCount = 1;
#endif
    Irp->IoStatus.Status = STATUS_SUCCESS;
    IoMarkIrpPending(Irp);
    IoCallDriver(LowerOf(Device), first);
    ExpectAll((ULONG_PTR)Irp, 0, 0, 0);
    IoCallDriver(LowerOf(Device), second);
    return STATUS_PENDING;
}

static void Leave(void) { }
