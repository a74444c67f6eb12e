// SPDX-License-Identifier: MIT
#pragma once

// Out: a 32-bit mask of the ledger's chapters (tests/drivers/ledger.c) that were gone through without a failure.
#define IOCTL_LEDGER_ALL ((0x8000u << 16) | (0x801u << 2))
#define LEDGER_CHAPTERS 8
#define LEDGER_NAMES 1 // the chapter of named objects
