// SPDX-License-Identifier: MIT
// What wmi_liar.sys and its test agree on: the driver answers WMI as it was told before, whatever that breaks.
#pragma once

#define WMI_LIAR_GUID "{11a70000-0001-4d6e-9f0e-1f6a5a3b7c01}"
// Of the block that it leaves to WmiLib.
#define WMI_LIAR_LIB_GUID "{11a70000-0002-4d6e-9f0e-1f6a5a3b7c01}"

#define LIAR_CODE(Function) ((0x8000u << 16) | ((Function) << 2))

// In: a LIAR_ANSWER and its bytes. What it answers from now on to each request of that minor function.
#define IOCTL_LIAR_ANSWER LIAR_CODE(0x800u)
// In: 32 bits, the action for IoWMIRegistrationControl.
#define IOCTL_LIAR_REGISTER LIAR_CODE(0x801u)
// In: a LIAR_EVENT and its bytes. Gives them to IoWMIWriteEvent; completes with what that returned.
#define IOCTL_LIAR_FIRE LIAR_CODE(0x802u)
// Completes the request that it keeps, as it was told.
#define IOCTL_LIAR_RELEASE LIAR_CODE(0x803u)
// In: a LIAR_LIB. It leaves all requests to WmiLib from now on, which calls routines that lie so.
#define IOCTL_LIAR_LIB LIAR_CODE(0x804u)

#define LIAR_NOWHERE 0xFFFFFFFFu
#define LIAR_MINORS 12u

typedef struct {
    unsigned Minor;
    int Status;
    unsigned long long Information;
    unsigned Bytes;  // that follow: copied into the buffer, however small that is
    unsigned RoomAt; // where it writes the size of the buffer, and 8 bytes more: what it needs, it says
    unsigned PdoAt;  // where it writes its device, referenced
    unsigned Keep;   // the request is kept until IOCTL_LIAR_RELEASE
} LIAR_ANSWER;

typedef enum { LIAR_BLOCK, LIAR_INSIDE_A_BLOCK, LIAR_NO_POOL, LIAR_TWICE, LIAR_WRITTEN_AFTERWARDS } LIAR_WHERE;

typedef struct {
    unsigned Where; // LIAR_WHERE: the event's memory
    unsigned Block; // its size
    unsigned Own;   // the header is given the provider's own number
    unsigned Bytes; // that follow
} LIAR_EVENT;

typedef struct {
    unsigned Name;       // there is a base name, "Lie"; else a promise of one
    unsigned Count;      // written over the WNODE_ALL_DATA's InstanceCount, unless 0
    unsigned Lengths[2]; // of the instances
    unsigned Used;       // told to WmiCompleteRequest
    int Status;
} LIAR_LIB;
