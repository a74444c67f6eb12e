// SPDX-License-Identifier: MIT
// On a client's thread: the system service behind each of a program's requests. Reads, writes, controls, listings and
// locks go on without the thread where the file was opened for overlapped use; the others wait for the driver.
#include "io/file_calls.h"
#include "io/request.h"
#include "ke/exception.h"
#include "machine/state.h"
#include "se/ddi.h"
#include "se/values.h"

namespace ringside::machine {

using namespace nt;

namespace {

// Where a client's code would have the routine that a callback stands for; nobody jumps there.
constexpr uintptr_t kCallbackRoutine = 0x1100'0000'1000;

// These two have no status block: the length that is needed comes back beside the status, in the input buffer's place.
// A descriptor that ends where the program's memory does is a fault in the service, and its status here.
NTSTATUS serve_security(Request::State& r, IO_STATUS_BLOCK& block)
{
    HANDLE const handle = r.file->handle;
    if (r.major == IRP_MJ_SET_SECURITY) {
        if (r.in_bytes < sizeof(SECURITY_DESCRIPTOR_RELATIVE))
            return STATUS_INVALID_SECURITY_DESCR;
        NTSTATUS const raised = ke::guard_raise([&] { (void)se::capture_descriptor(r.in); });
        return NT_SUCCESS(raised) ? se::set_security_object(handle, r.code, r.in, UserMode) : raised;
    }
    auto* const needed = reinterpret_cast<ULONG*>(r.in);
    NTSTATUS const status
        = se::query_security_object(handle, r.code, r.out, static_cast<ULONG>(r.out_bytes), needed, UserMode);
    block.Information = *needed;
    return status;
}

// A service that waits for the driver: its thread is blocked until then.
NTSTATUS wait_for_service(Request::State& r, IO_STATUS_BLOCK& block)
{
    HANDLE const handle = r.file->handle;
    auto const in_bytes = static_cast<ULONG>(r.in_bytes), out_bytes = static_cast<ULONG>(r.out_bytes);
    auto const file_class = static_cast<FILE_INFORMATION_CLASS>(r.code);
    auto const volume_class = static_cast<FS_INFORMATION_CLASS>(r.code);
    switch (r.major) {
    case IRP_MJ_QUERY_INFORMATION:
        return io::query_file(handle, &block, r.out, out_bytes, file_class, UserMode);
    case IRP_MJ_SET_INFORMATION:
        return io::set_file(handle, &block, r.in, in_bytes, file_class, UserMode);
    case IRP_MJ_QUERY_VOLUME_INFORMATION:
        return io::query_volume(handle, &block, r.out, out_bytes, volume_class, UserMode);
    case IRP_MJ_SET_VOLUME_INFORMATION:
        return io::set_volume(handle, &block, r.in, in_bytes, volume_class, UserMode);
    case IRP_MJ_FLUSH_BUFFERS:
        return io::flush_file(handle, r.minor, nullptr, 0, &block, UserMode);
    case IRP_MJ_QUERY_EA: {
        ULONG index = r.code;
        return io::query_ea(handle, &block, r.out, out_bytes, r.flags & SL_RETURN_SINGLE_ENTRY ? TRUE : FALSE, r.in,
                            in_bytes, r.flags & SL_INDEX_SPECIFIED ? &index : nullptr,
                            r.flags & SL_RESTART_SCAN ? TRUE : FALSE, UserMode);
    }
    case IRP_MJ_SET_EA:
        return io::set_ea(handle, &block, r.in, in_bytes, UserMode);
    case IRP_MJ_QUERY_QUOTA:
        return io::query_quota(handle, &block, r.out, out_bytes, r.flags & SL_RETURN_SINGLE_ENTRY ? TRUE : FALSE, r.in,
                               in_bytes, nullptr, r.flags & SL_RESTART_SCAN ? TRUE : FALSE, UserMode);
    case IRP_MJ_SET_QUOTA:
        return io::set_quota(handle, &block, r.in, in_bytes, UserMode);
    case IRP_MJ_QUERY_SECURITY:
    case IRP_MJ_SET_SECURITY:
        return serve_security(r, block);
    default: { // an unlock
        LARGE_INTEGER offset { .QuadPart = r.offset }, length { .QuadPart = r.length };
        return io::unlock_file(handle, &block, &offset, &length, r.key, UserMode);
    }
    }
}

Result<io::Request> make_request(Request::State const& r)
{
    HANDLE const handle = r.file->handle;
    if (r.major == IRP_MJ_LOCK_CONTROL) {
        LARGE_INTEGER const length { .QuadPart = r.length };
        return io::lock_request(handle, r.offset, &length, r.key, r.flags, UserMode);
    }
    if (r.major == IRP_MJ_DIRECTORY_CONTROL && r.minor != IRP_MN_NOTIFY_CHANGE_DIRECTORY) {
        auto const bytes = static_cast<USHORT>(r.name.size() * sizeof(char16_t));
        UNICODE_STRING const name { bytes, bytes, const_cast<char16_t*>(r.name.data()) };
        return io::directory_request(handle, r.out, static_cast<ULONG>(r.out_bytes),
                                     static_cast<FILE_INFORMATION_CLASS>(r.code), r.flags, &name, UserMode);
    }
    io::Request request;
    request.handle = handle;
    request.major = r.major;
    request.minor = r.minor;
    request.code = r.code;
    request.key = r.key;
    request.flags = r.flags;
    request.buffers = { r.in, static_cast<uint32_t>(r.in_bytes), r.out, static_cast<uint32_t>(r.out_bytes) };
    if (r.major == IRP_MJ_READ || r.major == IRP_MJ_WRITE)
        request.offset = r.offset;
    return request;
}

io::Notification notification_of(Request::State const& r)
{
    io::Notification notification;
    notification.event = r.event ? r.event->handle : nullptr;
    notification.context = reinterpret_cast<void*>(r.context);
    if (r.number) {
        notification.routine = reinterpret_cast<PIO_APC_ROUTINE>(kCallbackRoutine);
        notification.context = reinterpret_cast<void*>(r.number);
    }
    return notification;
}

} // namespace

bool waits_always(Request::State const& r)
{
    switch (r.major) {
    case IRP_MJ_READ:
    case IRP_MJ_WRITE:
    case IRP_MJ_DEVICE_CONTROL:
    case IRP_MJ_FILE_SYSTEM_CONTROL:
    case IRP_MJ_DIRECTORY_CONTROL:
        return false;
    case IRP_MJ_LOCK_CONTROL:
        return r.minor != IRP_MN_LOCK;
    default:
        return true;
    }
}

void perform(Request::State& r)
{
    if (waits_always(r)) {
        IO_STATUS_BLOCK block {};
        block.Status = STATUS_PENDING;
        r.returned = wait_for_service(r, block);
        r.block = { NT_ERROR(r.returned) ? STATUS_PENDING : r.returned, block.Information, {} };
    } else if (auto request = make_request(r); request.ok())
        r.returned = io::start(*request, r.operation, notification_of(r));
    else
        r.returned = request.status();
    r.issued = true;
}

} // namespace ringside::machine
