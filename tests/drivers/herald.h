// SPDX-License-Identifier: MIT
// What the driver `herald` and its test agree on.
#pragma once

#define HERALD_CODE(function) ((0x8000u << 16) | ((function) << 2))

// In: a ULONG, how many tries fail. Each failure is a hard error; the first try that does not fail answers "data".
#define IOCTL_HERALD_FAIL HERALD_CODE(0x800u)
#define IOCTL_HERALD_FAIL_IN_REGION HERALD_CODE(0x801u) // the same, raised in a critical region
// In: an NTSTATUS; out: what IoRaiseInformationalHardError returned, for the current thread or for none.
#define IOCTL_HERALD_INFORM HERALD_CODE(0x802u)
#define IOCTL_HERALD_INFORM_SYSTEM HERALD_CODE(0x803u)
// In: a BOOLEAN for IoSetThreadHardErrorMode; out: what it returned.
#define IOCTL_HERALD_MODE HERALD_CODE(0x804u)
#define IOCTL_HERALD_LOG HERALD_CODE(0x805u)  // an entry for the event log
#define IOCTL_HERALD_PATH HERALD_CODE(0x806u) // out: IoQueryFullDriverPath's
#define IOCTL_HERALD_KEEP HERALD_CODE(0x807u) // one keep-alive count for the caller
#define IOCTL_HERALD_LET_GO HERALD_CODE(0x808u)
// Out: a HERALD_LINKS.
#define IOCTL_HERALD_LINKS HERALD_CODE(0x809u)
// Out: a HERALD_SMALL.
#define IOCTL_HERALD_SMALL HERALD_CODE(0x80Au)

// For a soft reboot: in: text, kept under a tag and without one. Out: a HERALD_FOUND.
#define IOCTL_HERALD_REMEMBER HERALD_CODE(0x80Bu)
#define IOCTL_HERALD_RECALL HERALD_CODE(0x80Cu)

struct HERALD_FOUND {
    int Heard;            // blocks that the enumeration told of
    int SizeStatus, Size; // of the one without a tag
    int SmallStatus;      // acquired into too little room
    int TaggedStatus, Again;
    char Plain[16], Tagged[16];
};

struct HERALD_LINKS {
    int Read;         // opens a link for reading, letting nobody delete
    int DeleteSame;   // opens that link for deleting
    int DeleteOther;  // another link of the file
    int AfterClose;   // the first link again, when the reader has gone
};

struct HERALD_SMALL {
    int Initiator, Silo, Shadow, OplockKeys; // how many of them there were
    int Paging;                              // IoGetPagingIoPriority of the request
    int BlockStatus;                         // through IosbToIosb64 and back
    int BlockInformation;
    int Activity;                            // an ID that was set on the thread is the request's
};
