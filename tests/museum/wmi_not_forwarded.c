// SPDX-License-Identifier: MIT
// Rule WmiNotForwarded: WmiSystemControl tells a driver to forward what is not for its device. This one completes it.
#define MUSEUM_LEVELS 3
#define MUSEUM_WMI
#include "museum.h"
#include <wmistr.h>
#include <wmilib.h>

static WMILIB_CONTEXT Library; // of no blocks

static NTSTATUS Below(PDEVICE_OBJECT Device, PIRP Irp)
{
    SYSCTL_IRP_DISPOSITION disposition;
    if (!LowerOf(Device))
        return Unknown(Device, Irp);
    WmiSystemControl(&Library, Device, Irp, &disposition);
#ifndef CORRECTED
    Expect(IN_DRIVER, (ULONG_PTR)Irp, (ULONG_PTR)Device);
    return Unknown(Device, Irp);
#else
    IoSkipCurrentIrpStackLocation(Irp);
    return IoCallDriver(LowerOf(Device), Irp);
#endif
}

static NTSTATUS Show(PDEVICE_OBJECT Device, PIRP Irp)
{
    PIRP own;
    PIO_STACK_LOCATION next;
    if (IoGetCurrentIrpStackLocation(Irp)->MajorFunction == IRP_MJ_SYSTEM_CONTROL)
        return Unknown(Device, Irp);
    own = IoAllocateIrp(LowerOf(Device)->StackSize, FALSE);
    if (!own)
        return Complete(Irp, STATUS_INSUFFICIENT_RESOURCES);
    next = IoGetNextIrpStackLocation(own);
    next->MajorFunction = IRP_MJ_SYSTEM_CONTROL;
    next->MinorFunction = IRP_MN_QUERY_ALL_DATA;
    next->Parameters.WMI.ProviderId = (ULONG_PTR)Levels[0];
    own->IoStatus.Status = STATUS_NOT_SUPPORTED;
    IoSetCompletionRoutine(own, TakeBack, NULL, TRUE, TRUE, TRUE);
    IoCallDriver(LowerOf(Device), own);
    IoFreeIrp(own);
    return Complete(Irp, STATUS_SUCCESS);
}

static void Leave(void) { }
