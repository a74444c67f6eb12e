// SPDX-License-Identifier: MIT
// @cite(wdk-ddi): page=ntdddisk/ns-ntdddisk-_create_disk
// @cite(wdk-ddi): page=ntdddisk/ni-ntdddisk-ioctl_disk_delete_drive_layout
#include "io/disk/create.h"

#include "io/disk/gpt.h"
#include "io/disk/mbr.h"

namespace ringside::io::disk {

// Sector 0 goes last: until then the disk is what it was, or has a table that is there in full.
Result<void> create_mbr(Disk const& disk, uint32_t signature)
{
    Buffer sector;
    TRY(sector.allocate(disk.sector_bytes));
    put_signature(sector.data(), signature);
    put_mark(sector.data());
    TRY(erase_headers(disk));
    return write(disk, 0, 1, sector.data());
}

Result<void> create_gpt(Disk const& disk, CREATE_DISK_GPT const& wanted)
{
    Gpt gpt;
    TRY(make_gpt(disk, wanted.DiskId, wanted.MaxPartitionCount, gpt));
    TRY(write_gpt(disk, gpt));
    return write_protective(disk, Sector0::Empty);
}

Result<void> create_raw(Disk const& disk)
{
    Buffer sector;
    TRY(sector.allocate(disk.sector_bytes));
    TRY(erase_headers(disk));
    TRY(read(disk, 0, 1, sector.data()));
    erase_table(sector.data());
    return write(disk, 0, 1, sector.data());
}

} // namespace ringside::io::disk
