// SPDX-License-Identifier: MIT
// The executive's synchronization and memory helpers that live in driver memory: pool words, lookaside lists, fast and
// guarded mutexes, resources, work items, rundown references and push locks.
#pragma once

#include "nt/ke.h"

namespace ringside::nt {

enum POOL_TYPE : int32_t {
    NonPagedPool, NonPagedPoolExecute = 0, PagedPool, NonPagedPoolMustSucceed, DontUseThisType,
    NonPagedPoolCacheAligned, PagedPoolCacheAligned, NonPagedPoolCacheAlignedMustS, MaxPoolType, NonPagedPoolBase = 0,
    NonPagedPoolBaseMustSucceed = 2, NonPagedPoolBaseCacheAligned = 4, NonPagedPoolBaseCacheAlignedMustS = 6,
    NonPagedPoolSession = 32, PagedPoolSession, NonPagedPoolMustSucceedSession, DontUseThisTypeSession,
    NonPagedPoolCacheAlignedSession, PagedPoolCacheAlignedSession, NonPagedPoolCacheAlignedMustSSession,
    NonPagedPoolNx = 512, NonPagedPoolNxCacheAligned = 516, NonPagedPoolSessionNx = 544,
};

enum EX_POOL_PRIORITY : int32_t {
    LowPoolPriority, LowPoolPrioritySpecialPoolOverrun = 8, LowPoolPrioritySpecialPoolUnderrun,
    NormalPoolPriority = 16, NormalPoolPrioritySpecialPoolOverrun = 24, NormalPoolPrioritySpecialPoolUnderrun,
    HighPoolPriority = 32, HighPoolPrioritySpecialPoolOverrun = 40, HighPoolPrioritySpecialPoolUnderrun,
};

enum WORK_QUEUE_TYPE : int32_t {
    CriticalWorkQueue, DelayedWorkQueue, HyperCriticalWorkQueue, NormalWorkQueue, BackgroundWorkQueue,
    RealTimeWorkQueue, SuperCriticalWorkQueue, MaximumWorkQueue, CustomPriorityWorkQueue = 32,
};

// May be added to a pool type, since Windows 8.
inline constexpr ULONG POOL_NX_ALLOCATION = 0x200;

// ExAllocatePool2. The lower half are requirements, the upper half hints.
// @cite(wdk): page=kernel/pool_flags
using POOL_FLAGS = ULONG64;
inline constexpr POOL_FLAGS
    POOL_FLAG_USE_QUOTA = 0x1, POOL_FLAG_UNINITIALIZED = 0x2, POOL_FLAG_SESSION = 0x4, POOL_FLAG_CACHE_ALIGNED = 0x8,
    POOL_FLAG_RESERVED1 = 0x10, POOL_FLAG_RAISE_ON_FAILURE = 0x20, POOL_FLAG_NON_PAGED = 0x40,
    POOL_FLAG_NON_PAGED_EXECUTE = 0x80, POOL_FLAG_PAGED = 0x100, POOL_FLAG_RESERVED2 = 0x200,
    POOL_FLAG_RESERVED3 = 0x400, POOL_FLAG_SPECIAL_POOL = 0x100000000, POOL_FLAG_REQUIRED_START = 0x1,
    POOL_FLAG_REQUIRED_END = 0x80000000, POOL_FLAG_OPTIONAL_START = 0x100000000,
    POOL_FLAG_OPTIONAL_END = 0x8000000000000000;

// ExAllocatePool3.
enum POOL_EXTENDED_PARAMETER_TYPE : int32_t {
    PoolExtendedParameterInvalidType, PoolExtendedParameterPriority, PoolExtendedParameterSecurePool,
    PoolExtendedParameterNumaNode, PoolExtendedParameterMax,
};

struct KGUARDED_MUTEX {
    LONG volatile Count;
    KTHREAD* Owner;
    ULONG Contention;
    KGATE Gate;
    union {
        struct {
            SHORT KernelApcDisable;
            SHORT SpecialApcDisable;
        };
        ULONG CombinedApcDisable;
    };
};
NT_SIZE(KGUARDED_MUTEX, 0x38); NT_OFFSET(KGUARDED_MUTEX, Count, 0x00); NT_OFFSET(KGUARDED_MUTEX, Owner, 0x08);
NT_OFFSET(KGUARDED_MUTEX, Contention, 0x10); NT_OFFSET(KGUARDED_MUTEX, Gate, 0x18);
NT_OFFSET(KGUARDED_MUTEX, KernelApcDisable, 0x30); NT_OFFSET(KGUARDED_MUTEX, SpecialApcDisable, 0x32);
NT_OFFSET(KGUARDED_MUTEX, CombinedApcDisable, 0x30);

struct FAST_MUTEX {
    LONG volatile Count;
    KTHREAD* Owner;
    ULONG Contention;
    KEVENT Event;
    ULONG OldIrql;
};
NT_SIZE(FAST_MUTEX, 0x38); NT_OFFSET(FAST_MUTEX, Count, 0x00); NT_OFFSET(FAST_MUTEX, Owner, 0x08);
NT_OFFSET(FAST_MUTEX, Contention, 0x10); NT_OFFSET(FAST_MUTEX, Event, 0x18); NT_OFFSET(FAST_MUTEX, OldIrql, 0x30);

struct alignas(64) GENERAL_LOOKASIDE {
    union {
        SLIST_HEADER ListHead;
        SINGLE_LIST_ENTRY SingleListHead;
    };
    USHORT Depth;
    USHORT MaximumDepth;
    ULONG TotalAllocates;
    union {
        ULONG AllocateMisses;
        ULONG AllocateHits;
    };
    ULONG TotalFrees;
    union {
        ULONG FreeMisses;
        ULONG FreeHits;
    };
    POOL_TYPE Type;
    ULONG Tag;
    ULONG Size;
    union {
        PALLOCATE_FUNCTION_EX AllocateEx;
        PALLOCATE_FUNCTION Allocate;
    };
    union {
        PFREE_FUNCTION_EX FreeEx;
        PFREE_FUNCTION Free;
    };
    LIST_ENTRY ListEntry;
    ULONG LastTotalAllocates;
    union {
        ULONG LastAllocateMisses;
        ULONG LastAllocateHits;
    };
    ULONG Future[2];
};
NT_SIZE(GENERAL_LOOKASIDE, 0x80); NT_OFFSET(GENERAL_LOOKASIDE, ListHead, 0x00);
NT_OFFSET(GENERAL_LOOKASIDE, SingleListHead, 0x00); NT_OFFSET(GENERAL_LOOKASIDE, Depth, 0x10);
NT_OFFSET(GENERAL_LOOKASIDE, MaximumDepth, 0x12); NT_OFFSET(GENERAL_LOOKASIDE, TotalAllocates, 0x14);
NT_OFFSET(GENERAL_LOOKASIDE, AllocateMisses, 0x18); NT_OFFSET(GENERAL_LOOKASIDE, AllocateHits, 0x18);
NT_OFFSET(GENERAL_LOOKASIDE, TotalFrees, 0x1c); NT_OFFSET(GENERAL_LOOKASIDE, FreeMisses, 0x20);
NT_OFFSET(GENERAL_LOOKASIDE, FreeHits, 0x20); NT_OFFSET(GENERAL_LOOKASIDE, Type, 0x24);
NT_OFFSET(GENERAL_LOOKASIDE, Tag, 0x28); NT_OFFSET(GENERAL_LOOKASIDE, Size, 0x2c);
NT_OFFSET(GENERAL_LOOKASIDE, AllocateEx, 0x30); NT_OFFSET(GENERAL_LOOKASIDE, Allocate, 0x30);
NT_OFFSET(GENERAL_LOOKASIDE, FreeEx, 0x38); NT_OFFSET(GENERAL_LOOKASIDE, Free, 0x38);
NT_OFFSET(GENERAL_LOOKASIDE, ListEntry, 0x40); NT_OFFSET(GENERAL_LOOKASIDE, LastTotalAllocates, 0x50);
NT_OFFSET(GENERAL_LOOKASIDE, LastAllocateMisses, 0x54); NT_OFFSET(GENERAL_LOOKASIDE, LastAllocateHits, 0x54);
NT_OFFSET(GENERAL_LOOKASIDE, Future, 0x58);

struct GENERAL_LOOKASIDE_POOL {
    union {
        SLIST_HEADER ListHead;
        SINGLE_LIST_ENTRY SingleListHead;
    };
    USHORT Depth;
    USHORT MaximumDepth;
    ULONG TotalAllocates;
    union {
        ULONG AllocateMisses;
        ULONG AllocateHits;
    };
    ULONG TotalFrees;
    union {
        ULONG FreeMisses;
        ULONG FreeHits;
    };
    POOL_TYPE Type;
    ULONG Tag;
    ULONG Size;
    union {
        PALLOCATE_FUNCTION_EX AllocateEx;
        PALLOCATE_FUNCTION Allocate;
    };
    union {
        PFREE_FUNCTION_EX FreeEx;
        PFREE_FUNCTION Free;
    };
    LIST_ENTRY ListEntry;
    ULONG LastTotalAllocates;
    union {
        ULONG LastAllocateMisses;
        ULONG LastAllocateHits;
    };
    ULONG Future[2];
};
NT_SIZE(GENERAL_LOOKASIDE_POOL, 0x60); NT_OFFSET(GENERAL_LOOKASIDE_POOL, ListHead, 0x00);
NT_OFFSET(GENERAL_LOOKASIDE_POOL, SingleListHead, 0x00); NT_OFFSET(GENERAL_LOOKASIDE_POOL, Depth, 0x10);
NT_OFFSET(GENERAL_LOOKASIDE_POOL, MaximumDepth, 0x12); NT_OFFSET(GENERAL_LOOKASIDE_POOL, TotalAllocates, 0x14);
NT_OFFSET(GENERAL_LOOKASIDE_POOL, AllocateMisses, 0x18); NT_OFFSET(GENERAL_LOOKASIDE_POOL, AllocateHits, 0x18);
NT_OFFSET(GENERAL_LOOKASIDE_POOL, TotalFrees, 0x1c); NT_OFFSET(GENERAL_LOOKASIDE_POOL, FreeMisses, 0x20);
NT_OFFSET(GENERAL_LOOKASIDE_POOL, FreeHits, 0x20); NT_OFFSET(GENERAL_LOOKASIDE_POOL, Type, 0x24);
NT_OFFSET(GENERAL_LOOKASIDE_POOL, Tag, 0x28); NT_OFFSET(GENERAL_LOOKASIDE_POOL, Size, 0x2c);
NT_OFFSET(GENERAL_LOOKASIDE_POOL, AllocateEx, 0x30); NT_OFFSET(GENERAL_LOOKASIDE_POOL, Allocate, 0x30);
NT_OFFSET(GENERAL_LOOKASIDE_POOL, FreeEx, 0x38); NT_OFFSET(GENERAL_LOOKASIDE_POOL, Free, 0x38);
NT_OFFSET(GENERAL_LOOKASIDE_POOL, ListEntry, 0x40); NT_OFFSET(GENERAL_LOOKASIDE_POOL, LastTotalAllocates, 0x50);
NT_OFFSET(GENERAL_LOOKASIDE_POOL, LastAllocateMisses, 0x54); NT_OFFSET(GENERAL_LOOKASIDE_POOL, LastAllocateHits, 0x54);
NT_OFFSET(GENERAL_LOOKASIDE_POOL, Future, 0x58);

struct PAGED_LOOKASIDE_LIST {
    GENERAL_LOOKASIDE L;
};
NT_SIZE(PAGED_LOOKASIDE_LIST, 0x80); NT_OFFSET(PAGED_LOOKASIDE_LIST, L, 0x00);

struct alignas(64) NPAGED_LOOKASIDE_LIST {
    GENERAL_LOOKASIDE L;
};
NT_SIZE(NPAGED_LOOKASIDE_LIST, 0x80); NT_OFFSET(NPAGED_LOOKASIDE_LIST, L, 0x00);

struct LOOKASIDE_LIST_EX {
    GENERAL_LOOKASIDE_POOL L;
};
NT_SIZE(LOOKASIDE_LIST_EX, 0x60); NT_OFFSET(LOOKASIDE_LIST_EX, L, 0x00);

struct EX_RUNDOWN_REF {
    union {
        ULONG_PTR volatile Count;
        PVOID volatile Ptr;
    };
};
NT_SIZE(EX_RUNDOWN_REF, 0x08); NT_OFFSET(EX_RUNDOWN_REF, Count, 0x00); NT_OFFSET(EX_RUNDOWN_REF, Ptr, 0x00);

struct WORK_QUEUE_ITEM {
    LIST_ENTRY List;
    PWORKER_THREAD_ROUTINE WorkerRoutine;
    PVOID volatile Parameter;
};
NT_SIZE(WORK_QUEUE_ITEM, 0x20); NT_OFFSET(WORK_QUEUE_ITEM, List, 0x00); NT_OFFSET(WORK_QUEUE_ITEM, WorkerRoutine, 0x10);
NT_OFFSET(WORK_QUEUE_ITEM, Parameter, 0x18);

struct OWNER_ENTRY {
    ERESOURCE_THREAD OwnerThread;
    union {
        struct {
            ULONG IoPriorityBoosted : 1;
            ULONG OwnerReferenced : 1;
            ULONG OwnerCount : 30;
        };
        ULONG TableSize;
    };
};
NT_SIZE(OWNER_ENTRY, 0x10); NT_OFFSET(OWNER_ENTRY, OwnerThread, 0x00); NT_OFFSET(OWNER_ENTRY, TableSize, 0x08);

struct ERESOURCE {
    LIST_ENTRY SystemResourcesList;
    OWNER_ENTRY* OwnerTable;
    SHORT ActiveCount;
    USHORT Flag;
    KSEMAPHORE* volatile SharedWaiters;
    KEVENT* volatile ExclusiveWaiters;
    OWNER_ENTRY OwnerEntry;
    ULONG ActiveEntries;
    ULONG ContentionCount;
    ULONG NumberOfSharedWaiters;
    ULONG NumberOfExclusiveWaiters;
    PVOID Reserved2;
    union {
        PVOID Address;
        ULONG_PTR CreatorBackTraceIndex;
    };
    KSPIN_LOCK SpinLock;
};
NT_SIZE(ERESOURCE, 0x68); NT_OFFSET(ERESOURCE, SystemResourcesList, 0x00); NT_OFFSET(ERESOURCE, OwnerTable, 0x10);
NT_OFFSET(ERESOURCE, ActiveCount, 0x18); NT_OFFSET(ERESOURCE, Flag, 0x1a); NT_OFFSET(ERESOURCE, SharedWaiters, 0x20);
NT_OFFSET(ERESOURCE, ExclusiveWaiters, 0x28); NT_OFFSET(ERESOURCE, OwnerEntry, 0x30);
NT_OFFSET(ERESOURCE, ActiveEntries, 0x40); NT_OFFSET(ERESOURCE, ContentionCount, 0x44);
NT_OFFSET(ERESOURCE, NumberOfSharedWaiters, 0x48); NT_OFFSET(ERESOURCE, NumberOfExclusiveWaiters, 0x4c);
NT_OFFSET(ERESOURCE, Reserved2, 0x50); NT_OFFSET(ERESOURCE, Address, 0x58);
NT_OFFSET(ERESOURCE, CreatorBackTraceIndex, 0x58); NT_OFFSET(ERESOURCE, SpinLock, 0x60);

struct EXT_DELETE_PARAMETERS {
    ULONG Version;
    ULONG Reserved;
    PEXT_DELETE_CALLBACK DeleteCallback;
    void* DeleteContext;
};
NT_SIZE(EXT_DELETE_PARAMETERS, 0x18); NT_OFFSET(EXT_DELETE_PARAMETERS, Version, 0x00);
NT_OFFSET(EXT_DELETE_PARAMETERS, Reserved, 0x04); NT_OFFSET(EXT_DELETE_PARAMETERS, DeleteCallback, 0x08);
NT_OFFSET(EXT_DELETE_PARAMETERS, DeleteContext, 0x10);

struct EXT_SET_PARAMETERS_V0 {
    ULONG Version;
    ULONG Reserved;
    LONGLONG NoWakeTolerance;
};
NT_SIZE(EXT_SET_PARAMETERS_V0, 0x10); NT_OFFSET(EXT_SET_PARAMETERS_V0, Version, 0x00);
NT_OFFSET(EXT_SET_PARAMETERS_V0, Reserved, 0x04); NT_OFFSET(EXT_SET_PARAMETERS_V0, NoWakeTolerance, 0x08);

using EXT_SET_PARAMETERS = EXT_SET_PARAMETERS_V0;
using PEXT_SET_PARAMETERS = EXT_SET_PARAMETERS*;

// Flags.
inline constexpr ULONG
    EX_LOOKASIDE_LIST_EX_FLAGS_RAISE_ON_FAIL = 1, EX_RUNDOWN_ACTIVE = 1, EX_RUNDOWN_COUNT_SHIFT = 1,
    EX_LOOKASIDE_LIST_EX_FLAGS_FAIL_NO_RAISE = 2, EX_RUNDOWN_COUNT_INC = 2;
inline constexpr ULONG FM_LOCK_BIT_V = 0, FM_LOCK_BIT = 1, FM_LOCK_WAITER_WOKEN = 2, FM_LOCK_WAITER_INC = 4;
inline constexpr ULONG LOOKASIDE_MINIMUM_BLOCK_SIZE = 8;
inline constexpr ULONG
    POOL_TAGGING = 1, POOL_QUOTA_FAIL_INSTEAD_OF_RAISE = 8, POOL_RAISE_IF_ALLOCATION_FAILURE = 0x10,
    POOL_COLD_ALLOCATION = 0x100;
inline constexpr ULONG PROTECTED_POOL = 0x80000000;
inline constexpr ULONG RESOURCE_HASH_TABLE_SIZE = 0x40;
inline constexpr ULONG ResourceNeverExclusive = 0x10;
inline constexpr ULONG ResourceOwnedExclusive = 0x80;
inline constexpr ULONG ResourceReleaseByOtherThread = 0x20;

} // namespace ringside::nt
