// SPDX-License-Identifier: MIT
// Not documented; structures and names are those of the DDK headers that Microsoft published for arbiters.
#include "rtl/range_list.h"

#include "rtl/allocator.h"
#include "rtl/callout.h"
#include "rtl/list.h"

#include <cstddef>

namespace ringside::rtl {

namespace {

struct Entry {
    LIST_ENTRY link;
    RTL_RANGE range;
};

Entry* entry_of(LIST_ENTRY* link) { return reinterpret_cast<Entry*>(link); } // the link stands first

bool overlap(RTL_RANGE const& range, ULONGLONG start, ULONGLONG end)
{
    return range.Start <= end && start <= range.End;
}

void drop(RTL_RANGE_LIST& list, LIST_ENTRY* link)
{
    remove(*link);
    g_allocator.free(entry_of(link));
    --list.Count;
    ++list.Stamp;
}

NTSTATUS insert(RTL_RANGE_LIST& list, RTL_RANGE const& range)
{
    auto* entry = static_cast<Entry*>(g_allocator.allocate(sizeof(Entry)));
    if (!entry)
        return STATUS_INSUFFICIENT_RESOURCES;
    entry->range = range;
    LIST_ENTRY* after = list.ListHead.Flink;
    while (after != &list.ListHead && entry_of(after)->range.Start <= range.Start)
        after = after->Flink;
    insert_between(*after->Blink, entry->link, *after);
    ++list.Count;
    ++list.Stamp;
    return STATUS_SUCCESS;
}

struct Tolerance {
    ULONG flags;
    UCHAR attributes;
    PVOID context;
    RTL_CONFLICT_RANGE_CALLBACK callback;
};

// The first range that makes this one unavailable; null for none.
RTL_RANGE* obstacle(RTL_RANGE_LIST& list, ULONGLONG start, ULONGLONG end, Tolerance const& allowed)
{
    for (LIST_ENTRY* at = list.ListHead.Flink; at != &list.ListHead; at = at->Flink) {
        RTL_RANGE& range = entry_of(at)->range;
        bool const tolerated = range.Attributes & allowed.attributes
            || (allowed.flags & RTL_RANGE_LIST_SHARED_OK && range.Flags & RTL_RANGE_SHARED)
            || (allowed.flags & RTL_RANGE_LIST_NULL_CONFLICT_OK && !range.Owner);
        if (overlap(range, start, end) && !tolerated
            && (!allowed.callback || !call_driver(allowed.callback, allowed.context, &range)))
            return &range;
    }
    return nullptr;
}

NTSTATUS iterate_at(RTL_RANGE_LIST* list, LIST_ENTRY* link, RTL_RANGE_LIST_ITERATOR* iterator, RTL_RANGE** range)
{
    *iterator = { &list->ListHead, nullptr, nullptr, list->Stamp };
    *range = nullptr;
    if (link == &list->ListHead)
        return STATUS_NO_MORE_ENTRIES;
    iterator->Current = link;
    *range = &entry_of(link)->range;
    return STATUS_SUCCESS;
}

} // namespace

void RtlInitializeRangeList(RTL_RANGE_LIST* list)
{
    initialize(list->ListHead);
    list->Flags = list->Count = list->Stamp = 0;
}

void RtlFreeRangeList(RTL_RANGE_LIST* list)
{
    while (!empty(list->ListHead))
        drop(*list, list->ListHead.Flink);
}

NTSTATUS RtlAddRange(RTL_RANGE_LIST* list, ULONGLONG start, ULONGLONG end, UCHAR attributes, ULONG flags,
                     PVOID user_data, PVOID owner)
{
    if (start > end)
        return STATUS_INVALID_PARAMETER;
    bool const shared = flags & RTL_RANGE_LIST_ADD_SHARED;
    bool conflict = false;
    for (LIST_ENTRY* at = list->ListHead.Flink; at != &list->ListHead; at = at->Flink) {
        RTL_RANGE const& other = entry_of(at)->range;
        conflict |= overlap(other, start, end) && !(shared && other.Flags & RTL_RANGE_SHARED);
    }
    if (conflict && !(flags & RTL_RANGE_LIST_ADD_IF_CONFLICT))
        return STATUS_RANGE_LIST_CONFLICT;
    auto const kind = static_cast<UCHAR>((shared ? RTL_RANGE_SHARED : 0) | (conflict ? RTL_RANGE_CONFLICT : 0));
    return insert(*list, { start, end, user_data, owner, attributes, kind });
}

NTSTATUS RtlDeleteRange(RTL_RANGE_LIST* list, ULONGLONG start, ULONGLONG end, PVOID owner)
{
    for (LIST_ENTRY* at = list->ListHead.Flink; at != &list->ListHead; at = at->Flink) {
        RTL_RANGE const& range = entry_of(at)->range;
        if (range.Start == start && range.End == end && range.Owner == owner) {
            drop(*list, at);
            return STATUS_SUCCESS;
        }
    }
    return STATUS_RANGE_NOT_FOUND;
}

NTSTATUS RtlDeleteOwnersRanges(RTL_RANGE_LIST* list, PVOID owner)
{
    for (LIST_ENTRY* at = list->ListHead.Flink; at != &list->ListHead;) {
        LIST_ENTRY* const next = at->Flink;
        if (entry_of(at)->range.Owner == owner)
            drop(*list, at);
        at = next;
    }
    return STATUS_SUCCESS;
}

NTSTATUS RtlCopyRangeList(RTL_RANGE_LIST* to, RTL_RANGE_LIST* from)
{
    if (to->Count)
        return STATUS_INVALID_PARAMETER;
    for (LIST_ENTRY* at = from->ListHead.Flink; at != &from->ListHead; at = at->Flink)
        if (NTSTATUS const status = insert(*to, entry_of(at)->range); !NT_SUCCESS(status)) {
            RtlFreeRangeList(to);
            return status;
        }
    return STATUS_SUCCESS;
}

NTSTATUS RtlIsRangeAvailable(RTL_RANGE_LIST* list, ULONGLONG start, ULONGLONG end, ULONG flags,
                             UCHAR attribute_available_mask, PVOID context, RTL_CONFLICT_RANGE_CALLBACK callback,
                             BOOLEAN* available)
{
    if (start > end)
        return STATUS_INVALID_PARAMETER;
    *available = !obstacle(*list, start, end, { flags, attribute_available_mask, context, callback });
    return STATUS_SUCCESS;
}

NTSTATUS RtlFindRange(RTL_RANGE_LIST* list, ULONGLONG minimum, ULONGLONG maximum, ULONG length, ULONG alignment,
                      ULONG flags, UCHAR attribute_available_mask, PVOID context, RTL_CONFLICT_RANGE_CALLBACK callback,
                      ULONGLONG* start)
{
    if (minimum > maximum || !length || !alignment || maximum - minimum < length - 1)
        return STATUS_INVALID_PARAMETER;
    for (ULONGLONG at = maximum - (length - 1);;) {
        at -= at % alignment;
        if (at < minimum)
            return STATUS_UNSUCCESSFUL;
        RTL_RANGE const* const in_the_way
            = obstacle(*list, at, at + (length - 1), { flags, attribute_available_mask, context, callback });
        if (!in_the_way) {
            *start = at;
            return STATUS_SUCCESS;
        }
        // Every place down to the obstacle's start meets it, too.
        if (in_the_way->Start < length)
            return STATUS_UNSUCCESSFUL;
        at = in_the_way->Start - length;
    }
}

NTSTATUS RtlMergeRangeLists(RTL_RANGE_LIST* merged, RTL_RANGE_LIST* first, RTL_RANGE_LIST* second, ULONG flags)
{
    NTSTATUS status = RtlCopyRangeList(merged, first);
    for (LIST_ENTRY* at = second->ListHead.Flink; NT_SUCCESS(status) && at != &second->ListHead; at = at->Flink) {
        RTL_RANGE const& range = entry_of(at)->range;
        ULONG const kind = range.Flags & RTL_RANGE_SHARED ? RTL_RANGE_LIST_ADD_SHARED : 0;
        status
            = RtlAddRange(merged, range.Start, range.End, range.Attributes, flags | kind, range.UserData, range.Owner);
        if (!NT_SUCCESS(status))
            RtlFreeRangeList(merged);
    }
    return status;
}

NTSTATUS RtlInvertRangeList(RTL_RANGE_LIST* inverted, RTL_RANGE_LIST* list)
{
    if (inverted->Count)
        return STATUS_INVALID_PARAMETER;
    ULONGLONG from = 0;
    bool rest = true; // something is left above
    for (LIST_ENTRY* at = list->ListHead.Flink; rest && at != &list->ListHead; at = at->Flink) {
        RTL_RANGE const& range = entry_of(at)->range;
        if (range.Start > from)
            if (NTSTATUS const status = insert(*inverted, { from, range.Start - 1, nullptr, nullptr, 0, 0 });
                !NT_SUCCESS(status)) {
                RtlFreeRangeList(inverted);
                return status;
            }
        if (range.End >= from)
            from = range.End + 1;
        rest = from != 0;
    }
    NTSTATUS const status
        = rest ? insert(*inverted, { from, ~ULONGLONG { 0 }, nullptr, nullptr, 0, 0 }) : STATUS_SUCCESS;
    if (!NT_SUCCESS(status))
        RtlFreeRangeList(inverted);
    return status;
}

NTSTATUS RtlGetFirstRange(RTL_RANGE_LIST* list, RTL_RANGE_LIST_ITERATOR* iterator, RTL_RANGE** range)
{
    return iterate_at(list, list->ListHead.Flink, iterator, range);
}

NTSTATUS RtlGetLastRange(RTL_RANGE_LIST* list, RTL_RANGE_LIST_ITERATOR* iterator, RTL_RANGE** range)
{
    return iterate_at(list, list->ListHead.Blink, iterator, range);
}

NTSTATUS RtlGetNextRange(RTL_RANGE_LIST_ITERATOR* iterator, RTL_RANGE** range, BOOLEAN forwards)
{
    *range = nullptr;
    auto* const list = reinterpret_cast<RTL_RANGE_LIST*>(iterator->RangeListHead); // the head stands first
    if (list->Stamp != iterator->Stamp)
        return STATUS_INVALID_PARAMETER; // the list has changed since
    auto* current = static_cast<LIST_ENTRY*>(iterator->Current);
    if (!current)
        return STATUS_NO_MORE_ENTRIES;
    LIST_ENTRY* const next = forwards ? current->Flink : current->Blink;
    if (next == iterator->RangeListHead) {
        iterator->Current = nullptr;
        return STATUS_NO_MORE_ENTRIES;
    }
    iterator->Current = next;
    *range = &entry_of(next)->range;
    return STATUS_SUCCESS;
}

} // namespace ringside::rtl
