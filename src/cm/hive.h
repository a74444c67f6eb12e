// SPDX-License-Identifier: MIT
// Hive files, as Windows keeps its registry in: read whole from bytes and checked before anything changes, and written
// whole. The host's files are other rooms' business.
//
// Not read: logs of a hive that was not written to its end (such a hive is refused).
#pragma once

#include "cm/key_security.h"
#include "cm/registry.h"

#include <memory>

namespace ringside::cm {

struct HiveValue {
    std::u16string name;
    uint32_t type = 0;
    std::vector<uint8_t> data;
};

struct HiveKey {
    size_t parent = 0; // its place in the list; the root's own is 0
    unsigned level = 0;
    std::u16string name;
    std::u16string class_name;
    int64_t written = 0;
    bool is_link = false;
    std::shared_ptr<DescriptorBytes const> security; // sound; null: what the key above hands down
    std::vector<HiveValue> values;
};

// The keys of a hive, each behind its parent. Empty when the bytes are no sound hive, with one line of words in `error`.
std::vector<HiveKey> read_hive(std::span<uint8_t const> bytes, std::string& error);
// What is not volatile of a key and below it.
std::vector<uint8_t> write_hive(Key const& root);

// A hive's contents take the place of the key's, which is made when it is missing. Nothing, or one line of words.
std::optional<std::string> load_hive(Registry& registry, std::u16string_view path, std::span<uint8_t const> bytes);
inline constexpr std::string_view kNoPool = "there is no pool for the hive's security descriptors";
// From keys that were read.
std::optional<std::string> attach_hive(Registry& registry, std::u16string_view path, std::vector<HiveKey>& keys);

} // namespace ringside::cm
