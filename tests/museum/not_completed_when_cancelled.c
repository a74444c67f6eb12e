// SPDX-License-Identifier: MIT
// Rule NotCompletedWhenCancelled: a request that waits can be cancelled. This driver keeps it without a cancel routine,
// and whoever issued it waits for five minutes when it ends.
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
    Expect((ULONG_PTR)Irp, 5 * 60 * 1000, 0);
    IoMarkIrpPending(Irp);
#ifdef CORRECTED
    IoSetCancelRoutine(Irp, CancelHeld); // this is not a queue: the cancel comes much later
#else
    (void)CancelHeld;
#endif
    return STATUS_PENDING;
}

static void Leave(void) { }
