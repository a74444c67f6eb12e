// SPDX-License-Identifier: MIT
//
// What the driver `ioctl` and its clients share: names and control codes. No other header is needed, so the same file
// serves the driver, a Windows program and a test on Linux.
//
// A control code is four numbers in one: device type, required access, function, transfer method. Windows headers build
// it with CTL_CODE(type, function, method, access); RINGSIDE_IOCTL is the same formula without them, and the driver
// asserts that both agree. Device types and functions with their highest bit set (0x8000, 0x800) are for anybody's own
// use; the rest belongs to Microsoft.
#pragma once

#define RINGSIDE_IOCTL(function, method) ((0x8000u << 16) | (0u << 14) | ((function) << 2) | (method))

// Method 0, buffered. The I/O manager copies the input into a kernel buffer, and the reply back out of the same one.
// Reply: the input's bytes in reverse order.
#define IOCTL_RINGSIDE_REVERSE RINGSIDE_IOCTL(0x800u, 0u)

// Method 1, in-direct. A small input is buffered; the second, large buffer is locked in memory for the driver to READ.
// Input: a 32-bit offset into the page that belongs to the open file. The second buffer is stored there.
// Information: the number of bytes stored. No bytes come back.
#define IOCTL_RINGSIDE_STORE RINGSIDE_IOCTL(0x801u, 1u)

// Method 2, out-direct. As above, but the second buffer is locked for the driver to WRITE.
// Input: a 32-bit offset into the page. Reply: the bytes from there, until the buffer is full or the page ends.
#define IOCTL_RINGSIDE_FETCH RINGSIDE_IOCTL(0x802u, 2u)

// Method 3, neither. The driver gets the client's own two addresses and checks, and survives, everything itself.
// Reply: the input with its letters a to z turned into capitals.
#define IOCTL_RINGSIDE_CAPITALS RINGSIDE_IOCTL(0x803u, 3u)

// Each open file has a page of this many bytes: this text first, zeros behind it. Reading and writing the file does the
// same as fetch and store, at the file offset.
#define RINGSIDE_IOCTL_PAGE_BYTES 4096u
#define RINGSIDE_IOCTL_GREETING "Hello from ring zero, or nearly."
