// SPDX-License-Identifier: MIT
// Rule LocationCopiedByHand: the middle driver copies its stack location with an assignment. The completion routine
// of the driver above comes with it and will run twice. IoCopyCurrentIrpStackLocationToNext leaves it out.
#define MUSEUM_LEVELS 3
#include "museum.h"

static NTSTATUS Below(PDEVICE_OBJECT Device, PIRP Irp)
{
    if (!LowerOf(Device))
        return Complete(Irp, STATUS_SUCCESS);
#ifdef CORRECTED
    IoCopyCurrentIrpStackLocationToNext(Irp);
#else
    *IoGetNextIrpStackLocation(Irp) = *IoGetCurrentIrpStackLocation(Irp);
#endif
    Expect(IN_DRIVER, (ULONG_PTR)Irp, (ULONG_PTR)LowerOf(Device));
    return IoCallDriver(LowerOf(Device), Irp);
}

static NTSTATUS CameBack(PDEVICE_OBJECT Device, PIRP Irp, PVOID Context)
{
    UNREFERENCED_PARAMETER(Device);
    UNREFERENCED_PARAMETER(Context);
    if (Irp->PendingReturned)
        IoMarkIrpPending(Irp);
    return STATUS_CONTINUE_COMPLETION;
}

static NTSTATUS Show(PDEVICE_OBJECT Device, PIRP Irp)
{
    IoCopyCurrentIrpStackLocationToNext(Irp);
    IoSetCompletionRoutine(Irp, CameBack, NULL, TRUE, TRUE, TRUE);
    return IoCallDriver(LowerOf(Device), Irp);
}

static void Leave(void) { }
