// SPDX-License-Identifier: MIT
// Requests of the machine's clients, host code on a client's thread: like NtDeviceIoControlFile and its kind, with the
// status block and the event in an Operation.
#include "io/cancel.h"
#include "io/event.h"
#include "io/manager.h"
#include "io/request.h"
#include "ob/handle.h"
#include "ob/object.h"

namespace ringside::io {

namespace {

// Sends it for a file object, whose reference it takes over; the operation is the caller's to release.
NTSTATUS send_on(FILE_OBJECT* file, ACCESS_MASK granted, Request const& request, Operation& operation)
{
    bool const synchronous = file->Flags & FO_SYNCHRONOUS_IO;
    Completion completion;
    completion.status = &operation.status;
    completion.event = synchronous ? nullptr : &operation.event;
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

NTSTATUS send(Request const& request, Operation& operation)
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
    return send_on(file, target->granted, request, operation);
}

} // namespace

Reply transact(Request const& request)
{
    Operation* operation = manager().operations().allocate();
    if (!operation) {
        drop_auxiliary(request);
        return { STATUS_INSUFFICIENT_RESOURCES, 0 };
    }
    operation->returned = send(request, *operation);
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
    operation->returned = send_on(file, granted, request, *operation);
    Reply const reply = wait_for_operation(*operation);
    manager().operations().issuer_gone(*operation);
    return reply;
}

NTSTATUS start(Request const& request, Operation*& operation)
{
    operation = manager().operations().allocate();
    if (!operation)
        return STATUS_INSUFFICIENT_RESOURCES;
    NTSTATUS const status = operation->returned = send(request, *operation);
    if (NT_ERROR(status)) {
        manager().operations().issuer_gone(*operation);
        operation = nullptr;
    }
    return status;
}

bool is_done(Operation const& operation)
{
    return operation.returned != STATUS_PENDING || operation.event.Header.SignalState;
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

bool cancel(Operation& operation) { return operation.irp && IoCancelIrp(operation.irp); }

} // namespace ringside::io
