// SPDX-License-Identifier: MIT
// Rule CompletedWithCancelRoutine: the driver completes a held IRP and forgets that whoever cancels it at this
// moment enters its cancel routine.
#include "museum.h"

static void CancelHeld(PDEVICE_OBJECT Device, PIRP Irp)
{
    UNREFERENCED_PARAMETER(Device);
    IoReleaseCancelSpinLock(Irp->CancelIrql);
    Complete(Irp, STATUS_CANCELLED);
}

static NTSTATUS Show(PDEVICE_OBJECT Device, PIRP Irp)
{
    UNREFERENCED_PARAMETER(Device);
    IoMarkIrpPending(Irp);
    IoSetCancelRoutine(Irp, CancelHeld);
    Expect((ULONG_PTR)CancelHeld, (ULONG_PTR)Irp, 0);
#ifdef CORRECTED
    if (IoSetCancelRoutine(Irp, NULL))
#endif
        Complete(Irp, STATUS_SUCCESS);
    return STATUS_PENDING;
}

static void Leave(void) { }
