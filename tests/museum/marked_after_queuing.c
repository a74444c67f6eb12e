// SPDX-License-Identifier: MIT
// Rule MarkedAfterQueuing: once an IRP is in a queue and the queue's lock is free, it may be taken out and completed.
// This driver marks it pending after that.
#include "museum.h"

static KSPIN_LOCK Lock;
static LIST_ENTRY Queue;
static KTIMER Timer;
static KDPC TimerDpc;

static void Due(PKDPC Dpc, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    PLIST_ENTRY entry;
    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(Context);
    UNREFERENCED_PARAMETER(Argument1);
    UNREFERENCED_PARAMETER(Argument2);
    KeAcquireSpinLockAtDpcLevel(&Lock);
    entry = RemoveHeadList(&Queue);
    KeReleaseSpinLockFromDpcLevel(&Lock);
    Complete(CONTAINING_RECORD(entry, IRP, Tail.Overlay.ListEntry), STATUS_SUCCESS);
}

static NTSTATUS Show(PDEVICE_OBJECT Device, PIRP Irp)
{
    LARGE_INTEGER due;
    KIRQL irql;
    UNREFERENCED_PARAMETER(Device);
    due.QuadPart = -10000; // a millisecond
    KeInitializeSpinLock(&Lock);
    InitializeListHead(&Queue);
    KeInitializeTimer(&Timer);
    KeInitializeDpc(&TimerDpc, Due, NULL);
    KeAcquireSpinLock(&Lock, &irql);
#ifdef CORRECTED
    IoMarkIrpPending(Irp);
#else
    Expect(IN_DRIVER, (ULONG_PTR)Irp, (ULONG_PTR)Device);
#endif
    InsertTailList(&Queue, &Irp->Tail.Overlay.ListEntry);
    KeReleaseSpinLock(&Lock, irql);
#ifndef CORRECTED
    IoMarkIrpPending(Irp);
#endif
    KeSetTimer(&Timer, due, &TimerDpc);
    return STATUS_PENDING;
}

static void Leave(void) { }
