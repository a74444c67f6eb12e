// SPDX-License-Identifier: MIT
// Rule RemoveLockWaitedByOtherTag: a driver acquires its remove lock for a request and waits for the others without a tag.
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
    IoReleaseRemoveLockAndWait(&Lock, Irp);
#else
    Expect((ULONG_PTR)&Lock, 0, (ULONG_PTR)Irp);
    IoReleaseRemoveLockAndWait(&Lock, NULL);
#endif
    return Complete(Irp, STATUS_SUCCESS);
}

static void Leave(void) { }
