// SPDX-License-Identifier: MIT
// Found by the kernel: a cancel routine is entered holding the cancel spin lock and must release it; this one
// returns with it.
#include "museum.h"

static void CancelHeld(PDEVICE_OBJECT Device, PIRP Irp)
{
    UNREFERENCED_PARAMETER(Device);
#ifdef CORRECTED
    IoReleaseCancelSpinLock(Irp->CancelIrql);
#endif
    Complete(Irp, STATUS_CANCELLED);
}

static NTSTATUS Show(PDEVICE_OBJECT Device, PIRP Irp)
{
    UNREFERENCED_PARAMETER(Device);
    IoMarkIrpPending(Irp);
    IoSetCancelRoutine(Irp, CancelHeld);
    return STATUS_PENDING; // until the client cancels it
}

static void Leave(void) { }
