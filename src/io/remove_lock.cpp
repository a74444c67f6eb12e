// SPDX-License-Identifier: MIT
#include "io/remove_lock.h"

#include "io/event.h"

namespace ringside::io {

namespace {

struct DebugLock {
    IO_REMOVE_LOCK_COMMON_BLOCK Common;
    IO_REMOVE_LOCK_DBG_BLOCK Dbg;
};
constexpr LONG kSignature = 0x4C4F4352; // 'RCOL'

LONG add(IO_REMOVE_LOCK* lock, LONG amount)
{
    return __atomic_add_fetch(&lock->Common.IoCount, amount, __ATOMIC_SEQ_CST);
}

} // namespace

// @cite(wdk-ddi): page=wdm/nf-wdm-ioinitializeremovelock
void IoInitializeRemoveLockEx(IO_REMOVE_LOCK* lock, ULONG tag, ULONG locked_minutes_max, ULONG high_watermark,
                              ULONG lock_bytes)
{
    if (lock_bytes == sizeof(DebugLock)) {
        IO_REMOVE_LOCK_DBG_BLOCK& debug = reinterpret_cast<DebugLock*>(lock)->Dbg;
        debug = {};
        debug.Signature = kSignature;
        debug.HighWatermark = static_cast<LONG>(high_watermark);
        debug.MaxLockedTicks = int64_t { locked_minutes_max } * 60 * 10'000'000 / ke::Kernel::kTickUnits;
        debug.AllocateTag = static_cast<LONG>(tag);
        debug.LockList.Flink = debug.LockList.Blink = &debug.LockList;
    }
    lock->Common.Removed = FALSE;
    lock->Common.IoCount = 1;
    initialize_event(lock->Common.RemoveEvent, SynchronizationEvent, false);
}

// @cite(wdk-ddi): page=wdm/nf-wdm-ioacquireremovelock
NTSTATUS IoAcquireRemoveLockEx(IO_REMOVE_LOCK* lock, void*, char const*, ULONG, ULONG)
{
    add(lock, 1);
    if (!lock->Common.Removed)
        return STATUS_SUCCESS;
    if (add(lock, -1) == 0)
        set_event(lock->Common.RemoveEvent);
    return STATUS_DELETE_PENDING;
}

// @cite(wdk-ddi): page=wdm/nf-wdm-ioreleaseremovelock
void IoReleaseRemoveLockEx(IO_REMOVE_LOCK* lock, void*, ULONG)
{
    if (add(lock, -1) == 0)
        set_event(lock->Common.RemoveEvent);
}

// @cite(wdk-ddi): page=wdm/nf-wdm-ioreleaseremovelockandwait
void IoReleaseRemoveLockAndWaitEx(IO_REMOVE_LOCK* lock, void*, ULONG)
{
    lock->Common.Removed = TRUE;
    add(lock, -1);              // the caller's own
    if (add(lock, -1) > 0)      // the one that kept it above zero
        wait_for(lock->Common.RemoveEvent);
}

} // namespace ringside::io
