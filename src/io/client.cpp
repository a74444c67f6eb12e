// SPDX-License-Identifier: MIT
// Requests of the machine's clients, host code on a client's thread: like NtDeviceIoControlFile and its kind, with the
// status block and the event in an Operation.
#include "io/event.h"
#include "io/cancel.h"
#include "io/manager.h"
#include "io/request.h"
#include "ob/handle.h"

namespace ringside::io {

namespace {

// The file object behind the request's handle, referenced.
Result<FILE_OBJECT*> file_of(Request& request)
{
    ob::HandleTarget target = TRY(ob::reference_by_handle(request.handle, 0, &ob::file_type, request.mode));
    request.granted = target.granted;
    if (is_granted(request, target.granted))
        return static_cast<FILE_OBJECT*>(target.body);
    ob::dereference(target.body);
    return Failure { STATUS_ACCESS_DENIED };
}

// Sends it; the operation is the caller's to release.
NTSTATUS send(FILE_OBJECT* file, Request& request, Operation& operation)
{
    bool const synchronous = file->Flags & FO_SYNCHRONOUS_IO;
    Completion completion;
    completion.status = &operation.status;
    completion.event = synchronous ? nullptr : &operation.event;
    completion.operation = &operation;
    // Such a file object has no position: an OVERLAPPED that nobody filled in says zero.
    if (!synchronous && !request.offset && (request.major == IRP_MJ_READ || request.major == IRP_MJ_WRITE))
        request.offset = 0;
    NTSTATUS const status = issue(file, request, completion);
    operation.returned = status;
    return status;
}

} // namespace

Reply transact(Request request)
{
    auto file = file_of(request);
    if (!file.ok())
        return { file.status(), 0 };
    Operation* operation = manager().operations().allocate();
    if (!operation) {
        ob::dereference(*file);
        return { STATUS_INSUFFICIENT_RESOURCES, 0 };
    }
    NTSTATUS status = send(*file, request, *operation);
    if (status == STATUS_PENDING) {
        wait_for(operation->event);
        status = operation->status.Status;
    }
    Reply const reply { status, operation->status.Information };
    manager().operations().issuer_gone(*operation);
    ob::dereference(*file);
    return reply;
}

NTSTATUS start(Request request, Operation*& operation)
{
    operation = nullptr;
    auto file = file_of(request);
    if (!file.ok())
        return file.status();
    operation = manager().operations().allocate();
    NTSTATUS const status = operation ? send(*file, request, *operation) : STATUS_INSUFFICIENT_RESOURCES;
    ob::dereference(*file);
    if (operation && NT_ERROR(status)) {
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
