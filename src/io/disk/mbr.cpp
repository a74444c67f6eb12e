// SPDX-License-Identifier: MIT
#include "io/disk/mbr.h"

#include <cstring>

namespace ringside::io::disk {

namespace {

constexpr size_t kTableOffset = 446;
constexpr size_t kEntryBytes = 16;
constexpr size_t kMarkOffset = 510;
constexpr uint16_t kMark = 0xAA55;
constexpr uint32_t kCylinderMax = 1023;

struct RawEntry {
    UCHAR indicator;
    UCHAR first_chs[3];
    UCHAR type;
    UCHAR last_chs[3];
    uint32_t first;
    uint32_t sectors;
};
static_assert(sizeof(RawEntry) == kEntryBytes);

template <typename T>
T load(uint8_t const* from)
{
    T value;
    std::memcpy(&value, from, sizeof value);
    return value;
}

uint32_t checksum_of(uint8_t const* sector)
{
    uint32_t sum = 0;
    for (size_t at = 0; at < kSectorBytesMin; at += sizeof sum)
        sum += load<uint32_t>(sector + at);
    return 0 - sum;
}

void parse(MbrTable& table, uint8_t const* sector, uint64_t at, uint64_t extended)
{
    table.sector = at;
    for (unsigned i = 0; i < kEntries; ++i) {
        auto const raw = load<RawEntry>(sector + kTableOffset + i * kEntryBytes);
        MbrEntry& entry = table.entries[i];
        entry = { raw.indicator, raw.type, raw.first, raw.sectors, 0 };
        entry.first = (entry.is_container() ? extended : at) + raw.first;
    }
}

bool seen(MbrTables const& tables, uint64_t sector)
{
    for (ULONG i = 0; i < tables.count; ++i)
        if (tables.tables[i].sector == sector)
            return true;
    return false;
}

// One table more; what ends the chain here, Complete while it goes on.
Result<ChainEnd> read_next(Disk const& disk, Buffer const& sector, MbrTables& tables, uint64_t at)
{
    if (at >= disk.sectors)
        return ChainEnd::Outside;
    if (seen(tables, at))
        return ChainEnd::Loop;
    if (tables.count == kTablesMax)
        return ChainEnd::TooLong;
    auto const got = read(disk, at, 1, sector.data());
    if (!got.ok()) {
        if (at == 0 || got.status() == STATUS_INSUFFICIENT_RESOURCES)
            return got.failure();
        tables.read_status = got.status();
        return ChainEnd::Unreadable;
    }
    if (!has_mark(sector.data()))
        return ChainEnd::NoMark;
    // Sector 0 counts extended entries from itself, all others from the first extended partition.
    parse(tables.tables[tables.count], sector.data(), at, at == 0 ? 0 : tables.extended());
    ++tables.count;
    return ChainEnd::Complete;
}

// The entry that protects a GPT has a value of its own for what cannot be said (UEFI, 5.2.3).
void chs(Disk const& disk, uint64_t sector, UCHAR type, UCHAR* into)
{
    uint64_t const track = sector / disk.sectors_per_track;
    uint64_t const cylinder = track / disk.heads;
    if (cylinder > kCylinderMax) {
        into[0] = type == kProtective ? 0xFF : 0xFE;
        into[1] = into[2] = 0xFF;
        return;
    }
    into[0] = static_cast<UCHAR>(track % disk.heads);
    into[1] = static_cast<UCHAR>((sector % disk.sectors_per_track + 1) | (cylinder >> 2 & 0xC0));
    into[2] = static_cast<UCHAR>(cylinder);
}

Result<MbrTables*> start(Disk const& disk, Buffer& memory, Buffer& sector)
{
    TRY(memory.allocate(sizeof(MbrTables)));
    TRY(sector.allocate(disk.sector_bytes));
    auto* tables = memory.as<MbrTables>();
    tables->end = TRY(read_next(disk, sector, *tables, 0));
    if (tables->count) {
        tables->signature = load<uint32_t>(sector.data() + kSignatureOffset);
        tables->checksum = checksum_of(sector.data());
    }
    return tables;
}

} // namespace

bool MbrTables::is_protective() const
{
    for (auto const& entry : tables[0].entries)
        if (count && entry.type == kProtective)
            return true;
    return false;
}

uint64_t MbrTables::extended() const
{
    MbrEntry const* first = tables[0].container();
    return first ? first->first : 0;
}

bool has_mark(uint8_t const* sector) { return load<uint16_t>(sector + kMarkOffset) == kMark; }

Result<MbrTables*> read_first_table(Disk const& disk, Buffer& memory)
{
    Buffer sector;
    return start(disk, memory, sector);
}

Result<MbrTables*> read_tables(Disk const& disk, Buffer& memory)
{
    Buffer sector;
    MbrTables* tables = TRY(start(disk, memory, sector));
    while (tables->count && tables->end == ChainEnd::Complete) {
        MbrEntry const* container = tables->tables[tables->count - 1].container();
        if (!container)
            break;
        tables->end = TRY(read_next(disk, sector, *tables, container->first));
    }
    return tables;
}

void put_entry(Disk const& disk, uint8_t* sector, unsigned index, MbrEntry const& entry)
{
    RawEntry raw {};
    if (entry.type != PARTITION_ENTRY_UNUSED) {
        raw.indicator = entry.indicator;
        raw.type = entry.type;
        raw.first = entry.relative;
        raw.sectors = entry.sectors;
        chs(disk, entry.first, entry.type, raw.first_chs);
        chs(disk, entry.first + (entry.sectors ? entry.sectors - 1 : 0), entry.type, raw.last_chs);
    }
    std::memcpy(sector + kTableOffset + index * kEntryBytes, &raw, sizeof raw);
}

void put_type(uint8_t* sector, unsigned index, UCHAR type)
{
    sector[kTableOffset + index * kEntryBytes + offsetof(RawEntry, type)] = type;
}

void put_mark(uint8_t* sector) { std::memcpy(sector + kMarkOffset, &kMark, sizeof kMark); }

void put_signature(uint8_t* sector, uint32_t signature)
{
    std::memcpy(sector + kSignatureOffset, &signature, sizeof signature);
}

void erase_table(uint8_t* sector) { std::memset(sector + kSignatureOffset, 0, kSectorBytesMin - kSignatureOffset); }

Result<MbrPlace> find_partition(MbrTables const& tables, ULONG ordinal)
{
    for (ULONG i = 0; i < tables.count; ++i)
        for (unsigned k = 0; k < kEntries; ++k)
            if (tables.tables[i].entries[k].is_partition() && --ordinal == 0)
                return MbrPlace { tables.tables[i].sector, k };
    return Failure { STATUS_INVALID_PARAMETER };
}

} // namespace ringside::io::disk
