// SPDX-License-Identifier: MIT
#include "io/remove_lock.h"

#include "ex/pool.h"
#include "io/event.h"
#include "io/listener.h"
#include "io/manager.h"
#include "ke/debug.h"
#include "ke/guarded.h"

#include <cstdio>

namespace ringside::nt {

// What a lock of the large form keeps of one acquisition. Drivers see the pointer alone.
struct IO_REMOVE_LOCK_TRACKING_BLOCK {
    IO_REMOVE_LOCK_TRACKING_BLOCK* Next; // younger
    void* Tag;
    char const* File;
    ULONG Line;
};

} // namespace ringside::nt

namespace ringside::io {

namespace {

using TrackingBlock = IO_REMOVE_LOCK_TRACKING_BLOCK;

struct DebugLock {
    IO_REMOVE_LOCK_COMMON_BLOCK Common;
    IO_REMOVE_LOCK_DBG_BLOCK Dbg;
};
constexpr LONG kSignature = 0x4C4F4352; // 'RCOL'

LONG add(IO_REMOVE_LOCK* lock, LONG amount)
{
    return __atomic_add_fetch(&lock->Common.IoCount, amount, __ATOMIC_SEQ_CST);
}

// Null for a lock of the small form.
IO_REMOVE_LOCK_DBG_BLOCK* tracking_of(IO_REMOVE_LOCK* lock, ULONG lock_bytes)
{
    return lock_bytes == sizeof(DebugLock) ? &reinterpret_cast<DebugLock*>(lock)->Dbg : nullptr;
}

// Without memory for a block the acquisition succeeds, and is only counted.
void track(IO_REMOVE_LOCK_DBG_BLOCK& debug, void* tag, char const* file, ULONG line)
{
    auto* block = static_cast<TrackingBlock*>(ex::allocate(
        NonPagedPoolNx, sizeof(TrackingBlock), static_cast<uint32_t>(debug.AllocateTag), ex::Owner::Kernel, true));
    if (!block) {
        __atomic_add_fetch(&debug.LowMemoryCount, 1, __ATOMIC_SEQ_CST);
        return;
    }
    *block = { nullptr, tag, file, line };
    TrackingBlock** link = &debug.Blocks;
    while (*link)
        link = &(*link)->Next;
    *link = block;
}

// Of several acquisitions with one tag the oldest is given back.
bool untrack(IO_REMOVE_LOCK_DBG_BLOCK& debug, void* tag)
{
    for (TrackingBlock** link = &debug.Blocks; *link; link = &(*link)->Next)
        if ((*link)->Tag == tag) {
            TrackingBlock* const block = *link;
            *link = block->Next;
            ex::free(block, static_cast<uint32_t>(debug.AllocateTag));
            return true;
        }
    if (!debug.LowMemoryCount)
        return false;
    __atomic_add_fetch(&debug.LowMemoryCount, -1, __ATOMIC_SEQ_CST);
    return true;
}

void give_back(IO_REMOVE_LOCK* lock, void* tag, ULONG lock_bytes, char const* call)
{
    IO_REMOVE_LOCK_DBG_BLOCK* const debug = tracking_of(lock, lock_bytes);
    if (!debug || untrack(*debug, tag))
        return;
    char text[128];
    std::snprintf(text, sizeof text, "%s: nobody holds the remove lock with the tag %#llx", call,
                  static_cast<unsigned long long>(reinterpret_cast<uintptr_t>(tag)));
    ke::assertion_failed(text);
}

} // namespace

// @cite(wdk-ddi): page=wdm/nf-wdm-ioinitializeremovelock
void IoInitializeRemoveLockEx(IO_REMOVE_LOCK* lock, ULONG tag, ULONG locked_minutes_max, ULONG high_watermark,
                              ULONG lock_bytes)
{
    if (g_listener.remove_lock_initializing)
        g_listener.remove_lock_initializing(lock, locked_minutes_max, high_watermark);
    if (IO_REMOVE_LOCK_DBG_BLOCK* const debug = tracking_of(lock, lock_bytes)) {
        *debug = {};
        debug->Signature = kSignature;
        debug->HighWatermark = static_cast<LONG>(high_watermark);
        debug->MaxLockedTicks = int64_t { locked_minutes_max } * 60 * 10'000'000 / ke::Kernel::kTickUnits;
        debug->AllocateTag = static_cast<LONG>(tag);
        debug->LockList.Flink = debug->LockList.Blink = &debug->LockList;
    }
    lock->Common.Removed = FALSE;
    lock->Common.IoCount = 1;
    initialize_event(lock->Common.RemoveEvent, SynchronizationEvent, false);
}

// @cite(wdk-ddi): page=wdm/nf-wdm-ioacquireremovelock
NTSTATUS IoAcquireRemoveLockEx(IO_REMOVE_LOCK* lock, void* tag, char const* file, ULONG line, ULONG lock_bytes)
{
    add(lock, 1);
    if (lock->Common.Removed) {
        if (add(lock, -1) == 0)
            set_event(lock->Common.RemoveEvent);
        return STATUS_DELETE_PENDING;
    }
    if (IO_REMOVE_LOCK_DBG_BLOCK* const debug = tracking_of(lock, lock_bytes))
        track(*debug, tag, file, line);
    if (g_listener.remove_lock_acquired)
        g_listener.remove_lock_acquired(lock, { tag, file, line });
    return STATUS_SUCCESS;
}

// @cite(wdk-ddi): page=wdm/nf-wdm-ioreleaseremovelock
void IoReleaseRemoveLockEx(IO_REMOVE_LOCK* lock, void* tag, ULONG lock_bytes)
{
    if (g_listener.remove_lock_releasing)
        g_listener.remove_lock_releasing(lock, tag, false);
    give_back(lock, tag, lock_bytes, "IoReleaseRemoveLock");
    if (add(lock, -1) == 0)
        set_event(lock->Common.RemoveEvent);
}

// @cite(wdk-ddi): page=wdm/nf-wdm-ioreleaseremovelockandwait
void IoReleaseRemoveLockAndWaitEx(IO_REMOVE_LOCK* lock, void* tag, ULONG lock_bytes)
{
    if (g_listener.remove_lock_releasing)
        g_listener.remove_lock_releasing(lock, tag, true);
    give_back(lock, tag, lock_bytes, "IoReleaseRemoveLockAndWait");
    lock->Common.Removed = TRUE;
    add(lock, -1);              // the caller's own
    if (add(lock, -1) <= 0)     // the one that kept it above zero
        return;
    std::vector<RemovalWait>& waits = manager().removal_waits;
    waits.push_back({ lock, lock_bytes, ke::kernel().current().number });
    wait_for(lock->Common.RemoveEvent);
    std::erase_if(waits, [lock](RemovalWait const& wait) { return wait.lock == lock; });
}

void for_each_holder(RemovalWait const& wait, void (*visit)(void* context, RemoveLockHolder const& holder),
                     void* context)
{
    if (!tracking_of(wait.lock, wait.lock_bytes)) {
        if (g_listener.remove_lock_holders)
            g_listener.remove_lock_holders(wait.lock, visit, context);
        return;
    }
    auto const lock = ke::read_guarded<DebugLock>(wait.lock);
    TrackingBlock const* block = lock ? lock->Dbg.Blocks : nullptr;
    for (; block && ex::is_block(block); block = block->Next)
        visit(context, { block->Tag, block->File, block->Line });
}

} // namespace ringside::io
