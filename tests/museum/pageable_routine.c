// SPDX-License-Identifier: MIT
// Rule PageableRoutine: a completion routine may be called at DISPATCH_LEVEL, where its code must be there.
#define MUSEUM_LEVELS 2
#include "museum.h"

static NTSTATUS Below(PDEVICE_OBJECT Device, PIRP Irp)
{
    UNREFERENCED_PARAMETER(Device);
    return Complete(Irp, STATUS_SUCCESS);
}


#ifndef CORRECTED
__declspec(code_seg("PAGEcode")) __attribute__((noinline))
#endif
static NTSTATUS Passed(PDEVICE_OBJECT Device, PIRP Irp, PVOID Context)
{
    UNREFERENCED_PARAMETER(Device);
    UNREFERENCED_PARAMETER(Context);
    if (Irp->PendingReturned)
        IoMarkIrpPending(Irp);
    return STATUS_SUCCESS;
}

static NTSTATUS Show(PDEVICE_OBJECT Device, PIRP Irp)
{
    IoCopyCurrentIrpStackLocationToNext(Irp);
    IoSetCompletionRoutine(Irp, Passed, NULL, TRUE, TRUE, TRUE);
    Expect(IN_DRIVER, (ULONG_PTR)Irp, (ULONG_PTR)LowerOf(Device));
    return IoCallDriver(LowerOf(Device), Irp);
}

static void Leave(void) { }
