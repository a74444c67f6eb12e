// SPDX-License-Identifier: MIT
// What \\.\Widths is asked, by programs of 64 and of 32 bits.
#pragma once

#define IOCTL_WIDTHS_RING ((0x8000u << 16) | (0x800u << 2))      // in: a handle and a number; out: WIDTHS_ANSWER
#define IOCTL_WIDTHS_WHERE ((0x8000u << 16) | (0x801u << 2) | 3) // out: the addresses of both buffers, 64 bits each
#define IOCTL_WIDTHS_FAST ((0x8000u << 16) | (0x802u << 2))      // out: the caller's bits, by fast I/O

// As programs have them: the size of a pointer is the program's.
typedef struct _WIDTHS_RING64 {
    unsigned long long Handle;
    unsigned Key;
} WIDTHS_RING64;
typedef struct _WIDTHS_RING32 {
    unsigned Handle;
    unsigned Key;
} WIDTHS_RING32;

typedef struct _WIDTHS_ANSWER {
    unsigned Key;
    unsigned Bits;    // of who sent this request
    unsigned OwnBits; // of a request that the driver made meanwhile
} WIDTHS_ANSWER;
