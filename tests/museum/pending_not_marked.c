// SPDX-License-Identifier: MIT
// Rule PendingNotMarked: the driver keeps the IRP and returns STATUS_PENDING, but does not mark it: the I/O manager
// believes that it ended in this call.
#include "museum.h"

static KTIMER Timer;
static KDPC TimerDpc;

static void Due(PKDPC Dpc, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(Argument1);
    UNREFERENCED_PARAMETER(Argument2);
    Complete(Context, STATUS_SUCCESS);
}

static void CompleteLater(PIRP Irp)
{
    LARGE_INTEGER due;
    due.QuadPart = -10000; // a millisecond
    KeInitializeTimer(&Timer);
    KeInitializeDpc(&TimerDpc, Due, Irp);
    KeSetTimer(&Timer, due, &TimerDpc);
}

static NTSTATUS Show(PDEVICE_OBJECT Device, PIRP Irp)
{
    UNREFERENCED_PARAMETER(Device);
#ifdef CORRECTED
    IoMarkIrpPending(Irp);
#endif
    Expect(IN_DRIVER, (ULONG_PTR)Irp, STATUS_PENDING);
    CompleteLater(Irp);
    return STATUS_PENDING;
}

static void Leave(void) { }
