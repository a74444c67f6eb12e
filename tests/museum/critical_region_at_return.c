// SPDX-License-Identifier: MIT
// Rule CriticalRegionAtReturn: the early way out leaves the critical region entered, so that the thread can never be
// suspended or ended again.
#include "museum.h"

static NTSTATUS Show(PDEVICE_OBJECT Device, PIRP Irp)
{
    UNREFERENCED_PARAMETER(Device);
    KeEnterCriticalRegion();
    Expect((ULONG_PTR)Control, (USHORT)-1, 0);
    NTSTATUS const status = Complete(Irp, STATUS_INVALID_PARAMETER);
#ifdef CORRECTED
    KeLeaveCriticalRegion();
#endif
    return status;
}

static void Leave(void) { }
