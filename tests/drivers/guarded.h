// SPDX-License-Identifier: MIT
// What the guarded driver and its test say to each other.
#pragma once

// CTL_CODE(FILE_DEVICE_UNKNOWN, 0x900, METHOD_BUFFERED, FILE_ANY_ACCESS)
#define IOCTL_GUARDED_WHO 0x00222400

#ifdef __cplusplus
#include <cstdint>
using GuardedChar = char16_t;
using GuardedByte = uint8_t;
#else
typedef wchar_t GuardedChar;
typedef unsigned char GuardedByte;
#endif

typedef struct GUARDED_WHO {
    GuardedByte Administrator;
    GuardedChar Sid[64];
} GUARDED_WHO;
