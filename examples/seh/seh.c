// SPDX-License-Identifier: MIT
//
// Structured exception handling in a driver: what __try, __except and __finally do, case by case.
//
// Each function below is one case. It writes a word into the reply whenever a filter, a finally block or a handler
// runs, so that the order can be seen from outside; seh.h says what to expect and why. The rest of the file is an
// ordinary small driver like examples/ioctl, which explains the parts left uncommented here.
//
// Remember when writing your own: of all faults only those on user-range addresses become exceptions. A wrong kernel
// pointer ends the system, guarded or not.

#include <ntddk.h>

#include "seh.h"

C_ASSERT(IOCTL_SEH_RAISE == CTL_CODE(0x8000u, 0x810u, METHOD_BUFFERED, FILE_ANY_ACCESS));

typedef struct _REPLY {
    PCHAR Text;
    ULONG Length;
    ULONG Capacity;
} REPLY, *PREPLY;

static const UNICODE_STRING DeviceName = RTL_CONSTANT_STRING(L"\\Device\\RingsideSeh");
static const UNICODE_STRING LinkName = RTL_CONSTANT_STRING(L"\\DosDevices\\RingsideSeh");

// The lower device of the case THROUGH_KERNEL. It has no name: only this driver can reach it.
static PDEVICE_OBJECT LowerDevice;

static VOID Append(PREPLY Reply, const char* Text)
{
    while (*Text != 0 && Reply->Length < Reply->Capacity) {
        Reply->Text[Reply->Length++] = *Text++;
    }
}

static VOID AppendNumber(PREPLY Reply, ULONG64 Number, ULONG Base)
{
    char digits[24];
    ULONG start = sizeof(digits) - 1;

    digits[start] = 0;
    do {
        digits[--start] = "0123456789abcdef"[Number % Base];
        Number /= Base;
    } while (Number != 0);
    Append(Reply, digits + start);
}

// One word of the reply, with a space before it unless it is the first.
static VOID Word(PREPLY Reply, const char* Text)
{
    if (Reply->Length != 0) {
        Append(Reply, " ");
    }
    Append(Reply, Text);
}

static VOID WordWithCode(PREPLY Reply, const char* Text, ULONG Code)
{
    Word(Reply, Text);
    Append(Reply, "(");
    AppendNumber(Reply, Code, 16);
    Append(Reply, ")");
}

static VOID WordWithNumber(PREPLY Reply, const char* Text, ULONG Number)
{
    Word(Reply, Text);
    Append(Reply, "(");
    AppendNumber(Reply, Number, 10);
    Append(Reply, ")");
}

// A filter: is asked while the faulting code still stands on the stack, and decides by what it returns.
static LONG Accept(PREPLY Reply, ULONG Code)
{
    WordWithCode(Reply, "filter", Code);
    return EXCEPTION_EXECUTE_HANDLER;
}

static LONG AcceptOnly(PREPLY Reply, ULONG Code, NTSTATUS Wanted)
{
    WordWithCode(Reply, "filter", Code);
    return Code == (ULONG)Wanted ? EXCEPTION_EXECUTE_HANDLER : EXCEPTION_CONTINUE_SEARCH;
}

// The access violation's parameters: read or write, and where.
static LONG AcceptAccessViolation(PREPLY Reply, PEXCEPTION_POINTERS Pointers)
{
    PEXCEPTION_RECORD record = Pointers->ExceptionRecord;

    Word(Reply, "filter(");
    AppendNumber(Reply, (ULONG)record->ExceptionCode, 16);
    Append(Reply, ",");
    AppendNumber(Reply, record->ExceptionInformation[0], 10);
    Append(Reply, ",");
    AppendNumber(Reply, record->ExceptionInformation[1], 16);
    Append(Reply, ")");
    return EXCEPTION_EXECUTE_HANDLER;
}

static VOID Raise(PREPLY Reply, NTSTATUS Status)
{
    __try {
        ExRaiseStatus(Status);
    } __except (Accept(Reply, GetExceptionCode())) {
        WordWithCode(Reply, "except", GetExceptionCode());
    }
}

static VOID Load(PREPLY Reply, volatile ULONG* Address)
{
    __try {
        WordWithNumber(Reply, "loaded", *Address);
    } __except (AcceptAccessViolation(Reply, GetExceptionInformation())) {
        WordWithCode(Reply, "except", GetExceptionCode());
    }
}

static VOID Store(PREPLY Reply, volatile ULONG* Address)
{
    __try {
        *Address = 1;
        Word(Reply, "stored");
    } __except (AcceptAccessViolation(Reply, GetExceptionInformation())) {
        WordWithCode(Reply, "except", GetExceptionCode());
    }
}

static VOID Nested(PREPLY Reply)
{
    __try {
        __try {
            ExRaiseStatus(STATUS_DEVICE_NOT_READY);
        } __except (Word(Reply, "inner-filter"), EXCEPTION_CONTINUE_SEARCH) {
            Word(Reply, "inner-except");
        }
    } __except (Word(Reply, "outer-filter"), EXCEPTION_EXECUTE_HANDLER) {
        WordWithCode(Reply, "outer-except", GetExceptionCode());
    }
}

static VOID Finally(PREPLY Reply)
{
    __try {
        __try {
            __try {
                __try {
                    ExRaiseStatus(STATUS_UNSUCCESSFUL);
                } __finally {
                    WordWithNumber(Reply, "inner-finally", AbnormalTermination());
                }
            } __finally {
                WordWithNumber(Reply, "outer-finally", AbnormalTermination());
            }
        } __except (Word(Reply, "filter"), EXCEPTION_EXECUTE_HANDLER) {
            Word(Reply, "except");
        }
    } __finally {
        WordWithNumber(Reply, "finally", AbnormalTermination());
    }
}

static LONG Repair(PREPLY Reply, PEXCEPTION_POINTERS Pointers, PULONG Good)
{
    WordWithCode(Reply, "filter", (ULONG)Pointers->ExceptionRecord->ExceptionCode);
    Pointers->ContextRecord->Rcx = (ULONG64)Good;
    return EXCEPTION_CONTINUE_EXECUTION;
}

// The load is written in assembler so that the filter knows which register holds the pointer.
static VOID Continue(PREPLY Reply)
{
    ULONG good = 1234;
    ULONG value = 0;

    __try {
        PULONG pointer = NULL;
        __asm__ volatile("movl (%%rcx), %0" : "=r"(value), "+c"(pointer) : : "memory");
        WordWithNumber(Reply, "loaded", value);
    } __except (Repair(Reply, GetExceptionInformation(), &good)) {
        Word(Reply, "except");
    }
}

static VOID Collided(PREPLY Reply)
{
    __try {
        __try {
            __try {
                ExRaiseStatus(STATUS_UNSUCCESSFUL);
            } __finally {
                WordWithNumber(Reply, "finally", AbnormalTermination());
                ExRaiseStatus(STATUS_NOT_IMPLEMENTED);
            }
        } __except (AcceptOnly(Reply, GetExceptionCode(), STATUS_NOT_IMPLEMENTED)) {
            WordWithCode(Reply, "except", GetExceptionCode());
        }
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        Word(Reply, "outer-except");
    }
}

// Called by the kernel, inside IoCallDriver, for the lower device.
static VOID RaiseInLowerDevice(PREPLY Reply)
{
    __try {
        ExRaiseStatus(STATUS_INVALID_DEVICE_REQUEST);
    } __finally {
        WordWithNumber(Reply, "lower-finally", AbnormalTermination());
    }
}

// Would stop the completion, if it came to one.
static NTSTATUS CameBack(PDEVICE_OBJECT Device, PIRP Irp, PVOID Context)
{
    UNREFERENCED_PARAMETER(Device);
    UNREFERENCED_PARAMETER(Irp);
    UNREFERENCED_PARAMETER(Context);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

// The IRP never reaches a completion: it was sent from this very frame, which gets it back with the exception.
static NTSTATUS ThroughKernel(PREPLY Reply)
{
    PIRP irp = IoAllocateIrp(LowerDevice->StackSize, FALSE);
    PIO_STACK_LOCATION next;

    if (irp == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    __try {
        next = IoGetNextIrpStackLocation(irp);
        next->MajorFunction = IRP_MJ_INTERNAL_DEVICE_CONTROL;
        next->Parameters.Others.Argument1 = Reply;
        IoSetCompletionRoutine(irp, CameBack, NULL, TRUE, TRUE, TRUE);
        __try {
            Word(Reply, "called");
            IoCallDriver(LowerDevice, irp);
            Word(Reply, "returned");
        } __except (EXCEPTION_EXECUTE_HANDLER) {
            WordWithCode(Reply, "except", GetExceptionCode());
        }
    } __finally {
        WordWithNumber(Reply, "upper-finally", AbnormalTermination());
        IoFreeIrp(irp);
    }
    return STATUS_SUCCESS;
}

static DECLSPEC_NOINLINE ULONG Descend(PREPLY Reply, ULONG Depth)
{
    ULONG below = 0;

    __try {
        if (Depth == 8) {
            ExRaiseStatus(STATUS_CANCELLED);
        }
        below = Descend(Reply, Depth + 1);
    } __finally {
        Word(Reply, "");
        AppendNumber(Reply, Depth, 10);
    }
    return below + Depth;
}

// A value from before the exception lives in this function's registers or stack; the code after it must find it intact.
static VOID Deep(PREPLY Reply)
{
    ULONG kept = Reply->Capacity;

    __try {
        kept += Descend(Reply, 1);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        WordWithCode(Reply, "except", GetExceptionCode());
    }
    WordWithNumber(Reply, "kept", kept);
}

static ULONG LeaveByReturn(PREPLY Reply)
{
    __try {
        Word(Reply, "return");
        return 1;
    } __finally {
        WordWithNumber(Reply, "finally", AbnormalTermination());
    }
    return 0;
}

static VOID Leave(PREPLY Reply)
{
    __try {
        Word(Reply, "leave");
        if (Reply->Length != 0) {
            __leave;
        }
        Word(Reply, "stayed");
    } __finally {
        WordWithNumber(Reply, "finally", AbnormalTermination());
    }
    LeaveByReturn(Reply);
}

static VOID Reraise(PREPLY Reply, volatile ULONG* Address)
{
    __try {
        __try {
            __try {
                *Address = 1;
            } __except (EXCEPTION_EXECUTE_HANDLER) {
                WordWithCode(Reply, "except", GetExceptionCode());
                ExRaiseStatus(STATUS_INSUFFICIENT_RESOURCES);
            }
        } __finally {
            WordWithNumber(Reply, "finally", AbnormalTermination());
        }
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        WordWithCode(Reply, "except", GetExceptionCode());
    }
}

static LONG FaultingFilter(PREPLY Reply, ULONG Code, volatile ULONG* Address)
{
    WordWithCode(Reply, "filter", Code);
    __try {
        *Address = Code;
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        WordWithCode(Reply, "filter-except", GetExceptionCode());
    }
    return EXCEPTION_EXECUTE_HANDLER;
}

static VOID FaultInFilter(PREPLY Reply, volatile ULONG* Address)
{
    __try {
        ExRaiseStatus(STATUS_UNSUCCESSFUL);
    } __except (FaultingFilter(Reply, GetExceptionCode(), Address)) {
        WordWithCode(Reply, "except", GetExceptionCode());
    }
}

// The input's bytes as one number; none for no input.
static ULONG64 InputNumber(PIRP Irp, ULONG Length, ULONG64 Otherwise)
{
    ULONG64 number = 0;

    if (Length == 0) {
        return Otherwise;
    }
    RtlCopyMemory(&number, Irp->AssociatedIrp.SystemBuffer, Length < sizeof(number) ? Length : sizeof(number));
    return number;
}

static NTSTATUS RunCase(ULONG Code, PREPLY Reply, ULONG64 Input)
{
    // The address comes from outside the function: a compiler that saw a constant null pointer could fold the access.
    volatile ULONG* address = (volatile ULONG*)Input;

    switch (Code) {
    case IOCTL_SEH_RAISE:
        Raise(Reply, (NTSTATUS)Input);
        break;
    case IOCTL_SEH_LOAD:
        Load(Reply, address);
        break;
    case IOCTL_SEH_STORE:
        Store(Reply, address);
        break;
    case IOCTL_SEH_NESTED:
        Nested(Reply);
        break;
    case IOCTL_SEH_FINALLY:
        Finally(Reply);
        break;
    case IOCTL_SEH_CONTINUE:
        Continue(Reply);
        break;
    case IOCTL_SEH_COLLIDED:
        Collided(Reply);
        break;
    case IOCTL_SEH_THROUGH_KERNEL:
        return ThroughKernel(Reply);
    case IOCTL_SEH_DEEP:
        Deep(Reply);
        break;
    case IOCTL_SEH_LEAVE:
        Leave(Reply);
        break;
    case IOCTL_SEH_RERAISE:
        Reraise(Reply, address);
        break;
    case IOCTL_SEH_FAULT_IN_FILTER:
        FaultInFilter(Reply, address);
        break;
    case IOCTL_SEH_KERNEL_ADDRESS:
        Load(Reply, (volatile ULONG*)((ULONG64)MmSystemRangeStart + 0x1000));
        break;
    case IOCTL_SEH_UNHANDLED:
        ExRaiseStatus(STATUS_UNSUCCESSFUL);
        break;
    default:
        return STATUS_INVALID_DEVICE_REQUEST;
    }
    return STATUS_SUCCESS;
}

static NTSTATUS Complete(PIRP Irp, NTSTATUS Status, ULONG_PTR Information)
{
    Irp->IoStatus.Status = Status;
    Irp->IoStatus.Information = Information;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return Status;
}

static NTSTATUS SehCreateClose(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    return Complete(Irp, STATUS_SUCCESS, 0);
}

// Sent by ThroughKernel only; whoever else tries, which no client can, is refused.
static NTSTATUS SehInternalDeviceControl(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    if (DeviceObject == LowerDevice) {
        RaiseInLowerDevice(IoGetCurrentIrpStackLocation(Irp)->Parameters.Others.Argument1);
    }
    return Complete(Irp, STATUS_INVALID_DEVICE_REQUEST, 0);
}

static NTSTATUS SehDeviceControl(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(Irp);
    ULONG code = stack->Parameters.DeviceIoControl.IoControlCode;
    ULONG64 input;
    REPLY reply;
    NTSTATUS status;

    UNREFERENCED_PARAMETER(DeviceObject);
    // The reply overwrites the input, which shares the buffer: take the input out first.
    input = InputNumber(Irp, stack->Parameters.DeviceIoControl.InputBufferLength,
                        code == IOCTL_SEH_RAISE ? (ULONG)STATUS_ACCESS_DENIED : 0);
    if (stack->Parameters.DeviceIoControl.OutputBufferLength < RINGSIDE_SEH_REPLY_BYTES) {
        return Complete(Irp, STATUS_BUFFER_TOO_SMALL, 0);
    }
    reply.Text = Irp->AssociatedIrp.SystemBuffer;
    reply.Length = 0;
    reply.Capacity = RINGSIDE_SEH_REPLY_BYTES;
    status = RunCase(code, &reply, input);
    return Complete(Irp, status, NT_SUCCESS(status) ? reply.Length : 0);
}

static VOID SehUnload(PDRIVER_OBJECT DriverObject)
{
    IoDeleteSymbolicLink((PUNICODE_STRING)&LinkName);
    while (DriverObject->DeviceObject != NULL) {
        IoDeleteDevice(DriverObject->DeviceObject);
    }
}

NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    PDEVICE_OBJECT device;
    NTSTATUS status;

    UNREFERENCED_PARAMETER(RegistryPath);
    status = IoCreateDevice(DriverObject, 0, (PUNICODE_STRING)&DeviceName, FILE_DEVICE_UNKNOWN, FILE_DEVICE_SECURE_OPEN,
                            FALSE, &device);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    status = IoCreateDevice(DriverObject, 0, NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &LowerDevice);
    if (NT_SUCCESS(status)) {
        status = IoCreateSymbolicLink((PUNICODE_STRING)&LinkName, (PUNICODE_STRING)&DeviceName);
    }
    if (!NT_SUCCESS(status)) {
        while (DriverObject->DeviceObject != NULL) {
            IoDeleteDevice(DriverObject->DeviceObject);
        }
        return status;
    }
    DriverObject->MajorFunction[IRP_MJ_CREATE] = SehCreateClose;
    DriverObject->MajorFunction[IRP_MJ_CLOSE] = SehCreateClose;
    DriverObject->MajorFunction[IRP_MJ_DEVICE_CONTROL] = SehDeviceControl;
    DriverObject->MajorFunction[IRP_MJ_INTERNAL_DEVICE_CONTROL] = SehInternalDeviceControl;
    DriverObject->DriverUnload = SehUnload;
    return STATUS_SUCCESS;
}
