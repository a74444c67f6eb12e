// SPDX-License-Identifier: MIT
// @cite(wdk-docs): page=kernel/run-down-protection
// @cite(wdk-ddi): page=wdm/nf-wdm-exwaitforrundownprotectionrelease
#include "ex/rundown.h"

#include "ex/pool.h"
#include "ke/dispatcher_objects.h"

namespace ringside::ex {

using namespace nt;

namespace {

// On the stack of the thread that runs the object down.
struct RundownWaiter {
    uint64_t holders;
    KEVENT released;
};
static_assert(alignof(RundownWaiter) > EX_RUNDOWN_ACTIVE);

} // namespace

void ExInitializeRundownProtection(EX_RUNDOWN_REF* reference) { reference->Count = 0; }
void ExReInitializeRundownProtection(EX_RUNDOWN_REF* reference) { reference->Count = 0; }
void ExRundownCompleted(EX_RUNDOWN_REF* reference) { reference->Count = EX_RUNDOWN_ACTIVE; }

BOOLEAN ExAcquireRundownProtectionEx(EX_RUNDOWN_REF* reference, ULONG count)
{
    if (reference->Count & EX_RUNDOWN_ACTIVE)
        return FALSE;
    reference->Count = reference->Count + uint64_t { EX_RUNDOWN_COUNT_INC } * count;
    return TRUE;
}

void ExReleaseRundownProtectionEx(EX_RUNDOWN_REF* reference, ULONG count)
{
    if (!(reference->Count & EX_RUNDOWN_ACTIVE)) {
        reference->Count = reference->Count - uint64_t { EX_RUNDOWN_COUNT_INC } * count;
        return;
    }
    auto* waiter = reinterpret_cast<RundownWaiter*>(reference->Count & ~uint64_t { EX_RUNDOWN_ACTIVE });
    waiter->holders -= count;
    if (!waiter->holders)
        ke::KeSetEvent(&waiter->released, 0, FALSE);
}

BOOLEAN ExAcquireRundownProtection(EX_RUNDOWN_REF* reference) { return ExAcquireRundownProtectionEx(reference, 1); }
void ExReleaseRundownProtection(EX_RUNDOWN_REF* reference) { ExReleaseRundownProtectionEx(reference, 1); }

void ExWaitForRundownProtectionRelease(EX_RUNDOWN_REF* reference)
{
    if (reference->Count == EX_RUNDOWN_ACTIVE)
        return; // run down already
    if (reference->Count == 0) {
        reference->Count = EX_RUNDOWN_ACTIVE;
        return;
    }
    RundownWaiter waiter { reference->Count >> EX_RUNDOWN_COUNT_SHIFT, {} };
    ke::KeInitializeEvent(&waiter.released, NotificationEvent, FALSE);
    reference->Count = reinterpret_cast<uint64_t>(&waiter) | EX_RUNDOWN_ACTIVE;
    ke::KeWaitForSingleObject(&waiter.released, WrRundown, KernelMode, FALSE, nullptr);
    reference->Count = EX_RUNDOWN_ACTIVE;
}

// --- Cache-aware ---

SIZE_T ExSizeOfRundownProtectionCacheAware() { return sizeof(EX_RUNDOWN_REF_CACHE_AWARE); }

void ExInitializeRundownProtectionCacheAware(EX_RUNDOWN_REF_CACHE_AWARE* reference, SIZE_T) { *reference = {}; }

EX_RUNDOWN_REF_CACHE_AWARE* ExAllocateCacheAwareRundownProtection(POOL_TYPE type, ULONG tag)
{
    return static_cast<EX_RUNDOWN_REF_CACHE_AWARE*>(
        allocate(type, sizeof(EX_RUNDOWN_REF_CACHE_AWARE), tag, Owner::Driver, true));
}

void ExFreeCacheAwareRundownProtection(EX_RUNDOWN_REF_CACHE_AWARE* reference) { free(reference, 0); }

BOOLEAN ExAcquireRundownProtectionCacheAware(EX_RUNDOWN_REF_CACHE_AWARE* reference)
{
    return ExAcquireRundownProtectionEx(&reference->reference, 1);
}

BOOLEAN ExAcquireRundownProtectionCacheAwareEx(EX_RUNDOWN_REF_CACHE_AWARE* reference, ULONG count)
{
    return ExAcquireRundownProtectionEx(&reference->reference, count);
}

void ExReleaseRundownProtectionCacheAware(EX_RUNDOWN_REF_CACHE_AWARE* reference)
{
    ExReleaseRundownProtectionEx(&reference->reference, 1);
}

void ExReleaseRundownProtectionCacheAwareEx(EX_RUNDOWN_REF_CACHE_AWARE* reference, ULONG count)
{
    ExReleaseRundownProtectionEx(&reference->reference, count);
}

void ExWaitForRundownProtectionReleaseCacheAware(EX_RUNDOWN_REF_CACHE_AWARE* reference)
{
    ExWaitForRundownProtectionRelease(&reference->reference);
}

void ExReInitializeRundownProtectionCacheAware(EX_RUNDOWN_REF_CACHE_AWARE* reference)
{
    ExReInitializeRundownProtection(&reference->reference);
}

void ExRundownCompletedCacheAware(EX_RUNDOWN_REF_CACHE_AWARE* reference) { ExRundownCompleted(&reference->reference); }

} // namespace ringside::ex
