// SPDX-License-Identifier: MIT
// Memory descriptor lists and the words of the memory manager: caching types, page priorities, protections.
#pragma once

#include "nt/basic.h"

namespace ringside::nt {

enum MEMORY_CACHING_TYPE : int32_t {
    MmNonCached, MmCached, MmWriteCombined, MmHardwareCoherentCached, MmNonCachedUnordered, MmUSWCCached,
    MmMaximumCacheType, MmNotMapped = -1,
};

enum MM_PAGE_PRIORITY : int32_t { LowPagePriority, NormalPagePriority = 16, HighPagePriority = 32 };

enum MM_SYSTEM_SIZE : int32_t { MmSmallSystem, MmMediumSystem, MmLargeSystem };

enum LOCK_OPERATION : int32_t { IoReadAccess, IoWriteAccess, IoModifyAccess };

enum SECTION_INHERIT : int32_t { ViewShare = 1, ViewUnmap };

enum MM_ROTATE_DIRECTION : int32_t {
    MmToFrameBuffer, MmToFrameBufferNoCopy, MmToRegularMemory, MmToRegularMemoryNoCopy, MmMaximumRotateDirection,
};

enum MMFLUSH_TYPE : int32_t { MmFlushForDelete, MmFlushForWrite };

struct MDL {
    MDL* Next;
    CSHORT Size;
    CSHORT MdlFlags;
    EPROCESS* Process;
    PVOID MappedSystemVa;
    PVOID StartVa;
    ULONG ByteCount;
    ULONG ByteOffset;
};
NT_SIZE(MDL, 0x30); NT_OFFSET(MDL, Next, 0x00); NT_OFFSET(MDL, Size, 0x08); NT_OFFSET(MDL, MdlFlags, 0x0a);
NT_OFFSET(MDL, Process, 0x10); NT_OFFSET(MDL, MappedSystemVa, 0x18); NT_OFFSET(MDL, StartVa, 0x20);
NT_OFFSET(MDL, ByteCount, 0x28); NT_OFFSET(MDL, ByteOffset, 0x2c);

struct SECTION_OBJECT_POINTERS {
    PVOID DataSectionObject;
    PVOID SharedCacheMap;
    PVOID ImageSectionObject;
};
NT_SIZE(SECTION_OBJECT_POINTERS, 0x18); NT_OFFSET(SECTION_OBJECT_POINTERS, DataSectionObject, 0x00);
NT_OFFSET(SECTION_OBJECT_POINTERS, SharedCacheMap, 0x08); NT_OFFSET(SECTION_OBJECT_POINTERS, ImageSectionObject, 0x10);

struct PHYSICAL_MEMORY_RANGE {
    PHYSICAL_ADDRESS BaseAddress;
    LARGE_INTEGER NumberOfBytes;
};
NT_SIZE(PHYSICAL_MEMORY_RANGE, 0x10); NT_OFFSET(PHYSICAL_MEMORY_RANGE, BaseAddress, 0x00);
NT_OFFSET(PHYSICAL_MEMORY_RANGE, NumberOfBytes, 0x08);

union MM_PREFETCH_FLAGS {
    struct {
        ULONG Priority : 3;
        ULONG RepurposePriority : 3;
    } Flags;
    ULONG AllFlags;
};
NT_SIZE(MM_PREFETCH_FLAGS, 0x04); NT_OFFSET(MM_PREFETCH_FLAGS, Flags, 0x00);
NT_OFFSET(MM_PREFETCH_FLAGS, AllFlags, 0x00);

// MDL.MdlFlags.
inline constexpr ULONG
    MDL_MAPPED_TO_SYSTEM_VA = 1, MDL_PAGES_LOCKED = 2, MDL_SOURCE_IS_NONPAGED_POOL = 4, MDL_ALLOCATED_FIXED_SIZE = 8,
    MDL_PARTIAL = 0x10, MDL_PARTIAL_HAS_BEEN_MAPPED = 0x20, MDL_IO_PAGE_READ = 0x40, MDL_WRITE_OPERATION = 0x80,
    MDL_PARENT_MAPPED_SYSTEM_VA = 0x100, MDL_FREE_EXTRA_PTES = 0x200, MDL_DESCRIBES_AWE = 0x400, MDL_IO_SPACE = 0x800,
    MDL_NETWORK_HEADER = 0x1000, MDL_MAPPING_CAN_FAIL = 0x2000, MDL_ALLOCATED_MUST_SUCCEED = 0x4000,
    MDL_INTERNAL = 0x8000;

// Pages, protections and sections.
inline constexpr ULONG
    MEM_COMMIT = 0x1000, MEM_RESERVE = 0x2000, MEM_DECOMMIT = 0x4000, MEM_RELEASE = 0x8000, MEM_FREE = 0x10000,
    MEM_PRIVATE = 0x20000, MEM_MAPPED = 0x40000, MEM_RESET = 0x80000, MEM_TOP_DOWN = 0x100000,
    MEM_LARGE_PAGES = 0x20000000, MEM_DOS_LIM = 0x40000000, MEM_4MB_PAGES = 0x80000000;
inline constexpr ULONG
    MM_DONT_ZERO_ALLOCATION = 1, MM_ALLOCATE_FROM_LOCAL_NODE_ONLY = 2, MM_ALLOCATE_FULLY_REQUIRED = 4,
    MM_ALLOCATE_NO_WAIT = 8, MM_ALLOCATE_PREFER_CONTIGUOUS = 0x10, MM_ALLOCATE_REQUIRE_CONTIGUOUS_CHUNKS = 0x20,
    MM_PREFETCH_FLAGS_MASK = 0x3f, MM_MAXIMUM_DISK_IO_SIZE = 0x10000, MM_ANY_NODE_OK = 0x80000000;
inline constexpr ULONG
    PAGE_NOACCESS = 1, PAGE_READONLY = 2, PAGE_READWRITE = 4, PAGE_WRITECOPY = 8, PAGE_SHIFT = 0xc,
    PAGE_EXECUTE = 0x10, PAGE_EXECUTE_READ = 0x20, PAGE_EXECUTE_READWRITE = 0x40, PAGE_EXECUTE_WRITECOPY = 0x80,
    PAGE_GUARD = 0x100, PAGE_NOCACHE = 0x200, PAGE_WRITECOMBINE = 0x400, PAGE_SIZE = 0x1000;
inline constexpr ULONG
    SEC_BASED = 0x200000, SEC_RESERVE = 0x4000000, SEC_COMMIT = 0x8000000, SEC_LARGE_PAGES = 0x80000000;
inline constexpr ULONG
    SECTION_QUERY = 1, SECTION_MAP_WRITE = 2, SECTION_MAP_READ = 4, SECTION_MAP_EXECUTE = 8,
    SECTION_EXTEND_SIZE = 0x10, SECTION_MAP_EXECUTE_EXPLICIT = 0x20, SECTION_ALL_ACCESS = 0xf001f;

// The priority words that MmGetSystemAddressForMdlSafe takes beside the priority, since Windows 8.
inline constexpr ULONG
    MdlMappingNoWrite = 0x80000000, MdlMappingNoExecute = 0x40000000, MdlMappingWithGuardPtes = 0x20000000;

} // namespace ringside::nt
