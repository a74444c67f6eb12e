// SPDX-License-Identifier: MIT
// Rule StartedNextHoldingLock: IoStartNextPacket calls StartIo, which may acquire the driver's spin lock. This driver calls
// it with the lock held.
#define MUSEUM_STARTIO
#include "museum.h"

static KSPIN_LOCK Lock;
static KDPC Done;

static void Finish(PKDPC Dpc, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    PDEVICE_OBJECT device = Context;
    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(Argument2);
    Complete(Argument1, STATUS_SUCCESS);
    KeAcquireSpinLockAtDpcLevel(&Lock);
#ifndef CORRECTED
    Expect((ULONG_PTR)&Lock, (ULONG_PTR)device, 0);
    IoStartNextPacket(device, FALSE);
    KeReleaseSpinLockFromDpcLevel(&Lock);
#else
    KeReleaseSpinLockFromDpcLevel(&Lock);
    IoStartNextPacket(device, FALSE);
#endif
}

static void StartIo(PDEVICE_OBJECT Device, PIRP Irp)
{
    UNREFERENCED_PARAMETER(Device);
    KeInsertQueueDpc(&Done, Irp, NULL);
}

static NTSTATUS Show(PDEVICE_OBJECT Device, PIRP Irp)
{
    KeInitializeSpinLock(&Lock);
    KeInitializeDpc(&Done, Finish, Device);
    IoMarkIrpPending(Irp);
    IoStartPacket(Device, Irp, NULL, NULL);
    return STATUS_PENDING;
}

static void Leave(void) { }
