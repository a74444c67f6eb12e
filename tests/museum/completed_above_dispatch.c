// SPDX-License-Identifier: MIT
// Rule CompletedAboveDispatch: IoCompleteRequest is called at DISPATCH_LEVEL at most. This driver is above, as if in
// its ISR.
#include "museum.h"

static NTSTATUS Show(PDEVICE_OBJECT Device, PIRP Irp)
{
    UNREFERENCED_PARAMETER(Device);
#ifndef CORRECTED
    KIRQL old;
    KeRaiseIrql(DISPATCH_LEVEL + 3, &old);
#endif
    Expect(DISPATCH_LEVEL + 3, (ULONG_PTR)Irp, 0);
    Complete(Irp, STATUS_SUCCESS);
#ifndef CORRECTED
    KeLowerIrql(old);
#endif
    return STATUS_SUCCESS;
}

static void Leave(void) { }
