// SPDX-License-Identifier: MIT
// Rule RoutineExUnused: IoSetCompletionRoutineEx allocates what is freed when the IRP comes back. This driver does not
// send the IRP then.
#define MUSEUM_LEVELS 2
#include "museum.h"

static NTSTATUS Below(PDEVICE_OBJECT Device, PIRP Irp)
{
    UNREFERENCED_PARAMETER(Device);
    return Complete(Irp, STATUS_SUCCESS);
}


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
    NTSTATUS status;
    IoCopyCurrentIrpStackLocationToNext(Irp);
    status = IoSetCompletionRoutineEx(Device, Irp, Passed, NULL, TRUE, TRUE, TRUE);
    if (!NT_SUCCESS(status))
        return Complete(Irp, status);
#ifndef CORRECTED
    Expect((ULONG_PTR)Irp, 0, 0); // the page has a pointer to a sentence here, which the report has itself
    return Complete(Irp, STATUS_DEVICE_NOT_READY);
#else
    return IoCallDriver(LowerOf(Device), Irp);
#endif
}

static void Leave(void) { }
