// SPDX-License-Identifier: MIT
#pragma once

// In: two 32-bit numbers, how often and what (BENCH_*). Runs them inside the kernel.
#define IOCTL_BENCH_LOOP ((0x8000u << 16) | (0x800u << 2))
// Does nothing: a client's round trip.
#define IOCTL_BENCH_NOTHING ((0x8000u << 16) | (0x801u << 2))

#define BENCH_ALLOCATED_1 0u // allocate, call, complete, free: one driver
#define BENCH_REUSED_1 1u
#define BENCH_ALLOCATED_3 2u // three drivers with completion routines
#define BENCH_REUSED_3 3u
#define BENCH_CHAIN_1 4u     // the bare chain of as many indirect calls, and the zeroing of the IRP
#define BENCH_CHAIN_3 5u
