// SPDX-License-Identifier: MIT
// What the driver `bell` and its test agree on.
#pragma once

#define IOCTL_BELL_RING_LATER ((0x8000u << 16) | (0x800u << 2))

#define IOCTL_BELL_WAIT ((0x8000u << 16) | (0x801u << 2)) // completed by the DPC; Event is not looked at

struct BELL_ORDER {
    unsigned long long Event; // the client's handle
    unsigned Milliseconds;    // until the event is set
    unsigned Reserved;
};
