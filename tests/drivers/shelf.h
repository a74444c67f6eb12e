// SPDX-License-Identifier: MIT
#pragma once

// A request stays with the driver until it is served, cancelled, or the handle's last close ends it.
#define IOCTL_SHELF_SLOT ((0x8000u << 16) | (0x800u << 2))  // in a slot, with a cancel routine of the driver's own
#define IOCTL_SHELF_QUEUE ((0x8000u << 16) | (0x801u << 2)) // in a cancel-safe queue
#define IOCTL_SHELF_SERVE ((0x8000u << 16) | (0x802u << 2)) // completes what is held
