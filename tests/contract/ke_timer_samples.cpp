// SPDX-License-Identifier: MIT
// Timers, with and without a DPC.
#include "contract.h"

#include "ke/dispatcher_objects.h"

#include <cstring>

using namespace ringside;
using namespace ringside::nt;
using namespace ringside::test;

namespace {

int g_ran;
uint64_t g_ran_at;
void NTAPI count(KDPC*, PVOID, PVOID, PVOID)
{
    ++g_ran;
    g_ran_at = sim::world().now_100ns();
}

KTIMER& timer(At& at, TIMER_TYPE type = NotificationTimer)
{
    auto& made = at.object<KTIMER>();
    ke::KeInitializeTimerEx(&made, type);
    return made;
}

KDPC& dpc(At& at)
{
    g_ran = 0;
    auto& made = at.object<KDPC>();
    ke::KeInitializeDpc(&made, count, nullptr);
    return made;
}

constexpr LARGE_INTEGER in_ms(int64_t milliseconds) { return { .QuadPart = -10'000 * milliseconds }; }

void sleep_ms(int64_t milliseconds)
{
    LARGE_INTEGER interval = in_ms(milliseconds);
    ke::KeDelayExecutionThread(KernelMode, FALSE, &interval);
}

NTSTATUS poll(KTIMER& timer)
{
    LARGE_INTEGER now {};
    return ke::KeWaitForSingleObject(&timer, Executive, KernelMode, FALSE, &now);
}

// As memory that was something else before.
void expect_fresh(KTIMER const& timer, UCHAR type)
{
    EXPECT_EQ(timer.Header.Type, type);
    EXPECT_EQ(timer.Header.SignalState, 0);
    EXPECT_EQ(timer.Header.Inserted, 0);
    EXPECT_EQ(timer.Header.WaitListHead.Flink, &timer.Header.WaitListHead);
    EXPECT_EQ(timer.Dpc, nullptr);
    EXPECT_EQ(timer.Period, 0u);
}

} // namespace

SAMPLE(KeInitializeTimer)
{
    auto& timer = at.object<KTIMER>();
    std::memset(static_cast<void*>(&timer), 0x5A, sizeof timer);
    at.call(&timer);
    expect_fresh(timer, TimerNotificationObject);
    ke::KeSetTimer(&timer, in_ms(0), nullptr);
    sleep_ms(1);
    EXPECT_EQ(poll(timer), STATUS_SUCCESS);
    EXPECT_EQ(poll(timer), STATUS_SUCCESS); // a notification timer stays signalled
}

SAMPLE(KeInitializeTimerEx)
{
    auto& timer = at.object<KTIMER>();
    std::memset(static_cast<void*>(&timer), 0x5A, sizeof timer);
    at.call(&timer, NotificationTimer);
    expect_fresh(timer, TimerNotificationObject);
    at.call(&timer, SynchronizationTimer);
    expect_fresh(timer, TimerSynchronizationObject);
    ke::KeSetTimer(&timer, in_ms(0), nullptr);
    sleep_ms(1);
    EXPECT_EQ(poll(timer), STATUS_SUCCESS);
    EXPECT_EQ(poll(timer), STATUS_TIMEOUT); // one thread went on
}

SAMPLE(KeSetTimer)
{
    KTIMER& once = timer(at);
    KDPC& counts = dpc(at);
    once.Header.SignalState = 1;
    at.returns(BOOLEAN { FALSE }, &once, in_ms(1), &counts);
    EXPECT_EQ(once.Header.SignalState, 0);
    at.returns(BOOLEAN { TRUE }, &once, in_ms(5), &counts); // cancels the first one and its DPC
    sleep_ms(3);
    EXPECT_EQ(g_ran, 0);
    EXPECT_EQ(once.Header.SignalState, 0);
    sleep_ms(3);
    EXPECT_EQ(g_ran, 1);
    EXPECT_EQ(once.Header.SignalState, 1);
    at.returns(BOOLEAN { FALSE }, &once, in_ms(1), nullptr); // it left the queue when it expired
    sleep_ms(2);
    EXPECT_EQ(g_ran, 1);
    EXPECT_EQ(once.Header.SignalState, 1);
}

// Absolute times: one to come, one long past.
SAMPLE_AS(KeSetTimer, absolute)
{
    KTIMER& once = timer(at);
    KDPC& counts = dpc(at);
    ke::Kernel& kernel = ke::kernel();
    uint64_t const due = kernel.system_time() + 30'000;
    at.returns(BOOLEAN { FALSE }, &once, LARGE_INTEGER { .QuadPart = static_cast<LONGLONG>(due) }, &counts);
    sleep_ms(5);
    EXPECT_EQ(g_ran, 1);
    EXPECT_GE(g_ran_at, due - ke::Kernel::kBootSystemTime);
    EXPECT_LE(g_ran_at, due - ke::Kernel::kBootSystemTime + 1'000);
    at.returns(BOOLEAN { FALSE }, &once, LARGE_INTEGER { .QuadPart = 1 }, &counts);
    sleep_ms(1);
    EXPECT_EQ(g_ran, 2);
}

SAMPLE_AS(KeSetTimer, never_initialized)
{
    at.bug_checks(TIMER_OR_DPC_INVALID, at.bytes(sizeof(KTIMER)), in_ms(1), nullptr);
}

SAMPLE(KeSetTimerEx)
{
    KTIMER& periodic = timer(at);
    KDPC& counts = dpc(at);
    periodic.Header.SignalState = 1;
    at.returns(BOOLEAN { FALSE }, &periodic, in_ms(1), LONG { 2 }, &counts);
    EXPECT_EQ(periodic.Header.SignalState, 0);
    sleep_ms(8); // at 1, 3, 5 and 7
    EXPECT_EQ(g_ran, 4);
    at.returns(BOOLEAN { TRUE }, &periodic, in_ms(1), LONG { 0 }, &counts); // a periodic one is always in the queue
    EXPECT_EQ(periodic.Header.SignalState, 0);
    sleep_ms(8);
    EXPECT_EQ(g_ran, 5);
    at.returns(BOOLEAN { FALSE }, &periodic, in_ms(1), LONG { 0 }, nullptr);
    at.bug_checks(TIMER_OR_DPC_INVALID, at.bytes(sizeof(KTIMER)), in_ms(1), LONG { 2 }, &counts);
}

SAMPLE(KeSetCoalescableTimer)
{
    KTIMER& periodic = timer(at);
    KDPC& counts = dpc(at);
    periodic.Header.SignalState = 1;
    uint64_t const began = sim::world().now_100ns();
    at.returns(BOOLEAN { FALSE }, &periodic, in_ms(20), ULONG { 0 }, ULONG { 15 }, &counts);
    EXPECT_EQ(periodic.Header.SignalState, 0);
    sleep_ms(40);
    EXPECT_EQ(g_ran, 1);
    EXPECT_GE(g_ran_at, began + 200'000); // from the due time to as much later as is tolerable
    EXPECT_LE(g_ran_at, began + 351'000);
    at.returns(BOOLEAN { FALSE }, &periodic, in_ms(1), ULONG { 2 }, ULONG { 0 }, &counts);
    sleep_ms(8); // without tolerance as KeSetTimerEx
    EXPECT_EQ(g_ran, 5);
    at.returns(BOOLEAN { TRUE }, &periodic, in_ms(1), ULONG { 0 }, ULONG { 0 }, nullptr);
    sleep_ms(8);
    EXPECT_EQ(g_ran, 5);
    at.bug_checks(TIMER_OR_DPC_INVALID, at.bytes(sizeof(KTIMER)), in_ms(1), ULONG { 0 }, ULONG { 5 }, nullptr);
}

SAMPLE(KeCancelTimer)
{
    KTIMER& once = timer(at);
    KDPC& counts = dpc(at);
    at.returns(BOOLEAN { FALSE }, &once);
    ke::KeSetTimer(&once, in_ms(2), &counts);
    at.returns(BOOLEAN { TRUE }, &once);
    at.returns(BOOLEAN { FALSE }, &once);
    sleep_ms(4);
    EXPECT_EQ(g_ran, 0);
    EXPECT_EQ(once.Header.SignalState, 0);
    ke::KeSetTimer(&once, in_ms(1), &counts);
    sleep_ms(2);
    at.returns(BOOLEAN { FALSE }, &once); // its DPC was queued
    EXPECT_EQ(once.Header.SignalState, 1);
    ke::KeSetTimerEx(&once, in_ms(1), 1, &counts);
    sleep_ms(3);
    at.returns(BOOLEAN { TRUE }, &once); // a periodic one always
    int const ran = g_ran;
    sleep_ms(5);
    EXPECT_EQ(g_ran, ran);
}

SAMPLE(KeReadStateTimer)
{
    KTIMER& once = timer(at);
    ke::KeSetTimer(&once, in_ms(2), nullptr);
    at.returns(BOOLEAN { FALSE }, &once);
    sleep_ms(3);
    at.returns(BOOLEAN { TRUE }, &once);
    at.returns(BOOLEAN { TRUE }, &once); // reading resets nothing
}
