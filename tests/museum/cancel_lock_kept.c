// SPDX-License-Identifier: MIT
// Found by the kernel: a cancel routine is entered holding the cancel spin lock and returns without it. This one, which
// releases it as it must, acquires it again and returns with it.
#include "museum.h"

static void CancelHeld(PDEVICE_OBJECT Device, PIRP Irp)
{
    UNREFERENCED_PARAMETER(Device);
    IoReleaseCancelSpinLock(Irp->CancelIrql);
#ifndef CORRECTED
    KIRQL irql;
    ExpectAll((ULONG_PTR)Irp, (ULONG_PTR)CancelHeld, 0, 0);
    Complete(Irp, STATUS_CANCELLED);
    IoAcquireCancelSpinLock(&irql);
#else
    Complete(Irp, STATUS_CANCELLED);
#endif
}

static NTSTATUS Show(PDEVICE_OBJECT Device, PIRP Irp)
{
    UNREFERENCED_PARAMETER(Device);
    IoMarkIrpPending(Irp);
    IoSetCancelRoutine(Irp, CancelHeld);
    return STATUS_PENDING; // until the client cancels it
}

static void Leave(void) { }
