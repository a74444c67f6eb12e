// SPDX-License-Identifier: MIT
// Rule SystemIrpSent: the driver wants its lower device removed and sends the request that only the PnP manager may
// send.
#define MUSEUM_LEVELS 2
#include "museum.h"

static NTSTATUS Below(PDEVICE_OBJECT Device, PIRP Irp) { return Unknown(Device, Irp); }

static NTSTATUS Show(PDEVICE_OBJECT Device, PIRP Irp)
{
    PIRP own = IoAllocateIrp(LowerOf(Device)->StackSize, FALSE);
    if (!own)
        return Complete(Irp, STATUS_INSUFFICIENT_RESOURCES);
    PIO_STACK_LOCATION next = IoGetNextIrpStackLocation(own);
    next->MajorFunction = IRP_MJ_PNP;
#ifdef CORRECTED
    next->MinorFunction = IRP_MN_QUERY_PNP_DEVICE_STATE;
#else
    next->MinorFunction = IRP_MN_SURPRISE_REMOVAL;
#endif
    own->IoStatus.Status = STATUS_NOT_SUPPORTED;
    IoSetCompletionRoutine(own, TakeBack, NULL, TRUE, TRUE, TRUE);
    Expect(IN_DRIVER, (ULONG_PTR)own, (ULONG_PTR)LowerOf(Device));
    IoCallDriver(LowerOf(Device), own);
    IoFreeIrp(own);
    return Complete(Irp, STATUS_SUCCESS);
}

static void Leave(void) { }
