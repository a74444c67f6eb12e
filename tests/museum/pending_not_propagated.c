// SPDX-License-Identifier: MIT
// Rule PendingNotPropagated: the driver below pended the IRP. The completion routine that hears of it must say so
// for its own driver (IoMarkIrpPending), for its dispatch routine returned STATUS_PENDING, too.
#define MUSEUM_LEVELS 2
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

static NTSTATUS Below(PDEVICE_OBJECT Device, PIRP Irp)
{
    UNREFERENCED_PARAMETER(Device);
    IoMarkIrpPending(Irp);
    CompleteLater(Irp);
    return STATUS_PENDING;
}

static NTSTATUS CameBack(PDEVICE_OBJECT Device, PIRP Irp, PVOID Context)
{
    UNREFERENCED_PARAMETER(Device);
    UNREFERENCED_PARAMETER(Context);
Expect(IN_DRIVER, (ULONG_PTR)Irp, (ULONG_PTR)LowerOf(Device));
#ifdef CORRECTED
    if (Irp->PendingReturned)
        IoMarkIrpPending(Irp);
#else
    UNREFERENCED_PARAMETER(Irp);
#endif
    return STATUS_CONTINUE_COMPLETION;
}

static NTSTATUS Show(PDEVICE_OBJECT Device, PIRP Irp)
{
    IoCopyCurrentIrpStackLocationToNext(Irp);
    IoSetCompletionRoutine(Irp, CameBack, NULL, TRUE, TRUE, TRUE);
    return IoCallDriver(LowerOf(Device), Irp);
}

static void Leave(void) { }
