// SPDX-License-Identifier: MIT
// Counted strings, 64-bit integers with named halves, lists and the other small structures that every part of
// the kernel passes around.
#pragma once

#include "nt/forward.h"
#include "nt/layout.h"

namespace ringside::nt {

union LARGE_INTEGER {
    struct {
        ULONG LowPart;
        LONG HighPart;
    };
    struct {
        ULONG LowPart;
        LONG HighPart;
    } u;
    LONGLONG QuadPart;
};
NT_SIZE(LARGE_INTEGER, 0x08); NT_OFFSET(LARGE_INTEGER, LowPart, 0x00); NT_OFFSET(LARGE_INTEGER, HighPart, 0x04);
NT_OFFSET(LARGE_INTEGER, u, 0x00); NT_OFFSET(LARGE_INTEGER, u.LowPart, 0x00);
NT_OFFSET(LARGE_INTEGER, u.HighPart, 0x04); NT_OFFSET(LARGE_INTEGER, QuadPart, 0x00);

union ULARGE_INTEGER {
    struct {
        ULONG LowPart;
        ULONG HighPart;
    };
    struct {
        ULONG LowPart;
        ULONG HighPart;
    } u;
    ULONGLONG QuadPart;
};
NT_SIZE(ULARGE_INTEGER, 0x08); NT_OFFSET(ULARGE_INTEGER, LowPart, 0x00); NT_OFFSET(ULARGE_INTEGER, HighPart, 0x04);
NT_OFFSET(ULARGE_INTEGER, u, 0x00); NT_OFFSET(ULARGE_INTEGER, u.LowPart, 0x00);
NT_OFFSET(ULARGE_INTEGER, u.HighPart, 0x04); NT_OFFSET(ULARGE_INTEGER, QuadPart, 0x00);

struct LUID {
    ULONG LowPart;
    LONG HighPart;
};
NT_SIZE(LUID, 0x08); NT_OFFSET(LUID, LowPart, 0x00); NT_OFFSET(LUID, HighPart, 0x04);

struct UNICODE_STRING {
    USHORT Length;
    USHORT MaximumLength;
    PWSTR Buffer;
};
NT_SIZE(UNICODE_STRING, 0x10); NT_OFFSET(UNICODE_STRING, Length, 0x00); NT_OFFSET(UNICODE_STRING, MaximumLength, 0x02);
NT_OFFSET(UNICODE_STRING, Buffer, 0x08);

struct STRING {
    USHORT Length;
    USHORT MaximumLength;
    PCHAR Buffer;
};
NT_SIZE(STRING, 0x10); NT_OFFSET(STRING, Length, 0x00); NT_OFFSET(STRING, MaximumLength, 0x02);
NT_OFFSET(STRING, Buffer, 0x08);

struct OBJECT_ATTRIBUTES {
    ULONG Length;
    HANDLE RootDirectory;
    UNICODE_STRING* ObjectName;
    ULONG Attributes;
    PVOID SecurityDescriptor;
    PVOID SecurityQualityOfService;
};
NT_SIZE(OBJECT_ATTRIBUTES, 0x30); NT_OFFSET(OBJECT_ATTRIBUTES, Length, 0x00);
NT_OFFSET(OBJECT_ATTRIBUTES, RootDirectory, 0x08); NT_OFFSET(OBJECT_ATTRIBUTES, ObjectName, 0x10);
NT_OFFSET(OBJECT_ATTRIBUTES, Attributes, 0x18); NT_OFFSET(OBJECT_ATTRIBUTES, SecurityDescriptor, 0x20);
NT_OFFSET(OBJECT_ATTRIBUTES, SecurityQualityOfService, 0x28);

struct LIST_ENTRY {
    LIST_ENTRY* Flink;
    LIST_ENTRY* Blink;
};
NT_SIZE(LIST_ENTRY, 0x10); NT_OFFSET(LIST_ENTRY, Flink, 0x00); NT_OFFSET(LIST_ENTRY, Blink, 0x08);

struct SINGLE_LIST_ENTRY {
    SINGLE_LIST_ENTRY* Next;
};
NT_SIZE(SINGLE_LIST_ENTRY, 0x08); NT_OFFSET(SINGLE_LIST_ENTRY, Next, 0x00);

struct PROCESSOR_NUMBER {
    USHORT Group;
    UCHAR Number;
    UCHAR Reserved;
};
NT_SIZE(PROCESSOR_NUMBER, 0x04); NT_OFFSET(PROCESSOR_NUMBER, Group, 0x00); NT_OFFSET(PROCESSOR_NUMBER, Number, 0x02);
NT_OFFSET(PROCESSOR_NUMBER, Reserved, 0x03);

struct GROUP_AFFINITY {
    KAFFINITY Mask;
    USHORT Group;
    USHORT Reserved[3];
};
NT_SIZE(GROUP_AFFINITY, 0x10); NT_OFFSET(GROUP_AFFINITY, Mask, 0x00); NT_OFFSET(GROUP_AFFINITY, Group, 0x08);
NT_OFFSET(GROUP_AFFINITY, Reserved, 0x0a);

struct GUID {
    ULONG Data1;
    USHORT Data2;
    USHORT Data3;
    UCHAR Data4[8];
};
NT_SIZE(GUID, 0x10); NT_OFFSET(GUID, Data1, 0x00); NT_OFFSET(GUID, Data2, 0x04); NT_OFFSET(GUID, Data3, 0x06);
NT_OFFSET(GUID, Data4, 0x08);

struct alignas(16) SLIST_ENTRY {
    SLIST_ENTRY* Next;
};
NT_SIZE(SLIST_ENTRY, 0x10); NT_OFFSET(SLIST_ENTRY, Next, 0x00);

union alignas(16) SLIST_HEADER {
    struct {
        ULONGLONG Alignment;
        ULONGLONG Region;
    };
    struct {
        ULONGLONG Depth : 16;
        ULONGLONG Sequence : 9;
        ULONGLONG NextEntry : 39;
        ULONGLONG HeaderType : 1;
        ULONGLONG Init : 1;
        ULONGLONG Reserved : 59;
        ULONGLONG Region : 3;
    } Header8;
    struct {
        ULONGLONG Depth : 16;
        ULONGLONG Sequence : 48;
        ULONGLONG HeaderType : 1;
        ULONGLONG Init : 1;
        ULONGLONG Reserved : 2;
        ULONGLONG NextEntry : 60;
    } Header16;
    struct {
        ULONGLONG Depth : 16;
        ULONGLONG Sequence : 48;
        ULONGLONG HeaderType : 1;
        ULONGLONG Reserved : 3;
        ULONGLONG NextEntry : 60;
    } HeaderX64;
};
NT_SIZE(SLIST_HEADER, 0x10); NT_OFFSET(SLIST_HEADER, Alignment, 0x00); NT_OFFSET(SLIST_HEADER, Region, 0x08);
NT_OFFSET(SLIST_HEADER, Header8, 0x00); NT_OFFSET(SLIST_HEADER, Header16, 0x00);
NT_OFFSET(SLIST_HEADER, HeaderX64, 0x00);

struct KSYSTEM_TIME {
    ULONG LowPart;
    LONG High1Time;
    LONG High2Time;
};
NT_SIZE(KSYSTEM_TIME, 0x0c); NT_OFFSET(KSYSTEM_TIME, LowPart, 0x00); NT_OFFSET(KSYSTEM_TIME, High1Time, 0x04);
NT_OFFSET(KSYSTEM_TIME, High2Time, 0x08);

struct CLIENT_ID {
    HANDLE UniqueProcess;
    HANDLE UniqueThread;
};
NT_SIZE(CLIENT_ID, 0x10); NT_OFFSET(CLIENT_ID, UniqueProcess, 0x00); NT_OFFSET(CLIENT_ID, UniqueThread, 0x08);

using ANSI_STRING = STRING;
using PANSI_STRING = ANSI_STRING*;
using OEM_STRING = STRING;
using POEM_STRING = OEM_STRING*;
using UTF8_STRING = STRING;
using PUTF8_STRING = UTF8_STRING*;

// Attributes of OBJECT_ATTRIBUTES and of handles.
inline constexpr ULONG
    OBJ_INHERIT = 2, OBJ_PERMANENT = 0x10, OBJ_EXCLUSIVE = 0x20, OBJ_CASE_INSENSITIVE = 0x40,
    OBJ_NAME_PATH_SEPARATOR = 0x5c, OBJ_OPENIF = 0x80, OBJ_OPENLINK = 0x100, OBJ_KERNEL_HANDLE = 0x200,
    OBJ_FORCE_ACCESS_CHECK = 0x400, OBJ_IGNORE_IMPERSONATED_DEVICEMAP = 0x800, OBJ_DONT_REPARSE = 0x1000,
    OBJ_VALID_ATTRIBUTES = 0x1ff2;

} // namespace ringside::nt
