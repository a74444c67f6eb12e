// SPDX-License-Identifier: MIT
// Bug check codes with their published names, and the records of the callbacks that run when the machine ends.
#pragma once

#include "nt/basic.h"
#include "nt/callbacks.h"
#include "nt/irql.h"

namespace ringside::nt {

enum KBUGCHECK_CALLBACK_REASON : int32_t {
    KbCallbackInvalid, KbCallbackReserved1, KbCallbackSecondaryDumpData, KbCallbackDumpIo, KbCallbackAddPages,
    KbCallbackSecondaryMultiPartDumpData, KbCallbackRemovePages, KbCallbackTriageDumpData,
};

enum KBUGCHECK_DUMP_IO_TYPE : int32_t {
    KbDumpIoInvalid, KbDumpIoHeader, KbDumpIoBody, KbDumpIoSecondaryData, KbDumpIoComplete,
};

enum KBUGCHECK_BUFFER_DUMP_STATE : int32_t {
    BufferEmpty, BufferInserted, BufferStarted, BufferFinished, BufferIncomplete,
};

struct KBUGCHECK_ADD_PAGES {
    PVOID Context;
    ULONG Flags;
    ULONG BugCheckCode;
    ULONG_PTR Address;
    ULONG_PTR Count;
};
NT_SIZE(KBUGCHECK_ADD_PAGES, 0x20); NT_OFFSET(KBUGCHECK_ADD_PAGES, Context, 0x00);
NT_OFFSET(KBUGCHECK_ADD_PAGES, Flags, 0x08); NT_OFFSET(KBUGCHECK_ADD_PAGES, BugCheckCode, 0x0c);
NT_OFFSET(KBUGCHECK_ADD_PAGES, Address, 0x10); NT_OFFSET(KBUGCHECK_ADD_PAGES, Count, 0x18);

struct KBUGCHECK_SECONDARY_DUMP_DATA {
    PVOID InBuffer;
    ULONG InBufferLength;
    ULONG MaximumAllowed;
    GUID Guid;
    PVOID OutBuffer;
    ULONG OutBufferLength;
};
NT_SIZE(KBUGCHECK_SECONDARY_DUMP_DATA, 0x30); NT_OFFSET(KBUGCHECK_SECONDARY_DUMP_DATA, InBuffer, 0x00);
NT_OFFSET(KBUGCHECK_SECONDARY_DUMP_DATA, InBufferLength, 0x08);
NT_OFFSET(KBUGCHECK_SECONDARY_DUMP_DATA, MaximumAllowed, 0x0c); NT_OFFSET(KBUGCHECK_SECONDARY_DUMP_DATA, Guid, 0x10);
NT_OFFSET(KBUGCHECK_SECONDARY_DUMP_DATA, OutBuffer, 0x20);
NT_OFFSET(KBUGCHECK_SECONDARY_DUMP_DATA, OutBufferLength, 0x28);

struct KBUGCHECK_DUMP_IO {
    ULONG64 Offset;
    PVOID Buffer;
    ULONG BufferLength;
    KBUGCHECK_DUMP_IO_TYPE Type;
};
NT_SIZE(KBUGCHECK_DUMP_IO, 0x18); NT_OFFSET(KBUGCHECK_DUMP_IO, Offset, 0x00);
NT_OFFSET(KBUGCHECK_DUMP_IO, Buffer, 0x08); NT_OFFSET(KBUGCHECK_DUMP_IO, BufferLength, 0x10);
NT_OFFSET(KBUGCHECK_DUMP_IO, Type, 0x14);

struct KBUGCHECK_REASON_CALLBACK_RECORD {
    LIST_ENTRY Entry;
    PKBUGCHECK_REASON_CALLBACK_ROUTINE CallbackRoutine;
    PUCHAR Component;
    ULONG_PTR Checksum;
    KBUGCHECK_CALLBACK_REASON Reason;
    UCHAR State;
};
NT_SIZE(KBUGCHECK_REASON_CALLBACK_RECORD, 0x30); NT_OFFSET(KBUGCHECK_REASON_CALLBACK_RECORD, Entry, 0x00);
NT_OFFSET(KBUGCHECK_REASON_CALLBACK_RECORD, CallbackRoutine, 0x10);
NT_OFFSET(KBUGCHECK_REASON_CALLBACK_RECORD, Component, 0x18);
NT_OFFSET(KBUGCHECK_REASON_CALLBACK_RECORD, Checksum, 0x20); NT_OFFSET(KBUGCHECK_REASON_CALLBACK_RECORD, Reason, 0x28);
NT_OFFSET(KBUGCHECK_REASON_CALLBACK_RECORD, State, 0x2c);

struct KBUGCHECK_CALLBACK_RECORD {
    LIST_ENTRY Entry;
    PKBUGCHECK_CALLBACK_ROUTINE CallbackRoutine;
    PVOID Buffer;
    ULONG Length;
    PUCHAR Component;
    ULONG_PTR Checksum;
    UCHAR State;
};
NT_SIZE(KBUGCHECK_CALLBACK_RECORD, 0x40); NT_OFFSET(KBUGCHECK_CALLBACK_RECORD, Entry, 0x00);
NT_OFFSET(KBUGCHECK_CALLBACK_RECORD, CallbackRoutine, 0x10); NT_OFFSET(KBUGCHECK_CALLBACK_RECORD, Buffer, 0x18);
NT_OFFSET(KBUGCHECK_CALLBACK_RECORD, Length, 0x20); NT_OFFSET(KBUGCHECK_CALLBACK_RECORD, Component, 0x28);
NT_OFFSET(KBUGCHECK_CALLBACK_RECORD, Checksum, 0x30); NT_OFFSET(KBUGCHECK_CALLBACK_RECORD, State, 0x38);

struct BugCheckName {
    ULONG code;
    char const* name;
};

// The codes, as rows in bugcheck.inc: once as constants, once as a table of names in order of code.
#define NT_BUGCHECK(name, code) inline constexpr ULONG name = code;
#define NT_BUGCHECK_STATUS(name, code)
#include "nt/bugcheck.inc"
#undef NT_BUGCHECK
#undef NT_BUGCHECK_STATUS

inline constexpr BugCheckName kBugCheckNames[] = {
#define NT_BUGCHECK(name, code) {code, #name},
#define NT_BUGCHECK_STATUS(name, code) {code, #name},
#include "nt/bugcheck.inc"
#undef NT_BUGCHECK
#undef NT_BUGCHECK_STATUS
};

} // namespace ringside::nt
