// SPDX-License-Identifier: MIT
// Functions that a test calls one by one: a driver that raises, unwinds and looks at its own frames by hand.
#include <ntddk.h>

#define EXPORT __declspec(dllexport)
#define IMPORT __declspec(dllimport)
#define NOINLINE __attribute__((noinline))

// Not declared for drivers.
IMPORT void NTAPI RtlRaiseException(PEXCEPTION_RECORD Record);
IMPORT void NTAPI RtlUnwind(PVOID Frame, PVOID Ip, PEXCEPTION_RECORD Record, PVOID Value);
IMPORT void NTAPI RtlUnwindEx(PVOID Frame, PVOID Ip, PEXCEPTION_RECORD Record, PVOID Value, PCONTEXT Context, PVOID Table);
// With more parameters than it takes, to fill the registers that it captures.
IMPORT void NTAPI RtlCaptureContext(PCONTEXT Into, ULONG64 Second, ULONG64 Third, ULONG64 Fourth);
IMPORT USHORT NTAPI RtlCaptureStackBackTrace(ULONG Skip, ULONG Count, PVOID* Into, PULONG Hash);

EXPORT ULONG Leaf(void) { return 7; }

static NOINLINE int Decide(PEXCEPTION_POINTERS Pointers, PEXCEPTION_RECORD Seen, int Decision)
{
    *Seen = *Pointers->ExceptionRecord;
    return Decision;
}

// What the handler was given stands in Seen. 1: the handler ran; 2: the raise returned.
EXPORT ULONG Raise(PEXCEPTION_RECORD Record, PEXCEPTION_RECORD Seen, int Decision)
{
    ULONG volatile result = 0;
    __try {
        RtlRaiseException(Record);
        result = 2;
    } __except (Decide(GetExceptionInformation(), Seen, Decision)) {
        result = 1;
    }
    return result;
}

EXPORT ULONG Capture(PCONTEXT Into)
{
    RtlCaptureContext(Into, 0x22, 0x33, 0x44);
    return (ULONG)((ULONG_PTR)&Into - Into->Rsp); // how far below this frame the captured one begins
}

static NOINLINE ULONG Third(ULONG Skip, PVOID* Into, PULONG Hash)
{
    ULONG volatile count = RtlCaptureStackBackTrace(Skip, 8, Into, Hash);
    return count;
}

static NOINLINE ULONG Second(ULONG Skip, PVOID* Into, PULONG Hash)
{
    ULONG volatile count = Third(Skip, Into, Hash);
    return count;
}

// Three frames deep.
EXPORT ULONG Trace(ULONG Skip, PVOID* Into, PULONG Hash)
{
    ULONG volatile count = Second(Skip, Into, Hash);
    return count;
}

// A frame whose place is known: what the unwinder calls it is its stack pointer behind the prologue.
ULONG Outer(PULONG Film, ULONG Ex);
__asm__(".globl Outer\n"
        ".def Outer; .scl 2; .type 32; .endef\n"
        ".seh_proc Outer\n"
        "Outer:\n"
        "  pushq %rbx\n"
        "  .seh_pushreg %rbx\n"
        "  subq $0x20, %rsp\n"
        "  .seh_stackalloc 0x20\n"
        "  .seh_endprologue\n"
        "  movq %rcx, %r8\n"
        "  movl %edx, %r9d\n"
        "  movl $0x1234, %ebx\n"
        "  movq %rsp, %rcx\n"
        "  leaq 1f(%rip), %rdx\n"
        "  callq Inner\n"
        "  movl $0xBAD, %ebx\n"
        "1:\n"
        "  addl %ebx, %eax\n"
        "  addq $0x20, %rsp\n"
        "  popq %rbx\n"
        "  retq\n"
        ".seh_endproc\n");

__attribute__((used, noinline)) void Inner(PVOID Frame, PVOID Ip, PULONG Film, ULONG Ex)
{
    __try {
        if (Ex)
            RtlUnwindEx(Frame, Ip, NULL, (PVOID)0x50000, NULL, NULL);
        else
            RtlUnwind(Frame, Ip, NULL, (PVOID)0x50000);
        *Film = 0xF;
    } __finally {
        *Film = *Film << 4 | (AbnormalTermination() ? 2 : 1);
    }
}

// 0x51234: the unwind's value and a register that Outer had before it.
EXPORT ULONG Unwind(PULONG Film, ULONG Ex)
{
    ULONG volatile result = Outer(Film, Ex);
    return result;
}

NTSTATUS DriverEntry(PDRIVER_OBJECT Driver, PUNICODE_STRING RegistryPath)
{
    UNREFERENCED_PARAMETER(Driver);
    UNREFERENCED_PARAMETER(RegistryPath);
    return STATUS_SUCCESS;
}
