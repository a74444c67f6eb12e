// SPDX-License-Identifier: MIT
// Rows: conversion between bytes and UTF-16. As with strings, those that may allocate leave the fault to the
// allocation.
#include "rtl/ddi_row.h"

#include "rtl/multi_byte.h"

namespace ringside::rtl {

std::span<Ddi const> conversion_rows()
{
    static Ddi const rows[] {
        // Buffers.
        { .name = "RtlMultiByteToUnicodeN", .irql = kUpToApc, .needs = Needs::Nothing,
          .page = "ntifs/nf-ntifs-rtlmultibytetounicoden", .body = body<&RtlMultiByteToUnicodeN>() },
        { .name = "RtlMultiByteToUnicodeSize", .irql = kUpToApc, .needs = Needs::Nothing,
          .page = "ntifs/nf-ntifs-rtlmultibytetounicodesize", .body = body<&RtlMultiByteToUnicodeSize>() },
        { .name = "RtlUnicodeToMultiByteN", .irql = kUpToApc, .needs = Needs::Nothing,
          .page = "ntifs/nf-ntifs-rtlunicodetomultibyten", .body = body<&RtlUnicodeToMultiByteN>() },
        { .name = "RtlUnicodeToMultiByteSize", .irql = kUpToApc, .needs = Needs::Nothing,
          .page = "ntifs/nf-ntifs-rtlunicodetomultibytesize", .body = body<&RtlUnicodeToMultiByteSize>() },
        { .name = "RtlUpcaseUnicodeToMultiByteN", .irql = kUpToApc, .needs = Needs::Nothing,
          .page = "ntifs/nf-ntifs-rtlupcaseunicodetomultibyten", .body = body<&RtlUpcaseUnicodeToMultiByteN>() },
        { .name = "RtlOemToUnicodeN", .irql = kUpToApc, .needs = Needs::Nothing,
          .page = "ntifs/nf-ntifs-rtloemtounicoden", .body = body<&RtlOemToUnicodeN>() },
        { .name = "RtlUnicodeToOemN", .irql = kUpToApc, .needs = Needs::Nothing,
          .page = "ntifs/nf-ntifs-rtlunicodetooemn", .partial = kOemExact, .body = body<&RtlUnicodeToOemN>() },
        { .name = "RtlUpcaseUnicodeToOemN", .irql = kUpToApc, .needs = Needs::Nothing,
          .page = "ntifs/nf-ntifs-rtlupcaseunicodetooemn", .partial = kOemExact,
          .body = body<&RtlUpcaseUnicodeToOemN>() },
        { .name = "RtlUTF8ToUnicodeN", .irql = kPassive, .since = Windows::win7, .needs = Needs::Nothing,
          .page = "ntifs/nf-ntifs-rtlutf8tounicoden", .body = body<&RtlUTF8ToUnicodeN>() },
        { .name = "RtlUnicodeToUTF8N", .irql = kPassive, .since = Windows::win7, .needs = Needs::Nothing,
          .page = "ntifs/nf-ntifs-rtlunicodetoutf8n", .body = body<&RtlUnicodeToUTF8N>() },
        { .name = "RtlAnsiCharToUnicodeChar", .irql = kPassive, .needs = Needs::Nothing, .because = kPagedTables,
          .body = body<&RtlAnsiCharToUnicodeChar>() },
        { .name = "RtlIsValidOemCharacter", .irql = kPassive, .needs = Needs::Nothing,
          .page = "ntifs/nf-ntifs-rtlisvalidoemcharacter", .partial = kOemExact,
          .body = body<&RtlIsValidOemCharacter>() },
        // Counted strings.
        { .name = "RtlAnsiStringToUnicodeString", .irql = kPassive,
          .fail = Fail::Inside, .fail_status = STATUS_NO_MEMORY, .page = "wdm/nf-wdm-rtlansistringtounicodestring",
          .body = body<&RtlAnsiStringToUnicodeString>() },
        { .name = "RtlUnicodeStringToAnsiString", .irql = kPassive,
          .fail = Fail::Inside, .fail_status = STATUS_NO_MEMORY, .page = "wdm/nf-wdm-rtlunicodestringtoansistring",
          .body = body<&RtlUnicodeStringToAnsiString>() },
        { .name = "RtlUpcaseUnicodeStringToAnsiString", .irql = kPassive,
          .fail = Fail::Inside, .fail_status = STATUS_NO_MEMORY, .because = kPagedTables,
          .body = body<&RtlUpcaseUnicodeStringToAnsiString>() },
        { .name = "RtlOemStringToUnicodeString", .irql = kUpToApc,
          .fail = Fail::Inside, .fail_status = STATUS_NO_MEMORY,
          .page = "ntifs/nf-ntifs-rtloemstringtounicodestring", .body = body<&RtlOemStringToUnicodeString>() },
        { .name = "RtlOemStringToCountedUnicodeString", .irql = kUpToApc,
          .fail = Fail::Inside, .fail_status = STATUS_NO_MEMORY,
          .page = "ntifs/nf-ntifs-rtloemstringtocountedunicodestring",
          .body = body<&RtlOemStringToCountedUnicodeString>() },
        { .name = "RtlUnicodeStringToOemString", .irql = kUpToApc,
          .fail = Fail::Inside, .fail_status = STATUS_NO_MEMORY,
          .page = "ntifs/nf-ntifs-rtlunicodestringtooemstring", .partial = kOemExact,
          .body = body<&RtlUnicodeStringToOemString>() },
        { .name = "RtlUnicodeStringToCountedOemString", .irql = kUpToApc,
          .fail = Fail::Inside, .fail_status = STATUS_NO_MEMORY,
          .page = "ntifs/nf-ntifs-rtlunicodestringtocountedoemstring", .partial = kOemExact,
          .body = body<&RtlUnicodeStringToCountedOemString>() },
        { .name = "RtlUpcaseUnicodeStringToOemString", .irql = kUpToApc,
          .fail = Fail::Inside, .fail_status = STATUS_NO_MEMORY,
          .page = "ntifs/nf-ntifs-rtlupcaseunicodestringtooemstring", .partial = kOemExact,
          .body = body<&RtlUpcaseUnicodeStringToOemString>() },
        { .name = "RtlUpcaseUnicodeStringToCountedOemString", .irql = kUpToApc,
          .fail = Fail::Inside, .fail_status = STATUS_NO_MEMORY,
          .page = "ntifs/nf-ntifs-rtlupcaseunicodestringtocountedoemstring", .partial = kOemExact,
          .body = body<&RtlUpcaseUnicodeStringToCountedOemString>() },
        { .name = "RtlUTF8StringToUnicodeString", .irql = kPassive, .since = Windows::v10_2004,
          .fail = Fail::Inside, .fail_status = STATUS_NO_MEMORY,
          .page = "ntifs/nf-ntifs-rtlutf8stringtounicodestring", .body = body<&RtlUTF8StringToUnicodeString>() },
        { .name = "RtlUnicodeStringToUTF8String", .irql = kPassive, .since = Windows::v10_2004,
          .fail = Fail::Inside, .fail_status = STATUS_NO_MEMORY,
          .page = "wdm/nf-wdm-rtlunicodestringtoutf8string", .body = body<&RtlUnicodeStringToUTF8String>() },
        // Sizes.
        { .name = "RtlAnsiStringToUnicodeSize", .irql = kPassive, .needs = Needs::Nothing,
          .page = "wdm/nf-wdm-rtlansistringtounicodesize", .body = body<&RtlxAnsiStringToUnicodeSize>() },
        { .name = "RtlxAnsiStringToUnicodeSize", .irql = kPassive, .needs = Needs::Nothing,
          .page = "wdm/nf-wdm-rtlxansistringtounicodesize", .body = body<&RtlxAnsiStringToUnicodeSize>() },
        { .name = "RtlOemStringToUnicodeSize", .irql = kUpToApc, .needs = Needs::Nothing,
          .page = "ntifs/nf-ntifs-rtloemstringtounicodesize", .body = body<&RtlxAnsiStringToUnicodeSize>() },
        { .name = "RtlxOemStringToUnicodeSize", .irql = kAnyIrql, .needs = Needs::Nothing,
          .page = "ntifs/nf-ntifs-rtlxoemstringtounicodesize", .because = kNoIrql,
          .body = body<&RtlxAnsiStringToUnicodeSize>() },
        { .name = "RtlUnicodeStringToAnsiSize", .irql = kPassive, .needs = Needs::Nothing,
          .page = "wdm/nf-wdm-rtlunicodestringtoansisize", .body = body<&RtlxUnicodeStringToAnsiSize>() },
        { .name = "RtlxUnicodeStringToAnsiSize", .irql = kPassive, .needs = Needs::Nothing,
          .page = "wdm/nf-wdm-rtlxunicodestringtoansisize", .body = body<&RtlxUnicodeStringToAnsiSize>() },
        { .name = "RtlUnicodeStringToOemSize", .irql = kUpToApc, .needs = Needs::Nothing,
          .page = "ntifs/nf-ntifs-rtlunicodestringtooemsize", .body = body<&RtlxUnicodeStringToAnsiSize>() },
        { .name = "RtlxUnicodeStringToOemSize", .irql = kAnyIrql, .needs = Needs::Nothing,
          .page = "ntifs/nf-ntifs-rtlxunicodestringtooemsize", .because = kNoIrql,
          .body = body<&RtlxUnicodeStringToAnsiSize>() },
    };
    return rows;
}

} // namespace ringside::rtl
