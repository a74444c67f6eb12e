// SPDX-License-Identifier: MIT
#include "io/information_class.h"

#include "nt/directory_information.h"
#include "nt/fsrtl.h"

#include <span>

namespace ringside::io {

namespace {

struct Row {
    ULONG information;
    ULONG query; // least bytes; 0: no such query
    ULONG set;   // least bytes; 0: cannot be set
    ACCESS_MASK to_query;
    ACCESS_MASK to_set;
};

constexpr ACCESS_MASK kAttributes = FILE_READ_ATTRIBUTES, kSetAttributes = FILE_WRITE_ATTRIBUTES;
constexpr ULONG kLong = sizeof(ULONG), kLarge = sizeof(LARGE_INTEGER);

// Classes whose structures this project does not have are passed on with any length.
constexpr Row kFile[] = {
    { FileBasicInformation, sizeof(FILE_BASIC_INFORMATION), sizeof(FILE_BASIC_INFORMATION), kAttributes,
      kSetAttributes },
    { FileStandardInformation, sizeof(FILE_STANDARD_INFORMATION), 0, 0, 0 },
    { FileInternalInformation, kLarge, 0, 0, 0 },
    { FileEaInformation, kLong, 0, 0, 0 },
    { FileAccessInformation, kLong, 0, 0, 0 },
    { FileNameInformation, sizeof(FILE_NAME_INFORMATION), 0, 0, 0 },
    { FileRenameInformation, 0, sizeof(FILE_RENAME_INFORMATION), 0, DELETE },
    { FileLinkInformation, 0, sizeof(FILE_LINK_INFORMATION), 0, 0 },
    { FileDispositionInformation, 0, sizeof(FILE_DISPOSITION_INFORMATION), 0, DELETE },
    { FilePositionInformation, kLarge, kLarge, 0, 0 },
    { FileModeInformation, kLong, kLong, 0, 0 },
    { FileAlignmentInformation, kLong, 0, 0, 0 },
    { FileAllInformation, sizeof(FILE_ALL_INFORMATION), 0, kAttributes, 0 },
    { FileAllocationInformation, 0, kLarge, 0, FILE_WRITE_DATA },
    { FileEndOfFileInformation, 0, kLarge, 0, FILE_WRITE_DATA },
    { FileAlternateNameInformation, sizeof(FILE_NAME_INFORMATION), 0, 0, 0 },
    { FileStreamInformation, sizeof(FILE_STREAM_INFORMATION), 0, 0, 0 },
    { FilePipeInformation, sizeof(FILE_PIPE_INFORMATION), sizeof(FILE_PIPE_INFORMATION), kAttributes, kSetAttributes },
    { FilePipeLocalInformation, sizeof(FILE_PIPE_LOCAL_INFORMATION), 0, kAttributes, 0 },
    { FilePipeRemoteInformation, 1, 1, kAttributes, kSetAttributes },
    { FileMailslotQueryInformation, 1, 0, 0, 0 },
    { FileMailslotSetInformation, 0, 1, 0, 0 },
    { FileCompressionInformation, 1, 0, 0, 0 },
    { FileObjectIdInformation, 1, 1, 0, 0 },
    { FileCompletionInformation, 0, sizeof(FILE_COMPLETION_INFORMATION), 0, 0 },
    { FileMoveClusterInformation, 0, 1, 0, FILE_WRITE_DATA },
    { FileQuotaInformation, 1, 1, 0, 0 },
    { FileReparsePointInformation, 1, 0, 0, 0 },
    { FileNetworkOpenInformation, sizeof(FILE_NETWORK_OPEN_INFORMATION), 0, kAttributes, 0 },
    { FileAttributeTagInformation, sizeof(FILE_ATTRIBUTE_TAG_INFORMATION), 0, kAttributes, 0 },
    { FileTrackingInformation, 0, 1, 0, FILE_WRITE_DATA },
    { FileValidDataLengthInformation, 0, kLarge, 0, FILE_WRITE_DATA },
    { FileShortNameInformation, 0, sizeof(FILE_NAME_INFORMATION), 0, DELETE },
    { FileIoCompletionNotificationInformation, kLong, kLong, 0, 0 },
    { FileIoPriorityHintInformation, kLong, kLong, 0, 0 },
    { FileHardLinkInformation, 1, 0, 0, 0 },
    { FileNormalizedNameInformation, sizeof(FILE_NAME_INFORMATION), 0, 0, 0 },
    { FileNetworkPhysicalNameInformation, 1, 0, 0, 0 },
    { FileIsRemoteDeviceInformation, 1, 0, 0, 0 },
    { FileStandardLinkInformation, 1, 0, 0, 0 },
    { FileRemoteProtocolInformation, 1, 0, 0, 0 },
    { FileVolumeNameInformation, 1, 0, 0, 0 },
    { FileIdInformation, 1, 0, 0, 0 },
    { FileDispositionInformationEx, 0, kLong, 0, DELETE },
    { FileRenameInformationEx, 0, sizeof(FILE_RENAME_INFORMATION), 0, DELETE },
    { FileReplaceCompletionInformation, 0, sizeof(FILE_COMPLETION_INFORMATION), 0, 0 },
    { FileDesiredStorageClassInformation, 1, 1, 0, 0 },
    { FileStatInformation, 1, 0, kAttributes, 0 },
    { FileStatLxInformation, 1, 0, kAttributes, 0 },
    { FileCaseSensitiveInformation, kLong, kLong, kAttributes, kSetAttributes },
    { FileLinkInformationEx, 0, sizeof(FILE_LINK_INFORMATION), 0, 0 },
    { FileStorageReserveIdInformation, 1, 1, 0, 0 },
};

constexpr Row kVolume[] = {
    { FileFsVolumeInformation, sizeof(FILE_FS_VOLUME_INFORMATION), 0, 0, 0 },
    { FileFsLabelInformation, 0, sizeof(FILE_FS_LABEL_INFORMATION), 0, 0 },
    { FileFsSizeInformation, sizeof(FILE_FS_SIZE_INFORMATION), 0, 0, 0 },
    { FileFsDeviceInformation, sizeof(FILE_FS_DEVICE_INFORMATION), 0, 0, 0 },
    { FileFsAttributeInformation, sizeof(FILE_FS_ATTRIBUTE_INFORMATION), 0, 0, 0 },
    { FileFsControlInformation, 1, 1, 0, 0 },
    { FileFsFullSizeInformation, sizeof(FILE_FS_FULL_SIZE_INFORMATION), 0, 0, 0 },
    { FileFsObjectIdInformation, sizeof(FILE_FS_OBJECTID_INFORMATION), sizeof(FILE_FS_OBJECTID_INFORMATION), 0, 0 },
    { FileFsDriverPathInformation, 1, 0, 0, 0 },
    { FileFsVolumeFlagsInformation, 1, 1, 0, 0 },
    { FileFsSectorSizeInformation, sizeof(FILE_FS_SECTOR_SIZE_INFORMATION), 0, 0, 0 },
    { FileFsDataCopyInformation, 1, 0, 0, 0 },
    { FileFsMetadataSizeInformation, 1, 0, 0, 0 },
    { FileFsFullSizeInformationEx, 1, 0, 0, 0 },
};

// Least bytes: the structure without its name.
constexpr Row kDirectory[] = {
    { FileDirectoryInformation, offsetof(FILE_DIRECTORY_INFORMATION, FileName), 0, 0, 0 },
    { FileFullDirectoryInformation, offsetof(FILE_FULL_DIR_INFORMATION, FileName), 0, 0, 0 },
    { FileBothDirectoryInformation, offsetof(FILE_BOTH_DIR_INFORMATION, FileName), 0, 0, 0 },
    { FileNamesInformation, offsetof(FILE_NAMES_INFORMATION, FileName), 0, 0, 0 },
    { FileIdBothDirectoryInformation, offsetof(FILE_ID_BOTH_DIR_INFORMATION, FileName), 0, 0, 0 },
    { FileIdFullDirectoryInformation, offsetof(FILE_ID_FULL_DIR_INFORMATION, FileName), 0, 0, 0 },
    { FileObjectIdInformation, 1, 0, 0, 0 },
    { FileQuotaInformation, 1, 0, 0, 0 },
    { FileReparsePointInformation, 1, 0, 0, 0 },
    { FileIdGlobalTxDirectoryInformation, 1, 0, 0, 0 },
    { FileIdExtdDirectoryInformation, offsetof(FILE_ID_EXTD_DIR_INFORMATION, FileName), 0, 0, 0 },
    { FileIdExtdBothDirectoryInformation, offsetof(FILE_ID_EXTD_BOTH_DIR_INFORMATION, FileName), 0, 0, 0 },
};

constexpr Row kNone {};

Row const& row_of(std::span<Row const> rows, ULONG information)
{
    for (Row const& row : rows)
        if (row.information == information)
            return row;
    return kNone;
}

} // namespace

ULONG query_bytes(ULONG information) { return row_of(kFile, information).query; }
ULONG set_bytes(ULONG information) { return row_of(kFile, information).set; }
ACCESS_MASK query_access(ULONG information) { return row_of(kFile, information).to_query; }
ACCESS_MASK set_access(ULONG information) { return row_of(kFile, information).to_set; }
ULONG volume_query_bytes(ULONG information) { return row_of(kVolume, information).query; }
ULONG volume_set_bytes(ULONG information) { return row_of(kVolume, information).set; }
ULONG directory_bytes(ULONG information) { return row_of(kDirectory, information).query; }

} // namespace ringside::io
