// SPDX-License-Identifier: MIT
#pragma once

#define MAJORS_CODE(Function) ((0x8000u << 16) | ((Function) << 2))

// Of majors.c. Out: text, what its handlers saw since the last time.
#define IOCTL_MAJORS_SEEN MAJORS_CODE(0x800u)
// Of majors_sender.c. In: a MAJORS_SEND; out: the status that came back, 32 bits.
#define IOCTL_MAJORS_SEND MAJORS_CODE(0x801u)

typedef struct {
    unsigned Bare; // to the device of the driver without handlers
    unsigned char Major;
    unsigned char Minor;
} MAJORS_SEND;
