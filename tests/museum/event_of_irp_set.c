// SPDX-License-Identifier: MIT
// Rule EventOfIrpSet: the I/O manager sets the event that IoBuildDeviceIoControlRequest was given when the request is
// complete, with its status block written. This driver's completion routine sets it before that.
#define MUSEUM_LEVELS 2
#include "later.h"

static NTSTATUS CameBack(PDEVICE_OBJECT Device, PIRP Irp, PVOID Context)
{
    UNREFERENCED_PARAMETER(Device);
#ifdef CORRECTED
    UNREFERENCED_PARAMETER(Irp);
    UNREFERENCED_PARAMETER(Context);
#else
    Expect(IN_DRIVER, (ULONG_PTR)Irp, (ULONG_PTR)Levels[0]);
    KeSetEvent(Context, IO_NO_INCREMENT, FALSE);
#endif
    return STATUS_CONTINUE_COMPLETION;
}

static NTSTATUS Show(PDEVICE_OBJECT Device, PIRP Irp)
{
    KEVENT done;
    IO_STATUS_BLOCK outcome;
    PIRP own;
    KeInitializeEvent(&done, NotificationEvent, FALSE);
    own = IoBuildDeviceIoControlRequest(IOCTL_MUSEUM_SHOW, LowerOf(Device), NULL, 0, NULL, 0, FALSE, &done, &outcome);
    if (!own)
        return Complete(Irp, STATUS_INSUFFICIENT_RESOURCES);
    IoSetCompletionRoutine(own, CameBack, &done, TRUE, TRUE, TRUE);
    if (IoCallDriver(LowerOf(Device), own) == STATUS_PENDING)
        KeWaitForSingleObject(&done, Executive, KernelMode, FALSE, NULL);
    return Complete(Irp, STATUS_SUCCESS);
}

static void Leave(void) { }
