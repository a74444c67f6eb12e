// SPDX-License-Identifier: MIT
// Functions that a test calls one by one, each a film of structured exceptions. A function returns a number whose
// hexadecimal digits tell the order in which its blocks ran.
#include <ntddk.h>

typedef ULONG(NTAPI* CALLBACK)(ULONG);
// Host functions of the test: CallThroughHost calls back into the driver with an object that has a destructor on its
// stack, and counts the destructor's runs.
__declspec(dllimport) ULONG NTAPI CallThroughHost(CALLBACK Callback, ULONG Argument);
// Not declared for drivers.
__declspec(dllimport) void NTAPI RtlUnwind(PVOID Frame, PVOID Ip, PEXCEPTION_RECORD Record, PVOID Value);

#define EXPORT __declspec(dllexport)
#define NOINLINE __attribute__((noinline))

EXPORT ULONG RaisedStatus(void)
{
    __try {
        ExRaiseStatus(STATUS_DEVICE_NOT_READY);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        return GetExceptionCode();
    }
    return 0;
}

EXPORT ULONG FaultOnNull(void)
{
    ULONG result = 0;
    __try {
        result = *(volatile ULONG*)NULL;
    } __except (GetExceptionCode() == STATUS_ACCESS_VIOLATION ? EXCEPTION_EXECUTE_HANDLER : EXCEPTION_CONTINUE_SEARCH) {
        result = 0xFA;
    }
    return result;
}

EXPORT ULONG DivideByZero(volatile ULONG* Zero)
{
    __try {
        return 100 / *Zero;
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        return GetExceptionCode();
    }
}

static NOINLINE void Note(ULONG* Film, ULONG Digit) { *Film = *Film << 4 | Digit; }

EXPORT ULONG FinallyOrder(void)
{
    ULONG film = 0;
    __try {
        __try {
            __try {
                Note(&film, 1);
                ExRaiseStatus(STATUS_UNSUCCESSFUL);
            } __finally {
                Note(&film, 2);
            }
        } __finally {
            Note(&film, AbnormalTermination() ? 3 : 0xF);
        }
    } __except (Note(&film, 4), EXCEPTION_EXECUTE_HANDLER) {
        Note(&film, 5);
    }
    return film; // filters run first: 1 4 2 3 5
}

static int RepairFilter(PEXCEPTION_POINTERS Pointers, ULONG* Cell)
{
    Pointers->ContextRecord->Rax = (ULONG_PTR)Cell;
    Pointers->ContextRecord->Rcx = (ULONG_PTR)Cell;
    Pointers->ContextRecord->Rdx = (ULONG_PTR)Cell;
    return EXCEPTION_CONTINUE_EXECUTION;
}

EXPORT ULONG ContinueExecution(void)
{
    ULONG cell = 7;
    ULONG result = 0;
    __try {
        __asm__ volatile("movl (%%rax), %%ecx\n\tmovl %%ecx, %0" : "=m"(result) : "a"(0) : "rcx", "memory");
    } __except (RepairFilter(GetExceptionInformation(), &cell)) {
        result = 0xBAD;
    }
    return result;
}

static NOINLINE ULONG NTAPI RaiseIt(ULONG Argument)
{
    if (Argument == 1)
        ExRaiseStatus(STATUS_DEVICE_BUSY);
    if (Argument == 2)
        *(volatile ULONG*)NULL = 1;
    return Argument;
}

EXPORT ULONG ThroughHost(ULONG Argument)
{
    __try {
        return CallThroughHost(RaiseIt, Argument);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        return GetExceptionCode();
    }
}

static NOINLINE ULONG NTAPI Nest(ULONG Depth)
{
    ULONG result = 0;
    ULONG film = 0;
    if (!Depth)
        return RaiseIt(1) + 1;
    __try {
        result = CallThroughHost(Nest, Depth - 1);
        Note(&film, result);
    } __finally {
        if (AbnormalTermination())
            CallThroughHost(RaiseIt, 0);
    }
    return result;
}

EXPORT ULONG ThroughManyHosts(void)
{
    __try {
        return Nest(5);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        return GetExceptionCode();
    }
}

static NOINLINE void FinallyThatRaises(ULONG* Film)
{
    __try {
        __try {
            Note(Film, 1);
            ExRaiseStatus(STATUS_UNSUCCESSFUL);
            Note(Film, 0xF); // clang puts no nop between a block's last call and the next scope: see docs/driver-kit.md
        } __finally {
            Note(Film, 2);
            ExRaiseStatus(STATUS_DEVICE_BUSY); // collides with the unwind under way
            Note(Film, 0xE);
        }
    } __finally {
        Note(Film, 3);
    }
}

EXPORT ULONG CollidedUnwind(void)
{
    ULONG film = 0;
    __try {
        __try {
            FinallyThatRaises(&film);
        } __except (GetExceptionCode() == STATUS_DEVICE_BUSY ? EXCEPTION_EXECUTE_HANDLER : EXCEPTION_CONTINUE_SEARCH) {
            Note(&film, 4);
        }
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        Note(&film, 5); // where the first exception was going
    }
    return film; // 1 2 3 4
}

static int FilterThatRaises(ULONG* Film)
{
    Note(Film, 2);
    if (*Film == 0x12)
        ExRaiseStatus(STATUS_DEVICE_BUSY);
    return EXCEPTION_CONTINUE_SEARCH;
}

// The second exception's search passes the same frame again, so its filter is asked twice.
EXPORT ULONG RaiseInFilter(void)
{
    ULONG film = 0;
    __try {
        __try {
            Note(&film, 1);
            ExRaiseStatus(STATUS_UNSUCCESSFUL);
        } __except (FilterThatRaises(&film)) {
            Note(&film, 0xF);
        }
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        Note(&film, GetExceptionCode() == STATUS_DEVICE_BUSY ? 3 : 0xE);
    }
    return film;
}

EXPORT ULONG GuardedCopy(void* Bad)
{
    char here[64];
    __try {
        RtlMoveMemory(here, Bad, sizeof here);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        return GetExceptionCode();
    }
    return here[0];
}

EXPORT ULONG CallNull(void)
{
    void (*volatile nowhere)(void) = NULL;
    __try {
        nowhere();
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        return GetExceptionCode();
    }
    return 0;
}

EXPORT ULONG NonCanonical(void)
{
    __try {
        return *(volatile ULONG*)0x8000000000000000ull;
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        return GetExceptionCode();
    }
}

EXPORT ULONG Breakpoint(void)
{
    __try {
        __debugbreak();
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        return GetExceptionCode();
    }
    return 0;
}

EXPORT ULONG AssertionInterrupt(void)
{
    __try {
        __asm__ volatile("int $0x2c");
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        return GetExceptionCode();
    }
    return 0;
}

// Towards a frame that is not on the stack: past a __try that would take any exception.
EXPORT ULONG UnwindToNowhere(void)
{
    __try {
        RtlUnwind((PVOID)0x10, (PVOID)0x20, NULL, NULL);
        return 1;
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        return GetExceptionCode();
    }
}

EXPORT ULONG Unhandled(void) { return RaiseIt(1) + 1; }

NTSTATUS DriverEntry(PDRIVER_OBJECT Driver, PUNICODE_STRING RegistryPath)
{
    UNREFERENCED_PARAMETER(Driver);
    UNREFERENCED_PARAMETER(RegistryPath);
    return STATUS_SUCCESS;
}
