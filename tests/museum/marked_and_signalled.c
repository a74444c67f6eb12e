// SPDX-License-Identifier: MIT
// Rule MarkedAndSignalled: a completion routine either lets the completion go on, and marks its IRP pending when it was, or
// keeps the IRP for a dispatch routine that waits. This one marks an IRP that it keeps; it is completed marked, and the
// dispatch routine has not returned STATUS_PENDING.
#define MUSEUM_LEVELS 2
#include "later.h"

static NTSTATUS CameBack(PDEVICE_OBJECT Device, PIRP Irp, PVOID Context)
{
#ifndef CORRECTED
    if (Irp->PendingReturned) {
        Expect(IN_DRIVER, (ULONG_PTR)Irp, (ULONG_PTR)LowerOf(Device));
        IoMarkIrpPending(Irp);
    }
#else
    UNREFERENCED_PARAMETER(Device);
    UNREFERENCED_PARAMETER(Irp);
#endif
    KeSetEvent(Context, IO_NO_INCREMENT, FALSE);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

static NTSTATUS Show(PDEVICE_OBJECT Device, PIRP Irp)
{
    KEVENT back;
    KeInitializeEvent(&back, NotificationEvent, FALSE);
    IoCopyCurrentIrpStackLocationToNext(Irp);
    IoSetCompletionRoutine(Irp, CameBack, &back, TRUE, TRUE, TRUE);
    if (IoCallDriver(LowerOf(Device), Irp) == STATUS_PENDING)
        KeWaitForSingleObject(&back, Executive, KernelMode, FALSE, NULL);
    return Complete(Irp, STATUS_SUCCESS);
}

static void Leave(void) { }
