// SPDX-License-Identifier: MIT
// An empty partition table on a disk, or none. What was there before is gone.
#pragma once

#include "io/disk/disk.h"

namespace ringside::io::disk {

// An MBR without boot code.
Result<void> create_mbr(Disk const& disk, uint32_t signature);
// STATUS_INVALID_PARAMETER: the disk is too small.
Result<void> create_gpt(Disk const& disk, CREATE_DISK_GPT const& wanted);
// Neither of them. The boot code in sector 0 stays.
Result<void> create_raw(Disk const& disk);

} // namespace ringside::io::disk
