// SPDX-License-Identifier: MIT
// What the four drivers of the soak share: control codes, and how an attached device is made. The stack, from the top:
//
//   soak_split   splits long reads into associated IRPs; sends requests of its own when asked to
//   soak_hold    waits for direct control codes, holds every second read in its completion routine
//   soak_copy    answers every second write with one from a buffer of its own
//   soak_port    \Device\Soak: a cancel-safe queue, StartIo, work items; the only one that finishes requests
//
// Every call may fail, and each driver goes on: a request that cannot be served ends with the failure's status.
#pragma once

#ifdef _WIN32
#include <ntddk.h>
#else
#include <stdint.h>
#endif

#define SOAK_CODE(Function, Method) ((0x8000u << 16) | ((0x800u + (Function)) << 2) | (Method))
#define IOCTL_SOAK_BUFFERED SOAK_CODE(0, 0) // the port adds one to each byte
#define IOCTL_SOAK_IN_DIRECT SOAK_CODE(1, 1)
#define IOCTL_SOAK_OUT_DIRECT SOAK_CODE(2, 2) // the same
#define IOCTL_SOAK_NEITHER SOAK_CODE(3, 3)
#define IOCTL_SOAK_WORK SOAK_CODE(4, 0)    // completed by a work item of the port
#define IOCTL_SOAK_BUILT SOAK_CODE(5, 0)   // soak_split sends a control code of its own and waits
#define IOCTL_SOAK_REUSED SOAK_CODE(6, 0)  // soak_split sends one IRP eight times

#define SOAK_PIECE 256 // bytes of a read's piece

#ifdef _WIN32
#define SOAK_TAG 'kaoS'

typedef struct {
    PDEVICE_OBJECT Lower;
    IO_REMOVE_LOCK Lock;
} SOAK_FILTER, *PSOAK_FILTER;

static inline NTSTATUS SoakComplete(PIRP Irp, NTSTATUS Status, ULONG_PTR Information)
{
    Irp->IoStatus.Status = Status;
    Irp->IoStatus.Information = Information;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return Status;
}

static inline NTSTATUS SoakAttach(PDRIVER_OBJECT Driver)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\Device\\Soak");
    PDEVICE_OBJECT device;
    NTSTATUS status = IoCreateDevice(Driver, sizeof(SOAK_FILTER), NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &device);
    if (!NT_SUCCESS(status))
        return status;
    PSOAK_FILTER filter = device->DeviceExtension;
    IoInitializeRemoveLock(&filter->Lock, SOAK_TAG, 0, 0);
    status = IoAttachDevice(device, &name, &filter->Lower);
    if (!NT_SUCCESS(status)) {
        IoDeleteDevice(device);
        return status;
    }
    device->Flags |= filter->Lower->Flags & (DO_BUFFERED_IO | DO_DIRECT_IO);
    device->Flags &= ~DO_DEVICE_INITIALIZING;
    return STATUS_SUCCESS;
}

// The remove lock waits for requests that are still on their way up.
static inline VOID SoakDetach(PDRIVER_OBJECT Driver)
{
    PDEVICE_OBJECT device = Driver->DeviceObject;
    PSOAK_FILTER filter = device->DeviceExtension;
    if (NT_SUCCESS(IoAcquireRemoveLock(&filter->Lock, device)))
        IoReleaseRemoveLockAndWait(&filter->Lock, device);
    IoDetachDevice(filter->Lower);
    IoDeleteDevice(device);
}

// Goes down without a completion routine.
static inline NTSTATUS SoakSkip(PSOAK_FILTER Filter, PIRP Irp)
{
    IoSkipCurrentIrpStackLocation(Irp);
    NTSTATUS status = IoCallDriver(Filter->Lower, Irp);
    IoReleaseRemoveLock(&Filter->Lock, Irp);
    return status;
}

static inline NTSTATUS SoakFail(PSOAK_FILTER Filter, PIRP Irp, NTSTATUS Status)
{
    SoakComplete(Irp, Status, 0);
    IoReleaseRemoveLock(&Filter->Lock, Irp);
    return Status;
}
#endif
