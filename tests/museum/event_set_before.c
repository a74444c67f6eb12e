// SPDX-License-Identifier: MIT
// Rule EventSetBefore: the event of a request is not set when it is sent. This one is, so that the wait for it comes
// back at once, while the request is still below.
#define MUSEUM_LEVELS 2
#include "museum.h"

static PIRP Held;

static NTSTATUS Below(PDEVICE_OBJECT Device, PIRP Irp)
{
    UNREFERENCED_PARAMETER(Device);
    IoMarkIrpPending(Irp);
    Held = Irp;
    return STATUS_PENDING;
}

static NTSTATUS Show(PDEVICE_OBJECT Device, PIRP Irp)
{
    KEVENT done;
    IO_STATUS_BLOCK outcome;
    PIRP own;
#ifndef CORRECTED
    KeInitializeEvent(&done, NotificationEvent, TRUE);
#else
    KeInitializeEvent(&done, NotificationEvent, FALSE);
#endif
    own = IoBuildDeviceIoControlRequest(IOCTL_MUSEUM_SHOW, LowerOf(Device), NULL, 0, NULL, 0, FALSE, &done, &outcome);
    if (!own)
        return Complete(Irp, STATUS_INSUFFICIENT_RESOURCES);
    Expect(IN_DRIVER, (ULONG_PTR)own, (ULONG_PTR)LowerOf(Device));
    IoCallDriver(LowerOf(Device), own);
    Complete(Held, STATUS_SUCCESS); // the device below gets to it
    KeWaitForSingleObject(&done, Executive, KernelMode, FALSE, NULL);
    return Complete(Irp, STATUS_SUCCESS);
}

static void Leave(void) { }
