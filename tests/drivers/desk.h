// SPDX-License-Identifier: MIT
#pragma once

#define DESK_CODE(Function, Method) ((0x8000u << 16) | ((Function) << 2) | (Method))

// In: a DESK_ORDER. What the desk does with each further request that is none of these.
#define IOCTL_DESK_ORDER DESK_CODE(0x800u, 0)
// In: a DESK_ORDER. Completes the oldest request that it keeps; STATUS_NO_MORE_ENTRIES when it keeps none.
#define IOCTL_DESK_SERVE DESK_CODE(0x801u, 0)
// Out: how many it keeps, 32 bits.
#define IOCTL_DESK_COUNT DESK_CODE(0x802u, 0)
// Anything else of it: a buffered and a neither request.
#define IOCTL_DESK_BUFFERED DESK_CODE(0x810u, 0)
#define IOCTL_DESK_NEITHER DESK_CODE(0x811u, 3)

// What is done with a request. Its system buffer is filled with 'd', all of it, whatever is reported.
typedef struct {
    int Status;
    unsigned Information;
    unsigned Keep;        // pend it, and complete it when told; a cancelled one goes at once
    unsigned Uncancelled; // keep it without a cancel routine
} DESK_ORDER;
