// SPDX-License-Identifier: MIT
#pragma once

#define WATCHER_CODE(function) ((0x8000u << 16) | ((function) << 2))
#define IOCTL_WATCHER_WAIT WATCHER_CODE(0x800u)      // until it is cancelled
#define IOCTL_WATCHER_WHO_AM_I WATCHER_CODE(0x801u)  // out: a process id, 4 bytes
#define IOCTL_WATCHER_TERMINATE WATCHER_CODE(0x802u) // in: a process id; out: the status of ending it, 4 bytes
#define IOCTL_WATCHER_COUNTS WATCHER_CODE(0x803u)    // out: WATCHER_COUNTS

typedef struct {
    unsigned ProcessesMade;
    unsigned ProcessesEnded;
    unsigned ThreadsMade;
    unsigned ThreadsEnded;
    unsigned HandlesBefore;
    unsigned HandlesAfter;
    unsigned TerminateGranted; // handles that may still terminate a process
    unsigned Waiting;
} WATCHER_COUNTS;
