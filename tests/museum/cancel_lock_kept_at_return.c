// SPDX-License-Identifier: MIT
// Rule CancelLockKeptAtReturn: a dispatch routine that acquires the cancel spin lock releases it. This one lowers the IRQL
// by hand and keeps the lock.
#include "museum.h"

static NTSTATUS Show(PDEVICE_OBJECT Device, PIRP Irp)
{
    KIRQL irql;
    IoAcquireCancelSpinLock(&irql);
#ifdef CORRECTED
    UNREFERENCED_PARAMETER(Device);
    IoReleaseCancelSpinLock(irql);
#else
    KeLowerIrql(irql);
    Expect(IN_DRIVER, (ULONG_PTR)Irp, (ULONG_PTR)Device);
#endif
    return Complete(Irp, STATUS_SUCCESS);
}

static void Leave(void) { }
