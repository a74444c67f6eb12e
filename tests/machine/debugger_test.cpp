// SPDX-License-Identifier: MIT
// A kernel debugger that says go at each break-in, and a machine without one: a driver breaks in each way there is.
#include "../drivers/breaks.h"

#include <ringside/ringside.h>

#include <cstring>
#include <gtest/gtest.h>

using namespace ringside;

namespace {

char const* const kBreaks = RINGSIDE_DRIVERS "/breaks.sys";
char const* const kBreaksAtOnce = RINGSIDE_DRIVERS "/breaks_at_once.sys";

uint32_t ask(Machine& machine, uint32_t code)
{
    File file = machine.open(R"(\Device\Breaks)");
    Reply const reply = file.ioctl(code, "", 4);
    uint32_t answer = ~0u;
    if (reply.ok() && reply.bytes.size() == sizeof answer)
        std::memcpy(&answer, reply.bytes.data(), sizeof answer);
    file.close();
    return answer;
}

size_t break_ins(Machine const& machine)
{
    size_t count = 0;
    for (std::string const& line : machine.log_lines())
        count += line.find("break-in") != std::string::npos;
    return count;
}

} // namespace

// DriverEntry begins with DbgBreakPoint, as a sample of Microsoft's does, and nobody debugs.
// Shows: the break-in is an exception that nobody takes, in a system thread: bug check 0x7E with its code.
TEST(machine_debugger, a_break_in_of_driver_entry_without_one_is_a_bug_check)
{
    Machine machine;
    machine.load(kBreaksAtOnce);
    ASSERT_TRUE(machine.crashed());
    Report const report = machine.finish();
    EXPECT_EQ(report.exit_code, 2);
    EXPECT_EQ(report.code, 0x7Eu);
    EXPECT_EQ(report.parameters[0], 0x80000003u);
}

// Shows: attached, it is told of the break-in and says go: the driver loads.
TEST(machine_debugger, a_break_in_of_driver_entry_is_gone_on_from)
{
    Machine machine({ .debugger = true });
    Driver const driver = machine.load(kBreaksAtOnce);
    EXPECT_TRUE(driver.loaded());
    EXPECT_EQ(break_ins(machine), 1u);
    machine.expect_quiet();
}

// int 3, int 2Ch, DbgBreakPoint with and without a status, and a failed assertion.
// Shows: with a debugger each goes on behind itself, and no handler sees an exception.
TEST(machine_debugger, each_way_goes_on)
{
    Machine machine({ .debugger = true });
    machine.load(kBreaks);
    EXPECT_EQ(ask(machine, IOCTL_BREAKS_EACH_WAY), unsigned { BREAKS_EACH });
    EXPECT_EQ(ask(machine, IOCTL_BREAKS_GUARDED), 0u);
    EXPECT_EQ(break_ins(machine), 10u);
    machine.expect_quiet();
}

// Shows: without one each raises, and a handler can take it.
TEST(machine_debugger, each_way_raises_without_one)
{
    Machine machine;
    machine.load(kBreaks);
    EXPECT_EQ(ask(machine, IOCTL_BREAKS_GUARDED), unsigned { BREAKS_EACH });
    EXPECT_EQ(break_ins(machine), 5u);
    machine.expect_quiet();
}

// Shows: all that a driver can ask says the same.
TEST(machine_debugger, drivers_see_whether_it_is_there)
{
    {
        Machine machine;
        machine.load(kBreaks);
        EXPECT_EQ(ask(machine, IOCTL_BREAKS_DEBUGGER), 0u);
        EXPECT_EQ(ask(machine, IOCTL_BREAKS_DISABLED), 212122u)
            << "inactive; it raises; inactive; it raises; inactive twice";
        machine.expect_quiet();
    }
    Machine machine({ .debugger = true });
    machine.load(kBreaks);
    EXPECT_EQ(ask(machine, IOCTL_BREAKS_DEBUGGER), 31u);
    EXPECT_EQ(ask(machine, IOCTL_BREAKS_DISABLED), 111013u)
        << "disabled, it raises; enabled, it goes on; blocked: denied";
    EXPECT_EQ(ask(machine, IOCTL_BREAKS_DEBUGGER), 31u);
    machine.expect_quiet();
}
