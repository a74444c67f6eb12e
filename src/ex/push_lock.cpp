// SPDX-License-Identifier: MIT
// @cite(wdk-ddi): page=wdm/nf-wdm-exacquirepushlockexclusive
// @cite(wdk-ddi): page=wdm/nf-wdm-exacquirespinlockshared
// @cite(wdk-docs): page=debugger/bug-check-0x152--invalid-push-lock-flags
#include "ex/push_lock.h"

#include "ex/at_dispatch.h"
#include "ex/executive.h"
#include "ke/bugcheck.h"
#include "ke/dispatcher_objects.h"
#include "ke/kernel.h"

namespace ringside::ex {

using namespace nt;

// On the stack of the thread that waits.
struct PushLockWaiter {
    EX_PUSH_LOCK* lock;
    bool exclusive;
    KEVENT granted;
    PushLockWaiter* next;
};

namespace {

constexpr EX_PUSH_LOCK kLocked = 1;
constexpr EX_PUSH_LOCK kWaiting = 2;
constexpr EX_PUSH_LOCK kShare = 0x10;
constexpr ULONG kKnownFlags = 0x3; // EX_PUSH_LOCK_FLAGS_DISABLE_AUTOBOOST and the one before it, both hints here

void check_flags(EX_PUSH_LOCK* lock, ULONG flags)
{
    if (flags & ~kKnownFlags)
        ke::bug_check(INVALID_PUSH_LOCK_FLAGS, flags, reinterpret_cast<uint64_t>(lock), 0, 0,
                      "a push lock was used with flags that do not exist");
}

bool try_exclusive(EX_PUSH_LOCK& lock)
{
    if (lock)
        return false;
    lock = kLocked;
    return true;
}

bool try_shared(EX_PUSH_LOCK& lock)
{
    // A waiter goes first, or writers could starve.
    if (lock & kWaiting)
        return false;
    if (lock && lock < kShare)
        return false; // owned exclusively
    lock = (lock + kShare) | kLocked;
    return true;
}

void wait_for(EX_PUSH_LOCK* lock, bool exclusive)
{
    PushLockWaiter waiter { lock, exclusive, {}, nullptr };
    ke::KeInitializeEvent(&waiter.granted, NotificationEvent, FALSE);
    PushLockWaiter** link = &executive().push_locks.first;
    while (*link)
        link = &(*link)->next;
    *link = &waiter;
    *lock |= kWaiting;
    ke::KeWaitForSingleObject(&waiter.granted, WrPushLock, KernelMode, FALSE, nullptr);
}

// The lock is free: the oldest waiter gets it, and with a reader all readers up to the next writer.
void grant(EX_PUSH_LOCK* lock)
{
    AtDispatch whole;
    EX_PUSH_LOCK word = 0;
    bool closed = false; // nobody else fits
    bool more = false;
    PushLockWaiter** link = &executive().push_locks.first;
    while (PushLockWaiter* waiter = *link) {
        if (waiter->lock != lock || closed || (waiter->exclusive && word)) {
            if (waiter->lock == lock)
                closed = more = true;
            link = &waiter->next;
            continue;
        }
        *link = waiter->next;
        word = waiter->exclusive ? kLocked : (word + kShare) | kLocked;
        closed = waiter->exclusive;
        ke::KeSetEvent(&waiter->granted, EVENT_INCREMENT, FALSE);
    }
    *lock = word | (more ? kWaiting : 0);
}

[[noreturn]] void not_held(EX_PUSH_LOCK* lock)
{
    ke::bug_check(RESOURCE_NOT_OWNED, reinterpret_cast<uint64_t>(lock),
                  reinterpret_cast<uint64_t>(ke::kernel().current().pointer()), 0, 0,
                  "a push lock was released that is not held so");
}

} // namespace

void ExInitializePushLock(EX_PUSH_LOCK* lock) { *lock = 0; }

void ExfAcquirePushLockExclusive(EX_PUSH_LOCK* lock)
{
    if (!try_exclusive(*lock))
        wait_for(lock, true);
}

void ExfAcquirePushLockShared(EX_PUSH_LOCK* lock)
{
    if (!try_shared(*lock))
        wait_for(lock, false);
}

BOOLEAN ExfTryAcquirePushLockShared(EX_PUSH_LOCK* lock) { return try_shared(*lock); }

void ExfReleasePushLockExclusive(EX_PUSH_LOCK* lock)
{
    if ((*lock & ~kWaiting) != kLocked)
        not_held(lock);
    if (*lock & kWaiting)
        grant(lock);
    else
        *lock = 0;
}

void ExfReleasePushLockShared(EX_PUSH_LOCK* lock)
{
    if (*lock < kShare || !(*lock & kLocked))
        not_held(lock);
    *lock -= kShare;
    if (*lock >= kShare)
        return;
    if (*lock & kWaiting)
        grant(lock);
    else
        *lock = 0;
}

void ExfReleasePushLock(EX_PUSH_LOCK* lock)
{
    if (*lock >= kShare)
        ExfReleasePushLockShared(lock);
    else
        ExfReleasePushLockExclusive(lock);
}

void ExfTryToWakePushLock(EX_PUSH_LOCK* lock)
{
    if ((*lock & (kWaiting | kLocked)) == kWaiting)
        grant(lock);
}

EX_PUSH_LOCK_CACHE_AWARE* ExAllocateCacheAwarePushLock()
{
    constexpr ULONG kTag = 0x4C507845; // 'ExPL'
    return static_cast<EX_PUSH_LOCK_CACHE_AWARE*>(
        allocate(NonPagedPoolNxCacheAligned, sizeof(EX_PUSH_LOCK_CACHE_AWARE), kTag, Owner::Driver, true));
}

void ExFreeCacheAwarePushLock(EX_PUSH_LOCK_CACHE_AWARE* lock) { free(lock, 0); }
void ExAcquireCacheAwarePushLockExclusive(EX_PUSH_LOCK_CACHE_AWARE* lock) { ExfAcquirePushLockExclusive(&lock->lock); }
void ExReleaseCacheAwarePushLockExclusive(EX_PUSH_LOCK_CACHE_AWARE* lock) { ExfReleasePushLockExclusive(&lock->lock); }

void ExAcquirePushLockExclusiveEx(EX_PUSH_LOCK* lock, ULONG flags)
{
    check_flags(lock, flags);
    ExfAcquirePushLockExclusive(lock);
}

void ExAcquirePushLockSharedEx(EX_PUSH_LOCK* lock, ULONG flags)
{
    check_flags(lock, flags);
    ExfAcquirePushLockShared(lock);
}

BOOLEAN ExTryAcquirePushLockExclusiveEx(EX_PUSH_LOCK* lock, ULONG flags)
{
    check_flags(lock, flags);
    return try_exclusive(*lock);
}

BOOLEAN ExTryAcquirePushLockSharedEx(EX_PUSH_LOCK* lock, ULONG flags)
{
    check_flags(lock, flags);
    return try_shared(*lock);
}

void ExReleasePushLockExclusiveEx(EX_PUSH_LOCK* lock, ULONG flags)
{
    check_flags(lock, flags);
    ExfReleasePushLockExclusive(lock);
}

void ExReleasePushLockSharedEx(EX_PUSH_LOCK* lock, ULONG flags)
{
    check_flags(lock, flags);
    ExfReleasePushLockShared(lock);
}

void ExReleasePushLockEx(EX_PUSH_LOCK* lock, ULONG flags)
{
    check_flags(lock, flags);
    ExfReleasePushLock(lock);
}

// --- Reader/writer spin locks ---

namespace {
constexpr uint32_t kExclusive = 0x80000000;
constexpr uint32_t kWriterWaits = 0x40000000;

uint32_t& word_of(LONG* lock) { return *reinterpret_cast<uint32_t*>(lock); }

[[noreturn]] void spin_lock_not_held(LONG* lock)
{
    ke::bug_check(SPIN_LOCK_NOT_OWNED, reinterpret_cast<uint64_t>(lock), 0, 0, 0,
                  "a reader/writer spin lock was released that is not held so");
}
} // namespace

void ExAcquireSpinLockExclusiveAtDpcLevel(LONG* lock)
{
    uint32_t& word = word_of(lock);
    while (word & ~kWriterWaits) {
        word |= kWriterWaits;
        ke::kernel().spin();
    }
    word = kExclusive; // another writer that waits sets its bit again
}

void ExAcquireSpinLockSharedAtDpcLevel(LONG* lock)
{
    uint32_t& word = word_of(lock);
    while (word & (kExclusive | kWriterWaits))
        ke::kernel().spin();
    ++word;
}

void ExReleaseSpinLockExclusiveFromDpcLevel(LONG* lock)
{
    uint32_t& word = word_of(lock);
    if (!(word & kExclusive))
        spin_lock_not_held(lock);
    word &= ~kExclusive;
}

void ExReleaseSpinLockSharedFromDpcLevel(LONG* lock)
{
    uint32_t& word = word_of(lock);
    if (word & kExclusive || !(word & ~kWriterWaits))
        spin_lock_not_held(lock);
    --word;
}

LOGICAL ExTryConvertSharedSpinLockExclusive(LONG* lock)
{
    uint32_t& word = word_of(lock);
    if ((word & ~kWriterWaits) != 1)
        return FALSE;
    word = kExclusive | (word & kWriterWaits);
    return TRUE;
}

KIRQL ExAcquireSpinLockExclusive(LONG* lock)
{
    KIRQL const old = ke::kernel().raise_irql(DISPATCH_LEVEL);
    ExAcquireSpinLockExclusiveAtDpcLevel(lock);
    return old;
}

KIRQL ExAcquireSpinLockShared(LONG* lock)
{
    KIRQL const old = ke::kernel().raise_irql(DISPATCH_LEVEL);
    ExAcquireSpinLockSharedAtDpcLevel(lock);
    return old;
}

void ExReleaseSpinLockExclusive(LONG* lock, KIRQL old)
{
    ExReleaseSpinLockExclusiveFromDpcLevel(lock);
    ke::kernel().lower_irql(old);
}

void ExReleaseSpinLockShared(LONG* lock, KIRQL old)
{
    ExReleaseSpinLockSharedFromDpcLevel(lock);
    ke::kernel().lower_irql(old);
}

} // namespace ringside::ex
