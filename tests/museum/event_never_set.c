// SPDX-License-Identifier: MIT
// Rule EventNeverSet: a dispatch routine that waits for its request to come back waits for an event that its completion
// routine sets. This one sets none.
#define MUSEUM_LEVELS 2
#include "later.h"

static NTSTATUS CameBack(PDEVICE_OBJECT Device, PIRP Irp, PVOID Context)
{
    UNREFERENCED_PARAMETER(Device);
    UNREFERENCED_PARAMETER(Irp);
#ifdef CORRECTED
    KeSetEvent(Context, IO_NO_INCREMENT, FALSE);
#else
    UNREFERENCED_PARAMETER(Context);
    Expect(IN_DRIVER, (ULONG_PTR)Irp, (ULONG_PTR)Levels[0]);
#endif
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
