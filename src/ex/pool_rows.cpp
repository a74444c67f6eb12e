// SPDX-License-Identifier: MIT
#include "ex/ddi.h"

#include "ex/lookaside.h"
#include "ex/pool_ddi.h"

namespace ringside::ex {

using namespace nt;

namespace {

// The caller says whether it wants NULL or an exception.
Fail by_type(uint64_t const* arguments)
{
    return arguments[0] & POOL_RAISE_IF_ALLOCATION_FAILURE ? Fail::Raise : Fail::Null;
}
Fail by_quota_type(uint64_t const* arguments)
{
    return arguments[0] & POOL_QUOTA_FAIL_INSTEAD_OF_RAISE ? Fail::Null : Fail::Raise;
}
Fail by_flags(uint64_t const* arguments)
{
    return arguments[0] & POOL_FLAG_RAISE_ON_FAILURE ? Fail::Raise : Fail::Null;
}

} // namespace

std::span<Ddi const> pool_rows()
{
    static Ddi const rows[] = {
        { .name = "ExAllocatePool", .irql = { 0, 2 }, .fail = Fail::Null,
          .fail_status = STATUS_INSUFFICIENT_RESOURCES, .fail_of = by_type, .page = "wdm/nf-wdm-exallocatepool",
          .body = body<&ExAllocatePool>() },
        { .name = "ExAllocatePoolWithTag", .irql = { 0, 2 }, .fail = Fail::Null,
          .fail_status = STATUS_INSUFFICIENT_RESOURCES, .fail_of = by_type,
          .page = "wdm/nf-wdm-exallocatepoolwithtag",
          .rules = "CheckDeviceObjectFlags,IrqlExAllocatePool,IrqlExFree1,PowerDownAllocate,PowerUpFail",
          .body = body<&ExAllocatePoolWithTag>() },
        { .name = "ExAllocatePoolWithTagPriority", .irql = { 0, 2 }, .fail = Fail::Null,
          .fail_status = STATUS_INSUFFICIENT_RESOURCES, .fail_of = by_type,
          .page = "wdm/nf-wdm-exallocatepoolwithtagpriority", .rules = "IrqlExAllocatePool,IrqlExFree2",
          .partial = "there is no special pool: the Xxx SpecialPool variants are plain priorities",
          .body = body<&ExAllocatePoolWithTagPriority>() },
        { .name = "ExAllocatePoolWithQuota", .irql = { 0, 2 }, .fail = Fail::Raise,
          .fail_status = STATUS_INSUFFICIENT_RESOURCES, .fail_of = by_quota_type,
          .page = "wdm/nf-wdm-exallocatepoolwithquota",
          .body = body<&ExAllocatePoolWithQuota>() },
        { .name = "ExAllocatePoolWithQuotaTag", .irql = { 0, 2 }, .fail = Fail::Raise,
          .fail_status = STATUS_INSUFFICIENT_RESOURCES, .fail_of = by_quota_type,
          .page = "wdm/nf-wdm-exallocatepoolwithquotatag",
          .body = body<&ExAllocatePoolWithQuotaTag>() },
        { .name = "ExAllocatePool2", .irql = { 0, 2 }, .since = Windows::v10_2004, .fail = Fail::Null,
          .fail_status = STATUS_INSUFFICIENT_RESOURCES, .fail_of = by_flags,
          .page = "wdm/nf-wdm-exallocatepool2", .body = body<&ExAllocatePool2>() },
        { .name = "ExAllocatePool3", .irql = { 0, 2 }, .since = Windows::v10_2004, .fail = Fail::Null,
          .fail_status = STATUS_INSUFFICIENT_RESOURCES, .fail_of = by_flags,
          .page = "wdm/nf-wdm-exallocatepool3",
          .partial = "there is no secure pool: unless optional it is refused",
          .body = body<&ExAllocatePool3>() },
        { .name = "ExFreePool", .irql = { 0, 2 }, .page = "wdm/nf-wdm-exfreepool", .rules = "DoubleExFreePool",
          .body = body<&ExFreePool>() },
        { .name = "ExFreePoolWithTag", .irql = { 0, 2 }, .page = "wdm/nf-wdm-exfreepoolwithtag",
          .rules = "IrqlExFree1,IrqlExFree2,IrqlExFree3", .body = body<&ExFreePoolWithTag>() },
        { .name = "ExFreePool2", .irql = { 0, 2 }, .since = Windows::ws2022, .page = "wdm/nf-wdm-exfreepool2",
          .because = "the page gives no range; that of ExFreePoolWithTag", .body = body<&ExFreePool2>() },
        { .name = "ExInitializeNPagedLookasideList", .irql = { 0, 2 },
          .page = "wdm/nf-wdm-exinitializenpagedlookasidelist", .body = body<&ExInitializeNPagedLookasideList>() },
        { .name = "ExInitializePagedLookasideList", .irql = { 0, 1 },
          .page = "wdm/nf-wdm-exinitializepagedlookasidelist", .rules = "IrqlExApcLte2",
          .body = body<&ExInitializePagedLookasideList>() },
        { .name = "ExInitializeLookasideListEx", .irql = { 0, 2 }, .since = Windows::vista,
          .page = "wdm/nf-wdm-exinitializelookasidelistex", .body = body<&ExInitializeLookasideListEx>() },
        { .name = "ExDeleteNPagedLookasideList", .irql = { 0, 2 }, .page = "wdm/nf-wdm-exdeletenpagedlookasidelist",
          .body = body<&ExDeleteNPagedLookasideList>() },
        { .name = "ExDeletePagedLookasideList", .irql = { 0, 1 }, .page = "wdm/nf-wdm-exdeletepagedlookasidelist",
          .rules = "IrqlExApcLte2", .body = body<&ExDeletePagedLookasideList>() },
        { .name = "ExDeleteLookasideListEx", .irql = { 0, 2 }, .since = Windows::vista,
          .page = "wdm/nf-wdm-exdeletelookasidelistex", .body = body<&ExDeleteLookasideListEx>() },
        { .name = "ExFlushLookasideListEx", .irql = { 0, 2 }, .since = Windows::vista,
          .page = "wdm/nf-wdm-exflushlookasidelistex", .body = body<&ExFlushLookasideListEx>() },
        { .name = "ExAllocateFromNPagedLookasideList", .irql = { 0, 2 }, .fail = Fail::Null,
          .page = "wdm/nf-wdm-exallocatefromnpagedlookasidelist",
          .body = body<&ExAllocateFromNPagedLookasideList>() },
        { .name = "ExAllocateFromPagedLookasideList", .irql = { 0, 1 }, .fail = Fail::Null,
          .page = "wdm/nf-wdm-exallocatefrompagedlookasidelist", .body = body<&ExAllocateFromPagedLookasideList>() },
        { .name = "ExAllocateFromLookasideListEx", .irql = { 0, 2 }, .since = Windows::vista, .fail = Fail::Null,
          .page = "wdm/nf-wdm-exallocatefromlookasidelistex", .body = body<&ExAllocateFromLookasideListEx>() },
        { .name = "ExFreeToNPagedLookasideList", .irql = { 0, 2 }, .page = "wdm/nf-wdm-exfreetonpagedlookasidelist",
          .rules = "SpIrql", .body = body<&ExFreeToNPagedLookasideList>() },
        { .name = "ExFreeToPagedLookasideList", .irql = { 0, 1 }, .page = "wdm/nf-wdm-exfreetopagedlookasidelist",
          .body = body<&ExFreeToPagedLookasideList>() },
        { .name = "ExFreeToLookasideListEx", .irql = { 0, 2 }, .since = Windows::vista,
          .page = "wdm/nf-wdm-exfreetolookasidelistex", .body = body<&ExFreeToLookasideListEx>() },
        { .name = "ExQueryPoolBlockSize", .because = "data/ddi.csv leaves it out: its page names no DLL",
          .declined = "the page calls it obsolete and tells nothing of its parameters" },
        { .name = "ExEnumHandleTable", .because = "exported, but not documented",
          .declined = "it walks a table that drivers find by searching the kernel's code" },
    };
    return rows;
}

} // namespace ringside::ex
