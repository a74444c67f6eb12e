// SPDX-License-Identifier: MIT
// Rule CancelableBeforeRoutine: a StartIo routine sets the cancel routine before it makes its IRPs cancelable. In this one
// it is the other way round, and between the two a cancel finds nobody to tell.
#define MUSEUM_STARTIO
#include "museum.h"

static void CancelHeld(PDEVICE_OBJECT Device, PIRP Irp)
{
    IoReleaseCancelSpinLock(Irp->CancelIrql);
    Complete(Irp, STATUS_CANCELLED);
    KIRQL const irql = KeRaiseIrqlToDpcLevel();
    IoStartNextPacket(Device, FALSE);
    KeLowerIrql(irql);
}

static void StartIo(PDEVICE_OBJECT Device, PIRP Irp)
{
#ifndef CORRECTED
    Expect(IN_DRIVER, (ULONG_PTR)Irp, (ULONG_PTR)Device);
    IoSetStartIoAttributes(Device, TRUE, FALSE);
    IoSetCancelRoutine(Irp, CancelHeld);
#else
    IoSetCancelRoutine(Irp, CancelHeld);
    IoSetStartIoAttributes(Device, TRUE, FALSE);
#endif
    if (Irp->Cancel && IoSetCancelRoutine(Irp, NULL)) {
        Complete(Irp, STATUS_CANCELLED);
        IoStartNextPacket(Device, FALSE);
    }
}

static NTSTATUS Show(PDEVICE_OBJECT Device, PIRP Irp)
{
    IoMarkIrpPending(Irp);
    IoStartPacket(Device, Irp, NULL, NULL);
    return STATUS_PENDING; // until the client cancels it
}

static void Leave(void) { }
