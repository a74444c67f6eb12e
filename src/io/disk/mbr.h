// SPDX-License-Identifier: MIT
// Partition tables of the Master Boot Record kind: four entries in sector 0, and four in each sector of a chain.
//
//   sector 0        | boot code ... | signature at 440 | four entries at 446 | 55 AA |
//   entry           | indicator, first CHS, type, last CHS, first sector (LBA), sectors |
//   extended entry  (types 05 and 0F) leads to another table, in the first sector of what it spans. Its own partition's
//                   sectors are counted from that table; a further extended entry's from the first extended partition
//
// The chain is followed by the first extended entry of each table. A disk can make it endless: it ends where it comes
// back to a table, after kTablesMax tables, and where it leaves the disk.
#pragma once

#include "io/disk/disk.h"

namespace ringside::io::disk {

inline constexpr uint32_t kTablesMax = 256;
inline constexpr unsigned kEntries = 4;
inline constexpr size_t kSignatureOffset = 440;
inline constexpr UCHAR kProtective = 0xEE; // the type of the one entry before a GPT

struct MbrEntry {
    UCHAR indicator = 0; // 0x80: the one to boot from
    UCHAR type = PARTITION_ENTRY_UNUSED;
    uint32_t relative = 0; // as it stands on the disk
    uint32_t sectors = 0;
    uint64_t first = 0; // on the disk

    bool is_container() const { return type == PARTITION_EXTENDED || type == PARTITION_XINT13_EXTENDED; }
    bool is_partition() const { return type != PARTITION_ENTRY_UNUSED && !is_container(); }
};

struct MbrTable {
    uint64_t sector;
    MbrEntry entries[kEntries];

    // The extended entry that the chain goes on with; null: it ends here.
    MbrEntry const* container() const
    {
        for (auto const& entry : entries)
            if (entry.is_container())
                return &entry;
        return nullptr;
    }
};

enum class ChainEnd : uint8_t {
    Complete, // the last table has no extended entry
    NoMark, // a sector without 55 AA
    Unreadable, // the device refused a table behind the first
    Loop,
    TooLong,
    Outside, // of the disk
};

struct MbrTables {
    uint32_t signature;
    uint32_t checksum; // added to the sum of the 128 words of the sector's first 512 bytes it gives 0
    ULONG count; // 0: sector 0 holds no table
    ChainEnd end;
    NTSTATUS read_status; // Unreadable
    MbrTable tables[kTablesMax];

    bool is_protective() const;
    uint64_t extended() const; // the first extended partition's first sector
};

bool has_mark(uint8_t const* sector);

// Reads the chain into `memory`, which it allocates. Fails when sector 0 cannot be read: with the device's status;
// STATUS_INSUFFICIENT_RESOURCES anywhere. Any other trouble is in `end`.
Result<MbrTables*> read_tables(Disk const& disk, Buffer& memory);
// The same for sector 0 alone.
Result<MbrTables*> read_first_table(Disk const& disk, Buffer& memory);

// Puts an entry into a table's sector. The cylinder, head and sector numbers are those of the disk's geometry, and the
// largest ones where they do not reach.
void put_entry(Disk const& disk, uint8_t* sector, unsigned index, MbrEntry const& entry);
void put_type(uint8_t* sector, unsigned index, UCHAR type);
void put_mark(uint8_t* sector);
void put_signature(uint8_t* sector, uint32_t signature);
// Signature, entries and mark: all but the boot code.
void erase_table(uint8_t* sector);

// The table and the entry of the partition with this number, counted from 1 along the chain, without extended ones.
struct MbrPlace {
    uint64_t sector;
    unsigned index;
};
Result<MbrPlace> find_partition(MbrTables const& tables, ULONG ordinal);

} // namespace ringside::io::disk
