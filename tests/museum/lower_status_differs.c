// SPDX-License-Identifier: MIT
// Rule LowerStatusDiffers: who passes a request on returns what IoCallDriver returned. This driver says that all went
// well.
#define MUSEUM_LEVELS 2
#include "museum.h"

static NTSTATUS Below(PDEVICE_OBJECT Device, PIRP Irp)
{
    UNREFERENCED_PARAMETER(Device);
    return Complete(Irp, STATUS_NOT_SUPPORTED);
}

static NTSTATUS Show(PDEVICE_OBJECT Device, PIRP Irp)
{
    IoSkipCurrentIrpStackLocation(Irp);
#ifndef CORRECTED
    Expect(IN_DRIVER, (ULONG_PTR)Irp, (ULONG)STATUS_NOT_SUPPORTED);
    IoCallDriver(LowerOf(Device), Irp);
    return STATUS_SUCCESS;
#else
    return IoCallDriver(LowerOf(Device), Irp);
#endif
}

static void Leave(void) { }
