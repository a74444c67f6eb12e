// SPDX-License-Identifier: MIT
// Rule InformationTooLarge: Information says how many bytes of the system buffer go to the issuer. This driver says
// more than fit: what stands behind the buffer would go, too.
#include "museum.h"

static NTSTATUS Show(PDEVICE_OBJECT Device, PIRP Irp)
{
    UNREFERENCED_PARAMETER(Device);
    Irp->IoStatus.Status = STATUS_SUCCESS;
#ifndef CORRECTED
    Irp->IoStatus.Information = IoGetCurrentIrpStackLocation(Irp)->Parameters.DeviceIoControl.OutputBufferLength + 1;
#else
    Irp->IoStatus.Information = IoGetCurrentIrpStackLocation(Irp)->Parameters.DeviceIoControl.OutputBufferLength;
#endif
    Expect(IN_DRIVER, (ULONG_PTR)Irp, (ULONG_PTR)Device);
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return STATUS_SUCCESS;
}

static void Leave(void) { }
