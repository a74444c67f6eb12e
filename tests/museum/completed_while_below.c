// SPDX-License-Identifier: MIT
// Rule CompletedWhileBelow: who has passed a request on waits until it comes back. This driver completes it while the
// driver below holds it.
#define MUSEUM_HOLDER
#include "museum.h"

static NTSTATUS Show(PDEVICE_OBJECT Device, PIRP Irp)
{
    NTSTATUS status;
    UNREFERENCED_PARAMETER(Device);
    IoSkipCurrentIrpStackLocation(Irp);
    status = IoCallDriver(Holder, Irp);
#ifndef CORRECTED
    if (status == STATUS_PENDING) {
        IoSetCancelRoutine(Irp, NULL);
        Expect(IN_DRIVER, (ULONG_PTR)Irp, (ULONG_PTR)Holder);
        Complete(Irp, STATUS_SUCCESS);
    }
#endif
    return status;
}

static void Leave(void) { }
