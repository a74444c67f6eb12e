// SPDX-License-Identifier: MIT
// Found by the kernel: the cancel spin lock is released by who acquired it. This driver releases it without.
#include "museum.h"

static NTSTATUS Show(PDEVICE_OBJECT Device, PIRP Irp)
{
    KIRQL irql;
    UNREFERENCED_PARAMETER(Device);
#ifdef CORRECTED
    IoAcquireCancelSpinLock(&irql);
#else
    irql = KeRaiseIrqlToDpcLevel();
    ExpectAll(ANY, 0, 0, 0); // ANY: the lock is the I/O manager's own
#endif
    IoReleaseCancelSpinLock(irql);
    return Complete(Irp, STATUS_SUCCESS);
}

static void Leave(void) { }
