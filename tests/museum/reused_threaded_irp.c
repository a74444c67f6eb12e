// SPDX-License-Identifier: MIT
// Rule ReusedThreadedIrp: IoReuseIrp is for IRPs from IoAllocateIrp. This driver stops the completion of one that
// IoBuildDeviceIoControlRequest made, to use it twice: its thread, its event and its buffers are forgotten.
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
    for (int i = 0; i < 2; ++i) {
        KeInitializeEvent(&done, NotificationEvent, FALSE);
        PIRP own = IoBuildDeviceIoControlRequest(IOCTL_MUSEUM_SHOW, LowerOf(Device), NULL, 0, NULL, 0, FALSE, &done,
                                                 &outcome);
        if (!own)
            return Complete(Irp, STATUS_INSUFFICIENT_RESOURCES);
#ifndef CORRECTED
        IoSetCompletionRoutine(own, TakeBack, NULL, TRUE, TRUE, TRUE);
        IoCallDriver(LowerOf(Device), own);
        Expect(IN_DRIVER, (ULONG_PTR)own, (ULONG_PTR)LowerOf(Device));
        IoReuseIrp(own, STATUS_SUCCESS);
#else
        IoCallDriver(LowerOf(Device), own);
#endif
    }
    return Complete(Irp, STATUS_SUCCESS);
}

static void Leave(void) { }
