// SPDX-License-Identifier: MIT
// Clocks: what they count, and that they go on. Time is virtual; a tick is 15.625 ms.
#include "contract.h"

#include "ke/dispatcher_objects.h"

using namespace ringside;
using namespace ringside::nt;
using namespace ringside::test;

namespace {

uint64_t now() { return sim::world().now_100ns(); }

// A clock that counts 100 ns: between a look before and one after, and again a while later.
template <typename Read>
void expect_counts(uint64_t first, Read read)
{
    for (int i = 0; i < 2; ++i) {
        ke::kernel().stall(3'000);
        uint64_t const before = now();
        uint64_t const told = read();
        EXPECT_GE(told, first + before);
        EXPECT_LE(told, first + now());
    }
}

} // namespace

SAMPLE(KeQueryInterruptTime)
{
    expect_counts(0, [&] { return at.call(); });
}

SAMPLE(KeQueryUnbiasedInterruptTime)
{
    expect_counts(0, [&] { return at.call(); });
}

SAMPLE(KeQueryInterruptTimePrecise)
{
    auto& counter = at.object<ULONG64>();
    expect_counts(0, [&] { return at.call(&counter); });
    uint64_t const earlier = counter;
    EXPECT_EQ(at.call(&counter), counter); // this machine's performance counter counts the same units from boot
    EXPECT_GT(counter, earlier);
    EXPECT_LE(counter, at.also("KeQueryPerformanceCounter", nullptr));
}

SAMPLE(KeQuerySystemTimePrecise)
{
    auto& time = at.object<LARGE_INTEGER>();
    expect_counts(ke::Kernel::kBootSystemTime, [&] {
        at.call(&time);
        return static_cast<uint64_t>(time.QuadPart);
    });
}

SAMPLE(KeQueryPerformanceCounter)
{
    auto& frequency = at.object<LARGE_INTEGER>();
    uint64_t const first = at.call(&frequency);
    EXPECT_EQ(frequency.QuadPart, 10'000'000);
    uint64_t const began = now();
    ke::kernel().stall(1'000'000);
    uint64_t const ticks = at.call(nullptr) - first; // who wants no frequency
    EXPECT_GE(ticks, 10'000'000u);
    EXPECT_LE(ticks, now() - began + 100);
}

SAMPLE(KeQueryTimeIncrement)
{
    at.returns(ULONG { 156'250 });
    at.returns(ULONG { 156'250 }); // it never changes
}

SAMPLE(KeStallExecutionProcessor)
{
    uint64_t before = now();
    at.call(ULONG { 50 });
    EXPECT_GE(now() - before, 500u);
    EXPECT_LE(now() - before, 600u); // not significantly longer
    before = now();
    at.call(ULONG { 0 });
    EXPECT_LE(now() - before, 100u);
}
