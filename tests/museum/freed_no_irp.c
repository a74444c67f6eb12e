// SPDX-License-Identifier: MIT
// Rule FreedNoIrp: a driver frees an IRP once where it was sent and once more where it is done with.
#define MUSEUM_LEVELS 2
#include "museum.h"

static NTSTATUS Below(PDEVICE_OBJECT Device, PIRP Irp)
{
    UNREFERENCED_PARAMETER(Device);
    return Complete(Irp, STATUS_SUCCESS);
}

static NTSTATUS Show(PDEVICE_OBJECT Device, PIRP Irp)
{
    PIRP own = MakeControl(LowerOf(Device));
    if (!own)
        return Complete(Irp, STATUS_INSUFFICIENT_RESOURCES);
    IoCallDriver(LowerOf(Device), own);
    IoFreeIrp(own);
#ifndef CORRECTED
    Expect((ULONG_PTR)own, 0, 0);
    IoFreeIrp(own);
#endif
    return Complete(Irp, STATUS_SUCCESS);
}

static void Leave(void) { }
