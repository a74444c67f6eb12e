// SPDX-License-Identifier: MIT
// Rule CancelNotChecked: an IRP may be cancelled before its cancel routine is set, and then nobody calls the routine. Who
// sets one looks at Cancel after that. This driver does not, and keeps what was cancelled.
#define MUSEUM_LEVELS 2
#include "museum.h"

static void CancelHeld(PDEVICE_OBJECT Device, PIRP Irp)
{
    UNREFERENCED_PARAMETER(Device);
    IoReleaseCancelSpinLock(Irp->CancelIrql);
    Complete(Irp, STATUS_CANCELLED);
}

static NTSTATUS Below(PDEVICE_OBJECT Device, PIRP Irp)
{
    UNREFERENCED_PARAMETER(Device);
    IoMarkIrpPending(Irp);
    IoSetCancelRoutine(Irp, CancelHeld);
#ifdef CORRECTED
    if (Irp->Cancel && IoSetCancelRoutine(Irp, NULL))
        Complete(Irp, STATUS_CANCELLED);
#else
    Expect(IN_DRIVER, (ULONG_PTR)Irp, (ULONG_PTR)Device);
#endif
    return STATUS_PENDING;
}

static NTSTATUS Freed(PDEVICE_OBJECT Device, PIRP Irp, PVOID Context)
{
    UNREFERENCED_PARAMETER(Device);
    UNREFERENCED_PARAMETER(Context);
    IoFreeIrp(Irp);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

static NTSTATUS Show(PDEVICE_OBJECT Device, PIRP Irp)
{
    PIRP own = IoAllocateIrp(LowerOf(Device)->StackSize, FALSE);
    if (!own)
        return Complete(Irp, STATUS_INSUFFICIENT_RESOURCES);
    PIO_STACK_LOCATION next = IoGetNextIrpStackLocation(own);
    next->MajorFunction = IRP_MJ_DEVICE_CONTROL;
    next->Parameters.DeviceIoControl.IoControlCode = IOCTL_MUSEUM_SHOW;
    IoSetCompletionRoutine(own, Freed, NULL, TRUE, TRUE, TRUE);
    IoCancelIrp(own); // its maker has changed its mind
    IoCallDriver(LowerOf(Device), own);
    return Complete(Irp, STATUS_SUCCESS);
}

static void Leave(void) { }
