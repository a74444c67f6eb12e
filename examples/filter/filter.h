// SPDX-License-Identifier: MIT
//
// What the driver `filter` and its clients share. No other header is needed, so the same file serves the driver, a
// Windows program and a test on Linux.
//
// The filter attaches to the device that its service's registry key names:
//
//     HKLM\SYSTEM\CurrentControlSet\Services\filter\Parameters
//         Target = REG_SZ "\Device\RingsideIoctl"
//
// and counts what passes. Its counts are asked for at its own device, \\.\RingsideFilter.
#pragma once

// CTL_CODE(0x8000, 0x800, METHOD_BUFFERED, FILE_ANY_ACCESS). Reply: FILTER_COUNTS.
#define IOCTL_FILTER_COUNTS ((0x8000u << 16) | (0u << 14) | (0x800u << 2) | 0u)

#define FILTER_MAJOR_FUNCTIONS 28 // IRP_MJ_CREATE ... IRP_MJ_PNP

typedef struct _FILTER_COUNT {
    long long Sent;      // down to the target
    long long Completed; // seen on their way back
    long long Pended;    // of those: their dispatch routine had returned before
    long long Failed;    // of those: with an error status, cancelled ones too
} FILTER_COUNT;

typedef struct _FILTER_COUNTS {
    FILTER_COUNT Major[FILTER_MAJOR_FUNCTIONS]; // by IRP_MJ_ number
    long long Unseen;                           // sent without a look at their end, for want of memory
} FILTER_COUNTS;
