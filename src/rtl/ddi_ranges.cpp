// SPDX-License-Identifier: MIT
// Rows: range lists. As with strings, those that allocate leave the fault to the allocation.
#include "rtl/ddi_row.h"

#include "rtl/range_list.h"

namespace ringside::rtl {

std::span<Ddi const> range_rows()
{
    static Ddi const rows[] {
        { .name = "RtlInitializeRangeList", .irql = kUpToApc, .needs = Needs::Nothing, .because = kPagedPool,
          .body = body<&RtlInitializeRangeList>() },
        { .name = "RtlFreeRangeList", .irql = kUpToApc, .because = kPagedPool,
          .body = body<&RtlFreeRangeList>() },
        { .name = "RtlCopyRangeList", .irql = kUpToApc,
          .fail = Fail::Inside, .fail_status = STATUS_INSUFFICIENT_RESOURCES, .because = kPagedPool,
          .body = body<&RtlCopyRangeList>() },
        { .name = "RtlAddRange", .irql = kUpToApc,
          .fail = Fail::Inside, .fail_status = STATUS_INSUFFICIENT_RESOURCES, .because = kPagedPool,
          .body = body<&RtlAddRange>() },
        { .name = "RtlDeleteRange", .irql = kUpToApc, .because = kPagedPool,
          .body = body<&RtlDeleteRange>() },
        { .name = "RtlDeleteOwnersRanges", .irql = kUpToApc, .because = kPagedPool,
          .body = body<&RtlDeleteOwnersRanges>() },
        { .name = "RtlFindRange", .irql = kUpToApc, .because = kPagedPool,
          .body = body<&RtlFindRange>() },
        { .name = "RtlIsRangeAvailable", .irql = kUpToApc, .because = kPagedPool,
          .body = body<&RtlIsRangeAvailable>() },
        { .name = "RtlMergeRangeLists", .irql = kUpToApc,
          .fail = Fail::Inside, .fail_status = STATUS_INSUFFICIENT_RESOURCES, .because = kPagedPool,
          .body = body<&RtlMergeRangeLists>() },
        { .name = "RtlInvertRangeList", .irql = kUpToApc,
          .fail = Fail::Inside, .fail_status = STATUS_INSUFFICIENT_RESOURCES, .because = kPagedPool,
          .body = body<&RtlInvertRangeList>() },
        { .name = "RtlGetFirstRange", .irql = kUpToApc, .needs = Needs::Nothing, .because = kPagedPool,
          .body = body<&RtlGetFirstRange>() },
        { .name = "RtlGetLastRange", .irql = kUpToApc, .needs = Needs::Nothing, .because = kPagedPool,
          .body = body<&RtlGetLastRange>() },
        { .name = "RtlGetNextRange", .irql = kUpToApc, .needs = Needs::Nothing, .because = kPagedPool,
          .body = body<&RtlGetNextRange>() },
    };
    return rows;
}

} // namespace ringside::rtl
