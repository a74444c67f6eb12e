// SPDX-License-Identifier: MIT
// Breaks into the debugger in each way there is, in its DriverEntry too, and asks whether there is one.
#include <ntddk.h>

#include "breaks.h"

NTSYSAPI VOID NTAPI RtlAssert(PVOID, PVOID, ULONG, PCHAR);

static NTSTATUS Complete(PIRP Irp, NTSTATUS Status, ULONG_PTR Information)
{
    Irp->IoStatus.Status = Status;
    Irp->IoStatus.Information = Information;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return Status;
}

static NTSTATUS CreateClose(PDEVICE_OBJECT Device, PIRP Irp)
{
    UNREFERENCED_PARAMETER(Device);
    return Complete(Irp, STATUS_SUCCESS, 0);
}

static void Break(ULONG way)
{
    switch (way) {
    case BREAKS_INT3:
        __debugbreak();
        break;
    case BREAKS_INT2C:
        __asm__ volatile("int $0x2c");
        break;
    case BREAKS_POINT:
        DbgBreakPoint();
        break;
    case BREAKS_POINT_WITH_STATUS:
        DbgBreakPointWithStatus(0xC0DE);
        break;
    case BREAKS_ASSERT:
        RtlAssert("Count != 0", "breaks.c", 1, NULL);
        break;
    }
}

static ULONG EachWay(void)
{
    ULONG ways = 0;
    for (ULONG way = 1; way < BREAKS_EACH; way *= 2) {
        Break(way);
        ways |= way;
    }
    return ways;
}

static ULONG Guarded(void)
{
    ULONG raised = 0;
    for (ULONG way = 1; way < BREAKS_EACH; way *= 2) {
        __try {
            Break(way);
        } __except (EXCEPTION_EXECUTE_HANDLER) {
            raised |= way;
        }
    }
    return raised;
}

static ULONG Seen(void)
{
    UCHAR shared = *(volatile UCHAR*)(0xFFFFF78000000000ull + 0x2d4); // KUSER_SHARED_DATA.KdDebuggerEnabled
    ULONG seen = 0;
    if (KD_DEBUGGER_ENABLED)
        seen |= BREAKS_SEEN_ENABLED;
    if (!KD_DEBUGGER_NOT_PRESENT)
        seen |= BREAKS_SEEN_PRESENT;
    if (!KdRefreshDebuggerNotPresent())
        seen |= BREAKS_SEEN_REFRESHED;
    if (shared & 1)
        seen |= BREAKS_SEEN_SHARED_ENABLED;
    if (shared & 2)
        seen |= BREAKS_SEEN_SHARED_PRESENT;
    return seen;
}

// A decimal digit for each call, the first one leftmost: 1 success, 2 inactive, 3 access denied; then what a break-in
// does while disabled (1: raises), and what it does after it was enabled again.
static ULONG Disabled(void)
{
    BOOLEAN block = TRUE;
    ULONG digits = 0;
    NTSTATUS status;
    for (ULONG call = 0; call < 4; ++call) {
        if (call == 0)
            status = KdDisableDebugger();
        else if (call == 1) {
            digits = digits * 10 + (Guarded() == BREAKS_EACH);
            status = KdEnableDebugger();
        } else if (call == 2) {
            digits = digits * 10 + (Guarded() == BREAKS_EACH);
            status = KdChangeOption(KD_OPTION_SET_BLOCK_ENABLE, sizeof block, &block, 0, NULL, NULL);
        } else
            status = KdDisableDebugger();
        digits = digits * 10
            + (status == STATUS_SUCCESS               ? 1
               : status == STATUS_DEBUGGER_INACTIVE ? 2
               : status == STATUS_ACCESS_DENIED     ? 3
                                                    : 9);
    }
    return digits;
}

static NTSTATUS DeviceControl(PDEVICE_OBJECT Device, PIRP Irp)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(Irp);
    ULONG* answer = Irp->AssociatedIrp.SystemBuffer;
    UNREFERENCED_PARAMETER(Device);
    if (stack->Parameters.DeviceIoControl.OutputBufferLength < sizeof *answer)
        return Complete(Irp, STATUS_BUFFER_TOO_SMALL, 0);
    switch (stack->Parameters.DeviceIoControl.IoControlCode) {
    case IOCTL_BREAKS_EACH_WAY:
        *answer = EachWay();
        break;
    case IOCTL_BREAKS_GUARDED:
        *answer = Guarded();
        break;
    case IOCTL_BREAKS_DEBUGGER:
        *answer = Seen();
        break;
    case IOCTL_BREAKS_DISABLED:
        *answer = Disabled();
        break;
    default:
        return Complete(Irp, STATUS_INVALID_DEVICE_REQUEST, 0);
    }
    return Complete(Irp, STATUS_SUCCESS, sizeof *answer);
}

static void Unload(PDRIVER_OBJECT Driver) { IoDeleteDevice(Driver->DeviceObject); }

NTSTATUS DriverEntry(PDRIVER_OBJECT Driver, PUNICODE_STRING RegistryPath)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\Device\\Breaks");
    PDEVICE_OBJECT device;
    UNREFERENCED_PARAMETER(RegistryPath);
#ifdef BREAK_IN_ENTRY
    DbgBreakPoint();
#endif
    Driver->MajorFunction[IRP_MJ_CREATE] = CreateClose;
    Driver->MajorFunction[IRP_MJ_CLOSE] = CreateClose;
    Driver->MajorFunction[IRP_MJ_DEVICE_CONTROL] = DeviceControl;
    Driver->DriverUnload = Unload;
    return IoCreateDevice(Driver, 0, &name, 0x8000, 0, FALSE, &device);
}
