// SPDX-License-Identifier: MIT
// Executive resources, taken at once and waited for.
#include "ex_stage.h"

#include "ex/resource.h"

using namespace ringside;
using namespace ringside::nt;
using namespace ringside::test;

namespace {

ERESOURCE& resource(At& at)
{
    auto& made = at.object<ERESOURCE>();
    at.also("ExInitializeResourceLite", &made);
    return made;
}

bool owned_exclusively(At& at, ERESOURCE& resource)
{
    return at.also("ExIsResourceAcquiredExclusiveLite", &resource) & 1;
}
ULONG owned_shared(At& at, ERESOURCE& resource)
{
    return static_cast<ULONG>(at.also("ExIsResourceAcquiredSharedLite", &resource));
}

} // namespace

SAMPLE(ExInitializeResourceLite)
{
    auto& made = at.object<ERESOURCE>();
    at.status(STATUS_SUCCESS, &made);
    EXPECT_EQ(made.SystemResourcesList.Flink, &made.SystemResourcesList);
    EXPECT_EQ(at.rooms().executive.residue().resources, 1u);
}

SAMPLE(ExReinitializeResourceLite)
{
    auto& made = resource(at);
    at.also("ExAcquireResourceExclusiveLite", &made, TRUE);
    at.status(STATUS_SUCCESS, &made);
    EXPECT_FALSE(owned_exclusively(at, made));
    at.bug_checks(INVALID_DATA_ACCESS_TRAP, at.bytes(sizeof(ERESOURCE)));
}

SAMPLE(ExDeleteResourceLite)
{
    auto& made = resource(at);
    at.status(STATUS_SUCCESS, &made);
    EXPECT_EQ(at.rooms().executive.residue().resources, 0u);
    at.bug_checks(INVALID_DATA_ACCESS_TRAP, &made);
}

SAMPLE(ExAcquireResourceExclusiveLite)
{
    auto& made = resource(at);
    at.returns(BOOLEAN { TRUE }, &made, TRUE);
    at.returns(BOOLEAN { TRUE }, &made, FALSE);
    EXPECT_TRUE(owned_exclusively(at, made));
    auto& shared = resource(at);
    at.also("ExAcquireResourceSharedLite", &shared, TRUE);
    at.returns(BOOLEAN { FALSE }, &shared, FALSE);
}

SAMPLE(ExAcquireResourceSharedLite)
{
    auto& made = resource(at);
    at.returns(BOOLEAN { TRUE }, &made, TRUE);
    at.returns(BOOLEAN { TRUE }, &made, FALSE);
    EXPECT_EQ(owned_shared(at, made), 2u);
}

SAMPLE(ExAcquireSharedStarveExclusive)
{
    auto& made = resource(at);
    at.returns(BOOLEAN { TRUE }, &made, FALSE);
    EXPECT_EQ(owned_shared(at, made), 1u);
}

SAMPLE(ExAcquireSharedWaitForExclusive)
{
    auto& made = resource(at);
    at.returns(BOOLEAN { TRUE }, &made, FALSE);
    EXPECT_EQ(owned_shared(at, made), 1u);
}

SAMPLE(ExReleaseResourceLite)
{
    auto& made = resource(at);
    at.also("ExAcquireResourceExclusiveLite", &made, TRUE);
    at.call(&made);
    EXPECT_FALSE(owned_exclusively(at, made));
    at.bug_checks(RESOURCE_NOT_OWNED, &made);
}

SAMPLE(ExReleaseResourceForThreadLite)
{
    auto& made = resource(at);
    auto const owner = reinterpret_cast<PVOID>(reinterpret_cast<uintptr_t>(at.bytes(16)) | 3);
    at.also("ExAcquireResourceExclusiveLite", &made, TRUE);
    at.also("ExSetResourceOwnerPointer", &made, owner);
    at.call(&made, owner);
    EXPECT_EQ(made.ActiveCount, 0);
    at.bug_checks(RESOURCE_NOT_OWNED, &made, owner);
}

SAMPLE(ExConvertExclusiveToSharedLite)
{
    auto& made = resource(at);
    at.also("ExAcquireResourceExclusiveLite", &made, TRUE);
    at.call(&made);
    EXPECT_FALSE(owned_exclusively(at, made));
    EXPECT_EQ(owned_shared(at, made), 1u);
    at.bug_checks(SHARED_RESOURCE_CONV_ERROR, &made);
}

SAMPLE(ExSetResourceOwnerPointer)
{
    auto& made = resource(at);
    at.also("ExAcquireResourceExclusiveLite", &made, TRUE);
    at.call(&made, reinterpret_cast<PVOID>(uintptr_t { 0x1003 }));
    EXPECT_EQ(made.OwnerEntry.OwnerThread, 0x1003u);
    at.bug_checks(RESOURCE_OWNER_POINTER_INVALID, &made, reinterpret_cast<PVOID>(uintptr_t { 0x1000 }));
}

SAMPLE(ExSetResourceOwnerPointerEx)
{
    auto& made = resource(at);
    at.also("ExAcquireResourceExclusiveLite", &made, TRUE);
    at.call(&made, reinterpret_cast<PVOID>(uintptr_t { 0x1003 }), 0);
    EXPECT_EQ(made.OwnerEntry.OwnerThread, 0x1003u);
    at.bug_checks(RESOURCE_NOT_OWNED, &made, reinterpret_cast<PVOID>(uintptr_t { 0x2003 }), 0);
}

SAMPLE(ExIsResourceAcquiredExclusiveLite)
{
    auto& made = resource(at);
    at.returns(BOOLEAN { FALSE }, &made);
    at.also("ExAcquireResourceExclusiveLite", &made, TRUE);
    at.returns(BOOLEAN { TRUE }, &made);
}

SAMPLE(ExIsResourceAcquiredSharedLite)
{
    auto& made = resource(at);
    at.returns(ULONG { 0 }, &made);
    at.also("ExAcquireResourceSharedLite", &made, TRUE);
    at.also("ExAcquireResourceSharedLite", &made, TRUE);
    at.returns(ULONG { 2 }, &made);
}

namespace {
template <auto Acquire>
void wait_for(ke::Thread&, void* wanted)
{
    ke::KeEnterCriticalRegion();
    Acquire(static_cast<ERESOURCE*>(wanted), TRUE);
    ex::ExReleaseResourceLite(static_cast<ERESOURCE*>(wanted));
    ke::KeLeaveCriticalRegion();
}

void counts_waiters(At& at, ke::Thread::Main counted, ke::Thread::Main other)
{
    auto& made = resource(at);
    at.returns(ULONG { 0 }, &made);
    at.also("KeEnterCriticalRegion");
    at.also("ExAcquireResourceExclusiveLite", &made, TRUE);
    at.returns(ULONG { 0 }, &made); // an owner does not wait
    for (ULONG waiters = 1; waiters <= 2; ++waiters) {
        elsewhere(at, counted, &made);
        at.returns(waiters, &made);
        elsewhere(at, other, &made);
        at.returns(waiters, &made);
    }
    at.also("ExReleaseResourceLite", &made);
    at.also("KeLeaveCriticalRegion");
    pass_a_millisecond();
    at.returns(ULONG { 0 }, &made);
    at.bug_checks(INVALID_DATA_ACCESS_TRAP, at.bytes(sizeof(ERESOURCE)));
}
constexpr auto kExclusively = wait_for<&ex::ExAcquireResourceExclusiveLite>;
constexpr auto kShared = wait_for<&ex::ExAcquireResourceSharedLite>;
} // namespace

SAMPLE(ExGetExclusiveWaiterCount) { counts_waiters(at, kExclusively, kShared); }
SAMPLE(ExGetSharedWaiterCount) { counts_waiters(at, kShared, kExclusively); }

SAMPLE(ExEnterCriticalRegionAndAcquireResourceExclusive)
{
    auto& made = resource(at);
    at.returns(PVOID { nullptr }, &made);
    EXPECT_TRUE(owned_exclusively(at, made));
    at.also("ExReleaseResourceAndLeaveCriticalRegion", &made);
}

SAMPLE(ExEnterCriticalRegionAndAcquireResourceShared)
{
    auto& made = resource(at);
    at.returns(PVOID { nullptr }, &made);
    EXPECT_EQ(owned_shared(at, made), 1u);
    at.also("ExReleaseResourceAndLeaveCriticalRegion", &made);
}

SAMPLE(ExEnterCriticalRegionAndAcquireSharedWaitForExclusive)
{
    auto& made = resource(at);
    at.returns(PVOID { nullptr }, &made);
    EXPECT_EQ(owned_shared(at, made), 1u);
    at.also("ExReleaseResourceAndLeaveCriticalRegion", &made);
}

SAMPLE(ExReleaseResourceAndLeaveCriticalRegion)
{
    auto& made = resource(at);
    at.also("ExEnterCriticalRegionAndAcquireResourceExclusive", &made);
    at.call(&made);
    EXPECT_FALSE(owned_exclusively(at, made));
    EXPECT_FALSE(at.also("KeAreApcsDisabled") & 1);
}
