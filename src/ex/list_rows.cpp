// SPDX-License-Identifier: MIT
#include "ex/ddi.h"

#include "ex/rundown.h"
#include "ex/slist.h"

namespace ringside::ex {

using namespace nt;

namespace {
constexpr char const* kPlain = "the page gives no range; that of the plain routine";
} // namespace

std::span<Ddi const> list_rows()
{
    static Ddi const rows[] = {
        { .name = "InitializeSListHead", .irql = { 0, 15 }, .page = "wdm/nf-wdm-initializeslisthead",
          .body = body<&InitializeSListHead>() },
        { .name = "FirstEntrySList", .irql = { 0, 15 }, .needs = Needs::Nothing, .page = "wdm/nf-wdm-firstentryslist",
          .body = body<&FirstEntrySList>() },
        { .name = "ExQueryDepthSList", .irql = { 0, 2 }, .needs = Needs::Nothing,
          .page = "wdm/nf-wdm-exquerydepthslist", .body = body<&ExQueryDepthSList>() },
        { .name = "ExpInterlockedPushEntrySList", .irql = { 0, 15 }, .needs = Needs::Nothing,
          .page = "wdm/nf-wdm-expinterlockedpushentryslist",
          .because = "what ExInterlockedPushEntrySList and its kin are called in x64 kernels; their range",
          .body = body<&ExpInterlockedPushEntrySList>() },
        { .name = "ExpInterlockedPopEntrySList", .irql = { 0, 15 }, .needs = Needs::Nothing,
          .page = "wdm/nf-wdm-expinterlockedpopentryslist",
          .because = "what ExInterlockedPushEntrySList and its kin are called in x64 kernels; their range",
          .body = body<&ExpInterlockedPopEntrySList>() },
        { .name = "ExpInterlockedFlushSList", .irql = { 0, 15 }, .needs = Needs::Nothing,
          .page = "wdm/nf-wdm-exinterlockedflushslist",
          .because = "what ExInterlockedFlushSList is called in x64 kernels",
          .body = body<&ExpInterlockedFlushSList>() },
        { .name = "ExInterlockedInsertHeadList", .irql = { 0, 15 }, .page = "wdm/nf-wdm-exinterlockedinsertheadlist",
          .body = body<&ExInterlockedInsertHeadList>() },
        { .name = "ExInterlockedInsertTailList", .irql = { 0, 15 }, .page = "wdm/nf-wdm-exinterlockedinserttaillist",
          .body = body<&ExInterlockedInsertTailList>() },
        { .name = "ExInterlockedRemoveHeadList", .irql = { 0, 15 }, .page = "wdm/nf-wdm-exinterlockedremoveheadlist",
          .body = body<&ExInterlockedRemoveHeadList>() },
        { .name = "ExInterlockedPushEntryList", .irql = { 0, 15 }, .page = "wdm/nf-wdm-exinterlockedpushentrylist",
          .body = body<&ExInterlockedPushEntryList>() },
        { .name = "ExInterlockedPopEntryList", .irql = { 0, 15 }, .page = "wdm/nf-wdm-exinterlockedpopentrylist",
          .body = body<&ExInterlockedPopEntryList>() },
        { .name = "ExInterlockedAddLargeInteger", .irql = { 0, 15 },
          .page = "wdm/nf-wdm-exinterlockedaddlargeinteger", .body = body<&ExInterlockedAddLargeInteger>() },
        { .name = "ExInterlockedAddUlong", .irql = { 0, 15 }, .page = "wdm/nf-wdm-exinterlockedaddulong",
          .body = body<&ExInterlockedAddUlong>() },
        { .name = "ExInitializeRundownProtection", .irql = { 0, 1 }, .needs = Needs::Nothing,
          .page = "wdm/nf-wdm-exinitializerundownprotection", .body = body<&ExInitializeRundownProtection>() },
        { .name = "ExReInitializeRundownProtection", .irql = { 0, 1 }, .needs = Needs::Nothing,
          .page = "wdm/nf-wdm-exreinitializerundownprotection", .body = body<&ExReInitializeRundownProtection>() },
        { .name = "ExAcquireRundownProtection", .irql = { 0, 2 }, .needs = Needs::Nothing,
          .page = "wdm/nf-wdm-exacquirerundownprotection", .body = body<&ExAcquireRundownProtection>() },
        { .name = "ExAcquireRundownProtectionEx", .irql = { 0, 2 }, .needs = Needs::Nothing,
          .page = "wdm/nf-wdm-exacquirerundownprotectionex", .body = body<&ExAcquireRundownProtectionEx>() },
        { .name = "ExReleaseRundownProtection", .irql = { 0, 2 }, .page = "wdm/nf-wdm-exreleaserundownprotection",
          .body = body<&ExReleaseRundownProtection>() },
        { .name = "ExReleaseRundownProtectionEx", .irql = { 0, 2 }, .page = "wdm/nf-wdm-exreleaserundownprotectionex",
          .body = body<&ExReleaseRundownProtectionEx>() },
        { .name = "ExWaitForRundownProtectionRelease", .irql = { 0, 1 },
          .page = "wdm/nf-wdm-exwaitforrundownprotectionrelease",
          .body = body<&ExWaitForRundownProtectionRelease>() },
        { .name = "ExRundownCompleted", .irql = { 0, 1 }, .needs = Needs::Nothing,
          .page = "wdm/nf-wdm-exrundowncompleted", .body = body<&ExRundownCompleted>() },
        { .name = "ExAllocateCacheAwareRundownProtection", .irql = { 0, 1 }, .fail = Fail::Null,
          .page = "wdm/nf-wdm-exallocatecacheawarerundownprotection",
          .body = body<&ExAllocateCacheAwareRundownProtection>() },
        { .name = "ExSizeOfRundownProtectionCacheAware", .irql = { 0, 1 }, .needs = Needs::Nothing,
          .page = "wdm/nf-wdm-exsizeofrundownprotectioncacheaware",
          .body = body<&ExSizeOfRundownProtectionCacheAware>() },
        { .name = "ExInitializeRundownProtectionCacheAware", .irql = { 0, 1 }, .needs = Needs::Nothing,
          .page = "wdm/nf-wdm-exinitializerundownprotectioncacheaware",
          .body = body<&ExInitializeRundownProtectionCacheAware>() },
        { .name = "ExFreeCacheAwareRundownProtection", .irql = { 0, 1 },
          .page = "wdm/nf-wdm-exfreecacheawarerundownprotection",
          .body = body<&ExFreeCacheAwareRundownProtection>() },
        { .name = "ExAcquireRundownProtectionCacheAware", .irql = { 0, 2 },
          .page = "wdm/nf-wdm-exacquirerundownprotectioncacheaware", .because = kPlain,
          .body = body<&ExAcquireRundownProtectionCacheAware>() },
        { .name = "ExAcquireRundownProtectionCacheAwareEx", .irql = { 0, 2 },
          .page = "wdm/nf-wdm-exacquirerundownprotectioncacheawareex", .because = kPlain,
          .body = body<&ExAcquireRundownProtectionCacheAwareEx>() },
        { .name = "ExReleaseRundownProtectionCacheAware", .irql = { 0, 2 },
          .page = "wdm/nf-wdm-exreleaserundownprotectioncacheaware", .because = kPlain,
          .body = body<&ExReleaseRundownProtectionCacheAware>() },
        { .name = "ExReleaseRundownProtectionCacheAwareEx", .irql = { 0, 2 },
          .page = "wdm/nf-wdm-exreleaserundownprotectioncacheawareex", .because = kPlain,
          .body = body<&ExReleaseRundownProtectionCacheAwareEx>() },
        { .name = "ExWaitForRundownProtectionReleaseCacheAware", .irql = { 0, 1 },
          .page = "wdm/nf-wdm-exwaitforrundownprotectionreleasecacheaware", .because = kPlain,
          .body = body<&ExWaitForRundownProtectionReleaseCacheAware>() },
        { .name = "ExReInitializeRundownProtectionCacheAware", .irql = { 0, 1 },
          .page = "wdm/nf-wdm-exreinitializerundownprotectioncacheaware", .because = kPlain,
          .body = body<&ExReInitializeRundownProtectionCacheAware>() },
        { .name = "ExRundownCompletedCacheAware", .irql = { 0, 1 }, .page = "wdm/nf-wdm-exrundowncompletedcacheaware",
          .because = kPlain, .body = body<&ExRundownCompletedCacheAware>() },
    };
    return rows;
}

} // namespace ringside::ex
