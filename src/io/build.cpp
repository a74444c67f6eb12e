// SPDX-License-Identifier: MIT
#include "io/build.h"

#include "ex/pool.h"
#include "io/dispatch.h"
#include "io/event.h"
#include "io/listener.h"
#include "io/manager.h"
#include "ke/door.h"
#include "ke/exception.h"
#include "ke/guarded.h"
#include "ke/kernel.h"
#include "mm/mdl.h"
#include "ob/object.h"

namespace ringside::io {

namespace {

constexpr ULONG kAsyncBufferTag = 0x42416F49; // 'IoAB'
constexpr ULONG kCompletionTag = 0x43436F49;  // 'IoCC'

IrpRecord* record_for(DEVICE_OBJECT* device, IrpOrigin origin)
{
    Manager& io = manager();
    IRP* irp = io.irps().allocate(device->StackSize, origin);
    if (!irp)
        return nullptr;
    irp->Tail.Overlay.Thread = reinterpret_cast<ETHREAD*>(ke::kernel().current().guest);
    irp->ApcEnvironment = static_cast<CCHAR>(ke::kernel().current().apc_environment);
    note_maker(irp);
    return io.irps().find_ours(irp);
}

// The IRP was not handed out: everything attached so far goes with it.
IRP* give_up(IrpRecord& record)
{
    manager().release(record);
    return nullptr;
}

void set_transfer(IO_STACK_LOCATION& location, ULONG bytes, LARGE_INTEGER const* offset)
{
    // Reads and writes have their parameters in the same places.
    location.Parameters.Read.Length = bytes;
    if (offset)
        location.Parameters.Read.ByteOffset = *offset;
}

// An asynchronous request's system buffer is the maker's to free, so it is a pool block of its own.
bool attach_asynchronous_buffers(IRP* irp, DEVICE_OBJECT& device, void* buffer, ULONG bytes, bool read)
{
    if (device.Flags & DO_BUFFERED_IO) {
        void* copy = ex::allocate(NonPagedPoolNx, bytes, kAsyncBufferTag, ex::Owner::Kernel, false);
        if (!copy)
            return false;
        irp->AssociatedIrp.SystemBuffer = copy;
        irp->Flags |= IRP_BUFFERED_IO | IRP_DEALLOCATE_BUFFER | (read ? IRP_INPUT_OPERATION : 0);
        irp->UserBuffer = buffer;
        if (!read)
            ke::copy_or_raise(copy, buffer, bytes);
        return true;
    }
    if (device.Flags & DO_DIRECT_IO) {
        MDL* mdl = mm::IoAllocateMdl(buffer, bytes, 0, 0, irp);
        if (!mdl)
            return false;
        NTSTATUS const status = ke::guard_raise(
            [&] { mm::MmProbeAndLockPages(mdl, KernelMode, read ? IoWriteAccess : IoReadAccess); });
        if (NT_SUCCESS(status))
            return true;
        mm::IoFreeMdl(mdl);
        irp->MdlAddress = nullptr;
        if (g_listener.buffer_refused)
            g_listener.buffer_refused(&device, false, read ? IRP_MJ_READ : IRP_MJ_WRITE, status);
        return false;
    }
    irp->UserBuffer = buffer;
    return true;
}

struct ExtendedCompletion {
    PIO_COMPLETION_ROUTINE routine;
    void* context;
    DEVICE_OBJECT* device; // referenced
};

NTAPI NTSTATUS call_extended(DEVICE_OBJECT* device, IRP* irp, void* context)
{
    ExtendedCompletion const call = *static_cast<ExtendedCompletion*>(context);
    ex::free(context, kCompletionTag);
    NTSTATUS const status = ke::through_door(ke::DoorPassage { ke::Door::Other, nullptr, 0, 0, 0, irp }, call.routine,
                                             device, irp, call.context);
    ob::dereference(call.device);
    return status;
}

NTAPI NTSTATUS forwarded_irp_came_back(DEVICE_OBJECT*, IRP* irp, void* context)
{
    if (irp->PendingReturned)
        set_event(*static_cast<KEVENT*>(context));
    return STATUS_MORE_PROCESSING_REQUIRED;
}

} // namespace

bool is_extended(PIO_COMPLETION_ROUTINE routine) { return routine == &call_extended; }

IRP* make_synchronous_irp(DEVICE_OBJECT* top, KEVENT* event, IO_STATUS_BLOCK* status)
{
    IrpRecord* record = record_for(top, IrpOrigin::Threaded);
    if (!record)
        return nullptr;
    record->irp->UserEvent = event;
    record->irp->UserIosb = status;
    manager().link_to_thread(*record, ke::kernel().current());
    return record->irp;
}

NTSTATUS send_and_wait(DEVICE_OBJECT* top, IRP* irp, KEVENT& event, IO_STATUS_BLOCK& status)
{
    NTSTATUS const returned = IofCallDriver(top, irp);
    if (returned != STATUS_PENDING)
        return returned;
    wait_for(event);
    return status.Status;
}

// @cite(wdk-ddi): page=wdm/nf-wdm-iobuilddeviceiocontrolrequest
IRP* IoBuildDeviceIoControlRequest(ULONG code, DEVICE_OBJECT* device, void* input, ULONG input_bytes, void* output,
                                   ULONG output_bytes, BOOLEAN internal, KEVENT* event, IO_STATUS_BLOCK* status)
{
    IrpRecord* record = record_for(device, IrpOrigin::Threaded);
    if (!record)
        return nullptr;
    IRP* irp = record->irp;
    next_location(irp)->MajorFunction = internal ? IRP_MJ_INTERNAL_DEVICE_CONTROL : IRP_MJ_DEVICE_CONTROL;
    auto const buffered = buffer_device_control(*record, code, { input, input_bytes, output, output_bytes }, KernelMode);
    if (!buffered.ok()) {
        if (g_listener.buffer_refused && buffered.status() != STATUS_INSUFFICIENT_RESOURCES)
            g_listener.buffer_refused(device, true, code, buffered.status());
        return give_up(*record);
    }
    irp->UserIosb = status;
    irp->UserEvent = event;
    manager().link_to_thread(*record, ke::kernel().current());
    return irp;
}

// @cite(wdk-ddi): page=wdm/nf-wdm-iobuildsynchronousfsdrequest
IRP* IoBuildSynchronousFsdRequest(ULONG major, DEVICE_OBJECT* device, void* buffer, ULONG bytes, LARGE_INTEGER* offset,
                                  KEVENT* event, IO_STATUS_BLOCK* status)
{
    IrpRecord* record = record_for(device, IrpOrigin::Threaded);
    if (!record)
        return nullptr;
    IRP* irp = record->irp;
    IO_STACK_LOCATION* location = next_location(irp);
    location->MajorFunction = static_cast<UCHAR>(major);
    if (major == IRP_MJ_READ || major == IRP_MJ_WRITE) {
        set_transfer(*location, bytes, offset);
        auto const buffered = major == IRP_MJ_READ ? buffer_read(*record, *device, buffer, bytes, KernelMode)
                                                   : buffer_write(*record, *device, buffer, bytes, KernelMode);
        if (!buffered.ok())
            return give_up(*record);
    }
    irp->UserIosb = status;
    irp->UserEvent = event;
    manager().link_to_thread(*record, ke::kernel().current());
    return irp;
}

// @cite(wdk-ddi): page=wdm/nf-wdm-iobuildasynchronousfsdrequest
IRP* IoBuildAsynchronousFsdRequest(ULONG major, DEVICE_OBJECT* device, void* buffer, ULONG bytes, LARGE_INTEGER* offset,
                                   IO_STATUS_BLOCK* status)
{
    IrpRecord* record = record_for(device, IrpOrigin::Asynchronous);
    if (!record)
        return nullptr;
    IRP* irp = record->irp;
    IO_STACK_LOCATION* location = next_location(irp);
    location->MajorFunction = static_cast<UCHAR>(major);
    if (major == IRP_MJ_READ || major == IRP_MJ_WRITE) {
        set_transfer(*location, bytes, offset);
        if (bytes && !attach_asynchronous_buffers(irp, *device, buffer, bytes, major == IRP_MJ_READ)) {
            if (void* copy = irp->AssociatedIrp.SystemBuffer)
                ex::free(copy, kAsyncBufferTag);
            return give_up(*record);
        }
    }
    irp->UserIosb = status;
    return irp;
}

// @cite(wdk-ddi): page=ntddk/nf-ntddk-iomakeassociatedirp
IRP* IoMakeAssociatedIrp(IRP* master, CCHAR stack_size)
{
    IRP* irp = manager().irps().allocate(stack_size, IrpOrigin::Associated);
    if (!irp)
        return nullptr;
    note_maker(irp);
    irp->Flags |= IRP_ASSOCIATED_IRP;
    irp->Tail.Overlay.Thread = master->Tail.Overlay.Thread;
    irp->ApcEnvironment = master->ApcEnvironment;
    irp->AssociatedIrp.MasterIrp = master;
    return irp;
}

// @cite(wdk-ddi): page=wdm/nf-wdm-ioforwardirpsynchronously
BOOLEAN IoForwardIrpSynchronously(DEVICE_OBJECT* device, IRP* irp)
{
    if (irp->CurrentLocation <= 1)
        return FALSE;
    KEVENT event;
    initialize_event(event, NotificationEvent, false);
    copy_location_to_next(irp);
    set_completion_routine(irp, &forwarded_irp_came_back, &event, true, true, true);
    if (IofCallDriver(device, irp) == STATUS_PENDING)
        wait_for(event);
    return TRUE;
}

// @cite(wdk-ddi): page=wdm/nf-wdm-iosetcompletionroutineex
NTSTATUS IoSetCompletionRoutineEx(DEVICE_OBJECT* device, IRP* irp, PIO_COMPLETION_ROUTINE routine, void* context,
                                  BOOLEAN on_success, BOOLEAN on_error, BOOLEAN on_cancel)
{
    auto* call = static_cast<ExtendedCompletion*>(
        ex::allocate(NonPagedPoolNx, sizeof(ExtendedCompletion), kCompletionTag, ex::Owner::Kernel, false));
    if (!call)
        return STATUS_INSUFFICIENT_RESOURCES;
    ob::reference(device);
    *call = { routine, context, device };
    set_completion_routine(irp, &call_extended, call, on_success, on_error, on_cancel);
    return STATUS_SUCCESS;
}

} // namespace ringside::io
