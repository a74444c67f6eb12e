// SPDX-License-Identifier: MIT
// Fast mutexes and guarded mutexes: a count in the driver's memory (1: free; each waiter takes one more), and an event
// for who must wait. The releaser hands the mutex to one waiter. A thread that acquires one twice waits for ever, as on
// Windows.
#pragma once

#include "nt/nt.h"

namespace ringside::ex {

void ExAcquireFastMutex(nt::FAST_MUTEX* mutex);
void ExAcquireFastMutexUnsafe(nt::FAST_MUTEX* mutex);
nt::BOOLEAN ExTryToAcquireFastMutex(nt::FAST_MUTEX* mutex);
void ExReleaseFastMutex(nt::FAST_MUTEX* mutex);
void ExReleaseFastMutexUnsafe(nt::FAST_MUTEX* mutex);
void ExEnterCriticalRegionAndAcquireFastMutexUnsafe(nt::FAST_MUTEX* mutex);
void ExReleaseFastMutexUnsafeAndLeaveCriticalRegion(nt::FAST_MUTEX* mutex);

void KeInitializeGuardedMutex(nt::KGUARDED_MUTEX* mutex);
void KeAcquireGuardedMutex(nt::KGUARDED_MUTEX* mutex);
void KeAcquireGuardedMutexUnsafe(nt::KGUARDED_MUTEX* mutex);
nt::BOOLEAN KeTryToAcquireGuardedMutex(nt::KGUARDED_MUTEX* mutex);
void KeReleaseGuardedMutex(nt::KGUARDED_MUTEX* mutex);
void KeReleaseGuardedMutexUnsafe(nt::KGUARDED_MUTEX* mutex);

} // namespace ringside::ex
