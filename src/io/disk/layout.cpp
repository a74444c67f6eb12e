// SPDX-License-Identifier: MIT
// @cite(wdk-ddi): page=ntdddisk/ns-ntdddisk-_drive_layout_information_ex
#include "io/disk/layout.h"

#include "ex/pool.h"

#include <algorithm>
#include <cstring>

namespace ringside::io::disk {

namespace {

constexpr ULONG kLayoutTag = 0x6C446F49; // 'IoDl'

// A layout with room for at least one entry, as its structure has.
template <typename Layout, typename Entry>
Layout* make_layout(ULONG count)
{
    size_t const bytes = offsetof(Layout, PartitionEntry) + size_t { std::max(count, 1u) } * sizeof(Entry);
    auto* layout = static_cast<Layout*>(ex::allocate(NonPagedPoolNx, bytes, kLayoutTag, ex::Owner::Driver, true));
    if (layout)
        layout->PartitionCount = count;
    return layout;
}

DRIVE_LAYOUT_INFORMATION_EX* make_layout_ex(ULONG style, ULONG count)
{
    auto* layout = make_layout<DRIVE_LAYOUT_INFORMATION_EX, PARTITION_INFORMATION_EX>(count);
    if (layout)
        layout->PartitionStyle = style;
    return layout;
}

bool is_active(MbrEntry const& entry) { return entry.indicator & 0x80; }

template <typename Function>
void for_each_entry(MbrTables const& tables, Function function)
{
    ULONG partitions = 0;
    for (ULONG i = 0; i < tables.count; ++i)
        for (MbrEntry const& entry : tables.tables[i].entries)
            function(entry, entry.is_partition() ? ++partitions : 0);
}

void fill(Disk const& disk, PARTITION_INFORMATION_EX& into, MbrEntry const& entry, ULONG number)
{
    into.PartitionStyle = PARTITION_STYLE_MBR;
    into.PartitionNumber = number;
    if (entry.type == PARTITION_ENTRY_UNUSED)
        return;
    into.StartingOffset.QuadPart = disk.bytes(entry.first);
    into.PartitionLength.QuadPart = disk.bytes(entry.sectors);
    into.Mbr.PartitionType = entry.type;
    into.Mbr.BootIndicator = is_active(entry);
    into.Mbr.RecognizedPartition = is_recognized(entry.type);
    into.Mbr.HiddenSectors = entry.relative;
}

void fill(Disk const& disk, PARTITION_INFORMATION& into, MbrEntry const& entry, ULONG number)
{
    into.PartitionNumber = number;
    if (entry.type == PARTITION_ENTRY_UNUSED)
        return;
    into.StartingOffset.QuadPart = disk.bytes(entry.first);
    into.PartitionLength.QuadPart = disk.bytes(entry.sectors);
    into.HiddenSectors = entry.relative;
    into.PartitionType = entry.type;
    into.BootIndicator = is_active(entry);
    into.RecognizedPartition = is_recognized(entry.type);
}

void fill(Disk const& disk, PARTITION_INFORMATION_EX& into, GptEntry const& entry, ULONG number)
{
    into.PartitionStyle = PARTITION_STYLE_GPT;
    into.StartingOffset.QuadPart = disk.bytes(entry.first);
    into.PartitionLength.QuadPart = disk.bytes(entry.sectors());
    into.PartitionNumber = number;
    into.Gpt.PartitionType = entry.type;
    into.Gpt.PartitionId = entry.id;
    into.Gpt.Attributes = entry.attributes;
    std::memcpy(into.Gpt.Name, entry.name, sizeof into.Gpt.Name);
}

bool is_known_volume(UCHAR type)
{
    switch (type) {
    case PARTITION_FAT_12:
    case PARTITION_FAT_16:
    case PARTITION_HUGE:
    case PARTITION_IFS:
    case PARTITION_FAT32:
    case PARTITION_FAT32_XINT13:
    case PARTITION_XINT13: return true;
    default: return false;
    }
}

} // namespace

// As the macro IsRecognizedPartition has it: one that is part of a fault-tolerant set, too, but for small FATs.
bool is_recognized(UCHAR type)
{
    if (!(type & PARTITION_NTFT))
        return is_known_volume(type);
    auto const plain = static_cast<UCHAR>(type & ~VALID_NTFT);
    return plain != PARTITION_FAT_16 && is_known_volume(plain);
}

Result<DRIVE_LAYOUT_INFORMATION_EX*> layout_of(Disk const& disk, MbrTables const& tables)
{
    auto* layout = make_layout_ex(PARTITION_STYLE_MBR, tables.count * kEntries);
    if (!layout)
        return Failure { STATUS_INSUFFICIENT_RESOURCES };
    layout->Mbr = { tables.signature, tables.checksum };
    PARTITION_INFORMATION_EX* into = layout->PartitionEntry;
    for_each_entry(tables, [&](MbrEntry const& entry, ULONG number) { fill(disk, *into++, entry, number); });
    return layout;
}

Result<DRIVE_LAYOUT_INFORMATION_EX*> layout_of(Disk const& disk, Gpt const& gpt)
{
    auto* layout = make_layout_ex(PARTITION_STYLE_GPT, gpt.used());
    if (!layout)
        return Failure { STATUS_INSUFFICIENT_RESOURCES };
    GptHeader const& header = gpt.header;
    layout->Gpt.DiskId = header.disk_id;
    layout->Gpt.StartingUsableOffset.QuadPart = disk.bytes(header.first_usable);
    layout->Gpt.UsableLength.QuadPart = disk.bytes(header.last_usable - header.first_usable + 1);
    layout->Gpt.MaxPartitionCount = header.entry_count;
    ULONG number = 0;
    for (uint32_t i = 0; i < header.entry_count; ++i)
        if (GptEntry const& entry = gpt.entry(i); entry.used()) {
            fill(disk, layout->PartitionEntry[number], entry, number + 1);
            ++number;
        }
    return layout;
}

Result<DRIVE_LAYOUT_INFORMATION_EX*> layout_of_raw_disk()
{
    auto* layout = make_layout_ex(PARTITION_STYLE_RAW, 0);
    if (!layout)
        return Failure { STATUS_INSUFFICIENT_RESOURCES };
    return layout;
}

Result<DRIVE_LAYOUT_INFORMATION*> old_layout_of(Disk const& disk, MbrTables const& tables, Which which)
{
    auto const wanted = [&](MbrEntry const& entry) { return which == Which::All || is_recognized(entry.type); };
    ULONG count = 0;
    for_each_entry(tables, [&](MbrEntry const& entry, ULONG) { count += wanted(entry); });
    auto* layout = make_layout<DRIVE_LAYOUT_INFORMATION, PARTITION_INFORMATION>(count);
    if (!layout)
        return Failure { STATUS_INSUFFICIENT_RESOURCES };
    layout->Signature = tables.signature;
    PARTITION_INFORMATION* into = layout->PartitionEntry;
    for_each_entry(tables, [&](MbrEntry const& entry, ULONG number) {
        if (wanted(entry))
            fill(disk, *into++, entry, number);
    });
    return layout;
}

} // namespace ringside::io::disk
