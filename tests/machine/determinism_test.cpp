// SPDX-License-Identifier: MIT
// One seed, one log. The hashes of a few runs are kept in tests/golden/hashes.txt and hold in every preset: the suite
// compares them in the release build and under the sanitizers. They change with the exports and the drivers;
// RINGSIDE_WRITE_GOLDEN=1 writes them anew.
#include <ringside/ringside.h>

#include "drivers/races.h"
#include "ioctl/ioctl.h"

#include <cstdlib>
#include <fmt/format.h>
#include <fstream>
#include <gtest/gtest.h>
#include <sstream>

using namespace ringside;

namespace {

uint64_t ioctl_run(uint64_t seed, Checks checks)
{
    Machine machine({ .seed = seed, .checks = checks });
    machine.load(RINGSIDE_DRIVERS "/ioctl.sys");
    File file = machine.open(R"(\\.\RingsideIoctl)");
    file.ioctl(IOCTL_RINGSIDE_REVERSE, "abc", 16);
    file.ioctl(IOCTL_RINGSIDE_CAPITALS, "abc", 16);
    file.read(5);
    file.close();
    machine.expect_quiet();
    return machine.log_hash();
}

uint64_t races_run(uint64_t seed, bool explore)
{
    Machine machine({ .seed = seed, .processors = 3, .explore = explore });
    machine.load(RINGSIDE_DRIVERS "/races.sys");
    File file = machine.open(R"(\\.\Races)");
    file.ioctl(IOCTL_RACE_LOST_UPDATE, "", 4);
    file.close();
    machine.expect_quiet();
    return machine.log_hash();
}

std::string hashes()
{
    std::string text;
    for (uint64_t seed = 1; seed <= 3; ++seed) {
        text += fmt::format("ioctl seed {} observed {:016x}\n", seed, ioctl_run(seed, Checks::Observed));
        text += fmt::format("ioctl seed {} verified {:016x}\n", seed, ioctl_run(seed, Checks::Verified));
        text += fmt::format("races seed {} {:016x}\n", seed, races_run(seed, false));
        text += fmt::format("races seed {} explore {:016x}\n", seed, races_run(seed, true));
    }
    return text;
}

} // namespace

TEST(determinism, same_hash_in_every_preset)
{
    std::string const path = RINGSIDE_SOURCE "/tests/golden/hashes.txt";
    std::string const now = hashes();
    EXPECT_EQ(now, hashes()) << "twice in one process";
    if (std::getenv("RINGSIDE_WRITE_GOLDEN"))
        std::ofstream(path) << now;
    std::stringstream golden;
    golden << std::ifstream(path).rdbuf();
    EXPECT_EQ(now, golden.str());
}

// The Verifier never changes what happens: schedule points and log lines are the same observed and verified.
TEST(determinism, verifier_changes_nothing)
{
    for (uint64_t seed = 1; seed <= 20; ++seed)
        EXPECT_EQ(ioctl_run(seed, Checks::Observed), ioctl_run(seed, Checks::Verified)) << seed;
}
