// SPDX-License-Identifier: MIT
// Rule ReusedAsynchronousIrp: IoReuseIrp is for IRPs from IoAllocateIrp. This driver uses one of
// IoBuildAsynchronousFsdRequest twice: whatever the build attached to it is forgotten.
#define MUSEUM_LEVELS 2
#include "museum.h"

static NTSTATUS Below(PDEVICE_OBJECT Device, PIRP Irp)
{
    UNREFERENCED_PARAMETER(Device);
    return Complete(Irp, STATUS_SUCCESS);
}


static NTSTATUS Show(PDEVICE_OBJECT Device, PIRP Irp)
{
    IO_STATUS_BLOCK outcome;
    for (int i = 0; i < 2; ++i) {
        PIRP own = IoBuildAsynchronousFsdRequest(IRP_MJ_FLUSH_BUFFERS, LowerOf(Device), NULL, 0, NULL, &outcome);
        if (!own)
            return Complete(Irp, STATUS_INSUFFICIENT_RESOURCES);
        IoSetCompletionRoutine(own, TakeBack, NULL, TRUE, TRUE, TRUE);
        IoCallDriver(LowerOf(Device), own);
#ifndef CORRECTED
        Expect(IN_DRIVER, (ULONG_PTR)own, (ULONG_PTR)LowerOf(Device));
        IoReuseIrp(own, STATUS_SUCCESS);
#endif
        IoFreeIrp(own);
    }
    return Complete(Irp, STATUS_SUCCESS);
}

static void Leave(void) { }
