// SPDX-License-Identifier: MIT
// Rule UserAddressInKernelIrp: the driver hands a client's buffer on in a request of its own, whose requestor mode
// is KernelMode: the one below will not probe it.
#define MUSEUM_LEVELS 2
#include "museum.h"

#define IOCTL_MUSEUM_NEITHER CTL_CODE(0x8000, 0x801, METHOD_NEITHER, FILE_ANY_ACCESS)

static NTSTATUS Below(PDEVICE_OBJECT Device, PIRP Irp)
{
    UNREFERENCED_PARAMETER(Device);
    return Complete(Irp, STATUS_SUCCESS);
}

static NTSTATUS Show(PDEVICE_OBJECT Device, PIRP Irp)
{
    UCHAR kernels[8] = { 0 };
#ifdef CORRECTED
    PVOID buffer = kernels;
#else
    PVOID buffer = (PVOID)((ULONG_PTR)MmUserProbeAddress - 0x100000);
#endif
    PIRP own = IoAllocateIrp(LowerOf(Device)->StackSize, FALSE);
    if (!own)
        return Complete(Irp, STATUS_INSUFFICIENT_RESOURCES);
    PIO_STACK_LOCATION next = IoGetNextIrpStackLocation(own);
    next->MajorFunction = IRP_MJ_DEVICE_CONTROL;
    next->Parameters.DeviceIoControl.IoControlCode = IOCTL_MUSEUM_NEITHER;
    next->Parameters.DeviceIoControl.Type3InputBuffer = buffer;
    next->Parameters.DeviceIoControl.InputBufferLength = sizeof kernels;
    IoSetCompletionRoutine(own, TakeBack, NULL, TRUE, TRUE, TRUE);
    Expect((ULONG_PTR)own, (ULONG_PTR)buffer, 0);
    IoCallDriver(LowerOf(Device), own);
    IoFreeIrp(own);
    return Complete(Irp, STATUS_SUCCESS);
}

static void Leave(void) { }
