// SPDX-License-Identifier: MIT
// Whether a disk's partition table is in order, and what can be put in order.
//
//   an MBR   nothing in it tells what a damaged entry was: errors stay
//   a GPT    one of its two copies makes up for the other
#pragma once

#include "io/disk/disk.h"

namespace ringside::io::disk {

enum class Fix : uint8_t { No, Yes };

// STATUS_DISK_CORRUPT_ERROR: there are errors (left), or there is no table; the device's status;
// STATUS_INSUFFICIENT_RESOURCES.
Result<void> verify(Disk const& disk, Fix fix);

} // namespace ringside::io::disk
