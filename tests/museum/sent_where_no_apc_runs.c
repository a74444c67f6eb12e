// SPDX-License-Identifier: MIT
// Rule SentWhereNoApcRuns: an IRP that belongs to a thread is ended by an APC. At APC_LEVEL none runs, and a wait for
// the event would not end.
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
    PIRP own;
    KeInitializeEvent(&done, NotificationEvent, FALSE);
    own = IoBuildDeviceIoControlRequest(IOCTL_MUSEUM_SHOW, LowerOf(Device), NULL, 0, NULL, 0, FALSE, &done, &outcome);
    if (!own)
        return Complete(Irp, STATUS_INSUFFICIENT_RESOURCES);
#ifndef CORRECTED
    KIRQL old;
    KeRaiseIrql(APC_LEVEL, &old);
#endif
    Expect(IN_DRIVER, (ULONG_PTR)own, APC_LEVEL);
    IoCallDriver(LowerOf(Device), own);
#ifndef CORRECTED
    KeLowerIrql(old);
#endif
    return Complete(Irp, STATUS_SUCCESS);
}

static void Leave(void) { }
