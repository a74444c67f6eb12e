// SPDX-License-Identifier: MIT
#pragma once

#define IOCTL_RACE_LOST_UPDATE ((0x8000u << 16) | (0x800u << 2)) // out: a 32-bit counter, 6 when nothing was
// lost; without room for a reply the driver bug checks when something was
#define IOCTL_RACE_CANCEL ((0x8000u << 16) | (0x801u << 2))
