// SPDX-License-Identifier: MIT
#include "io/disk/verify.h"

#include "io/disk/gpt.h"
#include "io/disk/mbr.h"

#include <cstring>

namespace ringside::io::disk {

namespace {

constexpr Failure kCorrupt { STATUS_DISK_CORRUPT_ERROR };

bool overlap(MbrEntry const& a, MbrEntry const& b)
{
    return a.first < b.first + b.sectors && b.first < a.first + a.sectors;
}

bool is_sound(Disk const& disk, MbrTable const& table, MbrEntry const& entry)
{
    return (entry.indicator & 0x7F) == 0 && entry.relative != 0 && entry.first > table.sector && entry.sectors != 0
        && disk.holds(entry.first, entry.sectors);
}

// Within one table nothing overlaps, and there is one way on at most.
bool is_sound(Disk const& disk, MbrTable const& table)
{
    for (unsigned i = 0; i < kEntries; ++i) {
        MbrEntry const& one = table.entries[i];
        if (one.type == PARTITION_ENTRY_UNUSED)
            continue;
        if (!is_sound(disk, table, one))
            return false;
        for (unsigned k = 0; k < i; ++k) {
            MbrEntry const& other = table.entries[k];
            if (other.type != PARTITION_ENTRY_UNUSED
                && (overlap(one, other) || (one.is_container() && other.is_container())))
                return false;
        }
    }
    return true;
}

bool within(MbrEntry const& outer, MbrEntry const& inner)
{
    return inner.first >= outer.first && inner.first + inner.sectors <= outer.first + outer.sectors;
}

// The partitions of the chain lie in the extended one, and none on another or on a table.
bool chain_is_sound(MbrTables const& tables)
{
    MbrEntry const* extended = tables.tables[0].container();
    for (ULONG i = 1; i < tables.count; ++i)
        for (MbrEntry const& one : tables.tables[i].entries) {
            if (one.type == PARTITION_ENTRY_UNUSED)
                continue;
            if (!extended || !within(*extended, one))
                return false;
            if (one.is_container())
                continue;
            for (ULONG k = 1; k < tables.count; ++k) {
                MbrTable const& other = tables.tables[k];
                if (other.sector >= one.first && other.sector < one.first + one.sectors)
                    return false;
                for (MbrEntry const& entry : other.entries)
                    if (&entry != &one && entry.is_partition() && overlap(one, entry))
                        return false;
            }
        }
    return true;
}

Result<void> verify_mbr(Disk const& disk, MbrTables const& tables)
{
    if (tables.end == ChainEnd::Unreadable)
        return Failure { tables.read_status };
    if (tables.end != ChainEnd::Complete)
        return kCorrupt;
    for (ULONG i = 0; i < tables.count; ++i)
        if (!is_sound(disk, tables.tables[i]))
            return kCorrupt;
    return chain_is_sound(tables) ? Result<void> {} : kCorrupt;
}

bool are_twins(Disk const& disk, GptHeader const& first, GptHeader const& backup)
{
    return first.other == disk.last() && backup.other == first.here && first.first_usable == backup.first_usable
        && first.last_usable == backup.last_usable && first.entry_count == backup.entry_count
        && first.entry_bytes == backup.entry_bytes && first.entries_crc == backup.entries_crc
        && std::memcmp(&first.disk_id, &backup.disk_id, sizeof first.disk_id) == 0;
}

bool is_trouble_of_the_device(Result<void> const& read)
{
    return !read.ok() && read.status() != STATUS_DISK_CORRUPT_ERROR;
}

Result<void> verify_gpt(Disk const& disk, Fix fix)
{
    Gpt first, backup;
    auto const first_read = read_copy(disk, 1, first);
    if (is_trouble_of_the_device(first_read))
        return first_read;
    auto const backup_read = read_copy(disk, disk.last(), backup);
    if (is_trouble_of_the_device(backup_read))
        return backup_read;
    if (first_read.ok() && backup_read.ok() && are_twins(disk, first.header, backup.header))
        return {};
    if (fix == Fix::No || (!first_read.ok() && !backup_read.ok()))
        return kCorrupt;
    return write_gpt(disk, first_read.ok() ? first : backup);
}

} // namespace

Result<void> verify(Disk const& disk, Fix fix)
{
    Buffer memory;
    MbrTables* tables = TRY(read_first_table(disk, memory));
    if (tables->count == 0)
        return kCorrupt;
    if (tables->is_protective())
        return verify_gpt(disk, fix);
    tables = TRY(read_tables(disk, memory));
    return verify_mbr(disk, *tables);
}

} // namespace ringside::io::disk
