// SPDX-License-Identifier: MIT
// @cite(wdk-docs): page=ifs/irp-mj-lock-control
#include "fs/file_system.h"
#include "io/cancel.h"
#include "io/complete.h"
#include "io/event.h"
#include "io/irp.h"
#include "ke/guarded.h"
#include "ob/handle.h"

#include <algorithm>

namespace ringside::fs {

namespace {

// Drops the IRP from the file's queue; false: it is not there.
bool dequeue(Node& node, IRP* irp)
{
    return std::erase_if(node.locks.waiting(), [irp](Locks::Waiting const& waiting) { return waiting.irp == irp; })
        != 0;
}

NTAPI void cancel_lock(DEVICE_OBJECT*, IRP* irp)
{
    io::IoReleaseCancelSpinLock(irp->CancelIrql);
    if (Open* const open = file_system().find(io::current_location(irp)->FileObject); open && open->node)
        dequeue(*open->node, irp);
    irp->IoStatus.Status = STATUS_CANCELLED;
    irp->IoStatus.Information = 0;
    io::IofCompleteRequest(irp, IO_NO_INCREMENT);
}

Outcome wait_for_lock(Node& node, IRP* irp, LockOwner const& owner, ByteRange range, bool exclusive)
{
    io::mark_pending(irp);
    node.locks.waiting().push_back({ irp, owner, range, exclusive });
    io::set_cancel_routine(irp, &cancel_lock);
    // Cancelled before the routine stood there, and not yet seen by it: ours to end.
    if (irp->Cancel && io::set_cancel_routine(irp, nullptr)) {
        dequeue(node, irp);
        irp->IoStatus.Status = STATUS_CANCELLED;
        irp->IoStatus.Information = 0;
        io::IofCompleteRequest(irp, IO_NO_INCREMENT);
    }
    return { STATUS_PENDING };
}

} // namespace

LockOwner lock_owner(IRP* irp, FILE_OBJECT* file, ULONG key)
{
    ke::Process* process = &ob::current_process();
    if (irp && irp->Tail.Overlay.Thread)
        if (ke::Thread* thread = ke::kernel().thread_of(reinterpret_cast<PKTHREAD>(irp->Tail.Overlay.Thread)))
            process = thread->process;
    return { file, process->id, key };
}

Outcome lock_control(IRP* irp, IO_STACK_LOCATION& location)
{
    auto opened = live(location.FileObject);
    if (!opened.ok())
        return { opened.status() };
    Open& open = **opened;
    Node& node = *open.node;
    if (node.folder)
        return { STATUS_INVALID_PARAMETER };
    auto const& parameters = location.Parameters.LockControl;
    LockOwner const owner = lock_owner(irp, open.file, parameters.Key);
    ByteRange range;
    if (location.MinorFunction == IRP_MN_LOCK || location.MinorFunction == IRP_MN_UNLOCK_SINGLE) {
        auto const length = ke::read_guarded<LARGE_INTEGER>(parameters.Length);
        if (!length)
            return { STATUS_INVALID_PARAMETER };
        range = { static_cast<uint64_t>(parameters.ByteOffset.QuadPart), static_cast<uint64_t>(length->QuadPart) };
        if (range.bytes && range.first + (range.bytes - 1) < range.first)
            return { STATUS_INVALID_LOCK_RANGE };
    }
    switch (location.MinorFunction) {
    case IRP_MN_LOCK: {
        bool const exclusive = location.Flags & SL_EXCLUSIVE_LOCK;
        if (node.locks.lock(owner, range, exclusive))
            return {};
        if (location.Flags & SL_FAIL_IMMEDIATELY)
            return { STATUS_LOCK_NOT_GRANTED };
        return wait_for_lock(node, irp, owner, range, exclusive);
    }
    case IRP_MN_UNLOCK_SINGLE:
        return { node.locks.unlock(owner, range) ? STATUS_SUCCESS : STATUS_RANGE_NOT_LOCKED };
    case IRP_MN_UNLOCK_ALL:
        node.locks.unlock_all(open.file, &owner.process, nullptr);
        return {};
    case IRP_MN_UNLOCK_ALL_BY_KEY:
        node.locks.unlock_all(open.file, &owner.process, &parameters.Key);
        return {};
    default:
        return { STATUS_INVALID_DEVICE_REQUEST };
    }
}

void settle_locks(Node& node, FILE_OBJECT const* gone)
{
    // All that can be ended are taken out first: completing them runs drivers, which may change everything here.
    LIST_ENTRY done { &done, &done };
    auto& waiting = node.locks.waiting();
    for (size_t i = 0; i < waiting.size();) {
        Locks::Waiting const next = waiting[i];
        bool const ends = next.owner.file == gone;
        // With no cancel routine any more it is being cancelled: that ends it.
        if ((!ends && !node.locks.can_lock(next.range, next.exclusive)) || !io::set_cancel_routine(next.irp, nullptr)) {
            ++i;
            continue;
        }
        if (!ends)
            node.locks.lock(next.owner, next.range, next.exclusive);
        next.irp->IoStatus.Status = ends ? STATUS_RANGE_NOT_LOCKED : STATUS_SUCCESS;
        next.irp->IoStatus.Information = 0;
        waiting.erase(waiting.begin() + static_cast<std::ptrdiff_t>(i));
        io::link_tail(done, next.irp->Tail.Overlay.ListEntry);
    }
    while (done.Flink != &done) {
        IRP* irp = CONTAINING_RECORD(done.Flink, IRP, Tail.Overlay.ListEntry);
        io::unlink(*done.Flink);
        io::IofCompleteRequest(irp, IO_NO_INCREMENT);
    }
}

} // namespace ringside::fs
