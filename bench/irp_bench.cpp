// SPDX-License-Identifier: MIT
// An IRP's life, a client's round trip, and the time to the first IRP, each beside what it is compared with in the same
// run. The output ends with one line `ratio NAME VALUE` per figure (docs/design.md, section 5).
#include "ratios.h"

#include <ringside/ringside.h>

#include "drivers/bench_loop.h"

#include <benchmark/benchmark.h>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <map>
#include <spawn.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ;

using namespace ringside;

namespace {

constexpr uint32_t kLoops = 10'000;

// The benchmark's drivers in one machine: a single device, a stack of three, and the one that sends.
struct Stacks {
    explicit Stacks(Checks checks) : machine({ .checks = checks, .mean_steps = 64, .hang_seconds = 0 })
    {
        for (char const* name : { "bench_single", "bench_bottom", "bench_middle", "bench_top", "bench_loop" })
            if (machine.load(std::string(RINGSIDE_DRIVERS "/") + name + ".sys").status() < 0)
                std::fprintf(stderr, "%s.sys did not start\n", name);
        file = std::make_unique<File>(machine.open(R"(\\.\BenchLoop)"));
    }
    bool loop(uint32_t count, uint32_t kind)
    {
        uint32_t const numbers[] = { count, kind };
        return file->ioctl(IOCTL_BENCH_LOOP, std::as_bytes(std::span(numbers)), 0).status == 0;
    }
    Machine machine;
    std::unique_ptr<File> file;
};

void irp_life(benchmark::State& state, Checks checks, uint32_t kind)
{
    Stacks stacks(checks);
    for (auto _ : state)
        if (!stacks.loop(kLoops, kind)) {
            state.SkipWithError("the loop driver failed");
            break;
        }
    state.SetItemsProcessed(state.iterations() * kLoops);
}

void round_trip(benchmark::State& state, Checks checks)
{
    Stacks stacks(checks);
    for (auto _ : state)
        if (stacks.file->ioctl(IOCTL_BENCH_NOTHING, std::span<std::byte const>(), 0).status != 0) {
            state.SkipWithError("the round trip failed");
            break;
        }
    state.SetItemsProcessed(state.iterations());
}

void linux_ioctl(benchmark::State& state)
{
    int descriptor = open("/dev/null", O_RDWR);
    for (auto _ : state)
        benchmark::DoNotOptimize(ioctl(descriptor, 0x5401, 0));
    close(descriptor);
    state.SetItemsProcessed(state.iterations());
}

void start_to_first_irp(benchmark::State& state)
{
    char const* arguments[] = { RINGSIDE_PROGRAM, "run", RINGSIDE_DRIVERS "/ioctl.sys", "--ioctl", "0x80002000", "--in",
                                "text:hello", "--out", "64", "--in-process", "--checks", "observed", nullptr };
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
    for (auto _ : state) {
        pid_t child;
        int status = 0;
        if (posix_spawn(&child, RINGSIDE_PROGRAM, &actions, nullptr, const_cast<char**>(arguments), environ) != 0
            || waitpid(child, &status, 0) != child || status != 0) {
            state.SkipWithError("the program failed");
            break;
        }
    }
    posix_spawn_file_actions_destroy(&actions);
    state.SetItemsProcessed(state.iterations());
}

void register_all()
{
    using benchmark::RegisterBenchmark;
    struct {
        char const* name;
        Checks checks;
    } const bindings[] = { { "bare", Checks::Bare }, { "observed", Checks::Observed }, { "verified", Checks::Verified } };
    RegisterBenchmark("chain/1", irp_life, Checks::Bare, BENCH_CHAIN_1);
    RegisterBenchmark("chain/3", irp_life, Checks::Bare, BENCH_CHAIN_3);
    for (auto const& b : bindings) {
        std::string name = b.name;
        RegisterBenchmark(("irp/allocated/1/" + name).c_str(), irp_life, b.checks, BENCH_ALLOCATED_1);
        RegisterBenchmark(("irp/reused/1/" + name).c_str(), irp_life, b.checks, BENCH_REUSED_1);
        RegisterBenchmark(("irp/allocated/3/" + name).c_str(), irp_life, b.checks, BENCH_ALLOCATED_3);
        RegisterBenchmark(("irp/reused/3/" + name).c_str(), irp_life, b.checks, BENCH_REUSED_3);
        RegisterBenchmark(("round_trip/" + name).c_str(), round_trip, b.checks);
    }
    RegisterBenchmark("linux_ioctl_dev_null", linux_ioctl);
    RegisterBenchmark("start_to_first_irp", start_to_first_irp)->Unit(benchmark::kMillisecond)->UseRealTime();
}

} // namespace

int main(int argc, char** argv)
{
    bench::initialize(argc, argv, true);
    register_all();
    bench::Ratios ratios;
    benchmark::RunSpecifiedBenchmarks(&ratios);
    std::printf("\n");
    ratios.ratio("irp_life_1_bare_to_chain", "irp/allocated/1/bare", "chain/1");
    ratios.ratio("irp_life_3_bare_to_chain", "irp/allocated/3/bare", "chain/3");
    ratios.ratio("irp_life_3_observed_to_chain", "irp/allocated/3/observed", "chain/3");
    ratios.ratio("irp_life_3_verified_to_observed", "irp/allocated/3/verified", "irp/allocated/3/observed");
    ratios.ratio("irp_reused_3_bare_to_chain", "irp/reused/3/bare", "chain/3");
    ratios.ratio("round_trip_bare_to_linux_ioctl", "round_trip/bare", "linux_ioctl_dev_null");
    ratios.ratio("round_trip_observed_to_linux_ioctl", "round_trip/observed", "linux_ioctl_dev_null");
    ratios.ratio("round_trip_verified_to_linux_ioctl", "round_trip/verified", "linux_ioctl_dev_null");
    ratios.ratio_to_ns("start_to_first_irp_to_10_ms", "start_to_first_irp/real_time", 1e7);
    return 0;
}
