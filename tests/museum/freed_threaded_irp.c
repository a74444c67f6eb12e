// SPDX-License-Identifier: MIT
// Rule FreedThreadedIrp: IoBuildDeviceIoControlRequest makes an IRP that belongs to the thread; the I/O manager
// frees it when it completes. A driver that changes its mind before it sends it has no way but to send it all the
// same: this one frees it.
#define MUSEUM_LEVELS 2
#include "museum.h"

static NTSTATUS Below(PDEVICE_OBJECT Device, PIRP Irp)
{
    UNREFERENCED_PARAMETER(Device);
    return Complete(Irp, STATUS_SUCCESS);
}

static NTSTATUS Show(PDEVICE_OBJECT Device, PIRP Irp)
{
    KEVENT done;
    IO_STATUS_BLOCK outcome;
    KeInitializeEvent(&done, NotificationEvent, FALSE);
    PIRP own = IoBuildDeviceIoControlRequest(IOCTL_MUSEUM_SHOW, LowerOf(Device), NULL, 0, NULL, 0, FALSE, &done, &outcome);
    if (!own)
        return Complete(Irp, STATUS_INSUFFICIENT_RESOURCES);
#ifdef CORRECTED
    if (IoCallDriver(LowerOf(Device), own) == STATUS_PENDING)
        KeWaitForSingleObject(&done, Executive, KernelMode, FALSE, NULL);
#else
    Expect((ULONG_PTR)own, 0, 0);
    IoFreeIrp(own);
#endif
    return Complete(Irp, STATUS_SUCCESS);
}

static void Leave(void) { }
