// SPDX-License-Identifier: MIT
// Rule IrqlAtCompletionReturn: the completion routine raises the IRQL for a list that it guards so, and leaves by
// the one path that does not lower it.
#define MUSEUM_LEVELS 2
#include "museum.h"

static NTSTATUS Below(PDEVICE_OBJECT Device, PIRP Irp)
{
    UNREFERENCED_PARAMETER(Device);
    return Complete(Irp, STATUS_SUCCESS);
}

static NTSTATUS CameBack(PDEVICE_OBJECT Device, PIRP Irp, PVOID Context)
{
    KIRQL old;
    UNREFERENCED_PARAMETER(Device);
    UNREFERENCED_PARAMETER(Context);
    Expect((ULONG_PTR)CameBack, PASSIVE_LEVEL, DISPATCH_LEVEL);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    if (Irp->PendingReturned)
        IoMarkIrpPending(Irp);
#ifdef CORRECTED
    KeLowerIrql(old);
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
