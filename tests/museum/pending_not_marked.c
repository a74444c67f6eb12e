// SPDX-License-Identifier: MIT
// Rule PendingNotMarked: the driver keeps the IRP and returns STATUS_PENDING, but does not mark it: the I/O manager
// believes that it ended in this call.
#include "later.h"

static NTSTATUS Show(PDEVICE_OBJECT Device, PIRP Irp)
{
    UNREFERENCED_PARAMETER(Device);
#ifdef CORRECTED
    IoMarkIrpPending(Irp);
#endif
    Expect(IN_DRIVER, (ULONG_PTR)Irp, STATUS_PENDING);
    CompleteLater(Irp);
    return STATUS_PENDING;
}

static void Leave(void) { }
