// SPDX-License-Identifier: MIT
// Rule RoutineExOfOtherDevice: IoSetCompletionRoutineEx keeps the device object that it is given until the routine has
// run, and with it the driver whose code the routine is. This driver names the device below.
#define MUSEUM_HOLDER
#include "museum.h"

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
#ifdef CORRECTED
    status = IoSetCompletionRoutineEx(Device, Irp, Passed, NULL, TRUE, TRUE, TRUE);
#else
    UNREFERENCED_PARAMETER(Device);
    Expect(IN_DRIVER, (ULONG_PTR)Irp, (ULONG_PTR)Holder);
    status = IoSetCompletionRoutineEx(Holder, Irp, Passed, NULL, TRUE, TRUE, TRUE);
#endif
    if (!NT_SUCCESS(status))
        return Complete(Irp, status);
    return IoCallDriver(Holder, Irp);
}

static void Leave(void) { }
