// SPDX-License-Identifier: MIT
// Rule SentWithCancelRoutine: the driver held the IRP with a cancel routine and sends it on without taking the
// routine out: whoever cancels now enters the wrong driver.
#define MUSEUM_LEVELS 2
#include "museum.h"

static NTSTATUS Below(PDEVICE_OBJECT Device, PIRP Irp)
{
    UNREFERENCED_PARAMETER(Device);
    return Complete(Irp, STATUS_SUCCESS);
}

static void CancelHeld(PDEVICE_OBJECT Device, PIRP Irp)
{
    UNREFERENCED_PARAMETER(Device);
    IoReleaseCancelSpinLock(Irp->CancelIrql);
    Complete(Irp, STATUS_CANCELLED);
}

static NTSTATUS Show(PDEVICE_OBJECT Device, PIRP Irp)
{
    IoSetCancelRoutine(Irp, CancelHeld);
#ifdef CORRECTED
    IoSetCancelRoutine(Irp, NULL); // nobody cancels here: this is not a queue
#endif
    IoSkipCurrentIrpStackLocation(Irp);
    Expect(IN_DRIVER, (ULONG_PTR)Irp, (ULONG_PTR)LowerOf(Device));
    return IoCallDriver(LowerOf(Device), Irp);
}

static void Leave(void) { }
