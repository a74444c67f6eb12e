// SPDX-License-Identifier: MIT
// Rule PendingNotPropagated: the driver below pended the IRP. The completion routine that hears of it must say so
// for its own driver (IoMarkIrpPending), for its dispatch routine returned STATUS_PENDING, too.
#define MUSEUM_LEVELS 2
#include "later.h"

static NTSTATUS CameBack(PDEVICE_OBJECT Device, PIRP Irp, PVOID Context)
{
    UNREFERENCED_PARAMETER(Device);
    UNREFERENCED_PARAMETER(Context);
    Expect(IN_DRIVER, (ULONG_PTR)Irp, (ULONG_PTR)LowerOf(Device));
#ifdef CORRECTED
    if (Irp->PendingReturned)
        IoMarkIrpPending(Irp);
#else
    UNREFERENCED_PARAMETER(Irp);
#endif
    return STATUS_CONTINUE_COMPLETION;
}

static NTSTATUS Show(PDEVICE_OBJECT Device, PIRP Irp)
{
    IoCopyCurrentIrpStackLocationToNext(Irp);
    IoSetCompletionRoutine(Irp, CameBack, NULL, TRUE, TRUE, TRUE);
    return IoCallDriver(LowerOf(Device), Irp);
}

static void Leave(void) { }
