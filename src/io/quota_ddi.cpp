// SPDX-License-Identifier: MIT
// Quotas of users on a volume. The SIDs asked for are the request's own, in pool, until the IRP goes.
// @cite(wdk-docs): page=ifs/irp-mj-query-quota
// @cite(wdk-docs): page=ifs/irp-mj-set-quota
#include "ex/pool.h"
#include "io/ddi.h"
#include "io/file_calls.h"
#include "io/manager.h"
#include "ob/capture.h"

#include <cstddef>
#include <cstring>

namespace ringside::io {

namespace {

constexpr ULONG kListMax = 0x10000;
constexpr ULONG kSidFixed = offsetof(SID, SubAuthority);
constexpr ULONG kAskedFixed = offsetof(FILE_GET_QUOTA_INFORMATION, Sid);
constexpr ULONG kEntryFixed = 0x28; // FILE_QUOTA_INFORMATION before its Sid, which is last in both

// The bytes of the SID that stands in this room, 0 for none.
ULONG sid_in(uint8_t const* at, ULONG room)
{
    if (room < kSidFixed)
        return 0;
    auto const& sid = *reinterpret_cast<SID const*>(at);
    ULONG const bytes = kSidFixed + sid.SubAuthorityCount * sizeof(ULONG);
    return sid.Revision == SID_REVISION && sid.SubAuthorityCount <= SID_MAX_SUB_AUTHORITIES && bytes <= room ? bytes
                                                                                                             : 0;
}

// Both kinds of list begin their entries with the next one's offset and the SID's length.
NTSTATUS check_list(uint8_t const* list, ULONG bytes, ULONG fixed)
{
    for (ULONG at = 0;;) {
        if (bytes - at < fixed)
            return STATUS_QUOTA_LIST_INCONSISTENT;
        ULONG next, sid_bytes;
        std::memcpy(&next, list + at, sizeof next);
        std::memcpy(&sid_bytes, list + at + sizeof next, sizeof sid_bytes);
        if (sid_bytes > bytes - at - fixed || !sid_bytes || sid_in(list + at + fixed, sid_bytes) != sid_bytes)
            return STATUS_QUOTA_LIST_INCONSISTENT;
        if (!next)
            return STATUS_SUCCESS;
        if (next % sizeof(ULONG) || next < fixed + sid_bytes || next > bytes - at)
            return STATUS_QUOTA_LIST_INCONSISTENT;
        at += next;
    }
}

// In pool: the first SID, then the list. Null for neither.
struct Asked {
    void* block = nullptr;
    ULONG sid_bytes = 0;
};

Result<Asked> copy_sids(void const* list, ULONG list_bytes, void const* start)
{
    uint8_t sid[kSidFixed + SID_MAX_SUB_AUTHORITIES * sizeof(ULONG)];
    Asked asked;
    if (start) {
        if (NTSTATUS const read = copy_named(sid, start, kSidFixed); !NT_SUCCESS(read))
            return Failure { read };
        ULONG const whole = kSidFixed + reinterpret_cast<SID const*>(sid)->SubAuthorityCount * sizeof(ULONG);
        if (whole > sizeof sid)
            return Failure { STATUS_INVALID_SID };
        if (NTSTATUS const read = copy_named(sid, start, whole); !NT_SUCCESS(read))
            return Failure { read };
        asked.sid_bytes = sid_in(sid, whole);
        if (!asked.sid_bytes)
            return Failure { STATUS_INVALID_SID };
    }
    if (list_bytes > kListMax)
        return Failure { STATUS_QUOTA_LIST_INCONSISTENT };
    if (!asked.sid_bytes && !list_bytes)
        return asked;
    asked.block = ex::allocate(NonPagedPoolNx, list_offset(asked.sid_bytes) + list_bytes, kAuxiliaryTag,
                               ex::Owner::Kernel, false);
    if (!asked.block)
        return Failure { STATUS_INSUFFICIENT_RESOURCES };
    std::memcpy(asked.block, sid, asked.sid_bytes);
    auto* const copy = static_cast<uint8_t*>(asked.block) + list_offset(asked.sid_bytes);
    NTSTATUS status = list_bytes ? copy_named(copy, list, list_bytes) : STATUS_SUCCESS;
    if (NT_SUCCESS(status) && list_bytes)
        status = check_list(copy, list_bytes, kAskedFixed);
    if (NT_SUCCESS(status))
        return asked;
    ex::free(asked.block, kAuxiliaryTag);
    return Failure { status };
}

} // namespace

// @cite(wdk-ddi): page=ntifs/nf-ntifs-zwqueryquotainformationfile
NTSTATUS query_quota(HANDLE handle, IO_STATUS_BLOCK* status, void* buffer, ULONG bytes, BOOLEAN single, void* list,
                     ULONG list_bytes, void* start, BOOLEAN restart, KPROCESSOR_MODE mode)
{
    ob::put(status, {});
    auto asked = copy_sids(list, list ? list_bytes : 0, start);
    if (!asked.ok())
        return asked.status();
    UCHAR const flags = static_cast<UCHAR>((single ? SL_RETURN_SINGLE_ENTRY : 0) | (restart ? SL_RESTART_SCAN : 0)
                                           | (start ? SL_INDEX_SPECIFIED : 0));
    return synchronously({ .handle = handle,
                           .major = IRP_MJ_QUERY_QUOTA,
                           .code = asked->sid_bytes,
                           .buffers = { nullptr, 0, buffer, bytes },
                           .mode = mode,
                           .flags = flags,
                           .auxiliary = asked->block,
                           .auxiliary_bytes = list ? list_bytes : 0 },
                         status);
}

// @cite(wdk-ddi): page=ntifs/nf-ntifs-zwsetquotainformationfile
NTSTATUS set_quota(HANDLE handle, IO_STATUS_BLOCK* status, void* buffer, ULONG bytes, KPROCESSOR_MODE mode)
{
    if (!bytes || bytes > kListMax)
        return STATUS_QUOTA_LIST_INCONSISTENT;
    // Looked at here; the driver gets what stands there when it is sent.
    void* const copy = ex::allocate(NonPagedPoolNx, bytes, kAuxiliaryTag, ex::Owner::Kernel, false);
    if (!copy)
        return STATUS_INSUFFICIENT_RESOURCES;
    Pool const held(copy);
    NTSTATUS checked = copy_named(copy, buffer, bytes);
    if (NT_SUCCESS(checked))
        checked = check_list(static_cast<uint8_t const*>(copy), bytes, kEntryFixed);
    if (!NT_SUCCESS(checked))
        return checked;
    return synchronously(
        { .handle = handle, .major = IRP_MJ_SET_QUOTA, .buffers = { buffer, bytes, nullptr, 0 }, .mode = mode },
        status);
}

namespace {

template <Mode mode>
NTSTATUS QueryQuotaInformationFile(HANDLE handle, IO_STATUS_BLOCK* status, void* buffer, ULONG bytes, BOOLEAN single,
                                   void* list, ULONG list_bytes, void* start, BOOLEAN restart)
{
    return query_quota(handle, status, buffer, bytes, single, list, list_bytes, start, restart, mode());
}

template <Mode mode>
NTSTATUS SetQuotaInformationFile(HANDLE handle, IO_STATUS_BLOCK* status, void* buffer, ULONG bytes)
{
    return set_quota(handle, status, buffer, bytes, mode());
}

} // namespace

std::span<Ddi const> quota_rows()
{
    static Ddi const rows[] = {
        { .name = "ZwQueryQuotaInformationFile",
          .since = Windows::win7,
          .fail = Fail::Status,
          .fail_status = STATUS_INSUFFICIENT_RESOURCES,
          .page = "ntifs/nf-ntifs-zwqueryquotainformationfile",
          .rules = "PowerIrpDDis",
          .body = body<&QueryQuotaInformationFile<kernel_mode>>() },
        { .name = "NtQueryQuotaInformationFile",
          .since = Windows::win7,
          .fail = Fail::Status,
          .fail_status = STATUS_INSUFFICIENT_RESOURCES,
          .page = "ntifs/nf-ntifs-ntqueryquotainformationfile",
          .rules = "PowerIrpDDis",
          .body = body<&QueryQuotaInformationFile<ob::previous_mode>>() },
        { .name = "ZwSetQuotaInformationFile",
          .since = Windows::win7,
          .fail = Fail::Status,
          .fail_status = STATUS_INSUFFICIENT_RESOURCES,
          .page = "ntifs/nf-ntifs-zwsetquotainformationfile",
          .rules = "PowerIrpDDis",
          .body = body<&SetQuotaInformationFile<kernel_mode>>() },
        { .name = "NtSetQuotaInformationFile",
          .since = Windows::win7,
          .fail = Fail::Status,
          .fail_status = STATUS_INSUFFICIENT_RESOURCES,
          .page = "ntifs/nf-ntifs-ntsetquotainformationfile",
          .rules = "PowerIrpDDis",
          .body = body<&SetQuotaInformationFile<ob::previous_mode>>() },
    };
    return rows;
}

} // namespace ringside::io
