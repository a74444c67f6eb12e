// SPDX-License-Identifier: MIT
// Rule CompletedAsPending: the driver completes the IRP with the status that its dispatch routine should have
// returned.
#include "museum.h"

static NTSTATUS Show(PDEVICE_OBJECT Device, PIRP Irp)
{
    UNREFERENCED_PARAMETER(Device);
    IoMarkIrpPending(Irp);
#ifdef CORRECTED
    Complete(Irp, STATUS_SUCCESS);
#else
    Expect(STATUS_PENDING, (ULONG_PTR)Irp, 0);
    Complete(Irp, STATUS_PENDING);
#endif
    return STATUS_PENDING;
}

static void Leave(void) { }
