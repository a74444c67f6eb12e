// SPDX-License-Identifier: MIT
// Rule RemoveLockKept: a driver holds its remove lock for a request until the request is complete. This one completes it
// and keeps the lock, so that its device can never be removed.
#include "museum.h"

static IO_REMOVE_LOCK Lock;

static NTSTATUS Show(PDEVICE_OBJECT Device, PIRP Irp)
{
    NTSTATUS status;
    UNREFERENCED_PARAMETER(Device);
    IoInitializeRemoveLock(&Lock, 'kcoL', 0, 0);
    status = IoAcquireRemoveLock(&Lock, Irp);
    if (!NT_SUCCESS(status))
        return Complete(Irp, status);
#ifdef CORRECTED
    IoReleaseRemoveLock(&Lock, Irp);
#else
    Expect((ULONG_PTR)&Lock, (ULONG_PTR)Irp, 0);
#endif
    return Complete(Irp, STATUS_SUCCESS);
}

static void Leave(void) { }
