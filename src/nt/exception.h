// SPDX-License-Identifier: MIT
// What structured exception handling works with on x64: the exception record, the processor context, function tables
// and unwind codes, and the context of a language handler.
#pragma once

#include "nt/basic.h"
#include "nt/callbacks.h"

namespace ringside::nt {

using XMM_SAVE_AREA32 = XSAVE_FORMAT;
using PXMM_SAVE_AREA32 = XSAVE_FORMAT*;

struct EXCEPTION_RECORD {
    NTSTATUS ExceptionCode;
    ULONG ExceptionFlags;
    EXCEPTION_RECORD* ExceptionRecord;
    PVOID ExceptionAddress;
    ULONG NumberParameters;
    ULONG_PTR ExceptionInformation[15];
};
NT_SIZE(EXCEPTION_RECORD, 0x98); NT_OFFSET(EXCEPTION_RECORD, ExceptionCode, 0x00);
NT_OFFSET(EXCEPTION_RECORD, ExceptionFlags, 0x04); NT_OFFSET(EXCEPTION_RECORD, ExceptionRecord, 0x08);
NT_OFFSET(EXCEPTION_RECORD, ExceptionAddress, 0x10); NT_OFFSET(EXCEPTION_RECORD, NumberParameters, 0x18);
NT_OFFSET(EXCEPTION_RECORD, ExceptionInformation, 0x20);

struct EXCEPTION_POINTERS {
    EXCEPTION_RECORD* ExceptionRecord;
    CONTEXT* ContextRecord;
};
NT_SIZE(EXCEPTION_POINTERS, 0x10); NT_OFFSET(EXCEPTION_POINTERS, ExceptionRecord, 0x00);
NT_OFFSET(EXCEPTION_POINTERS, ContextRecord, 0x08);

struct alignas(16) M128A {
    ULONGLONG Low;
    LONGLONG High;
};
NT_SIZE(M128A, 0x10); NT_OFFSET(M128A, Low, 0x00); NT_OFFSET(M128A, High, 0x08);

struct alignas(16) XSAVE_FORMAT {
    USHORT ControlWord;
    USHORT StatusWord;
    UCHAR TagWord;
    UCHAR Reserved1;
    USHORT ErrorOpcode;
    ULONG ErrorOffset;
    USHORT ErrorSelector;
    USHORT Reserved2;
    ULONG DataOffset;
    USHORT DataSelector;
    USHORT Reserved3;
    ULONG MxCsr;
    ULONG MxCsr_Mask;
    M128A FloatRegisters[8];
    M128A XmmRegisters[16];
    UCHAR Reserved4[96];
};
NT_SIZE(XSAVE_FORMAT, 0x200); NT_OFFSET(XSAVE_FORMAT, ControlWord, 0x00); NT_OFFSET(XSAVE_FORMAT, StatusWord, 0x02);
NT_OFFSET(XSAVE_FORMAT, TagWord, 0x04); NT_OFFSET(XSAVE_FORMAT, Reserved1, 0x05);
NT_OFFSET(XSAVE_FORMAT, ErrorOpcode, 0x06); NT_OFFSET(XSAVE_FORMAT, ErrorOffset, 0x08);
NT_OFFSET(XSAVE_FORMAT, ErrorSelector, 0x0c); NT_OFFSET(XSAVE_FORMAT, Reserved2, 0x0e);
NT_OFFSET(XSAVE_FORMAT, DataOffset, 0x10); NT_OFFSET(XSAVE_FORMAT, DataSelector, 0x14);
NT_OFFSET(XSAVE_FORMAT, Reserved3, 0x16); NT_OFFSET(XSAVE_FORMAT, MxCsr, 0x18);
NT_OFFSET(XSAVE_FORMAT, MxCsr_Mask, 0x1c); NT_OFFSET(XSAVE_FORMAT, FloatRegisters, 0x20);
NT_OFFSET(XSAVE_FORMAT, XmmRegisters, 0xa0); NT_OFFSET(XSAVE_FORMAT, Reserved4, 0x1a0);

struct alignas(16) CONTEXT {
    ULONG64 P1Home;
    ULONG64 P2Home;
    ULONG64 P3Home;
    ULONG64 P4Home;
    ULONG64 P5Home;
    ULONG64 P6Home;
    ULONG ContextFlags;
    ULONG MxCsr;
    USHORT SegCs;
    USHORT SegDs;
    USHORT SegEs;
    USHORT SegFs;
    USHORT SegGs;
    USHORT SegSs;
    ULONG EFlags;
    ULONG64 Dr0;
    ULONG64 Dr1;
    ULONG64 Dr2;
    ULONG64 Dr3;
    ULONG64 Dr6;
    ULONG64 Dr7;
    ULONG64 Rax;
    ULONG64 Rcx;
    ULONG64 Rdx;
    ULONG64 Rbx;
    ULONG64 Rsp;
    ULONG64 Rbp;
    ULONG64 Rsi;
    ULONG64 Rdi;
    ULONG64 R8;
    ULONG64 R9;
    ULONG64 R10;
    ULONG64 R11;
    ULONG64 R12;
    ULONG64 R13;
    ULONG64 R14;
    ULONG64 R15;
    ULONG64 Rip;
    union {
        XMM_SAVE_AREA32 FltSave;
        struct {
            M128A Header[2];
            M128A Legacy[8];
            M128A Xmm0;
            M128A Xmm1;
            M128A Xmm2;
            M128A Xmm3;
            M128A Xmm4;
            M128A Xmm5;
            M128A Xmm6;
            M128A Xmm7;
            M128A Xmm8;
            M128A Xmm9;
            M128A Xmm10;
            M128A Xmm11;
            M128A Xmm12;
            M128A Xmm13;
            M128A Xmm14;
            M128A Xmm15;
        };
    };
    M128A VectorRegister[26];
    ULONG64 VectorControl;
    ULONG64 DebugControl;
    ULONG64 LastBranchToRip;
    ULONG64 LastBranchFromRip;
    ULONG64 LastExceptionToRip;
    ULONG64 LastExceptionFromRip;
};
NT_SIZE(CONTEXT, 0x4d0); NT_OFFSET(CONTEXT, P1Home, 0x00); NT_OFFSET(CONTEXT, P2Home, 0x08);
NT_OFFSET(CONTEXT, P3Home, 0x10); NT_OFFSET(CONTEXT, P4Home, 0x18); NT_OFFSET(CONTEXT, P5Home, 0x20);
NT_OFFSET(CONTEXT, P6Home, 0x28); NT_OFFSET(CONTEXT, ContextFlags, 0x30); NT_OFFSET(CONTEXT, MxCsr, 0x34);
NT_OFFSET(CONTEXT, SegCs, 0x38); NT_OFFSET(CONTEXT, SegDs, 0x3a); NT_OFFSET(CONTEXT, SegEs, 0x3c);
NT_OFFSET(CONTEXT, SegFs, 0x3e); NT_OFFSET(CONTEXT, SegGs, 0x40); NT_OFFSET(CONTEXT, SegSs, 0x42);
NT_OFFSET(CONTEXT, EFlags, 0x44); NT_OFFSET(CONTEXT, Dr0, 0x48); NT_OFFSET(CONTEXT, Dr1, 0x50);
NT_OFFSET(CONTEXT, Dr2, 0x58); NT_OFFSET(CONTEXT, Dr3, 0x60); NT_OFFSET(CONTEXT, Dr6, 0x68);
NT_OFFSET(CONTEXT, Dr7, 0x70); NT_OFFSET(CONTEXT, Rax, 0x78); NT_OFFSET(CONTEXT, Rcx, 0x80);
NT_OFFSET(CONTEXT, Rdx, 0x88); NT_OFFSET(CONTEXT, Rbx, 0x90); NT_OFFSET(CONTEXT, Rsp, 0x98);
NT_OFFSET(CONTEXT, Rbp, 0xa0); NT_OFFSET(CONTEXT, Rsi, 0xa8); NT_OFFSET(CONTEXT, Rdi, 0xb0);
NT_OFFSET(CONTEXT, R8, 0xb8); NT_OFFSET(CONTEXT, R9, 0xc0); NT_OFFSET(CONTEXT, R10, 0xc8);
NT_OFFSET(CONTEXT, R11, 0xd0); NT_OFFSET(CONTEXT, R12, 0xd8); NT_OFFSET(CONTEXT, R13, 0xe0);
NT_OFFSET(CONTEXT, R14, 0xe8); NT_OFFSET(CONTEXT, R15, 0xf0); NT_OFFSET(CONTEXT, Rip, 0xf8);
NT_OFFSET(CONTEXT, FltSave, 0x100); NT_OFFSET(CONTEXT, Header, 0x100); NT_OFFSET(CONTEXT, Legacy, 0x120);
NT_OFFSET(CONTEXT, Xmm0, 0x1a0); NT_OFFSET(CONTEXT, Xmm1, 0x1b0); NT_OFFSET(CONTEXT, Xmm2, 0x1c0);
NT_OFFSET(CONTEXT, Xmm3, 0x1d0); NT_OFFSET(CONTEXT, Xmm4, 0x1e0); NT_OFFSET(CONTEXT, Xmm5, 0x1f0);
NT_OFFSET(CONTEXT, Xmm6, 0x200); NT_OFFSET(CONTEXT, Xmm7, 0x210); NT_OFFSET(CONTEXT, Xmm8, 0x220);
NT_OFFSET(CONTEXT, Xmm9, 0x230); NT_OFFSET(CONTEXT, Xmm10, 0x240); NT_OFFSET(CONTEXT, Xmm11, 0x250);
NT_OFFSET(CONTEXT, Xmm12, 0x260); NT_OFFSET(CONTEXT, Xmm13, 0x270); NT_OFFSET(CONTEXT, Xmm14, 0x280);
NT_OFFSET(CONTEXT, Xmm15, 0x290); NT_OFFSET(CONTEXT, VectorRegister, 0x300); NT_OFFSET(CONTEXT, VectorControl, 0x4a0);
NT_OFFSET(CONTEXT, DebugControl, 0x4a8); NT_OFFSET(CONTEXT, LastBranchToRip, 0x4b0);
NT_OFFSET(CONTEXT, LastBranchFromRip, 0x4b8); NT_OFFSET(CONTEXT, LastExceptionToRip, 0x4c0);
NT_OFFSET(CONTEXT, LastExceptionFromRip, 0x4c8);

struct alignas(8) XSAVE_AREA_HEADER {
    ULONG64 Mask;
    ULONG64 Reserved[7];
};
NT_SIZE(XSAVE_AREA_HEADER, 0x40); NT_OFFSET(XSAVE_AREA_HEADER, Mask, 0x00);
NT_OFFSET(XSAVE_AREA_HEADER, Reserved, 0x08);

struct alignas(16) XSAVE_AREA {
    XSAVE_FORMAT LegacyState;
    XSAVE_AREA_HEADER Header;
};
NT_SIZE(XSAVE_AREA, 0x240); NT_OFFSET(XSAVE_AREA, LegacyState, 0x00); NT_OFFSET(XSAVE_AREA, Header, 0x200);

struct XSTATE_CONTEXT {
    ULONG64 Mask;
    ULONG Length;
    ULONG Reserved1;
    XSAVE_AREA* Area;
    PVOID Buffer;
};
NT_SIZE(XSTATE_CONTEXT, 0x20); NT_OFFSET(XSTATE_CONTEXT, Mask, 0x00); NT_OFFSET(XSTATE_CONTEXT, Length, 0x08);
NT_OFFSET(XSTATE_CONTEXT, Reserved1, 0x0c); NT_OFFSET(XSTATE_CONTEXT, Area, 0x10);
NT_OFFSET(XSTATE_CONTEXT, Buffer, 0x18);

struct XSTATE_SAVE {
    XSTATE_SAVE* Prev;
    KTHREAD* Thread;
    UCHAR Level;
    XSTATE_CONTEXT XStateContext;
};
NT_SIZE(XSTATE_SAVE, 0x38); NT_OFFSET(XSTATE_SAVE, Prev, 0x00); NT_OFFSET(XSTATE_SAVE, Thread, 0x08);
NT_OFFSET(XSTATE_SAVE, Level, 0x10); NT_OFFSET(XSTATE_SAVE, XStateContext, 0x18);

// Function tables (.pdata) and unwind information (.xdata).
// @cite(msdocs): page=cpp/build/exception-handling-x64
struct RUNTIME_FUNCTION {
    ULONG BeginAddress;
    ULONG EndAddress;
    ULONG UnwindData;
};
NT_SIZE(RUNTIME_FUNCTION, 0x0c); NT_OFFSET(RUNTIME_FUNCTION, BeginAddress, 0x00);
NT_OFFSET(RUNTIME_FUNCTION, EndAddress, 0x04); NT_OFFSET(RUNTIME_FUNCTION, UnwindData, 0x08);

union UNWIND_CODE {
    struct {
        UCHAR CodeOffset;
        UCHAR UnwindOp : 4;
        UCHAR OpInfo : 4;
    };
    USHORT FrameOffset;
};
NT_SIZE(UNWIND_CODE, 0x02); NT_OFFSET(UNWIND_CODE, CodeOffset, 0x00); NT_OFFSET(UNWIND_CODE, FrameOffset, 0x00);

// Followed, after an even number of codes, by a chained RUNTIME_FUNCTION or by the handler's address and its data.
struct UNWIND_INFO {
    UCHAR Version : 3;
    UCHAR Flags : 5;
    UCHAR SizeOfProlog;
    UCHAR CountOfCodes;
    UCHAR FrameRegister : 4;
    UCHAR FrameOffset : 4;
    UNWIND_CODE UnwindCode[1];
};
NT_SIZE(UNWIND_INFO, 0x06); NT_OFFSET(UNWIND_INFO, SizeOfProlog, 0x01); NT_OFFSET(UNWIND_INFO, CountOfCodes, 0x02);
NT_OFFSET(UNWIND_INFO, UnwindCode, 0x04);

enum UNWIND_OP_CODES : int32_t {
    UWOP_PUSH_NONVOL = 0, UWOP_ALLOC_LARGE = 1, UWOP_ALLOC_SMALL = 2, UWOP_SET_FPREG = 3, UWOP_SAVE_NONVOL = 4,
    UWOP_SAVE_NONVOL_FAR = 5, UWOP_EPILOG = 6, UWOP_SPARE_CODE = 7, UWOP_SAVE_XMM128 = 8, UWOP_SAVE_XMM128_FAR = 9,
    UWOP_PUSH_MACHFRAME = 10,
};
inline constexpr ULONG
    UNW_FLAG_NHANDLER = 0, UNW_FLAG_EHANDLER = 1, UNW_FLAG_UHANDLER = 2, UNW_FLAG_CHAININFO = 4;

// What a language handler returns to the dispatcher, and what a filter returns to the language handler.
enum EXCEPTION_DISPOSITION : int32_t {
    ExceptionContinueExecution, ExceptionContinueSearch, ExceptionNestedException, ExceptionCollidedUnwind,
};
inline constexpr LONG EXCEPTION_EXECUTE_HANDLER = 1, EXCEPTION_CONTINUE_SEARCH = 0, EXCEPTION_CONTINUE_EXECUTION = -1;

struct DISPATCHER_CONTEXT;
using PDISPATCHER_CONTEXT = DISPATCHER_CONTEXT*;
using EXCEPTION_ROUTINE = EXCEPTION_DISPOSITION NTAPI(EXCEPTION_RECORD*, PVOID, CONTEXT*, DISPATCHER_CONTEXT*);
using PEXCEPTION_ROUTINE = EXCEPTION_ROUTINE*;

struct UNWIND_HISTORY_TABLE_ENTRY {
    ULONG64 ImageBase;
    RUNTIME_FUNCTION* FunctionEntry;
};
NT_SIZE(UNWIND_HISTORY_TABLE_ENTRY, 0x10); NT_OFFSET(UNWIND_HISTORY_TABLE_ENTRY, ImageBase, 0x00);
NT_OFFSET(UNWIND_HISTORY_TABLE_ENTRY, FunctionEntry, 0x08);

struct UNWIND_HISTORY_TABLE {
    ULONG Count;
    UCHAR LocalHint;
    UCHAR GlobalHint;
    UCHAR Search;
    UCHAR Once;
    ULONG64 LowAddress;
    ULONG64 HighAddress;
    UNWIND_HISTORY_TABLE_ENTRY Entry[12];
};
NT_SIZE(UNWIND_HISTORY_TABLE, 0xd8); NT_OFFSET(UNWIND_HISTORY_TABLE, Count, 0x00);
NT_OFFSET(UNWIND_HISTORY_TABLE, LocalHint, 0x04); NT_OFFSET(UNWIND_HISTORY_TABLE, GlobalHint, 0x05);
NT_OFFSET(UNWIND_HISTORY_TABLE, Search, 0x06); NT_OFFSET(UNWIND_HISTORY_TABLE, Once, 0x07);
NT_OFFSET(UNWIND_HISTORY_TABLE, LowAddress, 0x08); NT_OFFSET(UNWIND_HISTORY_TABLE, HighAddress, 0x10);
NT_OFFSET(UNWIND_HISTORY_TABLE, Entry, 0x18);

struct DISPATCHER_CONTEXT {
    ULONG64 ControlPc;
    ULONG64 ImageBase;
    RUNTIME_FUNCTION* FunctionEntry;
    ULONG64 EstablisherFrame;
    ULONG64 TargetIp;
    CONTEXT* ContextRecord;
    EXCEPTION_ROUTINE* LanguageHandler;
    PVOID HandlerData;
    UNWIND_HISTORY_TABLE* HistoryTable;
    ULONG ScopeIndex;
    ULONG Fill0;
};
NT_SIZE(DISPATCHER_CONTEXT, 0x50); NT_OFFSET(DISPATCHER_CONTEXT, ControlPc, 0x00);
NT_OFFSET(DISPATCHER_CONTEXT, ImageBase, 0x08); NT_OFFSET(DISPATCHER_CONTEXT, FunctionEntry, 0x10);
NT_OFFSET(DISPATCHER_CONTEXT, EstablisherFrame, 0x18); NT_OFFSET(DISPATCHER_CONTEXT, TargetIp, 0x20);
NT_OFFSET(DISPATCHER_CONTEXT, ContextRecord, 0x28); NT_OFFSET(DISPATCHER_CONTEXT, LanguageHandler, 0x30);
NT_OFFSET(DISPATCHER_CONTEXT, HandlerData, 0x38); NT_OFFSET(DISPATCHER_CONTEXT, HistoryTable, 0x40);
NT_OFFSET(DISPATCHER_CONTEXT, ScopeIndex, 0x48); NT_OFFSET(DISPATCHER_CONTEXT, Fill0, 0x4c);

// The handler data of __C_specific_handler: one record per __try.
struct SCOPE_TABLE_RECORD {
    ULONG BeginAddress;
    ULONG EndAddress;
    ULONG HandlerAddress;
    ULONG JumpTarget;
};
NT_SIZE(SCOPE_TABLE_RECORD, 0x10); NT_OFFSET(SCOPE_TABLE_RECORD, BeginAddress, 0x00);
NT_OFFSET(SCOPE_TABLE_RECORD, EndAddress, 0x04); NT_OFFSET(SCOPE_TABLE_RECORD, HandlerAddress, 0x08);
NT_OFFSET(SCOPE_TABLE_RECORD, JumpTarget, 0x0c);

// What a driver passes in ECX to int 29h, and the first parameter of bug check KERNEL_SECURITY_CHECK_FAILURE.
// @cite(wdk): page=debugger/bug-check-0x139--kernel-security-check-failure
inline constexpr ULONG
    FAST_FAIL_LEGACY_GS_VIOLATION = 0, FAST_FAIL_VTGUARD_CHECK_FAILURE = 1, FAST_FAIL_STACK_COOKIE_CHECK_FAILURE = 2,
    FAST_FAIL_CORRUPT_LIST_ENTRY = 3, FAST_FAIL_INCORRECT_STACK = 4, FAST_FAIL_INVALID_ARG = 5,
    FAST_FAIL_GS_COOKIE_INIT = 6, FAST_FAIL_FATAL_APP_EXIT = 7, FAST_FAIL_RANGE_CHECK_FAILURE = 8,
    FAST_FAIL_UNSAFE_REGISTRY_ACCESS = 9;

// Flags.
inline constexpr ULONG
    CONTEXT_AMD64 = 0x100000, CONTEXT_CONTROL = 0x100001, CONTEXT_INTEGER = 0x100002, CONTEXT_SEGMENTS = 0x100004,
    CONTEXT_FLOATING_POINT = 0x100008, CONTEXT_FULL = 0x10000b, CONTEXT_DEBUG_REGISTERS = 0x100010,
    CONTEXT_ALL = 0x10001f, CONTEXT_XSTATE = 0x100020;
inline constexpr ULONG EXCEPTION_NONCONTINUABLE = 1, EXCEPTION_MAXIMUM_PARAMETERS = 0xf;
inline constexpr ULONG
    XSTATE_LEGACY_FLOATING_POINT = 0, XSTATE_LEGACY_SSE = 1, XSTATE_MASK_LEGACY_FLOATING_POINT = 1, XSTATE_GSSE = 2,
    XSTATE_MASK_LEGACY_SSE = 2, XSTATE_MASK_LEGACY = 3, XSTATE_MASK_GSSE = 4;

} // namespace ringside::nt
