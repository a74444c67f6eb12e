// SPDX-License-Identifier: MIT
// Functions that a test calls one by one: what a driver finds on its kernel stack, and on larger ones.
#include <ntddk.h>

#define EXPORT __declspec(dllexport)
#define NOINLINE __attribute__((noinline))
#define KEEP(Block) __asm__ volatile("" : : "r"(Block) : "memory")

// One KiB of stack and a call of the kernel for each level.
static NOINLINE ULONG Descend(ULONG Levels)
{
    UCHAR block[960];
    KEEP(block);
    KeQueryTimeIncrement();
    ULONG result = Levels ? Descend(Levels - 1) + 1 : 0;
    KEEP(block);
    return result;
}

// The same without the kernel.
static NOINLINE ULONG DescendSilently(ULONG Levels)
{
    UCHAR block[960];
    KEEP(block);
    ULONG result = Levels ? DescendSilently(Levels - 1) + 1 : 0;
    KEEP(block);
    return result;
}

EXPORT ULONG Use(ULONG Levels) { return Descend(Levels); }
EXPORT ULONG UseSilently(ULONG Levels) { return DescendSilently(Levels); }

static NOINLINE ULONG_PTR RemainingAfter(ULONG Levels)
{
    UCHAR block[960];
    KEEP(block);
    ULONG_PTR remaining = Levels ? RemainingAfter(Levels - 1) : IoGetRemainingStackSize();
    KEEP(block);
    return remaining;
}

EXPORT ULONG Remaining(ULONG Levels) { return (ULONG)RemainingAfter(Levels); }

// A local variable lies within the limits, and the limits agree with what remains.
EXPORT ULONG LimitsFit(void)
{
    ULONG_PTR low, high, here = (ULONG_PTR)&low;
    IoGetStackLimits(&low, &high);
    ULONG_PTR const remaining = IoGetRemainingStackSize();
    return low < here && here < high && here - low + 64 >= remaining && here - low < remaining + 512;
}

typedef struct {
    ULONG Levels;
    ULONG Result;
    ULONG Film;
    SIZE_T Size;
    NTSTATUS Deepest;
} WORK;

static VOID NTAPI DescendCallout(PVOID Parameter)
{
    WORK* work = Parameter;
    work->Result = Descend(work->Levels);
}

// The levels that a callout on Size bytes has gone, or the status.
EXPORT ULONG Expand(ULONG Levels, SIZE_T Size)
{
    WORK work = { Levels };
    NTSTATUS status = KeExpandKernelStackAndCalloutEx(DescendCallout, &work, Size, FALSE, NULL);
    return NT_SUCCESS(status) ? work.Result : (ULONG)status;
}

EXPORT ULONG ExpandBelow(ULONG Levels, SIZE_T Size)
{
    UCHAR most[20000]; // of the 24 KiB
    KEEP(most);
    ULONG result = Expand(Levels, Size);
    KEEP(most);
    return result;
}

static VOID NTAPI RaiseCallout(PVOID Parameter)
{
    WORK* work = Parameter;
    __try {
        work->Film = work->Film << 4 | 1;
        ExRaiseStatus(STATUS_DEVICE_NOT_READY);
    } __finally {
        work->Film = work->Film << 4 | 2;
    }
}

// An exception of the callout reaches the handler below the expansion: 1 2 3, and the stack is the old one again.
EXPORT ULONG ExpandAndRaise(void)
{
    WORK work = { 0 };
    ULONG_PTR before = IoGetRemainingStackSize();
    __try {
        KeExpandKernelStackAndCallout(RaiseCallout, &work, MAXIMUM_EXPANSION_SIZE);
        work.Film = work.Film << 4 | 0xF;
    } __except (GetExceptionCode() == STATUS_DEVICE_NOT_READY ? EXCEPTION_EXECUTE_HANDLER : EXCEPTION_CONTINUE_SEARCH) {
        work.Film = work.Film << 4 | 3;
    }
    return IoGetRemainingStackSize() == before ? work.Film : 0xBAD;
}

static VOID NTAPI NestCallout(PVOID Parameter)
{
    WORK* work = Parameter;
    UCHAR block[2000];
    KEEP(block);
    ++work->Levels;
    NTSTATUS status = KeExpandKernelStackAndCalloutEx(NestCallout, work, work->Size, FALSE, NULL);
    if (!NT_SUCCESS(status))
        work->Deepest = status;
    KEEP(block);
    ++work->Result;
}

// How often expansion nests before the system's limit, and the status then.
EXPORT ULONG Nest(PULONG Status)
{
    WORK work = { 0 };
    work.Size = MAXIMUM_EXPANSION_SIZE;
    NestCallout(&work);
    *Status = (ULONG)work.Deepest;
    return work.Levels == work.Result ? work.Levels : 0xBAD;
}

EXPORT ULONG ExpandWaiting(KIRQL Irql)
{
    WORK work = { 1 };
    KIRQL old;
    KeRaiseIrql(Irql, &old);
    NTSTATUS status = KeExpandKernelStackAndCalloutEx(DescendCallout, &work, 1024, TRUE, NULL);
    KeLowerIrql(old);
    return (ULONG)status;
}

static VOID NTAPI WaitCallout(PVOID Parameter)
{
    PKEVENT event = Parameter;
    KeWaitForSingleObject(event, Executive, KernelMode, FALSE, NULL);
}

// The callout waits; another thread goes on meanwhile.
EXPORT ULONG ExpandAndWait(PKEVENT Event)
{
    return (ULONG)KeExpandKernelStackAndCallout(WaitCallout, Event, MAXIMUM_EXPANSION_SIZE);
}

static VOID NTAPI EndCallout(PVOID Parameter)
{
    UNREFERENCED_PARAMETER(Parameter);
    PsTerminateSystemThread(STATUS_SUCCESS);
}

EXPORT ULONG ExpandAndEnd(void)
{
    return (ULONG)KeExpandKernelStackAndCallout(EndCallout, NULL, MAXIMUM_EXPANSION_SIZE);
}

NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    UNREFERENCED_PARAMETER(DriverObject);
    UNREFERENCED_PARAMETER(RegistryPath);
    return STATUS_SUCCESS;
}
