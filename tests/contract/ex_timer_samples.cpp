// SPDX-License-Identifier: MIT
// System-allocated timers, the clock's resolution, local time.
#include "contract.h"

#include "ke/dispatcher_objects.h"

using namespace ringside;
using namespace ringside::nt;
using namespace ringside::test;

namespace {

constexpr ULONG kHighResolution = 4; // EX_TIMER_HIGH_RESOLUTION
constexpr ULONG kNoWake = 8; // EX_TIMER_NO_WAKE
constexpr ULONG kNotification = 0x80000000; // EX_TIMER_NOTIFICATION
constexpr LONGLONG kMillisecond = 10'000;
constexpr LONGLONG kLater = -10 * kMillisecond;

// What the callbacks saw.
struct Seen {
    int expired = 0;
    int deleted = 0;
    EX_TIMER* timer = nullptr;
    uint8_t irql = 0xFF;
};
void NTAPI on_expiry(EX_TIMER* timer, PVOID context)
{
    auto& seen = *static_cast<Seen*>(context);
    ++seen.expired;
    seen.timer = timer;
    seen.irql = ke::Kernel::irql();
}
void NTAPI on_deletion(PVOID context) { ++static_cast<Seen*>(context)->deleted; }

EX_TIMER* timer_of(At& at, Seen* seen, ULONG attributes = 0)
{
    void* const callback = seen ? reinterpret_cast<void*>(&on_expiry) : nullptr;
    return reinterpret_cast<EX_TIMER*>(at.also("ExAllocateTimer", callback, seen, attributes));
}
void set(At& at, EX_TIMER* timer, LONGLONG due, LONGLONG period = 0)
{
    at.also("ExSetTimer", timer, due, period, nullptr);
}
void pass(LONGLONG milliseconds)
{
    LARGE_INTEGER interval { .QuadPart = -milliseconds * kMillisecond };
    ke::KeDelayExecutionThread(KernelMode, FALSE, &interval);
}
NTSTATUS poll(EX_TIMER* timer)
{
    LARGE_INTEGER now {};
    return ke::KeWaitForSingleObject(timer, Executive, KernelMode, FALSE, &now);
}
size_t timers(At& at) { return at.rooms().executive.residue().timers; }
EXT_DELETE_PARAMETERS& telling(At& at, Seen& seen)
{
    auto& parameters = at.object<EXT_DELETE_PARAMETERS>();
    parameters.DeleteCallback = &on_deletion;
    parameters.DeleteContext = &seen;
    return parameters;
}

} // namespace

SAMPLE(ExAllocateTimer)
{
    auto& seen = at.object<Seen>();
    auto* timer = reinterpret_cast<EX_TIMER*>(at.call(&on_expiry, &seen, kHighResolution));
    ASSERT_TRUE(timer);
    EXPECT_EQ(timers(at), 1u);
    EXPECT_EQ(poll(timer), STATUS_TIMEOUT) << "it is born not signaled";
    set(at, timer, kLater);
    pass(20);
    EXPECT_EQ(seen.expired, 1);
    EXPECT_EQ(seen.timer, timer);
    EXPECT_EQ(seen.irql, DISPATCH_LEVEL);
    EXPECT_EQ(poll(timer), STATUS_SUCCESS);
    EXPECT_EQ(poll(timer), STATUS_TIMEOUT) << "a synchronization timer is reset by the wait";
    auto* notification = reinterpret_cast<EX_TIMER*>(at.call(nullptr, nullptr, kNoWake | kNotification));
    set(at, notification, kLater);
    pass(20);
    EXPECT_EQ(poll(notification), STATUS_SUCCESS);
    EXPECT_EQ(poll(notification), STATUS_SUCCESS) << "a notification timer stays signaled";
    at.bug_checks(TIMER_OR_DPC_INVALID, nullptr, nullptr, kHighResolution | kNoWake);
}

SAMPLE_AS(ExAllocateTimer, unknown_attributes) { at.bug_checks(TIMER_OR_DPC_INVALID, nullptr, nullptr, ULONG { 1 }); }

SAMPLE(ExSetTimer)
{
    auto& seen = at.object<Seen>();
    EX_TIMER* timer = timer_of(at, &seen);
    at.returns(BOOLEAN { FALSE }, timer, kLater, LONGLONG { 0 }, nullptr);
    at.returns(BOOLEAN { TRUE }, timer, 2 * kLater, LONGLONG { 0 }, nullptr);
    pass(15);
    EXPECT_EQ(seen.expired, 0) << "the second due time counts";
    pass(10);
    EXPECT_EQ(seen.expired, 1);
    auto const in_5ms = static_cast<LONGLONG>(ke::kernel().system_time()) + 5 * kMillisecond;
    at.returns(BOOLEAN { FALSE }, timer, in_5ms, LONGLONG { 0 }, nullptr); // it had expired
    pass(10);
    EXPECT_EQ(seen.expired, 2);
    at.returns(BOOLEAN { FALSE }, timer, LONGLONG { 1 }, LONGLONG { 0 }, nullptr); // in the year 1601
    pass(1);
    EXPECT_EQ(seen.expired, 3);
    at.returns(BOOLEAN { FALSE }, timer, kLater, 20 * kMillisecond, nullptr);
    pass(100);
    EXPECT_EQ(seen.expired, 3 + 5) << "at 10, 30, 50, 70 and 90 ms";
    EXPECT_EQ(poll(timer), STATUS_SUCCESS);
    at.returns(BOOLEAN { TRUE }, timer, kLater, LONGLONG { 0 }, nullptr); // between two expirations
    at.bug_checks(TIMER_OR_DPC_INVALID, timer, kLater, LONGLONG { 0x8000'0000 }, nullptr); // above MAXLONG
}

SAMPLE_AS(ExSetTimer, high_resolution)
{
    auto& seen = at.object<Seen>();
    EX_TIMER* timer = timer_of(at, &seen, kHighResolution);
    auto& parameters = at.object<EXT_SET_PARAMETERS>();
    at.returns(BOOLEAN { FALSE }, timer, -kMillisecond, LONGLONG { 0 }, &parameters);
    pass(2);
    EXPECT_EQ(seen.expired, 1);
    auto const absolute = static_cast<LONGLONG>(ke::kernel().system_time()) + kMillisecond;
    at.bug_checks(TIMER_OR_DPC_INVALID, timer, absolute, LONGLONG { 0 }, nullptr);
}

SAMPLE_AS(ExSetTimer, no_timer)
{
    at.bug_checks(TIMER_OR_DPC_INVALID, at.bytes(0x200), kLater, LONGLONG { 0 }, nullptr);
}

SAMPLE(ExCancelTimer)
{
    auto& seen = at.object<Seen>();
    EX_TIMER* timer = timer_of(at, &seen);
    at.returns(BOOLEAN { FALSE }, timer, nullptr); // never set
    set(at, timer, kLater);
    at.returns(BOOLEAN { TRUE }, timer, nullptr);
    at.returns(BOOLEAN { FALSE }, timer, nullptr); // cancelled already
    pass(20);
    EXPECT_EQ(seen.expired, 0);
    EXPECT_EQ(poll(timer), STATUS_TIMEOUT) << "a cancelled timer is not signaled";
    set(at, timer, kLater);
    pass(20);
    at.returns(BOOLEAN { FALSE }, timer, nullptr); // expired
    EXPECT_EQ(seen.expired, 1);
    set(at, timer, kLater, 10 * kMillisecond);
    pass(15);
    at.returns(BOOLEAN { TRUE }, timer, nullptr);
    pass(50);
    EXPECT_EQ(seen.expired, 2) << "no further period begins";
    at.also("ExDeleteTimer", timer, TRUE, FALSE, nullptr);
    at.bug_checks(TIMER_OR_DPC_INVALID, timer, nullptr);
}

SAMPLE(ExDeleteTimer)
{
    auto& seen = at.object<Seen>();
    auto& tell = telling(at, seen);
    at.returns(BOOLEAN { FALSE }, timer_of(at, &seen), TRUE, FALSE, &tell); // never set
    EXPECT_EQ(seen.deleted, 1);
    EX_TIMER* timer = timer_of(at, &seen);
    set(at, timer, kLater);
    at.returns(BOOLEAN { TRUE }, timer, TRUE, FALSE, &tell);
    EXPECT_EQ(seen.deleted, 2);
    EXPECT_EQ(timers(at), 0u);
    timer = timer_of(at, &seen);
    set(at, timer, kLater, 10 * kMillisecond);
    at.returns(BOOLEAN { FALSE }, timer, FALSE, FALSE, &tell); // FALSE, whatever the timer does
    EXPECT_EQ(timers(at), 1u) << "it still expires";
    pass(50);
    EXPECT_EQ(seen.expired, 1) << "once";
    EXPECT_EQ(seen.deleted, 3);
    EXPECT_EQ(timers(at), 0u);
    timer = timer_of(at, nullptr);
    at.also("ExDeleteTimer", timer, TRUE, FALSE, nullptr);
    at.bug_checks(TIMER_OR_DPC_INVALID, timer, TRUE, FALSE, nullptr);
}

SAMPLE_AS(ExDeleteTimer, waiting)
{
    auto& seen = at.object<Seen>();
    EX_TIMER* timer = timer_of(at, &seen);
    set(at, timer, kLater);
    if (at.irql() > APC_LEVEL)
        at.bug_checks(IRQL_NOT_LESS_OR_EQUAL, timer, TRUE, TRUE, nullptr);
    at.returns(BOOLEAN { TRUE }, timer, TRUE, TRUE, nullptr);
    EXPECT_EQ(timers(at), 0u);
    timer = timer_of(at, &seen);
    at.bug_checks(TIMER_OR_DPC_INVALID, timer, FALSE, TRUE, nullptr); // Wait asks for Cancel
}

// --- The clock ---

namespace {
ULONG resolution(At& at)
{
    auto& current = at.object<ULONG>();
    at.also("ExQueryTimerResolution", &at.object<ULONG>(), &at.object<ULONG>(), &current);
    return current;
}
} // namespace

SAMPLE(ExQueryTimerResolution)
{
    auto& longest = at.object<ULONG>();
    auto& shortest = at.object<ULONG>();
    auto& current = at.object<ULONG>();
    at.call(&longest, &shortest, &current);
    EXPECT_EQ(longest, ke::Kernel::kTickUnits);
    EXPECT_EQ(shortest, 5'000u);
    EXPECT_EQ(current, longest) << "nobody has asked for more";
    at.also("ExSetTimerResolution", ULONG { 20'000 }, TRUE);
    at.call(&longest, &shortest, &current);
    EXPECT_EQ(current, 20'000u);
    EXPECT_EQ(longest, ke::Kernel::kTickUnits);
}

SAMPLE(ExSetTimerResolution)
{
    ULONG const usual = resolution(at);
    at.returns(ULONG { 20'000 }, ULONG { 20'000 }, TRUE);
    EXPECT_EQ(resolution(at), 20'000u);
    at.returns(ULONG { 20'000 }, ULONG { 50'000 }, TRUE); // coarser than it is
    at.returns(ULONG { 5'000 }, ULONG { 1 }, TRUE); // finer than can be
    for (int i = 0; i < 2; ++i)
        at.returns(ULONG { 5'000 }, ULONG { 0 }, FALSE); // somebody else's request stands
    at.returns(usual, ULONG { 0 }, FALSE);
    EXPECT_EQ(resolution(at), usual);
    at.returns(usual, ULONG { 0 }, FALSE); // nobody had asked
}

// The machine lives in the time zone of Greenwich, whose bias is nothing.
SAMPLE(ExSystemTimeToLocalTime)
{
    auto& system_time = at.object<LARGE_INTEGER>();
    auto& local_time = at.object<LARGE_INTEGER>();
    system_time.QuadPart = 0x01DB'0000'0000'1234;
    at.call(&system_time, &local_time);
    EXPECT_EQ(local_time.QuadPart, system_time.QuadPart);
    at.call(&system_time, &system_time);
    EXPECT_EQ(system_time.QuadPart, 0x01DB'0000'0000'1234);
}

SAMPLE(ExLocalTimeToSystemTime)
{
    auto& local_time = at.object<LARGE_INTEGER>();
    auto& system_time = at.object<LARGE_INTEGER>();
    auto& again = at.object<LARGE_INTEGER>();
    local_time.QuadPart = 0x01DB'0000'0000'1234;
    at.call(&local_time, &system_time);
    EXPECT_EQ(system_time.QuadPart, 0x01DB'0000'0000'1234);
    at.also("ExSystemTimeToLocalTime", &system_time, &again);
    EXPECT_EQ(again.QuadPart, local_time.QuadPart) << "one undoes the other";
}
