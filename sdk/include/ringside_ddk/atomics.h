// SPDX-License-Identifier: MIT
//
// Ordered reads and writes of single variables, by size and ordering, and the interlocked functions of other sizes than
// mingw-w64 has. On x64 an aligned load acquires and an aligned store releases by itself; what remains to prevent is
// reordering by the compiler, which the volatile access and the two fences below do.
#pragma once

#define RINGSIDE_ORDERED(type, read, write)                                                                            \
    FORCEINLINE type read##Acquire(type const volatile* source)                                                        \
    {                                                                                                                  \
        type value = *source;                                                                                          \
        __atomic_signal_fence(__ATOMIC_SEQ_CST);                                                                       \
        return value;                                                                                                  \
    }                                                                                                                  \
    FORCEINLINE type read##NoFence(type const volatile* source) { return *source; }                                    \
    FORCEINLINE type read##Raw(type const volatile* source) { return *source; }                                        \
    FORCEINLINE VOID write##Release(type volatile* target, type value)                                                 \
    {                                                                                                                  \
        __atomic_signal_fence(__ATOMIC_SEQ_CST);                                                                       \
        *target = value;                                                                                               \
    }                                                                                                                  \
    FORCEINLINE VOID write##NoFence(type volatile* target, type value) { *target = value; }                            \
    FORCEINLINE VOID write##Raw(type volatile* target, type value) { *target = value; }

RINGSIDE_ORDERED(LONG, Read, Write)
RINGSIDE_ORDERED(BOOLEAN, ReadBoolean, WriteBoolean)
RINGSIDE_ORDERED(UCHAR, ReadUChar, WriteUChar)
RINGSIDE_ORDERED(USHORT, ReadUShort, WriteUShort)
RINGSIDE_ORDERED(ULONG, ReadULong, WriteULong)
RINGSIDE_ORDERED(ULONG64, ReadULong64, WriteULong64)
RINGSIDE_ORDERED(int, ReadInt32, WriteInt32)
RINGSIDE_ORDERED(unsigned, ReadUInt32, WriteUInt32)
RINGSIDE_ORDERED(ULONG_PTR, ReadULongPtr, WriteULongPtr)
RINGSIDE_ORDERED(LONG_PTR, ReadLongPtr, WriteLongPtr)
RINGSIDE_ORDERED(PVOID, ReadPointer, WritePointer)

#undef RINGSIDE_ORDERED

FORCEINLINE LONG64 ReadAcquire64(LONG64 const volatile* source)
{
    LONG64 value = *source;
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    return value;
}

FORCEINLINE LONG64 ReadNoFence64(LONG64 const volatile* source) { return *source; }

FORCEINLINE VOID WriteRelease64(LONG64 volatile* target, LONG64 value)
{
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    *target = value;
}

FORCEINLINE VOID WriteNoFence64(LONG64 volatile* target, LONG64 value) { *target = value; }

#define BarrierAfterRead() __atomic_signal_fence(__ATOMIC_SEQ_CST)

#ifdef __cplusplus
extern "C"
#endif
    UCHAR
    _InterlockedCompareExchange128(LONG64 volatile* target, LONG64 high, LONG64 low, LONG64* comparand);

#define InterlockedIncrement16 _InterlockedIncrement16
#define InterlockedDecrement16 _InterlockedDecrement16
#define InterlockedExchange8 _InterlockedExchange8
#define InterlockedExchange16 _InterlockedExchange16
#define InterlockedExchangeAdd8 _InterlockedExchangeAdd8
#define InterlockedCompareExchange16 _InterlockedCompareExchange16
#define InterlockedCompareExchange128 _InterlockedCompareExchange128
#define InterlockedAnd8 _InterlockedAnd8
#define InterlockedAnd16 _InterlockedAnd16
#define InterlockedOr8 _InterlockedOr8
#define InterlockedOr16 _InterlockedOr16
#define InterlockedXor8 _InterlockedXor8
#define InterlockedXor16 _InterlockedXor16

// x64 has no weaker form of a locked instruction: those with a named ordering are the same functions.
#define InterlockedIncrementAcquire _InterlockedIncrement
#define InterlockedIncrementRelease _InterlockedIncrement
#define InterlockedIncrementNoFence _InterlockedIncrement
#define InterlockedDecrementAcquire _InterlockedDecrement
#define InterlockedDecrementRelease _InterlockedDecrement
#define InterlockedDecrementNoFence _InterlockedDecrement
#define InterlockedExchangeAcquire _InterlockedExchange
#define InterlockedExchangeNoFence _InterlockedExchange
#define InterlockedExchangeAddAcquire _InterlockedExchangeAdd
#define InterlockedExchangeAddRelease _InterlockedExchangeAdd
#define InterlockedExchangeAddNoFence _InterlockedExchangeAdd
#define InterlockedCompareExchangeAcquire _InterlockedCompareExchange
#define InterlockedCompareExchangeRelease _InterlockedCompareExchange
#define InterlockedCompareExchangeNoFence _InterlockedCompareExchange
#define InterlockedCompareExchangePointerAcquire _InterlockedCompareExchangePointer
#define InterlockedCompareExchangePointerRelease _InterlockedCompareExchangePointer
#define InterlockedCompareExchangePointerNoFence _InterlockedCompareExchangePointer
#define InterlockedExchangePointerNoFence _InterlockedExchangePointer
#define InterlockedAndAcquire _InterlockedAnd
#define InterlockedAndRelease _InterlockedAnd
#define InterlockedAndNoFence _InterlockedAnd
#define InterlockedOrAcquire _InterlockedOr
#define InterlockedOrRelease _InterlockedOr
#define InterlockedOrNoFence _InterlockedOr
