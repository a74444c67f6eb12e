// SPDX-License-Identifier: MIT
// Force IRQL Checking: a driver calls its pageable code in three ways, with the check and without it.
#include "../drivers/pageable.h"

#include <ringside/ringside.h>

#include <cstring>
#include <gtest/gtest.h>

using namespace ringside;

namespace {

uint32_t ask(Machine& machine, uint32_t code)
{
    File file = machine.open(R"(\\.\Pageable)");
    Reply const reply = file.ioctl(code, "", 4);
    uint32_t answer = 0;
    if (reply.ok() && reply.bytes.size() == sizeof answer)
        std::memcpy(&answer, reply.bytes.data(), sizeof answer);
    file.close();
    return answer;
}

} // namespace

// Without the check all code is resident: the driver's fault stays unseen, as it mostly does on Windows.
TEST(machine_force_irql, the_fault_is_not_seen_without_it)
{
    Machine machine;
    machine.load(RINGSIDE_DRIVERS "/pageable.sys");
    EXPECT_EQ(ask(machine, IOCTL_PAGEABLE_PASSIVE), 4u);
    EXPECT_EQ(ask(machine, IOCTL_PAGEABLE_AT_DISPATCH), 7u);
    EXPECT_EQ(ask(machine, IOCTL_PAGEABLE_LOCKED), 10u);
    machine.expect_quiet();
}

// Shows: below DISPATCH_LEVEL the code comes back when it is called, and a locked section is not paged out; at
// DISPATCH_LEVEL the call is bug check 0xD1 with the code's address, the IRQL and "execute".
TEST(machine_force_irql, pageable_code_at_dispatch_level_is_found)
{
    Machine machine({ .force_irql = true });
    machine.load(RINGSIDE_DRIVERS "/pageable.sys");
    EXPECT_EQ(ask(machine, IOCTL_PAGEABLE_LOCKED), 10u);
    EXPECT_EQ(ask(machine, IOCTL_PAGEABLE_PASSIVE), 4u);
    EXPECT_EQ(ask(machine, IOCTL_PAGEABLE_LOCKED), 10u);
    ASSERT_FALSE(machine.crashed());
    ask(machine, IOCTL_PAGEABLE_AT_DISPATCH);
    ASSERT_TRUE(machine.crashed());
    Report const report = machine.finish();
    EXPECT_EQ(report.exit_code, 2);
    EXPECT_EQ(report.code, 0xD1u);
    EXPECT_EQ(report.parameters[1], 2u);
    EXPECT_EQ(report.parameters[2], 8u);
    EXPECT_EQ(report.parameters[0], report.parameters[3]) << "what was fetched is where it ran";
}
