// SPDX-License-Identifier: MIT
// Push locks and reader/writer spin locks: one word in the driver's memory, no record. A push lock's word has Windows'
// own meaning (bit 0 locked, bit 1 waiters, shared count from bit 4), for its uncontended paths were inline in places;
// who waits stands in one queue of stack frames.
#pragma once

#include "nt/nt.h"

namespace ringside::ex {

struct PushLockWaiter;

struct PushLockWaiters {
    PushLockWaiter* first = nullptr; // of all locks, in order of arrival
};

void ExInitializePushLock(nt::EX_PUSH_LOCK* lock);
void ExAcquirePushLockExclusiveEx(nt::EX_PUSH_LOCK* lock, nt::ULONG flags);
void ExAcquirePushLockSharedEx(nt::EX_PUSH_LOCK* lock, nt::ULONG flags);
nt::BOOLEAN ExTryAcquirePushLockExclusiveEx(nt::EX_PUSH_LOCK* lock, nt::ULONG flags);
nt::BOOLEAN ExTryAcquirePushLockSharedEx(nt::EX_PUSH_LOCK* lock, nt::ULONG flags);
void ExReleasePushLockExclusiveEx(nt::EX_PUSH_LOCK* lock, nt::ULONG flags);
void ExReleasePushLockSharedEx(nt::EX_PUSH_LOCK* lock, nt::ULONG flags);
void ExReleasePushLockEx(nt::EX_PUSH_LOCK* lock, nt::ULONG flags);
void ExfAcquirePushLockExclusive(nt::EX_PUSH_LOCK* lock);
void ExfAcquirePushLockShared(nt::EX_PUSH_LOCK* lock);
nt::BOOLEAN ExfTryAcquirePushLockShared(nt::EX_PUSH_LOCK* lock);
void ExfReleasePushLock(nt::EX_PUSH_LOCK* lock);
void ExfReleasePushLockExclusive(nt::EX_PUSH_LOCK* lock);
void ExfReleasePushLockShared(nt::EX_PUSH_LOCK* lock);
void ExfTryToWakePushLock(nt::EX_PUSH_LOCK* lock);

// Push locks of one word per processor on Windows, where readers then share no cache line; opaque to drivers.
struct EX_PUSH_LOCK_CACHE_AWARE {
    nt::EX_PUSH_LOCK lock;
};
EX_PUSH_LOCK_CACHE_AWARE* ExAllocateCacheAwarePushLock();
void ExFreeCacheAwarePushLock(EX_PUSH_LOCK_CACHE_AWARE* lock);
void ExAcquireCacheAwarePushLockExclusive(EX_PUSH_LOCK_CACHE_AWARE* lock);
void ExReleaseCacheAwarePushLockExclusive(EX_PUSH_LOCK_CACHE_AWARE* lock);

// EX_SPIN_LOCK: bit 31 owned exclusively, bit 30 a writer waits, below them the number of readers.
nt::KIRQL ExAcquireSpinLockExclusive(nt::LONG* lock);
nt::KIRQL ExAcquireSpinLockShared(nt::LONG* lock);
void ExAcquireSpinLockExclusiveAtDpcLevel(nt::LONG* lock);
void ExAcquireSpinLockSharedAtDpcLevel(nt::LONG* lock);
void ExReleaseSpinLockExclusive(nt::LONG* lock, nt::KIRQL old);
void ExReleaseSpinLockShared(nt::LONG* lock, nt::KIRQL old);
void ExReleaseSpinLockExclusiveFromDpcLevel(nt::LONG* lock);
void ExReleaseSpinLockSharedFromDpcLevel(nt::LONG* lock);
nt::LOGICAL ExTryConvertSharedSpinLockExclusive(nt::LONG* lock);

} // namespace ringside::ex
