// SPDX-License-Identifier: MIT
// @cite(wdk-ddi): page=wdm/nf-wdm-exallocatepoolwithtag
// @cite(wdk-ddi): page=wdm/nf-wdm-exallocatepoolwithquotatag
// @cite(wdk-ddi): page=wdm/nf-wdm-exallocatepool2
// @cite(wdk-docs): page=kernel/pool_flags
#include "ex/pool_ddi.h"

#include "ex/pool.h"
#include "ke/bugcheck.h"
#include "ke/exception.h"

namespace ringside::ex {

using namespace nt;

namespace {

constexpr ULONG kNoTag = 0x656E6F4E; // "None": what Windows shows for ExAllocatePool
constexpr POOL_FLAGS kRequiredFlags = POOL_FLAG_USE_QUOTA | POOL_FLAG_UNINITIALIZED | POOL_FLAG_SESSION
    | POOL_FLAG_CACHE_ALIGNED | POOL_FLAG_RAISE_ON_FAILURE | POOL_FLAG_NON_PAGED | POOL_FLAG_NON_PAGED_EXECUTE
    | POOL_FLAG_PAGED;
constexpr POOL_FLAGS kRequiredMask = 0xFFFFFFFF;

PVOID from_type(POOL_TYPE type, size_t bytes, ULONG tag, bool raises)
{
    auto const bits = static_cast<ULONG>(type);
    ULONG const base = bits & 7;
    if (base == NonPagedPoolMustSucceed || base == NonPagedPoolCacheAlignedMustS)
        ke::bug_check(BAD_POOL_CALLER, 0x9A, bits, bytes, tag, "a must-succeed pool type was asked for");
    ULONG const words = POOL_QUOTA_FAIL_INSTEAD_OF_RAISE | POOL_RAISE_IF_ALLOCATION_FAILURE | POOL_COLD_ALLOCATION;
    PVOID block = allocate(static_cast<POOL_TYPE>(bits & ~words), bytes, tag, Owner::Driver, false);
    if (!block && raises)
        ke::raise(STATUS_INSUFFICIENT_RESOURCES);
    return block;
}

PVOID from_flags(POOL_FLAGS flags, size_t bytes, ULONG tag, bool parameters_valid)
{
    POOL_FLAGS const kind = flags & (POOL_FLAG_NON_PAGED | POOL_FLAG_NON_PAGED_EXECUTE | POOL_FLAG_PAGED);
    bool const one_kind = kind && !(kind & (kind - 1));
    PVOID block = nullptr;
    NTSTATUS status = STATUS_INVALID_PARAMETER;
    if (tag && one_kind && !(flags & kRequiredMask & ~kRequiredFlags) && parameters_valid) {
        int type = kind == POOL_FLAG_PAGED ? PagedPool : kind == POOL_FLAG_NON_PAGED ? NonPagedPoolNx : NonPagedPool;
        if (flags & POOL_FLAG_CACHE_ALIGNED)
            type |= NonPagedPoolBaseCacheAligned;
        if (flags & POOL_FLAG_SESSION)
            type |= NonPagedPoolSession;
        block = allocate(static_cast<POOL_TYPE>(type), bytes, tag, Owner::Driver, !(flags & POOL_FLAG_UNINITIALIZED));
        status = STATUS_INSUFFICIENT_RESOURCES;
    }
    if (!block && flags & POOL_FLAG_RAISE_ON_FAILURE)
        ke::raise(status);
    return block;
}

bool valid(POOL_EXTENDED_PARAMETER const* parameters, ULONG count)
{
    for (ULONG i = 0; i < count; ++i) {
        auto const type = parameters[i].Type;
        if (type == PoolExtendedParameterPriority || type == PoolExtendedParameterNumaNode)
            continue;
        // Secure pool is not to be had; a caller that can do without it says so.
        if (type == PoolExtendedParameterInvalidType || !parameters[i].Optional)
            return false;
    }
    return true;
}

} // namespace

PVOID ExAllocatePool(POOL_TYPE type, SIZE_T bytes) { return ExAllocatePoolWithTag(type, bytes, kNoTag); }

PVOID ExAllocatePoolWithTag(POOL_TYPE type, SIZE_T bytes, ULONG tag)
{
    return from_type(type, bytes, tag, type & POOL_RAISE_IF_ALLOCATION_FAILURE);
}

PVOID ExAllocatePoolWithTagPriority(POOL_TYPE type, SIZE_T bytes, ULONG tag, EX_POOL_PRIORITY)
{
    return ExAllocatePoolWithTag(type, bytes, tag);
}

PVOID ExAllocatePoolWithQuota(POOL_TYPE type, SIZE_T bytes) { return ExAllocatePoolWithQuotaTag(type, bytes, kNoTag); }

PVOID ExAllocatePoolWithQuotaTag(POOL_TYPE type, SIZE_T bytes, ULONG tag)
{
    return from_type(type, bytes, tag, !(type & POOL_QUOTA_FAIL_INSTEAD_OF_RAISE));
}

PVOID ExAllocatePool2(POOL_FLAGS flags, SIZE_T bytes, ULONG tag) { return from_flags(flags, bytes, tag, true); }

PVOID ExAllocatePool3(POOL_FLAGS flags, SIZE_T bytes, ULONG tag, POOL_EXTENDED_PARAMETER const* parameters,
                      ULONG parameter_count)
{
    return from_flags(flags, bytes, tag, valid(parameters, parameter_count));
}

void ExFreePool(PVOID block) { free(block, 0); }
void ExFreePoolWithTag(PVOID block, ULONG tag) { free(block, tag); }
void ExFreePool2(PVOID block, ULONG tag, POOL_EXTENDED_PARAMETER const*, ULONG) { free(block, tag); }

} // namespace ringside::ex
