// SPDX-License-Identifier: MIT
// Pool.
#include "contract.h"

#include "ex/pool_ddi.h"

using namespace ringside;
using namespace ringside::nt;
using namespace ringside::test;

namespace {

constexpr ULONG kTag = 'lpmS';
constexpr SIZE_T kTooMuch = SIZE_T { 1 } << 40;

// The block is what was asked for.
void block_is(uint64_t address, size_t bytes, POOL_TYPE type, ULONG tag)
{
    auto const block = ex::find_block(reinterpret_cast<PVOID>(address));
    ASSERT_TRUE(block);
    EXPECT_EQ(block->bytes, bytes);
    EXPECT_EQ(block->type, type);
    EXPECT_EQ(block->tag, tag);
    EXPECT_EQ(address % (bytes >= 4096 ? 4096 : 16), 0u);
}

uint64_t some_block(At& at) { return at.also("ExAllocatePoolWithTag", NonPagedPoolNx, SIZE_T { 100 }, kTag); }

void is_freed(uint64_t address) { EXPECT_FALSE(ex::is_block(reinterpret_cast<PVOID>(address))); }

} // namespace

SAMPLE(ExAllocatePool) { block_is(at.call(NonPagedPoolNx, SIZE_T { 100 }), 100, NonPagedPoolNx, 'enoN'); }

SAMPLE(ExAllocatePoolWithTag)
{
    block_is(at.call(NonPagedPool, SIZE_T { 5000 }, kTag), 5000, NonPagedPool, kTag);
    at.returns(PVOID { nullptr }, NonPagedPoolNx, kTooMuch, kTag);
    at.raises(STATUS_INSUFFICIENT_RESOURCES, NonPagedPoolNx | POOL_RAISE_IF_ALLOCATION_FAILURE, kTooMuch, kTag);
}

SAMPLE_AS(ExAllocatePoolWithTag, must_succeed)
{
    at.bug_checks(BAD_POOL_CALLER, NonPagedPoolMustSucceed, SIZE_T { 100 }, kTag);
}

SAMPLE(ExAllocatePoolWithTagPriority)
{
    block_is(at.call(NonPagedPoolNx, SIZE_T { 100 }, kTag, LowPoolPriority), 100, NonPagedPoolNx, kTag);
    at.returns(PVOID { nullptr }, NonPagedPoolNx, kTooMuch, kTag, HighPoolPriority);
}

SAMPLE(ExAllocatePoolWithQuota)
{
    block_is(at.call(NonPagedPoolNx, SIZE_T { 100 }), 100, NonPagedPoolNx, 'enoN');
    at.raises(STATUS_INSUFFICIENT_RESOURCES, NonPagedPoolNx, kTooMuch);
}

SAMPLE(ExAllocatePoolWithQuotaTag)
{
    block_is(at.call(NonPagedPoolNx, SIZE_T { 100 }, kTag), 100, NonPagedPoolNx, kTag);
    at.raises(STATUS_INSUFFICIENT_RESOURCES, NonPagedPoolNx, kTooMuch, kTag);
    at.returns(PVOID { nullptr }, NonPagedPoolNx | POOL_QUOTA_FAIL_INSTEAD_OF_RAISE, kTooMuch, kTag);
}

SAMPLE(ExAllocatePool2)
{
    block_is(at.call(POOL_FLAG_NON_PAGED, SIZE_T { 100 }, kTag), 100, NonPagedPoolNx, kTag);
    at.returns(PVOID { nullptr }, POOL_FLAG_NON_PAGED, SIZE_T { 100 }, 0);
    at.returns(PVOID { nullptr }, POOL_FLAGS { 0 }, SIZE_T { 100 }, kTag);
    at.returns(PVOID { nullptr }, POOL_FLAG_NON_PAGED | POOL_FLAG_PAGED, SIZE_T { 100 }, kTag);
    at.raises(STATUS_INVALID_PARAMETER, POOL_FLAG_RAISE_ON_FAILURE, SIZE_T { 100 }, kTag);
    at.raises(STATUS_INSUFFICIENT_RESOURCES, POOL_FLAG_NON_PAGED | POOL_FLAG_RAISE_ON_FAILURE, kTooMuch, kTag);
}

SAMPLE(ExAllocatePool3)
{
    auto& parameter = at.object<ex::POOL_EXTENDED_PARAMETER>();
    parameter.Type = PoolExtendedParameterSecurePool;
    parameter.Optional = 1;
    block_is(at.call(POOL_FLAG_NON_PAGED, SIZE_T { 100 }, kTag, &parameter, 1), 100, NonPagedPoolNx, kTag);
    parameter.Optional = 0;
    at.returns(PVOID { nullptr }, POOL_FLAG_NON_PAGED, SIZE_T { 100 }, kTag, &parameter, 1);
}

SAMPLE(ExFreePool)
{
    auto const block = some_block(at);
    at.call(block);
    is_freed(block);
    at.bug_checks(BAD_POOL_CALLER, block);
}

SAMPLE(ExFreePoolWithTag)
{
    auto const block = some_block(at);
    at.call(block, kTag);
    is_freed(block);
    auto const guarded = at.also("ExAllocatePoolWithTag", NonPagedPoolNx, SIZE_T { 8 }, kTag | PROTECTED_POOL);
    at.call(guarded, kTag | PROTECTED_POOL);
    auto const wrong = at.also("ExAllocatePoolWithTag", NonPagedPoolNx, SIZE_T { 8 }, kTag | PROTECTED_POOL);
    at.bug_checks(BAD_POOL_CALLER, wrong, kTag);
}

SAMPLE(ExFreePool2)
{
    auto const block = some_block(at);
    at.call(block, kTag, nullptr, 0);
    is_freed(block);
}
