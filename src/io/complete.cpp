// SPDX-License-Identifier: MIT
// @cite(wdk-docs): page=kernel/completing-irps
// @cite(wdk-docs): page=kernel/implementing-an-iocompletion-routine
#include "io/complete.h"

#include "io/buffering.h"
#include "io/completion_port.h"
#include "io/dispatch.h"
#include "io/event.h"
#include "io/frame.h"
#include "io/irp_path.h"
#include "io/listener.h"
#include "io/manager.h"
#include "ke/apc.h"
#include "ke/door.h"
#include "ke/guarded.h"
#include "ke/kernel.h"

namespace ringside::io {

[[gnu::cold]] void completed_twice(IRP* irp)
{
    ke::bug_check(MULTIPLE_IRP_COMPLETE_REQUESTS, reinterpret_cast<uint64_t>(irp), 0, 0, 0,
                  "an IRP was completed that is complete or freed already");
}

void pass_frames(IrpRecord& record, int location, bool pending, NTSTATUS status)
{
    for (DispatchFrame* frame = record.frames; frame; frame = frame->outer)
        if (frame->location == location) {
            frame->completed = true;
            frame->completed_with = status;
            frame->marked_pending |= pending;
        }
}

NTSTATUS call_routine_verified(IrpRecord& record, PIO_COMPLETION_ROUTINE routine, DEVICE_OBJECT* device, IRP* irp,
                               void* context, UCHAR major)
{
    uint32_t const number = record.number;
    int const location = irp->CurrentLocation;
    bool const was_pending = irp->PendingReturned;
    hand_to(device, record);
    ke::DoorPassage passage { ke::Door::Completion, nullptr, number, passage_detail(major, 0, record.driver_number), 0,
                              irp };
    NTSTATUS const status = ke::through_door(passage, routine, device, irp, context);
    IrpRecord* const here = after_routine(record, number, status);
    if (g_listener.completion_returned)
        g_listener.completion_returned(irp, here, routine, status, was_pending, location, passage.notes);
    return status;
}

namespace {

// Where the issuer was attached when it issued the request, there its APC runs.
ke::Environment environment_of(IRP const& irp)
{
    return irp.ApcEnvironment ? ke::Environment::Attached : ke::Environment::Original;
}

NTAPI void finish_apc(KAPC* apc, PKNORMAL_ROUTINE*, PVOID*, PVOID*, PVOID*)
{
    IRP* irp = CONTAINING_RECORD(apc, IRP, Tail.Apc);
    if (IrpRecord* record = manager().irps().find_ours(irp))
        finish(*record);
}

// Ends an IRP whose issuer is gone: nothing is written and nobody told.
void run_down(IrpRecord& record)
{
    free_system_buffer(record);
    free_mdls(record.irp);
    manager().release(record);
}

// The thread ended with the APC still queued.
NTAPI void run_down_apc(KAPC* apc)
{
    IRP* irp = CONTAINING_RECORD(apc, IRP, Tail.Apc);
    if (IrpRecord* record = manager().irps().find_ours(irp))
        run_down(*record);
}

// The issuer's own routine was told by its APC: the IRP, which the APC stood in, goes.
NTAPI void issuer_apc(KAPC* apc, PKNORMAL_ROUTINE*, PVOID*, PVOID*, PVOID*)
{
    IRP* irp = CONTAINING_RECORD(apc, IRP, Tail.Apc);
    if (IrpRecord* record = manager().irps().find_ours(irp))
        manager().release(*record);
}

NTAPI void issuer_apc_run_down(KAPC* apc) { issuer_apc(apc, nullptr, nullptr, nullptr, nullptr); }

void complete_associated(IRP* irp, CCHAR priority_boost)
{
    IRP* master = irp->AssociatedIrp.MasterIrp;
    if (ke::g_binding != ke::Binding::Bare) {
        IrpRecord const* of_master = manager().irps().find(master);
        if (of_master && (of_master->state == IrpState::Freed || of_master->state == IrpState::Completed))
            completed_twice(master);
    }
    LONG const left = __atomic_sub_fetch(&master->AssociatedIrp.IrpCount, 1, __ATOMIC_SEQ_CST);
    free_mdls(irp);
    IoFreeIrp(irp);
    if (left == 0)
        IofCompleteRequest(master, priority_boost);
}

void write_status(IRP* irp)
{
    if (!irp->UserIosb)
        return;
    if (hal::is_user(reinterpret_cast<uintptr_t>(irp->UserIosb)))
        ke::write_guarded(irp->UserIosb, irp->IoStatus); // an issuer that unmapped it does not learn the outcome
    else
        *irp->UserIosb = irp->IoStatus;
}

// Close and paging requests: no thread's context is needed. The issuer of a close frees its IRP itself.
void complete_without_thread(IRP* irp, IrpRecord* record, CCHAR priority_boost)
{
    bool const close = irp->Flags & IRP_CLOSE_OPERATION;
    bool const waits = close || (irp->Flags & IRP_SYNCHRONOUS_PAGING_IO);
    KEVENT* event = waits ? irp->UserEvent : nullptr;
    if (waits)
        write_status(irp);
    if (record)
        record->state = IrpState::Completed;
    if (!close && record)
        manager().release(*record);
    if (event)
        set_event(*event, priority_boost);
}

[[gnu::noinline, gnu::cold]] [[noreturn]] void nobody_to_tell()
{
    // Windows queues an APC to the thread the IRP names; it names none, so the null thread's lock is touched.
    ke::bug_check(IRQL_NOT_LESS_OR_EQUAL, 0, DISPATCH_LEVEL, 1, 0,
                  "the completion of an IRP that no thread issued came to its end: the driver that made it has no "
                  "completion routine that takes it back");
}

} // namespace

void end_of_walk(IRP* irp, CCHAR priority_boost)
{
    Manager& io = manager();
    IrpRecord* record = io.irps().find_ours(irp);
    if (irp->Flags & IRP_ASSOCIATED_IRP) {
        complete_associated(irp, priority_boost);
        return;
    }
    if (irp->Flags & (IRP_PAGING_IO | IRP_CLOSE_OPERATION)) {
        complete_without_thread(irp, record, priority_boost);
        return;
    }
    unlock_mdls(irp);
    if (record)
        record->state = IrpState::Completed;
    if ((irp->Flags & IRP_DEFER_IO_COMPLETION) && !irp->PendingReturned)
        return;
    ke::Kernel& k = ke::kernel();
    ke::Thread* thread = record ? issuer_of(*record) : nullptr;
    if (!thread && record && (record->thread || record->disowned)) {
        run_down(*record); // the thread has ended, and nobody waits any more
        return;
    }
    if (!thread && record && irp->Tail.Overlay.Thread)
        thread = k.thread_of(reinterpret_cast<PKTHREAD>(irp->Tail.Overlay.Thread));
    if (!thread)
        nobody_to_tell();
    ke::Environment const environment = environment_of(*irp);
    if (thread == &k.current() && ke::Kernel::irql() < APC_LEVEL && !thread->special_apc_disable
        && static_cast<uint8_t>(environment) == thread->apc_environment) {
        uint8_t const old = k.raise_irql(APC_LEVEL);
        finish(*record);
        k.lower_irql(old);
        return;
    }
    KAPC& apc = irp->Tail.Apc;
    ke::initialize_apc(apc, *thread, environment, finish_apc, run_down_apc, nullptr, KernelMode, nullptr);
    if (!ke::insert_apc(apc, nullptr, nullptr, priority_boost))
        run_down_apc(&apc);
}

// @cite(wdk-ddi): page=wdm/nf-wdm-iofcompleterequest
void IofCompleteRequest(IRP* irp, CCHAR priority_boost)
{
    switch (ke::g_binding) {
    case ke::Binding::Bare:
        return complete_request<ke::Binding::Bare, ke::Plain>(irp, priority_boost);
    case ke::Binding::Observed:
        return complete_request<ke::Binding::Observed, ke::Plain>(irp, priority_boost);
    case ke::Binding::Verified:
        return complete_request<ke::Binding::Verified, ke::Plain>(irp, priority_boost);
    }
}

bool is_synchronous(IRP* irp, FILE_OBJECT* file)
{
    constexpr ULONG paging = IRP_PAGING_IO | IRP_SYNCHRONOUS_PAGING_IO;
    return (file && (file->Flags & FO_SYNCHRONOUS_IO)) || (irp->Flags & IRP_SYNCHRONOUS_API)
        || (irp->Flags & paging) == paging;
}

// Of an overlapped file object whose program waits for an event or a port.
bool skips_file_event(IRP const& irp, FILE_OBJECT const& file)
{
    return (file.Flags & (FO_SKIP_SET_EVENT | FO_SYNCHRONOUS_IO)) == FO_SKIP_SET_EVENT
        && !(irp.Flags & (IRP_CREATE_OPERATION | IRP_SYNCHRONOUS_API));
}

// A request that was named gets a packet; one that succeeded at once may be let off.
bool goes_to_port(IRP const& irp, FILE_OBJECT const* file)
{
    return has_port(file) && irp.Overlay.AsynchronousParameters.UserApcContext
        && !(irp.Flags & (IRP_CREATE_OPERATION | IRP_SYNCHRONOUS_API))
        && (irp.PendingReturned || !(file->Flags & FO_SKIP_COMPLETION_PORT));
}

// An error that was returned at once is told by the dispatch routine's status alone: neither status block nor event.
// @cite(wdk-ddi): page=wdm/nf-wdm-iobuilddeviceiocontrolrequest
void finish(IrpRecord& record)
{
    IRP* irp = record.irp;
    FILE_OBJECT* file = record.file;
    if (NTSTATUS const copied = copy_back(record); !NT_SUCCESS(copied))
        irp->IoStatus.Status = copied;
    if ((irp->Flags & IRP_DEALLOCATE_BUFFER) || record.system_buffer)
        free_system_buffer(record);
    if (irp->MdlAddress)
        free_mdls(irp);
    NTSTATUS const status = irp->IoStatus.Status;
    bool const error = NT_ERROR(status);
    if (!error || (irp->PendingReturned && !is_synchronous(irp, file))) {
        write_status(irp);
        if (irp->UserEvent)
            set_event(*irp->UserEvent);
        if (record.operation)
            OperationTable::tell(*record.operation);
        if (file && (!irp->UserEvent || (file->Flags & FO_SYNCHRONOUS_IO) || (irp->Flags & IRP_CREATE_OPERATION))) {
            file->FinalStatus = status;
            if (!skips_file_event(*irp, *file))
                set_event(file->Event);
        }
        auto routine = irp->Flags & IRP_CREATE_OPERATION ? nullptr
                                                          : irp->Overlay.AsynchronousParameters.UserApcRoutine;
        if (ke::Thread* thread = routine ? issuer_of(record) : nullptr) {
            void* context = irp->Overlay.AsynchronousParameters.UserApcContext;
            IO_STATUS_BLOCK* block = irp->UserIosb;
            KPROCESSOR_MODE const mode = irp->RequestorMode;
            manager().unlink_from_thread(record);
            ke::initialize_apc(irp->Tail.Apc, *thread, environment_of(*irp), issuer_apc, issuer_apc_run_down,
                               reinterpret_cast<PKNORMAL_ROUTINE>(reinterpret_cast<void*>(routine)), mode, context);
            if (ke::insert_apc(irp->Tail.Apc, block, nullptr, 0))
                return;
        } else if (goes_to_port(*irp, file)) {
            manager().unlink_from_thread(record);
            queue_irp(record);
            return;
        }
    } else if (irp->PendingReturned && file) {
        file->FinalStatus = status;
        if (irp->Flags & IRP_SYNCHRONOUS_API)
            write_status(irp);
        set_event((irp->Flags & IRP_SYNCHRONOUS_API) && irp->UserEvent ? *irp->UserEvent : file->Event);
    }
    manager().release(record);
}

void finish_deferred(IRP* irp, uint32_t number)
{
    IrpRecord* record = manager().irps().find_ours(irp);
    if (!record || record->number != number || irp->Type != IO_TYPE_IRP)
        ke::bug_check(MULTIPLE_IRP_COMPLETE_REQUESTS, reinterpret_cast<uint64_t>(irp), 0, 0, 0,
                      "a dispatch routine marked an IRP pending, completed it, and returned another status than "
                      "STATUS_PENDING: the IRP is completed a second time");
    // Nobody completed it: Windows ends the request all the same.
    if (record->state != IrpState::Completed)
        unlock_mdls(irp);
    ke::Kernel& k = ke::kernel();
    uint8_t const old = k.raise_irql(APC_LEVEL);
    finish(*record);
    k.lower_irql(old);
}

} // namespace ringside::io
