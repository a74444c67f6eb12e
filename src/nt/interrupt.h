// SPDX-License-Identifier: MIT
// What goes with interrupt objects and bug-check callbacks beside the structures of nt/io_sync.h and nt/bugcheck.h.
#pragma once

#include "nt/basic.h"
#include "nt/bugcheck.h"
#include "nt/callbacks.h"

namespace ringside::nt {

struct IO_REPORT_INTERRUPT_ACTIVE_STATE_PARAMETERS {
    ULONG Version;
    union {
        PVOID Generic;
        KINTERRUPT* InterruptObject;
        IO_INTERRUPT_MESSAGE_INFO* InterruptMessageTable;
    } ConnectionContext;
};
NT_SIZE(IO_REPORT_INTERRUPT_ACTIVE_STATE_PARAMETERS, 0x10);
NT_OFFSET(IO_REPORT_INTERRUPT_ACTIVE_STATE_PARAMETERS, Version, 0x00);
NT_OFFSET(IO_REPORT_INTERRUPT_ACTIVE_STATE_PARAMETERS, ConnectionContext, 0x08);

enum BOUND_CALLBACK_STATUS : int32_t {
    BoundExceptionContinueSearch, BoundExceptionHandled, BoundExceptionError, BoundExceptionMaximum,
};
using BOUND_CALLBACK = BOUND_CALLBACK_STATUS NTAPI();
using PBOUND_CALLBACK = BOUND_CALLBACK*;

inline constexpr ULONG KE_PROCESSOR_CHANGE_ADD_EXISTING = 1;

// --- Bug-check callbacks ---

inline constexpr ULONG KB_ADD_PAGES_FLAG_VIRTUAL_ADDRESS = 0x00000001;
inline constexpr ULONG KB_ADD_PAGES_FLAG_PHYSICAL_ADDRESS = 0x00000002;
inline constexpr ULONG KB_ADD_PAGES_FLAG_ADDITIONAL_RANGES_EXIST = 0x80000000;
inline constexpr ULONG KB_TRIAGE_DUMP_DATA_FLAG_BUGCHECK_ACTIVE = 0x00000001;
inline constexpr ULONG DUMP_TYPE_FULL = 1;

struct KBUGCHECK_SECONDARY_DUMP_DATA_EX {
    PVOID InBuffer;
    ULONG InBufferLength;
    ULONG MaximumAllowed;
    GUID Guid;
    PVOID OutBuffer;
    ULONG OutBufferLength;
    PVOID Context;
    ULONG Flags;
    ULONG DumpType;
    ULONG BugCheckCode;
    ULONG_PTR BugCheckParameter1;
    ULONG_PTR BugCheckParameter2;
    ULONG_PTR BugCheckParameter3;
    ULONG_PTR BugCheckParameter4;
};
NT_SIZE(KBUGCHECK_SECONDARY_DUMP_DATA_EX, 0x68); NT_OFFSET(KBUGCHECK_SECONDARY_DUMP_DATA_EX, Context, 0x30);
NT_OFFSET(KBUGCHECK_SECONDARY_DUMP_DATA_EX, BugCheckCode, 0x40);
NT_OFFSET(KBUGCHECK_SECONDARY_DUMP_DATA_EX, BugCheckParameter1, 0x48);

using KBUGCHECK_REMOVE_PAGES = KBUGCHECK_ADD_PAGES; // member for member

struct KADDRESS_RANGE {
    PVOID Address;
    ULONG_PTR Size;
};
NT_SIZE(KADDRESS_RANGE, 0x10);

struct KTRIAGE_DUMP_DATA_ARRAY {
    LIST_ENTRY List;
    ULONG NumBlocksUsed;
    ULONG NumBlocksTotal;
    ULONG DataSize;
    ULONG MaxDataSize;
    ULONG ComponentNameBufferLength;
    PUCHAR ComponentName;
    KADDRESS_RANGE Blocks[1];
};
NT_SIZE(KTRIAGE_DUMP_DATA_ARRAY, 0x40); NT_OFFSET(KTRIAGE_DUMP_DATA_ARRAY, NumBlocksUsed, 0x10);
NT_OFFSET(KTRIAGE_DUMP_DATA_ARRAY, ComponentName, 0x28); NT_OFFSET(KTRIAGE_DUMP_DATA_ARRAY, Blocks, 0x30);

struct KBUGCHECK_TRIAGE_DUMP_DATA {
    KTRIAGE_DUMP_DATA_ARRAY* DataArray;
    ULONG Flags;
    ULONG MaxVirtMemSize;
    ULONG BugCheckCode;
    ULONG_PTR BugCheckParameter1;
    ULONG_PTR BugCheckParameter2;
    ULONG_PTR BugCheckParameter3;
    ULONG_PTR BugCheckParameter4;
};
NT_SIZE(KBUGCHECK_TRIAGE_DUMP_DATA, 0x38); NT_OFFSET(KBUGCHECK_TRIAGE_DUMP_DATA, Flags, 0x08);
NT_OFFSET(KBUGCHECK_TRIAGE_DUMP_DATA, BugCheckCode, 0x10);
NT_OFFSET(KBUGCHECK_TRIAGE_DUMP_DATA, BugCheckParameter1, 0x18);

} // namespace ringside::nt
