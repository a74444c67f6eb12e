// SPDX-License-Identifier: MIT
#include "io/disk/partition_ddi.h"

#include "io/disk/create.h"
#include "io/disk/layout.h"
#include "io/disk/verify.h"

#include <cstring>

namespace ringside::io {

namespace {

using disk::Buffer;
using disk::Disk;

Result<DRIVE_LAYOUT_INFORMATION*> read_old(DEVICE_OBJECT* device, ULONG sector_bytes, BOOLEAN recognized_only)
{
    Disk const disk = TRY(disk::assume(device, sector_bytes));
    Buffer memory;
    disk::MbrTables const* tables = TRY(disk::read_tables(disk, memory));
    if (tables->count == 0)
        return Failure { STATUS_BAD_MASTER_BOOT_RECORD };
    return disk::old_layout_of(disk, *tables, recognized_only ? disk::Which::Recognized : disk::Which::All);
}

Result<DRIVE_LAYOUT_INFORMATION_EX*> read_new(DEVICE_OBJECT* device)
{
    Disk const disk = TRY(disk::ask(device));
    Buffer memory;
    disk::MbrTables const* tables = TRY(disk::read_first_table(disk, memory));
    if (tables->count == 0)
        return disk::layout_of_raw_disk();
    if (tables->is_protective()) {
        disk::Gpt gpt;
        TRY(disk::read_gpt(disk, gpt));
        return disk::layout_of(disk, gpt);
    }
    tables = TRY(disk::read_tables(disk, memory));
    return disk::layout_of(disk, *tables);
}

template <typename Layout>
NTSTATUS hand_out(Result<Layout*> const& read, Layout** layout)
{
    *layout = read.ok() ? read.value() : nullptr;
    return read.status();
}

Result<DISK_SIGNATURE> signature_of(DEVICE_OBJECT* device, ULONG sector_bytes)
{
    Disk const disk = TRY(disk::assume(device, sector_bytes));
    Buffer memory;
    disk::MbrTables const* tables = TRY(disk::read_first_table(disk, memory));
    if (tables->count == 0)
        return Failure { STATUS_DISK_CORRUPT_ERROR };
    DISK_SIGNATURE signature {};
    if (tables->is_protective()) {
        disk::Gpt gpt;
        TRY(disk::read_copy(disk, 1, gpt));
        signature.PartitionStyle = PARTITION_STYLE_GPT;
        signature.Gpt.DiskId = gpt.header.disk_id;
    } else {
        signature.PartitionStyle = PARTITION_STYLE_MBR;
        signature.Mbr.Signature = tables->signature;
        signature.Mbr.CheckSum = tables->checksum;
    }
    return signature;
}

Result<void> write_old(DEVICE_OBJECT* device, ULONG sector_bytes, ULONG sectors_per_track, ULONG heads,
                       DRIVE_LAYOUT_INFORMATION const& layout)
{
    Disk disk = TRY(disk::assume(device, sector_bytes));
    if (sectors_per_track == 0 || heads == 0)
        return Failure { STATUS_INVALID_PARAMETER };
    // Larger numbers have no place in an entry: those that assume() gave stay.
    if (sectors_per_track <= disk.sectors_per_track && heads <= disk.heads) {
        disk.sectors_per_track = sectors_per_track;
        disk.heads = heads;
    }
    return disk::write_layout(disk, disk::wanted(layout));
}

Result<void> write_new(DEVICE_OBJECT* device, DRIVE_LAYOUT_INFORMATION_EX const& layout)
{
    Disk const disk = TRY(disk::ask(device));
    switch (layout.PartitionStyle) {
    case PARTITION_STYLE_MBR:
        return disk::write_layout(disk, disk::wanted(layout));
    case PARTITION_STYLE_GPT:
        return disk::write_layout(disk, layout);
    default:
        return Failure { STATUS_INVALID_PARAMETER };
    }
}

Result<void> set_type(Disk const& disk, disk::MbrTables const& tables, ULONG partition, UCHAR type)
{
    disk::MbrPlace const place = TRY(disk::find_partition(tables, partition));
    Buffer sector;
    TRY(sector.allocate(disk.sector_bytes));
    TRY(disk::read(disk, place.sector, 1, sector.data()));
    disk::put_type(sector.data(), place.index, type);
    return disk::write(disk, place.sector, 1, sector.data());
}

Result<void> set_old(DEVICE_OBJECT* device, ULONG sector_bytes, ULONG partition, ULONG type)
{
    Disk const disk = TRY(disk::assume(device, sector_bytes));
    if (type > 0xFF)
        return Failure { STATUS_INVALID_PARAMETER };
    Buffer memory;
    disk::MbrTables const* tables = TRY(disk::read_tables(disk, memory));
    if (tables->count == 0)
        return Failure { STATUS_BAD_MASTER_BOOT_RECORD };
    return set_type(disk, *tables, partition, static_cast<UCHAR>(type));
}

Result<void> set_gpt(Disk const& disk, ULONG partition, PARTITION_INFORMATION_GPT const& information)
{
    disk::Gpt gpt;
    TRY(disk::read_gpt(disk, gpt));
    disk::GptEntry* entry = gpt.find(partition);
    if (!entry)
        return Failure { STATUS_INVALID_PARAMETER };
    entry->type = information.PartitionType;
    entry->id = information.PartitionId;
    entry->attributes = information.Attributes;
    std::memcpy(entry->name, information.Name, sizeof entry->name);
    return disk::write_gpt(disk, gpt);
}

Result<void> set_new(DEVICE_OBJECT* device, ULONG partition, SET_PARTITION_INFORMATION_EX const& information)
{
    Disk const disk = TRY(disk::ask(device));
    Buffer memory;
    disk::MbrTables const* tables = TRY(disk::read_first_table(disk, memory));
    bool const is_gpt = tables->is_protective();
    if (tables->count == 0 || information.PartitionStyle != (is_gpt ? PARTITION_STYLE_GPT : PARTITION_STYLE_MBR))
        return Failure { STATUS_INVALID_PARAMETER };
    if (is_gpt)
        return set_gpt(disk, partition, information.Gpt);
    tables = TRY(disk::read_tables(disk, memory));
    return set_type(disk, *tables, partition, information.Mbr.PartitionType);
}

Result<void> create(DEVICE_OBJECT* device, CREATE_DISK const* wanted)
{
    Disk const disk = TRY(disk::ask(device));
    switch (wanted ? wanted->PartitionStyle : PARTITION_STYLE_RAW) {
    case PARTITION_STYLE_MBR:
        return disk::create_mbr(disk, wanted->Mbr.Signature);
    case PARTITION_STYLE_GPT:
        return disk::create_gpt(disk, wanted->Gpt);
    case PARTITION_STYLE_RAW:
        return disk::create_raw(disk);
    default:
        return Failure { STATUS_NOT_SUPPORTED };
    }
}

Result<void> verify(DEVICE_OBJECT* device, BOOLEAN fix_errors)
{
    Disk const disk = TRY(disk::ask(device));
    return disk::verify(disk, fix_errors ? disk::Fix::Yes : disk::Fix::No);
}

} // namespace

// @cite(wdk-ddi): page=ntddk/nf-ntddk-ioreadpartitiontable
NTSTATUS IoReadPartitionTable(DEVICE_OBJECT* device, ULONG sector_bytes, BOOLEAN recognized_only,
                              DRIVE_LAYOUT_INFORMATION** layout)
{
    return hand_out(read_old(device, sector_bytes, recognized_only), layout);
}

// @cite(wdk-ddi): page=ntddk/nf-ntddk-ioreadpartitiontableex
NTSTATUS IoReadPartitionTableEx(DEVICE_OBJECT* device, DRIVE_LAYOUT_INFORMATION_EX** layout)
{
    return hand_out(read_new(device), layout);
}

// @cite(wdk-ddi): page=ntddk/nf-ntddk-ioreaddisksignature
NTSTATUS IoReadDiskSignature(DEVICE_OBJECT* device, ULONG sector_bytes, DISK_SIGNATURE* signature)
{
    auto const read = signature_of(device, sector_bytes);
    if (read.ok())
        *signature = read.value();
    return read.status();
}

// @cite(wdk-ddi): page=ntddk/nf-ntddk-iowritepartitiontable
NTSTATUS IoWritePartitionTable(DEVICE_OBJECT* device, ULONG sector_bytes, ULONG sectors_per_track, ULONG heads,
                               DRIVE_LAYOUT_INFORMATION* layout)
{
    return write_old(device, sector_bytes, sectors_per_track, heads, *layout).status();
}

// @cite(wdk-ddi): page=ntddk/nf-ntddk-iowritepartitiontableex
NTSTATUS IoWritePartitionTableEx(DEVICE_OBJECT* device, DRIVE_LAYOUT_INFORMATION_EX* layout)
{
    return write_new(device, *layout).status();
}

// @cite(wdk-ddi): page=ntddk/nf-ntddk-iosetpartitioninformation
NTSTATUS IoSetPartitionInformation(DEVICE_OBJECT* device, ULONG sector_bytes, ULONG partition, ULONG type)
{
    return set_old(device, sector_bytes, partition, type).status();
}

// @cite(wdk-ddi): page=ntddk/nf-ntddk-iosetpartitioninformationex
NTSTATUS IoSetPartitionInformationEx(DEVICE_OBJECT* device, ULONG partition, SET_PARTITION_INFORMATION_EX* information)
{
    return set_new(device, partition, *information).status();
}

// @cite(wdk-ddi): page=ntddk/nf-ntddk-iocreatedisk
NTSTATUS IoCreateDisk(DEVICE_OBJECT* device, CREATE_DISK* disk) { return create(device, disk).status(); }

// @cite(wdk-ddi): page=ntddk/nf-ntddk-ioverifypartitiontable
NTSTATUS IoVerifyPartitionTable(DEVICE_OBJECT* device, BOOLEAN fix_errors)
{
    return verify(device, fix_errors).status();
}

} // namespace ringside::io
