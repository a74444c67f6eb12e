// SPDX-License-Identifier: MIT
// How a failure of pool is told, where the caller says how it wants to be told.
#include "boot.h"
#include "ke/exception.h"
#include "nt/ex.h"
#include "nt/status.h"

#include <gtest/gtest.h>

using namespace ringside;
using namespace ringside::nt;
using namespace ringside::test;

namespace {

struct Asking {
    char const* service;
    uint64_t kind; // the first argument: pool type or flags
    bool raises;
};

// The first call that can fail does; it is this one, through the verified entry. What became of it: a status that was
// raised, or 0 for a null pointer.
NTSTATUS first_call(Asking const& asking)
{
    BootedKernel boot({ .binding = ke::Binding::Verified, .faults = { .kind = sim::FaultPlan::Kind::Nth, .nth = 1 } });
    NTSTATUS raised = -1;
    boot.run_on_thread([&] {
        auto& import = boot.rooms.exports.import(asking.service);
        raised = ke::guard_raise([&] {
            uint64_t slots[] = { asking.kind, 64, 'ecaf', NormalPoolPriority, 0 };
            EXPECT_EQ(import.entry(slots, &import), 0u);
        });
    });
    EXPECT_EQ(sim::world().faults().fired(), 1u);
    return raised;
}

} // namespace

// Microsoft's samples ask for quota pool with POOL_QUOTA_FAIL_INSTEAD_OF_RAISE and look for null; the fault door raised
// all the same, and a driver that minds its failures was taken down.
// Shows: a drawn failure takes the form that the caller asked for, in each family of services.
TEST(ex_pool_failure, is_told_as_the_caller_asked)
{
    Asking const askings[] = {
        { "ExAllocatePoolWithQuotaTag", NonPagedPoolNx | POOL_QUOTA_FAIL_INSTEAD_OF_RAISE, false },
        { "ExAllocatePoolWithQuotaTag", NonPagedPoolNx, true },
        { "ExAllocatePoolWithQuota", NonPagedPoolNx | POOL_QUOTA_FAIL_INSTEAD_OF_RAISE, false },
        { "ExAllocatePoolWithQuota", NonPagedPoolNx, true },
        { "ExAllocatePool", NonPagedPoolNx, false },
        { "ExAllocatePoolWithTag", NonPagedPoolNx, false },
        { "ExAllocatePoolWithTag", NonPagedPoolNx | POOL_RAISE_IF_ALLOCATION_FAILURE, true },
        { "ExAllocatePoolWithTagPriority", NonPagedPoolNx | POOL_RAISE_IF_ALLOCATION_FAILURE, true },
        { "ExAllocatePool2", POOL_FLAG_NON_PAGED, false },
        { "ExAllocatePool2", POOL_FLAG_NON_PAGED | POOL_FLAG_RAISE_ON_FAILURE, true },
        { "ExAllocatePool3", POOL_FLAG_NON_PAGED | POOL_FLAG_RAISE_ON_FAILURE, true },
    };
    for (Asking const& asking : askings)
        EXPECT_EQ(first_call(asking), asking.raises ? STATUS_INSUFFICIENT_RESOURCES : STATUS_SUCCESS)
            << asking.service << " " << asking.kind;
}
