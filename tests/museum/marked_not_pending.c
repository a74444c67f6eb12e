// SPDX-License-Identifier: MIT
// Rule MarkedNotPending: the driver marks the IRP pending, finds that it can complete it at once, and returns that
// status: the I/O manager completes it in two places.
#include "museum.h"

static NTSTATUS Show(PDEVICE_OBJECT Device, PIRP Irp)
{
    UNREFERENCED_PARAMETER(Device);
    IoMarkIrpPending(Irp);
#ifdef CORRECTED
    Complete(Irp, STATUS_SUCCESS);
    return STATUS_PENDING;
#else
    Expect(IN_DRIVER, (ULONG_PTR)Irp, STATUS_SUCCESS);
    return Complete(Irp, STATUS_SUCCESS);
#endif
}

static void Leave(void) { }
