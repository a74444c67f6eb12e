// SPDX-License-Identifier: MIT
// Range lists.
#include "contract.h"

#include "rtl/range_list.h"

using namespace ringside;
using namespace ringside::nt;
using namespace ringside::test;
using namespace ringside::rtl;

namespace {

RTL_RANGE_LIST& list_of(At& at, std::initializer_list<std::pair<ULONGLONG, ULONGLONG>> ranges, ULONG flags = 0)
{
    auto& list = at.object<RTL_RANGE_LIST>();
    RtlInitializeRangeList(&list);
    for (auto [start, end] : ranges)
        EXPECT_EQ(RtlAddRange(&list, start, end, 0, flags, nullptr, &list), STATUS_SUCCESS);
    return list;
}

std::string text(RTL_RANGE_LIST& list)
{
    std::string made;
    RTL_RANGE_LIST_ITERATOR iterator;
    RTL_RANGE* range = nullptr;
    for (NTSTATUS s = RtlGetFirstRange(&list, &iterator, &range); s == STATUS_SUCCESS;
         s = RtlGetNextRange(&iterator, &range, TRUE))
        made += (made.empty() ? "" : " ") + std::to_string(range->Start) + "-" + std::to_string(range->End);
    return made;
}

BOOLEAN NTAPI no_conflict(PVOID, RTL_RANGE*) { return TRUE; }

} // namespace

SAMPLE(RtlInitializeRangeList)
{
    auto& list = at.object<RTL_RANGE_LIST>();
    list.Count = 7;
    at.call(&list);
    EXPECT_EQ(list.Count, 0u);
    EXPECT_EQ(list.ListHead.Flink, &list.ListHead);
}

SAMPLE(RtlFreeRangeList)
{
    auto& list = list_of(at, { { 1, 2 }, { 5, 6 } });
    at.call(&list);
    EXPECT_EQ(list.Count, 0u);
    EXPECT_EQ(ex::driver_blocks(), 0u);
}

SAMPLE(RtlCopyRangeList)
{
    auto& from = list_of(at, { { 5, 6 }, { 1, 2 } });
    auto& to = list_of(at, {});
    at.status(STATUS_SUCCESS, &to, &from);
    EXPECT_EQ(text(to), "1-2 5-6");
    at.status(STATUS_INVALID_PARAMETER, &to, &from);
}

SAMPLE(RtlAddRange)
{
    auto& list = list_of(at, {});
    auto add = [&](NTSTATUS status, ULONGLONG start, ULONGLONG end, ULONG flags) {
        at.status(status, &list, start, end, UCHAR { 0 }, flags, nullptr, nullptr);
    };
    add(STATUS_SUCCESS, 10, 19, 0);
    add(STATUS_SUCCESS, 0, 9, RTL_RANGE_LIST_ADD_SHARED);
    add(STATUS_SUCCESS, 5, 6, RTL_RANGE_LIST_ADD_SHARED);
    add(STATUS_RANGE_LIST_CONFLICT, 6, 7, 0);
    add(STATUS_RANGE_LIST_CONFLICT, 9, 10, RTL_RANGE_LIST_ADD_SHARED);
    add(STATUS_SUCCESS, 19, 30, RTL_RANGE_LIST_ADD_IF_CONFLICT);
    add(STATUS_INVALID_PARAMETER, 2, 1, 0);
    EXPECT_EQ(text(list), "0-9 5-6 10-19 19-30");
}

SAMPLE(RtlDeleteRange)
{
    auto& list = list_of(at, { { 1, 2 }, { 5, 6 } });
    at.status(STATUS_SUCCESS, &list, ULONGLONG { 1 }, ULONGLONG { 2 }, &list);
    at.status(STATUS_RANGE_NOT_FOUND, &list, ULONGLONG { 1 }, ULONGLONG { 2 }, &list);
    at.status(STATUS_RANGE_NOT_FOUND, &list, ULONGLONG { 5 }, ULONGLONG { 6 }, nullptr);
    EXPECT_EQ(text(list), "5-6");
}

SAMPLE(RtlDeleteOwnersRanges)
{
    auto& list = list_of(at, { { 1, 2 }, { 5, 6 } });
    RtlAddRange(&list, 3, 4, 0, 0, nullptr, nullptr);
    at.status(STATUS_SUCCESS, &list, &list);
    EXPECT_EQ(text(list), "3-4");
}

SAMPLE(RtlFindRange)
{
    auto& list = list_of(at, { { 0x80, 0xFF }, { 0x10, 0x1F } });
    auto& start = at.object<ULONGLONG>();
    auto find = [&](NTSTATUS status, ULONGLONG minimum, ULONGLONG maximum, ULONG length, ULONG alignment,
                    RTL_CONFLICT_RANGE_CALLBACK callback = nullptr) {
        at.status(status, &list, minimum, maximum, length, alignment, 0, UCHAR { 0 }, nullptr, callback, &start);
    };
    find(STATUS_SUCCESS, 0, 0xFF, 0x30, 0x10);
    EXPECT_EQ(start, 0x50u) << "the highest place";
    find(STATUS_SUCCESS, 0, ~0ull, 0x10, 1);
    EXPECT_EQ(start, ~0ull - 15);
    find(STATUS_UNSUCCESSFUL, 0, 0xFF, 0x61, 1);
    find(STATUS_SUCCESS, 0, 0xFF, 0x61, 1, &no_conflict);
    find(STATUS_INVALID_PARAMETER, 0, 0xFF, 0, 1);
    find(STATUS_INVALID_PARAMETER, 0, 0xFF, 1, 0);
    find(STATUS_INVALID_PARAMETER, 0, 0xFF, 0x101, 1);
}

SAMPLE(RtlIsRangeAvailable)
{
    auto& list = list_of(at, { { 10, 19 } }, RTL_RANGE_LIST_ADD_SHARED);
    auto& available = at.object<BOOLEAN>();
    auto is = [&](BOOLEAN expected, ULONGLONG start, ULONGLONG end, ULONG flags,
                  RTL_CONFLICT_RANGE_CALLBACK callback = nullptr) {
        at.status(STATUS_SUCCESS, &list, start, end, flags, UCHAR { 0 }, nullptr, callback, &available);
        EXPECT_EQ(available, expected);
    };
    is(TRUE, 0, 9, 0);
    is(FALSE, 0, 10, 0);
    is(TRUE, 0, 10, RTL_RANGE_LIST_SHARED_OK);
    is(FALSE, 19, 25, RTL_RANGE_LIST_NULL_CONFLICT_OK);
    is(TRUE, 19, 25, 0, &no_conflict);
    at.status(STATUS_INVALID_PARAMETER, &list, ULONGLONG { 2 }, ULONGLONG { 1 }, 0, UCHAR { 0 }, nullptr, nullptr,
              &available);
}

SAMPLE(RtlMergeRangeLists)
{
    auto& first = list_of(at, { { 1, 2 } });
    auto& second = list_of(at, { { 5, 6 } });
    auto& merged = list_of(at, {});
    at.status(STATUS_SUCCESS, &merged, &first, &second, 0);
    EXPECT_EQ(text(merged), "1-2 5-6");
    auto& none = list_of(at, {});
    at.status(STATUS_RANGE_LIST_CONFLICT, &none, &first, &first, 0);
    EXPECT_EQ(none.Count, 0u);
    at.status(STATUS_SUCCESS, &none, &first, &first, RTL_RANGE_LIST_ADD_IF_CONFLICT);
}

SAMPLE(RtlInvertRangeList)
{
    auto& list = list_of(at, { { 10, 19 }, { 15, ~0ull - 1 } }, RTL_RANGE_LIST_ADD_SHARED);
    auto& inverted = list_of(at, {});
    at.status(STATUS_SUCCESS, &inverted, &list);
    EXPECT_EQ(text(inverted), "0-9 18446744073709551615-18446744073709551615");
    at.status(STATUS_INVALID_PARAMETER, &inverted, &list);
}

SAMPLE(RtlGetFirstRange)
{
    auto& list = list_of(at, { { 5, 6 }, { 1, 2 } });
    auto& iterator = at.object<RTL_RANGE_LIST_ITERATOR>();
    auto& range = at.object<RTL_RANGE*>();
    at.status(STATUS_SUCCESS, &list, &iterator, &range);
    EXPECT_TRUE(range && range->Start == 1);
    at.status(STATUS_NO_MORE_ENTRIES, &list_of(at, {}), &iterator, &range);
}

SAMPLE(RtlGetLastRange)
{
    auto& list = list_of(at, { { 5, 6 }, { 1, 2 } });
    auto& iterator = at.object<RTL_RANGE_LIST_ITERATOR>();
    auto& range = at.object<RTL_RANGE*>();
    at.status(STATUS_SUCCESS, &list, &iterator, &range);
    EXPECT_TRUE(range && range->Start == 5);
    at.status(STATUS_NO_MORE_ENTRIES, &list_of(at, {}), &iterator, &range);
}

SAMPLE(RtlGetNextRange)
{
    auto& list = list_of(at, { { 5, 6 }, { 1, 2 } });
    auto& iterator = at.object<RTL_RANGE_LIST_ITERATOR>();
    auto& range = at.object<RTL_RANGE*>();
    RtlGetLastRange(&list, &iterator, &range);
    at.status(STATUS_SUCCESS, &iterator, &range, FALSE);
    EXPECT_TRUE(range && range->Start == 1);
    at.status(STATUS_NO_MORE_ENTRIES, &iterator, &range, FALSE);
    at.status(STATUS_NO_MORE_ENTRIES, &iterator, &range, TRUE);
    RtlGetFirstRange(&list, &iterator, &range);
    RtlAddRange(&list, 8, 9, 0, 0, nullptr, nullptr);
    at.status(STATUS_INVALID_PARAMETER, &iterator, &range, TRUE); // the list has changed
}
