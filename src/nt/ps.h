// SPDX-License-Identifier: MIT
// Processes and threads as drivers see them: notifications and information structures. The objects are opaque.
#pragma once

#include "nt/basic.h"
#include "nt/callbacks.h"

namespace ringside::nt {

enum PROCESSINFOCLASS : int32_t {
    ProcessBasicInformation, ProcessQuotaLimits, ProcessIoCounters, ProcessVmCounters, ProcessTimes,
    ProcessBasePriority, ProcessRaisePriority, ProcessDebugPort, ProcessExceptionPort, ProcessAccessToken,
    ProcessLdtInformation, ProcessLdtSize, ProcessDefaultHardErrorMode, ProcessIoPortHandlers,
    ProcessPooledUsageAndLimits, ProcessWorkingSetWatch, ProcessUserModeIOPL, ProcessEnableAlignmentFaultFixup,
    ProcessPriorityClass, ProcessWx86Information, ProcessHandleCount, ProcessAffinityMask, ProcessPriorityBoost,
    ProcessDeviceMap, ProcessSessionInformation, ProcessForegroundInformation, ProcessWow64Information,
    ProcessImageFileName, ProcessLUIDDeviceMapsEnabled, ProcessBreakOnTermination, ProcessDebugObjectHandle,
    ProcessDebugFlags, ProcessHandleTracing, ProcessIoPriority, ProcessExecuteFlags, ProcessTlsInformation,
    ProcessCookie, ProcessImageInformation, ProcessCycleTime, ProcessPagePriority, ProcessInstrumentationCallback,
    ProcessThreadStackAllocation, ProcessWorkingSetWatchEx, ProcessImageFileNameWin32, ProcessImageFileMapping,
    ProcessAffinityUpdateMode, ProcessMemoryAllocationMode, ProcessGroupInformation,
    ProcessTokenVirtualizationEnabled, ProcessConsoleHostProcess, ProcessWindowInformation, MaxProcessInfoClass,
};

enum THREADINFOCLASS : int32_t {
    ThreadBasicInformation, ThreadTimes, ThreadPriority, ThreadBasePriority, ThreadAffinityMask,
    ThreadImpersonationToken, ThreadDescriptorTableEntry, ThreadEnableAlignmentFaultFixup, ThreadEventPair_Reusable,
    ThreadQuerySetWin32StartAddress, ThreadZeroTlsCell, ThreadPerformanceCount, ThreadAmILastThread,
    ThreadIdealProcessor, ThreadPriorityBoost, ThreadSetTlsArrayAddress, ThreadIsIoPending, ThreadHideFromDebugger,
    ThreadBreakOnTermination, ThreadSwitchLegacyState, ThreadIsTerminated, ThreadLastSystemCall, ThreadIoPriority,
    ThreadCycleTime, ThreadPagePriority, ThreadActualBasePriority, ThreadTebInformation, ThreadCSwitchMon,
    ThreadCSwitchPmu, ThreadWow64Context, ThreadGroupInformation, ThreadUmsInformation, ThreadCounterProfiling,
    ThreadIdealProcessorEx, MaxThreadInfoClass,
};

struct PS_CREATE_NOTIFY_INFO {
    SIZE_T Size;
    union {
        ULONG Flags;
        struct {
            ULONG FileOpenNameAvailable : 1;
            ULONG Reserved : 31;
        };
    };
    HANDLE ParentProcessId;
    CLIENT_ID CreatingThreadId;
    FILE_OBJECT* FileObject;
    PCUNICODE_STRING ImageFileName;
    PCUNICODE_STRING CommandLine;
    NTSTATUS CreationStatus;
};
NT_SIZE(PS_CREATE_NOTIFY_INFO, 0x48); NT_OFFSET(PS_CREATE_NOTIFY_INFO, Size, 0x00);
NT_OFFSET(PS_CREATE_NOTIFY_INFO, Flags, 0x08); NT_OFFSET(PS_CREATE_NOTIFY_INFO, ParentProcessId, 0x10);
NT_OFFSET(PS_CREATE_NOTIFY_INFO, CreatingThreadId, 0x18); NT_OFFSET(PS_CREATE_NOTIFY_INFO, FileObject, 0x28);
NT_OFFSET(PS_CREATE_NOTIFY_INFO, ImageFileName, 0x30); NT_OFFSET(PS_CREATE_NOTIFY_INFO, CommandLine, 0x38);
NT_OFFSET(PS_CREATE_NOTIFY_INFO, CreationStatus, 0x40);

struct IMAGE_INFO {
    union {
        ULONG Properties;
        struct {
            ULONG ImageAddressingMode : 8;
            ULONG SystemModeImage : 1;
            ULONG ImageMappedToAllPids : 1;
            ULONG ExtendedInfoPresent : 1;
            ULONG Reserved : 21;
        };
    };
    PVOID ImageBase;
    ULONG ImageSelector;
    SIZE_T ImageSize;
    ULONG ImageSectionNumber;
};
NT_SIZE(IMAGE_INFO, 0x28); NT_OFFSET(IMAGE_INFO, Properties, 0x00); NT_OFFSET(IMAGE_INFO, ImageBase, 0x08);
NT_OFFSET(IMAGE_INFO, ImageSelector, 0x10); NT_OFFSET(IMAGE_INFO, ImageSize, 0x18);
NT_OFFSET(IMAGE_INFO, ImageSectionNumber, 0x20);

struct IMAGE_INFO_EX {
    SIZE_T Size;
    IMAGE_INFO ImageInfo;
    FILE_OBJECT* FileObject;
};
NT_SIZE(IMAGE_INFO_EX, 0x38); NT_OFFSET(IMAGE_INFO_EX, Size, 0x00); NT_OFFSET(IMAGE_INFO_EX, ImageInfo, 0x08);
NT_OFFSET(IMAGE_INFO_EX, FileObject, 0x30);

struct PROCESS_BASIC_INFORMATION {
    NTSTATUS ExitStatus;
    PEB* PebBaseAddress;
    ULONG_PTR AffinityMask;
    KPRIORITY BasePriority;
    ULONG_PTR UniqueProcessId;
    ULONG_PTR InheritedFromUniqueProcessId;
};
NT_SIZE(PROCESS_BASIC_INFORMATION, 0x30); NT_OFFSET(PROCESS_BASIC_INFORMATION, ExitStatus, 0x00);
NT_OFFSET(PROCESS_BASIC_INFORMATION, PebBaseAddress, 0x08); NT_OFFSET(PROCESS_BASIC_INFORMATION, AffinityMask, 0x10);
NT_OFFSET(PROCESS_BASIC_INFORMATION, BasePriority, 0x18); NT_OFFSET(PROCESS_BASIC_INFORMATION, UniqueProcessId, 0x20);
NT_OFFSET(PROCESS_BASIC_INFORMATION, InheritedFromUniqueProcessId, 0x28);

struct KERNEL_USER_TIMES {
    LARGE_INTEGER CreateTime;
    LARGE_INTEGER ExitTime;
    LARGE_INTEGER KernelTime;
    LARGE_INTEGER UserTime;
};
NT_SIZE(KERNEL_USER_TIMES, 0x20); NT_OFFSET(KERNEL_USER_TIMES, CreateTime, 0x00);
NT_OFFSET(KERNEL_USER_TIMES, ExitTime, 0x08); NT_OFFSET(KERNEL_USER_TIMES, KernelTime, 0x10);
NT_OFFSET(KERNEL_USER_TIMES, UserTime, 0x18);

inline constexpr ULONG IMAGE_ADDRESSING_MODE_32BIT = 3;

} // namespace ringside::nt
