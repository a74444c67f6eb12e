// SPDX-License-Identifier: MIT
// Remove locks: a count of the operations that use a device, and the wait for the last of them before it is removed.
// The lock is the driver's bytes. IoCount is one while nobody holds it, so it reaches zero only after removal began.
//
// A driver built with DBG passes a larger lock, which knows who holds it: each acquisition with its tag, file and line in
// a block of pool. There a release with a tag that nobody holds it with is a failed assertion. A lock of the small form
// only counts; its tags are known where the Verifier listens.
// @cite(wdk-docs): page=kernel/using-remove-locks
#pragma once

#include "nt/nt.h"

#include <cstdint>

namespace ringside::io {

// PASSIVE_LEVEL. `tag`: of the pool that a large lock takes its blocks from; `locked_minutes_max` and `high_watermark`:
// the Verifier's, 0: no limit.
void IoInitializeRemoveLockEx(IO_REMOVE_LOCK* lock, ULONG tag, ULONG locked_minutes_max, ULONG high_watermark,
                              ULONG lock_bytes);
// Up to DISPATCH_LEVEL. STATUS_DELETE_PENDING once removal has begun. The memory at `file` must outlive the acquisition.
NTSTATUS IoAcquireRemoveLockEx(IO_REMOVE_LOCK* lock, void* tag, char const* file, ULONG line, ULONG lock_bytes);
// Up to DISPATCH_LEVEL.
void IoReleaseRemoveLockEx(IO_REMOVE_LOCK* lock, void* tag, ULONG lock_bytes);
// PASSIVE_LEVEL: gives back the caller's own acquisition and waits for all others.
void IoReleaseRemoveLockAndWaitEx(IO_REMOVE_LOCK* lock, void* tag, ULONG lock_bytes);

// One acquisition; `file` is empty where the driver was built without DBG.
struct RemoveLockHolder {
    void* tag;
    char const* file;
    ULONG line;
};
// Somebody waits in IoReleaseRemoveLockAndWait.
struct RemovalWait {
    IO_REMOVE_LOCK* lock;
    ULONG lock_bytes;
    uint32_t thread; // its number
};
// Oldest acquisition first. Nothing for a lock of the small form that no Verifier watches, nor for one whose memory is
// gone. A holder's file stands in its driver's memory, which may be gone, too.
void for_each_holder(RemovalWait const& wait, void (*visit)(void* context, RemoveLockHolder const& holder),
                     void* context);

} // namespace ringside::io
