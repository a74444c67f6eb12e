// SPDX-License-Identifier: MIT
// What the driver `breaks` and its test agree on: each answers with one 32-bit number.
#pragma once

#define BREAKS_CODE(function) ((0x8000u << 16) | ((function) << 2))
#define IOCTL_BREAKS_EACH_WAY BREAKS_CODE(0x800u)   // ways that were gone on from: a bit each, in the order below
#define IOCTL_BREAKS_GUARDED BREAKS_CODE(0x801u)    // the exceptions that the same ways raised: a bit each
#define IOCTL_BREAKS_DEBUGGER BREAKS_CODE(0x802u)   // BREAKS_SEEN_*
#define IOCTL_BREAKS_DISABLED BREAKS_CODE(0x803u)   // statuses of disabling and enabling, a digit each: breaks.c

enum {
    BREAKS_INT3 = 1,
    BREAKS_INT2C = 2,
    BREAKS_POINT = 4,
    BREAKS_POINT_WITH_STATUS = 8,
    BREAKS_ASSERT = 16,
    BREAKS_EACH = 31,
};

enum {
    BREAKS_SEEN_ENABLED = 1, // KdDebuggerEnabled
    BREAKS_SEEN_PRESENT = 2, // not KdDebuggerNotPresent
    BREAKS_SEEN_REFRESHED = 4, // KdRefreshDebuggerNotPresent says that it is there
    BREAKS_SEEN_SHARED_ENABLED = 8, // the shared user data page
    BREAKS_SEEN_SHARED_PRESENT = 16,
};
