// SPDX-License-Identifier: MIT
// Rule StatusBlockOnStack: the driver sends a request of its own with a status block on its stack, and returns
// without waiting: when the request completes, something else stands there.
#define MUSEUM_LEVELS 2
#include "later.h"

static NTSTATUS Show(PDEVICE_OBJECT Device, PIRP Irp)
{
    static KEVENT done;
    IO_STATUS_BLOCK outcome;
    KeInitializeEvent(&done, NotificationEvent, FALSE);
    PIRP own = IoBuildDeviceIoControlRequest(IOCTL_MUSEUM_SHOW, LowerOf(Device), NULL, 0, NULL, 0, FALSE, &done, &outcome);
    if (!own)
        return Complete(Irp, STATUS_INSUFFICIENT_RESOURCES);
#ifdef CORRECTED
    if (IoCallDriver(LowerOf(Device), own) == STATUS_PENDING)
        KeWaitForSingleObject(&done, Executive, KernelMode, FALSE, NULL);
#else
    Expect((ULONG_PTR)&outcome, 0, 0);
    IoCallDriver(LowerOf(Device), own);
#endif
    return Complete(Irp, STATUS_SUCCESS);
}

static void Leave(void) { }
