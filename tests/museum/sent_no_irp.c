// SPDX-License-Identifier: MIT
// Rule SentNoIrp: the driver frees its IRP and then sends it, for the two lines stand in the wrong order.
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
#ifdef CORRECTED
    IoCallDriver(LowerOf(Device), own);
    IoFreeIrp(own);
#else
    IoFreeIrp(own);
    Expect((ULONG_PTR)own, 0, 0);
    IoCallDriver(LowerOf(Device), own);
#endif
    return Complete(Irp, STATUS_SUCCESS);
}

static void Leave(void) { }
