// SPDX-License-Identifier: MIT
// Extended attributes of open files.
#include "ex/pool.h"
#include "io/ddi.h"
#include "io/file_calls.h"
#include "io/manager.h"
#include "ob/capture.h"

#include <cstddef>

namespace ringside::io {

namespace {

constexpr ULONG kListMax = 0x10000;

NTSTATUS check_ea_names(void const* list, ULONG bytes)
{
    constexpr ULONG fixed = offsetof(FILE_GET_EA_INFORMATION, EaName);
    for (ULONG at = 0;;) {
        if (bytes - at < fixed)
            return STATUS_EA_LIST_INCONSISTENT;
        auto const* name = reinterpret_cast<FILE_GET_EA_INFORMATION const*>(static_cast<uint8_t const*>(list) + at);
        ULONG const used = fixed + name->EaNameLength + 1u;
        if (bytes - at < used)
            return STATUS_EA_LIST_INCONSISTENT;
        if (!name->NextEntryOffset)
            return STATUS_SUCCESS;
        if (name->NextEntryOffset % sizeof(ULONG) || name->NextEntryOffset < used || name->NextEntryOffset > bytes - at)
            return STATUS_EA_LIST_INCONSISTENT;
        at += name->NextEntryOffset;
    }
}

// A list in auxiliary pool that `check` finds in order. Null for none.
Result<void*> copy_list(void const* list, ULONG bytes, NTSTATUS (*check)(void const*, ULONG))
{
    if (!list || !bytes)
        return static_cast<void*>(nullptr);
    if (bytes > kListMax)
        return Failure { STATUS_EA_LIST_INCONSISTENT };
    void* block = ex::allocate(NonPagedPoolNx, bytes, kAuxiliaryTag, ex::Owner::Kernel, false);
    if (!block)
        return Failure { STATUS_INSUFFICIENT_RESOURCES };
    NTSTATUS status = copy_named(block, list, bytes);
    if (NT_SUCCESS(status))
        status = check(block, bytes);
    if (NT_SUCCESS(status))
        return block;
    ex::free(block, kAuxiliaryTag);
    return Failure { status };
}

} // namespace

NTSTATUS query_ea(HANDLE handle, IO_STATUS_BLOCK* status, void* buffer, ULONG bytes, BOOLEAN single, void* list,
                  ULONG list_bytes, ULONG* index, BOOLEAN restart, KPROCESSOR_MODE mode)
{
    ULONG const first = index ? ob::get(index) : 0;
    ob::put(status, {});
    auto copied = copy_list(list, list_bytes, &check_ea_names);
    if (!copied.ok())
        return copied.status();
    UCHAR const flags = static_cast<UCHAR>((single ? SL_RETURN_SINGLE_ENTRY : 0) | (restart ? SL_RESTART_SCAN : 0)
                                           | (index ? SL_INDEX_SPECIFIED : 0));
    return synchronously({ .handle = handle, .major = IRP_MJ_QUERY_EA, .code = first,
                           .buffers = { nullptr, 0, buffer, bytes }, .mode = mode, .flags = flags,
                           .auxiliary = *copied, .auxiliary_bytes = *copied ? list_bytes : 0 },
                         status);
}

namespace {

template <Mode mode>
NTSTATUS QueryEaFile(HANDLE handle, IO_STATUS_BLOCK* status, void* buffer, ULONG bytes, BOOLEAN single, void* list,
                     ULONG list_bytes, ULONG* index, BOOLEAN restart)
{
    return query_ea(handle, status, buffer, bytes, single, list, list_bytes, index, restart, mode());
}

} // namespace

NTSTATUS set_ea(HANDLE handle, IO_STATUS_BLOCK* status, void* buffer, ULONG bytes, KPROCESSOR_MODE mode)
{
    // Looked at here; the driver gets what stands there when it is sent.
    auto copied = copy_list(buffer, bytes, &check_ea);
    if (!copied.ok())
        return copied.status();
    Pool const list(*copied);
    return synchronously({ .handle = handle, .major = IRP_MJ_SET_EA, .buffers = { buffer, bytes, nullptr, 0 },
                           .mode = mode },
                         status);
}

namespace {

template <Mode mode>
NTSTATUS SetEaFile(HANDLE handle, IO_STATUS_BLOCK* status, void* buffer, ULONG bytes)
{
    return set_ea(handle, status, buffer, bytes, mode());
}

// @cite(wdk-ddi): page=ntifs/nf-ntifs-iocheckeabuffervalidity
NTSTATUS IoCheckEaBufferValidity(FILE_FULL_EA_INFORMATION* list, ULONG bytes, ULONG* error_offset)
{
    ULONG where = 0;
    NTSTATUS const status = check_ea_at(list, bytes, where);
    if (!NT_SUCCESS(status))
        ob::put(error_offset, where);
    return status;
}

} // namespace

std::span<Ddi const> ea_rows()
{
    constexpr char const* kUndocumented = "not documented; the Nt form of a documented Zw service";
    static Ddi const rows[] = {
        { .name = "IoCheckEaBufferValidity", .irql = { 0, 1 }, .page = "ntifs/nf-ntifs-iocheckeabuffervalidity",
          .body = body<&IoCheckEaBufferValidity>() },
        { .name = "ZwQueryEaFile", .fail = Fail::Status, .fail_status = STATUS_INSUFFICIENT_RESOURCES,
          .page = "ntifs/nf-ntifs-zwqueryeafile", .rules = "PowerIrpDDis", .body = body<&QueryEaFile<kernel_mode>>() },
        { .name = "NtQueryEaFile", .fail = Fail::Status, .fail_status = STATUS_INSUFFICIENT_RESOURCES,
          .because = kUndocumented, .body = body<&QueryEaFile<ob::previous_mode>>() },
        { .name = "ZwSetEaFile", .fail = Fail::Status, .fail_status = STATUS_INSUFFICIENT_RESOURCES,
          .page = "ntifs/nf-ntifs-zwseteafile", .rules = "PowerIrpDDis", .body = body<&SetEaFile<kernel_mode>>() },
        { .name = "NtSetEaFile", .fail = Fail::Status, .fail_status = STATUS_INSUFFICIENT_RESOURCES,
          .because = kUndocumented, .body = body<&SetEaFile<ob::previous_mode>>() },
    };
    return rows;
}

} // namespace ringside::io
