// SPDX-License-Identifier: MIT
// A hive file: a base block of 4 KiB, then bins of whole 4 KiB, each a header and cells one behind the other. Cells
// refer to each other by their distance from the first bin. All numbers are little-endian.
//
//   regf | hbin [nk root][lh list][nk sub][vk value][data]...[free] | hbin ...
//
// The names are those that people who take such files apart use: nk a key, vk a value, lf lh li ri lists of subkeys,
// db data in pieces, sk a security descriptor.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace ringside::cm::hive {

inline constexpr uint32_t kBlock = 0x1000;    // the base block's size, and what bins are a multiple of
inline constexpr uint32_t kBinHeader = 0x20;
inline constexpr uint32_t kNone = 0xFFFF'FFFF; // an offset to nothing
inline constexpr uint32_t kPiece = 16344;      // data above this stands in pieces of this size
inline constexpr uint32_t kDataInline = 0x8000'0000;
inline constexpr uint32_t kLeafMax = 500;      // subkeys in one list that we write; more go into several

constexpr uint16_t signature(char a, char b) { return static_cast<uint16_t>(a | b << 8); }
inline constexpr uint16_t kKey = signature('n', 'k'), kValue = signature('v', 'k'), kSecurity = signature('s', 'k'),
                          kIndexRoot = signature('r', 'i'), kIndexLeaf = signature('l', 'i'),
                          kFastLeaf = signature('l', 'f'), kHashLeaf = signature('l', 'h'),
                          kBigData = signature('d', 'b');
inline constexpr uint32_t kRegf = 'r' | 'e' << 8 | 'g' << 16 | 'f' << 24,
                          kHbin = 'h' | 'b' << 8 | 'i' << 16 | 'n' << 24;

// Key flags.
inline constexpr uint16_t kVolatile = 1, kHiveRoot = 4, kNoDelete = 8, kLink = 0x10, kLatinName = 0x20;
// Value flags.
inline constexpr uint16_t kLatinValueName = 1;

#pragma pack(push, 1)
struct BaseBlock {
    uint32_t signature;
    uint32_t sequence1, sequence2; // equal when the file was written to its end
    uint64_t written;
    uint32_t major, minor;
    uint32_t type;   // 0: the hive, not a log of it
    uint32_t format; // 1
    uint32_t root;
    uint32_t bins_bytes;
    uint32_t cluster;
    char16_t file_name[32];
    uint8_t reserved[396];
    uint32_t checksum; // of the 508 bytes before it
};
static_assert(sizeof(BaseBlock) == 512 && offsetof(BaseBlock, checksum) == 508);

struct BinHeader {
    uint32_t signature;
    uint32_t offset; // from the first bin
    uint32_t bytes;
    uint64_t reserved;
    uint64_t written;
    uint32_t spare;
};
static_assert(sizeof(BinHeader) == kBinHeader);

struct KeyCell {
    uint16_t signature;
    uint16_t flags;
    uint64_t written;
    uint32_t access;
    uint32_t parent;
    uint32_t subkeys, volatile_subkeys;
    uint32_t subkey_list, volatile_list;
    uint32_t values;
    uint32_t value_list;
    uint32_t security;
    uint32_t class_name;
    uint32_t widest_subkey_name, widest_subkey_class, widest_value_name, widest_value_data; // bytes
    uint32_t work;
    uint16_t name_bytes;
    uint16_t class_bytes;
};
static_assert(sizeof(KeyCell) == 76);

struct ValueCell {
    uint16_t signature;
    uint16_t name_bytes;
    uint32_t data_bytes; // with kDataInline: up to four, in `data`
    uint32_t data;
    uint32_t type;
    uint16_t flags;
    uint16_t spare;
};
static_assert(sizeof(ValueCell) == 20);

struct ListHeader {
    uint16_t signature;
    uint16_t count;
};

struct HashedEntry { // of lf and lh
    uint32_t key;
    uint32_t hash;
};

struct BigDataCell {
    uint16_t signature;
    uint16_t pieces;
    uint32_t list;
};

struct SecurityCell {
    uint16_t signature;
    uint16_t reserved;
    uint32_t next, previous;
    uint32_t references;
    uint32_t bytes;
};
static_assert(sizeof(SecurityCell) == 20);
#pragma pack(pop)

inline uint32_t checksum_of(BaseBlock const& block)
{
    uint32_t sum = 0;
    for (size_t at = 0; at < offsetof(BaseBlock, checksum); at += sizeof sum) {
        uint32_t word;
        std::memcpy(&word, reinterpret_cast<uint8_t const*>(&block) + at, sizeof word);
        sum ^= word;
    }
    return sum == 0 ? 1 : sum == kNone ? kNone - 1 : sum;
}

} // namespace ringside::cm::hive
