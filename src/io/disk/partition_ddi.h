// SPDX-License-Identifier: MIT
// What disk drivers call about partition tables. All send requests to the device they are given and wait.
#pragma once

#include "nt/nt.h"

namespace ringside::io {

// --- Reading: the layout is non-paged pool that the caller frees; null after a failure ---

NTSTATUS IoReadPartitionTable(DEVICE_OBJECT* device, ULONG sector_bytes, BOOLEAN recognized_only,
                              DRIVE_LAYOUT_INFORMATION** layout);
NTSTATUS IoReadPartitionTableEx(DEVICE_OBJECT* device, DRIVE_LAYOUT_INFORMATION_EX** layout);
NTSTATUS IoReadDiskSignature(DEVICE_OBJECT* device, ULONG sector_bytes, DISK_SIGNATURE* signature);

// --- Writing ---

NTSTATUS IoWritePartitionTable(DEVICE_OBJECT* device, ULONG sector_bytes, ULONG sectors_per_track, ULONG heads,
                               DRIVE_LAYOUT_INFORMATION* layout);
NTSTATUS IoWritePartitionTableEx(DEVICE_OBJECT* device, DRIVE_LAYOUT_INFORMATION_EX* layout);
// Partitions by their order on the disk, from 1.
NTSTATUS IoSetPartitionInformation(DEVICE_OBJECT* device, ULONG sector_bytes, ULONG partition, ULONG type);
NTSTATUS IoSetPartitionInformationEx(DEVICE_OBJECT* device, ULONG partition, SET_PARTITION_INFORMATION_EX* information);
NTSTATUS IoCreateDisk(DEVICE_OBJECT* device, CREATE_DISK* disk);
NTSTATUS IoVerifyPartitionTable(DEVICE_OBJECT* device, BOOLEAN fix_errors);

// --- The disk that the system was started from (boot_disk.cpp) ---

NTSTATUS IoGetBootDiskInformation(BOOTDISK_INFORMATION* information, ULONG bytes);
NTSTATUS IoSetSystemPartition(UNICODE_STRING* volume_name);

} // namespace ringside::io
