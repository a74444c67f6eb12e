// SPDX-License-Identifier: MIT
//
// Uses what the kit adds to mingw-w64's headers or corrects in them. It is compiled as C and as C++ for several Windows
// versions, and linked: an inline function that turned into an external one would be missed at compile time.

#ifdef WITH_NTIFS
#include <ntifs.h>
#else
#include <ntddk.h>
#endif
#include <NtStrSafe.h>
#include <dontuse.h>
#include <driverspecs.h>
#include <kernelspecs.h>
#include <ntdddisk.h>
#include <suppress.h>
#include <wdmsec.h>

#ifdef __cplusplus
extern "C"
#endif
    DRIVER_INITIALIZE DriverEntry;

C_ASSERT(sizeof(CREATE_DISK) == 24 && FIELD_OFFSET(CREATE_DISK, Gpt.MaxPartitionCount) == 20);

_IRQL_requires_max_(DISPATCH_LEVEL) static LONG Atomics(volatile LONG* a, volatile LONG64* b, PVOID volatile* p)
{
    DECLSPEC_ALIGN(16) LONG64 pair[2] = { 0, 0 };
    LONG r = InterlockedIncrement(a) + InterlockedDecrement(a) + InterlockedExchange(a, 1) + InterlockedOr(a, 1)
        + InterlockedCompareExchange(a, 1, 2) + InterlockedExchangeAdd(a, 2) + InterlockedAnd(a, 1)
        + InterlockedXor(a, 1);

    r += (LONG)(InterlockedIncrement64(b) + InterlockedCompareExchange64(b, 1, 2) + InterlockedExchangeAdd64(b, 1));
    r += InterlockedExchangePointer(p, NULL) != NULL;
    r += InterlockedCompareExchangePointer(p, NULL, NULL) != NULL;
    r += InterlockedBitTestAndSet(a, 3) + InterlockedBitTestAndReset(a, 3);
    r += InterlockedBitTestAndSet64(b, 3) + InterlockedBitTestAndReset64(b, 3);
    r += InterlockedCompareExchange128(pair, 1, 2, pair) + InterlockedIncrement16((SHORT volatile*)a);
    r += ReadAcquire(a) + ReadNoFence(a) + (ReadPointerAcquire(p) != NULL) + (LONG)ReadULong64NoFence((PULONG64)b);
    WriteRelease(a, 1);
    KeMemoryBarrier();
    MemoryBarrier();
    return r;
}

static ULONG64 Intrinsics(void)
{
    ULONG64 r = __rdtsc() + __readmsr(0x10) + __readcr0() + __readcr8() + __readgsqword(0x20) + __readpmc(0);
    ULONG index = 0;
    UCHAR descriptor[10];

    r += KeGetCurrentIrql() + KeGetCurrentProcessorNumber() + RtlUshortByteSwap(0x1234) + RtlUlongByteSwap(1);
    r += (ULONG64)BitScanForward(&index, 8) + BitScanReverse(&index, 8) + __readdr(7);
    __sidt(descriptor);
    __writedr(7, r);
    __addgsdword(0x100, 1);
    __incgsqword(0x108);
    __nop();
    __wbinvd();
    _disable();
    _enable();
    YieldProcessor();
    return r;
}

static NTSTATUS Kernel(PDRIVER_OBJECT driver, PKSPIN_LOCK lock)
{
    static EX_SPIN_LOCK shared;
    KBUGCHECK_CALLBACK_RECORD record;
    LARGE_INTEGER time;
    KIRQL irql;
    WCHAR text[8];
    PVOID block;
    NTSTATUS status = RtlStringCchCopyW(text, RTL_NUMBER_OF(text), L"text");

    if (driver != NULL)
        KeInitializeCallbackRecord(&record);
    else
        return STATUS_INVALID_PARAMETER;
    ExInitializeDriverRuntime(DrvRtPoolNxOptIn);
    KeInitializeSpinLock(lock);
    KeAcquireSpinLock(lock, &irql);
    KeReleaseSpinLock(lock, irql);
    irql = ExAcquireSpinLockShared(&shared);
    ExReleaseSpinLockShared(&shared, irql);
    KeQuerySystemTime(&time);
    KeQueryTickCount(&time);
    block = ExAllocatePoolZero(NonPagedPoolNx, 64, 'borP');
    if (block != NULL)
        ExFreePoolWithTag(block, 'borP');
#if NTDDI_VERSION >= NTDDI_WIN10_VB
    block = ExAllocatePool2(POOL_FLAG_NON_PAGED | POOL_FLAG_UNINITIALIZED, 64, 'borP');
    if (block != NULL)
        ExFreePool(block);
#endif
    NT_ASSERT(status == STATUS_SUCCESS);
    ASSERT(KeGetCurrentIrql() <= DISPATCH_LEVEL);
    PAGED_CODE();
#if NTDDI_VERSION >= NTDDI_WIN7
    status |= KdComPortInUse == NULL;
#endif
    return status;
}

#ifndef __cplusplus
// The words without underscores exist in C.
static LONG PlainWords(volatile LONG* a)
{
    try {
        try {
            if (*a != 0)
                leave;
            *a = 1;
        } finally {
            *a = 2;
        }
    }
    except(EXCEPTION_EXECUTE_HANDLER) { return GetExceptionCode(); }
    return 0;
}
#else
static LONG PlainWords(volatile LONG*) { return 0; }
#endif

NTSTATUS DriverEntry(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    static KSPIN_LOCK lock;
    volatile LONG a = 0;
    DECLSPEC_ALIGN(16) volatile LONG64 b = 0;
    PVOID volatile p = path;
    PDEVICE_OBJECT device;
    NTSTATUS status = IoCreateDeviceSecure(driver, 0, path, FILE_DEVICE_UNKNOWN, FILE_DEVICE_SECURE_OPEN, FALSE,
                                           &SDDL_DEVOBJ_SYS_ALL_ADM_ALL, NULL, &device);

    return NT_SUCCESS(status) ? Kernel(driver, &lock) + Atomics(&a, &b, &p) + PlainWords(&a) + (NTSTATUS)Intrinsics()
                              : status;
}
