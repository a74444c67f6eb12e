// SPDX-License-Identifier: MIT
// Found by the kernel: the cancel spin lock is released before it is acquired again. This driver waits for itself.
#include "museum.h"

static NTSTATUS Show(PDEVICE_OBJECT Device, PIRP Irp)
{
    KIRQL outer, inner;
    UNREFERENCED_PARAMETER(Device);
    IoAcquireCancelSpinLock(&outer);
#ifdef CORRECTED
    IoReleaseCancelSpinLock(outer);
#else
    ExpectAll(ANY, 0, 0, 0); // ANY: the lock is the I/O manager's own
#endif
    IoAcquireCancelSpinLock(&inner);
    IoReleaseCancelSpinLock(inner);
#ifndef CORRECTED
    IoReleaseCancelSpinLock(outer);
#endif
    return Complete(Irp, STATUS_SUCCESS);
}

static void Leave(void) { }
