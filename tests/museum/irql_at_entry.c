// SPDX-License-Identifier: MIT
// Rule IrqlAtEntry: KeSetPriorityThread is for PASSIVE_LEVEL; this driver calls it while it holds a spin lock. Windows
// without the Verifier lets it pass.
#include "museum.h"

static KSPIN_LOCK Lock;

static NTSTATUS Show(PDEVICE_OBJECT Device, PIRP Irp)
{
    KIRQL old;
    KPRIORITY before;
    UNREFERENCED_PARAMETER(Device);
    KeInitializeSpinLock(&Lock);
#ifdef CORRECTED
    before = KeSetPriorityThread(KeGetCurrentThread(), 10);
    KeAcquireSpinLock(&Lock, &old);
#else
    KeAcquireSpinLock(&Lock, &old);
    Expect(DISPATCH_LEVEL, PASSIVE_LEVEL, PASSIVE_LEVEL);
    before = KeSetPriorityThread(KeGetCurrentThread(), 10);
#endif
    KeReleaseSpinLock(&Lock, old);
    KeSetPriorityThread(KeGetCurrentThread(), before);
    return Complete(Irp, STATUS_SUCCESS);
}

static void Leave(void) { }
