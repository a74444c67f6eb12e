// SPDX-License-Identifier: MIT
// The dispatcher: a switch from one thread to another by an event, beside two threads of the host that hand a turn to
// each other through a condition variable; an APC from queue to run; a kernel queue's entry, beside a locked deque.
// The output ends with one line `ratio NAME VALUE` per figure.
#include "ratios.h"

#include "core.h"
#include "ke/dispatcher_objects.h"

#include <benchmark/benchmark.h>
#include <condition_variable>
#include <cstdio>
#include <deque>
#include <map>
#include <mutex>
#include <thread>

using namespace ringside;
using namespace ringside::nt;

namespace {

constexpr int kRounds = 10'000;

test::CoreOptions one_processor(ke::Binding binding)
{
    return { .processors = 1, .mean_steps = 64, .binding = binding };
}

void switch_by_event(benchmark::State& state, ke::Binding binding)
{
    for (auto _ : state) {
        state.PauseTiming();
        test::Core core(one_processor(binding));
        auto& ping = core.object<KEVENT>();
        auto& pong = core.object<KEVENT>();
        ke::KeInitializeEvent(&ping, SynchronizationEvent, 0);
        ke::KeInitializeEvent(&pong, SynchronizationEvent, 0);
        auto turns = [](KEVENT& mine, KEVENT& others, bool first) {
            for (int i = 0; i < kRounds; ++i) {
                if (!first)
                    ke::KeWaitForSingleObject(&mine, Executive, KernelMode, 0, nullptr);
                ke::KeSetEvent(&others, 0, 0);
                if (first)
                    ke::KeWaitForSingleObject(&mine, Executive, KernelMode, 0, nullptr);
            }
        };
        core.thread([&] { turns(pong, ping, true); });
        core.thread([&] { turns(ping, pong, false); });
        state.ResumeTiming();
        core.run();
    }
    state.SetItemsProcessed(state.iterations() * 2 * kRounds);
}

void switch_by_condition_variable(benchmark::State& state)
{
    for (auto _ : state) {
        std::mutex lock;
        std::condition_variable changed;
        bool turn = false;
        auto turns = [&](bool mine) {
            for (int i = 0; i < kRounds; ++i) {
                std::unique_lock held(lock);
                changed.wait(held, [&] { return turn == mine; });
                turn = !mine;
                changed.notify_one();
            }
        };
        std::thread other(turns, true);
        turns(false);
        other.join();
    }
    state.SetItemsProcessed(state.iterations() * 2 * kRounds);
}

void NTAPI nothing(KAPC*, PKNORMAL_ROUTINE*, PVOID*, PVOID*, PVOID*) { }

void apc(benchmark::State& state, ke::Binding binding)
{
    for (auto _ : state) {
        state.PauseTiming();
        test::Core core(one_processor(binding));
        auto& one = core.object<KAPC>();
        core.thread([&] {
            ke::KeInitializeApc(&one, core.kernel.current().pointer(), 0, nothing, nullptr, nullptr, KernelMode, nullptr);
            for (int i = 0; i < kRounds; ++i)
                ke::KeInsertQueueApc(&one, nullptr, nullptr, 0);
        });
        state.ResumeTiming();
        core.run();
    }
    state.SetItemsProcessed(state.iterations() * kRounds);
}

void kernel_queue(benchmark::State& state)
{
    for (auto _ : state) {
        state.PauseTiming();
        test::Core core(one_processor(ke::Binding::Bare));
        auto& queue = core.object<KQUEUE>();
        auto& entry = core.object<LIST_ENTRY>();
        ke::KeInitializeQueue(&queue, 1);
        core.thread([&] {
            for (int i = 0; i < kRounds; ++i) {
                ke::KeInsertQueue(&queue, &entry);
                ke::KeRemoveQueue(&queue, KernelMode, nullptr);
            }
        });
        state.ResumeTiming();
        core.run();
    }
    state.SetItemsProcessed(state.iterations() * kRounds);
}

void locked_deque(benchmark::State& state)
{
    std::mutex lock;
    std::deque<void*> entries;
    for (auto _ : state)
        for (int i = 0; i < kRounds; ++i) {
            {
                std::scoped_lock held(lock);
                entries.push_back(&entries);
            }
            std::scoped_lock held(lock);
            benchmark::DoNotOptimize(entries.front());
            entries.pop_front();
        }
    state.SetItemsProcessed(state.iterations() * kRounds);
}

} // namespace

int main(int argc, char** argv)
{
    bench::initialize(argc, argv);
    benchmark::RegisterBenchmark("switch/bare", switch_by_event, ke::Binding::Bare);
    benchmark::RegisterBenchmark("switch/observed", switch_by_event, ke::Binding::Observed);
    benchmark::RegisterBenchmark("switch/condition_variable", switch_by_condition_variable)->UseRealTime();
    benchmark::RegisterBenchmark("apc/bare", apc, ke::Binding::Bare);
    benchmark::RegisterBenchmark("apc/observed", apc, ke::Binding::Observed);
    benchmark::RegisterBenchmark("queue/kernel", kernel_queue);
    benchmark::RegisterBenchmark("queue/locked_deque", locked_deque);
    bench::Ratios ratios;
    benchmark::RunSpecifiedBenchmarks(&ratios);
    std::printf("\n");
    ratios.ratio("switch_bare_to_condition_variable", "switch/bare", "switch/condition_variable/real_time");
    ratios.ratio("switch_observed_to_condition_variable", "switch/observed", "switch/condition_variable/real_time");
    ratios.ratio("apc_bare_to_switch", "apc/bare", "switch/bare");
    ratios.ratio("kernel_queue_to_locked_deque", "queue/kernel", "queue/locked_deque");
    return 0;
}
