// SPDX-License-Identifier: MIT
// Rule CancelRoutineSetBelow: an IRP belongs to the driver that has it, and so does its cancel routine. This driver
// passes the request to another one, which holds it, and then sets a routine of its own.
#define MUSEUM_HOLDER
#include "museum.h"

static void CancelAbove(PDEVICE_OBJECT Device, PIRP Irp)
{
    UNREFERENCED_PARAMETER(Device);
    IoReleaseCancelSpinLock(Irp->CancelIrql);
    Complete(Irp, STATUS_CANCELLED);
}

static NTSTATUS Show(PDEVICE_OBJECT Device, PIRP Irp)
{
    NTSTATUS status;
    UNREFERENCED_PARAMETER(Device);
    IoSkipCurrentIrpStackLocation(Irp);
    status = IoCallDriver(Holder, Irp);
#ifndef CORRECTED
    Expect(IN_DRIVER, (ULONG_PTR)Irp, (ULONG_PTR)Device);
    if (status == STATUS_PENDING)
        IoSetCancelRoutine(Irp, CancelAbove);
#else
    (void)CancelAbove;
#endif
    return status;
}

static void Leave(void) { }
