// SPDX-License-Identifier: MIT
// Prefix tables of path names. The entries stand in the caller's memory, in one list that is ordered by name.
#pragma once

#include "nt/basic.h"
#include "nt/rtl.h"

namespace ringside::rtl {

// Opaque to drivers, who allocate them.
struct UNICODE_PREFIX_TABLE_ENTRY {
    SHORT NodeTypeCode;
    SHORT NameLength; // characters
    UNICODE_PREFIX_TABLE_ENTRY* NextPrefixTree; // the next in order
    UNICODE_PREFIX_TABLE_ENTRY* CaseMatch;
    RTL_SPLAY_LINKS Links;
    UNICODE_STRING* Prefix;
};
static_assert(sizeof(UNICODE_PREFIX_TABLE_ENTRY) == 0x38);

struct UNICODE_PREFIX_TABLE {
    SHORT NodeTypeCode;
    SHORT NameLength;
    UNICODE_PREFIX_TABLE_ENTRY* NextPrefixTree; // the first in order
    UNICODE_PREFIX_TABLE_ENTRY* LastNextEntry;  // of an enumeration
};
static_assert(sizeof(UNICODE_PREFIX_TABLE) == 0x18);

void RtlInitializeUnicodePrefix(UNICODE_PREFIX_TABLE* table);
BOOLEAN RtlInsertUnicodePrefix(UNICODE_PREFIX_TABLE* table, UNICODE_STRING* prefix, UNICODE_PREFIX_TABLE_ENTRY* entry);
void RtlRemoveUnicodePrefix(UNICODE_PREFIX_TABLE* table, UNICODE_PREFIX_TABLE_ENTRY* entry);
UNICODE_PREFIX_TABLE_ENTRY* RtlFindUnicodePrefix(UNICODE_PREFIX_TABLE* table, UNICODE_STRING const* full_name,
                                                 ULONG case_insensitive_index);
UNICODE_PREFIX_TABLE_ENTRY* RtlNextUnicodePrefix(UNICODE_PREFIX_TABLE* table, BOOLEAN restart);

} // namespace ringside::rtl
