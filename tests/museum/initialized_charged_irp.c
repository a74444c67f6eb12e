// SPDX-License-Identifier: MIT
// Rule InitializedChargedIrp: the same mistake with an IRP whose memory was charged to the process: the quota is
// never given back.
#include "museum.h"

static NTSTATUS Show(PDEVICE_OBJECT Device, PIRP Irp)
{
    PIRP own = IoAllocateIrp(Device->StackSize, TRUE);
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
