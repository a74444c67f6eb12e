// SPDX-License-Identifier: MIT
// For exhibits whose lower device keeps a request for a millisecond.
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

static NTSTATUS Below(PDEVICE_OBJECT Device, PIRP Irp)
{
    LARGE_INTEGER due;
    UNREFERENCED_PARAMETER(Device);
    due.QuadPart = -10000;
    IoMarkIrpPending(Irp);
    KeInitializeTimer(&Timer);
    KeInitializeDpc(&TimerDpc, Due, Irp);
    KeSetTimer(&Timer, due, &TimerDpc);
    return STATUS_PENDING;
}
