// SPDX-License-Identifier: MIT
// Rule RemoveLockInitializedAgain: a driver keeps its remove lock outside the device extension and uses it once more for
// the next device, while somebody may still try to acquire it for the one that went.
#include "museum.h"

static IO_REMOVE_LOCK Locks[2];

// A device's life, as far as its lock is concerned.
static NTSTATUS LiveUnder(PIO_REMOVE_LOCK Lock)
{
    NTSTATUS status;
    IoInitializeRemoveLock(Lock, 'kcoL', 0, 0);
    status = IoAcquireRemoveLock(Lock, Lock);
    if (NT_SUCCESS(status))
        IoReleaseRemoveLockAndWait(Lock, Lock);
    return status;
}

static NTSTATUS Show(PDEVICE_OBJECT Device, PIRP Irp)
{
    NTSTATUS status = LiveUnder(&Locks[0]);
    UNREFERENCED_PARAMETER(Device);
#ifdef CORRECTED
    if (NT_SUCCESS(status))
        status = LiveUnder(&Locks[1]);
#else
    if (NT_SUCCESS(status))
        Expect((ULONG_PTR)&Locks[0], (ULONG_PTR)&Locks[0], 0);
        status = LiveUnder(&Locks[0]);
#endif
    return Complete(Irp, status);
}

static void Leave(void) { }
