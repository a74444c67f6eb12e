// SPDX-License-Identifier: MIT
// One stack location of an I/O request packet, with the parameters of each major function.
#pragma once

#include "nt/driver.h"
#include "nt/file.h"
#include "nt/pnp.h"
#include "nt/po.h"

namespace ringside::nt {

struct NAMED_PIPE_CREATE_PARAMETERS {
    ULONG NamedPipeType;
    ULONG ReadMode;
    ULONG CompletionMode;
    ULONG MaximumInstances;
    ULONG InboundQuota;
    ULONG OutboundQuota;
    LARGE_INTEGER DefaultTimeout;
    BOOLEAN TimeoutSpecified;
};
NT_SIZE(NAMED_PIPE_CREATE_PARAMETERS, 0x28); NT_OFFSET(NAMED_PIPE_CREATE_PARAMETERS, NamedPipeType, 0x00);
NT_OFFSET(NAMED_PIPE_CREATE_PARAMETERS, ReadMode, 0x04); NT_OFFSET(NAMED_PIPE_CREATE_PARAMETERS, CompletionMode, 0x08);
NT_OFFSET(NAMED_PIPE_CREATE_PARAMETERS, MaximumInstances, 0x0c);
NT_OFFSET(NAMED_PIPE_CREATE_PARAMETERS, InboundQuota, 0x10);
NT_OFFSET(NAMED_PIPE_CREATE_PARAMETERS, OutboundQuota, 0x14);
NT_OFFSET(NAMED_PIPE_CREATE_PARAMETERS, DefaultTimeout, 0x18);
NT_OFFSET(NAMED_PIPE_CREATE_PARAMETERS, TimeoutSpecified, 0x20);

struct MAILSLOT_CREATE_PARAMETERS {
    ULONG MailslotQuota;
    ULONG MaximumMessageSize;
    LARGE_INTEGER ReadTimeout;
    BOOLEAN TimeoutSpecified;
};
NT_SIZE(MAILSLOT_CREATE_PARAMETERS, 0x18); NT_OFFSET(MAILSLOT_CREATE_PARAMETERS, MailslotQuota, 0x00);
NT_OFFSET(MAILSLOT_CREATE_PARAMETERS, MaximumMessageSize, 0x04);
NT_OFFSET(MAILSLOT_CREATE_PARAMETERS, ReadTimeout, 0x08); NT_OFFSET(MAILSLOT_CREATE_PARAMETERS, TimeoutSpecified, 0x10);

struct POWER_SEQUENCE {
    ULONG SequenceD1;
    ULONG SequenceD2;
    ULONG SequenceD3;
};
NT_SIZE(POWER_SEQUENCE, 0x0c); NT_OFFSET(POWER_SEQUENCE, SequenceD1, 0x00); NT_OFFSET(POWER_SEQUENCE, SequenceD2, 0x04);
NT_OFFSET(POWER_SEQUENCE, SequenceD3, 0x08);

struct IO_SECURITY_CONTEXT {
    SECURITY_QUALITY_OF_SERVICE* SecurityQos;
    ACCESS_STATE* AccessState;
    ACCESS_MASK DesiredAccess;
    ULONG FullCreateOptions;
};
NT_SIZE(IO_SECURITY_CONTEXT, 0x18); NT_OFFSET(IO_SECURITY_CONTEXT, SecurityQos, 0x00);
NT_OFFSET(IO_SECURITY_CONTEXT, AccessState, 0x08); NT_OFFSET(IO_SECURITY_CONTEXT, DesiredAccess, 0x10);
NT_OFFSET(IO_SECURITY_CONTEXT, FullCreateOptions, 0x14);

struct IO_STACK_LOCATION {
    UCHAR MajorFunction;
    UCHAR MinorFunction;
    UCHAR Flags;
    UCHAR Control;
    union {
        struct {
            IO_SECURITY_CONTEXT* SecurityContext;
            ULONG Options;
            alignas(8) USHORT FileAttributes;
            USHORT ShareAccess;
            alignas(8) ULONG EaLength;
        } Create;
        struct {
            IO_SECURITY_CONTEXT* SecurityContext;
            ULONG Options;
            alignas(8) USHORT Reserved;
            USHORT ShareAccess;
            NAMED_PIPE_CREATE_PARAMETERS* Parameters;
        } CreatePipe;
        struct {
            IO_SECURITY_CONTEXT* SecurityContext;
            ULONG Options;
            alignas(8) USHORT Reserved;
            USHORT ShareAccess;
            MAILSLOT_CREATE_PARAMETERS* Parameters;
        } CreateMailslot;
        struct {
            ULONG Length;
            alignas(8) ULONG Key;
            ULONG Flags;
            LARGE_INTEGER ByteOffset;
        } Read;
        struct {
            ULONG Length;
            alignas(8) ULONG Key;
            ULONG Flags;
            LARGE_INTEGER ByteOffset;
        } Write;
        struct {
            ULONG Length;
            UNICODE_STRING* FileName;
            FILE_INFORMATION_CLASS FileInformationClass;
            alignas(8) ULONG FileIndex;
        } QueryDirectory;
        struct {
            ULONG Length;
            alignas(8) ULONG CompletionFilter;
        } NotifyDirectory;
        struct {
            ULONG Length;
            alignas(8) ULONG CompletionFilter;
            alignas(8) DIRECTORY_NOTIFY_INFORMATION_CLASS DirectoryNotifyInformationClass;
        } NotifyDirectoryEx;
        struct {
            ULONG Length;
            alignas(8) FILE_INFORMATION_CLASS FileInformationClass;
        } QueryFile;
        struct {
            ULONG Length;
            alignas(8) FILE_INFORMATION_CLASS FileInformationClass;
            FILE_OBJECT* FileObject;
            union {
                struct {
                    BOOLEAN ReplaceIfExists;
                    BOOLEAN AdvanceOnly;
                };
                ULONG ClusterCount;
                HANDLE DeleteHandle;
            };
        } SetFile;
        struct {
            ULONG Length;
            PVOID EaList;
            ULONG EaListLength;
            alignas(8) ULONG EaIndex;
        } QueryEa;
        struct {
            ULONG Length;
        } SetEa;
        struct {
            ULONG Length;
            alignas(8) FS_INFORMATION_CLASS FsInformationClass;
        } QueryVolume;
        struct {
            ULONG Length;
            alignas(8) FS_INFORMATION_CLASS FsInformationClass;
        } SetVolume;
        struct {
            ULONG OutputBufferLength;
            alignas(8) ULONG InputBufferLength;
            alignas(8) ULONG FsControlCode;
            PVOID Type3InputBuffer;
        } FileSystemControl;
        struct {
            LARGE_INTEGER* Length;
            alignas(8) ULONG Key;
            LARGE_INTEGER ByteOffset;
        } LockControl;
        struct {
            ULONG OutputBufferLength;
            alignas(8) ULONG InputBufferLength;
            alignas(8) ULONG IoControlCode;
            PVOID Type3InputBuffer;
        } DeviceIoControl;
        struct {
            SECURITY_INFORMATION SecurityInformation;
            alignas(8) ULONG Length;
        } QuerySecurity;
        struct {
            SECURITY_INFORMATION SecurityInformation;
            PSECURITY_DESCRIPTOR SecurityDescriptor;
        } SetSecurity;
        struct {
            VPB* Vpb;
            DEVICE_OBJECT* DeviceObject;
        } MountVolume;
        struct {
            VPB* Vpb;
            DEVICE_OBJECT* DeviceObject;
        } VerifyVolume;
        struct {
            SCSI_REQUEST_BLOCK* Srb;
        } Scsi;
        struct {
            ULONG Length;
            PSID StartSid;
            FILE_GET_QUOTA_INFORMATION* SidList;
            ULONG SidListLength;
        } QueryQuota;
        struct {
            ULONG Length;
        } SetQuota;
        struct {
            DEVICE_RELATION_TYPE Type;
        } QueryDeviceRelations;
        struct {
            GUID const* InterfaceType;
            USHORT Size;
            USHORT Version;
            INTERFACE* Interface;
            PVOID InterfaceSpecificData;
        } QueryInterface;
        struct {
            DEVICE_CAPABILITIES* Capabilities;
        } DeviceCapabilities;
        struct {
            IO_RESOURCE_REQUIREMENTS_LIST* IoResourceRequirementList;
        } FilterResourceRequirements;
        struct {
            ULONG WhichSpace;
            PVOID Buffer;
            ULONG Offset;
            alignas(8) ULONG Length;
        } ReadWriteConfig;
        struct {
            BOOLEAN Lock;
        } SetLock;
        struct {
            BUS_QUERY_ID_TYPE IdType;
        } QueryId;
        struct {
            DEVICE_TEXT_TYPE DeviceTextType;
            alignas(8) LCID LocaleId;
        } QueryDeviceText;
        struct {
            BOOLEAN InPath;
            BOOLEAN Reserved[3];
            alignas(8) DEVICE_USAGE_NOTIFICATION_TYPE Type;
        } UsageNotification;
        struct {
            SYSTEM_POWER_STATE PowerState;
        } WaitWake;
        struct {
            POWER_SEQUENCE* PowerSequence;
        } PowerSequence;
        struct {
            union {
                ULONG SystemContext;
                SYSTEM_POWER_STATE_CONTEXT SystemPowerStateContext;
            };
            alignas(8) POWER_STATE_TYPE Type;
            alignas(8) POWER_STATE State;
            alignas(8) POWER_ACTION ShutdownType;
        } Power;
        struct {
            CM_RESOURCE_LIST* AllocatedResources;
            CM_RESOURCE_LIST* AllocatedResourcesTranslated;
        } StartDevice;
        struct {
            ULONG_PTR ProviderId;
            PVOID DataPath;
            ULONG BufferSize;
            PVOID Buffer;
        } WMI;
        struct {
            PVOID Argument1;
            PVOID Argument2;
            PVOID Argument3;
            PVOID Argument4;
        } Others;
    } Parameters;
    DEVICE_OBJECT* DeviceObject;
    FILE_OBJECT* FileObject;
    PIO_COMPLETION_ROUTINE CompletionRoutine;
    PVOID Context;
};
NT_SIZE(IO_STACK_LOCATION, 0x48); NT_OFFSET(IO_STACK_LOCATION, MajorFunction, 0x00);
NT_OFFSET(IO_STACK_LOCATION, MinorFunction, 0x01); NT_OFFSET(IO_STACK_LOCATION, Flags, 0x02);
NT_OFFSET(IO_STACK_LOCATION, Control, 0x03); NT_OFFSET(IO_STACK_LOCATION, Parameters, 0x08);
NT_OFFSET(IO_STACK_LOCATION, Parameters.Create, 0x08);
NT_OFFSET(IO_STACK_LOCATION, Parameters.Create.SecurityContext, 0x08);
NT_OFFSET(IO_STACK_LOCATION, Parameters.Create.Options, 0x10);
NT_OFFSET(IO_STACK_LOCATION, Parameters.Create.FileAttributes, 0x18);
NT_OFFSET(IO_STACK_LOCATION, Parameters.Create.ShareAccess, 0x1a);
NT_OFFSET(IO_STACK_LOCATION, Parameters.Create.EaLength, 0x20);
NT_OFFSET(IO_STACK_LOCATION, Parameters.CreatePipe, 0x08);
NT_OFFSET(IO_STACK_LOCATION, Parameters.CreatePipe.SecurityContext, 0x08);
NT_OFFSET(IO_STACK_LOCATION, Parameters.CreatePipe.Options, 0x10);
NT_OFFSET(IO_STACK_LOCATION, Parameters.CreatePipe.Reserved, 0x18);
NT_OFFSET(IO_STACK_LOCATION, Parameters.CreatePipe.ShareAccess, 0x1a);
NT_OFFSET(IO_STACK_LOCATION, Parameters.CreatePipe.Parameters, 0x20);
NT_OFFSET(IO_STACK_LOCATION, Parameters.CreateMailslot, 0x08);
NT_OFFSET(IO_STACK_LOCATION, Parameters.CreateMailslot.SecurityContext, 0x08);
NT_OFFSET(IO_STACK_LOCATION, Parameters.CreateMailslot.Options, 0x10);
NT_OFFSET(IO_STACK_LOCATION, Parameters.CreateMailslot.Reserved, 0x18);
NT_OFFSET(IO_STACK_LOCATION, Parameters.CreateMailslot.ShareAccess, 0x1a);
NT_OFFSET(IO_STACK_LOCATION, Parameters.CreateMailslot.Parameters, 0x20);
NT_OFFSET(IO_STACK_LOCATION, Parameters.Read, 0x08); NT_OFFSET(IO_STACK_LOCATION, Parameters.Read.Length, 0x08);
NT_OFFSET(IO_STACK_LOCATION, Parameters.Read.Key, 0x10); NT_OFFSET(IO_STACK_LOCATION, Parameters.Read.Flags, 0x14);
NT_OFFSET(IO_STACK_LOCATION, Parameters.Read.ByteOffset, 0x18); NT_OFFSET(IO_STACK_LOCATION, Parameters.Write, 0x08);
NT_OFFSET(IO_STACK_LOCATION, Parameters.Write.Length, 0x08); NT_OFFSET(IO_STACK_LOCATION, Parameters.Write.Key, 0x10);
NT_OFFSET(IO_STACK_LOCATION, Parameters.Write.Flags, 0x14);
NT_OFFSET(IO_STACK_LOCATION, Parameters.Write.ByteOffset, 0x18);
NT_OFFSET(IO_STACK_LOCATION, Parameters.QueryDirectory, 0x08);
NT_OFFSET(IO_STACK_LOCATION, Parameters.QueryDirectory.Length, 0x08);
NT_OFFSET(IO_STACK_LOCATION, Parameters.QueryDirectory.FileName, 0x10);
NT_OFFSET(IO_STACK_LOCATION, Parameters.QueryDirectory.FileInformationClass, 0x18);
NT_OFFSET(IO_STACK_LOCATION, Parameters.QueryDirectory.FileIndex, 0x20);
NT_OFFSET(IO_STACK_LOCATION, Parameters.NotifyDirectory, 0x08);
NT_OFFSET(IO_STACK_LOCATION, Parameters.NotifyDirectory.Length, 0x08);
NT_OFFSET(IO_STACK_LOCATION, Parameters.NotifyDirectory.CompletionFilter, 0x10);
NT_OFFSET(IO_STACK_LOCATION, Parameters.NotifyDirectoryEx, 0x08);
NT_OFFSET(IO_STACK_LOCATION, Parameters.NotifyDirectoryEx.Length, 0x08);
NT_OFFSET(IO_STACK_LOCATION, Parameters.NotifyDirectoryEx.CompletionFilter, 0x10);
NT_OFFSET(IO_STACK_LOCATION, Parameters.NotifyDirectoryEx.DirectoryNotifyInformationClass, 0x18);
NT_OFFSET(IO_STACK_LOCATION, Parameters.QueryFile, 0x08);
NT_OFFSET(IO_STACK_LOCATION, Parameters.QueryFile.Length, 0x08);
NT_OFFSET(IO_STACK_LOCATION, Parameters.QueryFile.FileInformationClass, 0x10);
NT_OFFSET(IO_STACK_LOCATION, Parameters.SetFile, 0x08); NT_OFFSET(IO_STACK_LOCATION, Parameters.SetFile.Length, 0x08);
NT_OFFSET(IO_STACK_LOCATION, Parameters.SetFile.FileInformationClass, 0x10);
NT_OFFSET(IO_STACK_LOCATION, Parameters.SetFile.FileObject, 0x18);
NT_OFFSET(IO_STACK_LOCATION, Parameters.SetFile.ReplaceIfExists, 0x20);
NT_OFFSET(IO_STACK_LOCATION, Parameters.SetFile.AdvanceOnly, 0x21);
NT_OFFSET(IO_STACK_LOCATION, Parameters.SetFile.ClusterCount, 0x20);
NT_OFFSET(IO_STACK_LOCATION, Parameters.SetFile.DeleteHandle, 0x20);
NT_OFFSET(IO_STACK_LOCATION, Parameters.QueryEa, 0x08); NT_OFFSET(IO_STACK_LOCATION, Parameters.QueryEa.Length, 0x08);
NT_OFFSET(IO_STACK_LOCATION, Parameters.QueryEa.EaList, 0x10);
NT_OFFSET(IO_STACK_LOCATION, Parameters.QueryEa.EaListLength, 0x18);
NT_OFFSET(IO_STACK_LOCATION, Parameters.QueryEa.EaIndex, 0x20); NT_OFFSET(IO_STACK_LOCATION, Parameters.SetEa, 0x08);
NT_OFFSET(IO_STACK_LOCATION, Parameters.SetEa.Length, 0x08); NT_OFFSET(IO_STACK_LOCATION, Parameters.QueryVolume, 0x08);
NT_OFFSET(IO_STACK_LOCATION, Parameters.QueryVolume.Length, 0x08);
NT_OFFSET(IO_STACK_LOCATION, Parameters.QueryVolume.FsInformationClass, 0x10);
NT_OFFSET(IO_STACK_LOCATION, Parameters.SetVolume, 0x08);
NT_OFFSET(IO_STACK_LOCATION, Parameters.SetVolume.Length, 0x08);
NT_OFFSET(IO_STACK_LOCATION, Parameters.SetVolume.FsInformationClass, 0x10);
NT_OFFSET(IO_STACK_LOCATION, Parameters.FileSystemControl, 0x08);
NT_OFFSET(IO_STACK_LOCATION, Parameters.FileSystemControl.OutputBufferLength, 0x08);
NT_OFFSET(IO_STACK_LOCATION, Parameters.FileSystemControl.InputBufferLength, 0x10);
NT_OFFSET(IO_STACK_LOCATION, Parameters.FileSystemControl.FsControlCode, 0x18);
NT_OFFSET(IO_STACK_LOCATION, Parameters.FileSystemControl.Type3InputBuffer, 0x20);
NT_OFFSET(IO_STACK_LOCATION, Parameters.LockControl, 0x08);
NT_OFFSET(IO_STACK_LOCATION, Parameters.LockControl.Length, 0x08);
NT_OFFSET(IO_STACK_LOCATION, Parameters.LockControl.Key, 0x10);
NT_OFFSET(IO_STACK_LOCATION, Parameters.LockControl.ByteOffset, 0x18);
NT_OFFSET(IO_STACK_LOCATION, Parameters.DeviceIoControl, 0x08);
NT_OFFSET(IO_STACK_LOCATION, Parameters.DeviceIoControl.OutputBufferLength, 0x08);
NT_OFFSET(IO_STACK_LOCATION, Parameters.DeviceIoControl.InputBufferLength, 0x10);
NT_OFFSET(IO_STACK_LOCATION, Parameters.DeviceIoControl.IoControlCode, 0x18);
NT_OFFSET(IO_STACK_LOCATION, Parameters.DeviceIoControl.Type3InputBuffer, 0x20);
NT_OFFSET(IO_STACK_LOCATION, Parameters.QuerySecurity, 0x08);
NT_OFFSET(IO_STACK_LOCATION, Parameters.QuerySecurity.SecurityInformation, 0x08);
NT_OFFSET(IO_STACK_LOCATION, Parameters.QuerySecurity.Length, 0x10);
NT_OFFSET(IO_STACK_LOCATION, Parameters.SetSecurity, 0x08);
NT_OFFSET(IO_STACK_LOCATION, Parameters.SetSecurity.SecurityInformation, 0x08);
NT_OFFSET(IO_STACK_LOCATION, Parameters.SetSecurity.SecurityDescriptor, 0x10);
NT_OFFSET(IO_STACK_LOCATION, Parameters.MountVolume, 0x08);
NT_OFFSET(IO_STACK_LOCATION, Parameters.MountVolume.Vpb, 0x08);
NT_OFFSET(IO_STACK_LOCATION, Parameters.MountVolume.DeviceObject, 0x10);
NT_OFFSET(IO_STACK_LOCATION, Parameters.VerifyVolume, 0x08);
NT_OFFSET(IO_STACK_LOCATION, Parameters.VerifyVolume.Vpb, 0x08);
NT_OFFSET(IO_STACK_LOCATION, Parameters.VerifyVolume.DeviceObject, 0x10);
NT_OFFSET(IO_STACK_LOCATION, Parameters.Scsi, 0x08); NT_OFFSET(IO_STACK_LOCATION, Parameters.Scsi.Srb, 0x08);
NT_OFFSET(IO_STACK_LOCATION, Parameters.QueryQuota, 0x08);
NT_OFFSET(IO_STACK_LOCATION, Parameters.QueryQuota.Length, 0x08);
NT_OFFSET(IO_STACK_LOCATION, Parameters.QueryQuota.StartSid, 0x10);
NT_OFFSET(IO_STACK_LOCATION, Parameters.QueryQuota.SidList, 0x18);
NT_OFFSET(IO_STACK_LOCATION, Parameters.QueryQuota.SidListLength, 0x20);
NT_OFFSET(IO_STACK_LOCATION, Parameters.SetQuota, 0x08); NT_OFFSET(IO_STACK_LOCATION, Parameters.SetQuota.Length, 0x08);
NT_OFFSET(IO_STACK_LOCATION, Parameters.QueryDeviceRelations, 0x08);
NT_OFFSET(IO_STACK_LOCATION, Parameters.QueryDeviceRelations.Type, 0x08);
NT_OFFSET(IO_STACK_LOCATION, Parameters.QueryInterface, 0x08);
NT_OFFSET(IO_STACK_LOCATION, Parameters.QueryInterface.InterfaceType, 0x08);
NT_OFFSET(IO_STACK_LOCATION, Parameters.QueryInterface.Size, 0x10);
NT_OFFSET(IO_STACK_LOCATION, Parameters.QueryInterface.Version, 0x12);
NT_OFFSET(IO_STACK_LOCATION, Parameters.QueryInterface.Interface, 0x18);
NT_OFFSET(IO_STACK_LOCATION, Parameters.QueryInterface.InterfaceSpecificData, 0x20);
NT_OFFSET(IO_STACK_LOCATION, Parameters.DeviceCapabilities, 0x08);
NT_OFFSET(IO_STACK_LOCATION, Parameters.DeviceCapabilities.Capabilities, 0x08);
NT_OFFSET(IO_STACK_LOCATION, Parameters.FilterResourceRequirements, 0x08);
NT_OFFSET(IO_STACK_LOCATION, Parameters.FilterResourceRequirements.IoResourceRequirementList, 0x08);
NT_OFFSET(IO_STACK_LOCATION, Parameters.ReadWriteConfig, 0x08);
NT_OFFSET(IO_STACK_LOCATION, Parameters.ReadWriteConfig.WhichSpace, 0x08);
NT_OFFSET(IO_STACK_LOCATION, Parameters.ReadWriteConfig.Buffer, 0x10);
NT_OFFSET(IO_STACK_LOCATION, Parameters.ReadWriteConfig.Offset, 0x18);
NT_OFFSET(IO_STACK_LOCATION, Parameters.ReadWriteConfig.Length, 0x20);
NT_OFFSET(IO_STACK_LOCATION, Parameters.SetLock, 0x08); NT_OFFSET(IO_STACK_LOCATION, Parameters.SetLock.Lock, 0x08);
NT_OFFSET(IO_STACK_LOCATION, Parameters.QueryId, 0x08); NT_OFFSET(IO_STACK_LOCATION, Parameters.QueryId.IdType, 0x08);
NT_OFFSET(IO_STACK_LOCATION, Parameters.QueryDeviceText, 0x08);
NT_OFFSET(IO_STACK_LOCATION, Parameters.QueryDeviceText.DeviceTextType, 0x08);
NT_OFFSET(IO_STACK_LOCATION, Parameters.QueryDeviceText.LocaleId, 0x10);
NT_OFFSET(IO_STACK_LOCATION, Parameters.UsageNotification, 0x08);
NT_OFFSET(IO_STACK_LOCATION, Parameters.UsageNotification.InPath, 0x08);
NT_OFFSET(IO_STACK_LOCATION, Parameters.UsageNotification.Reserved, 0x09);
NT_OFFSET(IO_STACK_LOCATION, Parameters.UsageNotification.Type, 0x10);
NT_OFFSET(IO_STACK_LOCATION, Parameters.WaitWake, 0x08);
NT_OFFSET(IO_STACK_LOCATION, Parameters.WaitWake.PowerState, 0x08);
NT_OFFSET(IO_STACK_LOCATION, Parameters.PowerSequence, 0x08);
NT_OFFSET(IO_STACK_LOCATION, Parameters.PowerSequence.PowerSequence, 0x08);
NT_OFFSET(IO_STACK_LOCATION, Parameters.Power, 0x08);
NT_OFFSET(IO_STACK_LOCATION, Parameters.Power.SystemContext, 0x08);
NT_OFFSET(IO_STACK_LOCATION, Parameters.Power.SystemPowerStateContext, 0x08);
NT_OFFSET(IO_STACK_LOCATION, Parameters.Power.Type, 0x10); NT_OFFSET(IO_STACK_LOCATION, Parameters.Power.State, 0x18);
NT_OFFSET(IO_STACK_LOCATION, Parameters.Power.ShutdownType, 0x20);
NT_OFFSET(IO_STACK_LOCATION, Parameters.StartDevice, 0x08);
NT_OFFSET(IO_STACK_LOCATION, Parameters.StartDevice.AllocatedResources, 0x08);
NT_OFFSET(IO_STACK_LOCATION, Parameters.StartDevice.AllocatedResourcesTranslated, 0x10);
NT_OFFSET(IO_STACK_LOCATION, Parameters.WMI, 0x08); NT_OFFSET(IO_STACK_LOCATION, Parameters.WMI.ProviderId, 0x08);
NT_OFFSET(IO_STACK_LOCATION, Parameters.WMI.DataPath, 0x10);
NT_OFFSET(IO_STACK_LOCATION, Parameters.WMI.BufferSize, 0x18);
NT_OFFSET(IO_STACK_LOCATION, Parameters.WMI.Buffer, 0x20); NT_OFFSET(IO_STACK_LOCATION, Parameters.Others, 0x08);
NT_OFFSET(IO_STACK_LOCATION, Parameters.Others.Argument1, 0x08);
NT_OFFSET(IO_STACK_LOCATION, Parameters.Others.Argument2, 0x10);
NT_OFFSET(IO_STACK_LOCATION, Parameters.Others.Argument3, 0x18);
NT_OFFSET(IO_STACK_LOCATION, Parameters.Others.Argument4, 0x20); NT_OFFSET(IO_STACK_LOCATION, DeviceObject, 0x28);
NT_OFFSET(IO_STACK_LOCATION, FileObject, 0x30); NT_OFFSET(IO_STACK_LOCATION, CompletionRoutine, 0x38);
NT_OFFSET(IO_STACK_LOCATION, Context, 0x40);

} // namespace ringside::nt
