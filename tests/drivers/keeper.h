// SPDX-License-Identifier: MIT
// What the keeper driver and its test say to each other.
#pragma once

// CTL_CODE(FILE_DEVICE_UNKNOWN, 0x901 + n, METHOD_BUFFERED, FILE_ANY_ACCESS). Each answers a KEEPER_SEEN.
#define IOCTL_KEEPER_RETURNS 0x00222404              // the lower dispatch routine returns
#define IOCTL_KEEPER_DISPATCH_RAISES 0x00222408      // it raises
#define IOCTL_KEEPER_COMPLETION_RAISES 0x0022240C    // it completes the request, and the completion routine raises
#define IOCTL_KEEPER_RAISES_AFTER_WAIT 0x00222410    // the lower dispatch routine waits for a timer, and raises

// Gives garbage for an IRP to one of the services on an IRP's path: a KEEPER_GARBAGE.
#define IOCTL_KEEPER_GARBAGE 0x00222414

enum { KEEPER_CALLS, KEEPER_COMPLETES, KEEPER_FREES, KEEPER_SERVICES };

typedef struct KEEPER_GARBAGE {
    unsigned long long Service;
    unsigned long long Irp;
} KEEPER_GARBAGE;

typedef struct KEEPER_SEEN {
    unsigned long long Vectors[10][2]; // xmm6 to xmm15 after the call, or in the handler
    unsigned long long LeftInDispatch; // IoGetRemainingStackSize in the lower dispatch routine
    unsigned long long LeftInCompletion;
} KEEPER_SEEN;
