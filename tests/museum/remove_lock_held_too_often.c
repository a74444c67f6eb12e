// SPDX-License-Identifier: MIT
// Rule RemoveLockHeldTooOften: a driver says that its remove lock is never held more than twice at a time, and forgets to
// release it where a request fails.
#include "museum.h"

static IO_REMOVE_LOCK Lock;

static NTSTATUS Attempt(void)
{
    NTSTATUS status = IoAcquireRemoveLock(&Lock, NULL);
    if (!NT_SUCCESS(status))
        return status;
#ifdef CORRECTED
    IoReleaseRemoveLock(&Lock, NULL);
#endif
    return STATUS_DEVICE_NOT_READY;
}

static NTSTATUS Show(PDEVICE_OBJECT Device, PIRP Irp)
{
    UNREFERENCED_PARAMETER(Device);
    IoInitializeRemoveLock(&Lock, 'kcoL', 0, 2);
    Expect((ULONG_PTR)&Lock, 3, 2);
    for (int i = 0; i < 3; ++i)
        if (Attempt() != STATUS_DEVICE_NOT_READY)
            break;
    return Complete(Irp, STATUS_SUCCESS);
}

static void Leave(void) { }
