// SPDX-License-Identifier: MIT
// Rule ControlNotCleared: a location that is copied by hand brings the marks of this driver along, here that it is
// pending.
#define MUSEUM_LEVELS 2
#include "museum.h"

static NTSTATUS Below(PDEVICE_OBJECT Device, PIRP Irp)
{
    UNREFERENCED_PARAMETER(Device);
    return Complete(Irp, STATUS_SUCCESS);
}


static NTSTATUS Show(PDEVICE_OBJECT Device, PIRP Irp)
{
    IoMarkIrpPending(Irp);
#ifndef CORRECTED
    *IoGetNextIrpStackLocation(Irp) = *IoGetCurrentIrpStackLocation(Irp);
#else
    IoCopyCurrentIrpStackLocationToNext(Irp);
#endif
    Expect(IN_DRIVER, (ULONG_PTR)Irp, (ULONG_PTR)LowerOf(Device));
    IoCallDriver(LowerOf(Device), Irp);
    return STATUS_PENDING;
}

static void Leave(void) { }
