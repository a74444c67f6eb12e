// SPDX-License-Identifier: MIT
// Rule CompletedHoldingLock: IoCompleteRequest calls the completion routines of the drivers above, which may send the next
// request to this one at once. This driver completes with its spin lock held.
#include "museum.h"

static KSPIN_LOCK Lock;

static NTSTATUS Show(PDEVICE_OBJECT Device, PIRP Irp)
{
    KIRQL irql;
    UNREFERENCED_PARAMETER(Device);
    KeInitializeSpinLock(&Lock);
    KeAcquireSpinLock(&Lock, &irql);
#ifndef CORRECTED
    Expect((ULONG_PTR)&Lock, (ULONG_PTR)Irp, 0);
    Complete(Irp, STATUS_SUCCESS);
    KeReleaseSpinLock(&Lock, irql);
    return STATUS_SUCCESS;
#else
    KeReleaseSpinLock(&Lock, irql);
    return Complete(Irp, STATUS_SUCCESS);
#endif
}

static void Leave(void) { }
