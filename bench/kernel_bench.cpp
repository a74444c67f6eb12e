// SPDX-License-Identifier: MIT
// The dispatcher's mechanisms beside what they are compared with in the same run: timers with 1, 1 000 and 1 000 000
// pending, a DPC from queue to run, a spin lock. The output ends with one line `ratio NAME VALUE` per figure
// (docs/design.md, section 5). Switches between threads are in dispatcher_bench.cpp.
#include "ratios.h"

#include "core.h"
#include "ke/dispatcher_objects.h"
#include "ke/queued_spin_lock.h"

#include <atomic>
#include <benchmark/benchmark.h>
#include <cstdio>
#include <map>
#include <mutex>

using namespace ringside;
using namespace ringside::nt;

namespace {

// A machine whose one thread runs the benchmark's loop to its end.
struct Bench {
    Bench()
        : core({ .processors = 1, .mean_steps = 256 })
    {
    }
    template <typename Body>
    void on_thread(Body body)
    {
        core.thread(body);
        core.run();
    }
    test::Core core;
};

constexpr int64_t kFar = -int64_t { 36'000'000'000 }; // an hour

// Timers that stay pending, an hour and more away, each at its own time.
struct Pending {
    Pending(Bench& bench, size_t count)
        : timers(count)
    {
        for (size_t i = 0; i < count; ++i) {
            ke::KeInitializeTimer(&timers[i]);
            bench.core.kernel.set_timer(timers[i], { .QuadPart = kFar - static_cast<int64_t>(i * 997) }, 0, nullptr);
        }
    }
    std::vector<KTIMER> timers;
};

void timer_insert_cancel(benchmark::State& state)
{
    Bench bench;
    Pending pending(bench, static_cast<size_t>(state.range(0)));
    bench.on_thread([&] {
        KTIMER timer;
        ke::KeInitializeTimer(&timer);
        int64_t due = -10'000'000;
        for (auto _ : state) {
            ke::kernel().set_timer(timer, { .QuadPart = due }, 0, nullptr);
            ke::kernel().cancel_timer(timer);
            due = due < -100'000'000 ? -10'000'000 : due - 7919;
        }
    });
    state.SetItemsProcessed(state.iterations());
}

void timer_insert_fire(benchmark::State& state)
{
    Bench bench;
    Pending pending(bench, static_cast<size_t>(state.range(0)));
    bench.on_thread([&] {
        KTIMER timer;
        ke::KeInitializeTimer(&timer);
        for (auto _ : state) {
            ke::kernel().set_timer(timer, { .QuadPart = -10 }, 0, nullptr);
            // A microsecond later it is due.
            ke::kernel().stall(1);
            if (!timer.Header.SignalState)
                state.SkipWithError("a timer did not fire");
        }
    });
    state.SetItemsProcessed(state.iterations());
}

uint64_t g_count = 0;
void NTAPI count(KDPC*, PVOID, PVOID, PVOID) { ++g_count; }

void dpc_queue_to_run(benchmark::State& state)
{
    Bench bench;
    ke::g_binding = ke::Binding::Bare;
    bench.on_thread([&] {
        KDPC dpc;
        ke::KeInitializeDpc(&dpc, count, nullptr);
        for (auto _ : state)
            ke::KeInsertQueueDpc(&dpc, nullptr, nullptr);
    });
    state.SetItemsProcessed(state.iterations());
}

void indirect_call(benchmark::State& state)
{
    KDPC dpc;
    ke::KeInitializeDpc(&dpc, count, nullptr);
    for (auto _ : state) {
        benchmark::DoNotOptimize(dpc.DeferredRoutine);
        dpc.DeferredRoutine(&dpc, nullptr, nullptr, nullptr);
    }
    state.SetItemsProcessed(state.iterations());
}

void spin_lock(benchmark::State& state)
{
    Bench bench;
    bench.on_thread([&] {
        KSPIN_LOCK lock = 0;
        for (auto _ : state) {
            KIRQL const old = ke::KeAcquireSpinLockRaiseToDpc(&lock);
            benchmark::DoNotOptimize(lock);
            ke::KeReleaseSpinLock(&lock, old);
        }
    });
    state.SetItemsProcessed(state.iterations());
}

void queued_spin_lock(benchmark::State& state)
{
    Bench bench;
    bench.on_thread([&] {
        KSPIN_LOCK lock = 0;
        KLOCK_QUEUE_HANDLE handle;
        for (auto _ : state) {
            ke::KeAcquireInStackQueuedSpinLock(&lock, &handle);
            benchmark::DoNotOptimize(lock);
            ke::KeReleaseInStackQueuedSpinLock(&handle);
        }
    });
    state.SetItemsProcessed(state.iterations());
}

void std_mutex(benchmark::State& state)
{
    std::mutex mutex;
    for (auto _ : state) {
        mutex.lock();
        benchmark::DoNotOptimize(mutex);
        mutex.unlock();
    }
    state.SetItemsProcessed(state.iterations());
}

void atomic_exchange(benchmark::State& state)
{
    std::atomic<uint64_t> word { 0 };
    for (auto _ : state) {
        benchmark::DoNotOptimize(word.exchange(1, std::memory_order_acquire));
        word.store(0, std::memory_order_release);
    }
    state.SetItemsProcessed(state.iterations());
}

} // namespace

BENCHMARK(timer_insert_cancel)->Arg(1)->Arg(1'000)->Arg(1'000'000);
BENCHMARK(timer_insert_fire)->Arg(1)->Arg(1'000)->Arg(1'000'000);
BENCHMARK(dpc_queue_to_run);
BENCHMARK(indirect_call);
BENCHMARK(spin_lock);
BENCHMARK(queued_spin_lock);
BENCHMARK(std_mutex);
BENCHMARK(atomic_exchange);

int main(int argc, char** argv)
{
    bench::initialize(argc, argv);
    bench::Ratios ratios;
    benchmark::RunSpecifiedBenchmarks(&ratios);
    std::printf("\n");
    ratios.ratio("timer_insert_cancel_1000_to_1", "timer_insert_cancel/1000", "timer_insert_cancel/1");
    ratios.ratio("timer_insert_cancel_1000000_to_1", "timer_insert_cancel/1000000", "timer_insert_cancel/1");
    ratios.ratio("timer_insert_fire_1000_to_1", "timer_insert_fire/1000", "timer_insert_fire/1");
    ratios.ratio("timer_insert_fire_1000000_to_1", "timer_insert_fire/1000000", "timer_insert_fire/1");
    ratios.ratio("dpc_to_indirect_call", "dpc_queue_to_run", "indirect_call");
    ratios.ratio("spin_lock_to_std_mutex", "spin_lock", "std_mutex");
    ratios.ratio("spin_lock_to_atomic_exchange", "spin_lock", "atomic_exchange");
    ratios.ratio("queued_spin_lock_to_std_mutex", "queued_spin_lock", "std_mutex");
    return 0;
}
