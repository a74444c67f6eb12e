// SPDX-License-Identifier: MIT
// For exhibits whose requests take a millisecond: CompleteLater, and a lower device that does nothing else.
#pragma once
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
    due.QuadPart = -10000;
    KeInitializeTimer(&Timer);
    KeInitializeDpc(&TimerDpc, Due, Irp);
    KeSetTimer(&Timer, due, &TimerDpc);
}

#if MUSEUM_LEVELS > 1
static NTSTATUS Below(PDEVICE_OBJECT Device, PIRP Irp)
{
    UNREFERENCED_PARAMETER(Device);
    IoMarkIrpPending(Irp);
    CompleteLater(Irp);
    return STATUS_PENDING;
}
#endif
