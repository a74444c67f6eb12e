// SPDX-License-Identifier: MIT
// Windows Management Instrumentation as drivers see it: what a provider registers, the WNODE structures that carry data
// both ways, and the library's context. The arrays at the ends of some structures are not part of them here.
#pragma once

#include "nt/basic.h"
#include "nt/forward.h"
#include "nt/irp.h"

namespace ringside::nt {

enum : ULONG {
    WMIREG_ACTION_REGISTER = 1, WMIREG_ACTION_DEREGISTER = 2, WMIREG_ACTION_REREGISTER = 3,
    WMIREG_ACTION_UPDATE_GUIDS = 4, WMIREG_ACTION_BLOCK_IRPS = 5, WMIREGISTER = 0, WMIUPDATE = 1,
};
enum : ULONG {
    WMIREG_FLAG_EXPENSIVE = 0x1, WMIREG_FLAG_INSTANCE_LIST = 0x4, WMIREG_FLAG_INSTANCE_BASENAME = 0x8,
    WMIREG_FLAG_INSTANCE_PDO = 0x20, WMIREG_FLAG_EVENT_ONLY_GUID = 0x40, WMIREG_FLAG_TRACE_CONTROL_GUID = 0x1000,
    WMIREG_FLAG_REMOVE_GUID = 0x10000, WMIREG_FLAG_TRACED_GUID = 0x80000, WMIREG_FLAG_TRACE_PROVIDER = 0x10000,
    WMIREG_FLAG_CALLBACK = 0x80000000,
};
enum : ULONG {
    WNODE_FLAG_ALL_DATA = 0x1, WNODE_FLAG_SINGLE_INSTANCE = 0x2, WNODE_FLAG_SINGLE_ITEM = 0x4,
    WNODE_FLAG_EVENT_ITEM = 0x8, WNODE_FLAG_FIXED_INSTANCE_SIZE = 0x10, WNODE_FLAG_TOO_SMALL = 0x20,
    WNODE_FLAG_STATIC_INSTANCE_NAMES = 0x80, WNODE_FLAG_EVENT_REFERENCE = 0x2000, WNODE_FLAG_METHOD_ITEM = 0x8000,
    WNODE_FLAG_PDO_INSTANCE_NAMES = 0x10000, WNODE_FLAG_TRACED_GUID = 0x20000,
};
enum : ULONG {
    WMIGUID_QUERY = 0x1, WMIGUID_SET = 0x2, WMIGUID_NOTIFICATION = 0x4, WMIGUID_READ_DESCRIPTION = 0x8,
    WMIGUID_EXECUTE = 0x10,
};

struct WMIREGGUIDW {
    GUID Guid;
    ULONG Flags;
    ULONG InstanceCount;
    union {
        ULONG InstanceNameList;
        ULONG BaseNameOffset;
        ULONG_PTR Pdo;
        ULONG_PTR InstanceInfo;
    };
};
NT_SIZE(WMIREGGUIDW, 0x20); NT_OFFSET(WMIREGGUIDW, Guid, 0x00); NT_OFFSET(WMIREGGUIDW, Flags, 0x10);
NT_OFFSET(WMIREGGUIDW, InstanceCount, 0x14); NT_OFFSET(WMIREGGUIDW, InstanceNameList, 0x18);
NT_OFFSET(WMIREGGUIDW, BaseNameOffset, 0x18); NT_OFFSET(WMIREGGUIDW, Pdo, 0x18);
NT_OFFSET(WMIREGGUIDW, InstanceInfo, 0x18);

// GuidCount WMIREGGUIDWs follow.
struct alignas(8) WMIREGINFOW {
    ULONG BufferSize;
    ULONG NextWmiRegInfo;
    ULONG RegistryPath;
    ULONG MofResourceName;
    ULONG GuidCount;
};
NT_SIZE(WMIREGINFOW, 0x18); NT_OFFSET(WMIREGINFOW, BufferSize, 0x00); NT_OFFSET(WMIREGINFOW, NextWmiRegInfo, 0x04);
NT_OFFSET(WMIREGINFOW, RegistryPath, 0x08); NT_OFFSET(WMIREGINFOW, MofResourceName, 0x0c);
NT_OFFSET(WMIREGINFOW, GuidCount, 0x10);

struct WNODE_HEADER {
    ULONG BufferSize;
    ULONG ProviderId;
    union {
        ULONG64 HistoricalContext;
        struct {
            ULONG Version;
            ULONG Linkage;
        };
    };
    union {
        ULONG CountLost;
        HANDLE KernelHandle;
        LARGE_INTEGER TimeStamp;
    };
    GUID Guid;
    ULONG ClientContext;
    ULONG Flags;
};
NT_SIZE(WNODE_HEADER, 0x30); NT_OFFSET(WNODE_HEADER, BufferSize, 0x00); NT_OFFSET(WNODE_HEADER, ProviderId, 0x04);
NT_OFFSET(WNODE_HEADER, HistoricalContext, 0x08); NT_OFFSET(WNODE_HEADER, Version, 0x08);
NT_OFFSET(WNODE_HEADER, Linkage, 0x0c); NT_OFFSET(WNODE_HEADER, CountLost, 0x10);
NT_OFFSET(WNODE_HEADER, KernelHandle, 0x10); NT_OFFSET(WNODE_HEADER, TimeStamp, 0x10);
NT_OFFSET(WNODE_HEADER, Guid, 0x18); NT_OFFSET(WNODE_HEADER, ClientContext, 0x28); NT_OFFSET(WNODE_HEADER, Flags, 0x2c);

struct OFFSETINSTANCEDATAANDLENGTH {
    ULONG OffsetInstanceData;
    ULONG LengthInstanceData;
};
NT_SIZE(OFFSETINSTANCEDATAANDLENGTH, 0x08); NT_OFFSET(OFFSETINSTANCEDATAANDLENGTH, OffsetInstanceData, 0x00);
NT_OFFSET(OFFSETINSTANCEDATAANDLENGTH, LengthInstanceData, 0x04);

struct WNODE_ALL_DATA {
    WNODE_HEADER WnodeHeader;
    ULONG DataBlockOffset;
    ULONG InstanceCount;
    ULONG OffsetInstanceNameOffsets;
    union {
        ULONG FixedInstanceSize;
        OFFSETINSTANCEDATAANDLENGTH OffsetInstanceDataAndLength[1];
    };
};
NT_SIZE(WNODE_ALL_DATA, 0x48); NT_OFFSET(WNODE_ALL_DATA, WnodeHeader, 0x00);
NT_OFFSET(WNODE_ALL_DATA, DataBlockOffset, 0x30); NT_OFFSET(WNODE_ALL_DATA, InstanceCount, 0x34);
NT_OFFSET(WNODE_ALL_DATA, OffsetInstanceNameOffsets, 0x38); NT_OFFSET(WNODE_ALL_DATA, FixedInstanceSize, 0x3c);
NT_OFFSET(WNODE_ALL_DATA, OffsetInstanceDataAndLength, 0x3c);

struct WNODE_SINGLE_INSTANCE {
    WNODE_HEADER WnodeHeader;
    ULONG OffsetInstanceName;
    ULONG InstanceIndex;
    ULONG DataBlockOffset;
    ULONG SizeDataBlock;
};
NT_SIZE(WNODE_SINGLE_INSTANCE, 0x40); NT_OFFSET(WNODE_SINGLE_INSTANCE, WnodeHeader, 0x00);
NT_OFFSET(WNODE_SINGLE_INSTANCE, OffsetInstanceName, 0x30); NT_OFFSET(WNODE_SINGLE_INSTANCE, InstanceIndex, 0x34);
NT_OFFSET(WNODE_SINGLE_INSTANCE, DataBlockOffset, 0x38); NT_OFFSET(WNODE_SINGLE_INSTANCE, SizeDataBlock, 0x3c);

struct WNODE_SINGLE_ITEM {
    WNODE_HEADER WnodeHeader;
    ULONG OffsetInstanceName;
    ULONG InstanceIndex;
    ULONG ItemId;
    ULONG DataBlockOffset;
    ULONG SizeDataItem;
};
NT_OFFSET(WNODE_SINGLE_ITEM, WnodeHeader, 0x00); NT_OFFSET(WNODE_SINGLE_ITEM, OffsetInstanceName, 0x30);
NT_OFFSET(WNODE_SINGLE_ITEM, InstanceIndex, 0x34); NT_OFFSET(WNODE_SINGLE_ITEM, ItemId, 0x38);
NT_OFFSET(WNODE_SINGLE_ITEM, DataBlockOffset, 0x3c); NT_OFFSET(WNODE_SINGLE_ITEM, SizeDataItem, 0x40);
NT_SIZE(WNODE_SINGLE_ITEM, 0x48);

struct WNODE_METHOD_ITEM {
    WNODE_HEADER WnodeHeader;
    ULONG OffsetInstanceName;
    ULONG InstanceIndex;
    ULONG MethodId;
    ULONG DataBlockOffset;
    ULONG SizeDataBlock;
};
NT_OFFSET(WNODE_METHOD_ITEM, WnodeHeader, 0x00); NT_OFFSET(WNODE_METHOD_ITEM, OffsetInstanceName, 0x30);
NT_OFFSET(WNODE_METHOD_ITEM, InstanceIndex, 0x34); NT_OFFSET(WNODE_METHOD_ITEM, MethodId, 0x38);
NT_OFFSET(WNODE_METHOD_ITEM, DataBlockOffset, 0x3c); NT_OFFSET(WNODE_METHOD_ITEM, SizeDataBlock, 0x40);
NT_SIZE(WNODE_METHOD_ITEM, 0x48);

// Followed by a WNODE_ALL_DATA's, WNODE_SINGLE_INSTANCE's or WNODE_SINGLE_ITEM's fields, as the flags say.
struct WNODE_EVENT_ITEM {
    WNODE_HEADER WnodeHeader;
};
NT_SIZE(WNODE_EVENT_ITEM, 0x30); NT_OFFSET(WNODE_EVENT_ITEM, WnodeHeader, 0x00);

struct WNODE_EVENT_REFERENCE {
    WNODE_HEADER WnodeHeader;
    GUID TargetGuid;
    ULONG TargetDataBlockSize;
    union {
        ULONG TargetInstanceIndex;
        WCHAR TargetInstanceName[1];
    };
};
NT_SIZE(WNODE_EVENT_REFERENCE, 0x48); NT_OFFSET(WNODE_EVENT_REFERENCE, WnodeHeader, 0x00);
NT_OFFSET(WNODE_EVENT_REFERENCE, TargetGuid, 0x30); NT_OFFSET(WNODE_EVENT_REFERENCE, TargetDataBlockSize, 0x40);
NT_OFFSET(WNODE_EVENT_REFERENCE, TargetInstanceIndex, 0x44);
NT_OFFSET(WNODE_EVENT_REFERENCE, TargetInstanceName, 0x44);

struct WNODE_TOO_SMALL {
    WNODE_HEADER WnodeHeader;
    ULONG SizeNeeded;
};
NT_SIZE(WNODE_TOO_SMALL, 0x38); NT_OFFSET(WNODE_TOO_SMALL, WnodeHeader, 0x00);
NT_OFFSET(WNODE_TOO_SMALL, SizeNeeded, 0x30);

// --- wmilib.sys ---

enum WMIENABLEDISABLECONTROL : int { WmiEventControl, WmiDataBlockControl };
enum SYSCTL_IRP_DISPOSITION : int { IrpProcessed, IrpNotCompleted, IrpNotWmi, IrpForward };

struct WMIGUIDREGINFO {
    LPCGUID Guid;
    ULONG InstanceCount;
    ULONG Flags;
};
NT_SIZE(WMIGUIDREGINFO, 0x10); NT_OFFSET(WMIGUIDREGINFO, Guid, 0x00); NT_OFFSET(WMIGUIDREGINFO, InstanceCount, 0x08);
NT_OFFSET(WMIGUIDREGINFO, Flags, 0x0c);

using PWMI_QUERY_REGINFO = NTSTATUS (NTAPI*)(DEVICE_OBJECT*, ULONG*, UNICODE_STRING*, UNICODE_STRING**, UNICODE_STRING*,
                                             DEVICE_OBJECT**);
using PWMI_QUERY_DATABLOCK = NTSTATUS (NTAPI*)(DEVICE_OBJECT*, IRP*, ULONG, ULONG, ULONG, ULONG*, ULONG, UCHAR*);
using PWMI_SET_DATABLOCK = NTSTATUS (NTAPI*)(DEVICE_OBJECT*, IRP*, ULONG, ULONG, ULONG, UCHAR*);
using PWMI_SET_DATAITEM = NTSTATUS (NTAPI*)(DEVICE_OBJECT*, IRP*, ULONG, ULONG, ULONG, ULONG, UCHAR*);
using PWMI_EXECUTE_METHOD = NTSTATUS (NTAPI*)(DEVICE_OBJECT*, IRP*, ULONG, ULONG, ULONG, ULONG, ULONG, UCHAR*);
using PWMI_FUNCTION_CONTROL = NTSTATUS (NTAPI*)(DEVICE_OBJECT*, IRP*, ULONG, WMIENABLEDISABLECONTROL, BOOLEAN);
using WMI_NOTIFICATION_CALLBACK = void (NTAPI*)(PVOID wnode, PVOID context);
// What stands in the device's place under WMIREG_FLAG_CALLBACK: the minor function and what Parameters.WMI holds.
using PWMIENTRY = NTSTATUS (NTAPI*)(UCHAR minor, PVOID path, ULONG bytes, PVOID buffer, PVOID context, ULONG* used);

struct WMILIB_CONTEXT {
    ULONG GuidCount;
    WMIGUIDREGINFO* GuidList;
    PWMI_QUERY_REGINFO QueryWmiRegInfo;
    PWMI_QUERY_DATABLOCK QueryWmiDataBlock;
    PWMI_SET_DATABLOCK SetWmiDataBlock;
    PWMI_SET_DATAITEM SetWmiDataItem;
    PWMI_EXECUTE_METHOD ExecuteWmiMethod;
    PWMI_FUNCTION_CONTROL WmiFunctionControl;
};
NT_SIZE(WMILIB_CONTEXT, 0x40); NT_OFFSET(WMILIB_CONTEXT, GuidCount, 0x00); NT_OFFSET(WMILIB_CONTEXT, GuidList, 0x08);
NT_OFFSET(WMILIB_CONTEXT, QueryWmiRegInfo, 0x10); NT_OFFSET(WMILIB_CONTEXT, QueryWmiDataBlock, 0x18);
NT_OFFSET(WMILIB_CONTEXT, SetWmiDataBlock, 0x20); NT_OFFSET(WMILIB_CONTEXT, SetWmiDataItem, 0x28);
NT_OFFSET(WMILIB_CONTEXT, ExecuteWmiMethod, 0x30); NT_OFFSET(WMILIB_CONTEXT, WmiFunctionControl, 0x38);

} // namespace ringside::nt
