// SPDX-License-Identifier: MIT
// @cite(wdk-ddi): page=wdm/nf-wdm-exallocatepoolwithtag
// @cite(wdk-ddi): page=wdm/nf-wdm-exallocatepoolwithquotatag
// @cite(wdk-ddi): page=wdm/nf-wdm-exallocatepool2
// @cite(wdk-docs): page=kernel/pool_flags
#include "ex/pool_ddi.h"

#include "ex/executive.h"
#include "ex/quota.h"
#include "ke/bugcheck.h"
#include "ke/exception.h"
#include "ke/kernel.h"

namespace ringside::ex {

using namespace nt;

namespace {

constexpr ULONG kNoTag = 0x656E6F4E; // "None": what Windows shows for ExAllocatePool
constexpr POOL_FLAGS kRequiredFlags = POOL_FLAG_USE_QUOTA | POOL_FLAG_UNINITIALIZED | POOL_FLAG_SESSION
    | POOL_FLAG_CACHE_ALIGNED | POOL_FLAG_RAISE_ON_FAILURE | POOL_FLAG_NON_PAGED | POOL_FLAG_NON_PAGED_EXECUTE
    | POOL_FLAG_PAGED;
constexpr POOL_FLAGS kRequiredMask = 0xFFFFFFFF;

constexpr bool paged(ULONG type) { return type & PagedPool; }

// @cite(wdk-docs): page=debugger/bug-check-0xc2--bad-pool-caller note="0x08 and 0x09: paged pool above APC_LEVEL"
void check_irql(ULONG type, size_t bytes)
{
    if (paged(type) && ke::Kernel::irql() > APC_LEVEL)
        ke::bug_check(BAD_POOL_CALLER, 8, ke::Kernel::irql(), type, bytes,
                      "paged pool was asked for above APC_LEVEL");
}

// Charges the block to the process whose addresses are in use; STATUS_QUOTA_EXCEEDED leaves no block.
NTSTATUS charge(PVOID block, ULONG type, size_t bytes)
{
    if (!g_quota.charge)
        return STATUS_SUCCESS;
    ke::Process& process = *ke::kernel().current().attached;
    if (!g_quota.charge(process, paged(type), bytes)) {
        free(block, executive().pool.find(block)->tag);
        return STATUS_QUOTA_EXCEEDED;
    }
    executive().pool.set_charge(block, process);
    return STATUS_SUCCESS;
}

PVOID from_type(POOL_TYPE type, size_t bytes, ULONG tag, bool raises, bool quota = false,
                EX_POOL_PRIORITY priority = HighPoolPriority)
{
    auto const bits = static_cast<ULONG>(type);
    ULONG const base = bits & 7;
    if (base == NonPagedPoolMustSucceed || base == NonPagedPoolCacheAlignedMustS)
        ke::bug_check(BAD_POOL_CALLER, 0x9A, bits, bytes, tag, "a must-succeed pool type was asked for");
    check_irql(bits, bytes);
    ULONG const words = POOL_QUOTA_FAIL_INSTEAD_OF_RAISE | POOL_RAISE_IF_ALLOCATION_FAILURE | POOL_COLD_ALLOCATION;
    PVOID block = nullptr;
    if (priority >= HighPoolPriority || !executive().pool.refuses(priority, bytes)) [[likely]]
        block = allocate(static_cast<POOL_TYPE>(bits & ~words), bytes, tag, Owner::Driver, false);
    NTSTATUS status = STATUS_INSUFFICIENT_RESOURCES;
    if (block && quota && (status = charge(block, bits, bytes)) < 0)
        block = nullptr;
    if (!block && raises)
        ke::raise(status);
    return block;
}

struct Extended {
    bool valid = true;
    EX_POOL_PRIORITY priority = HighPoolPriority;
};

PVOID from_flags(POOL_FLAGS flags, size_t bytes, ULONG tag, Extended const& extended)
{
    POOL_FLAGS const kind = flags & (POOL_FLAG_NON_PAGED | POOL_FLAG_NON_PAGED_EXECUTE | POOL_FLAG_PAGED);
    bool const one_kind = kind && !(kind & (kind - 1));
    PVOID block = nullptr;
    NTSTATUS status = STATUS_INVALID_PARAMETER;
    if (tag && one_kind && !(flags & kRequiredMask & ~kRequiredFlags) && extended.valid) {
        int type = kind == POOL_FLAG_PAGED ? PagedPool : kind == POOL_FLAG_NON_PAGED ? NonPagedPoolNx : NonPagedPool;
        if (flags & POOL_FLAG_CACHE_ALIGNED)
            type |= NonPagedPoolBaseCacheAligned;
        if (flags & POOL_FLAG_SESSION)
            type |= NonPagedPoolSession;
        check_irql(static_cast<ULONG>(type), bytes);
        if (extended.priority >= HighPoolPriority || !executive().pool.refuses(extended.priority, bytes))
            block = allocate(static_cast<POOL_TYPE>(type), bytes, tag, Owner::Driver, !(flags & POOL_FLAG_UNINITIALIZED));
        status = STATUS_INSUFFICIENT_RESOURCES;
        if (block && flags & POOL_FLAG_USE_QUOTA && (status = charge(block, static_cast<ULONG>(type), bytes)) < 0)
            block = nullptr;
    }
    if (!block && flags & POOL_FLAG_RAISE_ON_FAILURE)
        ke::raise(status);
    return block;
}

// Secure pool needs a virtual secure mode, which this machine has not, and there is one node: a caller that can do
// without says so by Optional.
Extended extended(POOL_EXTENDED_PARAMETER const* parameters, ULONG count)
{
    Extended result;
    for (ULONG i = 0; i < count; ++i) {
        auto const& parameter = parameters[i];
        bool known = !parameter.Reserved;
        if (parameter.Type == PoolExtendedParameterPriority)
            result.priority = parameter.Priority;
        else if (parameter.Type == PoolExtendedParameterNumaNode)
            known = known && parameter.PreferredNode == 0;
        else
            known = false;
        if (parameter.Type == PoolExtendedParameterInvalidType || (!known && !parameter.Optional))
            result.valid = false;
    }
    return result;
}

void free_checked(PVOID block, ULONG tag)
{
    if (ke::Kernel::irql() > APC_LEVEL) [[unlikely]]
        if (auto const found = find_block(block); found && paged(static_cast<ULONG>(found->type)))
            ke::bug_check(BAD_POOL_CALLER, 9, ke::Kernel::irql(), static_cast<uint64_t>(found->type),
                          reinterpret_cast<uint64_t>(block), "paged pool was freed above APC_LEVEL");
    free(block, tag);
}

} // namespace

PVOID ExAllocatePool(POOL_TYPE type, SIZE_T bytes) { return ExAllocatePoolWithTag(type, bytes, kNoTag); }

PVOID ExAllocatePoolWithTag(POOL_TYPE type, SIZE_T bytes, ULONG tag)
{
    return from_type(type, bytes, tag, type & POOL_RAISE_IF_ALLOCATION_FAILURE);
}

PVOID ExAllocatePoolWithTagPriority(POOL_TYPE type, SIZE_T bytes, ULONG tag, EX_POOL_PRIORITY priority)
{
    return from_type(type, bytes, tag, type & POOL_RAISE_IF_ALLOCATION_FAILURE, false, priority);
}

PVOID ExAllocatePoolWithQuota(POOL_TYPE type, SIZE_T bytes) { return ExAllocatePoolWithQuotaTag(type, bytes, kNoTag); }

PVOID ExAllocatePoolWithQuotaTag(POOL_TYPE type, SIZE_T bytes, ULONG tag)
{
    return from_type(type, bytes, tag, !(type & POOL_QUOTA_FAIL_INSTEAD_OF_RAISE), true);
}

PVOID ExAllocatePool2(POOL_FLAGS flags, SIZE_T bytes, ULONG tag) { return from_flags(flags, bytes, tag, {}); }

PVOID ExAllocatePool3(POOL_FLAGS flags, SIZE_T bytes, ULONG tag, POOL_EXTENDED_PARAMETER const* parameters,
                      ULONG parameter_count)
{
    return from_flags(flags, bytes, tag, extended(parameters, parameter_count));
}

void ExFreePool(PVOID block) { free_checked(block, 0); }
void ExFreePoolWithTag(PVOID block, ULONG tag) { free_checked(block, tag); }
void ExFreePool2(PVOID block, ULONG tag, POOL_EXTENDED_PARAMETER const*, ULONG) { free_checked(block, tag); }

} // namespace ringside::ex
