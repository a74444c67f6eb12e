// SPDX-License-Identifier: MIT
// gdb in a driver's source, as docs/debugging.md tells it: breakpoints before the driver is there, a back-trace through
// the driver into the host, stepping over a service, and the same event log as without gdb.
#include "program.h"

namespace ringside::test {

TEST(Gdb, StepsThroughADriver)
{
    // The leak sanitizer cannot work under a debugger.
    setenv("ASAN_OPTIONS", "detect_leaks=0", 1);
    if (run_any("/bin/sh", { "-c", "gdb -nx -batch -ex run --args true" }).out.find("exited normally")
        == std::string::npos)
        GTEST_SKIP() << "gdb cannot run a program here";
    TemporaryFile commands("commands",
                           "break Reverse\nrun\nbt 3\nnext\ninfo drivers\nbreak IoctlUnload\ncontinue\nfinish\n"
                           "continue\n");
    std::vector<std::string> words { "run",  "--in-process", driver("ioctl"), "--ioctl", "0x80002000",
                                     "--in", "text:hello",   "--out",         "16" };
    std::vector<std::string> gdb { "-nx", "-batch",        "-x",     RINGSIDE_SOURCE "/tools/gdb/ringside.py",
                                   "-x",  commands.path(), "--args", RINGSIDE_PROGRAM };
    gdb.insert(gdb.end(), words.begin(), words.end());
    Said said = run_any("gdb", gdb);
    size_t at = 0;
    for (char const* next :
         { "Ringside: ioctl.sys at 0x", "Breakpoint 1, Reverse (Irp=0x", "ioctl.c:", "#1  IoctlDeviceControl",
           "through_door", "drivers/ioctl.sys", "Breakpoint 2, IoctlUnload", "exited normally" }) {
        at = said.out.find(next, at);
        ASSERT_NE(at, std::string::npos) << next << "\n" << said.out << said.err;
    }
    // What was debugged is what runs without gdb: the last lines are the same, log hash and all.
    std::string alone = ringside(words).out;
    EXPECT_NE(said.out.find(alone.substr(alone.find("log    "))), std::string::npos) << said.out;
}

} // namespace ringside::test
