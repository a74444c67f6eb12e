// SPDX-License-Identifier: MIT
// Rule SkippedWithRoutine: the middle driver skips its stack location, so the next driver gets the same one, and
// then sets a completion routine: it lands in the place of the one of the driver above, which never runs.
#define MUSEUM_LEVELS 3
#include "museum.h"

static NTSTATUS CameBack(PDEVICE_OBJECT Device, PIRP Irp, PVOID Context)
{
    UNREFERENCED_PARAMETER(Device);
    UNREFERENCED_PARAMETER(Context);
    if (Irp->PendingReturned)
        IoMarkIrpPending(Irp);
    return STATUS_CONTINUE_COMPLETION;
}

static NTSTATUS CameBackBelow(PDEVICE_OBJECT Device, PIRP Irp, PVOID Context) { return CameBack(Device, Irp, Context); }

static NTSTATUS Below(PDEVICE_OBJECT Device, PIRP Irp)
{
    if (!LowerOf(Device))
        return Complete(Irp, STATUS_SUCCESS);
#ifdef CORRECTED
    IoCopyCurrentIrpStackLocationToNext(Irp);
#else
    IoSkipCurrentIrpStackLocation(Irp);
#endif
    IoSetCompletionRoutine(Irp, CameBackBelow, NULL, TRUE, TRUE, TRUE);
    Expect(IN_DRIVER, (ULONG_PTR)Irp, (ULONG_PTR)LowerOf(Device));
    return IoCallDriver(LowerOf(Device), Irp);
}

static NTSTATUS Show(PDEVICE_OBJECT Device, PIRP Irp)
{
    IoCopyCurrentIrpStackLocationToNext(Irp);
    IoSetCompletionRoutine(Irp, CameBack, NULL, TRUE, TRUE, TRUE);
    return IoCallDriver(LowerOf(Device), Irp);
}

static void Leave(void) { }
