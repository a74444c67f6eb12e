// SPDX-License-Identifier: MIT
// Rule StartNextInStartIo: IoStartNextPacket calls StartIo. A StartIo routine that calls it asks for deferred starting
// first, or it is called within itself as often as there are requests. This one does not ask.
#define MUSEUM_STARTIO
#include "museum.h"

static void StartIo(PDEVICE_OBJECT Device, PIRP Irp)
{
#ifndef CORRECTED
    Expect(IN_DRIVER, (ULONG_PTR)Irp, (ULONG_PTR)Device);
#endif
    Complete(Irp, STATUS_SUCCESS);
    IoStartNextPacket(Device, FALSE);
}

static NTSTATUS Show(PDEVICE_OBJECT Device, PIRP Irp)
{
#ifdef CORRECTED
    IoSetStartIoAttributes(Device, TRUE, FALSE);
#endif
    IoMarkIrpPending(Irp);
    IoStartPacket(Device, Irp, NULL, NULL);
    return STATUS_PENDING;
}

static void Leave(void) { }
