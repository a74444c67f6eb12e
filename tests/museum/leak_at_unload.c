// SPDX-License-Identifier: MIT
// Rule LeakAtUnload: what the request allocated is remembered, and nobody frees it.
#include "museum.h"

static PVOID Remembered;

static NTSTATUS Show(PDEVICE_OBJECT Device, PIRP Irp)
{
    UNREFERENCED_PARAMETER(Device);
    if (!Remembered)
        Remembered = ExAllocatePoolWithTag(NonPagedPool, 100, 'esuM');
    return Complete(Irp, Remembered ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES);
}

static void Leave(void)
{
    Expect((ULONG_PTR)Levels[0]->DriverObject->DriverName.Buffer, 0, 1);
#ifdef CORRECTED
    if (Remembered)
        ExFreePoolWithTag(Remembered, 'esuM');
#endif
}
