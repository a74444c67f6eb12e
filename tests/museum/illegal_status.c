// SPDX-License-Identifier: MIT
// Rule IllegalStatus: a routine that returns -1 for failure, as C functions do, is called for its status.
#include "museum.h"

static int Transfer(void) { return -1; }

static NTSTATUS Show(PDEVICE_OBJECT Device, PIRP Irp)
{
    UNREFERENCED_PARAMETER(Device);
#ifdef CORRECTED
    return Complete(Irp, Transfer() < 0 ? STATUS_UNSUCCESSFUL : STATUS_SUCCESS);
#else
    Complete(Irp, STATUS_UNSUCCESSFUL);
    Expect(IN_DRIVER, (ULONG_PTR)Irp, (ULONG)-1);
    return Transfer();
#endif
}

static void Leave(void) { }
