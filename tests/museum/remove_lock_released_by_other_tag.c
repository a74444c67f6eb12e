// SPDX-License-Identifier: MIT
// Rule RemoveLockReleasedByOtherTag: a driver acquires its remove lock for a request and releases it for the device.
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
    Expect((ULONG_PTR)&Lock, (ULONG_PTR)Device, 0);
    IoReleaseRemoveLock(&Lock, Device);
#endif
    return Complete(Irp, STATUS_SUCCESS);
}

static void Leave(void) { }
