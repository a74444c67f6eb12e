// SPDX-License-Identifier: MIT
// Generic tables: sets of elements ordered by the driver's compare routine, in memory from its allocate routine.
// RTL_GENERIC_TABLE is a splay tree and also keeps the order of insertion; RTL_AVL_TABLE is a balanced tree.
//
//   an element:   splay  | RTL_SPLAY_LINKS 0x18    | LIST_ENTRY 0x10 | the caller's data from 0x28 on
//                 AVL    | RTL_BALANCED_LINKS 0x20 |                   the caller's data from 0x20 on
//
// The "Full" forms take or give the place where an element is or belongs, so that a caller who looked first need not
// search again.
#pragma once

#include "nt/rtl.h"

namespace ringside::rtl {

// RTL_GENERIC_TABLE.
void RtlInitializeGenericTable(RTL_GENERIC_TABLE* table, PRTL_GENERIC_COMPARE_ROUTINE compare,
                               PRTL_GENERIC_ALLOCATE_ROUTINE allocate, PRTL_GENERIC_FREE_ROUTINE free, PVOID context);
PVOID RtlInsertElementGenericTable(RTL_GENERIC_TABLE* table, PVOID buffer, CLONG bytes, BOOLEAN* inserted);
PVOID RtlInsertElementGenericTableFull(RTL_GENERIC_TABLE* table, PVOID buffer, CLONG bytes, BOOLEAN* inserted,
                                       PVOID place, TABLE_SEARCH_RESULT result);
BOOLEAN RtlDeleteElementGenericTable(RTL_GENERIC_TABLE* table, PVOID buffer);
PVOID RtlLookupElementGenericTable(RTL_GENERIC_TABLE* table, PVOID buffer);
PVOID RtlLookupElementGenericTableFull(RTL_GENERIC_TABLE* table, PVOID buffer, PVOID* place,
                                       TABLE_SEARCH_RESULT* result);
PVOID RtlEnumerateGenericTable(RTL_GENERIC_TABLE* table, BOOLEAN restart);
PVOID RtlEnumerateGenericTableWithoutSplaying(RTL_GENERIC_TABLE* table, PVOID* restart_key);
PVOID RtlGetElementGenericTable(RTL_GENERIC_TABLE* table, ULONG index);
ULONG RtlNumberGenericTableElements(RTL_GENERIC_TABLE* table);
BOOLEAN RtlIsGenericTableEmpty(RTL_GENERIC_TABLE* table);

// RTL_AVL_TABLE.
using MatchFunction = NTSTATUS(NTAPI*)(RTL_AVL_TABLE* table, PVOID data, PVOID match_data);

void RtlInitializeGenericTableAvl(RTL_AVL_TABLE* table, PRTL_AVL_COMPARE_ROUTINE compare,
                                  PRTL_AVL_ALLOCATE_ROUTINE allocate, PRTL_AVL_FREE_ROUTINE free, PVOID context);
PVOID RtlInsertElementGenericTableAvl(RTL_AVL_TABLE* table, PVOID buffer, CLONG bytes, BOOLEAN* inserted);
PVOID RtlInsertElementGenericTableFullAvl(RTL_AVL_TABLE* table, PVOID buffer, CLONG bytes, BOOLEAN* inserted,
                                          PVOID place, TABLE_SEARCH_RESULT result);
BOOLEAN RtlDeleteElementGenericTableAvl(RTL_AVL_TABLE* table, PVOID buffer);
PVOID RtlLookupElementGenericTableAvl(RTL_AVL_TABLE* table, PVOID buffer);
PVOID RtlLookupElementGenericTableFullAvl(RTL_AVL_TABLE* table, PVOID buffer, PVOID* place,
                                          TABLE_SEARCH_RESULT* result);
PVOID RtlLookupFirstMatchingElementGenericTableAvl(RTL_AVL_TABLE* table, PVOID buffer, PVOID* restart_key);
PVOID RtlEnumerateGenericTableAvl(RTL_AVL_TABLE* table, BOOLEAN restart);
PVOID RtlEnumerateGenericTableWithoutSplayingAvl(RTL_AVL_TABLE* table, PVOID* restart_key);
PVOID RtlEnumerateGenericTableLikeADirectory(RTL_AVL_TABLE* table, MatchFunction match, PVOID match_data, ULONG next,
                                             PVOID* restart_key, ULONG* delete_count, PVOID buffer);
// The index counts in the table's order: unlike the splay form, this table does not know the order of insertion.
PVOID RtlGetElementGenericTableAvl(RTL_AVL_TABLE* table, ULONG index);
ULONG RtlNumberGenericTableElementsAvl(RTL_AVL_TABLE* table);
BOOLEAN RtlIsGenericTableEmptyAvl(RTL_AVL_TABLE* table);

} // namespace ringside::rtl
