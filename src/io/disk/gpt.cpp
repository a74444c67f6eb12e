// SPDX-License-Identifier: MIT
// @cite(uefi): section=5.3
#include "io/disk/gpt.h"

#include "io/disk/mbr.h"
#include "rtl/memory.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace ringside::io::disk {

namespace {

constexpr uint64_t kMagic = 0x5452415020494645; // "EFI PART"
constexpr uint32_t kRevision = 0x00010000;
constexpr uint64_t kFirstHeader = 1;

uint32_t sectors_for(Disk const& disk, uint64_t bytes)
{
    return static_cast<uint32_t>((bytes + disk.sector_bytes - 1) / disk.sector_bytes);
}

uint64_t array_bytes(GptHeader const& header) { return uint64_t { header.entry_count } * header.entry_bytes; }

uint32_t header_crc(uint8_t* sector, uint32_t bytes)
{
    std::memset(sector + offsetof(GptHeader, header_crc), 0, sizeof(uint32_t));
    return rtl::RtlComputeCrc32(0, sector, bytes);
}

// Whether a header in sector `at` says what can be. The sector's checksum field is lost.
bool sound(Disk const& disk, GptHeader const& header, uint8_t* sector, uint64_t at)
{
    if (header.signature != kMagic || header.here != at || header.header_bytes < kGptHeaderBytes
        || header.header_bytes > disk.sector_bytes || header_crc(sector, header.header_bytes) != header.header_crc)
        return false;
    if (header.entry_count == 0 || header.entry_bytes < sizeof(GptEntry) || !std::has_single_bit(header.entry_bytes)
        || array_bytes(header) > kGptArrayBytesMax)
        return false;
    uint32_t const array = sectors_for(disk, array_bytes(header));
    // Both arrays and headers have their room before and behind the usable space.
    if (header.first_usable < kFirstHeader + 1 + array || header.first_usable > header.last_usable
        || !disk.holds(header.last_usable, uint64_t { array } + 2))
        return false;
    if (!disk.holds(header.other, 1) || header.other == at || !disk.holds(header.entries_at, array))
        return false;
    // The array lies before the usable space or behind it, and not on the header.
    bool const before = header.entries_at > kFirstHeader && header.entries_at + array <= header.first_usable;
    bool const behind = header.entries_at > header.last_usable && header.entries_at + array <= disk.sectors;
    return (before || behind) && (at < header.entries_at || at >= header.entries_at + array);
}

Result<void> write_copy(Disk const& disk, Gpt const& gpt, uint64_t at, uint64_t other, uint64_t entries_at)
{
    TRY(write(disk, entries_at, sectors_for(disk, array_bytes(gpt.header)), gpt.array.data()));
    Buffer sector;
    TRY(sector.allocate(disk.sector_bytes));
    GptHeader header = gpt.header;
    header.here = at;
    header.other = other;
    header.entries_at = entries_at;
    std::memcpy(sector.data(), &header, kGptHeaderBytes);
    uint32_t const crc = header_crc(sector.data(), kGptHeaderBytes);
    std::memcpy(sector.data() + offsetof(GptHeader, header_crc), &crc, sizeof crc);
    return write(disk, at, 1, sector.data());
}

} // namespace

bool GptEntry::used() const
{
    static constexpr GUID kNone {};
    return std::memcmp(&type, &kNone, sizeof type) != 0;
}

uint32_t Gpt::used() const
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < header.entry_count; ++i)
        count += entry(i).used();
    return count;
}

GptEntry* Gpt::find(ULONG ordinal) const
{
    for (uint32_t i = 0; i < header.entry_count; ++i)
        if (entry(i).used() && --ordinal == 0)
            return &entry(i);
    return nullptr;
}

bool Gpt::consistent() const
{
    for (uint32_t i = 0; i < header.entry_count; ++i) {
        GptEntry const& one = entry(i);
        if (!one.used())
            continue;
        if (one.first > one.last || one.first < header.first_usable || one.last > header.last_usable)
            return false;
        for (uint32_t k = 0; k < i; ++k)
            if (entry(k).used() && entry(k).first <= one.last && one.first <= entry(k).last)
                return false;
    }
    return true;
}

Result<void> read_copy(Disk const& disk, uint64_t header_at, Gpt& gpt)
{
    Buffer sector;
    TRY(sector.allocate(disk.sector_bytes));
    TRY(read(disk, header_at, 1, sector.data()));
    std::memcpy(&gpt.header, sector.data(), kGptHeaderBytes);
    if (!sound(disk, gpt.header, sector.data(), header_at))
        return Failure { STATUS_DISK_CORRUPT_ERROR };
    uint32_t const array = sectors_for(disk, array_bytes(gpt.header));
    TRY(gpt.array.allocate(size_t { array } * disk.sector_bytes));
    TRY(read(disk, gpt.header.entries_at, array, gpt.array.data()));
    if (rtl::RtlComputeCrc32(0, gpt.array.data(), static_cast<ULONG>(array_bytes(gpt.header))) != gpt.header.entries_crc
        || !gpt.consistent())
        return Failure { STATUS_DISK_CORRUPT_ERROR };
    return {};
}

Result<void> read_gpt(Disk const& disk, Gpt& gpt)
{
    gpt.copy = GptCopy::First;
    auto const first = read_copy(disk, kFirstHeader, gpt);
    if (first.ok() || first.status() == STATUS_INSUFFICIENT_RESOURCES)
        return first;
    gpt.copy = GptCopy::Backup;
    auto const backup = read_copy(disk, disk.last(), gpt);
    if (!backup.ok() && first.status() == STATUS_DISK_CORRUPT_ERROR && backup.status() != STATUS_INSUFFICIENT_RESOURCES)
        return first;
    return backup;
}

Result<void> make_gpt(Disk const& disk, GUID const& disk_id, uint32_t entry_count, Gpt& gpt)
{
    entry_count = std::max(entry_count, kGptEntriesMin);
    if (entry_count > kGptArrayBytesMax / sizeof(GptEntry))
        return Failure { STATUS_INVALID_PARAMETER };
    uint32_t const array = sectors_for(disk, uint64_t { entry_count } * sizeof(GptEntry));
    // Two headers, two arrays, the protective MBR, and room for a partition of one sector.
    if (disk.sectors < 2 * (uint64_t { array } + 1) + 2)
        return Failure { STATUS_INVALID_PARAMETER };
    TRY(gpt.array.allocate(size_t { array } * disk.sector_bytes));
    gpt.header = { .signature = kMagic,
                   .revision = kRevision,
                   .header_bytes = kGptHeaderBytes,
                   .header_crc = 0,
                   .reserved = 0,
                   .here = kFirstHeader,
                   .other = disk.last(),
                   .first_usable = kFirstHeader + 1 + array,
                   .last_usable = disk.last() - array - 1,
                   .disk_id = disk_id,
                   .entries_at = kFirstHeader + 1,
                   .entry_count = entry_count,
                   .entry_bytes = sizeof(GptEntry),
                   .entries_crc = 0 };
    return {};
}

Result<void> write_gpt(Disk const& disk, Gpt& gpt)
{
    GptHeader& header = gpt.header;
    header.revision = kRevision;
    header.header_bytes = kGptHeaderBytes;
    header.reserved = 0;
    header.entries_crc = rtl::RtlComputeCrc32(0, gpt.array.data(), static_cast<ULONG>(array_bytes(header)));
    uint64_t const array = sectors_for(disk, array_bytes(header));
    TRY(write_copy(disk, gpt, disk.last(), kFirstHeader, disk.last() - array));
    return write_copy(disk, gpt, kFirstHeader, disk.last(), kFirstHeader + 1);
}

Result<void> write_protective(Disk const& disk, Sector0 sector0)
{
    Buffer now, wanted;
    TRY(now.allocate(disk.sector_bytes));
    TRY(wanted.allocate(disk.sector_bytes));
    if (sector0 == Sector0::Keep)
        TRY(read(disk, 0, 1, now.data()));
    std::memcpy(wanted.data(), now.data(), disk.sector_bytes);
    for (unsigned i = 0; i < kEntries; ++i)
        put_entry(disk, wanted.data(), i, {});
    auto const sectors = static_cast<uint32_t>(std::min<uint64_t>(disk.last(), UINT32_MAX));
    put_entry(disk, wanted.data(), 0, { 0, kProtective, kFirstHeader, sectors, kFirstHeader });
    put_mark(wanted.data());
    if (std::memcmp(now.data(), wanted.data(), disk.sector_bytes) == 0)
        return {}; // never so for a new one: it had no mark
    return write(disk, 0, 1, wanted.data());
}

Result<void> erase_headers(Disk const& disk)
{
    Buffer sector;
    TRY(sector.allocate(disk.sector_bytes));
    for (uint64_t at : { kFirstHeader, disk.last() }) {
        if (!disk.holds(at, 1) || at == 0)
            continue;
        TRY(read(disk, at, 1, sector.data()));
        if (std::memcmp(sector.data(), &kMagic, sizeof kMagic) != 0)
            continue;
        std::memset(sector.data(), 0, disk.sector_bytes);
        TRY(write(disk, at, 1, sector.data()));
    }
    return {};
}

} // namespace ringside::io::disk
