// SPDX-License-Identifier: MIT
#include "io/cancel.h"

#include "io/complete.h"
#include "io/event.h"
#include "io/listener.h"
#include "io/manager.h"
#include "ke/door.h"
#include "ke/kernel.h"
#include "ke/spin_lock.h"

namespace ringside::io {

namespace {

constexpr int64_t kPoll100ns = 100 * 10'000; // 100 ms
constexpr int kPollsMax = 5 * 60 * 10;             // five minutes

} // namespace

PDRIVER_CANCEL set_cancel_routine(IRP* irp, PDRIVER_CANCEL routine) { return exchange(irp->CancelRoutine, routine); }

// @cite(wdk-ddi): page=wdm/nf-wdm-ioacquirecancelspinlock
void IoAcquireCancelSpinLock(KIRQL* irql)
{
    KIRQL const old = ke::kernel().raise_irql(DISPATCH_LEVEL);
    ke::acquire_spin_lock(manager().cancel_lock);
    *irql = old;
}

// @cite(wdk-ddi): page=wdm/nf-wdm-ioreleasecancelspinlock
void IoReleaseCancelSpinLock(KIRQL irql)
{
    ke::release_spin_lock(manager().cancel_lock);
    ke::kernel().lower_irql(irql);
}

namespace {

// The cancel spin lock is held, and was taken at `irql`; it is released here or by the cancel routine.
BOOLEAN cancel_and_unlock(IRP* irp, KIRQL irql)
{
    irp->Cancel = TRUE;
    IrpRecord* record = ke::g_binding == ke::Binding::Bare ? nullptr : manager().irps().find(irp);
    uint32_t const number = record ? record->number : 0;
    PDRIVER_CANCEL routine = set_cancel_routine(irp, nullptr);
    ke::kernel().log(sim::Event::IrpCancelled, number, routine != nullptr);
    if (!routine) {
        IoReleaseCancelSpinLock(irql);
        return FALSE;
    }
    if (irp->CurrentLocation > irp->StackCount + 1)
        ke::bug_check(CANCEL_STATE_IN_COMPLETED_IRP, reinterpret_cast<uint64_t>(irp),
                      reinterpret_cast<uint64_t>(routine), 0, 0, "a completed IRP still had a cancel routine");
    irp->CancelIrql = irql;
    // The maker of an IRP that was never sent has no location of its own.
    DEVICE_OBJECT* device = irp->CurrentLocation > irp->StackCount ? nullptr : current_location(irp)->DeviceObject;
    ke::through_door(ke::DoorPassage { ke::Door::Cancel, nullptr, number, 0, 0, irp }, routine, device, irp);
    // The lock was ours to give: it is taken again or still held, and the IRQL tells by whom.
    if (manager().cancel_lock && irql < DISPATCH_LEVEL && ke::Kernel::irql() >= DISPATCH_LEVEL) [[unlikely]]
        ke::violation(nullptr, DRIVER_RETURNED_HOLDING_CANCEL_LOCK, reinterpret_cast<uint64_t>(irp),
                      reinterpret_cast<uint64_t>(routine), 0, 0, "a cancel routine returned holding the cancel spin lock",
                      reinterpret_cast<void const*>(routine));
    return TRUE;
}

// Those of the thread's IRPs that are `wanted` and not cancelled yet. A cancel routine may complete any of them. Each
// is chosen with the cancel spin lock held: were it chosen first, its issuer could complete and free it, on another
// processor, while this one waits for the lock.
template <typename Wanted>
uint32_t cancel_each(ke::Thread const& thread, Wanted wanted)
{
    Manager::ThreadWalk walk(thread);
    for (uint32_t cancelled = 0;; ++cancelled) {
        KIRQL irql;
        IoAcquireCancelSpinLock(&irql);
        IrpRecord* record = walk.next();
        while (record && (record->irp->Cancel || !wanted(*record)))
            record = walk.next();
        if (!record) {
            IoReleaseCancelSpinLock(irql);
            return cancelled;
        }
        cancel_and_unlock(record->irp, irql);
    }
}

} // namespace

// @cite(wdk-ddi): page=wdm/nf-wdm-iocancelirp
BOOLEAN IoCancelIrp(IRP* irp)
{
    KIRQL irql;
    IoAcquireCancelSpinLock(&irql);
    return cancel_and_unlock(irp, irql);
}

BOOLEAN cancel_if_there(IRP* const& place)
{
    KIRQL irql;
    IoAcquireCancelSpinLock(&irql);
    if (place)
        return cancel_and_unlock(place, irql);
    IoReleaseCancelSpinLock(irql);
    return FALSE;
}

uint32_t cancel_thread_irps(ke::Thread& thread, FILE_OBJECT* file)
{
    return cancel_each(thread, [file](IrpRecord const& record) { return !file || record.file == file; });
}

uint32_t cancel_synchronous_irps(ke::Thread& thread)
{
    return cancel_each(thread, [](IrpRecord const& record) { return is_synchronous(record.irp, record.file); });
}

uint32_t end_thread_io(ke::Thread& thread)
{
    Manager& io = manager();
    cancel_thread_irps(thread, nullptr);
    for (int polls = 0; io.irps_of(thread) && polls < kPollsMax; ++polls)
        ke::kernel().delay(KernelMode, false, LARGE_INTEGER { .QuadPart = -kPoll100ns });
    uint32_t left = 0;
    while (IrpRecord* record = io.irps_of(thread)) {
        if (g_listener.irp_given_up)
            g_listener.irp_given_up(*record, static_cast<ULONG>(kPollsMax * (kPoll100ns / 10'000)));
        io.unlink_from_thread(*record);
        record->disowned = true;
        ++left;
    }
    io.forget_thread(thread);
    return left;
}

} // namespace ringside::io
