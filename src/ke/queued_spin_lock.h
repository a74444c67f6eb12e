// SPDX-License-Identifier: MIT
#pragma once

#include "nt/nt.h"

namespace ringside::ke {

// At DISPATCH_LEVEL or above; first come, first served.
void acquire_queued_spin_lock(nt::KSPIN_LOCK& lock);
void release_queued_spin_lock(nt::KSPIN_LOCK& lock);
// A machine begins.
void reset_queued_spin_locks();

void KeAcquireInStackQueuedSpinLock(nt::KSPIN_LOCK* lock, nt::KLOCK_QUEUE_HANDLE* handle);
void KeReleaseInStackQueuedSpinLock(nt::KLOCK_QUEUE_HANDLE* handle);
void KeAcquireInStackQueuedSpinLockAtDpcLevel(nt::KSPIN_LOCK* lock, nt::KLOCK_QUEUE_HANDLE* handle);
void KeReleaseInStackQueuedSpinLockFromDpcLevel(nt::KLOCK_QUEUE_HANDLE* handle);
void KeAcquireInStackQueuedSpinLockForDpc(nt::KSPIN_LOCK* lock, nt::KLOCK_QUEUE_HANDLE* handle);
void KeReleaseInStackQueuedSpinLockForDpc(nt::KLOCK_QUEUE_HANDLE* handle);
nt::KIRQL KeAcquireQueuedSpinLock(nt::ULONG number);
void KeReleaseQueuedSpinLock(nt::ULONG number, nt::KIRQL old);

} // namespace ringside::ke
