// SPDX-License-Identifier: MIT
// Rule SentClosedFile: a create request names a file object that is being opened. This one was opened and closed
// before.
#define MUSEUM_LEVELS 2
#include "museum.h"

static NTSTATUS Below(PDEVICE_OBJECT Device, PIRP Irp)
{
    UNREFERENCED_PARAMETER(Device);
    return Complete(Irp, STATUS_SUCCESS);
}


static NTSTATUS Show(PDEVICE_OBJECT Device, PIRP Irp)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\Device\\Museum");
    PFILE_OBJECT file; // its handle is closed already
    PDEVICE_OBJECT top;
    PIRP own;
    NTSTATUS status = IoGetDeviceObjectPointer(&name, FILE_READ_DATA, &file, &top);
    if (!NT_SUCCESS(status))
        return Complete(Irp, status);
    own = IoAllocateIrp(LowerOf(Device)->StackSize, FALSE);
    if (!own) {
        ObDereferenceObject(file);
        return Complete(Irp, STATUS_INSUFFICIENT_RESOURCES);
    }
    IoGetNextIrpStackLocation(own)->MajorFunction = IRP_MJ_CREATE;
#ifndef CORRECTED
    IoGetNextIrpStackLocation(own)->FileObject = file;
#endif
    IoSetCompletionRoutine(own, TakeBack, NULL, TRUE, TRUE, TRUE);
    Expect((ULONG_PTR)LowerOf(Device), (ULONG_PTR)own, (ULONG_PTR)file);
    IoCallDriver(LowerOf(Device), own);
    IoFreeIrp(own);
    ObDereferenceObject(file);
    return Complete(Irp, STATUS_SUCCESS);
}

static void Leave(void) { }
