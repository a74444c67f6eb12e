// SPDX-License-Identifier: MIT
// Rule ControlBufferRefused: a buffer that a request is built for exists. The output of this control code is locked,
// and stands at an address where nothing is.
#define MUSEUM_LEVELS 2
#include "museum.h"

#define IOCTL_MUSEUM_DIRECT CTL_CODE(0x8000, 0x801, METHOD_OUT_DIRECT, FILE_ANY_ACCESS)

static NTSTATUS Below(PDEVICE_OBJECT Device, PIRP Irp)
{
    UNREFERENCED_PARAMETER(Device);
    return Complete(Irp, STATUS_SUCCESS);
}


static NTSTATUS Show(PDEVICE_OBJECT Device, PIRP Irp)
{
    KEVENT done;
    IO_STATUS_BLOCK outcome;
    PVOID buffer = (PVOID)(ULONG_PTR)0x10000; // a user's address, in a process that has nothing there
    PIRP own;
#ifdef CORRECTED
    buffer = NULL;
#endif
    KeInitializeEvent(&done, NotificationEvent, FALSE);
    Expect((ULONG_PTR)LowerOf(Device), (ULONG)IOCTL_MUSEUM_DIRECT, (ULONG)STATUS_ACCESS_VIOLATION);
    own = IoBuildDeviceIoControlRequest(IOCTL_MUSEUM_DIRECT, LowerOf(Device), NULL, 0, buffer, buffer ? 64 : 0, FALSE,
                                        &done, &outcome);
    if (!own)
        return Complete(Irp, STATUS_INSUFFICIENT_RESOURCES);
    IoCallDriver(LowerOf(Device), own);
    return Complete(Irp, STATUS_SUCCESS);
}

static void Leave(void) { }
