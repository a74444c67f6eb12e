// SPDX-License-Identifier: MIT
// Guarded mutexes.
#include "contract.h"

#include "ex/mutex.h"
#include "ke/dispatcher_objects.h"

#include <cstring>

using namespace ringside;
using namespace ringside::nt;
using namespace ringside::test;

namespace {

KGUARDED_MUTEX& free_mutex(At& at)
{
    auto& mutex = at.object<KGUARDED_MUTEX>();
    ex::KeInitializeGuardedMutex(&mutex);
    return mutex;
}

PKTHREAD self() { return ke::kernel().current().pointer(); }
bool apcs_disabled(At& at) { return at.also("KeAreAllApcsDisabled") & 1; }

void sleep_ms(int64_t milliseconds)
{
    LARGE_INTEGER interval { .QuadPart = -10'000 * milliseconds };
    ke::KeDelayExecutionThread(KernelMode, FALSE, &interval);
}

// A thread that does `main` with the mutex. What it does is done when the sample wakes up.
struct Other {
    At& at;
    KGUARDED_MUTEX& mutex;
    bool held = false;
    bool given_back = false;
};

void start(Other& other, void (*main)(Other& other))
{
    struct Start {
        Other* other;
        void (*main)(Other& other);
    };
    auto& start = other.at.object<Start>();
    start = { &other, main };
    auto made = other.at.rooms().processes.create_system_thread(
        [](ke::Thread&, void* context) {
            auto& start = *static_cast<Start*>(context);
            start.main(*start.other);
        },
        &start);
    ASSERT_TRUE(made.ok());
    sleep_ms(1);
}

void hold_for_a_while(Other& other)
{
    ex::KeAcquireGuardedMutex(&other.mutex);
    other.held = true;
    sleep_ms(5);
    other.given_back = true;
    ex::KeReleaseGuardedMutex(&other.mutex);
}

void acquire(Other& other)
{
    ex::KeAcquireGuardedMutex(&other.mutex);
    other.held = true;
    ex::KeReleaseGuardedMutex(&other.mutex);
    other.given_back = true;
}

} // namespace

SAMPLE(KeInitializeGuardedMutex)
{
    auto& mutex = at.object<KGUARDED_MUTEX>();
    std::memset(static_cast<void*>(&mutex), 0x5A, sizeof mutex);
    at.call(&mutex);
    EXPECT_EQ(mutex.Count, 1);
    EXPECT_EQ(mutex.Owner, nullptr);
    EXPECT_EQ(mutex.Contention, 0u);
    Other other { at, mutex };
    start(other, acquire);
    EXPECT_TRUE(other.given_back);
}

SAMPLE(KeAcquireGuardedMutex)
{
    Other other { at, free_mutex(at) };
    start(other, hold_for_a_while);
    EXPECT_TRUE(other.held);
    at.call(&other.mutex); // waits
    EXPECT_TRUE(other.given_back);
    EXPECT_EQ(other.mutex.Owner, self());
    EXPECT_EQ(other.mutex.Count, 0);
    EXPECT_EQ(at.irql_after(), at.irql());
    EXPECT_TRUE(apcs_disabled(at));
    ex::KeReleaseGuardedMutex(&other.mutex);
}

// The thread that holds it waits for itself, for ever.
SAMPLE_AS(KeAcquireGuardedMutex, twice_by_one_thread)
{
    KGUARDED_MUTEX& mutex = free_mutex(at);
    at.call(&mutex);
    ex::KeReleaseGuardedMutex(&mutex);
    Other other { at, mutex };
    start(other, [](Other& other) {
        other.at.call(&other.mutex);
        other.held = true;
        other.at.call(&other.mutex);
        other.given_back = true;
    });
    sleep_ms(60'000);
    EXPECT_TRUE(other.held);
    EXPECT_FALSE(other.given_back);
    EXPECT_LT(mutex.Count, 0);
}

SAMPLE(KeAcquireGuardedMutexUnsafe)
{
    Other other { at, free_mutex(at) };
    start(other, hold_for_a_while);
    EXPECT_TRUE(other.held);
    ke::KeEnterGuardedRegion(); // the caller's business
    at.call(&other.mutex);
    ke::KeLeaveGuardedRegion();
    EXPECT_TRUE(other.given_back);
    EXPECT_EQ(other.mutex.Owner, self());
    EXPECT_EQ(at.irql_after(), at.irql());
    EXPECT_FALSE(apcs_disabled(at));
}

SAMPLE(KeTryToAcquireGuardedMutex)
{
    KGUARDED_MUTEX& mutex = free_mutex(at);
    at.returns(BOOLEAN { TRUE }, &mutex);
    EXPECT_EQ(mutex.Owner, self());
    EXPECT_TRUE(apcs_disabled(at));
    at.returns(BOOLEAN { FALSE }, &mutex);
    ex::KeReleaseGuardedMutex(&mutex);
    EXPECT_FALSE(apcs_disabled(at)); // the failed try entered no region
    Other other { at, mutex };
    start(other, hold_for_a_while);
    at.returns(BOOLEAN { FALSE }, &mutex); // at once
    EXPECT_FALSE(other.given_back);
    EXPECT_FALSE(apcs_disabled(at));
}

SAMPLE(KeReleaseGuardedMutex)
{
    Other other { at, free_mutex(at) };
    ex::KeAcquireGuardedMutex(&other.mutex);
    start(other, acquire);
    EXPECT_FALSE(other.held);
    at.call(&other.mutex);
    EXPECT_FALSE(apcs_disabled(at));
    sleep_ms(1);
    EXPECT_TRUE(other.given_back); // who waited had its turn
    EXPECT_EQ(other.mutex.Count, 1);
    EXPECT_EQ(other.mutex.Owner, nullptr);
}

SAMPLE(KeReleaseGuardedMutexUnsafe)
{
    Other other { at, free_mutex(at) };
    ke::KeEnterGuardedRegion();
    ex::KeAcquireGuardedMutexUnsafe(&other.mutex);
    start(other, acquire);
    EXPECT_FALSE(other.held);
    at.call(&other.mutex);
    EXPECT_TRUE(apcs_disabled(at)); // the region is still the caller's
    ke::KeLeaveGuardedRegion();
    sleep_ms(1);
    EXPECT_TRUE(other.given_back);
    EXPECT_EQ(other.mutex.Count, 1);
    EXPECT_EQ(other.mutex.Owner, nullptr);
}
