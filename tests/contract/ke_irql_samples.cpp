// SPDX-License-Identifier: MIT
// The IRQL, and what is kept of a processor's state at one.
#include "contract.h"

#include "ke/dispatcher_objects.h"

#include <algorithm>

using namespace ringside;
using namespace ringside::nt;
using namespace ringside::test;

namespace {

// Saved by the current thread, at this IRQL.
KFLOATING_SAVE& saved_at(At& at, KIRQL irql)
{
    auto& save = at.object<KFLOATING_SAVE>();
    ke::Kernel& kernel = ke::kernel();
    kernel.raise_irql(std::min(irql, KIRQL { DISPATCH_LEVEL }));
    EXPECT_EQ(at.also("KeSaveFloatingPointState", &save), uint64_t { STATUS_SUCCESS });
    kernel.lower_irql(PASSIVE_LEVEL);
    return save;
}

} // namespace

SAMPLE(KeGetCurrentIrql)
{
    at.returns(KIRQL { at.irql() });
    ke::Kernel& kernel = ke::kernel();
    kernel.raise_irql(7);
    EXPECT_EQ(at.also("KeGetCurrentIrql") & 0xFF, 7u);
    kernel.lower_irql(PASSIVE_LEVEL);
}

SAMPLE(KfRaiseIrql)
{
    at.returns(KIRQL { at.irql() }, KIRQL { at.irql() }); // to the same one is no error
    EXPECT_EQ(at.irql_after(), at.irql());
    at.returns(KIRQL { at.irql() }, KIRQL { HIGH_LEVEL });
    EXPECT_EQ(at.irql_after(), HIGH_LEVEL);
    if (at.at_passive())
        at.bug_checks(KMODE_EXCEPTION_NOT_HANDLED, KIRQL { HIGH_LEVEL + 1 });
    else
        at.bug_checks(IRQL_NOT_GREATER_OR_EQUAL, KIRQL { APC_LEVEL });
}

SAMPLE(KeLowerIrql)
{
    at.call(KIRQL { at.irql() });
    EXPECT_EQ(at.irql_after(), at.irql());
    if (!at.at_passive()) {
        at.call(KIRQL { DISPATCH_LEVEL });
        EXPECT_EQ(at.irql_after(), DISPATCH_LEVEL);
        at.call(KIRQL { PASSIVE_LEVEL });
        EXPECT_EQ(at.irql_after(), PASSIVE_LEVEL);
    }
    at.bug_checks(IRQL_NOT_LESS_OR_EQUAL, static_cast<KIRQL>(at.irql() + 1));
}

SAMPLE(KeRaiseIrqlToDpcLevel)
{
    at.returns(KIRQL { at.irql() });
    EXPECT_EQ(at.irql_after(), DISPATCH_LEVEL);
}

SAMPLE(KeRaiseIrqlToSynchLevel)
{
    at.returns(KIRQL { at.irql() });
    EXPECT_EQ(at.irql_after(), 12);
}

// --- Floating-point state ---

SAMPLE(KeSaveFloatingPointState)
{
    auto& save = at.object<KFLOATING_SAVE>();
    auto& inner = at.object<KFLOATING_SAVE>();
    at.status(STATUS_SUCCESS, &save);
    at.status(STATUS_SUCCESS, &inner);
    ke::Kernel& kernel = ke::kernel();
    kernel.raise_irql(at.irql());
    EXPECT_EQ(at.also("KeRestoreFloatingPointState", &inner), uint64_t { STATUS_SUCCESS });
    EXPECT_EQ(at.also("KeRestoreFloatingPointState", &save), uint64_t { STATUS_SUCCESS });
    kernel.lower_irql(PASSIVE_LEVEL);
}

SAMPLE(KeRestoreFloatingPointState)
{
    at.status(STATUS_SUCCESS, &saved_at(at, at.irql()));
    at.bug_checks(INVALID_FLOATING_POINT_STATE, &at.object<KFLOATING_SAVE>()); // nobody saved that
}

SAMPLE_AS(KeRestoreFloatingPointState, of_another_irql)
{
    at.bug_checks(INVALID_FLOATING_POINT_STATE, &saved_at(at, at.at_passive() ? APC_LEVEL : PASSIVE_LEVEL));
}

SAMPLE_AS(KeRestoreFloatingPointState, of_another_thread)
{
    struct Other {
        At& at;
        KFLOATING_SAVE* save = nullptr;
    } other { at };
    auto made = at.rooms().processes.create_system_thread(
        [](ke::Thread&, void* context) {
            auto& other = *static_cast<Other*>(context);
            other.save = &saved_at(other.at, other.at.irql());
        },
        &other);
    ASSERT_TRUE(made.ok());
    auto& interval = at.object<LARGE_INTEGER>();
    interval.QuadPart = -10'000;
    while (!other.save)
        ke::KeDelayExecutionThread(KernelMode, FALSE, &interval);
    at.bug_checks(INVALID_FLOATING_POINT_STATE, other.save);
}
