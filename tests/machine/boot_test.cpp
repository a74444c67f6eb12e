// SPDX-License-Identifier: MIT
// Early launch: a driver is asked about the boot-start drivers that are loaded after it. Driver: sentry.c.
#include "nt/status.h"

#include <ringside/ringside.h>

#include <gtest/gtest.h>

using namespace ringside;
using namespace ringside::nt;

namespace {

constexpr char const* kSentry = RINGSIDE_DRIVERS "/sentry.sys";
constexpr char const* kBell = RINGSIDE_DRIVERS "/bell.sys";
constexpr char const* kDesk = RINGSIDE_DRIVERS "/desk.sys";
constexpr char const* kPolicy = R"(Windows Registry Editor Version 5.00

[HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Control\EarlyLaunch]
"DriverLoadPolicy"=dword:00000007
)";

void all_at_boot(Machine& machine)
{
    for (char const* service : { "sentry", "bell", "desk" })
        machine.set_registry_value(service, "Start=dword:0");
}

std::string services(char const* name)
{
    return std::string(R"(\SystemRoot\System32\drivers\)") + name
        + R"(.sys flags 2, 32 bytes of hash 800c, key \REGISTRY\MACHINE\SYSTEM\ControlSet001\Services\)" + name;
}

using Lines = std::vector<std::string>;

} // namespace

// Two boot-start drivers come after the early-launch one, which finds the first bad; then a program runs.
// Shows: each is told with its path, key and hash before it is initialized, the bad one is not initialized, and the end
// of boot is told once.
TEST(machine_boot, the_early_driver_is_asked)
{
    Machine machine;
    all_at_boot(machine);
    ASSERT_TRUE(machine.load(kSentry).loaded());
    Driver bad = machine.load(kBell);
    EXPECT_FALSE(bad.loaded());
    EXPECT_EQ(bad.status(), STATUS_DRIVER_BLOCKED);
    EXPECT_TRUE(machine.load(kDesk).loaded());
    machine.client("first.exe");
    machine.client("second.exe");
    Report const report = machine.finish();
    EXPECT_EQ(report.said, (Lines { "drivers come", services("bell"), services("desk"), "boot is over" }));
    EXPECT_EQ(report.end, Report::End::Clean) << report.words;
}

// The policy lets bad drivers start.
// Shows: the same driver is initialized; a driver that is no boot-start one ends boot, unasked.
TEST(machine_boot, the_policy_decides)
{
    Machine machine;
    all_at_boot(machine);
    machine.import_registry(kPolicy);
    machine.load(kSentry);
    EXPECT_TRUE(machine.load(kBell).loaded());
    machine.set_registry_value("desk", "Start=dword:3");
    EXPECT_TRUE(machine.load(kDesk).loaded());
    Report const report = machine.finish();
    EXPECT_EQ(report.said, (Lines { "drivers come", services("bell"), "boot is over" }));
    EXPECT_EQ(report.end, Report::End::Clean) << report.words;
}

// Shows: without an early-launch driver nobody is asked, and boot-start drivers are as others.
TEST(machine_boot, nobody_asks)
{
    Machine machine;
    all_at_boot(machine);
    EXPECT_TRUE(machine.load(kBell).loaded());
    machine.expect_quiet();
}
