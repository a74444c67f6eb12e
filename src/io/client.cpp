// SPDX-License-Identifier: MIT
// Requests of the machine's clients, host code on a client's thread: like NtDeviceIoControlFile and its kind, with the
// status block and the event in an Operation.
#include "io/cancel.h"
#include "io/event.h"
#include "io/file_calls.h"
#include "io/manager.h"
#include "io/request.h"
#include "ob/handle.h"
#include "ob/object.h"

namespace ringside::io {

namespace {

// Sends it for a file object, whose reference it takes over; the operation is the caller's to release.
NTSTATUS send_on(FILE_OBJECT* file, ACCESS_MASK granted, Request const& request, Operation& operation,
                 Completion completion)
{
    bool const synchronous = file->Flags & FO_SYNCHRONOUS_IO;
    completion.status = &operation.status;
    completion.operation = &operation;
    completion.granted = granted;
    bool const transfer = request.major == IRP_MJ_READ || request.major == IRP_MJ_WRITE;
    if (!transfer || synchronous || request.offset)
        return issue(file, request, completion);
    // Such a file object has no position: an OVERLAPPED that nobody filled in says zero.
    Request positioned = request;
    positioned.offset = 0;
    return issue(file, positioned, completion);
}

NTSTATUS send(Request const& request, Operation& operation, Notification const* notification)
{
    auto target = ob::reference_by_handle(request.handle, 0, &ob::file_type, request.mode);
    if (!target.ok()) {
        drop_auxiliary(request);
        return target.status();
    }
    auto* file = static_cast<FILE_OBJECT*>(target->body);
    if (!is_granted(request, target->granted)) {
        drop_auxiliary(request);
        ob::dereference(file);
        return STATUS_ACCESS_DENIED;
    }
    Completion completion;
    if (!notification)
        completion.event = file->Flags & FO_SYNCHRONOUS_IO ? nullptr : &operation.event;
    else if (NTSTATUS const status = prepare_completion(*file, *notification, request.mode, completion);
             NT_ERROR(status)) {
        drop_auxiliary(request);
        ob::dereference(file);
        return status;
    }
    return send_on(file, target->granted, request, operation, completion);
}

} // namespace

Reply transact(Request const& request)
{
    Operation* operation = manager().operations().allocate();
    if (!operation) {
        drop_auxiliary(request);
        return { STATUS_INSUFFICIENT_RESOURCES, 0 };
    }
    operation->returned = send(request, *operation, nullptr);
    Reply const reply = wait_for_operation(*operation);
    manager().operations().issuer_gone(*operation);
    return reply;
}

Reply transact_on(FILE_OBJECT* file, ACCESS_MASK granted, Request const& request)
{
    Operation* operation = manager().operations().allocate();
    if (!operation) {
        drop_auxiliary(request);
        ob::dereference(file);
        return { STATUS_INSUFFICIENT_RESOURCES, 0 };
    }
    Completion completion;
    completion.event = file->Flags & FO_SYNCHRONOUS_IO ? nullptr : &operation->event;
    operation->returned = send_on(file, granted, request, *operation, completion);
    Reply const reply = wait_for_operation(*operation);
    manager().operations().issuer_gone(*operation);
    return reply;
}

NTSTATUS start(Request const& request, Operation*& operation, Notification const& notification)
{
    operation = manager().operations().allocate();
    if (!operation) {
        drop_auxiliary(request);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    operation->status.Status = operation->returned = STATUS_PENDING;
    NTSTATUS const status = operation->returned = send(request, *operation, &notification);
    if (NT_ERROR(status)) {
        manager().operations().issuer_gone(*operation);
        operation = nullptr;
    }
    return status;
}

bool is_done(Operation const& operation)
{
    return operation.returned != STATUS_PENDING || operation.told;
}

Reply reply_of(Operation const& operation)
{
    CHECK(is_done(operation), "the reply of an operation that is not done");
    NTSTATUS const status = operation.returned == STATUS_PENDING ? operation.status.Status : operation.returned;
    return { status, operation.status.Information };
}

Reply wait_for_operation(Operation& operation)
{
    if (!is_done(operation))
        wait_for(operation.event);
    return reply_of(operation);
}

void release_operation(Operation& operation) { manager().operations().issuer_gone(operation); }

bool cancel(Operation& operation) { return cancel_if_there(operation.irp); }

} // namespace ringside::io
