// SPDX-License-Identifier: MIT
// Range lists: address ranges with owners, as arbiters keep them. Ranges stand in order of their starts, each in a block
// of its own; two may overlap when both are shared, or when their maker asked for a conflict.
#pragma once

#include "nt/basic.h"
#include "nt/status.h"

namespace ringside::rtl {

struct RTL_RANGE_LIST {
    LIST_ENTRY ListHead;
    ULONG Flags;
    ULONG Count;
    ULONG Stamp; // changes with the list
};
static_assert(sizeof(RTL_RANGE_LIST) == 0x20);

struct RTL_RANGE {
    ULONGLONG Start;
    ULONGLONG End; // inclusive
    PVOID UserData;
    PVOID Owner;
    UCHAR Attributes;
    UCHAR Flags;
};
static_assert(sizeof(RTL_RANGE) == 0x28);

struct RTL_RANGE_LIST_ITERATOR {
    LIST_ENTRY* RangeListHead;
    LIST_ENTRY* MergedHead;
    PVOID Current;
    ULONG Stamp;
};

inline constexpr UCHAR RTL_RANGE_SHARED = 1;
inline constexpr UCHAR RTL_RANGE_CONFLICT = 2;
inline constexpr ULONG RTL_RANGE_LIST_ADD_IF_CONFLICT = 1; // for RtlAddRange and RtlMergeRangeLists
inline constexpr ULONG RTL_RANGE_LIST_ADD_SHARED = 2;
inline constexpr ULONG RTL_RANGE_LIST_SHARED_OK = 1; // for RtlFindRange and RtlIsRangeAvailable
inline constexpr ULONG RTL_RANGE_LIST_NULL_CONFLICT_OK = 2;

using RTL_CONFLICT_RANGE_CALLBACK = BOOLEAN(NTAPI*)(PVOID context, RTL_RANGE* range); // TRUE: no conflict

void RtlInitializeRangeList(RTL_RANGE_LIST* list);
void RtlFreeRangeList(RTL_RANGE_LIST* list);
NTSTATUS RtlCopyRangeList(RTL_RANGE_LIST* to, RTL_RANGE_LIST* from);
NTSTATUS RtlAddRange(RTL_RANGE_LIST* list, ULONGLONG start, ULONGLONG end, UCHAR attributes, ULONG flags,
                     PVOID user_data, PVOID owner);
NTSTATUS RtlDeleteRange(RTL_RANGE_LIST* list, ULONGLONG start, ULONGLONG end, PVOID owner);
NTSTATUS RtlDeleteOwnersRanges(RTL_RANGE_LIST* list, PVOID owner);
// From the highest place downwards.
NTSTATUS RtlFindRange(RTL_RANGE_LIST* list, ULONGLONG minimum, ULONGLONG maximum, ULONG length, ULONG alignment,
                      ULONG flags, UCHAR attribute_available_mask, PVOID context, RTL_CONFLICT_RANGE_CALLBACK callback,
                      ULONGLONG* start);
NTSTATUS RtlIsRangeAvailable(RTL_RANGE_LIST* list, ULONGLONG start, ULONGLONG end, ULONG flags,
                             UCHAR attribute_available_mask, PVOID context, RTL_CONFLICT_RANGE_CALLBACK callback,
                             BOOLEAN* available);
NTSTATUS RtlMergeRangeLists(RTL_RANGE_LIST* merged, RTL_RANGE_LIST* first, RTL_RANGE_LIST* second, ULONG flags);
NTSTATUS RtlInvertRangeList(RTL_RANGE_LIST* inverted, RTL_RANGE_LIST* list);
NTSTATUS RtlGetFirstRange(RTL_RANGE_LIST* list, RTL_RANGE_LIST_ITERATOR* iterator, RTL_RANGE** range);
NTSTATUS RtlGetLastRange(RTL_RANGE_LIST* list, RTL_RANGE_LIST_ITERATOR* iterator, RTL_RANGE** range);
NTSTATUS RtlGetNextRange(RTL_RANGE_LIST_ITERATOR* iterator, RTL_RANGE** range, BOOLEAN forwards);

} // namespace ringside::rtl
