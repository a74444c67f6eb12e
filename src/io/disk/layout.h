// SPDX-License-Identifier: MIT
// Between the tables on a disk and the layouts that drivers have of them.
//
// An MBR's layout has four entries for each table of the chain, used or not, in the chain's order: the first extended
// entry of one four leads to the next four. A GPT's has the used entries only. Partitions are numbered from 1 in that
// order; unused and extended entries have number 0.
#pragma once

#include "io/disk/gpt.h"
#include "io/disk/mbr.h"

namespace ringside::io::disk {

// Non-paged pool that becomes the driver's. STATUS_INSUFFICIENT_RESOURCES.
Result<DRIVE_LAYOUT_INFORMATION_EX*> layout_of(Disk const& disk, MbrTables const& tables);
Result<DRIVE_LAYOUT_INFORMATION_EX*> layout_of(Disk const& disk, Gpt const& gpt);
Result<DRIVE_LAYOUT_INFORMATION_EX*> layout_of_raw_disk();
enum class Which : uint8_t { All, Recognized };
Result<DRIVE_LAYOUT_INFORMATION*> old_layout_of(Disk const& disk, MbrTables const& tables, Which which);

// One entry of a driver's MBR layout, old or new. Offsets and lengths in bytes.
struct WantedEntry {
    int64_t offset;
    int64_t length;
    UCHAR type;
    bool boot;
    bool rewrite;
};
// A driver's MBR layout: `count` entries, each fetched by its index.
struct WantedTables {
    void const* layout;
    uint32_t signature;
    ULONG count;
    WantedEntry (*entry)(void const* layout, ULONG index);
};
WantedTables wanted(DRIVE_LAYOUT_INFORMATION const& layout);
WantedTables wanted(DRIVE_LAYOUT_INFORMATION_EX const& layout);

// Writes the tables with a changed entry, and sector 0 also when the signature changed. Nothing is written unless all
// of it can be: STATUS_INVALID_PARAMETER. STATUS_UNSUCCESSFUL: sector 0 is no MBR.
Result<void> write_layout(Disk const& disk, WantedTables const& tables);
// Writes both copies and the MBR before them.
Result<void> write_layout(Disk const& disk, DRIVE_LAYOUT_INFORMATION_EX const& gpt_layout);

bool is_recognized(UCHAR type);

} // namespace ringside::io::disk
