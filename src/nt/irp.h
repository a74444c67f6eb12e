// SPDX-License-Identifier: MIT
// The I/O request packet and the words written in it and in its stack locations.
#pragma once

#include "nt/io_stack_location.h"
#include "nt/io_status.h"

namespace ringside::nt {

enum IO_COMPLETION_ROUTINE_RESULT : int32_t { ContinueCompletion, StopCompletion = -1073741802 };

struct alignas(16) IRP {
    CSHORT Type;
    USHORT Size;
    MDL* MdlAddress;
    ULONG Flags;
    union {
        IRP* MasterIrp;
        LONG volatile IrpCount;
        PVOID SystemBuffer;
    } AssociatedIrp;
    LIST_ENTRY ThreadListEntry;
    IO_STATUS_BLOCK IoStatus;
    KPROCESSOR_MODE RequestorMode;
    BOOLEAN PendingReturned;
    CHAR StackCount;
    CHAR CurrentLocation;
    BOOLEAN Cancel;
    KIRQL CancelIrql;
    CCHAR ApcEnvironment;
    UCHAR AllocationFlags;
    IO_STATUS_BLOCK* UserIosb;
    KEVENT* UserEvent;
    union {
        struct {
            union {
                PIO_APC_ROUTINE UserApcRoutine;
                PVOID IssuingProcess;
            };
            PVOID UserApcContext;
        } AsynchronousParameters;
        LARGE_INTEGER AllocationSize;
    } Overlay;
    PDRIVER_CANCEL volatile CancelRoutine;
    PVOID UserBuffer;
    union {
        struct {
            union {
                KDEVICE_QUEUE_ENTRY DeviceQueueEntry;
                struct {
                    PVOID DriverContext[4];
                };
            };
            ETHREAD* Thread;
            PCHAR AuxiliaryBuffer;
            struct {
                LIST_ENTRY ListEntry;
                union {
                    IO_STACK_LOCATION* CurrentStackLocation;
                    ULONG PacketType;
                };
            };
            FILE_OBJECT* OriginalFileObject;
        } Overlay;
        KAPC Apc;
        PVOID CompletionKey;
    } Tail;
};
NT_SIZE(IRP, 0xd0); NT_OFFSET(IRP, Type, 0x00); NT_OFFSET(IRP, Size, 0x02); NT_OFFSET(IRP, MdlAddress, 0x08);
NT_OFFSET(IRP, Flags, 0x10); NT_OFFSET(IRP, AssociatedIrp, 0x18); NT_OFFSET(IRP, AssociatedIrp.MasterIrp, 0x18);
NT_OFFSET(IRP, AssociatedIrp.IrpCount, 0x18); NT_OFFSET(IRP, AssociatedIrp.SystemBuffer, 0x18);
NT_OFFSET(IRP, ThreadListEntry, 0x20); NT_OFFSET(IRP, IoStatus, 0x30); NT_OFFSET(IRP, RequestorMode, 0x40);
NT_OFFSET(IRP, PendingReturned, 0x41); NT_OFFSET(IRP, StackCount, 0x42); NT_OFFSET(IRP, CurrentLocation, 0x43);
NT_OFFSET(IRP, Cancel, 0x44); NT_OFFSET(IRP, CancelIrql, 0x45); NT_OFFSET(IRP, ApcEnvironment, 0x46);
NT_OFFSET(IRP, AllocationFlags, 0x47); NT_OFFSET(IRP, UserIosb, 0x48); NT_OFFSET(IRP, UserEvent, 0x50);
NT_OFFSET(IRP, Overlay, 0x58); NT_OFFSET(IRP, Overlay.AsynchronousParameters, 0x58);
NT_OFFSET(IRP, Overlay.AsynchronousParameters.UserApcRoutine, 0x58);
NT_OFFSET(IRP, Overlay.AsynchronousParameters.IssuingProcess, 0x58);
NT_OFFSET(IRP, Overlay.AsynchronousParameters.UserApcContext, 0x60); NT_OFFSET(IRP, Overlay.AllocationSize, 0x58);
NT_OFFSET(IRP, CancelRoutine, 0x68); NT_OFFSET(IRP, UserBuffer, 0x70); NT_OFFSET(IRP, Tail, 0x78);
NT_OFFSET(IRP, Tail.Overlay, 0x78); NT_OFFSET(IRP, Tail.Overlay.DeviceQueueEntry, 0x78);
NT_OFFSET(IRP, Tail.Overlay.DriverContext, 0x78); NT_OFFSET(IRP, Tail.Overlay.Thread, 0x98);
NT_OFFSET(IRP, Tail.Overlay.AuxiliaryBuffer, 0xa0); NT_OFFSET(IRP, Tail.Overlay.ListEntry, 0xa8);
NT_OFFSET(IRP, Tail.Overlay.CurrentStackLocation, 0xb8); NT_OFFSET(IRP, Tail.Overlay.PacketType, 0xb8);
NT_OFFSET(IRP, Tail.Overlay.OriginalFileObject, 0xc0); NT_OFFSET(IRP, Tail.Apc, 0x78);
NT_OFFSET(IRP, Tail.CompletionKey, 0x78);

// IO_STACK_LOCATION.MajorFunction.
inline constexpr UCHAR
    IRP_MJ_CREATE = 0, IRP_MJ_CREATE_NAMED_PIPE = 1, IRP_MJ_CLOSE = 2, IRP_MJ_READ = 3, IRP_MJ_WRITE = 4,
    IRP_MJ_QUERY_INFORMATION = 5, IRP_MJ_SET_INFORMATION = 6, IRP_MJ_QUERY_EA = 7, IRP_MJ_SET_EA = 8,
    IRP_MJ_FLUSH_BUFFERS = 9, IRP_MJ_QUERY_VOLUME_INFORMATION = 0xa, IRP_MJ_SET_VOLUME_INFORMATION = 0xb,
    IRP_MJ_DIRECTORY_CONTROL = 0xc, IRP_MJ_FILE_SYSTEM_CONTROL = 0xd, IRP_MJ_DEVICE_CONTROL = 0xe,
    IRP_MJ_INTERNAL_DEVICE_CONTROL = 0xf, IRP_MJ_SCSI = 0xf, IRP_MJ_SHUTDOWN = 0x10, IRP_MJ_LOCK_CONTROL = 0x11,
    IRP_MJ_CLEANUP = 0x12, IRP_MJ_CREATE_MAILSLOT = 0x13, IRP_MJ_QUERY_SECURITY = 0x14, IRP_MJ_SET_SECURITY = 0x15,
    IRP_MJ_POWER = 0x16, IRP_MJ_SYSTEM_CONTROL = 0x17, IRP_MJ_DEVICE_CHANGE = 0x18, IRP_MJ_QUERY_QUOTA = 0x19,
    IRP_MJ_SET_QUOTA = 0x1a, IRP_MJ_MAXIMUM_FUNCTION = 0x1b, IRP_MJ_PNP = 0x1b, IRP_MJ_PNP_POWER = 0x1b;

// IO_STACK_LOCATION.MinorFunction.
inline constexpr UCHAR
    IRP_MN_NORMAL = 0, IRP_MN_QUERY_ALL_DATA = 0, IRP_MN_START_DEVICE = 0, IRP_MN_USER_FS_REQUEST = 0,
    IRP_MN_WAIT_WAKE = 0, IRP_MN_DPC = 1, IRP_MN_FLUSH_AND_PURGE = 1, IRP_MN_LOCK = 1, IRP_MN_MOUNT_VOLUME = 1,
    IRP_MN_POWER_SEQUENCE = 1, IRP_MN_QUERY_DIRECTORY = 1, IRP_MN_QUERY_REMOVE_DEVICE = 1,
    IRP_MN_QUERY_SINGLE_INSTANCE = 1, IRP_MN_SCSI_CLASS = 1, IRP_MN_CHANGE_SINGLE_INSTANCE = 2, IRP_MN_MDL = 2,
    IRP_MN_NOTIFY_CHANGE_DIRECTORY = 2, IRP_MN_REMOVE_DEVICE = 2, IRP_MN_SET_POWER = 2, IRP_MN_UNLOCK_SINGLE = 2,
    IRP_MN_VERIFY_VOLUME = 2, IRP_MN_CANCEL_REMOVE_DEVICE = 3, IRP_MN_CHANGE_SINGLE_ITEM = 3,
    IRP_MN_LOAD_FILE_SYSTEM = 3, IRP_MN_MDL_DPC = 3, IRP_MN_QUERY_POWER = 3, IRP_MN_UNLOCK_ALL = 3,
    IRP_MN_COMPLETE = 4, IRP_MN_ENABLE_EVENTS = 4, IRP_MN_KERNEL_CALL = 4, IRP_MN_STOP_DEVICE = 4,
    IRP_MN_TRACK_LINK = 4, IRP_MN_UNLOCK_ALL_BY_KEY = 4, IRP_MN_DISABLE_EVENTS = 5, IRP_MN_QUERY_STOP_DEVICE = 5,
    IRP_MN_CANCEL_STOP_DEVICE = 6, IRP_MN_COMPLETE_MDL = 6, IRP_MN_ENABLE_COLLECTION = 6, IRP_MN_COMPLETE_MDL_DPC = 7,
    IRP_MN_DISABLE_COLLECTION = 7, IRP_MN_QUERY_DEVICE_RELATIONS = 7, IRP_MN_COMPRESSED = 8,
    IRP_MN_QUERY_INTERFACE = 8, IRP_MN_REGINFO = 8, IRP_MN_EXECUTE_METHOD = 9, IRP_MN_QUERY_CAPABILITIES = 9,
    IRP_MN_QUERY_RESOURCES = 0xa, IRP_MN_QUERY_RESOURCE_REQUIREMENTS = 0xb, IRP_MN_REGINFO_EX = 0xb,
    IRP_MN_QUERY_DEVICE_TEXT = 0xc, IRP_MN_FILTER_RESOURCE_REQUIREMENTS = 0xd, IRP_MN_READ_CONFIG = 0xf,
    IRP_MN_WRITE_CONFIG = 0x10, IRP_MN_EJECT = 0x11, IRP_MN_SET_LOCK = 0x12, IRP_MN_QUERY_ID = 0x13,
    IRP_MN_QUERY_PNP_DEVICE_STATE = 0x14, IRP_MN_QUERY_BUS_INFORMATION = 0x15,
    IRP_MN_DEVICE_USAGE_NOTIFICATION = 0x16, IRP_MN_SURPRISE_REMOVAL = 0x17,
    IRP_MN_QUERY_LEGACY_BUS_INFORMATION = 0x18, IRP_MN_DEVICE_ENUMERATED = 0x19;

// IO_STACK_LOCATION.Control and .Flags.
inline constexpr UCHAR
    SL_ALLOW_RAW_MOUNT = 1, SL_FAIL_IMMEDIATELY = 1, SL_FORCE_ACCESS_CHECK = 1, SL_KEY_SPECIFIED = 1,
    SL_PENDING_RETURNED = 1, SL_READ_ACCESS_GRANTED = 1, SL_RESTART_SCAN = 1, SL_WATCH_TREE = 1,
    SL_ERROR_RETURNED = 2, SL_EXCLUSIVE_LOCK = 2, SL_OPEN_PAGING_FILE = 2, SL_OVERRIDE_VERIFY_VOLUME = 2,
    SL_RETURN_SINGLE_ENTRY = 2, SL_INDEX_SPECIFIED = 4, SL_OPEN_TARGET_DIRECTORY = 4, SL_WRITE_ACCESS_GRANTED = 4,
    SL_WRITE_THROUGH = 4, SL_FT_SEQUENTIAL_WRITE = 8, SL_STOP_ON_SYMLINK = 8, SL_FORCE_DIRECT_WRITE = 0x10,
    SL_INVOKE_ON_CANCEL = 0x20, SL_REALTIME_STREAM = 0x20, SL_INVOKE_ON_SUCCESS = 0x40, SL_CASE_SENSITIVE = 0x80,
    SL_INVOKE_ON_ERROR = 0x80;

// IRP.Flags and IRP.AllocationFlags.
inline constexpr ULONG
    IRP_NOCACHE = 1, IRP_QUOTA_CHARGED = 1, IRP_ALLOCATED_MUST_SUCCEED = 2, IRP_MOUNT_COMPLETION = 2,
    IRP_PAGING_IO = 2, IRP_ALLOCATED_FIXED_SIZE = 4, IRP_SYNCHRONOUS_API = 4, IRP_ASSOCIATED_IRP = 8,
    IRP_LOOKASIDE_ALLOCATION = 8, IRP_BEING_VERIFIED = 0x10, IRP_BUFFERED_IO = 0x10, IRP_DEALLOCATE_BUFFER = 0x20,
    IRP_INPUT_OPERATION = 0x40, IRP_SYNCHRONOUS_PAGING_IO = 0x40, IRP_CREATE_OPERATION = 0x80,
    IRP_READ_OPERATION = 0x100, IRP_WRITE_OPERATION = 0x200, IRP_CLOSE_OPERATION = 0x400,
    IRP_DEFER_IO_COMPLETION = 0x800, IRP_OB_QUERY_NAME = 0x1000, IRP_HOLD_DEVICE_QUEUE = 0x2000,
    IRP_RETRY_IO_COMPLETION = 0x4000, IRP_CLASS_CACHE_OPERATION = 0x8000;

} // namespace ringside::nt
