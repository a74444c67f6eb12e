// SPDX-License-Identifier: MIT
// A driver's layout becomes tables on the disk. All of it is checked before the first sector is written.
#include "io/disk/layout.h"

#include <cstring>

namespace ringside::io::disk {

namespace {

constexpr Failure kInvalid { STATUS_INVALID_PARAMETER };

WantedEntry old_entry(void const* layout, ULONG index)
{
    PARTITION_INFORMATION const& entry = static_cast<DRIVE_LAYOUT_INFORMATION const*>(layout)->PartitionEntry[index];
    return { entry.StartingOffset.QuadPart, entry.PartitionLength.QuadPart, entry.PartitionType,
             entry.BootIndicator != FALSE, entry.RewritePartition != FALSE };
}

WantedEntry new_entry(void const* layout, ULONG index)
{
    auto const& entry = static_cast<DRIVE_LAYOUT_INFORMATION_EX const*>(layout)->PartitionEntry[index];
    return { entry.StartingOffset.QuadPart, entry.PartitionLength.QuadPart, entry.Mbr.PartitionType,
             entry.Mbr.BootIndicator != FALSE, entry.RewritePartition != FALSE };
}

// One table as it is to stand on the disk.
struct Table {
    uint64_t sector = 0;
    bool rewrite = false;
    MbrEntry entries[kEntries];
};

// Bytes to sectors; both are whole.
Result<uint64_t> sectors_of(Disk const& disk, int64_t bytes)
{
    if (bytes < 0 || bytes % disk.sector_bytes != 0)
        return kInvalid;
    return static_cast<uint64_t>(bytes) / disk.sector_bytes;
}

// For the table in sector `table`; further tables are counted from sector `extended`.
Result<MbrEntry> entry_of(Disk const& disk, WantedEntry const& wanted, uint64_t table, uint64_t extended)
{
    MbrEntry entry;
    entry.type = wanted.type;
    if (wanted.type == PARTITION_ENTRY_UNUSED)
        return entry;
    entry.indicator = wanted.boot ? 0x80 : 0;
    entry.first = TRY(sectors_of(disk, wanted.offset));
    uint64_t const sectors = TRY(sectors_of(disk, wanted.length));
    uint64_t const base = entry.is_container() ? extended : table;
    if (sectors == 0 || sectors > UINT32_MAX || !disk.holds(entry.first, sectors) || entry.first <= base
        || entry.first - base > UINT32_MAX)
        return kInvalid;
    entry.relative = static_cast<uint32_t>(entry.first - base);
    entry.sectors = static_cast<uint32_t>(sectors);
    return entry;
}

// The tables of a layout, one after another: each says where the next one is.
class Walk {
public:
    Walk(Disk const& disk, WantedTables const& wanted)
        : m_disk(disk)
        , m_wanted(wanted)
    {
    }

    bool more() const { return m_next < m_wanted.count; }
    Result<Table> next()
    {
        Table table;
        table.sector = m_sector;
        uint64_t behind = 0; // where the next table is
        for (unsigned i = 0; i < kEntries && more(); ++i, ++m_next) {
            WantedEntry const wanted = m_wanted.entry(m_wanted.layout, m_next);
            table.rewrite |= wanted.rewrite;
            table.entries[i] = TRY(entry_of(m_disk, wanted, table.sector, m_extended));
            if (!table.entries[i].is_container())
                continue;
            if (behind)
                return kInvalid;
            behind = table.entries[i].first;
        }
        if (!more())
            return table;
        // The chain only goes forward, so it cannot come back.
        if (behind <= m_sector)
            return kInvalid;
        m_sector = behind;
        if (m_extended == 0)
            m_extended = behind;
        return table;
    }

private:
    Disk const& m_disk;
    WantedTables const& m_wanted;
    ULONG m_next = 0;
    uint64_t m_sector = 0;
    uint64_t m_extended = 0;
};

Result<void> write_table(Disk const& disk, Buffer const& sector, Table const& table)
{
    for (unsigned i = 0; i < kEntries; ++i)
        put_entry(disk, sector.data(), i, table.entries[i]);
    put_mark(sector.data());
    return write(disk, table.sector, 1, sector.data());
}

Result<void> check(Disk const& disk, WantedTables const& wanted)
{
    if (wanted.count > kTablesMax * kEntries)
        return kInvalid;
    for (Walk walk(disk, wanted); walk.more();)
        TRY(walk.next());
    return {};
}

Result<void> put(Disk const& disk, GptHeader const& header, GptEntry& into, PARTITION_INFORMATION_EX const& entry)
{
    uint64_t const sectors = TRY(sectors_of(disk, entry.PartitionLength.QuadPart));
    into.first = TRY(sectors_of(disk, entry.StartingOffset.QuadPart));
    if (sectors == 0 || !disk.holds(into.first, sectors) || into.first < header.first_usable)
        return kInvalid;
    into.last = into.first + sectors - 1;
    into.type = entry.Gpt.PartitionType;
    into.id = entry.Gpt.PartitionId;
    into.attributes = entry.Gpt.Attributes;
    std::memcpy(into.name, entry.Gpt.Name, sizeof into.name);
    return {};
}

bool is_unused(PARTITION_INFORMATION_EX const& entry)
{
    GptEntry probe {};
    probe.type = entry.Gpt.PartitionType;
    return !probe.used();
}

} // namespace

WantedTables wanted(DRIVE_LAYOUT_INFORMATION const& layout)
{
    return { &layout, layout.Signature, layout.PartitionCount, &old_entry };
}

WantedTables wanted(DRIVE_LAYOUT_INFORMATION_EX const& layout)
{
    return { &layout, layout.Mbr.Signature, layout.PartitionCount, &new_entry };
}

Result<void> write_layout(Disk const& disk, WantedTables const& tables)
{
    TRY(check(disk, tables));
    Buffer sector;
    TRY(sector.allocate(disk.sector_bytes));
    TRY(read(disk, 0, 1, sector.data()));
    if (!has_mark(sector.data()))
        return Failure { STATUS_UNSUCCESSFUL };
    uint32_t now = 0;
    std::memcpy(&now, sector.data() + kSignatureOffset, sizeof now);
    bool const renamed = now != tables.signature;
    put_signature(sector.data(), tables.signature);
    if (tables.count == 0)
        return renamed ? write(disk, 0, 1, sector.data()) : Result<void> {};
    for (Walk walk(disk, tables); walk.more();) {
        Table table = TRY(walk.next());
        if (!table.rewrite && !(table.sector == 0 && renamed))
            continue;
        if (table.sector != 0)
            TRY(read(disk, table.sector, 1, sector.data()));
        if (!has_mark(sector.data()))
            std::memset(sector.data(), 0, disk.sector_bytes); // the chain's new table: what was there was data
        TRY(write_table(disk, sector, table));
    }
    return {};
}

Result<void> write_layout(Disk const& disk, DRIVE_LAYOUT_INFORMATION_EX const& layout)
{
    Buffer sector;
    TRY(sector.allocate(disk.sector_bytes));
    TRY(read(disk, 0, 1, sector.data()));
    if (!has_mark(sector.data()))
        return Failure { STATUS_UNSUCCESSFUL };
    Gpt gpt;
    TRY(make_gpt(disk, layout.Gpt.DiskId, layout.Gpt.MaxPartitionCount, gpt));
    ULONG const count = layout.PartitionCount;
    if (count > gpt.header.entry_count)
        return kInvalid;
    for (ULONG i = 0; i < count; ++i) {
        PARTITION_INFORMATION_EX const& entry = layout.PartitionEntry[i];
        if (is_unused(entry))
            continue;
        if (entry.PartitionStyle != PARTITION_STYLE_GPT)
            return kInvalid;
        TRY(put(disk, gpt.header, gpt.entry(i), entry));
    }
    if (!gpt.consistent())
        return kInvalid;
    TRY(write_gpt(disk, gpt));
    return write_protective(disk, Sector0::Keep);
}

} // namespace ringside::io::disk
