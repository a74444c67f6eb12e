// SPDX-License-Identifier: MIT
//
// What mingw-w64's wdm.h gets wrong or leaves out for x64.
#pragma once

// A full fence: a locked instruction, as drivers built elsewhere have it inlined.
FORCEINLINE VOID KeMemoryBarrier(VOID)
{
    LONG barrier;
    __asm__ volatile("lock orl $0, %0" : "=m"(barrier) : : "memory", "cc");
}

#define KeMemoryBarrierWithoutFence() __asm__ volatile("" : : : "memory")

#ifndef MemoryBarrier
#define MemoryBarrier() KeMemoryBarrier()
#endif

// The original ends in a semicolon and cannot stand before `else`.
#undef KeInitializeCallbackRecord
#define KeInitializeCallbackRecord(record) ((VOID)((record)->State = BufferEmpty))

// x64 keeps I/O and processor caches coherent by itself.
#ifndef KeFlushIoBuffers
#define KeFlushIoBuffers(mdl, read_operation, dma_operation) ((VOID)0)
#endif

EXTERN_C DECLSPEC_IMPORT PUCHAR* KdComPortInUse;

#ifdef __cplusplus
extern "C" {
#endif

// Not marked as never returning. A __finally block that ends in such a call has no way out that the compiler knows of,
// and it then forgets which handlers stand around the block.
NTKERNELAPI VOID NTAPI ExRaiseStatus(NTSTATUS Status);

NTKERNELAPI NTSTATUS NTAPI ObCloseHandle(HANDLE Handle, KPROCESSOR_MODE PreviousMode);

#ifdef __cplusplus
}
#endif

#define READ_REGISTER_ULONG64(address) (*(volatile ULONG64*)(address))
#define WRITE_REGISTER_ULONG64(address, value) ((VOID)(*(volatile ULONG64*)(address) = (value)), KeMemoryBarrier())

#ifndef READ_REGISTER_BUFFER_ULONG64
#define READ_REGISTER_BUFFER_ULONG64(address, buffer, count)                                                           \
    __movsq((PULONG64)(buffer), (const ULONG64*)(address), (count))
#define WRITE_REGISTER_BUFFER_ULONG64(address, buffer, count)                                                          \
    (__movsq((PULONG64)(address), (const ULONG64*)(buffer), (count)), KeMemoryBarrier())
#endif
