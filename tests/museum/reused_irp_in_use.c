// SPDX-License-Identifier: MIT
// Rule ReusedIrpInUse: the driver makes its IRP new for the next request while the last one is still held below.
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
    Complete(Kept, STATUS_SUCCESS);
#endif
    Expect(IN_DRIVER, (ULONG_PTR)own, (ULONG_PTR)LowerOf(Device));
    IoReuseIrp(own, STATUS_SUCCESS);
    IoFreeIrp(own);
    return Complete(Irp, STATUS_SUCCESS);
}

static void Leave(void) { }
