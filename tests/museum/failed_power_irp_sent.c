// SPDX-License-Identifier: MIT
// Rule FailedPowerIrpSent: the filter in the middle fails a power request and sends it on all the same. Who fails
// one completes it.
#define MUSEUM_LEVELS 3
#include "museum.h"

static NTSTATUS Below(PDEVICE_OBJECT Device, PIRP Irp)
{
    UNREFERENCED_PARAMETER(Device);
    return Complete(Irp, STATUS_SUCCESS);
}

// The filter's dispatch routine for the request.
static NTSTATUS Filter(PDEVICE_OBJECT Device, PIRP Irp)
{
    if (!LowerOf(Device))
        return Unknown(Device, Irp);
    Irp->IoStatus.Status = STATUS_INSUFFICIENT_RESOURCES;
#ifdef CORRECTED
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return STATUS_INSUFFICIENT_RESOURCES;
#else
    Expect(IN_DRIVER, (ULONG_PTR)Irp, (ULONG_PTR)LowerOf(Device));
    IoSkipCurrentIrpStackLocation(Irp);
    return IoCallDriver(LowerOf(Device), Irp);
#endif
}

static NTSTATUS Show(PDEVICE_OBJECT Device, PIRP Irp)
{
    PIRP own = IoAllocateIrp(LowerOf(Device)->StackSize, FALSE);
    if (!own)
        return Complete(Irp, STATUS_INSUFFICIENT_RESOURCES);
    Device->DriverObject->MajorFunction[IRP_MJ_POWER] = Filter;
    PIO_STACK_LOCATION next = IoGetNextIrpStackLocation(own);
    next->MajorFunction = IRP_MJ_POWER;
    next->MinorFunction = IRP_MN_QUERY_POWER;
    own->IoStatus.Status = STATUS_NOT_SUPPORTED;
    IoSetCompletionRoutine(own, TakeBack, NULL, TRUE, TRUE, TRUE);
    IoCallDriver(LowerOf(Device), own);
    IoFreeIrp(own);
    return Complete(Irp, STATUS_SUCCESS);
}

static void Leave(void) { }
