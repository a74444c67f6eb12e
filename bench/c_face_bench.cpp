// SPDX-License-Identifier: MIT
// A control code through the C face: in a machine's own process, and in ours; beside what two processes need to say a
// word to each other at all. The output ends with one line `ratio NAME VALUE` per figure (docs/c-api.md).
#include "ratios.h"

#include <ringside.h>

#include "ioctl/ioctl.h"

#include <cstdint>
#include <cstdlib>
#include <string>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

void must(benchmark::State& state, int result)
{
    if (result != RINGSIDE_OK)
        state.SkipWithError(ringside_last_error(0));
}

void round_trip(benchmark::State& state, bool in_process, uint32_t checks)
{
    ringside_options options;
    ringside_options_init(&options, sizeof options);
    options.in_process = in_process;
    options.checks = checks;
    ringside_machine machine = 0;
    ringside_driver driver = 0;
    ringside_file file = 0;
    int32_t status = 0;
    must(state, ringside_boot(&options, &machine));
    must(state, ringside_load(machine, RINGSIDE_DRIVERS "/ioctl.sys", &driver, &status));
    must(state,
         ringside_open(machine, R"(\\.\RingsideIoctl)", RINGSIDE_READ_WRITE, RINGSIDE_SHARE_ALL, &file, &status));
    char out[8];
    ringside_reply reply {};
    for (auto _ : state)
        if (ringside_ioctl(file, IOCTL_RINGSIDE_REVERSE, "ringside", 8, out, sizeof out, &reply) != RINGSIDE_OK
            || reply.status != 0) {
            state.SkipWithError("the control code failed");
            break;
        }
    state.SetItemsProcessed(state.iterations());
    ringside_close(machine);
}

// A process that sends back whatever it gets, over the same kind of socket, in messages of a control code's size.
void echo(benchmark::State& state)
{
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0)
        return state.SkipWithError("no socket");
    pid_t const child = fork();
    char bytes[64] {};
    if (child == 0) {
        close(ends[0]);
        while (recv(ends[1], bytes, sizeof bytes, 0) > 0)
            if (send(ends[1], bytes, sizeof bytes, MSG_NOSIGNAL) < 0)
                break;
        _exit(0);
    }
    close(ends[1]);
    for (auto _ : state)
        if (send(ends[0], bytes, sizeof bytes, MSG_NOSIGNAL) < 0 || recv(ends[0], bytes, sizeof bytes, 0) <= 0) {
            state.SkipWithError("the echo is gone");
            break;
        }
    state.SetItemsProcessed(state.iterations());
    close(ends[0]);
    waitpid(child, nullptr, 0);
}

} // namespace

int main(int argc, char** argv)
{
    ringside::bench::initialize(argc, argv);
    auto add = [](char const* name, auto body) { benchmark::RegisterBenchmark(name, body)->UseRealTime(); };
    add("echo", echo);
    add("child/bare", [](benchmark::State& state) { round_trip(state, false, RINGSIDE_CHECKS_BARE); });
    add("child/verified", [](benchmark::State& state) { round_trip(state, false, RINGSIDE_CHECKS_VERIFIED); });
    add("in_process/bare", [](benchmark::State& state) { round_trip(state, true, RINGSIDE_CHECKS_BARE); });
    add("in_process/verified", [](benchmark::State& state) { round_trip(state, true, RINGSIDE_CHECKS_VERIFIED); });
    ringside::bench::Ratios ratios;
    benchmark::RunSpecifiedBenchmarks(&ratios);
    ratios.ratio("c_face_child_bare_to_echo", "child/bare/real_time", "echo/real_time");
    ratios.ratio("c_face_child_verified_to_echo", "child/verified/real_time", "echo/real_time");
    ratios.ratio("c_face_child_to_in_process", "child/bare/real_time", "in_process/bare/real_time");
}
