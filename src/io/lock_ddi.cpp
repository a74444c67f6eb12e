// SPDX-License-Identifier: MIT
// Byte-range locks. The length is the request's own, in pool, until the IRP goes.
#include "ex/pool.h"
#include "io/ddi.h"
#include "io/file_calls.h"
#include "io/manager.h"
#include "ob/capture.h"

namespace ringside::io {

namespace {

Result<void*> copy_length(LARGE_INTEGER const* length)
{
    LARGE_INTEGER const given = ob::get(length);
    void* block = ex::allocate(NonPagedPoolNx, sizeof given, kAuxiliaryTag, ex::Owner::Kernel, false);
    if (!block)
        return Failure { STATUS_INSUFFICIENT_RESOURCES };
    return static_cast<void*>(new (block) LARGE_INTEGER(given));
}

} // namespace

Result<Request> lock_request(HANDLE handle, int64_t offset, LARGE_INTEGER const* length, ULONG key, UCHAR flags,
                             KPROCESSOR_MODE mode)
{
    void* const copied = TRY(copy_length(length));
    return Request { .handle = handle, .major = IRP_MJ_LOCK_CONTROL, .minor = IRP_MN_LOCK, .offset = offset, .key = key,
                     .mode = mode, .flags = flags, .auxiliary = copied };
}

namespace {

template <Mode mode>
NTSTATUS LockFile(HANDLE handle, HANDLE event, PIO_APC_ROUTINE routine, void* routine_context, IO_STATUS_BLOCK* status,
                  LARGE_INTEGER* offset, LARGE_INTEGER* length, ULONG key, BOOLEAN fail_immediately, BOOLEAN exclusive)
{
    auto const flags = static_cast<UCHAR>((fail_immediately ? SL_FAIL_IMMEDIATELY : 0)
                                          | (exclusive ? SL_EXCLUSIVE_LOCK : 0));
    auto request = lock_request(handle, ob::get(offset).QuadPart, length, key, flags, mode());
    return request.ok() ? by_handle(*request, event, routine, routine_context, status) : request.status();
}

} // namespace

NTSTATUS unlock_file(HANDLE handle, IO_STATUS_BLOCK* status, LARGE_INTEGER* offset, LARGE_INTEGER* length, ULONG key, KPROCESSOR_MODE mode)
{
    int64_t const first = ob::get(offset).QuadPart;
    ob::put(status, {});
    auto copied = copy_length(length);
    if (!copied.ok())
        return copied.status();
    return synchronously({ .handle = handle, .major = IRP_MJ_LOCK_CONTROL, .minor = IRP_MN_UNLOCK_SINGLE,
                           .offset = first, .key = key, .mode = mode, .auxiliary = *copied },
                         status);
}

namespace {

template <Mode mode>
NTSTATUS UnlockFile(HANDLE handle, IO_STATUS_BLOCK* status, LARGE_INTEGER* offset, LARGE_INTEGER* length, ULONG key)
{
    return unlock_file(handle, status, offset, length, key, mode());
}

} // namespace

std::span<Ddi const> lock_rows()
{
    static Ddi const rows[] = {
        { .name = "ZwLockFile", .since = Windows::win7, .fail = Fail::Status,
          .fail_status = STATUS_INSUFFICIENT_RESOURCES, .page = "ntifs/nf-ntifs-zwlockfile", .rules = "PowerIrpDDis",
          .body = body<&LockFile<kernel_mode>>() },
        { .name = "NtLockFile", .since = Windows::win7, .fail = Fail::Status,
          .fail_status = STATUS_INSUFFICIENT_RESOURCES, .page = "ntifs/nf-ntifs-ntlockfile", .rules = "PowerIrpDDis",
          .body = body<&LockFile<ob::previous_mode>>() },
        { .name = "ZwUnlockFile", .since = Windows::win7, .fail = Fail::Status,
          .fail_status = STATUS_INSUFFICIENT_RESOURCES, .page = "ntifs/nf-ntifs-zwunlockfile", .rules = "PowerIrpDDis",
          .body = body<&UnlockFile<kernel_mode>>() },
        { .name = "NtUnlockFile", .since = Windows::win7, .fail = Fail::Status,
          .fail_status = STATUS_INSUFFICIENT_RESOURCES, .page = "ntifs/nf-ntifs-ntunlockfile", .rules = "PowerIrpDDis",
          .body = body<&UnlockFile<ob::previous_mode>>() },
    };
    return rows;
}

} // namespace ringside::io
