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

// The kernel exports variables of type POBJECT_TYPE, and drivers write *PsThreadType: the name stands for the import
// slot, which points at the variable. Declared as imports, as mingw-w64 does, it would be the variable itself, and the
// star would read the type object's first bytes.
#ifdef __cplusplus
extern "C" {
#endif
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Winconsistent-dllimport"
extern POBJECT_TYPE* CmKeyObjectType;
extern POBJECT_TYPE* ExEventObjectType;
extern POBJECT_TYPE* ExSemaphoreObjectType;
extern POBJECT_TYPE* IoFileObjectType;
extern POBJECT_TYPE* PsThreadType;
extern POBJECT_TYPE* SeTokenObjectType;
extern POBJECT_TYPE* PsProcessType;
extern POBJECT_TYPE* TmEnlistmentObjectType;
extern POBJECT_TYPE* TmResourceManagerObjectType;
extern POBJECT_TYPE* TmTransactionManagerObjectType;
extern POBJECT_TYPE* TmTransactionObjectType;
#pragma clang diagnostic pop
#ifdef __cplusplus
}
#endif

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
