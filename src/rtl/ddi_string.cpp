// SPDX-License-Identifier: MIT
// Rows: counted strings without conversion, numbers and GUIDs as text, hashes. Functions that allocate only when a
// parameter says so have no fault of their own: the allocation behind them has.
#include "rtl/ddi_row.h"

#include "nt/status.h"
#include "rtl/numbers.h"
#include "rtl/strings.h"

namespace ringside::rtl {

std::span<Ddi const> string_rows()
{
    static Ddi const rows[] {
        // Initialize, copy, append.
        { .name = "RtlInitUnicodeString", .irql = kAnyIrql, .needs = Needs::Nothing,
          .page = "wdm/nf-wdm-rtlinitunicodestring", .because = kSeeRemarks, .body = body<&RtlInitUnicodeString>() },
        { .name = "RtlInitUnicodeStringEx", .irql = kAnyIrql, .needs = Needs::Nothing, .because = kNoPage,
          .body = body<&RtlInitUnicodeStringEx>() },
        { .name = "RtlInitString", .irql = kAnyIrql, .needs = Needs::Nothing, .page = "wdm/nf-wdm-rtlinitstring",
          .because = kSeeRemarks, .body = body<&RtlInitString>() },
        { .name = "RtlInitStringEx", .irql = kAnyIrql, .since = Windows::v10_1507, .needs = Needs::Nothing,
          .page = "ntifs/nf-ntifs-rtlinitstringex", .because = kSeeRemarks, .body = body<&RtlInitStringEx>() },
        { .name = "RtlInitAnsiString", .irql = kAnyIrql, .needs = Needs::Nothing,
          .page = "wdm/nf-wdm-rtlinitansistring", .body = body<&RtlInitString>() },
        { .name = "RtlInitAnsiStringEx", .irql = kAnyIrql, .needs = Needs::Nothing, .because = kNoPage,
          .body = body<&RtlInitStringEx>() },
        { .name = "RtlInitUTF8String", .irql = kAnyIrql, .since = Windows::v10_2004, .needs = Needs::Nothing,
          .page = "wdm/nf-wdm-rtlinitutf8string", .because = kNoIrql, .body = body<&RtlInitString>() },
        { .name = "RtlInitUTF8StringEx", .irql = kUpToDispatch, .since = Windows::v10_2004, .needs = Needs::Nothing,
          .page = "ntifs/nf-ntifs-rtlinitutf8stringex", .body = body<&RtlInitStringEx>() },
        { .name = "RtlCopyUnicodeString", .irql = kAnyIrql, .needs = Needs::Nothing,
          .page = "wdm/nf-wdm-rtlcopyunicodestring", .body = body<&RtlCopyUnicodeString>() },
        { .name = "RtlCopyString", .irql = kAnyIrql, .needs = Needs::Nothing, .page = "ntddk/nf-ntddk-rtlcopystring",
          .body = body<&RtlCopyString>() },
        { .name = "RtlAppendUnicodeStringToString", .irql = kAnyIrql, .needs = Needs::Nothing,
          .page = "wdm/nf-wdm-rtlappendunicodestringtostring", .because = kSeeRemarks,
          .body = body<&RtlAppendUnicodeStringToString>() },
        { .name = "RtlAppendUnicodeToString", .irql = kAnyIrql, .needs = Needs::Nothing,
          .page = "wdm/nf-wdm-rtlappendunicodetostring", .because = kSeeRemarks,
          .body = body<&RtlAppendUnicodeToString>() },
        { .name = "RtlAppendStringToString", .irql = kUpToApc, .needs = Needs::Nothing,
          .page = "ntifs/nf-ntifs-rtlappendstringtostring", .body = body<&RtlAppendStringToString>() },
        { .name = "RtlAppendAsciizToString", .irql = kAnyIrql, .needs = Needs::Nothing, .because = kNoPage,
          .body = body<&RtlAppendAsciizToString>() },
        // Compare.
        { .name = "RtlCompareUnicodeString", .irql = kPassive, .needs = Needs::Nothing,
          .page = "wdm/nf-wdm-rtlcompareunicodestring", .body = body<&RtlCompareUnicodeString>() },
        { .name = "RtlCompareUnicodeStrings", .irql = kPassive, .since = Windows::win7, .needs = Needs::Nothing,
          .because = kPagedTables, .body = body<&RtlCompareUnicodeStrings>() },
        { .name = "RtlCompareString", .irql = kPassive, .needs = Needs::Nothing,
          .page = "ntddk/nf-ntddk-rtlcomparestring", .body = body<&RtlCompareString>() },
        { .name = "RtlEqualUnicodeString", .irql = kPassive, .needs = Needs::Nothing,
          .page = "wdm/nf-wdm-rtlequalunicodestring", .body = body<&RtlEqualUnicodeString>() },
        { .name = "RtlEqualString", .irql = kPassive, .needs = Needs::Nothing, .page = "ntddk/nf-ntddk-rtlequalstring",
          .body = body<&RtlEqualString>() },
        { .name = "RtlPrefixUnicodeString", .irql = kPassive, .needs = Needs::Nothing,
          .page = "ntddk/nf-ntddk-rtlprefixunicodestring", .body = body<&RtlPrefixUnicodeString>() },
        { .name = "RtlPrefixString", .irql = kPassive, .needs = Needs::Nothing, .because = kPagedTables,
          .body = body<&RtlPrefixString>() },
        { .name = "RtlHashUnicodeString", .irql = kUpToApc, .needs = Needs::Nothing,
          .page = "wdm/nf-wdm-rtlhashunicodestring", .body = body<&RtlHashUnicodeString>() },
        // Case.
        { .name = "RtlUpcaseUnicodeChar", .irql = kUpToApc, .needs = Needs::Nothing,
          .page = "wdm/nf-wdm-rtlupcaseunicodechar", .body = body<&RtlUpcaseUnicodeChar>() },
        { .name = "RtlDowncaseUnicodeChar", .irql = kPassive, .needs = Needs::Nothing,
          .page = "wdm/nf-wdm-rtldowncaseunicodechar", .body = body<&RtlDowncaseUnicodeChar>() },
        { .name = "RtlUpperChar", .irql = kUpToApc, .needs = Needs::Nothing, .page = "ntddk/nf-ntddk-rtlupperchar",
          .body = body<&RtlUpperChar>() },
        { .name = "RtlUpperString", .irql = kUpToApc, .needs = Needs::Nothing, .page = "ntddk/nf-ntddk-rtlupperstring",
          .body = body<&RtlUpperString>() },
        { .name = "RtlUpcaseUnicodeString", .irql = kUpToApc,
          .fail = Fail::Inside, .fail_status = STATUS_NO_MEMORY, .page = "ntddk/nf-ntddk-rtlupcaseunicodestring",
          .body = body<&RtlUpcaseUnicodeString>() },
        { .name = "RtlDowncaseUnicodeString", .irql = kUpToApc,
          .fail = Fail::Inside, .fail_status = STATUS_NO_MEMORY, .page = "ntifs/nf-ntifs-rtldowncaseunicodestring",
          .body = body<&RtlDowncaseUnicodeString>() },
        // Strings that the library allocates.
        { .name = "RtlCreateUnicodeString", .irql = kPassive, .fail = Fail::False,
          .page = "ntifs/nf-ntifs-rtlcreateunicodestring", .body = body<&RtlCreateUnicodeString>() },
        { .name = "RtlDuplicateUnicodeString", .irql = kUpToApc,
          .fail = Fail::Inside, .fail_status = STATUS_NO_MEMORY, .because = kPagedPool,
          .body = body<&RtlDuplicateUnicodeString>() },
        { .name = "RtlValidateUnicodeString", .irql = kAnyIrql, .needs = Needs::Nothing, .because = kNoPage,
          .body = body<&RtlValidateUnicodeString>() },
        { .name = "RtlFreeUnicodeString", .irql = kUpToApc, .page = "wdm/nf-wdm-rtlfreeunicodestring",
          .body = body<&RtlFreeUnicodeString>() },
        { .name = "RtlFreeAnsiString", .irql = kUpToApc, .page = "wdm/nf-wdm-rtlfreeansistring",
          .body = body<&RtlFreeAnsiString>() },
        { .name = "RtlFreeOemString", .irql = kUpToApc, .page = "ntifs/nf-ntifs-rtlfreeoemstring",
          .body = body<&RtlFreeAnsiString>() },
        { .name = "RtlFreeUTF8String", .irql = kPassive, .since = Windows::v10_2004,
          .page = "wdm/nf-wdm-rtlfreeutf8string", .body = body<&RtlFreeAnsiString>() },
        // Numbers and GUIDs.
        { .name = "RtlIntegerToUnicodeString", .irql = kPassive, .needs = Needs::Nothing,
          .page = "wdm/nf-wdm-rtlintegertounicodestring", .body = body<&RtlIntegerToUnicodeString>() },
        { .name = "RtlInt64ToUnicodeString", .irql = kPassive, .needs = Needs::Nothing,
          .page = "wdm/nf-wdm-rtlint64tounicodestring", .body = body<&RtlInt64ToUnicodeString>() },
        { .name = "RtlIntegerToChar", .irql = kAnyIrql, .needs = Needs::Nothing, .because = kNoPage,
          .body = body<&RtlIntegerToChar>() },
        { .name = "RtlIntegerToUnicode", .irql = kAnyIrql, .needs = Needs::Nothing, .because = kNoPage,
          .body = body<&RtlIntegerToUnicode>() },
        { .name = "RtlUnicodeStringToInteger", .irql = kPassive, .needs = Needs::Nothing,
          .page = "wdm/nf-wdm-rtlunicodestringtointeger", .body = body<&RtlUnicodeStringToInteger>() },
        { .name = "RtlCharToInteger", .irql = kPassive, .needs = Needs::Nothing,
          .page = "ntddk/nf-ntddk-rtlchartointeger", .body = body<&RtlCharToInteger>() },
        { .name = "RtlStringFromGUID", .irql = kPassive, .fail = Fail::Status, .fail_status = STATUS_NO_MEMORY,
          .page = "wdm/nf-wdm-rtlstringfromguid", .body = body<&RtlStringFromGUID>() },
        { .name = "RtlGUIDFromString", .irql = kPassive, .needs = Needs::Nothing,
          .page = "wdm/nf-wdm-rtlguidfromstring", .body = body<&RtlGUIDFromString>() },
    };
    return rows;
}

} // namespace ringside::rtl
