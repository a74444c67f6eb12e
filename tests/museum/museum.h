// SPDX-License-Identifier: MIT
// What all exhibits share: a device \Device\Museum with the link \\.\Museum, and one function that an exhibit writes.
// An exhibit is one source built twice: as it is, it breaks one rule; with CORRECTED defined it is the same driver
// without the fault.
//
// An exhibit that needs a stack defines MUSEUM_LEVELS (2 or 3) first: so many devices of this driver stand above each
// other. Show gets the request at the top; Below, which the exhibit writes too, gets what was sent down.
//
// One with a StartIo routine defines MUSEUM_STARTIO, one that handles WMI requests MUSEUM_WMI: Show and Below get those,
// too.
//
// One that needs a driver that is not its own below it defines MUSEUM_HOLDER: its requests have a location for Holder, the
// device of tests/drivers/holder.c, which keeps what it gets until it is cancelled.
#pragma once
#include <ntddk.h>

#ifndef MUSEUM_LEVELS
#define MUSEUM_LEVELS 1
#endif

#define IOCTL_MUSEUM_SHOW CTL_CODE(0x8000, 0x800, METHOD_BUFFERED, FILE_ANY_ACCESS)

// The exhibit: what the driver does with the request. It owns the IRP and returns the dispatch routine's status.
static NTSTATUS Show(PDEVICE_OBJECT Device, PIRP Irp);
#if MUSEUM_LEVELS > 1
// What a lower device does with one.
static NTSTATUS Below(PDEVICE_OBJECT Device, PIRP Irp);
#endif
#ifdef MUSEUM_STARTIO
static void StartIo(PDEVICE_OBJECT Device, PIRP Irp);
#endif
// The exhibit's part of unloading.
static void Leave(void);

typedef struct _LEVEL {
    PDEVICE_OBJECT Lower; // none at the bottom
} LEVEL;

static PDEVICE_OBJECT Levels[MUSEUM_LEVELS]; // from the bottom

#ifndef CORRECTED
// What an exhibit says right before it breaks its rule: the parameters of the bug check, as the page has them. The test
// compares them with the report.
#define ITS_OWN ((ULONG_PTR)0x1111111111111111) // parameter 1 of the rule's row
#define IN_DRIVER ((ULONG_PTR)0x2222222222222222) // an address in the exhibit's image
#define ANY ((ULONG_PTR)0x3333333333333333) // what a driver cannot know; the exhibit says why

extern UCHAR __ImageBase[];

static inline void ExpectAll(ULONG_PTR P1, ULONG_PTR P2, ULONG_PTR P3, ULONG_PTR P4)
{
    LONG const headers = *(LONG*)(__ImageBase + 0x3C);
    ULONG const bytes = *(ULONG*)(__ImageBase + headers + 0x50); // SizeOfImage
    DbgPrint("museum expects %p %p %p %p image %p %x\n", (PVOID)P1, (PVOID)P2, (PVOID)P3, (PVOID)P4, (PVOID)__ImageBase,
             bytes);
}
#else
#define ExpectAll(P1, P2, P3, P4) ((void)0)
#endif
#define Expect(P2, P3, P4) ExpectAll(ITS_OWN, P2, P3, P4)

#ifdef MUSEUM_HOLDER
static PDEVICE_OBJECT Holder;
static PFILE_OBJECT HolderFile; // keeps it

static NTSTATUS FindHolder(void)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\Device\\MuseumHolder");
    NTSTATUS const status = IoGetDeviceObjectPointer(&name, FILE_READ_DATA, &HolderFile, &Holder);
    if (NT_SUCCESS(status))
        Levels[0]->StackSize = Holder->StackSize + 1;
    return status;
}

static void LeaveHolder(void)
{
    if (HolderFile)
        ObDereferenceObject(HolderFile);
}
#else
static NTSTATUS FindHolder(void) { return STATUS_SUCCESS; }
static void LeaveHolder(void) { }
#endif

static inline PDEVICE_OBJECT LowerOf(PDEVICE_OBJECT Device) { return ((LEVEL*)Device->DeviceExtension)->Lower; }

static inline NTSTATUS Complete(PIRP Irp, NTSTATUS Status)
{
    Irp->IoStatus.Status = Status;
    Irp->IoStatus.Information = 0;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return Status;
}

// A request of ours that comes back from below.
static inline NTSTATUS TakeBack(PDEVICE_OBJECT Device, PIRP Irp, PVOID Context)
{
    UNREFERENCED_PARAMETER(Device);
    UNREFERENCED_PARAMETER(Irp);
    UNREFERENCED_PARAMETER(Context);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

// A request of this driver's own for a device: TakeBack gets it back.
static inline PIRP MakeControl(PDEVICE_OBJECT Device)
{
    PIRP own = IoAllocateIrp(Device->StackSize, FALSE);
    if (own) {
        PIO_STACK_LOCATION next = IoGetNextIrpStackLocation(own);
        next->MajorFunction = IRP_MJ_DEVICE_CONTROL;
        next->Parameters.DeviceIoControl.IoControlCode = IOCTL_MUSEUM_SHOW;
        IoSetCompletionRoutine(own, TakeBack, NULL, TRUE, TRUE, TRUE);
    }
    return own;
}

static NTSTATUS Control(PDEVICE_OBJECT Device, PIRP Irp)
{
#if MUSEUM_LEVELS > 1
    if (Device != Levels[MUSEUM_LEVELS - 1])
        return Below(Device, Irp);
#endif
    return Show(Device, Irp);
}

static NTSTATUS CreateClose(PDEVICE_OBJECT Device, PIRP Irp)
{
    UNREFERENCED_PARAMETER(Device);
    return Complete(Irp, STATUS_SUCCESS);
}

// PnP, power and WMI requests: this driver knows none of them, and leaves their status as it is.
static NTSTATUS Unknown(PDEVICE_OBJECT Device, PIRP Irp)
{
    NTSTATUS const status = Irp->IoStatus.Status;
    UNREFERENCED_PARAMETER(Device);
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return status;
}

#ifdef MUSEUM_WMI
#define SYSTEM_CONTROL_ROUTINE Control
#else
#define SYSTEM_CONTROL_ROUTINE Unknown
#endif

static void RemoveLevels(void)
{
    for (int i = MUSEUM_LEVELS - 1; i >= 0; --i)
        if (Levels[i]) {
            if (LowerOf(Levels[i]))
                IoDetachDevice(LowerOf(Levels[i]));
            IoDeleteDevice(Levels[i]);
        }
}

static void Unload(PDRIVER_OBJECT Driver)
{
    UNICODE_STRING link = RTL_CONSTANT_STRING(L"\\DosDevices\\Museum");
    UNREFERENCED_PARAMETER(Driver);
    Leave();
    LeaveHolder();
    IoDeleteSymbolicLink(&link);
    RemoveLevels();
}

static NTSTATUS AddLevel(PDRIVER_OBJECT Driver, int Level)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\Device\\Museum");
    NTSTATUS const status
        = IoCreateDevice(Driver, sizeof(LEVEL), Level ? NULL : &name, 0x8000, 0, FALSE, &Levels[Level]);
    if (!NT_SUCCESS(status))
        return status;
    if (Level) {
        LEVEL* level = Levels[Level]->DeviceExtension;
        level->Lower = IoAttachDeviceToDeviceStack(Levels[Level], Levels[0]);
        if (!level->Lower)
            return STATUS_NO_SUCH_DEVICE;
    }
    Levels[Level]->Flags &= ~DO_DEVICE_INITIALIZING;
    return STATUS_SUCCESS;
}

NTSTATUS DriverEntry(PDRIVER_OBJECT Driver, PUNICODE_STRING RegistryPath)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\Device\\Museum");
    UNICODE_STRING link = RTL_CONSTANT_STRING(L"\\DosDevices\\Museum");
    NTSTATUS status;
    UNREFERENCED_PARAMETER(RegistryPath);
    Driver->MajorFunction[IRP_MJ_CREATE] = CreateClose;
    Driver->MajorFunction[IRP_MJ_CLOSE] = CreateClose;
    Driver->MajorFunction[IRP_MJ_CLEANUP] = CreateClose;
    Driver->MajorFunction[IRP_MJ_DEVICE_CONTROL] = Control;
    Driver->MajorFunction[IRP_MJ_PNP] = Unknown;
    Driver->MajorFunction[IRP_MJ_POWER] = Unknown;
    Driver->MajorFunction[IRP_MJ_SYSTEM_CONTROL] = SYSTEM_CONTROL_ROUTINE;
#ifdef MUSEUM_STARTIO
    Driver->DriverStartIo = StartIo;
#endif
    Driver->DriverUnload = Unload;
    status = IoCreateSymbolicLink(&link, &name);
    for (int i = 0; i < MUSEUM_LEVELS && NT_SUCCESS(status); ++i)
        status = AddLevel(Driver, i);
    if (NT_SUCCESS(status))
        status = FindHolder();
    if (!NT_SUCCESS(status)) {
        IoDeleteSymbolicLink(&link);
        RemoveLevels();
    }
    return status;
}
