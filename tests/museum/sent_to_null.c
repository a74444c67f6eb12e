// SPDX-License-Identifier: MIT
// Rule SentToNull: the driver never looked whether there was a device to attach to, and sends to none.
#define MUSEUM_LEVELS 2
#include "museum.h"

static NTSTATUS Below(PDEVICE_OBJECT Device, PIRP Irp)
{
    UNREFERENCED_PARAMETER(Device);
    return Complete(Irp, STATUS_SUCCESS);
}

static NTSTATUS Show(PDEVICE_OBJECT Device, PIRP Irp)
{
#ifdef CORRECTED
    PDEVICE_OBJECT to = LowerOf(Device);
#else
    PDEVICE_OBJECT to = LowerOf(LowerOf(Device));
#endif
    IoSkipCurrentIrpStackLocation(Irp);
    Expect(IN_DRIVER, (ULONG_PTR)Irp, 0);
    return IoCallDriver(to, Irp);
}

static void Leave(void) { }
