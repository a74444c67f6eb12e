// SPDX-License-Identifier: MIT
// Rule RemoveLockHeldTooLong: a driver says that it holds its remove lock for a minute at most, and sleeps for two with
// it.
#include "museum.h"

static IO_REMOVE_LOCK Lock;

static void Sleep(LONGLONG Seconds)
{
    LARGE_INTEGER interval;
    interval.QuadPart = -10000000 * Seconds;
    KeDelayExecutionThread(KernelMode, FALSE, &interval);
}

static NTSTATUS Show(PDEVICE_OBJECT Device, PIRP Irp)
{
    NTSTATUS status;
    UNREFERENCED_PARAMETER(Device);
    IoInitializeRemoveLock(&Lock, 'kcoL', 1, 0);
    status = IoAcquireRemoveLock(&Lock, Irp);
    if (!NT_SUCCESS(status))
        return Complete(Irp, status);
#ifndef CORRECTED
    Sleep(120);
#endif
    Expect((ULONG_PTR)&Lock, (ULONG_PTR)Irp, ANY); // ANY: two minutes, and what the calls took
    IoReleaseRemoveLock(&Lock, Irp);
    Sleep(120);
    return Complete(Irp, STATUS_SUCCESS);
}

static void Leave(void) { }
