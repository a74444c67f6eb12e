// SPDX-License-Identifier: MIT
// Rundown protection. The driver's word is the state: twice the number of holders; once the object is being run down,
// an odd pointer to the waiter's own count; one when that is over.
#pragma once

#include "nt/nt.h"

namespace ringside::ex {

// Opaque to drivers; Windows has one count per processor, which only speed can tell apart from one for all.
struct EX_RUNDOWN_REF_CACHE_AWARE {
    nt::EX_RUNDOWN_REF reference;
};

void ExInitializeRundownProtection(nt::EX_RUNDOWN_REF* reference);
void ExReInitializeRundownProtection(nt::EX_RUNDOWN_REF* reference);
nt::BOOLEAN ExAcquireRundownProtection(nt::EX_RUNDOWN_REF* reference);
nt::BOOLEAN ExAcquireRundownProtectionEx(nt::EX_RUNDOWN_REF* reference, nt::ULONG count);
void ExReleaseRundownProtection(nt::EX_RUNDOWN_REF* reference);
void ExReleaseRundownProtectionEx(nt::EX_RUNDOWN_REF* reference, nt::ULONG count);
void ExWaitForRundownProtectionRelease(nt::EX_RUNDOWN_REF* reference);
void ExRundownCompleted(nt::EX_RUNDOWN_REF* reference);

EX_RUNDOWN_REF_CACHE_AWARE* ExAllocateCacheAwareRundownProtection(nt::POOL_TYPE type, nt::ULONG tag);
nt::SIZE_T ExSizeOfRundownProtectionCacheAware();
void ExInitializeRundownProtectionCacheAware(EX_RUNDOWN_REF_CACHE_AWARE* reference, nt::SIZE_T size);
void ExFreeCacheAwareRundownProtection(EX_RUNDOWN_REF_CACHE_AWARE* reference);
nt::BOOLEAN ExAcquireRundownProtectionCacheAware(EX_RUNDOWN_REF_CACHE_AWARE* reference);
nt::BOOLEAN ExAcquireRundownProtectionCacheAwareEx(EX_RUNDOWN_REF_CACHE_AWARE* reference, nt::ULONG count);
void ExReleaseRundownProtectionCacheAware(EX_RUNDOWN_REF_CACHE_AWARE* reference);
void ExReleaseRundownProtectionCacheAwareEx(EX_RUNDOWN_REF_CACHE_AWARE* reference, nt::ULONG count);
void ExWaitForRundownProtectionReleaseCacheAware(EX_RUNDOWN_REF_CACHE_AWARE* reference);
void ExReInitializeRundownProtectionCacheAware(EX_RUNDOWN_REF_CACHE_AWARE* reference);
void ExRundownCompletedCacheAware(EX_RUNDOWN_REF_CACHE_AWARE* reference);

} // namespace ringside::ex
