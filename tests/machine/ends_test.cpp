// SPDX-License-Identifier: MIT
// Bad ends: a driver that recurses, jumps to nowhere, spins, touches what is not there. Each becomes a report with
// Windows' own code and a back-trace into the driver; the process, and the next machine in it, are unharmed.
#include <ringside/ringside.h>

#include "drivers/ends.h"
#include "nt/bugcheck.h"
#include "nt/status.h"

#include <gtest/gtest.h>

using namespace ringside;
using namespace ringside::nt;

namespace {

struct End {
    char const* name;
    uint32_t code;
    uint32_t bug_check;
    bool replayable = true;
};

End const kEnds[] = {
    { "recursion", IOCTL_END_RECURSE, UNEXPECTED_KERNEL_MODE_TRAP },
    { "jump_to_zero", IOCTL_END_JUMP_TO_ZERO, SYSTEM_SERVICE_EXCEPTION },
    { "spin", IOCTL_END_SPIN, CLOCK_WATCHDOG_TIMEOUT, false },
    { "spin_in_dpc", IOCTL_END_SPIN_IN_DPC, DPC_WATCHDOG_VIOLATION, false },
    { "invalid_kernel_address", IOCTL_END_INVALID_KERNEL_ADDRESS, PAGE_FAULT_IN_NONPAGED_AREA },
    { "null_at_dispatch", IOCTL_END_NULL_AT_DISPATCH, DRIVER_IRQL_NOT_LESS_OR_EQUAL },
    { "unhandled", IOCTL_END_UNHANDLED, SYSTEM_SERVICE_EXCEPTION },
    { "break_in", IOCTL_END_BREAK_IN, SYSTEM_SERVICE_EXCEPTION },
    { "fast_fail", IOCTL_END_FAST_FAIL, KERNEL_SECURITY_CHECK_FAILURE },
    { "bug_check", IOCTL_END_BUG_CHECK, 0xDEADDEAD },
    { "kernel_given_nonsense", IOCTL_END_KERNEL_GIVEN_NONSENSE, IRQL_NOT_LESS_OR_EQUAL },
};

class Ends : public testing::TestWithParam<End> { };

} // namespace

TEST_P(Ends, AreReported)
{
    for (Checks checks : { Checks::Verified, Checks::Bare }) {
        Machine machine({ .checks = checks, .hang_seconds = 0.3 });
        ASSERT_EQ(machine.load(RINGSIDE_DRIVERS "/ends.sys").status(), STATUS_SUCCESS);
        File file = machine.open(R"(\\.\Ends)");
        ASSERT_EQ(file.status(), STATUS_SUCCESS);
        file.ioctl(GetParam().code, "", 0);
        Report report = machine.finish();
        EXPECT_EQ(report.end, Report::End::BugCheck);
        EXPECT_EQ(report.exit_code, 2);
        EXPECT_EQ(report.code, GetParam().bug_check) << report.code_name << ": " << report.words;
        EXPECT_EQ(report.replayable, GetParam().replayable);
        bool in_driver = false;
        for (auto const& line : report.trace)
            in_driver |= line.module == "ends.sys";
        EXPECT_TRUE(in_driver) << "no line of the back-trace is in the driver";
    }
    // The next machine is none the worse.
    Machine machine;
    machine.load(RINGSIDE_DRIVERS "/ends.sys");
    machine.open(R"(\\.\Ends)").close();
    machine.expect_quiet();
}

INSTANTIATE_TEST_SUITE_P(, Ends, testing::ValuesIn(kEnds), [](auto const& info) { return info.param.name; });

// A driver that fails its DriverEntry is told by its status; nothing of it stays.
TEST(machine_ends, driver_entry_that_fails)
{
    Machine machine;
    Driver driver = machine.load(RINGSIDE_DRIVERS "/ends_at_once.sys");
    EXPECT_EQ(driver.status(), STATUS_DEVICE_CONFIGURATION_ERROR);
    EXPECT_FALSE(driver.loaded());
    EXPECT_TRUE(machine.devices().empty());
    machine.expect_quiet();
}

// A driver writes behind a pool block that nobody ever frees, in a machine that does not look at pool when it unloads.
// Shows: no bug check tells, for none was due; the end does, beside the leak.
TEST(machine_ends, overrun_of_a_block_that_stays)
{
    Machine machine({ .checks = Checks::Observed });
    machine.load(RINGSIDE_DRIVERS "/ends.sys");
    File file = machine.open(R"(\\.\Ends)");
    EXPECT_EQ(file.ioctl(IOCTL_END_OVERRUN_AND_KEEP, "", 0).status, STATUS_SUCCESS);
    Report report = machine.finish();
    EXPECT_EQ(report.end, Report::End::Leaks) << report.code_name << report.words;
    EXPECT_EQ(report.exit_code, 2);
    ASSERT_EQ(report.leaks.size(), 2u);
    EXPECT_NE(report.leaks[0].find("5000 bytes, tag 'Ends', allocated at ends.sys"), std::string::npos)
        << report.leaks[0];
    EXPECT_NE(report.leaks[1].find("5000 bytes, tag 'Ends', was written over, allocated at ends.sys"), std::string::npos)
        << report.leaks[1];
}

// A driver that keeps a request for ever: the synchronous call comes back, and the end says who has what.
TEST(machine_ends, request_that_is_never_completed)
{
    Machine machine;
    machine.load(RINGSIDE_DRIVERS "/ends.sys");
    File file = machine.open(R"(\\.\Ends)");
    Reply reply = file.ioctl(IOCTL_END_PEND_FOR_EVER, "", 0);
    EXPECT_EQ(reply.status, STATUS_PENDING);
    ASSERT_EQ(machine.pending().size(), 1u);
    EXPECT_NE(machine.pending()[0].find("is held by ends"), std::string::npos) << machine.pending()[0];
    Report report = machine.finish();
    EXPECT_EQ(report.end, Report::End::Leaks);
    EXPECT_EQ(report.exit_code, 2);
}
