// SPDX-License-Identifier: MIT
// The contract rows of the memory services that take a process or a section object.
#include "ps/memory_rows.h"

namespace ringside::ps {

using namespace nt;

std::span<Ddi const> memory_rows()
{
    constexpr char const* kUndocumented = "exported and in use, but not documented";
    constexpr char const* kNoIrql = "the page says nothing about IRQL";
    constexpr char const* kSections = "files are those of drive C:, SEC_IMAGE is STATUS_NOT_SUPPORTED, and no filter sees "
                                      "pages come and go; no security descriptor is stored or checked";
    // clang-format off
    static Ddi const rows[] = {
        { .name = "ZwAllocateVirtualMemory", .fail = Fail::Status, .fail_status = STATUS_NO_MEMORY,
          .page = "ntifs/nf-ntifs-zwallocatevirtualmemory", .rules = "PowerIrpDDis",
          .partial = "large pages, AWE and write watch are refused; ZeroBits finds no addresses",
          .body = body<&ZwAllocateVirtualMemory>() },
        { .name = "NtAllocateVirtualMemory", .fail = Fail::Status, .fail_status = STATUS_NO_MEMORY,
          .page = "ntifs/nf-ntifs-ntallocatevirtualmemory", .rules = "PowerIrpDDis",
          .partial = "large pages, AWE and write watch are refused; ZeroBits finds no addresses",
          .body = body<&NtAllocateVirtualMemory>() },
        { .name = "ZwFreeVirtualMemory", .page = "ntifs/nf-ntifs-zwfreevirtualmemory", .rules = "PowerIrpDDis",
          .body = body<&ZwFreeVirtualMemory>() },
        { .name = "NtFreeVirtualMemory", .page = "ntifs/nf-ntifs-ntfreevirtualmemory", .rules = "PowerIrpDDis",
          .body = body<&NtFreeVirtualMemory>() },
        { .name = "ZwProtectVirtualMemory", .since = Windows::win8_1, .because = kUndocumented,
          .body = body<&ZwProtectVirtualMemory>() },
        { .name = "ZwQueryVirtualMemory", .since = Windows::win7, .page = "ntifs/nf-ntifs-zwqueryvirtualmemory",
          .because = "mingw-w64's import library of Windows 7 has it; the page says nothing about IRQL",
          .body = body<&ZwQueryVirtualMemory>() },
        { .name = "NtQueryVirtualMemory", .page = "ntifs/nf-ntifs-ntqueryvirtualmemory", .because = kNoIrql,
          .body = body<&NtQueryVirtualMemory>() },
        { .name = "ZwFlushVirtualMemory", .fail = Fail::Status, .fail_status = STATUS_INSUFFICIENT_RESOURCES,
          .page = "ntifs/nf-ntifs-zwflushvirtualmemory",
          .body = body<&ZwFlushVirtualMemory>() },
        { .name = "MmCopyVirtualMemory", .irql = { .highest = APC_LEVEL }, .because = kUndocumented,
          .body = body<&MmCopyVirtualMemory>() },
        { .name = "MmProbeAndLockProcessPages", .irql = { .highest = APC_LEVEL }, .fail = Fail::Raise,
          .fail_status = STATUS_ACCESS_VIOLATION, .because = kUndocumented,
          .body = body<&MmProbeAndLockProcessPages>() },

        { .name = "ZwCreateSection", .fail = Fail::Status, .fail_status = STATUS_INSUFFICIENT_RESOURCES,
          .page = "wdm/nf-wdm-zwcreatesection",
          .partial = kSections,
          .body = body<&ZwCreateSection>() },
        { .name = "NtCreateSection", .fail = Fail::Status, .fail_status = STATUS_INSUFFICIENT_RESOURCES,
          .page = "ntifs/nf-ntifs-ntcreatesection",
          .partial = kSections,
          .body = body<&NtCreateSection>() },
        { .name = "NtCreateSectionEx", .since = Windows::v10_1803, .fail = Fail::Status,
          .fail_status = STATUS_INSUFFICIENT_RESOURCES, .page = "ntifs/nf-ntifs-ntcreatesectionex",
          .partial = "as NtCreateSection; extended parameters are refused", .because = kNoIrql,
          .body = body<&NtCreateSectionEx>() },
        { .name = "MmCreateSection", .irql = { .highest = APC_LEVEL }, .fail = Fail::Status,
          .fail_status = STATUS_INSUFFICIENT_RESOURCES, .partial = "as ZwCreateSection; a name is not used",
          .because = kUndocumented, .body = body<&MmCreateSection>() },
        { .name = "ZwOpenSection", .fail = Fail::Status, .fail_status = STATUS_INSUFFICIENT_RESOURCES,
          .page = "wdm/nf-wdm-zwopensection", .rules = "PowerIrpDDis",
          .body = body<&ZwOpenSection>() },
        { .name = "ZwQuerySection", .since = Windows::vista, .because = kUndocumented,
          .body = body<&ZwQuerySection>() },
        { .name = "ZwMapViewOfSection", .fail = Fail::Status, .fail_status = STATUS_NO_MEMORY,
          .page = "wdm/nf-wdm-zwmapviewofsection", .rules = "PowerIrpDDis",
          .partial = "large pages are refused; ZeroBits finds no addresses", .body = body<&ZwMapViewOfSection>() },
        { .name = "NtMapViewOfSection", .fail = Fail::Status, .fail_status = STATUS_NO_MEMORY,
          .partial = "large pages are refused; ZeroBits finds no addresses", .because = kUndocumented,
          .body = body<&NtMapViewOfSection>() },
        { .name = "MmMapViewOfSection", .irql = { .highest = APC_LEVEL }, .fail = Fail::Status,
          .fail_status = STATUS_NO_MEMORY, .partial = "large pages are refused; ZeroBits finds no addresses",
          .because = kUndocumented, .body = body<&MmMapViewOfSection>() },
        { .name = "ZwUnmapViewOfSection", .page = "wdm/nf-wdm-zwunmapviewofsection", .rules = "PowerIrpDDis",
          .body = body<&ZwUnmapViewOfSection>() },
        { .name = "MmUnmapViewOfSection", .irql = { .highest = APC_LEVEL }, .because = kUndocumented,
          .body = body<&MmUnmapViewOfSection>() },
        { .name = "MmMapViewInSystemSpace", .irql = { .highest = APC_LEVEL }, .fail = Fail::Status,
          .fail_status = STATUS_NO_MEMORY, .page = "ntddk/nf-ntddk-mmmapviewinsystemspace",
          .body = body<&MmMapViewInSystemSpace>() },
        { .name = "MmMapViewInSystemSpaceEx", .irql = { .highest = APC_LEVEL }, .since = Windows::v10_1903,
          .fail = Fail::Status, .fail_status = STATUS_NO_MEMORY, .because = kUndocumented,
          .body = body<&MmMapViewInSystemSpaceEx>() },
        { .name = "MmMapViewInSessionSpace", .irql = { .highest = APC_LEVEL }, .fail = Fail::Status,
          .fail_status = STATUS_NO_MEMORY, .partial = "one session: its addresses are the system's",
          .because = kUndocumented, .body = body<&MmMapViewInSystemSpace>() },
        { .name = "MmUnmapViewInSystemSpace", .irql = { .highest = APC_LEVEL },
          .page = "ntddk/nf-ntddk-mmunmapviewinsystemspace", .body = body<&MmUnmapViewInSystemSpace>() },
        { .name = "MmUnmapViewInSessionSpace", .irql = { .highest = APC_LEVEL },
          .partial = "one session: its addresses are the system's", .because = kUndocumented,
          .body = body<&MmUnmapViewInSystemSpace>() },
    };
    // clang-format on
    return rows;
}

} // namespace ringside::ps
