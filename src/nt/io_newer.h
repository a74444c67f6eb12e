// SPDX-License-Identifier: MIT
// Structures that came to the I/O manager's headers since Windows 7, and that mingw-w64's copy lacks.
#pragma once

#include "nt/file.h"

namespace ringside::nt {

// SHARE_ACCESS of one of a file's hard links: deleting concerns the link, reading and writing the stream behind it.
struct LINK_SHARE_ACCESS {
    ULONG OpenCount;
    ULONG Deleters;
    ULONG SharedDelete;
};
NT_SIZE(LINK_SHARE_ACCESS, 0x0c); NT_OFFSET(LINK_SHARE_ACCESS, OpenCount, 0x00);
NT_OFFSET(LINK_SHARE_ACCESS, Deleters, 0x04); NT_OFFSET(LINK_SHARE_ACCESS, SharedDelete, 0x08);
using PLINK_SHARE_ACCESS = LINK_SHARE_ACCESS*;

enum : ULONG {
    IO_CHECK_SHARE_ACCESS_UPDATE_SHARE_ACCESS = 0x00000001,
    IO_CHECK_SHARE_ACCESS_DONT_UPDATE_FILE_OBJECT = 0x00000002,
    IO_CHECK_SHARE_ACCESS_DONT_CHECK_READ = 0x00000004,
    IO_CHECK_SHARE_ACCESS_DONT_CHECK_WRITE = 0x00000008,
    IO_CHECK_SHARE_ACCESS_DONT_CHECK_DELETE = 0x00000010,
    IO_CHECK_SHARE_ACCESS_FORCE_CHECK = 0x00000020,
    IO_CHECK_SHARE_ACCESS_FORCE_USING_SCB = 0x00000040,
    IO_SHARE_ACCESS_NON_PRIMARY_STREAM = 0x00000080,
    IO_SHARE_ACCESS_NO_WRITE_PERMISSION = 0x80000000,
};

struct OPLOCK_KEY_ECP_CONTEXT {
    GUID OplockKey;
    ULONG Reserved;
};
NT_SIZE(OPLOCK_KEY_ECP_CONTEXT, 0x14); NT_OFFSET(OPLOCK_KEY_ECP_CONTEXT, OplockKey, 0x00);
NT_OFFSET(OPLOCK_KEY_ECP_CONTEXT, Reserved, 0x10);

// A file system attaches the keys to a file object that was opened with them.
struct OPLOCK_KEY_CONTEXT {
    USHORT Version;
    USHORT Flags;
    GUID ParentOplockKey;
    GUID TargetOplockKey;
    ULONG Reserved;
};
NT_SIZE(OPLOCK_KEY_CONTEXT, 0x28); NT_OFFSET(OPLOCK_KEY_CONTEXT, Version, 0x00);
NT_OFFSET(OPLOCK_KEY_CONTEXT, Flags, 0x02); NT_OFFSET(OPLOCK_KEY_CONTEXT, ParentOplockKey, 0x04);
NT_OFFSET(OPLOCK_KEY_CONTEXT, TargetOplockKey, 0x14); NT_OFFSET(OPLOCK_KEY_CONTEXT, Reserved, 0x24);

struct IO_FOEXT_SILO_PARAMETERS {
    ULONG Length;
    ULONG Flags; // bit 0: HasHardReference
    PVOID SiloContext;
};
NT_SIZE(IO_FOEXT_SILO_PARAMETERS, 0x10); NT_OFFSET(IO_FOEXT_SILO_PARAMETERS, Length, 0x00);
NT_OFFSET(IO_FOEXT_SILO_PARAMETERS, Flags, 0x04); NT_OFFSET(IO_FOEXT_SILO_PARAMETERS, SiloContext, 0x08);

// The file that stands behind a shadow file.
struct IO_FOEXT_SHADOW_FILE {
    FILE_OBJECT* BackingFileObject;
    PVOID BackingFltInstance;
};
NT_SIZE(IO_FOEXT_SHADOW_FILE, 0x10); NT_OFFSET(IO_FOEXT_SHADOW_FILE, BackingFileObject, 0x00);
NT_OFFSET(IO_FOEXT_SHADOW_FILE, BackingFltInstance, 0x08);

enum IO_PAGING_PRIORITY : int32_t {
    IoPagingPriorityInvalid, IoPagingPriorityNormal, IoPagingPriorityHigh, IoPagingPriorityReserved1,
    IoPagingPriorityReserved2,
};

} // namespace ringside::nt
