// SPDX-License-Identifier: MIT
// Rule IrqlAtReturn: one path through the dispatch routine leaves the IRQL raised.
#include "museum.h"

static NTSTATUS Show(PDEVICE_OBJECT Device, PIRP Irp)
{
    KIRQL old;
    NTSTATUS status;
    UNREFERENCED_PARAMETER(Device);
    Expect((ULONG_PTR)Device, PASSIVE_LEVEL, APC_LEVEL);
    KeRaiseIrql(APC_LEVEL, &old);
    status = Complete(Irp, STATUS_SUCCESS);
#ifdef CORRECTED
    KeLowerIrql(old);
#endif
    return status;
}

static void Leave(void) { }
