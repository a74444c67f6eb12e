// SPDX-License-Identifier: MIT
// Rule StatusDiffers: the driver completes the request with an error and returns success: whoever sent it believes
// the one or the other, as it comes.
#include "museum.h"

static NTSTATUS Show(PDEVICE_OBJECT Device, PIRP Irp)
{
    UNREFERENCED_PARAMETER(Device);
    Expect(IN_DRIVER, (ULONG_PTR)Irp, (ULONG)STATUS_DEVICE_NOT_READY);
    Complete(Irp, STATUS_DEVICE_NOT_READY);
#ifdef CORRECTED
    return STATUS_DEVICE_NOT_READY;
#else
    return STATUS_SUCCESS;
#endif
}

static void Leave(void) { }
