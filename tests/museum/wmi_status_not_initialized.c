// SPDX-License-Identifier: MIT
// Rule WmiStatusNotInitialized: a WMI request begins with STATUS_NOT_SUPPORTED, so that its sender can tell whether
// anybody knew it. This one begins with success.
#define MUSEUM_LEVELS 2
#include "museum.h"

static NTSTATUS Below(PDEVICE_OBJECT Device, PIRP Irp) { return Unknown(Device, Irp); }

static NTSTATUS Show(PDEVICE_OBJECT Device, PIRP Irp)
{
    PIRP own = IoAllocateIrp(LowerOf(Device)->StackSize, FALSE);
    if (!own)
        return Complete(Irp, STATUS_INSUFFICIENT_RESOURCES);
    PIO_STACK_LOCATION next = IoGetNextIrpStackLocation(own);
    next->MajorFunction = IRP_MJ_SYSTEM_CONTROL;
    next->MinorFunction = IRP_MN_QUERY_ALL_DATA;
#ifdef CORRECTED
    own->IoStatus.Status = STATUS_NOT_SUPPORTED;
#else
    own->IoStatus.Status = STATUS_SUCCESS;
#endif
    IoSetCompletionRoutine(own, TakeBack, NULL, TRUE, TRUE, TRUE);
    Expect(IN_DRIVER, (ULONG_PTR)own, (ULONG_PTR)LowerOf(Device));
    IoCallDriver(LowerOf(Device), own);
    IoFreeIrp(own);
    return Complete(Irp, STATUS_SUCCESS);
}

static void Leave(void) { }
