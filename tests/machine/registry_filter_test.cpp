// SPDX-License-Identifier: MIT
// A registry filter as a driver: it is told of its own calls, must keep its exceptions to itself, and must unregister.
#include <ringside/ringside.h>

#include <gtest/gtest.h>

using namespace ringside;

namespace {

Report run_mode(char const* assignment, Checks checks)
{
    Machine machine({ .checks = checks });
    machine.set_registry_value("regfilter", assignment);
    machine.load(RINGSIDE_DRIVERS "/regfilter.sys");
    return machine.finish();
}

} // namespace

// It behaves: open and close of its key, before and after each.
TEST(registry_filter, sees_its_own_calls)
{
    for (Checks checks : { Checks::Verified, Checks::Bare }) {
        Report const report = run_mode(R"(Parameters\Mode=dword:0)", checks);
        EXPECT_EQ(report.exit_code, 0) << report.words;
        ASSERT_EQ(report.said.size(), 1u);
        EXPECT_EQ(report.said[0], "4 calls");
    }
}

// Its callback faults, and the caller has a handler.
// Shows: bug check 0x135 with the exception's code and the callback's address; the handler never sees the exception.
TEST(registry_filter, exceptions_do_not_leave_a_callback)
{
    for (Checks checks : { Checks::Verified, Checks::Bare }) {
        Report const report = run_mode(R"(Parameters\Mode=dword:1)", checks);
        EXPECT_EQ(report.code, 0x135u) << report.words;
        EXPECT_EQ(report.parameters[0], 0xC0000005u);
        EXPECT_TRUE(report.said.empty());
        ASSERT_FALSE(report.trace.empty());
        EXPECT_EQ(report.trace[0].module, "regfilter.sys");
    }
}

// It is unloaded with its callback in the list.
TEST(registry_filter, forgotten_callbacks_are_told)
{
    Report const report = run_mode(R"(Parameters\Mode=dword:2)", Checks::Verified);
    EXPECT_EQ(report.exit_code, 2);
    ASSERT_EQ(report.leaks.size(), 1u);
    EXPECT_EQ(report.leaks[0], "1 registry callback is registered");
}
