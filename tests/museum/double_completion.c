// SPDX-License-Identifier: MIT
// Rule DoubleCompletion: the error path completes the request, and then the common path does so again.
#include "museum.h"

static NTSTATUS Show(PDEVICE_OBJECT Device, PIRP Irp)
{
    UNREFERENCED_PARAMETER(Device);
#ifdef CORRECTED
    return Complete(Irp, STATUS_INVALID_PARAMETER);
#else
    ExpectAll((ULONG_PTR)Irp, 0, 0, 0);
    Complete(Irp, STATUS_INVALID_PARAMETER);
    return Complete(Irp, STATUS_SUCCESS);
#endif
}

static void Leave(void) { }
