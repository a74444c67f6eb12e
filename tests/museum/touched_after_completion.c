// SPDX-License-Identifier: MIT
// Found by the kernel: after IoCompleteRequest the IRP is no longer this driver's, and mostly gone. This one looks
// into its stack location once more, to count bytes.
#include "museum.h"

static ULONG Counted;

static NTSTATUS Show(PDEVICE_OBJECT Device, PIRP Irp)
{
    UNREFERENCED_PARAMETER(Device);
#ifdef CORRECTED
    Counted += IoGetCurrentIrpStackLocation(Irp)->Parameters.DeviceIoControl.InputBufferLength;
    return Complete(Irp, STATUS_SUCCESS);
#else
    ExpectAll((ULONG)STATUS_ACCESS_VIOLATION, IN_DRIVER, ANY, 0); // ANY: the context record
    NTSTATUS const status = Complete(Irp, STATUS_SUCCESS);
    Counted += IoGetCurrentIrpStackLocation(Irp)->Parameters.DeviceIoControl.InputBufferLength;
    return status;
#endif
}

static void Leave(void) { }
