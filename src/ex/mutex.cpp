// SPDX-License-Identifier: MIT
// @cite(wdk-docs): page=kernel/fast-mutexes-and-guarded-mutexes
#include "ex/mutex.h"

#include "ke/dispatcher_objects.h"
#include "ke/kernel.h"

namespace ringside::ex {

using namespace nt;

namespace {

PKTHREAD current_thread() { return ke::kernel().current().pointer(); }

// Both kinds begin alike; only the waiters' object differs in name.
template <typename Mutex>
void acquire(Mutex& mutex, DISPATCHER_HEADER& event, KWAIT_REASON reason)
{
    mutex.Count = mutex.Count - 1;
    if (mutex.Count != 0) {
        ++mutex.Contention;
        void* object = &event;
        ke::kernel().wait(1, &object, WaitAny, reason, KernelMode, false, nullptr, nullptr);
    }
    mutex.Owner = current_thread();
}

template <typename Mutex>
bool try_acquire(Mutex& mutex)
{
    if (mutex.Count != 1)
        return false;
    mutex.Count = 0;
    mutex.Owner = current_thread();
    return true;
}

template <typename Mutex>
void release(Mutex& mutex, DISPATCHER_HEADER& event)
{
    mutex.Owner = nullptr;
    mutex.Count = mutex.Count + 1;
    if (mutex.Count <= 0)
        ke::KeSetEvent(reinterpret_cast<KEVENT*>(&event), EVENT_INCREMENT, FALSE);
}

void acquire(FAST_MUTEX* mutex) { acquire(*mutex, mutex->Event.Header, WrFastMutex); }
void release(FAST_MUTEX* mutex) { release(*mutex, mutex->Event.Header); }
void acquire(KGUARDED_MUTEX* mutex) { acquire(*mutex, mutex->Gate.Header, WrGuardedMutex); }
void release(KGUARDED_MUTEX* mutex) { release(*mutex, mutex->Gate.Header); }

} // namespace

void ExAcquireFastMutex(FAST_MUTEX* mutex)
{
    uint8_t const old = ke::kernel().raise_irql(APC_LEVEL);
    acquire(mutex);
    mutex->OldIrql = old;
}

BOOLEAN ExTryToAcquireFastMutex(FAST_MUTEX* mutex)
{
    uint8_t const old = ke::kernel().raise_irql(APC_LEVEL);
    if (try_acquire(*mutex)) {
        mutex->OldIrql = old;
        return TRUE;
    }
    ke::kernel().lower_irql(old);
    return FALSE;
}

void ExReleaseFastMutex(FAST_MUTEX* mutex)
{
    auto const old = static_cast<uint8_t>(mutex->OldIrql);
    release(mutex);
    ke::kernel().lower_irql(old);
}

void ExAcquireFastMutexUnsafe(FAST_MUTEX* mutex) { acquire(mutex); }
void ExReleaseFastMutexUnsafe(FAST_MUTEX* mutex) { release(mutex); }

void ExEnterCriticalRegionAndAcquireFastMutexUnsafe(FAST_MUTEX* mutex)
{
    ke::KeEnterCriticalRegion();
    acquire(mutex);
}

void ExReleaseFastMutexUnsafeAndLeaveCriticalRegion(FAST_MUTEX* mutex)
{
    release(mutex);
    ke::KeLeaveCriticalRegion();
}

void KeInitializeGuardedMutex(KGUARDED_MUTEX* mutex)
{
    mutex->Count = 1;
    mutex->Owner = nullptr;
    mutex->Contention = 0;
    // The gate is opaque to drivers: an event that lets one waiter through.
    ke::KeInitializeEvent(reinterpret_cast<KEVENT*>(&mutex->Gate), SynchronizationEvent, FALSE);
    mutex->CombinedApcDisable = 0;
}

void KeAcquireGuardedMutex(KGUARDED_MUTEX* mutex)
{
    ke::KeEnterGuardedRegion();
    acquire(mutex);
}

void KeAcquireGuardedMutexUnsafe(KGUARDED_MUTEX* mutex) { acquire(mutex); }

BOOLEAN KeTryToAcquireGuardedMutex(KGUARDED_MUTEX* mutex)
{
    ke::KeEnterGuardedRegion();
    if (try_acquire(*mutex))
        return TRUE;
    ke::KeLeaveGuardedRegion();
    return FALSE;
}

void KeReleaseGuardedMutex(KGUARDED_MUTEX* mutex)
{
    release(mutex);
    ke::KeLeaveGuardedRegion();
}

void KeReleaseGuardedMutexUnsafe(KGUARDED_MUTEX* mutex) { release(mutex); }

} // namespace ringside::ex
