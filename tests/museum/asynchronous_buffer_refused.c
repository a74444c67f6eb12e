// SPDX-License-Identifier: MIT
// Rule AsynchronousBufferRefused: a buffer that a request is built for exists. The device below takes reads directly,
// so the build locks the buffer, and this one is at an address where nothing is.
#define MUSEUM_LEVELS 2
#include "museum.h"

static NTSTATUS Below(PDEVICE_OBJECT Device, PIRP Irp)
{
    UNREFERENCED_PARAMETER(Device);
    return Complete(Irp, STATUS_SUCCESS);
}


static NTSTATUS Show(PDEVICE_OBJECT Device, PIRP Irp)
{
    IO_STATUS_BLOCK outcome;
    PVOID buffer = (PVOID)(ULONG_PTR)0x10000; // a user's address, in a process that has nothing there
    PIRP own;
#ifdef CORRECTED
    buffer = NULL;
#endif
    LowerOf(Device)->Flags |= DO_DIRECT_IO;
    Expect((ULONG_PTR)LowerOf(Device), IRP_MJ_READ, (ULONG)STATUS_ACCESS_VIOLATION);
    own = IoBuildAsynchronousFsdRequest(IRP_MJ_READ, LowerOf(Device), buffer, buffer ? 64 : 0, NULL, &outcome);
    if (!own)
        return Complete(Irp, STATUS_INSUFFICIENT_RESOURCES);
    IoFreeIrp(own);
    return Complete(Irp, STATUS_SUCCESS);
}

static void Leave(void) { }
