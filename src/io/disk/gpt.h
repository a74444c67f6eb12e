// SPDX-License-Identifier: MIT
// GUID Partition Tables, as the UEFI specification has them (section 5.3): a header and an array of entries at either
// end of the disk, each with its CRC32, and before the first one an MBR that protects the disk from those who know no
// GPT.
//
//   | protective MBR | header | entries | first usable ... last usable | entries | header |
//     0                1        2                                                  last
//
// A header counts only when all that it says fits together and on the disk. Where the first copy does not, the one in
// the disk's last sector is used. Writing begins with the copy at the end, so that an interrupted write leaves one.
#pragma once

#include "io/disk/disk.h"

namespace ringside::io::disk {

struct GptHeader {
    uint64_t signature;
    uint32_t revision;
    uint32_t header_bytes;
    uint32_t header_crc; // of header_bytes, with this field 0
    uint32_t reserved;
    uint64_t here;
    uint64_t other; // the other copy's header
    uint64_t first_usable;
    uint64_t last_usable;
    GUID disk_id;
    uint64_t entries_at;
    uint32_t entry_count;
    uint32_t entry_bytes; // 128 times a power of two
    uint32_t entries_crc;
};
inline constexpr uint32_t kGptHeaderBytes = 92; // the structure's size on the disk; its alignment here makes it longer

struct GptEntry {
    GUID type; // all zero: not used
    GUID id;
    uint64_t first;
    uint64_t last; // inclusive
    uint64_t attributes;
    char16_t name[36];

    bool used() const;
    uint64_t sectors() const { return last - first + 1; }
};
static_assert(sizeof(GptEntry) == 128);

inline constexpr uint32_t kGptEntriesMin = 128;
// More are no GPT to us: nobody makes such tables, and a disk must not make us take any amount of memory.
inline constexpr uint32_t kGptArrayBytesMax = 1 << 20;

enum class GptCopy : uint8_t { First, Backup };

struct Gpt {
    GptHeader header; // the one that was read
    Buffer array; // whole sectors
    GptCopy copy = GptCopy::First;

    GptEntry& entry(uint32_t index) const
    {
        return *reinterpret_cast<GptEntry*>(array.data() + size_t { index } * header.entry_bytes);
    }
    uint32_t used() const;
    // The entry of the partition with this number, counted from 1; null: there is none.
    GptEntry* find(ULONG ordinal) const;
    // Whether the used entries lie in the usable space, end after their beginning, and do not overlap.
    bool consistent() const;
};

// One copy, whose header is in this sector, and whose partitions are consistent. STATUS_DISK_CORRUPT_ERROR, the
// device's status, STATUS_INSUFFICIENT_RESOURCES.
Result<void> read_copy(Disk const& disk, uint64_t header_at, Gpt& gpt);
// The first copy, or else the other one. Fails with the device's status where it was the device for both.
Result<void> read_gpt(Disk const& disk, Gpt& gpt);

// An empty table: its header has everything but the checksums. STATUS_INVALID_PARAMETER: the disk is too small, or
// there are too many entries. Fewer than 128 entries become 128.
Result<void> make_gpt(Disk const& disk, GUID const& disk_id, uint32_t entry_count, Gpt& gpt);
// Both copies, the one at the end first.
Result<void> write_gpt(Disk const& disk, Gpt& gpt);
// The MBR before them: in what stands in sector 0, where only the partitions are replaced, or in an empty sector.
enum class Sector0 : uint8_t { Keep, Empty };
Result<void> write_protective(Disk const& disk, Sector0 sector0);
// Sectors that begin as a header do, where headers stand, become zero.
Result<void> erase_headers(Disk const& disk);

} // namespace ringside::io::disk
