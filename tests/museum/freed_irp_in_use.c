// SPDX-License-Identifier: MIT
// Rule FreedIrpInUse: IoCallDriver returned STATUS_PENDING, and the driver frees the IRP that the one below still
// holds.
#define MUSEUM_LEVELS 2
#include "museum.h"

static PIRP Kept;

static NTSTATUS Below(PDEVICE_OBJECT Device, PIRP Irp)
{
    UNREFERENCED_PARAMETER(Device);
    IoMarkIrpPending(Irp);
    Kept = Irp;
    return STATUS_PENDING;
}

static NTSTATUS Show(PDEVICE_OBJECT Device, PIRP Irp)
{
    PIRP own = MakeControl(LowerOf(Device));
    if (!own)
        return Complete(Irp, STATUS_INSUFFICIENT_RESOURCES);
    IoCallDriver(LowerOf(Device), own);
#ifdef CORRECTED
    Complete(Kept, STATUS_SUCCESS); // the device below is done with it
#endif
    Expect(IN_DRIVER, (ULONG_PTR)own, (ULONG_PTR)LowerOf(Device));
    IoFreeIrp(own);
    return Complete(Irp, STATUS_SUCCESS);
}

static void Leave(void) { }
