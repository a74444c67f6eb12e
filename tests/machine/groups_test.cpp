// SPDX-License-Identifier: MIT
// A machine whose processors are in several groups.
#include <ringside/ringside.h>

#include "drivers/races.h"

#include <cstring>
#include <gtest/gtest.h>

using namespace ringside;

// Shows: a driver that knows nothing of groups works on one of them; as many groups as processors at most, and none
// before Windows 7.
TEST(groups, are_an_option_of_the_machine)
{
    for (unsigned groups : { 1u, 2u, 5u }) {
        Machine machine({ .processors = 5, .groups = groups });
        Driver driver = machine.load(RINGSIDE_DRIVERS "/races.sys");
        File file = machine.open(R"(\\.\Races)");
        Reply const reply = file.ioctl(IOCTL_RACE_LOST_UPDATE, "", 4);
        EXPECT_TRUE(reply.ok());
        file.close();
        driver.unload();
        machine.expect_quiet();
    }
    EXPECT_THROW(Machine({ .processors = 2, .groups = 3 }), BadUse);
    EXPECT_THROW(Machine({ .processors = 2, .groups = 0 }), BadUse);
    EXPECT_THROW(Machine({ .processors = 2, .groups = 2, .windows = Windows::vista }), BadUse);
}
