// SPDX-License-Identifier: MIT
// The processor control region that GS points at in kernel mode, as far as drivers read it inline: GS:[0x18], [0x20],
// [0x188] and so on. What lies behind it is the kernel's own.
#pragma once

#include "nt/ke.h"

namespace ringside::nt {

struct NT_TIB {
    EXCEPTION_REGISTRATION_RECORD* ExceptionList;
    PVOID StackBase;
    PVOID StackLimit;
    PVOID SubSystemTib;
    union {
        PVOID FiberData;
        ULONG Version;
    };
    PVOID ArbitraryUserPointer;
    NT_TIB* Self;
};
NT_SIZE(NT_TIB, 0x38); NT_OFFSET(NT_TIB, ExceptionList, 0x00); NT_OFFSET(NT_TIB, StackBase, 0x08);
NT_OFFSET(NT_TIB, StackLimit, 0x10); NT_OFFSET(NT_TIB, SubSystemTib, 0x18); NT_OFFSET(NT_TIB, FiberData, 0x20);
NT_OFFSET(NT_TIB, Version, 0x20); NT_OFFSET(NT_TIB, ArbitraryUserPointer, 0x28); NT_OFFSET(NT_TIB, Self, 0x30);

struct alignas(64) KPRCB {
    ULONG MxCsr;
    UCHAR LegacyNumber;
    UCHAR ReservedMustBeZero;
    BOOLEAN InterruptRequest;
    BOOLEAN IdleHalt;
    KTHREAD* CurrentThread;
    KTHREAD* NextThread;
    KTHREAD* IdleThread;
    UCHAR NestingLevel;
    UCHAR ClockOwner;
    UCHAR PendingTickFlags;
    UCHAR IdleState;
    ULONG Number;
    ULONG64 RspBase;
    KSPIN_LOCK PrcbLock;
};
NT_SIZE(KPRCB, 0x40); NT_OFFSET(KPRCB, MxCsr, 0x00); NT_OFFSET(KPRCB, LegacyNumber, 0x04);
NT_OFFSET(KPRCB, ReservedMustBeZero, 0x05); NT_OFFSET(KPRCB, InterruptRequest, 0x06); NT_OFFSET(KPRCB, IdleHalt, 0x07);
NT_OFFSET(KPRCB, CurrentThread, 0x08); NT_OFFSET(KPRCB, NextThread, 0x10); NT_OFFSET(KPRCB, IdleThread, 0x18);
NT_OFFSET(KPRCB, NestingLevel, 0x20); NT_OFFSET(KPRCB, ClockOwner, 0x21); NT_OFFSET(KPRCB, PendingTickFlags, 0x22);
NT_OFFSET(KPRCB, IdleState, 0x23); NT_OFFSET(KPRCB, Number, 0x24); NT_OFFSET(KPRCB, RspBase, 0x28);
NT_OFFSET(KPRCB, PrcbLock, 0x30);

struct KPCR {
    union {
        NT_TIB NtTib;
        struct {
            KGDTENTRY64* GdtBase;
            KTSS64* TssBase;
            ULONG64 UserRsp;
            KPCR* Self;
            KPRCB* CurrentPrcb;
            KSPIN_LOCK_QUEUE* LockArray;
            PVOID Used_Self;
        };
    };
    KIDTENTRY64* IdtBase;
    ULONG64 Unused[2];
    KIRQL Irql;
    UCHAR SecondLevelCacheAssociativity;
    UCHAR ObsoleteNumber;
    UCHAR Fill0;
    ULONG Unused0[3];
    USHORT MajorVersion;
    USHORT MinorVersion;
    ULONG StallScaleFactor;
    PVOID Unused1[3];
    ULONG KernelReserved[15];
    ULONG SecondLevelCacheSize;
    ULONG HalReserved[16];
    ULONG Unused2;
    PVOID KdVersionBlock;
    PVOID Unused3;
    ULONG PcrAlign1[24];
    KPRCB Prcb;
};
NT_SIZE(KPCR, 0x1c0); NT_OFFSET(KPCR, NtTib, 0x00); NT_OFFSET(KPCR, GdtBase, 0x00); NT_OFFSET(KPCR, TssBase, 0x08);
NT_OFFSET(KPCR, UserRsp, 0x10); NT_OFFSET(KPCR, Self, 0x18); NT_OFFSET(KPCR, CurrentPrcb, 0x20);
NT_OFFSET(KPCR, LockArray, 0x28); NT_OFFSET(KPCR, Used_Self, 0x30); NT_OFFSET(KPCR, IdtBase, 0x38);
NT_OFFSET(KPCR, Unused, 0x40); NT_OFFSET(KPCR, Irql, 0x50); NT_OFFSET(KPCR, SecondLevelCacheAssociativity, 0x51);
NT_OFFSET(KPCR, ObsoleteNumber, 0x52); NT_OFFSET(KPCR, Fill0, 0x53); NT_OFFSET(KPCR, Unused0, 0x54);
NT_OFFSET(KPCR, MajorVersion, 0x60); NT_OFFSET(KPCR, MinorVersion, 0x62); NT_OFFSET(KPCR, StallScaleFactor, 0x64);
NT_OFFSET(KPCR, Unused1, 0x68); NT_OFFSET(KPCR, KernelReserved, 0x80); NT_OFFSET(KPCR, SecondLevelCacheSize, 0xbc);
NT_OFFSET(KPCR, HalReserved, 0xc0); NT_OFFSET(KPCR, Unused2, 0x100); NT_OFFSET(KPCR, KdVersionBlock, 0x108);
NT_OFFSET(KPCR, Unused3, 0x110); NT_OFFSET(KPCR, PcrAlign1, 0x118); NT_OFFSET(KPCR, Prcb, 0x180);

} // namespace ringside::nt
