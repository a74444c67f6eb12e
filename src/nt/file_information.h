// SPDX-License-Identifier: MIT
// The information classes of files and volumes and their structures.
#pragma once

#include "nt/file.h"
#include "nt/se.h"

namespace ringside::nt {

enum FILE_INFORMATION_CLASS : int32_t {
    FileDirectoryInformation = 1, FileFullDirectoryInformation, FileBothDirectoryInformation, FileBasicInformation,
    FileStandardInformation, FileInternalInformation, FileEaInformation, FileAccessInformation, FileNameInformation,
    FileRenameInformation, FileLinkInformation, FileNamesInformation, FileDispositionInformation,
    FilePositionInformation, FileFullEaInformation, FileModeInformation, FileAlignmentInformation, FileAllInformation,
    FileAllocationInformation, FileEndOfFileInformation, FileAlternateNameInformation, FileStreamInformation,
    FilePipeInformation, FilePipeLocalInformation, FilePipeRemoteInformation, FileMailslotQueryInformation,
    FileMailslotSetInformation, FileCompressionInformation, FileObjectIdInformation, FileCompletionInformation,
    FileMoveClusterInformation, FileQuotaInformation, FileReparsePointInformation, FileNetworkOpenInformation,
    FileAttributeTagInformation, FileTrackingInformation, FileIdBothDirectoryInformation,
    FileIdFullDirectoryInformation, FileValidDataLengthInformation, FileShortNameInformation,
    FileIoCompletionNotificationInformation, FileIoStatusBlockRangeInformation, FileIoPriorityHintInformation,
    FileSfioReserveInformation, FileSfioVolumeInformation, FileHardLinkInformation,
    FileProcessIdsUsingFileInformation, FileNormalizedNameInformation, FileNetworkPhysicalNameInformation,
    FileIdGlobalTxDirectoryInformation, FileIsRemoteDeviceInformation, FileUnusedInformation, FileNumaNodeInformation,
    FileStandardLinkInformation, FileRemoteProtocolInformation, FileRenameInformationBypassAccessCheck,
    FileLinkInformationBypassAccessCheck, FileVolumeNameInformation, FileIdInformation,
    FileIdExtdDirectoryInformation, FileReplaceCompletionInformation, FileHardLinkFullIdInformation,
    FileIdExtdBothDirectoryInformation, FileDispositionInformationEx, FileRenameInformationEx,
    FileRenameInformationExBypassAccessCheck, FileDesiredStorageClassInformation, FileStatInformation,
    FileMemoryPartitionInformation, FileStatLxInformation, FileCaseSensitiveInformation, FileLinkInformationEx,
    FileLinkInformationExBypassAccessCheck, FileStorageReserveIdInformation,
    FileCaseSensitiveInformationForceAccessCheck, FileMaximumInformation,
};

enum FSINFOCLASS : int32_t {
    FileFsVolumeInformation = 1, FileFsLabelInformation, FileFsSizeInformation, FileFsDeviceInformation,
    FileFsAttributeInformation, FileFsControlInformation, FileFsFullSizeInformation, FileFsObjectIdInformation,
    FileFsDriverPathInformation, FileFsVolumeFlagsInformation, FileFsSectorSizeInformation, FileFsDataCopyInformation,
    FileFsMetadataSizeInformation, FileFsFullSizeInformationEx, FileFsMaximumInformation,
};

struct FILE_POSITION_INFORMATION {
    LARGE_INTEGER CurrentByteOffset;
};
NT_SIZE(FILE_POSITION_INFORMATION, 0x08); NT_OFFSET(FILE_POSITION_INFORMATION, CurrentByteOffset, 0x00);

struct FILE_BASIC_INFORMATION {
    LARGE_INTEGER CreationTime;
    LARGE_INTEGER LastAccessTime;
    LARGE_INTEGER LastWriteTime;
    LARGE_INTEGER ChangeTime;
    ULONG FileAttributes;
};
NT_SIZE(FILE_BASIC_INFORMATION, 0x28); NT_OFFSET(FILE_BASIC_INFORMATION, CreationTime, 0x00);
NT_OFFSET(FILE_BASIC_INFORMATION, LastAccessTime, 0x08); NT_OFFSET(FILE_BASIC_INFORMATION, LastWriteTime, 0x10);
NT_OFFSET(FILE_BASIC_INFORMATION, ChangeTime, 0x18); NT_OFFSET(FILE_BASIC_INFORMATION, FileAttributes, 0x20);

struct FILE_IO_PRIORITY_HINT_INFORMATION {
    IO_PRIORITY_HINT PriorityHint;
};
NT_SIZE(FILE_IO_PRIORITY_HINT_INFORMATION, 0x04); NT_OFFSET(FILE_IO_PRIORITY_HINT_INFORMATION, PriorityHint, 0x00);

struct FILE_IO_COMPLETION_NOTIFICATION_INFORMATION {
    ULONG Flags;
};
NT_SIZE(FILE_IO_COMPLETION_NOTIFICATION_INFORMATION, 0x04);
NT_OFFSET(FILE_IO_COMPLETION_NOTIFICATION_INFORMATION, Flags, 0x00);
inline constexpr ULONG
    FILE_SKIP_COMPLETION_PORT_ON_SUCCESS = 1, FILE_SKIP_SET_EVENT_ON_HANDLE = 2,
    FILE_SKIP_SET_USER_EVENT_ON_FAST_IO = 4;

struct FILE_IS_REMOTE_DEVICE_INFORMATION {
    BOOLEAN IsRemote;
};
NT_SIZE(FILE_IS_REMOTE_DEVICE_INFORMATION, 0x01); NT_OFFSET(FILE_IS_REMOTE_DEVICE_INFORMATION, IsRemote, 0x00);

struct FILE_STANDARD_INFORMATION {
    LARGE_INTEGER AllocationSize;
    LARGE_INTEGER EndOfFile;
    ULONG NumberOfLinks;
    BOOLEAN DeletePending;
    BOOLEAN Directory;
};
NT_SIZE(FILE_STANDARD_INFORMATION, 0x18); NT_OFFSET(FILE_STANDARD_INFORMATION, AllocationSize, 0x00);
NT_OFFSET(FILE_STANDARD_INFORMATION, EndOfFile, 0x08); NT_OFFSET(FILE_STANDARD_INFORMATION, NumberOfLinks, 0x10);
NT_OFFSET(FILE_STANDARD_INFORMATION, DeletePending, 0x14); NT_OFFSET(FILE_STANDARD_INFORMATION, Directory, 0x15);

struct FILE_NETWORK_OPEN_INFORMATION {
    LARGE_INTEGER CreationTime;
    LARGE_INTEGER LastAccessTime;
    LARGE_INTEGER LastWriteTime;
    LARGE_INTEGER ChangeTime;
    LARGE_INTEGER AllocationSize;
    LARGE_INTEGER EndOfFile;
    ULONG FileAttributes;
};
NT_SIZE(FILE_NETWORK_OPEN_INFORMATION, 0x38); NT_OFFSET(FILE_NETWORK_OPEN_INFORMATION, CreationTime, 0x00);
NT_OFFSET(FILE_NETWORK_OPEN_INFORMATION, LastAccessTime, 0x08);
NT_OFFSET(FILE_NETWORK_OPEN_INFORMATION, LastWriteTime, 0x10);
NT_OFFSET(FILE_NETWORK_OPEN_INFORMATION, ChangeTime, 0x18);
NT_OFFSET(FILE_NETWORK_OPEN_INFORMATION, AllocationSize, 0x20);
NT_OFFSET(FILE_NETWORK_OPEN_INFORMATION, EndOfFile, 0x28);
NT_OFFSET(FILE_NETWORK_OPEN_INFORMATION, FileAttributes, 0x30);

struct FILE_FS_DEVICE_INFORMATION {
    ULONG DeviceType;
    ULONG Characteristics;
};
NT_SIZE(FILE_FS_DEVICE_INFORMATION, 0x08); NT_OFFSET(FILE_FS_DEVICE_INFORMATION, DeviceType, 0x00);
NT_OFFSET(FILE_FS_DEVICE_INFORMATION, Characteristics, 0x04);

struct FILE_FULL_EA_INFORMATION {
    ULONG NextEntryOffset;
    UCHAR Flags;
    UCHAR EaNameLength;
    USHORT EaValueLength;
    CHAR EaName[1];
};
NT_SIZE(FILE_FULL_EA_INFORMATION, 0x0c); NT_OFFSET(FILE_FULL_EA_INFORMATION, NextEntryOffset, 0x00);
NT_OFFSET(FILE_FULL_EA_INFORMATION, Flags, 0x04); NT_OFFSET(FILE_FULL_EA_INFORMATION, EaNameLength, 0x05);
NT_OFFSET(FILE_FULL_EA_INFORMATION, EaValueLength, 0x06); NT_OFFSET(FILE_FULL_EA_INFORMATION, EaName, 0x08);

struct FILE_ALIGNMENT_INFORMATION {
    ULONG AlignmentRequirement;
};
NT_SIZE(FILE_ALIGNMENT_INFORMATION, 0x04); NT_OFFSET(FILE_ALIGNMENT_INFORMATION, AlignmentRequirement, 0x00);

struct FILE_NAME_INFORMATION {
    ULONG FileNameLength;
    WCHAR FileName[1];
};
NT_SIZE(FILE_NAME_INFORMATION, 0x08); NT_OFFSET(FILE_NAME_INFORMATION, FileNameLength, 0x00);
NT_OFFSET(FILE_NAME_INFORMATION, FileName, 0x04);

struct FILE_ATTRIBUTE_TAG_INFORMATION {
    ULONG FileAttributes;
    ULONG ReparseTag;
};
NT_SIZE(FILE_ATTRIBUTE_TAG_INFORMATION, 0x08); NT_OFFSET(FILE_ATTRIBUTE_TAG_INFORMATION, FileAttributes, 0x00);
NT_OFFSET(FILE_ATTRIBUTE_TAG_INFORMATION, ReparseTag, 0x04);

struct FILE_DISPOSITION_INFORMATION {
    BOOLEAN DeleteFile;
};
NT_SIZE(FILE_DISPOSITION_INFORMATION, 0x01); NT_OFFSET(FILE_DISPOSITION_INFORMATION, DeleteFile, 0x00);

struct FILE_END_OF_FILE_INFORMATION {
    LARGE_INTEGER EndOfFile;
};
NT_SIZE(FILE_END_OF_FILE_INFORMATION, 0x08); NT_OFFSET(FILE_END_OF_FILE_INFORMATION, EndOfFile, 0x00);

struct FILE_VALID_DATA_LENGTH_INFORMATION {
    LARGE_INTEGER ValidDataLength;
};
NT_SIZE(FILE_VALID_DATA_LENGTH_INFORMATION, 0x08); NT_OFFSET(FILE_VALID_DATA_LENGTH_INFORMATION, ValidDataLength, 0x00);

struct FILE_FS_LABEL_INFORMATION {
    ULONG VolumeLabelLength;
    WCHAR VolumeLabel[1];
};
NT_SIZE(FILE_FS_LABEL_INFORMATION, 0x08); NT_OFFSET(FILE_FS_LABEL_INFORMATION, VolumeLabelLength, 0x00);
NT_OFFSET(FILE_FS_LABEL_INFORMATION, VolumeLabel, 0x04);

struct FILE_FS_VOLUME_INFORMATION {
    LARGE_INTEGER VolumeCreationTime;
    ULONG VolumeSerialNumber;
    ULONG VolumeLabelLength;
    BOOLEAN SupportsObjects;
    WCHAR VolumeLabel[1];
};
NT_SIZE(FILE_FS_VOLUME_INFORMATION, 0x18); NT_OFFSET(FILE_FS_VOLUME_INFORMATION, VolumeCreationTime, 0x00);
NT_OFFSET(FILE_FS_VOLUME_INFORMATION, VolumeSerialNumber, 0x08);
NT_OFFSET(FILE_FS_VOLUME_INFORMATION, VolumeLabelLength, 0x0c);
NT_OFFSET(FILE_FS_VOLUME_INFORMATION, SupportsObjects, 0x10); NT_OFFSET(FILE_FS_VOLUME_INFORMATION, VolumeLabel, 0x12);

struct FILE_FS_SIZE_INFORMATION {
    LARGE_INTEGER TotalAllocationUnits;
    LARGE_INTEGER AvailableAllocationUnits;
    ULONG SectorsPerAllocationUnit;
    ULONG BytesPerSector;
};
NT_SIZE(FILE_FS_SIZE_INFORMATION, 0x18); NT_OFFSET(FILE_FS_SIZE_INFORMATION, TotalAllocationUnits, 0x00);
NT_OFFSET(FILE_FS_SIZE_INFORMATION, AvailableAllocationUnits, 0x08);
NT_OFFSET(FILE_FS_SIZE_INFORMATION, SectorsPerAllocationUnit, 0x10);
NT_OFFSET(FILE_FS_SIZE_INFORMATION, BytesPerSector, 0x14);

struct FILE_FS_FULL_SIZE_INFORMATION {
    LARGE_INTEGER TotalAllocationUnits;
    LARGE_INTEGER CallerAvailableAllocationUnits;
    LARGE_INTEGER ActualAvailableAllocationUnits;
    ULONG SectorsPerAllocationUnit;
    ULONG BytesPerSector;
};
NT_SIZE(FILE_FS_FULL_SIZE_INFORMATION, 0x20); NT_OFFSET(FILE_FS_FULL_SIZE_INFORMATION, TotalAllocationUnits, 0x00);
NT_OFFSET(FILE_FS_FULL_SIZE_INFORMATION, CallerAvailableAllocationUnits, 0x08);
NT_OFFSET(FILE_FS_FULL_SIZE_INFORMATION, ActualAvailableAllocationUnits, 0x10);
NT_OFFSET(FILE_FS_FULL_SIZE_INFORMATION, SectorsPerAllocationUnit, 0x18);
NT_OFFSET(FILE_FS_FULL_SIZE_INFORMATION, BytesPerSector, 0x1c);

struct FILE_FS_OBJECTID_INFORMATION {
    UCHAR ObjectId[16];
    UCHAR ExtendedInfo[48];
};
NT_SIZE(FILE_FS_OBJECTID_INFORMATION, 0x40); NT_OFFSET(FILE_FS_OBJECTID_INFORMATION, ObjectId, 0x00);
NT_OFFSET(FILE_FS_OBJECTID_INFORMATION, ExtendedInfo, 0x10);

struct FILE_INTERNAL_INFORMATION {
    LARGE_INTEGER IndexNumber;
};
NT_SIZE(FILE_INTERNAL_INFORMATION, 0x08); NT_OFFSET(FILE_INTERNAL_INFORMATION, IndexNumber, 0x00);

struct FILE_EA_INFORMATION {
    ULONG EaSize;
};
NT_SIZE(FILE_EA_INFORMATION, 0x04); NT_OFFSET(FILE_EA_INFORMATION, EaSize, 0x00);

struct FILE_ACCESS_INFORMATION {
    ACCESS_MASK AccessFlags;
};
NT_SIZE(FILE_ACCESS_INFORMATION, 0x04); NT_OFFSET(FILE_ACCESS_INFORMATION, AccessFlags, 0x00);

struct FILE_MODE_INFORMATION {
    ULONG Mode;
};
NT_SIZE(FILE_MODE_INFORMATION, 0x04); NT_OFFSET(FILE_MODE_INFORMATION, Mode, 0x00);

struct FILE_ALL_INFORMATION {
    FILE_BASIC_INFORMATION BasicInformation;
    FILE_STANDARD_INFORMATION StandardInformation;
    FILE_INTERNAL_INFORMATION InternalInformation;
    FILE_EA_INFORMATION EaInformation;
    FILE_ACCESS_INFORMATION AccessInformation;
    FILE_POSITION_INFORMATION PositionInformation;
    FILE_MODE_INFORMATION ModeInformation;
    FILE_ALIGNMENT_INFORMATION AlignmentInformation;
    FILE_NAME_INFORMATION NameInformation;
};
NT_SIZE(FILE_ALL_INFORMATION, 0x68); NT_OFFSET(FILE_ALL_INFORMATION, BasicInformation, 0x00);
NT_OFFSET(FILE_ALL_INFORMATION, StandardInformation, 0x28); NT_OFFSET(FILE_ALL_INFORMATION, InternalInformation, 0x40);
NT_OFFSET(FILE_ALL_INFORMATION, EaInformation, 0x48); NT_OFFSET(FILE_ALL_INFORMATION, AccessInformation, 0x4c);
NT_OFFSET(FILE_ALL_INFORMATION, PositionInformation, 0x50); NT_OFFSET(FILE_ALL_INFORMATION, ModeInformation, 0x58);
NT_OFFSET(FILE_ALL_INFORMATION, AlignmentInformation, 0x5c); NT_OFFSET(FILE_ALL_INFORMATION, NameInformation, 0x60);

struct FILE_ALLOCATION_INFORMATION {
    LARGE_INTEGER AllocationSize;
};
NT_SIZE(FILE_ALLOCATION_INFORMATION, 0x08); NT_OFFSET(FILE_ALLOCATION_INFORMATION, AllocationSize, 0x00);

struct FILE_LINK_INFORMATION {
    union {
        BOOLEAN ReplaceIfExists;
        ULONG Flags;
    };
    HANDLE RootDirectory;
    ULONG FileNameLength;
    WCHAR FileName[1];
};
NT_SIZE(FILE_LINK_INFORMATION, 0x18); NT_OFFSET(FILE_LINK_INFORMATION, ReplaceIfExists, 0x00);
NT_OFFSET(FILE_LINK_INFORMATION, Flags, 0x00); NT_OFFSET(FILE_LINK_INFORMATION, RootDirectory, 0x08);
NT_OFFSET(FILE_LINK_INFORMATION, FileNameLength, 0x10); NT_OFFSET(FILE_LINK_INFORMATION, FileName, 0x14);

struct FILE_RENAME_INFORMATION {
    union {
        BOOLEAN ReplaceIfExists;
        ULONG Flags;
    };
    HANDLE RootDirectory;
    ULONG FileNameLength;
    WCHAR FileName[1];
};
NT_SIZE(FILE_RENAME_INFORMATION, 0x18); NT_OFFSET(FILE_RENAME_INFORMATION, ReplaceIfExists, 0x00);
NT_OFFSET(FILE_RENAME_INFORMATION, Flags, 0x00); NT_OFFSET(FILE_RENAME_INFORMATION, RootDirectory, 0x08);
NT_OFFSET(FILE_RENAME_INFORMATION, FileNameLength, 0x10); NT_OFFSET(FILE_RENAME_INFORMATION, FileName, 0x14);

struct FILE_STREAM_INFORMATION {
    ULONG NextEntryOffset;
    ULONG StreamNameLength;
    LARGE_INTEGER StreamSize;
    LARGE_INTEGER StreamAllocationSize;
    WCHAR StreamName[1];
};
NT_SIZE(FILE_STREAM_INFORMATION, 0x20); NT_OFFSET(FILE_STREAM_INFORMATION, NextEntryOffset, 0x00);
NT_OFFSET(FILE_STREAM_INFORMATION, StreamNameLength, 0x04); NT_OFFSET(FILE_STREAM_INFORMATION, StreamSize, 0x08);
NT_OFFSET(FILE_STREAM_INFORMATION, StreamAllocationSize, 0x10); NT_OFFSET(FILE_STREAM_INFORMATION, StreamName, 0x18);

struct FILE_GET_QUOTA_INFORMATION {
    ULONG NextEntryOffset;
    ULONG SidLength;
    SID Sid;
};
NT_SIZE(FILE_GET_QUOTA_INFORMATION, 0x14); NT_OFFSET(FILE_GET_QUOTA_INFORMATION, NextEntryOffset, 0x00);
NT_OFFSET(FILE_GET_QUOTA_INFORMATION, SidLength, 0x04); NT_OFFSET(FILE_GET_QUOTA_INFORMATION, Sid, 0x08);

struct FILE_COMPLETION_INFORMATION {
    HANDLE Port;
    PVOID Key;
};
NT_SIZE(FILE_COMPLETION_INFORMATION, 0x10); NT_OFFSET(FILE_COMPLETION_INFORMATION, Port, 0x00);
NT_OFFSET(FILE_COMPLETION_INFORMATION, Key, 0x08);

struct FILE_PIPE_INFORMATION {
    ULONG ReadMode;
    ULONG CompletionMode;
};
NT_SIZE(FILE_PIPE_INFORMATION, 0x08); NT_OFFSET(FILE_PIPE_INFORMATION, ReadMode, 0x00);
NT_OFFSET(FILE_PIPE_INFORMATION, CompletionMode, 0x04);

struct FILE_PIPE_LOCAL_INFORMATION {
    ULONG NamedPipeType;
    ULONG NamedPipeConfiguration;
    ULONG MaximumInstances;
    ULONG CurrentInstances;
    ULONG InboundQuota;
    ULONG ReadDataAvailable;
    ULONG OutboundQuota;
    ULONG WriteQuotaAvailable;
    ULONG NamedPipeState;
    ULONG NamedPipeEnd;
};
NT_SIZE(FILE_PIPE_LOCAL_INFORMATION, 0x28); NT_OFFSET(FILE_PIPE_LOCAL_INFORMATION, NamedPipeType, 0x00);
NT_OFFSET(FILE_PIPE_LOCAL_INFORMATION, NamedPipeConfiguration, 0x04);
NT_OFFSET(FILE_PIPE_LOCAL_INFORMATION, MaximumInstances, 0x08);
NT_OFFSET(FILE_PIPE_LOCAL_INFORMATION, CurrentInstances, 0x0c);
NT_OFFSET(FILE_PIPE_LOCAL_INFORMATION, InboundQuota, 0x10);
NT_OFFSET(FILE_PIPE_LOCAL_INFORMATION, ReadDataAvailable, 0x14);
NT_OFFSET(FILE_PIPE_LOCAL_INFORMATION, OutboundQuota, 0x18);
NT_OFFSET(FILE_PIPE_LOCAL_INFORMATION, WriteQuotaAvailable, 0x1c);
NT_OFFSET(FILE_PIPE_LOCAL_INFORMATION, NamedPipeState, 0x20);
NT_OFFSET(FILE_PIPE_LOCAL_INFORMATION, NamedPipeEnd, 0x24);

struct FILE_GET_EA_INFORMATION {
    ULONG NextEntryOffset;
    UCHAR EaNameLength;
    CHAR EaName[1];
};
NT_SIZE(FILE_GET_EA_INFORMATION, 0x08); NT_OFFSET(FILE_GET_EA_INFORMATION, NextEntryOffset, 0x00);
NT_OFFSET(FILE_GET_EA_INFORMATION, EaNameLength, 0x04); NT_OFFSET(FILE_GET_EA_INFORMATION, EaName, 0x05);

struct FILE_FS_ATTRIBUTE_INFORMATION {
    ULONG FileSystemAttributes;
    ULONG MaximumComponentNameLength;
    ULONG FileSystemNameLength;
    WCHAR FileSystemName[1];
};
NT_SIZE(FILE_FS_ATTRIBUTE_INFORMATION, 0x10); NT_OFFSET(FILE_FS_ATTRIBUTE_INFORMATION, FileSystemAttributes, 0x00);
NT_OFFSET(FILE_FS_ATTRIBUTE_INFORMATION, MaximumComponentNameLength, 0x04);
NT_OFFSET(FILE_FS_ATTRIBUTE_INFORMATION, FileSystemNameLength, 0x08);
NT_OFFSET(FILE_FS_ATTRIBUTE_INFORMATION, FileSystemName, 0x0c);

} // namespace ringside::nt
