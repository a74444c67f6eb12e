// SPDX-License-Identifier: MIT
// Dispatcher objects, deferred and asynchronous procedure calls, spin locks and device queues. They have no birth or
// death call: the driver's bytes are the state.
#pragma once

#include "nt/irql.h"
#include "nt/basic.h"
#include "nt/callbacks.h"

namespace ringside::nt {

enum EVENT_TYPE : int32_t { NotificationEvent, SynchronizationEvent };

enum TIMER_TYPE : int32_t { NotificationTimer, SynchronizationTimer };

enum WAIT_TYPE : int32_t { WaitAll, WaitAny };

enum KWAIT_REASON : int32_t {
    Executive, FreePage, PageIn, PoolAllocation, DelayExecution, Suspended, UserRequest, WrExecutive, WrFreePage,
    WrPageIn, WrPoolAllocation, WrDelayExecution, WrSuspended, WrUserRequest, WrSpare0, WrQueue, WrLpcReceive,
    WrLpcReply, WrVirtualMemory, WrPageOut, WrRendezvous, WrKeyedEvent, WrTerminated, WrProcessInSwap,
    WrCpuRateControl, WrCalloutStack, WrKernel, WrResource, WrPushLock, WrMutex, WrQuantumEnd, WrDispatchInt,
    WrPreempted, WrYieldExecution, WrFastMutex, WrGuardedMutex, WrRundown, WrAlertByThreadId, WrDeferredPreempt,
    WrPhysicalFault, MaximumWaitReason,
};

enum KDPC_IMPORTANCE : int32_t { LowImportance, MediumImportance, HighImportance, MediumHighImportance };

enum KINTERRUPT_MODE : int32_t { LevelSensitive, Latched };

enum KINTERRUPT_POLARITY : int32_t {
    InterruptPolarityUnknown, InterruptActiveHigh, InterruptRisingEdge = 1, InterruptActiveLow,
    InterruptFallingEdge = 2, InterruptActiveBoth, InterruptActiveBothTriggerLow = 3, InterruptActiveBothTriggerHigh,
};

enum KPROFILE_SOURCE : int32_t {
    ProfileTime, ProfileAlignmentFixup, ProfileTotalIssues, ProfilePipelineDry, ProfileLoadInstructions,
    ProfilePipelineFrozen, ProfileBranchInstructions, ProfileTotalNonissues, ProfileDcacheMisses, ProfileIcacheMisses,
    ProfileCacheMisses, ProfileBranchMispredictions, ProfileStoreInstructions, ProfileFpInstructions,
    ProfileIntegerInstructions, Profile2Issue, Profile3Issue, Profile4Issue, ProfileSpecialInstructions,
    ProfileTotalCycles, ProfileIcacheIssues, ProfileDcacheAccesses, ProfileMemoryBarrierCycles,
    ProfileLoadLinkedIssues, ProfileMaximum,
};

enum KE_PROCESSOR_CHANGE_NOTIFY_STATE : int32_t {
    KeProcessorAddStartNotify, KeProcessorAddCompleteNotify, KeProcessorAddFailureNotify,
};

enum KD_OPTION : int32_t { KD_OPTION_SET_BLOCK_ENABLE };

enum DPFLTR_TYPE : int32_t {
    DPFLTR_SYSTEM_ID, DPFLTR_SMSS_ID, DPFLTR_SETUP_ID, DPFLTR_NTFS_ID, DPFLTR_FSTUB_ID, DPFLTR_CRASHDUMP_ID,
    DPFLTR_CDAUDIO_ID, DPFLTR_CDROM_ID, DPFLTR_CLASSPNP_ID, DPFLTR_DISK_ID, DPFLTR_REDBOOK_ID, DPFLTR_STORPROP_ID,
    DPFLTR_SCSIPORT_ID, DPFLTR_SCSIMINIPORT_ID, DPFLTR_CONFIG_ID, DPFLTR_I8042PRT_ID, DPFLTR_SERMOUSE_ID,
    DPFLTR_LSERMOUS_ID, DPFLTR_KBDHID_ID, DPFLTR_MOUHID_ID, DPFLTR_KBDCLASS_ID, DPFLTR_MOUCLASS_ID,
    DPFLTR_TWOTRACK_ID, DPFLTR_WMILIB_ID, DPFLTR_ACPI_ID, DPFLTR_AMLI_ID, DPFLTR_HALIA64_ID, DPFLTR_VIDEO_ID,
    DPFLTR_SVCHOST_ID, DPFLTR_VIDEOPRT_ID, DPFLTR_TCPIP_ID, DPFLTR_DMSYNTH_ID, DPFLTR_NTOSPNP_ID, DPFLTR_FASTFAT_ID,
    DPFLTR_SAMSS_ID, DPFLTR_PNPMGR_ID, DPFLTR_NETAPI_ID, DPFLTR_SCSERVER_ID, DPFLTR_SCCLIENT_ID, DPFLTR_SERIAL_ID,
    DPFLTR_SERENUM_ID, DPFLTR_UHCD_ID, DPFLTR_RPCPROXY_ID, DPFLTR_AUTOCHK_ID, DPFLTR_DCOMSS_ID, DPFLTR_UNIMODEM_ID,
    DPFLTR_SIS_ID, DPFLTR_FLTMGR_ID, DPFLTR_WMICORE_ID, DPFLTR_BURNENG_ID, DPFLTR_IMAPI_ID, DPFLTR_SXS_ID,
    DPFLTR_FUSION_ID, DPFLTR_IDLETASK_ID, DPFLTR_SOFTPCI_ID, DPFLTR_TAPE_ID, DPFLTR_MCHGR_ID, DPFLTR_IDEP_ID,
    DPFLTR_PCIIDE_ID, DPFLTR_FLOPPY_ID, DPFLTR_FDC_ID, DPFLTR_TERMSRV_ID, DPFLTR_W32TIME_ID, DPFLTR_PREFETCHER_ID,
    DPFLTR_RSFILTER_ID, DPFLTR_FCPORT_ID, DPFLTR_PCI_ID, DPFLTR_DMIO_ID, DPFLTR_DMCONFIG_ID, DPFLTR_DMADMIN_ID,
    DPFLTR_WSOCKTRANSPORT_ID, DPFLTR_VSS_ID, DPFLTR_PNPMEM_ID, DPFLTR_PROCESSOR_ID, DPFLTR_DMSERVER_ID, DPFLTR_SR_ID,
    DPFLTR_INFINIBAND_ID, DPFLTR_IHVDRIVER_ID, DPFLTR_IHVVIDEO_ID, DPFLTR_IHVAUDIO_ID, DPFLTR_IHVNETWORK_ID,
    DPFLTR_IHVSTREAMING_ID, DPFLTR_IHVBUS_ID, DPFLTR_HPS_ID, DPFLTR_RTLTHREADPOOL_ID, DPFLTR_LDR_ID, DPFLTR_TCPIP6_ID,
    DPFLTR_ISAPNP_ID, DPFLTR_SHPC_ID, DPFLTR_STORPORT_ID, DPFLTR_STORMINIPORT_ID, DPFLTR_PRINTSPOOLER_ID,
    DPFLTR_VSSDYNDISK_ID, DPFLTR_VERIFIER_ID, DPFLTR_VDS_ID, DPFLTR_VDSBAS_ID, DPFLTR_VDSDYN_ID, DPFLTR_VDSDYNDR_ID,
    DPFLTR_VDSLDR_ID, DPFLTR_VDSUTIL_ID, DPFLTR_DFRGIFC_ID, DPFLTR_DEFAULT_ID, DPFLTR_MM_ID, DPFLTR_DFSC_ID,
    DPFLTR_WOW64_ID, DPFLTR_ALPC_ID, DPFLTR_WDI_ID, DPFLTR_PERFLIB_ID, DPFLTR_KTM_ID, DPFLTR_IOSTRESS_ID,
    DPFLTR_HEAP_ID, DPFLTR_WHEA_ID, DPFLTR_USERGDI_ID, DPFLTR_MMCSS_ID, DPFLTR_TPM_ID, DPFLTR_THREADORDER_ID,
    DPFLTR_ENVIRON_ID, DPFLTR_EMS_ID, DPFLTR_WDT_ID, DPFLTR_FVEVOL_ID, DPFLTR_NDIS_ID, DPFLTR_NVCTRACE_ID,
    DPFLTR_LUAFV_ID, DPFLTR_APPCOMPAT_ID, DPFLTR_USBSTOR_ID, DPFLTR_SBP2PORT_ID, DPFLTR_COVERAGE_ID,
    DPFLTR_CACHEMGR_ID, DPFLTR_MOUNTMGR_ID, DPFLTR_CFR_ID, DPFLTR_TXF_ID, DPFLTR_KSECDD_ID, DPFLTR_FLTREGRESS_ID,
    DPFLTR_MPIO_ID, DPFLTR_MSDSM_ID, DPFLTR_UDFS_ID, DPFLTR_PSHED_ID, DPFLTR_STORVSP_ID, DPFLTR_LSASS_ID,
    DPFLTR_SSPICLI_ID, DPFLTR_CNG_ID, DPFLTR_EXFAT_ID, DPFLTR_FILETRACE_ID, DPFLTR_XSAVE_ID, DPFLTR_SE_ID,
    DPFLTR_DRIVEEXTENDER_ID, DPFLTR_ENDOFTABLE_ID,
};

struct KE_PROCESSOR_CHANGE_NOTIFY_CONTEXT {
    KE_PROCESSOR_CHANGE_NOTIFY_STATE State;
    ULONG NtNumber;
    NTSTATUS Status;
    PROCESSOR_NUMBER ProcNumber;
};
NT_SIZE(KE_PROCESSOR_CHANGE_NOTIFY_CONTEXT, 0x10); NT_OFFSET(KE_PROCESSOR_CHANGE_NOTIFY_CONTEXT, State, 0x00);
NT_OFFSET(KE_PROCESSOR_CHANGE_NOTIFY_CONTEXT, NtNumber, 0x04);
NT_OFFSET(KE_PROCESSOR_CHANGE_NOTIFY_CONTEXT, Status, 0x08);
NT_OFFSET(KE_PROCESSOR_CHANGE_NOTIFY_CONTEXT, ProcNumber, 0x0c);

struct KWAIT_BLOCK {
    LIST_ENTRY WaitListEntry;
    UCHAR WaitType;
    UCHAR volatile BlockState;
    USHORT WaitKey;
    LONG SpareLong;
    union {
        KTHREAD* Thread;
        KQUEUE* NotificationQueue;
    };
    PVOID Object;
    PVOID SparePtr;
};
NT_SIZE(KWAIT_BLOCK, 0x30); NT_OFFSET(KWAIT_BLOCK, WaitListEntry, 0x00); NT_OFFSET(KWAIT_BLOCK, WaitType, 0x10);
NT_OFFSET(KWAIT_BLOCK, BlockState, 0x11); NT_OFFSET(KWAIT_BLOCK, WaitKey, 0x12);
NT_OFFSET(KWAIT_BLOCK, SpareLong, 0x14); NT_OFFSET(KWAIT_BLOCK, Thread, 0x18);
NT_OFFSET(KWAIT_BLOCK, NotificationQueue, 0x18); NT_OFFSET(KWAIT_BLOCK, Object, 0x20);
NT_OFFSET(KWAIT_BLOCK, SparePtr, 0x28);

struct KAPC {
    UCHAR Type;
    UCHAR SpareByte0;
    UCHAR Size;
    UCHAR SpareByte1;
    ULONG SpareLong0;
    KTHREAD* Thread;
    LIST_ENTRY ApcListEntry;
    PKKERNEL_ROUTINE KernelRoutine;
    PKRUNDOWN_ROUTINE RundownRoutine;
    PKNORMAL_ROUTINE NormalRoutine;
    PVOID NormalContext;
    PVOID SystemArgument1;
    PVOID SystemArgument2;
    CCHAR ApcStateIndex;
    KPROCESSOR_MODE ApcMode;
    BOOLEAN Inserted;
};
NT_SIZE(KAPC, 0x58); NT_OFFSET(KAPC, Type, 0x00); NT_OFFSET(KAPC, SpareByte0, 0x01); NT_OFFSET(KAPC, Size, 0x02);
NT_OFFSET(KAPC, SpareByte1, 0x03); NT_OFFSET(KAPC, SpareLong0, 0x04); NT_OFFSET(KAPC, Thread, 0x08);
NT_OFFSET(KAPC, ApcListEntry, 0x10); NT_OFFSET(KAPC, KernelRoutine, 0x20); NT_OFFSET(KAPC, RundownRoutine, 0x28);
NT_OFFSET(KAPC, NormalRoutine, 0x30); NT_OFFSET(KAPC, NormalContext, 0x38); NT_OFFSET(KAPC, SystemArgument1, 0x40);
NT_OFFSET(KAPC, SystemArgument2, 0x48); NT_OFFSET(KAPC, ApcStateIndex, 0x50); NT_OFFSET(KAPC, ApcMode, 0x51);
NT_OFFSET(KAPC, Inserted, 0x52);

struct KDEVICE_QUEUE_ENTRY {
    LIST_ENTRY DeviceListEntry;
    ULONG SortKey;
    BOOLEAN Inserted;
};
NT_SIZE(KDEVICE_QUEUE_ENTRY, 0x18); NT_OFFSET(KDEVICE_QUEUE_ENTRY, DeviceListEntry, 0x00);
NT_OFFSET(KDEVICE_QUEUE_ENTRY, SortKey, 0x10); NT_OFFSET(KDEVICE_QUEUE_ENTRY, Inserted, 0x14);

struct KSPIN_LOCK_QUEUE {
    KSPIN_LOCK_QUEUE* volatile Next;
    PKSPIN_LOCK volatile Lock;
};
NT_SIZE(KSPIN_LOCK_QUEUE, 0x10); NT_OFFSET(KSPIN_LOCK_QUEUE, Next, 0x00); NT_OFFSET(KSPIN_LOCK_QUEUE, Lock, 0x08);

struct KLOCK_QUEUE_HANDLE {
    KSPIN_LOCK_QUEUE LockQueue;
    KIRQL OldIrql;
};
NT_SIZE(KLOCK_QUEUE_HANDLE, 0x18); NT_OFFSET(KLOCK_QUEUE_HANDLE, LockQueue, 0x00);
NT_OFFSET(KLOCK_QUEUE_HANDLE, OldIrql, 0x10);

struct KDPC {
    union {
        ULONG TargetInfoAsUlong;
        struct {
            UCHAR Type;
            UCHAR Importance;
            USHORT volatile Number;
        };
    };
    SINGLE_LIST_ENTRY DpcListEntry;
    KAFFINITY ProcessorHistory;
    PKDEFERRED_ROUTINE DeferredRoutine;
    PVOID DeferredContext;
    PVOID SystemArgument1;
    PVOID SystemArgument2;
    PVOID volatile DpcData;
};
NT_SIZE(KDPC, 0x40); NT_OFFSET(KDPC, TargetInfoAsUlong, 0x00); NT_OFFSET(KDPC, Type, 0x00);
NT_OFFSET(KDPC, Importance, 0x01); NT_OFFSET(KDPC, Number, 0x02); NT_OFFSET(KDPC, DpcListEntry, 0x08);
NT_OFFSET(KDPC, ProcessorHistory, 0x10); NT_OFFSET(KDPC, DeferredRoutine, 0x18); NT_OFFSET(KDPC, DeferredContext, 0x20);
NT_OFFSET(KDPC, SystemArgument1, 0x28); NT_OFFSET(KDPC, SystemArgument2, 0x30); NT_OFFSET(KDPC, DpcData, 0x38);

struct KDPC_WATCHDOG_INFORMATION {
    ULONG DpcTimeLimit;
    ULONG DpcTimeCount;
    ULONG DpcWatchdogLimit;
    ULONG DpcWatchdogCount;
    ULONG Reserved;
};
NT_SIZE(KDPC_WATCHDOG_INFORMATION, 0x14); NT_OFFSET(KDPC_WATCHDOG_INFORMATION, DpcTimeLimit, 0x00);
NT_OFFSET(KDPC_WATCHDOG_INFORMATION, DpcTimeCount, 0x04); NT_OFFSET(KDPC_WATCHDOG_INFORMATION, DpcWatchdogLimit, 0x08);
NT_OFFSET(KDPC_WATCHDOG_INFORMATION, DpcWatchdogCount, 0x0c); NT_OFFSET(KDPC_WATCHDOG_INFORMATION, Reserved, 0x10);

struct KDEVICE_QUEUE {
    CSHORT Type;
    CSHORT Size;
    LIST_ENTRY DeviceListHead;
    KSPIN_LOCK Lock;
    union {
        BOOLEAN Busy;
        struct {
            LONG64 Reserved : 8;
            LONG64 Hint : 56;
        };
    };
};
NT_SIZE(KDEVICE_QUEUE, 0x28); NT_OFFSET(KDEVICE_QUEUE, Type, 0x00); NT_OFFSET(KDEVICE_QUEUE, Size, 0x02);
NT_OFFSET(KDEVICE_QUEUE, DeviceListHead, 0x08); NT_OFFSET(KDEVICE_QUEUE, Lock, 0x18);
NT_OFFSET(KDEVICE_QUEUE, Busy, 0x20);

struct DISPATCHER_HEADER {
    union {
        struct {
            UCHAR Type;
            union {
                union {
                    UCHAR TimerControlFlags;
                    struct {
                        UCHAR Absolute : 1;
                        UCHAR Coalescable : 1;
                        UCHAR KeepShifting : 1;
                        UCHAR EncodedTolerableDelay : 5;
                    };
                };
                UCHAR Abandoned;
                BOOLEAN Signalling;
            };
            union {
                union {
                    UCHAR ThreadControlFlags;
                    struct {
                        UCHAR CpuThrottled : 1;
                        UCHAR CycleProfiling : 1;
                        UCHAR CounterProfiling : 1;
                        UCHAR Reserved : 5;
                    };
                };
                UCHAR Size;
                UCHAR Hand;
            };
            union {
                union {
                    UCHAR TimerMiscFlags;
                    struct {
                        UCHAR Index : 6;
                        UCHAR Inserted : 1;
                        UCHAR volatile Expired : 1;
                    };
                };
                union {
                    BOOLEAN DebugActive;
                    struct {
                        BOOLEAN ActiveDR7 : 1;
                        BOOLEAN Instrumented : 1;
                        BOOLEAN Reserved2 : 4;
                        BOOLEAN UmsScheduled : 1;
                        BOOLEAN UmsPrimary : 1;
                    };
                };
                BOOLEAN DpcActive;
            };
        };
        LONG volatile Lock;
    };
    LONG SignalState;
    LIST_ENTRY WaitListHead;
};
NT_SIZE(DISPATCHER_HEADER, 0x18); NT_OFFSET(DISPATCHER_HEADER, Type, 0x00);
NT_OFFSET(DISPATCHER_HEADER, TimerControlFlags, 0x01); NT_OFFSET(DISPATCHER_HEADER, Abandoned, 0x01);
NT_OFFSET(DISPATCHER_HEADER, Signalling, 0x01); NT_OFFSET(DISPATCHER_HEADER, ThreadControlFlags, 0x02);
NT_OFFSET(DISPATCHER_HEADER, Size, 0x02); NT_OFFSET(DISPATCHER_HEADER, Hand, 0x02);
NT_OFFSET(DISPATCHER_HEADER, TimerMiscFlags, 0x03); NT_OFFSET(DISPATCHER_HEADER, DebugActive, 0x03);
NT_OFFSET(DISPATCHER_HEADER, DpcActive, 0x03); NT_OFFSET(DISPATCHER_HEADER, Lock, 0x00);
NT_OFFSET(DISPATCHER_HEADER, SignalState, 0x04); NT_OFFSET(DISPATCHER_HEADER, WaitListHead, 0x08);

struct KEVENT {
    DISPATCHER_HEADER Header;
};
NT_SIZE(KEVENT, 0x18); NT_OFFSET(KEVENT, Header, 0x00);

struct KSEMAPHORE {
    DISPATCHER_HEADER Header;
    LONG Limit;
};
NT_SIZE(KSEMAPHORE, 0x20); NT_OFFSET(KSEMAPHORE, Header, 0x00); NT_OFFSET(KSEMAPHORE, Limit, 0x18);

struct KGATE {
    DISPATCHER_HEADER Header;
};
NT_SIZE(KGATE, 0x18); NT_OFFSET(KGATE, Header, 0x00);

struct KMUTANT {
    DISPATCHER_HEADER Header;
    LIST_ENTRY MutantListEntry;
    KTHREAD* OwnerThread;
    union {
        UCHAR MutantFlags;
        struct {
            UCHAR Abandoned : 1;
            UCHAR Spare1 : 7;
        };
    };
    UCHAR ApcDisable;
};
NT_SIZE(KMUTANT, 0x38); NT_OFFSET(KMUTANT, Header, 0x00); NT_OFFSET(KMUTANT, MutantListEntry, 0x18);
NT_OFFSET(KMUTANT, OwnerThread, 0x28); NT_OFFSET(KMUTANT, MutantFlags, 0x30); NT_OFFSET(KMUTANT, ApcDisable, 0x31);

struct KTIMER {
    DISPATCHER_HEADER Header;
    ULARGE_INTEGER DueTime;
    LIST_ENTRY TimerListEntry;
    KDPC* Dpc;
    ULONG Processor;
    ULONG Period;
};
NT_SIZE(KTIMER, 0x40); NT_OFFSET(KTIMER, Header, 0x00); NT_OFFSET(KTIMER, DueTime, 0x18);
NT_OFFSET(KTIMER, TimerListEntry, 0x20); NT_OFFSET(KTIMER, Dpc, 0x30); NT_OFFSET(KTIMER, Processor, 0x38);
NT_OFFSET(KTIMER, Period, 0x3c);

struct KFLOATING_SAVE {
    ULONG Dummy;
};
NT_SIZE(KFLOATING_SAVE, 0x04); NT_OFFSET(KFLOATING_SAVE, Dummy, 0x00);

struct KAPC_STATE {
    LIST_ENTRY ApcListHead[2];
    KPROCESS* Process;
    BOOLEAN KernelApcInProgress;
    BOOLEAN KernelApcPending;
    BOOLEAN UserApcPending;
};
NT_SIZE(KAPC_STATE, 0x30); NT_OFFSET(KAPC_STATE, ApcListHead, 0x00); NT_OFFSET(KAPC_STATE, Process, 0x20);
NT_OFFSET(KAPC_STATE, KernelApcInProgress, 0x28); NT_OFFSET(KAPC_STATE, KernelApcPending, 0x29);
NT_OFFSET(KAPC_STATE, UserApcPending, 0x2a);

struct KQUEUE {
    DISPATCHER_HEADER Header;
    LIST_ENTRY EntryListHead;
    ULONG volatile CurrentCount;
    ULONG MaximumCount;
    LIST_ENTRY ThreadListHead;
};
NT_SIZE(KQUEUE, 0x40); NT_OFFSET(KQUEUE, Header, 0x00); NT_OFFSET(KQUEUE, EntryListHead, 0x18);
NT_OFFSET(KQUEUE, CurrentCount, 0x28); NT_OFFSET(KQUEUE, MaximumCount, 0x2c); NT_OFFSET(KQUEUE, ThreadListHead, 0x30);

using KMUTEX = KMUTANT;
using PKMUTEX = KMUTANT*;
using PRKMUTEX = KMUTANT*;

// DISPATCHER_HEADER.Type of the objects a driver can make.
enum KOBJECTS : int32_t {
    EventNotificationObject = 0, EventSynchronizationObject = 1, MutantObject = 2, ProcessObject = 3, QueueObject = 4,
    SemaphoreObject = 5, ThreadObject = 6, GateObject = 7, TimerNotificationObject = 8, TimerSynchronizationObject = 9,
    ApcObject = 18, DpcObject = 19, DeviceQueueObject = 20, ThreadedDpcObject = 24,
};

// Waits, priorities and priority boosts.
inline constexpr ULONG EVENT_INCREMENT = 1;
inline constexpr ULONG HIGH_PRIORITY = 0x1f;
inline constexpr ULONG
    IO_NO_INCREMENT = 0, IO_CD_ROM_INCREMENT = 1, IO_DISK_INCREMENT = 1, IO_PARALLEL_INCREMENT = 1,
    IO_VIDEO_INCREMENT = 1, IO_MAILSLOT_INCREMENT = 2, IO_NAMED_PIPE_INCREMENT = 2, IO_NETWORK_INCREMENT = 2,
    IO_SERIAL_INCREMENT = 2, IO_KEYBOARD_INCREMENT = 6, IO_MOUSE_INCREMENT = 6, IO_SOUND_INCREMENT = 8;
inline constexpr ULONG
    LOCK_QUEUE_WAIT_BIT = 0, LOCK_QUEUE_OWNER_BIT = 1, LOCK_QUEUE_WAIT = 1, LOCK_QUEUE_OWNER = 2,
    LOCK_QUEUE_TIMER_LOCK_SHIFT = 4, LOCK_QUEUE_TIMER_TABLE_LOCKS = 0x10;
inline constexpr ULONG LOW_PRIORITY = 0, LOW_REALTIME_PRIORITY = 0x10;
inline constexpr ULONG MAXIMUM_PRIORITY = 0x20, MAXIMUM_WAIT_OBJECTS = 0x40, MAXIMUM_SUSPEND_COUNT = 0x7f;
inline constexpr ULONG SEMAPHORE_INCREMENT = 1;
inline constexpr ULONG THREAD_WAIT_OBJECTS = 3;

// Access rights of the synchronization objects.
inline constexpr ULONG EVENT_QUERY_STATE = 1, EVENT_MODIFY_STATE = 2, EVENT_ALL_ACCESS = 0x1f0003;
inline constexpr ULONG SEMAPHORE_QUERY_STATE = 1, SEMAPHORE_MODIFY_STATE = 2, SEMAPHORE_ALL_ACCESS = 0x1f0003;

} // namespace ringside::nt
