// SPDX-License-Identifier: MIT
// Rule InitializedAllocatedIrp: IoInitializeIrp is for memory of a driver's own. On an IRP from IoAllocateIrp it
// loses what the I/O manager keeps there; IoReuseIrp is what is meant.
#include "museum.h"

static NTSTATUS Show(PDEVICE_OBJECT Device, PIRP Irp)
{
    PIRP own = IoAllocateIrp(Device->StackSize, FALSE);
    if (!own)
        return Complete(Irp, STATUS_INSUFFICIENT_RESOURCES);
#ifdef CORRECTED
    IoReuseIrp(own, STATUS_SUCCESS);
#else
    Expect(IN_DRIVER, (ULONG_PTR)own, 0);
    IoInitializeIrp(own, IoSizeOfIrp(Device->StackSize), Device->StackSize);
#endif
    IoFreeIrp(own);
    return Complete(Irp, STATUS_SUCCESS);
}

static void Leave(void) { }
