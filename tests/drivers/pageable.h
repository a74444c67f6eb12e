// SPDX-License-Identifier: MIT
// What the pageable driver and its test agree on.
#pragma once

#define IOCTL_PAGEABLE_PASSIVE ((0x8000u << 16) | (0x800u << 2))
#define IOCTL_PAGEABLE_AT_DISPATCH ((0x8000u << 16) | (0x801u << 2))
#define IOCTL_PAGEABLE_LOCKED ((0x8000u << 16) | (0x802u << 2))
