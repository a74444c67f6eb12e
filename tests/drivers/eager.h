// SPDX-License-Identifier: MIT
// What eager.sys and its test agree on.
#pragma once

#define EAGER_CODE(Function) ((0x8000u << 16) | ((Function) << 2))

// The driver sends itself many requests with an event that is set already; each is completed at once.
#define IOCTL_EAGER_SEND EAGER_CODE(0x800u)
#define IOCTL_EAGER_AT_ONCE EAGER_CODE(0x801u)
// It keeps the request until it is cancelled.
#define IOCTL_EAGER_KEEP EAGER_CODE(0x802u)
