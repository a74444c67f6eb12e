// SPDX-License-Identifier: MIT
#pragma once

#define WILD_CODE(function) ((0x8000u << 16) | ((function) << 2))
// Its input, where one is named, is a 32-bit number.
#define IOCTL_WILD_EXIT WILD_CODE(0x900u)   // ends the process with the exit code given
#define IOCTL_WILD_KILL WILD_CODE(0x901u)   // sends the signal given to the process
#define IOCTL_WILD_CLOSE WILD_CODE(0x902u)  // closes the descriptor given
#define IOCTL_WILD_SPEAK WILD_CODE(0x903u)  // writes what stands behind the number to that descriptor
#define IOCTL_WILD_COMPUTE WILD_CODE(0x904u) // never comes back
#define IOCTL_WILD_KEEP WILD_CODE(0x905u)   // completes the request when it is cancelled: STATUS_CANCELLED
#define IOCTL_WILD_PROCESS WILD_CODE(0x906u) // reply: the number of the process, 32 bits
