// SPDX-License-Identifier: MIT
// Remove locks: a count of the operations that use a device, and the wait for the last of them before it is removed.
// The lock is the driver's bytes. IoCount is one while nobody holds it, so it reaches zero only after removal began.
// A driver built with DBG passes a larger lock with a tracking part, which is initialized and not used.
// @cite(wdk-docs): page=kernel/using-remove-locks
#pragma once

#include "nt/nt.h"

namespace ringside::io {

void IoInitializeRemoveLockEx(IO_REMOVE_LOCK* lock, ULONG tag, ULONG locked_minutes_max, ULONG high_watermark,
                              ULONG lock_bytes);
NTSTATUS IoAcquireRemoveLockEx(IO_REMOVE_LOCK* lock, void* tag, char const* file, ULONG line, ULONG lock_bytes);
void IoReleaseRemoveLockEx(IO_REMOVE_LOCK* lock, void* tag, ULONG lock_bytes);
void IoReleaseRemoveLockAndWaitEx(IO_REMOVE_LOCK* lock, void* tag, ULONG lock_bytes);

} // namespace ringside::io
