// SPDX-License-Identifier: MIT
// What a file system shows of a file in FILE_OBJECT.FsContext, and information classes younger than file_information.h.
#pragma once

#include "nt/ex.h"
#include "nt/file_information.h"

namespace ringside::nt {

struct FSRTL_ADVANCED_FCB_HEADER {
    CSHORT NodeTypeCode;
    CSHORT NodeByteSize;
    UCHAR Flags;
    UCHAR IsFastIoPossible;
    UCHAR Flags2;
    UCHAR Reserved : 4;
    UCHAR Version : 4;
    ERESOURCE* Resource;
    ERESOURCE* PagingIoResource;
    LARGE_INTEGER AllocationSize;
    LARGE_INTEGER FileSize;
    LARGE_INTEGER ValidDataLength;
    FAST_MUTEX* FastMutex;
    LIST_ENTRY FilterContexts;
    ULONG_PTR PushLock;
    PVOID* FileContextSupportPointer;
};
NT_SIZE(FSRTL_ADVANCED_FCB_HEADER, 0x58); NT_OFFSET(FSRTL_ADVANCED_FCB_HEADER, NodeTypeCode, 0x00);
NT_OFFSET(FSRTL_ADVANCED_FCB_HEADER, NodeByteSize, 0x02); NT_OFFSET(FSRTL_ADVANCED_FCB_HEADER, Flags, 0x04);
NT_OFFSET(FSRTL_ADVANCED_FCB_HEADER, IsFastIoPossible, 0x05); NT_OFFSET(FSRTL_ADVANCED_FCB_HEADER, Flags2, 0x06);
NT_OFFSET(FSRTL_ADVANCED_FCB_HEADER, Resource, 0x08); NT_OFFSET(FSRTL_ADVANCED_FCB_HEADER, PagingIoResource, 0x10);
NT_OFFSET(FSRTL_ADVANCED_FCB_HEADER, AllocationSize, 0x18); NT_OFFSET(FSRTL_ADVANCED_FCB_HEADER, FileSize, 0x20);
NT_OFFSET(FSRTL_ADVANCED_FCB_HEADER, ValidDataLength, 0x28); NT_OFFSET(FSRTL_ADVANCED_FCB_HEADER, FastMutex, 0x30);
NT_OFFSET(FSRTL_ADVANCED_FCB_HEADER, FilterContexts, 0x38); NT_OFFSET(FSRTL_ADVANCED_FCB_HEADER, PushLock, 0x48);
NT_OFFSET(FSRTL_ADVANCED_FCB_HEADER, FileContextSupportPointer, 0x50);

struct FILE_DISPOSITION_INFORMATION_EX {
    ULONG Flags;
};
NT_SIZE(FILE_DISPOSITION_INFORMATION_EX, 0x04); NT_OFFSET(FILE_DISPOSITION_INFORMATION_EX, Flags, 0x00);

struct FILE_FS_SECTOR_SIZE_INFORMATION {
    ULONG LogicalBytesPerSector;
    ULONG PhysicalBytesPerSectorForAtomicity;
    ULONG PhysicalBytesPerSectorForPerformance;
    ULONG FileSystemEffectivePhysicalBytesPerSectorForAtomicity;
    ULONG Flags;
    ULONG ByteOffsetForSectorAlignment;
    ULONG ByteOffsetForPartitionAlignment;
};
NT_SIZE(FILE_FS_SECTOR_SIZE_INFORMATION, 0x1c);
NT_OFFSET(FILE_FS_SECTOR_SIZE_INFORMATION, LogicalBytesPerSector, 0x00);
NT_OFFSET(FILE_FS_SECTOR_SIZE_INFORMATION, PhysicalBytesPerSectorForAtomicity, 0x04);
NT_OFFSET(FILE_FS_SECTOR_SIZE_INFORMATION, PhysicalBytesPerSectorForPerformance, 0x08);
NT_OFFSET(FILE_FS_SECTOR_SIZE_INFORMATION, FileSystemEffectivePhysicalBytesPerSectorForAtomicity, 0x0c);
NT_OFFSET(FILE_FS_SECTOR_SIZE_INFORMATION, Flags, 0x10);
NT_OFFSET(FILE_FS_SECTOR_SIZE_INFORMATION, ByteOffsetForSectorAlignment, 0x14);
NT_OFFSET(FILE_FS_SECTOR_SIZE_INFORMATION, ByteOffsetForPartitionAlignment, 0x18);

// FILE_FS_ATTRIBUTE_INFORMATION.FileSystemAttributes.
inline constexpr ULONG FILE_CASE_PRESERVED_NAMES = 2, FILE_UNICODE_ON_DISK = 4;

// FILE_DISPOSITION_INFORMATION_EX.Flags; FILE_RENAME_INFORMATION.Flags of FileRenameInformationEx.
inline constexpr ULONG
    FILE_DISPOSITION_DELETE = 1, FILE_DISPOSITION_POSIX_SEMANTICS = 2, FILE_DISPOSITION_FORCE_IMAGE_SECTION_CHECK = 4,
    FILE_DISPOSITION_ON_CLOSE = 8, FILE_DISPOSITION_IGNORE_READONLY_ATTRIBUTE = 0x10;
inline constexpr ULONG
    FILE_RENAME_REPLACE_IF_EXISTS = 1, FILE_RENAME_POSIX_SEMANTICS = 2, FILE_RENAME_IGNORE_READONLY_ATTRIBUTE = 0x40;

} // namespace ringside::nt
