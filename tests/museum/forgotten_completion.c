// SPDX-License-Identifier: MIT
// Rule ForgottenCompletion: an unknown control code is refused by returning the status, and the IRP is left behind.
#include "museum.h"

static NTSTATUS Show(PDEVICE_OBJECT Device, PIRP Irp)
{
    UNREFERENCED_PARAMETER(Device);
#ifdef CORRECTED
    return Complete(Irp, STATUS_INVALID_DEVICE_REQUEST);
#else
    Irp->IoStatus.Status = STATUS_INVALID_DEVICE_REQUEST;
    Expect(IN_DRIVER, (ULONG_PTR)Irp, (ULONG_PTR)Device);
    return STATUS_INVALID_DEVICE_REQUEST;
#endif
}

static void Leave(void) { }
