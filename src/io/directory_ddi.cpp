// SPDX-License-Identifier: MIT
// Listing a folder. The name's expression is the request's own, in pool, until the IRP goes.
#include "ex/pool.h"
#include "io/ddi.h"
#include "io/file_calls.h"
#include "io/information_class.h"
#include "io/manager.h"
#include "ob/capture.h"

namespace ringside::io {

namespace {

// A counted string and its characters in one block of auxiliary pool. Null for no name.
Result<void*> copy_name(UNICODE_STRING const* name)
{
    if (!name)
        return static_cast<void*>(nullptr);
    UNICODE_STRING const given = ob::get(name);
    if (!given.Length)
        return static_cast<void*>(nullptr);
    if (given.Length % sizeof(char16_t))
        return Failure { STATUS_INVALID_PARAMETER };
    void* block = ex::allocate(NonPagedPoolNx, sizeof given + given.Length, kAuxiliaryTag, ex::Owner::Kernel, false);
    if (!block)
        return Failure { STATUS_INSUFFICIENT_RESOURCES };
    auto* string = new (block) UNICODE_STRING { given.Length, given.Length, nullptr };
    string->Buffer = reinterpret_cast<char16_t*>(string + 1);
    if (NTSTATUS const copied = copy_named(string->Buffer, given.Buffer, given.Length); !NT_SUCCESS(copied)) {
        ex::free(block, kAuxiliaryTag);
        return Failure { copied };
    }
    return block;
}

} // namespace

Result<Request> directory_request(HANDLE handle, void* buffer, ULONG bytes, FILE_INFORMATION_CLASS information,
                                  ULONG flags, UNICODE_STRING const* name, KPROCESSOR_MODE mode)
{
    constexpr ULONG known = SL_RESTART_SCAN | SL_RETURN_SINGLE_ENTRY;
    if (flags & ~known)
        return Failure { STATUS_INVALID_PARAMETER };
    ULONG const least = directory_bytes(static_cast<ULONG>(information));
    if (!least)
        return Failure { STATUS_INVALID_INFO_CLASS };
    if (bytes < least)
        return Failure { STATUS_INFO_LENGTH_MISMATCH };
    void* const copied = TRY(copy_name(name));
    return Request { .handle = handle, .major = IRP_MJ_DIRECTORY_CONTROL, .minor = IRP_MN_QUERY_DIRECTORY,
                     .code = static_cast<ULONG>(information), .buffers = { nullptr, 0, buffer, bytes }, .mode = mode,
                     .flags = static_cast<UCHAR>(flags), .auxiliary = copied };
}

namespace {

template <Mode mode>
NTSTATUS QueryDirectoryFileEx(HANDLE handle, HANDLE event, PIO_APC_ROUTINE routine, void* routine_context,
                              IO_STATUS_BLOCK* status, void* buffer, ULONG bytes, FILE_INFORMATION_CLASS information,
                              ULONG flags, UNICODE_STRING* name)
{
    auto request = directory_request(handle, buffer, bytes, information, flags, name, mode());
    return request.ok() ? by_handle(*request, event, routine, routine_context, status) : request.status();
}

template <Mode mode>
NTSTATUS QueryDirectoryFile(HANDLE handle, HANDLE event, PIO_APC_ROUTINE routine, void* routine_context,
                            IO_STATUS_BLOCK* status, void* buffer, ULONG bytes, FILE_INFORMATION_CLASS information,
                            BOOLEAN single, UNICODE_STRING* name, BOOLEAN restart)
{
    return QueryDirectoryFileEx<mode>(handle, event, routine, routine_context, status, buffer, bytes, information,
                                      (single ? SL_RETURN_SINGLE_ENTRY : 0u) | (restart ? SL_RESTART_SCAN : 0u), name);
}

} // namespace

std::span<Ddi const> directory_rows()
{
    constexpr char const* kDirectoryFlags = "SL_RETURN_ON_DISK_ENTRIES_ONLY and SL_NO_CURSOR_UPDATE_QUERY are refused";
    static Ddi const rows[] = {
        { .name = "ZwQueryDirectoryFile", .fail = Fail::Status, .fail_status = STATUS_INSUFFICIENT_RESOURCES,
          .page = "ntifs/nf-ntifs-zwquerydirectoryfile", .rules = "PowerIrpDDis",
          .body = body<&QueryDirectoryFile<kernel_mode>>() },
        { .name = "NtQueryDirectoryFile", .fail = Fail::Status, .fail_status = STATUS_INSUFFICIENT_RESOURCES,
          .page = "ntifs/nf-ntifs-ntquerydirectoryfile", .rules = "PowerIrpDDis",
          .body = body<&QueryDirectoryFile<ob::previous_mode>>() },
        { .name = "NtQueryDirectoryFileEx", .since = Windows::v10_1709, .fail = Fail::Status,
          .fail_status = STATUS_INSUFFICIENT_RESOURCES, .page = "ntifs/nf-ntifs-ntquerydirectoryfileex",
          .partial = kDirectoryFlags, .body = body<&QueryDirectoryFileEx<ob::previous_mode>>() },
        { .name = "ZwQueryDirectoryFileEx", .since = Windows::v10_1709, .fail = Fail::Status,
          .fail_status = STATUS_INSUFFICIENT_RESOURCES, .partial = kDirectoryFlags,
          .because = "not documented; the Zw form of a documented Nt service",
          .body = body<&QueryDirectoryFileEx<kernel_mode>>() },
    };
    return rows;
}

} // namespace ringside::io
