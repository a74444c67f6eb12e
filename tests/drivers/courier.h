// SPDX-License-Identifier: MIT
#pragma once

// In: up to 16 32-bit numbers; out: their sum, a 64-bit number.
#define IOCTL_COURIER_DELIVER ((0x8000u << 16) | (0x800u << 2))
