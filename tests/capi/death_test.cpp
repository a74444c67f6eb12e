// SPDX-License-Identifier: MIT
// A machine's process that comes to a bad end, and one that is not what it should be: the caller gets one sentence and
// lives on, and nothing of the machine remains.
#include "capi.h"

#include "fake.h"

#include <fcntl.h>
#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace ringside::test {
namespace {

size_t descriptors()
{
    size_t count = 0;
    for ([[maybe_unused]] auto const& entry : std::filesystem::directory_iterator("/proc/self/fd"))
        ++count;
    return count;
}

void expect_no_children()
{
    EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1);
    EXPECT_EQ(errno, ECHILD);
}

struct WildMachine : Booted {
    explicit WildMachine(ringside_options const& options = usual())
        : Booted(options)
        , driver(load("wild"))
        , file(open(kWildDevice))
    {
    }
    ringside_driver driver;
    ringside_file file;
};

Asked speak(WildMachine& machine, int32_t descriptor, std::string const& words)
{
    return ioctl(machine.file, IOCTL_WILD_SPEAK,
                 std::string(reinterpret_cast<char const*>(&descriptor), sizeof descriptor) + words);
}

int32_t process_of(WildMachine& machine)
{
    int32_t process = 0;
    Asked const asked = ioctl(machine.file, IOCTL_WILD_PROCESS, 0, sizeof process);
    EXPECT_EQ(asked.bytes.size(), sizeof process);
    std::memcpy(&process, asked.bytes.data(), std::min(asked.bytes.size(), sizeof process));
    return process;
}

// 'S' while it sleeps, 'R' while it runs.
char state_of(int32_t process)
{
    std::ifstream file("/proc/" + std::to_string(process) + "/stat");
    std::string text;
    std::getline(file, text);
    size_t const name_end = text.rfind(')');
    return name_end == std::string::npos ? '?' : text[name_end + 2];
}

// What every call says once the process is gone.
void expect_dead(WildMachine& machine, std::string const& words)
{
    EXPECT_EQ(ringside_settle(machine.handle, nullptr), RINGSIDE_DIED);
    EXPECT_NE(error(machine.handle).find(words), std::string::npos) << error(machine.handle);
    EXPECT_EQ(ioctl(machine.file, IOCTL_WILD_PROCESS, 0, 4).result, RINGSIDE_DIED);
    EXPECT_EQ(ringside_finish(machine.handle, nullptr), RINGSIDE_DIED);
    char* json = nullptr;
    EXPECT_EQ(ringside_report_json(machine.handle, &json), RINGSIDE_BAD_USE);
    machine.close();
    EXPECT_EQ(ringside_settle(machine.handle, nullptr), RINGSIDE_BAD_HANDLE);
    expect_no_children();
}

} // namespace

// A driver ends the process it runs in.
// Shows: the call returns, with the way it ended, the call, and the command line that makes such a machine.
TEST(CDeath, TheDriverExits)
{
    size_t const before = descriptors();
    {
        ringside_options options = usual();
        options.seed = 42;
        options.processors = 3;
        WildMachine machine(options);
        Asked const asked = ioctl(machine.file, IOCTL_WILD_EXIT, 5);
        EXPECT_EQ(asked.result, RINGSIDE_DIED);
        EXPECT_EQ(error(machine.handle),
                  "ringside_ioctl: the machine's process ended with exit code 5, in a control code; the machine was "
                  "that of: ringside run "
                      + driver_path("wild") + " --seed 42 --processors 3");
        expect_dead(machine, "ended with exit code 5");
    }
    EXPECT_EQ(descriptors(), before);
}

// The process is killed from inside, as it is by the host when memory runs out; SIGPIPE is as it always was here.
TEST(CDeath, TheProcessIsKilled)
{
    size_t const before = descriptors();
    {
        WildMachine machine;
        EXPECT_EQ(ioctl(machine.file, IOCTL_WILD_KILL, SIGKILL).result, RINGSIDE_DIED);
        EXPECT_NE(error().find("died of SIGKILL (it was killed, or the host has no memory left)"), std::string::npos)
            << error();
        expect_dead(machine, "SIGKILL");
    }
    {
        WildMachine machine;
        EXPECT_EQ(ringside_kill(machine.handle), RINGSIDE_OK);
        expect_dead(machine, "SIGKILL");
    }
    EXPECT_EQ(descriptors(), before);
}

// The process dies while requests are outstanding: one is only waited for, two have callbacks, one of which asks for more.
// Shows: the call that finds it out calls each callback once, with its own result; every outstanding request, and all that
// a callback asks, has the same end with the same sentence.
TEST(CDeath, RequestsAreOutstanding)
{
    struct Heard {
        std::string all;
        ringside_machine machine;
        static void hear(void* context, int result, ringside_reply const* reply, void const* bytes)
        {
            auto& to = *static_cast<Heard*>(context);
            EXPECT_EQ(reply, nullptr);
            EXPECT_EQ(bytes, nullptr);
            to.all += ringside_result_name(result);
            to.all += ringside_settle(to.machine, nullptr) == RINGSIDE_DIED ? " settled dead; " : " settled; ";
        }
    } heard;
    size_t const before = descriptors();
    {
        WildMachine machine;
        heard.machine = machine.handle;
        ringside_io io {};
        io.size = sizeof io;
        io.major = RINGSIDE_MAJOR_DEVICE_CONTROL;
        io.code = IOCTL_WILD_KEEP;
        ringside_request request = 0;
        ASSERT_EQ(ringside_start_io(machine.file, &io, 8, &request), RINGSIDE_OK) << error();
        io.callback = Heard::hear;
        io.callback_context = &heard;
        ringside_request with_callback = 0;
        ASSERT_EQ(ringside_start_io(machine.file, &io, 8, &with_callback), RINGSIDE_OK) << error();
        ASSERT_EQ(ringside_start_io(machine.file, &io, 8, &with_callback), RINGSIDE_OK) << error();
        ringside_event event = 0;
        ringside_port port = 0;
        ASSERT_EQ(ringside_event_create(machine.handle, 0, 0, &event, nullptr), RINGSIDE_OK);
        ASSERT_EQ(ringside_port_create(machine.handle, 0, &port, nullptr), RINGSIDE_OK);
        EXPECT_EQ(heard.all, "");
        EXPECT_EQ(ioctl(machine.file, IOCTL_WILD_KILL, SIGKILL).result, RINGSIDE_DIED);
        EXPECT_NE(error().find("ringside_ioctl: the machine's process died of SIGKILL"), std::string::npos) << error();
        EXPECT_EQ(heard.all, "RINGSIDE_DIED settled dead; RINGSIDE_DIED settled dead; ");
        ringside_reply reply {};
        ringside_packet packet {};
        int flag = 0;
        for (ringside_request one : { request, with_callback }) {
            EXPECT_EQ(ringside_request_wait(one, nullptr, 0, &reply), RINGSIDE_DIED);
            EXPECT_NE(error().find("died of SIGKILL"), std::string::npos) << error();
            EXPECT_EQ(ringside_request_cancel_ex(one, nullptr), RINGSIDE_DIED);
        }
        EXPECT_EQ(ringside_event_wait(event, &flag), RINGSIDE_DIED);
        EXPECT_EQ(ringside_port_get(port, 0, 1, &packet), RINGSIDE_DIED);
        EXPECT_EQ(ringside_start_io(machine.file, &io, 8, &request), RINGSIDE_DIED);
        EXPECT_EQ(heard.all, "RINGSIDE_DIED settled dead; RINGSIDE_DIED settled dead; ")
            << "once each, and none for what was not started";
        expect_dead(machine, "SIGKILL");
    }
    EXPECT_EQ(descriptors(), before);
}

// Killed from another thread in the middle of a call that would never end.
TEST(CDeath, KilledInTheMiddle)
{
    ringside_options options = usual();
    options.hang_seconds = 0;
    options.timeout_seconds = 0;
    WildMachine machine(options);
    int result = -1;
    int32_t const process = process_of(machine);
    std::thread caller([&] { result = ioctl(machine.file, IOCTL_WILD_COMPUTE).result; });
    // Between calls it sleeps; it computes from the call's arrival on.
    while (state_of(process) != 'R')
        std::this_thread::yield();
    EXPECT_EQ(ringside_kill(machine.handle), RINGSIDE_OK);
    caller.join();
    EXPECT_EQ(result, RINGSIDE_DIED);
    expect_dead(machine, "SIGKILL");
}

// A driver that never comes back, in a machine that would let it: the caller's own patience ends it.
TEST(CDeath, TheCallTakesTooLong)
{
    ringside_options options = usual();
    options.hang_seconds = 0;
    options.timeout_seconds = 0.5;
    WildMachine machine(options);
    EXPECT_EQ(ioctl(machine.file, IOCTL_WILD_COMPUTE).result, RINGSIDE_TIMED_OUT);
    EXPECT_NE(error().find("a control code did not end within 0.5 s of the host's time"), std::string::npos) << error();
    expect_dead(machine, "did not end within");
}

// A driver closes the socket under the machine, or writes to it, or closes the pipe that watches us.
TEST(CDeath, TheDriverMeddlesWithTheSocket)
{
    {
        WildMachine machine;
        EXPECT_EQ(ioctl(machine.file, IOCTL_WILD_CLOSE, 3).result, RINGSIDE_DIED);
        EXPECT_NE(error().find("the machine's process ended with exit code 0"), std::string::npos) << error();
        expect_dead(machine, "exit code 0");
    }
    {
        WildMachine machine;
        EXPECT_EQ(speak(machine, 3, "nonsense from the driver").result, RINGSIDE_PROTOCOL);
        EXPECT_NE(error().find("the answer to a control code makes no sense"), std::string::npos) << error();
        expect_dead(machine, "makes no sense");
    }
    {
        WildMachine machine;
        EXPECT_EQ(ioctl(machine.file, IOCTL_WILD_CLOSE, 4).reply.status, 0);
        EXPECT_EQ(ringside_file_close(machine.file), RINGSIDE_OK);
        machine.expect_quiet();
    }
}

// What the process wrote to standard error before it died is in the sentence, and goes nowhere else; of a failed CHECK
// it is all that is said.
TEST(CDeath, LastWords)
{
    {
        WildMachine machine;
        EXPECT_EQ(speak(machine, 2, "first\nsecond\x1b[2J\n").reply.status, 0);
        EXPECT_EQ(ioctl(machine.file, IOCTL_WILD_KILL, SIGTERM).result, RINGSIDE_DIED);
        EXPECT_NE(error().find("died of SIGTERM: first;second?[2J, in a control code"), std::string::npos) << error();
        expect_dead(machine, "SIGTERM");
    }
    {
        WildMachine machine;
        EXPECT_EQ(
            speak(machine, 2, std::string(5000, 'x') + "\nRingside broke its own promise: a == b (c.cpp:1)\nseed 1\n")
                .reply.status,
            0);
        EXPECT_EQ(ioctl(machine.file, IOCTL_WILD_EXIT, 3).result, RINGSIDE_DIED);
        EXPECT_EQ(error().rfind(
                      "ringside_ioctl: Ringside broke its own promise: a == b (c.cpp:1);seed 1, in a control code", 0),
                  0u)
            << error();
        expect_dead(machine, "broke its own promise");
    }
}

// What the machine's process has of its owner's: standard error if the owner wants live output, and nothing else.
// Shows: a descriptor that the owner forgot to close on exec is not there, and a terminal's Ctrl-C goes elsewhere.
TEST(CDeath, WhatTheProcessInherits)
{
    int forgotten[2];
    ASSERT_EQ(pipe(forgotten), 0);
    // A number that the machine's process has no descriptor of its own at.
    int const high = fcntl(forgotten[1], F_DUPFD, 200);
    ASSERT_GE(high, 200);
    close(forgotten[1]);
    forgotten[1] = high;
    {
        WildMachine machine;
        EXPECT_EQ(speak(machine, forgotten[1], "x").reply.status,
                  static_cast<int32_t>(0xC0000008)); // STATUS_INVALID_HANDLE
        int32_t const process = process_of(machine);
        EXPECT_EQ(getpgid(process), process);
    }
    int const standard_error = dup(2);
    ASSERT_EQ(dup2(forgotten[1], 2), 2);
    {
        ringside_options options = usual();
        options.live_output = 1;
        WildMachine machine(options);
        EXPECT_EQ(speak(machine, 2, "live").reply.status, 0);
    }
    EXPECT_EQ(dup2(standard_error, 2), 2);
    close(standard_error);
    close(forgotten[1]);
    char bytes[64];
    EXPECT_EQ(std::string(bytes, static_cast<size_t>(std::max<ssize_t>(0, read(forgotten[0], bytes, sizeof bytes)))),
              "live");
    close(forgotten[0]);
    expect_no_children();
}

// A fork()'s child has no machines, and cannot harm its parent's.
TEST(CDeath, NotAfterFork)
{
    WildMachine machine;
    pid_t const child = fork();
    if (child == 0)
        _exit(ringside_settle(machine.handle, nullptr) == RINGSIDE_BAD_HANDLE
                      && ringside_close(machine.handle) == RINGSIDE_BAD_HANDLE
                      && ringside_kill(machine.handle) == RINGSIDE_BAD_HANDLE
                  ? 0
                  : 1);
    int status = -1;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
    EXPECT_EQ(ringside_file_close(machine.file), RINGSIDE_OK);
    machine.expect_quiet();
}

// The caller's process is killed while a driver computes.
// Shows: the machine's process ends with it, by the pipe that it watches; here it becomes this test's child by that.
TEST(CDeath, TheMachineEndsWithItsOwner)
{
    ASSERT_EQ(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
    int report[2];
    ASSERT_EQ(pipe(report), 0);
    pid_t const owner = fork();
    if (owner == 0) {
        ringside_options options = usual();
        options.hang_seconds = 0;
        options.timeout_seconds = 0;
        WildMachine machine(options);
        int32_t const process = process_of(machine);
        if (write(report[1], &process, sizeof process) == sizeof process)
            (void)ioctl(machine.file, IOCTL_WILD_COMPUTE);
        _exit(1);
    }
    close(report[1]);
    int32_t machine = 0;
    EXPECT_EQ(read(report[0], &machine, sizeof machine), 4);
    close(report[0]);
    ASSERT_GT(machine, 1);
    kill(owner, SIGKILL);
    int status = 0;
    EXPECT_EQ(waitpid(owner, &status, 0), owner);
    EXPECT_EQ(waitpid(machine, &status, 0), machine);
    EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGIO) << status;
    prctl(PR_SET_CHILD_SUBREAPER, 0);
}

// The program is not there, cannot be started, is another one, says nothing, or speaks another version.
TEST(CDeath, NoProgram)
{
    struct Case {
        std::string program;
        char const* fake;
        std::string words;
    } const cases[] = {
        { "/nowhere/ringside", "", "is not at /nowhere/ringside" },
        { "/proc/self/status", "", "is not at /proc/self/status" },
        { "/", "", "no process for the machine: /: Permission denied" },
        { "/bin/true", "", "ended with exit code 0" },
        { fake_program(), "silent", "the first word did not end within" },
        { fake_program(), "garbage", "the answer to the first word makes no sense" },
        { fake_program(), "half", "ended with exit code 7" },
        { fake_program(), "huge", "the answer to the first word makes no sense" },
        { fake_program(), "two", "the answer to the first word makes no sense" },
        { fake_program(), "result", "the answer to the first word makes no sense" },
        { fake_program(), "refuse", "fits this library: another version" },
    };
    size_t const before = descriptors();
    for (Case const& one : cases) {
        SCOPED_TRACE(one.program + " " + one.fake);
        Faking faking(one.fake);
        ringside_options options = usual();
        options.program = one.program.c_str();
        options.timeout_seconds = 0.5;
        ringside_machine machine = 0;
        EXPECT_EQ(ringside_boot(&options, &machine), RINGSIDE_NO_PROGRAM);
        EXPECT_EQ(machine, 0u);
        EXPECT_NE(error().find(one.words), std::string::npos) << error();
        expect_no_children();
    }
    EXPECT_EQ(descriptors(), before);
}

// The program is named by the environment, or stands beside the library.
TEST(CDeath, WhereTheProgramIs)
{
    ringside_options options = usual();
    options.program = nullptr;
    {
        Booted beside(options);
    }
    setenv("RINGSIDE_PROGRAM", "/nowhere/else", 1);
    ringside_machine machine = 0;
    EXPECT_EQ(ringside_boot(&options, &machine), RINGSIDE_NO_PROGRAM);
    EXPECT_NE(error().find("/nowhere/else"), std::string::npos) << error();
    setenv("RINGSIDE_PROGRAM", RINGSIDE_PROGRAM_PATH, 1);
    {
        Booted named(options);
    }
    unsetenv("RINGSIDE_PROGRAM");
    expect_no_children();
}

} // namespace ringside::test
