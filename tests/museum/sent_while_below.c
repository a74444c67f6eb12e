// SPDX-License-Identifier: MIT
// Rule SentWhileBelow: IoCallDriver returned STATUS_PENDING; the driver takes that for a failure and tries once
// more, though the one below still has the IRP.
#define MUSEUM_LEVELS 2
#include "museum.h"

static PIRP Kept;

static NTSTATUS Below(PDEVICE_OBJECT Device, PIRP Irp)
{
    UNREFERENCED_PARAMETER(Device);
    IoMarkIrpPending(Irp);
    Kept = Irp;
    return STATUS_PENDING;
}

static NTSTATUS Show(PDEVICE_OBJECT Device, PIRP Irp)
{
    IoMarkIrpPending(Irp);
    IoCopyCurrentIrpStackLocationToNext(Irp);
    IoSetCompletionRoutine(Irp, TakeBack, NULL, TRUE, TRUE, TRUE);
#ifdef CORRECTED
    IoCallDriver(LowerOf(Device), Irp);
#else
    Expect(IN_DRIVER, (ULONG_PTR)Irp, (ULONG_PTR)LowerOf(Device));
    if (IoCallDriver(LowerOf(Device), Irp) != STATUS_SUCCESS)
        IoCallDriver(LowerOf(Device), Irp);
#endif
    Complete(Kept, STATUS_SUCCESS); // the device below is done, and TakeBack has the IRP
    Complete(Irp, STATUS_SUCCESS);
    return STATUS_PENDING;
}

static void Leave(void) { }
