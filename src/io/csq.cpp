// SPDX-License-Identifier: MIT
#include "io/csq.h"

#include "io/cancel.h"
#include "ke/door.h"
#include "ke/kernel.h"

namespace ringside::io {

namespace {

using InsertEx = NTSTATUS(NTAPI*)(IO_CSQ*, IRP*, void*);

// One callback of the driver's.
template <typename R, typename... P, typename... A>
R call(R(NTAPI* function)(P...), A... arguments)
{
    return ke::through_door(ke::DoorPassage { ke::Door::Other, nullptr }, function, arguments...);
}

KIRQL acquire(IO_CSQ* queue)
{
    KIRQL irql = PASSIVE_LEVEL;
    ke::through_door(ke::DoorPassage { ke::Door::QueueLock, nullptr }, queue->CsqAcquireLock, queue, &irql);
    return irql;
}

void release(IO_CSQ* queue, KIRQL irql)
{
    ke::through_door(ke::DoorPassage { ke::Door::QueueLock, nullptr }, queue->CsqReleaseLock, queue, irql);
}

void*& slot(IRP* irp) { return irp->Tail.Overlay.DriverContext[3]; }

// Out of the queue's and its context's sight; the queue's lock is held.
void forget(IRP* irp)
{
    void* kept = slot(irp);
    if (kept && *static_cast<ULONG*>(kept) == IO_TYPE_CSQ_IRP_CONTEXT)
        static_cast<IO_CSQ_IRP_CONTEXT*>(kept)->Irp = nullptr;
    slot(irp) = nullptr;
}

NTAPI void cancel_queued(DEVICE_OBJECT*, IRP* irp)
{
    IoReleaseCancelSpinLock(irp->CancelIrql);
    void* kept = slot(irp);
    IO_CSQ* queue = *static_cast<ULONG*>(kept) == IO_TYPE_CSQ_IRP_CONTEXT ? static_cast<IO_CSQ_IRP_CONTEXT*>(kept)->Csq
                                                                          : static_cast<IO_CSQ*>(kept);
    KIRQL const irql = acquire(queue);
    call(queue->CsqRemoveIrp, queue, irp);
    forget(irp);
    release(queue, irql);
    call(queue->CsqCompleteCanceledIrp, queue, irp);
}

NTSTATUS initialize(IO_CSQ* queue, ULONG type, void* insert, PIO_CSQ_REMOVE_IRP remove, PIO_CSQ_PEEK_NEXT_IRP peek_next,
                    PIO_CSQ_ACQUIRE_LOCK acquire_lock, PIO_CSQ_RELEASE_LOCK release_lock,
                    PIO_CSQ_COMPLETE_CANCELED_IRP complete_canceled)
{
    queue->Type = type;
    queue->CsqInsertIrp = reinterpret_cast<PIO_CSQ_INSERT_IRP>(insert);
    queue->CsqRemoveIrp = remove;
    queue->CsqPeekNextIrp = peek_next;
    queue->CsqAcquireLock = acquire_lock;
    queue->CsqReleaseLock = release_lock;
    queue->CsqCompleteCanceledIrp = complete_canceled;
    queue->ReservePointer = nullptr;
    return STATUS_SUCCESS;
}

} // namespace

// @cite(wdk-ddi): page=wdm/nf-wdm-iocsqinitialize
NTSTATUS IoCsqInitialize(IO_CSQ* queue, PIO_CSQ_INSERT_IRP insert, PIO_CSQ_REMOVE_IRP remove,
                         PIO_CSQ_PEEK_NEXT_IRP peek_next, PIO_CSQ_ACQUIRE_LOCK acquire_lock,
                         PIO_CSQ_RELEASE_LOCK release_lock, PIO_CSQ_COMPLETE_CANCELED_IRP complete_canceled)
{
    return initialize(queue, IO_TYPE_CSQ, reinterpret_cast<void*>(insert), remove, peek_next, acquire_lock, release_lock,
                      complete_canceled);
}

// @cite(wdk-ddi): page=wdm/nf-wdm-iocsqinitializeex
NTSTATUS IoCsqInitializeEx(IO_CSQ* queue, void* insert_ex, PIO_CSQ_REMOVE_IRP remove, PIO_CSQ_PEEK_NEXT_IRP peek_next,
                           PIO_CSQ_ACQUIRE_LOCK acquire_lock, PIO_CSQ_RELEASE_LOCK release_lock,
                           PIO_CSQ_COMPLETE_CANCELED_IRP complete_canceled)
{
    return initialize(queue, IO_TYPE_CSQ_EX, insert_ex, remove, peek_next, acquire_lock, release_lock,
                      complete_canceled);
}

// @cite(wdk-ddi): page=wdm/nf-wdm-iocsqinsertirp
void IoCsqInsertIrp(IO_CSQ* queue, IRP* irp, IO_CSQ_IRP_CONTEXT* context)
{
    (void)IoCsqInsertIrpEx(queue, irp, context, nullptr);
}

// @cite(wdk-ddi): page=wdm/nf-wdm-iocsqinsertirpex
NTSTATUS IoCsqInsertIrpEx(IO_CSQ* queue, IRP* irp, IO_CSQ_IRP_CONTEXT* context, void* insert_context)
{
    if (context) {
        context->Type = IO_TYPE_CSQ_IRP_CONTEXT;
        context->Irp = irp;
        context->Csq = queue;
        slot(irp) = context;
    } else
        slot(irp) = queue;

    KIRQL const irql = acquire(queue);
    NTSTATUS status = STATUS_SUCCESS;
    if (queue->Type == IO_TYPE_CSQ_EX)
        status = call(reinterpret_cast<InsertEx>(reinterpret_cast<void*>(queue->CsqInsertIrp)), queue, irp,
                      insert_context);
    else
        call(queue->CsqInsertIrp, queue, irp);
    if (!NT_SUCCESS(status)) {
        forget(irp);
        release(queue, irql);
        return status;
    }
    mark_pending(irp);
    set_cancel_routine(irp, &cancel_queued);
    // Cancelled before the routine stood there: whoever still finds the routine completes the IRP.
    if (irp->Cancel && set_cancel_routine(irp, nullptr)) {
        call(queue->CsqRemoveIrp, queue, irp);
        forget(irp);
        release(queue, irql);
        call(queue->CsqCompleteCanceledIrp, queue, irp);
        return status;
    }
    release(queue, irql);
    return status;
}

// @cite(wdk-ddi): page=wdm/nf-wdm-iocsqremoveirp
IRP* IoCsqRemoveIrp(IO_CSQ* queue, IO_CSQ_IRP_CONTEXT* context)
{
    KIRQL const irql = acquire(queue);
    IRP* irp = context->Irp;
    // Without a cancel routine IoCancelIrp has it already and its cancel routine waits for the lock.
    if (irp && set_cancel_routine(irp, nullptr)) {
        call(queue->CsqRemoveIrp, queue, irp);
        forget(irp);
    } else
        irp = nullptr;
    release(queue, irql);
    return irp;
}

// @cite(wdk-ddi): page=wdm/nf-wdm-iocsqremovenextirp
IRP* IoCsqRemoveNextIrp(IO_CSQ* queue, void* peek_context)
{
    KIRQL const irql = acquire(queue);
    IRP* irp = call(queue->CsqPeekNextIrp, queue, static_cast<IRP*>(nullptr), peek_context);
    while (irp && !set_cancel_routine(irp, nullptr))
        irp = call(queue->CsqPeekNextIrp, queue, irp, peek_context);
    if (irp) {
        call(queue->CsqRemoveIrp, queue, irp);
        forget(irp);
    }
    release(queue, irql);
    return irp;
}

} // namespace ringside::io
