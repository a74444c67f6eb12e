// SPDX-License-Identifier: MIT
// Names of files as file systems handle them: wild cards, taking paths apart, which names FAT and HPFS allow, short names.
// Wild cards besides * and ? are those that DOS semantics are made of: < (DOS_STAR), > (DOS_QM) and " (DOS_DOT).
#pragma once

#include "nt/basic.h"
#include "nt/status.h"

#include <string_view>

namespace ringside::rtl {

// For the rooms above: the rules of FsRtlIsNameInExpression. With `ignore_case` the expression is in upper case already.
bool is_in_expression(std::u16string_view expression, std::u16string_view name, bool ignore_case);

BOOLEAN FsRtlDoesNameContainWildCards(UNICODE_STRING const* name);
BOOLEAN FsRtlIsNameInExpression(UNICODE_STRING const* expression, UNICODE_STRING const* name, BOOLEAN ignore_case,
                                char16_t const* upcase_table);
BOOLEAN FsRtlIsNameInUnUpcasedExpression(UNICODE_STRING const* expression, UNICODE_STRING const* name,
                                         BOOLEAN ignore_case, char16_t const* upcase_table);
BOOLEAN FsRtlAreNamesEqual(UNICODE_STRING const* a, UNICODE_STRING const* b, BOOLEAN ignore_case,
                           char16_t const* upcase_table);
BOOLEAN FsRtlDoesDbcsContainWildCards(STRING const* name);
BOOLEAN FsRtlIsDbcsInExpression(STRING const* expression, STRING const* name);

// Both take structures by value, which the convention passes by reference.
void FsRtlDissectName(UNICODE_STRING const* path, UNICODE_STRING* first, UNICODE_STRING* remaining);
void FsRtlDissectDbcs(STRING const* path, STRING* first, STRING* remaining);
BOOLEAN FsRtlIsFatDbcsLegal(STRING const* name, BOOLEAN wild_cards, BOOLEAN path, BOOLEAN leading_backslash);
BOOLEAN FsRtlIsHpfsDbcsLegal(STRING const* name, BOOLEAN wild_cards, BOOLEAN path, BOOLEAN leading_backslash);

BOOLEAN FsRtlIsNtstatusExpected(NTSTATUS status);
NTSTATUS FsRtlNormalizeNtstatus(NTSTATUS status, NTSTATUS generic);
BOOLEAN FsRtlIsTotalDeviceFailure(NTSTATUS status);

// State of a row of RtlGenerate8dot3Name calls for one long name; zeroed before the first.
struct GENERATE_NAME_CONTEXT {
    USHORT Checksum;
    BOOLEAN CheckSumInserted;
    UCHAR NameLength;
    char16_t NameBuffer[8];
    ULONG ExtensionLength;
    char16_t ExtensionBuffer[4];
    ULONG LastIndexValue;
};
static_assert(sizeof(GENERATE_NAME_CONTEXT) == 0x24);

NTSTATUS RtlGenerate8dot3Name(UNICODE_STRING const* name, BOOLEAN allow_extended, GENERATE_NAME_CONTEXT* context,
                              UNICODE_STRING* short_name);
BOOLEAN RtlIsNameLegalDOS8Dot3(UNICODE_STRING const* name, STRING* oem_name, BOOLEAN* contains_spaces);

} // namespace ringside::rtl
