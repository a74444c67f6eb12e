// SPDX-License-Identifier: MIT
// Two planted races (tests/drivers/races.c): some seed among the first 200 finds each, and that seed finds it a hundred
// times out of a hundred, with the same log.
#include <ringside/ringside.h>

#include "drivers/races.h"
#include "nt/bugcheck.h"
#include "nt/status.h"

#include <algorithm>
#include <cstring>
#include <gtest/gtest.h>

using namespace ringside;
using namespace ringside::nt;

namespace {

constexpr uint64_t kSeeds = 200;

struct Outcome {
    bool found = false;
    uint64_t hash = 0;
};

Outcome lost_update(uint64_t seed)
{
    Machine machine({ .seed = seed });
    machine.load(RINGSIDE_DRIVERS "/races.sys");
    File file = machine.open(R"(\\.\Races)");
    Reply reply = file.ioctl(IOCTL_RACE_LOST_UPDATE, "", 4);
    int32_t counter = 0;
    EXPECT_EQ(reply.bytes.size(), sizeof counter);
    std::memcpy(&counter, reply.bytes.data(), std::min(reply.bytes.size(), sizeof counter));
    file.close();
    machine.expect_quiet();
    return { counter != 6, machine.log_hash() };
}

Outcome cancel_race(uint64_t seed)
{
    Machine machine({ .seed = seed, .explore = true });
    machine.load(RINGSIDE_DRIVERS "/races.sys");
    File file = machine.open(R"(\\.\Races)");
    Request request = file.start_ioctl(IOCTL_RACE_CANCEL, {}, 0);
    request.cancel();
    request.wait();
    file.close();
    Report report = machine.finish();
    EXPECT_TRUE(report.exit_code == 0 || report.code == MULTIPLE_IRP_COMPLETE_REQUESTS)
        << "seed " << seed << ": " << report.code_name << " " << report.words;
    return { report.code == MULTIPLE_IRP_COMPLETE_REQUESTS, machine.log_hash() };
}

void find_and_replay(Outcome (*run)(uint64_t), char const* what)
{
    uint64_t found = 0;
    Outcome first;
    for (uint64_t seed = 1; seed <= kSeeds && !found; ++seed) {
        first = run(seed);
        if (first.found)
            found = seed;
    }
    ASSERT_NE(found, 0u) << what << " was not found within " << kSeeds << " seeds";
    testing::Test::RecordProperty("seed", std::to_string(found));
    for (int i = 0; i < 100; ++i) {
        Outcome again = run(found);
        ASSERT_TRUE(again.found) << what << ", replay " << i;
        ASSERT_EQ(again.hash, first.hash) << what << ", replay " << i;
    }
}

} // namespace

TEST(races, lost_update_is_found_and_replayed) { find_and_replay(lost_update, "the lost update"); }
TEST(races, cancel_race_is_found_and_replayed) { find_and_replay(cancel_race, "the cancel race"); }

// Every seed gives one log, whether or not it finds anything, and two seeds seldom the same.
TEST(races, same_seed_same_log)
{
    std::vector<uint64_t> hashes;
    for (uint64_t seed = 1; seed <= 10; ++seed) {
        Outcome a = lost_update(seed);
        Outcome b = lost_update(seed);
        EXPECT_EQ(a.hash, b.hash) << seed;
        hashes.push_back(a.hash);
    }
    std::sort(hashes.begin(), hashes.end());
    EXPECT_GT(std::unique(hashes.begin(), hashes.end()) - hashes.begin(), 3);
}
