// SPDX-License-Identifier: MIT
// Rule SentAtWrongIrql: the driver asks the one below for its capabilities while it holds a spin lock. PnP requests
// are handled at PASSIVE_LEVEL.
#define MUSEUM_LEVELS 2
#include "museum.h"

static KSPIN_LOCK Lock;

static NTSTATUS Below(PDEVICE_OBJECT Device, PIRP Irp) { return Unknown(Device, Irp); }

static NTSTATUS Show(PDEVICE_OBJECT Device, PIRP Irp)
{
    KIRQL old = PASSIVE_LEVEL;
    PIRP own = IoAllocateIrp(LowerOf(Device)->StackSize, FALSE);
    if (!own)
        return Complete(Irp, STATUS_INSUFFICIENT_RESOURCES);
    PIO_STACK_LOCATION next = IoGetNextIrpStackLocation(own);
    next->MajorFunction = IRP_MJ_PNP;
    next->MinorFunction = IRP_MN_QUERY_CAPABILITIES;
    own->IoStatus.Status = STATUS_NOT_SUPPORTED;
    IoSetCompletionRoutine(own, TakeBack, NULL, TRUE, TRUE, TRUE);
    KeInitializeSpinLock(&Lock);
#ifndef CORRECTED
    KeAcquireSpinLock(&Lock, &old);
#endif
    Expect(IN_DRIVER, (ULONG_PTR)own, (ULONG_PTR)LowerOf(Device));
    IoCallDriver(LowerOf(Device), own);
#ifndef CORRECTED
    KeReleaseSpinLock(&Lock, old);
#endif
    IoFreeIrp(own);
    return Complete(Irp, STATUS_SUCCESS + old);
}

static void Leave(void) { }
