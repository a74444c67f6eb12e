// SPDX-License-Identifier: MIT
// Reading what WMI providers write, and writing what consumers read: pure functions over bytes. Providers' bytes are
// foreign: each offset, length and count is checked before it is used, and the first thing that is wrong is said in one
// sentence.
#pragma once

#include "nt/nt.h"
#include "nt/wmi.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ringside::io {

inline bool same_guid(GUID const& a, GUID const& b) { return __builtin_memcmp(&a, &b, sizeof a) == 0; }

struct WmiBlock {
    GUID guid {};
    ULONG flags = 0;                   // WMIREG_FLAG_*
    std::vector<std::u16string> names; // of static instances; empty: the provider names them itself
    DEVICE_OBJECT* pdo = nullptr;      // WMIREG_FLAG_INSTANCE_PDO: the names are still to be made, instances many
    ULONG instances = 0;
    bool static_names = false;
    bool events_enabled = false;       // what the driver was told last
    bool collection_enabled = false;
};

inline constexpr ULONG kWmiBlocksMax = 4096;
inline constexpr ULONG kWmiInstancesMax = 65536;

// Of one registration's or one answer's instances together: names that repeat one text, or data that lies in one place
// many times, would take more memory than the provider spent.
inline constexpr size_t kWmiNamesMax = size_t { 4 } << 20; // characters, each name's end counted as one
inline constexpr size_t kWmiDataMax = size_t { 16 } << 20; // bytes

// A whole IRP_MN_REGINFO_EX answer: a chain of WMIREGINFOWs. What is wrong is told in `error`; the result holds the blocks
// before it then, for the sake of the references that came with them.
std::string too_many_names();
std::vector<WmiBlock> parse_registration(std::span<uint8_t const> bytes, std::string& error);

struct WmiInstanceView {
    std::u16string name;
    ULONG index = 0;
    std::span<uint8_t const> data;
    bool is_item = false; // `data` is one item of the instance
    ULONG item = 0;
};

// A WNODE's own size and flags; false when even that does not hold.
bool check_wnode(std::span<uint8_t const> bytes, std::string& error);
// What WNODE_TOO_SMALL asks for; 0: it is none.
ULONG needed_by(std::span<uint8_t const> bytes);
// Static names are taken from `names`, by index.
std::vector<WmiInstanceView> parse_all_data(std::span<uint8_t const> bytes, std::span<std::u16string const> names,
                                            std::string& error);
std::vector<WmiInstanceView> parse_single_instance(std::span<uint8_t const> bytes,
                                                   std::span<std::u16string const> names, std::string& error);
std::vector<WmiInstanceView> parse_single_item(std::span<uint8_t const> bytes, std::span<std::u16string const> names,
                                               std::string& error);

// The bytes of a WNODE with names and data in place, a multiple of 8.
std::vector<uint8_t> write_all_data(GUID const& guid, ULONG provider, std::span<WmiInstanceView const> instances,
                                    ULONG flags = 0);
// A WNODE_SINGLE_ITEM when the view is of an item.
std::vector<uint8_t> write_single_instance(GUID const& guid, ULONG provider, WmiInstanceView const& instance,
                                           ULONG flags);
inline size_t round8(size_t bytes) { return (bytes + 7) & ~size_t { 7 }; }

} // namespace ringside::io
