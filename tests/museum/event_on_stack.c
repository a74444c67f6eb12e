// SPDX-License-Identifier: MIT
// Rule EventOnStack: the driver sends a request of its own with an event on its stack, and returns without waiting:
// when the request completes, something else stands there.
#define MUSEUM_LEVELS 2
#include "later.h"

static NTSTATUS Show(PDEVICE_OBJECT Device, PIRP Irp)
{
    // Deep in the stack, so that with the rule off nothing is written over it by chance before the request is complete.
    struct {
        KEVENT done;
        UCHAR above[3 * 1024];
    } local;
    static IO_STATUS_BLOCK outcome;
    KeInitializeEvent(&local.done, NotificationEvent, FALSE);
    PIRP own = IoBuildDeviceIoControlRequest(IOCTL_MUSEUM_SHOW, LowerOf(Device), NULL, 0, NULL, 0, FALSE,
                                             &local.done, &outcome);
    if (!own)
        return Complete(Irp, STATUS_INSUFFICIENT_RESOURCES);
#ifdef CORRECTED
    if (IoCallDriver(LowerOf(Device), own) == STATUS_PENDING)
        KeWaitForSingleObject(&local.done, Executive, KernelMode, FALSE, NULL);
#else
    Expect((ULONG_PTR)&local.done, 0, 0);
    IoCallDriver(LowerOf(Device), own);
#endif
    return Complete(Irp, STATUS_SUCCESS);
}

static void Leave(void) { }
