// SPDX-License-Identifier: MIT
// Rule CompletedUnsent: the driver completes an IRP that it made and never sent. It has no completion routine that
// would hear of it: such an IRP is freed.
#include "museum.h"

static NTSTATUS Show(PDEVICE_OBJECT Device, PIRP Irp)
{
    PIRP own = IoAllocateIrp(Device->StackSize, FALSE);
    if (!own)
        return Complete(Irp, STATUS_INSUFFICIENT_RESOURCES);
#ifdef CORRECTED
    IoFreeIrp(own);
#else
    Expect(IN_DRIVER, (ULONG_PTR)own, 0);
    Complete(own, STATUS_CANCELLED);
#endif
    return Complete(Irp, STATUS_SUCCESS);
}

static void Leave(void) { }
