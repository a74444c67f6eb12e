// SPDX-License-Identifier: MIT
// Rule ReusedAssociatedIrp: IoReuseIrp is for IRPs from IoAllocateIrp. This driver makes an associated IRP new: it
// forgets its master.
#define MUSEUM_LEVELS 2
#include "museum.h"

static NTSTATUS Below(PDEVICE_OBJECT Device, PIRP Irp)
{
    UNREFERENCED_PARAMETER(Device);
    return Complete(Irp, STATUS_SUCCESS);
}


static NTSTATUS Show(PDEVICE_OBJECT Device, PIRP Irp)
{
    PIRP own = IoMakeAssociatedIrp(Irp, LowerOf(Device)->StackSize);
    if (!own)
        return Complete(Irp, STATUS_INSUFFICIENT_RESOURCES);
    Irp->AssociatedIrp.IrpCount = 1;
    IoGetNextIrpStackLocation(own)->MajorFunction = IRP_MJ_DEVICE_CONTROL;
#ifndef CORRECTED
    Expect(IN_DRIVER, (ULONG_PTR)own, 0);
    IoReuseIrp(own, STATUS_SUCCESS);
    IoFreeIrp(own);
    return Complete(Irp, STATUS_SUCCESS);
#else
    IoMarkIrpPending(Irp);
    Irp->IoStatus.Status = STATUS_SUCCESS;
    Irp->IoStatus.Information = 0;
    IoCallDriver(LowerOf(Device), own);
    return STATUS_PENDING;
#endif
}

static void Leave(void) { }
