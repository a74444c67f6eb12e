// SPDX-License-Identifier: MIT
//
// What the driver `seh` and its clients share. Each control code makes the driver raise or meet one kind of exception;
// the reply is a line of text (no terminating zero) that tells, word by word and in order, which filters, finally
// blocks and handlers ran. All are METHOD_BUFFERED; give 256 bytes for the reply. ioctl.h in the neighbouring example
// explains how control codes are made.
#pragma once

#define RINGSIDE_SEH(function) ((0x8000u << 16) | ((function) << 2))

#define RINGSIDE_SEH_REPLY_BYTES 256u

// A status is raised and caught. Input: the 32-bit status, or nothing for STATUS_ACCESS_DENIED (0xC0000022).
// Reply: "filter(c0000022) except(c0000022)"
#define IOCTL_SEH_RAISE RINGSIDE_SEH(0x810u)
#define SEH_REPLY_RAISE "filter(c0000022) except(c0000022)"

// An ordinary load from a bad user-range address faults. Input: the 64-bit address, or nothing for the null pointer.
// The filter reports the two parameters of the access violation: 0 for a read, and the address.
#define IOCTL_SEH_LOAD RINGSIDE_SEH(0x811u)
#define SEH_REPLY_LOAD "filter(c0000005,0,0) except(c0000005)"

// The same with a store: parameter 1.
#define IOCTL_SEH_STORE RINGSIDE_SEH(0x812u)
#define SEH_REPLY_STORE "filter(c0000005,1,0) except(c0000005)"

// The inner filter declines, the outer one accepts: both are asked, from the inside out.
#define IOCTL_SEH_NESTED RINGSIDE_SEH(0x813u)
#define SEH_REPLY_NESTED "inner-filter outer-filter outer-except(c00000a3)"

// Filters run first, while everything still stands; only then are the finally blocks run, from the inside out, and told
// that the end is abnormal (1). The last one ends normally (0).
#define IOCTL_SEH_FINALLY RINGSIDE_SEH(0x814u)
#define SEH_REPLY_FINALLY "filter inner-finally(1) outer-finally(1) except finally(0)"

// A filter repairs the register that held a null pointer and has the load executed again.
#define IOCTL_SEH_CONTINUE RINGSIDE_SEH(0x815u)
#define SEH_REPLY_CONTINUE "filter(c0000005) loaded(1234)"

// A finally block that runs because of one exception raises another: the two unwinds collide, the second one wins.
#define IOCTL_SEH_COLLIDED RINGSIDE_SEH(0x816u)
#define SEH_REPLY_COLLIDED "filter(c0000001) finally(1) filter(c0000002) except(c0000002)"

// The exception passes through the kernel: IoCallDriver calls another dispatch routine of this driver, which raises.
#define IOCTL_SEH_THROUGH_KERNEL RINGSIDE_SEH(0x817u)
#define SEH_REPLY_THROUGH_KERNEL "called lower-finally(1) except(c0000010) upper-finally(0)"

// The exception passes eight calls of a recursive function, each with a finally block and live registers.
#define IOCTL_SEH_DEEP RINGSIDE_SEH(0x818u)
#define SEH_REPLY_DEEP "8 7 6 5 4 3 2 1 except(c0000120) kept(256)"

// Leaving guarded code by __leave ends it normally (0), by return abnormally (1); no exception is involved.
#define IOCTL_SEH_LEAVE RINGSIDE_SEH(0x819u)
#define SEH_REPLY_LEAVE "leave finally(0) return finally(1)"

// A handler that raises again: the exception is then met outside its own guarded code, by the next handler.
#define IOCTL_SEH_RERAISE RINGSIDE_SEH(0x81Au)
#define SEH_REPLY_RERAISE "except(c0000005) finally(1) except(c000009a)"

// An exception inside a filter: it is dispatched on top of the first, and a handler around the filter's work takes it.
#define IOCTL_SEH_FAULT_IN_FILTER RINGSIDE_SEH(0x81Bu)
#define SEH_REPLY_FAULT_IN_FILTER "filter(c0000001) filter-except(c0000005) except(c0000001)"

// These two end the machine. An invalid kernel address is no exception, __try or not: bug check 0x50. And an exception
// that nobody handles is a bug check too.
#define IOCTL_SEH_KERNEL_ADDRESS RINGSIDE_SEH(0x81Cu)
#define IOCTL_SEH_UNHANDLED RINGSIDE_SEH(0x81Du)
