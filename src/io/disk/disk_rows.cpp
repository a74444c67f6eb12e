// SPDX-License-Identifier: MIT
// Partition tables and disks, as exports.
#include "io/ddi.h"
#include "io/disk/partition_ddi.h"

namespace ringside::io {

namespace {

constexpr char const* kNoVolume
    = "a disk that holds a volume from its first sector on is not told from one with a partition table";
constexpr char const* kChecksum
    = "how the MBR's checksum is formed is not documented: it makes the sum of the sector's 128 words 0";
constexpr char const* kNoBoot = "a machine is started from no disk, and has booted before it loads a driver";
constexpr char const* kNoLoader = "whether the partition holds a boot loader is not looked at";

} // namespace

std::span<Ddi const> disk_rows()
{
    static Ddi const rows[] = {
        { .name = "IoReadPartitionTable", .irql = { 0, 0 }, .fail = Fail::Status,
          .fail_status = STATUS_INSUFFICIENT_RESOURCES, .page = "ntddk/nf-ntddk-ioreadpartitiontable",
          .partial = kNoVolume, .body = body<&IoReadPartitionTable>() },
        { .name = "IoReadPartitionTableEx", .irql = { 0, 0 }, .fail = Fail::Status,
          .fail_status = STATUS_INSUFFICIENT_RESOURCES, .page = "ntddk/nf-ntddk-ioreadpartitiontableex",
          .partial = kNoVolume, .body = body<&IoReadPartitionTableEx>() },
        { .name = "IoReadDiskSignature", .irql = { 0, 0 }, .fail = Fail::Status,
          .fail_status = STATUS_INSUFFICIENT_RESOURCES, .page = "ntddk/nf-ntddk-ioreaddisksignature",
          .partial = kChecksum, .body = body<&IoReadDiskSignature>() },
        { .name = "IoWritePartitionTable", .irql = { 0, 0 }, .fail = Fail::Status,
          .fail_status = STATUS_INSUFFICIENT_RESOURCES, .page = "ntddk/nf-ntddk-iowritepartitiontable",
          .body = body<&IoWritePartitionTable>() },
        { .name = "IoWritePartitionTableEx", .irql = { 0, 0 }, .fail = Fail::Status,
          .fail_status = STATUS_INSUFFICIENT_RESOURCES, .page = "ntddk/nf-ntddk-iowritepartitiontableex",
          .body = body<&IoWritePartitionTableEx>() },
        { .name = "IoSetPartitionInformation", .irql = { 0, 0 }, .fail = Fail::Status,
          .fail_status = STATUS_INSUFFICIENT_RESOURCES, .page = "ntddk/nf-ntddk-iosetpartitioninformation",
          .body = body<&IoSetPartitionInformation>() },
        { .name = "IoSetPartitionInformationEx", .irql = { 0, 0 }, .fail = Fail::Status,
          .fail_status = STATUS_INSUFFICIENT_RESOURCES, .page = "ntddk/nf-ntddk-iosetpartitioninformationex",
          .body = body<&IoSetPartitionInformationEx>() },
        { .name = "IoCreateDisk", .irql = { 0, 0 }, .fail = Fail::Status,
          .fail_status = STATUS_INSUFFICIENT_RESOURCES, .page = "ntddk/nf-ntddk-iocreatedisk",
          .body = body<&IoCreateDisk>() },
        { .name = "IoVerifyPartitionTable", .irql = { 0, 1 }, .fail = Fail::Status,
          .fail_status = STATUS_INSUFFICIENT_RESOURCES, .page = "ntddk/nf-ntddk-ioverifypartitiontable",
          .body = body<&IoVerifyPartitionTable>() },
        { .name = "IoGetBootDiskInformation", .irql = { 0, 1 }, .page = "wdm/nf-wdm-iogetbootdiskinformation",
          .partial = kNoBoot, .body = body<&IoGetBootDiskInformation>() },
        { .name = "IoSetSystemPartition", .irql = { 0, 0 }, .fail = Fail::Status,
          .fail_status = STATUS_INSUFFICIENT_RESOURCES, .page = "ntddk/nf-ntddk-iosetsystempartition",
          .partial = kNoLoader, .body = body<&IoSetSystemPartition>() },
    };
    return rows;
}

} // namespace ringside::io
