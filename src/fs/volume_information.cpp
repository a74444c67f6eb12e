// SPDX-License-Identifier: MIT
// @cite(wdk-docs): page=ifs/irp-mj-query-volume-information
#include "fs/name.h"
#include "fs/reply.h"
#include "io/irp.h"

namespace ringside::fs {

namespace {

constexpr ULONG kSectorsPerCluster = Volume::kClusterBytes / kSectorBytes;
constexpr size_t kLabelUnitsMax = 32;

Outcome reply_volume(void* buffer, ULONG room)
{
    std::u16string const& label = file_system().label();
    FILE_FS_VOLUME_INFORMATION volume {};
    volume.VolumeCreationTime.QuadPart = file_system().volume().root().times.created;
    volume.VolumeSerialNumber = kSerialNumber;
    volume.VolumeLabelLength = name_bytes(label);
    return reply_with_name(buffer, room, &volume, offsetof(FILE_FS_VOLUME_INFORMATION, VolumeLabel), label);
}

Outcome reply_attributes(void* buffer, ULONG room)
{
    // Neither streams, hard links, extended attributes, security descriptors nor 8.3 names: so it is not called NTFS.
    constexpr std::u16string_view name = u"Ringside";
    FILE_FS_ATTRIBUTE_INFORMATION attributes {};
    attributes.FileSystemAttributes = FILE_CASE_PRESERVED_NAMES | FILE_UNICODE_ON_DISK;
    attributes.MaximumComponentNameLength = kNameUnitsMax;
    attributes.FileSystemNameLength = name_bytes(name);
    return reply_with_name(buffer, room, &attributes, offsetof(FILE_FS_ATTRIBUTE_INFORMATION, FileSystemName), name);
}

FILE_FS_SECTOR_SIZE_INFORMATION sector_sizes()
{
    return { kSectorBytes, kSectorBytes, kSectorBytes, kSectorBytes, 0, 0, 0 };
}

Outcome set_label(void const* buffer, ULONG bytes)
{
    constexpr ULONG fixed = offsetof(FILE_FS_LABEL_INFORMATION, VolumeLabel);
    auto const header = argument<FILE_FS_LABEL_INFORMATION>(buffer, bytes);
    if (!header)
        return { STATUS_INFO_LENGTH_MISMATCH };
    if (header->VolumeLabelLength > bytes - fixed || header->VolumeLabelLength % sizeof(char16_t))
        return { STATUS_INVALID_PARAMETER };
    std::u16string label(header->VolumeLabelLength / sizeof(char16_t), u'\0');
    if (label.size() > kLabelUnitsMax)
        return { STATUS_INVALID_VOLUME_LABEL };
    if (!copy_caller(label.data(), static_cast<std::byte const*>(buffer) + fixed, header->VolumeLabelLength))
        return { STATUS_INVALID_USER_BUFFER };
    file_system().set_label(std::move(label));
    return {};
}

} // namespace

Outcome query_volume(IRP* irp, IO_STACK_LOCATION& location)
{
    if (!file_system().find(location.FileObject))
        return { STATUS_INVALID_PARAMETER };
    void* const buffer = irp->AssociatedIrp.SystemBuffer;
    ULONG const room = location.Parameters.QueryVolume.Length;
    LARGE_INTEGER const all = large(Volume::kClusters), free = large(file_system().volume().free_clusters());
    switch (location.Parameters.QueryVolume.FsInformationClass) {
    case FileFsVolumeInformation:
        return reply_volume(buffer, room);
    case FileFsSizeInformation:
        return reply(buffer, room, FILE_FS_SIZE_INFORMATION { all, free, kSectorsPerCluster, kSectorBytes });
    case FileFsFullSizeInformation:
        return reply(buffer, room, FILE_FS_FULL_SIZE_INFORMATION { all, free, free, kSectorsPerCluster, kSectorBytes });
    case FileFsDeviceInformation:
        return reply(buffer, room, FILE_FS_DEVICE_INFORMATION { FILE_DEVICE_DISK, FILE_DEVICE_IS_MOUNTED });
    case FileFsAttributeInformation:
        return reply_attributes(buffer, room);
    case FileFsSectorSizeInformation:
        return reply(buffer, room, sector_sizes());
    default:
        return { STATUS_INVALID_PARAMETER };
    }
}

Outcome set_volume(IRP* irp, IO_STACK_LOCATION& location)
{
    if (!file_system().find(location.FileObject))
        return { STATUS_INVALID_PARAMETER };
    if (location.Parameters.SetVolume.FsInformationClass != FileFsLabelInformation)
        return { STATUS_INVALID_PARAMETER };
    return set_label(irp->AssociatedIrp.SystemBuffer, location.Parameters.SetVolume.Length);
}

} // namespace ringside::fs
