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

template <Mode mode>
NTSTATUS LockFile(HANDLE handle, HANDLE event, PIO_APC_ROUTINE routine, void* routine_context, IO_STATUS_BLOCK* status,
                  LARGE_INTEGER* offset, LARGE_INTEGER* length, ULONG key, BOOLEAN fail_immediately, BOOLEAN exclusive)
{
    int64_t const first = ob::get(offset).QuadPart;
    auto copied = copy_length(length);
    if (!copied.ok())
        return copied.status();
    Request request { .handle = handle, .major = IRP_MJ_LOCK_CONTROL, .minor = IRP_MN_LOCK, .offset = first, .key = key,
                      .mode = mode(),
                      .flags = static_cast<UCHAR>((fail_immediately ? SL_FAIL_IMMEDIATELY : 0)
                                                  | (exclusive ? SL_EXCLUSIVE_LOCK : 0)),
                      .auxiliary = *copied };
    return by_handle(request, event, routine, routine_context, status);
}

template <Mode mode>
NTSTATUS UnlockFile(HANDLE handle, IO_STATUS_BLOCK* status, LARGE_INTEGER* offset, LARGE_INTEGER* length, ULONG key)
{
    int64_t const first = ob::get(offset).QuadPart;
    ob::put(status, {});
    auto copied = copy_length(length);
    if (!copied.ok())
        return copied.status();
    return synchronously({ .handle = handle, .major = IRP_MJ_LOCK_CONTROL, .minor = IRP_MN_UNLOCK_SINGLE,
                           .offset = first, .key = key, .mode = mode(), .auxiliary = *copied },
                         status);
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
