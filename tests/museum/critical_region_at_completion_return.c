// SPDX-License-Identifier: MIT
// Rule CriticalRegionAtCompletionReturn: the completion routine leaves a critical region that its dispatch routine
// entered, as if both ran in one thread without anything between. (Here they do; the region is still the dispatch
// routine's.)
#define MUSEUM_LEVELS 2
#include "museum.h"

static NTSTATUS Below(PDEVICE_OBJECT Device, PIRP Irp)
{
    UNREFERENCED_PARAMETER(Device);
    return Complete(Irp, STATUS_SUCCESS);
}

static NTSTATUS CameBack(PDEVICE_OBJECT Device, PIRP Irp, PVOID Context)
{
    UNREFERENCED_PARAMETER(Device);
    UNREFERENCED_PARAMETER(Context);
    if (Irp->PendingReturned)
        IoMarkIrpPending(Irp);
#ifndef CORRECTED
    Expect((ULONG_PTR)CameBack, 0, (USHORT)-1);
    KeLeaveCriticalRegion();
#endif
    return STATUS_CONTINUE_COMPLETION;
}

static NTSTATUS Show(PDEVICE_OBJECT Device, PIRP Irp)
{
    IoCopyCurrentIrpStackLocationToNext(Irp);
    IoSetCompletionRoutine(Irp, CameBack, NULL, TRUE, TRUE, TRUE);
    KeEnterCriticalRegion();
    NTSTATUS const status = IoCallDriver(LowerOf(Device), Irp);
#ifdef CORRECTED
    KeLeaveCriticalRegion();
#endif
    return status;
}

static void Leave(void) { }
