// SPDX-License-Identifier: MIT
// Rule SentAboveDispatch: IoCallDriver is called at DISPATCH_LEVEL at most. This driver is above, as if in its ISR.
#define MUSEUM_LEVELS 2
#include "museum.h"

static NTSTATUS Below(PDEVICE_OBJECT Device, PIRP Irp)
{
    UNREFERENCED_PARAMETER(Device);
    return Complete(Irp, STATUS_SUCCESS);
}


static NTSTATUS Show(PDEVICE_OBJECT Device, PIRP Irp)
{
    NTSTATUS status;
#ifndef CORRECTED
    KIRQL old;
    KeRaiseIrql(DISPATCH_LEVEL + 3, &old);
#endif
    Expect(DISPATCH_LEVEL + 3, 0, 0);
    IoSkipCurrentIrpStackLocation(Irp);
    status = IoCallDriver(LowerOf(Device), Irp);
#ifndef CORRECTED
    KeLowerIrql(old);
#endif
    return status;
}

static void Leave(void) { }
