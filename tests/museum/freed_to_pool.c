// SPDX-License-Identifier: MIT
// Found by the kernel: an IRP is freed by IoFreeIrp; given to ExFreePool it is no block of pool.
#include "museum.h"

static NTSTATUS Show(PDEVICE_OBJECT Device, PIRP Irp)
{
    PIRP own = IoAllocateIrp(Device->StackSize, FALSE);
    if (!own)
        return Complete(Irp, STATUS_INSUFFICIENT_RESOURCES);
#ifdef CORRECTED
    IoFreeIrp(own);
#else
    Expect((ULONG_PTR)own, 0, 0);
    ExFreePool(own);
#endif
    return Complete(Irp, STATUS_SUCCESS);
}

static void Leave(void) { }
