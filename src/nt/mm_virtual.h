// SPDX-License-Identifier: MIT
// Virtual memory of processes, sections and physical ranges: what the services of that kind take and tell.
#pragma once

#include "nt/mm.h"

namespace ringside::nt {

enum MEMORY_INFORMATION_CLASS : int32_t { MemoryBasicInformation };

enum SECTION_INFORMATION_CLASS : int32_t { SectionBasicInformation, SectionImageInformation };

struct MEMORY_BASIC_INFORMATION {
    PVOID BaseAddress;
    PVOID AllocationBase;
    ULONG AllocationProtect;
    USHORT PartitionId;
    SIZE_T RegionSize;
    ULONG State;
    ULONG Protect;
    ULONG Type;
};
NT_SIZE(MEMORY_BASIC_INFORMATION, 0x30); NT_OFFSET(MEMORY_BASIC_INFORMATION, BaseAddress, 0x00);
NT_OFFSET(MEMORY_BASIC_INFORMATION, AllocationBase, 0x08);
NT_OFFSET(MEMORY_BASIC_INFORMATION, AllocationProtect, 0x10);
NT_OFFSET(MEMORY_BASIC_INFORMATION, PartitionId, 0x14); NT_OFFSET(MEMORY_BASIC_INFORMATION, RegionSize, 0x18);
NT_OFFSET(MEMORY_BASIC_INFORMATION, State, 0x20); NT_OFFSET(MEMORY_BASIC_INFORMATION, Protect, 0x24);
NT_OFFSET(MEMORY_BASIC_INFORMATION, Type, 0x28);

struct SECTION_BASIC_INFORMATION {
    PVOID BaseAddress;
    ULONG AllocationAttributes;
    LARGE_INTEGER MaximumSize;
};
NT_SIZE(SECTION_BASIC_INFORMATION, 0x18); NT_OFFSET(SECTION_BASIC_INFORMATION, BaseAddress, 0x00);
NT_OFFSET(SECTION_BASIC_INFORMATION, AllocationAttributes, 0x08);
NT_OFFSET(SECTION_BASIC_INFORMATION, MaximumSize, 0x10);

struct MM_PHYSICAL_ADDRESS_LIST {
    PHYSICAL_ADDRESS PhysicalAddress;
    SIZE_T NumberOfBytes;
};
NT_SIZE(MM_PHYSICAL_ADDRESS_LIST, 0x10); NT_OFFSET(MM_PHYSICAL_ADDRESS_LIST, PhysicalAddress, 0x00);
NT_OFFSET(MM_PHYSICAL_ADDRESS_LIST, NumberOfBytes, 0x08);

// AllocationType and AllocationAttributes that the older headers leave out.
inline constexpr ULONG
    MEM_WRITE_WATCH = 0x200000, MEM_PHYSICAL = 0x400000, MEM_ROTATE = 0x800000, MEM_RESET_UNDO = 0x1000000,
    MEM_IMAGE = 0x1000000;
inline constexpr ULONG
    SEC_FILE = 0x800000, SEC_IMAGE = 0x1000000, SEC_PROTECTED_IMAGE = 0x2000000, SEC_NOCACHE = 0x10000000,
    SEC_WRITECOMBINE = 0x40000000, SEC_NO_CHANGE = 0x400000;

inline constexpr ULONG MM_COPY_MEMORY_PHYSICAL = 1, MM_COPY_MEMORY_VIRTUAL = 2;
inline constexpr ULONG MM_SECURE_EXCLUSIVE = 1, MM_SECURE_NO_CHANGE = 2, MM_SECURE_USER_MODE_ONLY = 4,
                       MM_SECURE_NO_INHERIT = 8;
inline constexpr ULONG MM_PROTECT_DRIVER_SECTION_ALLOW_UNLOAD = 1;
inline constexpr ULONG PROCESS_VM_OPERATION = 8, PROCESS_VM_READ = 0x10, PROCESS_VM_WRITE = 0x20,
                       PROCESS_QUERY_INFORMATION = 0x400;

} // namespace ringside::nt
