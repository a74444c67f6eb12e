// SPDX-License-Identifier: MIT
//
// Intrinsics of Microsoft's compiler that mingw-w64 leaves out, or declares and nobody defines: a driver that used one
// would not compile or not link.
#pragma once
#include_next <intrin.h>

#define _disable() __asm__ volatile("cli" : : : "memory")
#define _enable() __asm__ volatile("sti" : : : "memory")
#define __halt() __asm__ volatile("hlt" : : : "memory")
#define __nop() __asm__ volatile("nop")
#define __wbinvd() __asm__ volatile("wbinvd" : : : "memory")
#define __invlpg(address) __asm__ volatile("invlpg (%0)" : : "r"(address) : "memory")
#define __sidt(target) __asm__ volatile("sidt (%0)" : : "r"(target) : "memory")
#define __lidt(source) __asm__ volatile("lidt (%0)" : : "r"(source) : "memory")
#define _sgdt(target) __asm__ volatile("sgdt (%0)" : : "r"(target) : "memory")
#define _lgdt(source) __asm__ volatile("lgdt (%0)" : : "r"(source) : "memory")

#define _byteswap_ushort(value) __builtin_bswap16(value)
#define _byteswap_ulong(value) __builtin_bswap32(value)
#define _byteswap_uint64(value) __builtin_bswap64(value)

#define RINGSIDE_INLINE static inline __attribute__((always_inline))

RINGSIDE_INLINE unsigned long long ringside_readpmc(unsigned long counter)
{
    unsigned low, high;
    __asm__ volatile("rdpmc" : "=a"(low), "=d"(high) : "c"(counter));
    return (unsigned long long)high << 32 | low;
}

#define __readpmc(counter) ringside_readpmc(counter)

// The number of a debug register is part of the instruction.
#define RINGSIDE_DEBUG_REGISTERS(apply) apply(0) apply(1) apply(2) apply(3) apply(6) apply(7)

RINGSIDE_INLINE unsigned long long ringside_readdr(unsigned number)
{
    unsigned long long value = 0;
#define RINGSIDE_READ(n)                                                                                               \
    if (number == n)                                                                                                   \
        __asm__ volatile("mov %%dr" #n ", %0" : "=r"(value));
    RINGSIDE_DEBUG_REGISTERS(RINGSIDE_READ)
#undef RINGSIDE_READ
    return value;
}

RINGSIDE_INLINE void ringside_writedr(unsigned number, unsigned long long value) {
#define RINGSIDE_WRITE(n)                                                                                              \
    if (number == n)                                                                                                   \
        __asm__ volatile("mov %0, %%dr" #n : : "r"(value) : "memory");
    RINGSIDE_DEBUG_REGISTERS(RINGSIDE_WRITE)
#undef RINGSIDE_WRITE
}

#undef RINGSIDE_DEBUG_REGISTERS
#define __readdr(number) ringside_readdr(number)
#define __writedr(number, value) ringside_writedr(number, value)

// Read-modify-write of the processor's own block, whose offsets are constants.
#define RINGSIDE_GS(suffix, type, size)                                                                                \
    RINGSIDE_INLINE void __addgs##suffix(unsigned long offset, type value)                                             \
    {                                                                                                                  \
        __asm__ volatile("add" size " %0, %%gs:(%1)"                                                                   \
                         :                                                                                             \
                         : "r"(value), "r"((unsigned long long)offset)                                                 \
                         : "memory", "cc");                                                                            \
    }                                                                                                                  \
    RINGSIDE_INLINE void __incgs##suffix(unsigned long offset)                                                         \
    {                                                                                                                  \
        __asm__ volatile("inc" size " %%gs:(%0)" : : "r"((unsigned long long)offset) : "memory", "cc");                \
    }

RINGSIDE_GS(byte, unsigned char, "b") RINGSIDE_GS(word, unsigned short, "w") RINGSIDE_GS(dword, unsigned long, "l")
    RINGSIDE_GS(qword, unsigned long long, "q")

#undef RINGSIDE_GS
#undef RINGSIDE_INLINE
