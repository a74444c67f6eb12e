// SPDX-License-Identifier: MIT
// Rule SentPastDevice: the top of three sends to the bottom, which it found by name, instead of to the device that
// it is attached to: the one between never sees the request.
#define MUSEUM_LEVELS 3
#include "museum.h"

static NTSTATUS Below(PDEVICE_OBJECT Device, PIRP Irp)
{
    if (!LowerOf(Device))
        return Complete(Irp, STATUS_SUCCESS);
    IoSkipCurrentIrpStackLocation(Irp);
    return IoCallDriver(LowerOf(Device), Irp);
}

static NTSTATUS Show(PDEVICE_OBJECT Device, PIRP Irp)
{
#ifdef CORRECTED
    PDEVICE_OBJECT to = LowerOf(Device);
#else
    PDEVICE_OBJECT to = Levels[0];
#endif
    IoSkipCurrentIrpStackLocation(Irp);
    Expect(IN_DRIVER, (ULONG_PTR)Irp, (ULONG_PTR)to);
    return IoCallDriver(to, Irp);
}

static void Leave(void) { }
