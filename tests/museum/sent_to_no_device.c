// SPDX-License-Identifier: MIT
// Rule SentToNoDevice: the driver passes its device extension where its lower device belongs.
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
    PDEVICE_OBJECT to = Device->DeviceExtension;
#endif
    IoSkipCurrentIrpStackLocation(Irp);
    Expect((ULONG_PTR)to, 0, 0);
    return IoCallDriver(to, Irp);
}

static void Leave(void) { }
