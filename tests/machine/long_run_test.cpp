// SPDX-License-Identifier: MIT
// A machine that runs for long: what is over is forgotten, so that memory stays flat. bench/soak does the same in large.
#include "machine/state.h"

#include <ringside/ringside.h>

#include "ioctl/ioctl.h"

#include <gtest/gtest.h>
#include <span>

using namespace ringside;

namespace {

auto const kText = std::as_bytes(std::span("abc", 3));

struct LongRun : testing::Test {
    LongRun() { machine.load(RINGSIDE_DRIVERS "/ioctl.sys"); }
    size_t free_pages() { return machine.state().rooms->physical.free_pages(); }

    Machine machine { { .seed = 5 } };
};

} // namespace

// Requests with buffers of their own, each refused by the driver at once.
// Shows: the buffers go with them.
TEST_F(LongRun, a_request_that_is_refused_at_once_gives_its_buffers_back)
{
    File file = machine.open(R"(\\.\RingsideIoctl)");
    auto refused = [&](int times) {
        for (int i = 0; i < times; ++i)
            EXPECT_FALSE(file.start_ioctl(0x80000000, kText, 16).reply().ok());
    };
    refused(100); // as many IRPs as rest before their memory is used again
    size_t const before = free_pages();
    refused(200);
    EXPECT_EQ(free_pages(), before);
    machine.expect_quiet();
}

// A thousand requests that nobody waits for.
// Shows: the machine forgets those that are done, with their buffers.
TEST_F(LongRun, requests_that_nobody_waits_for_are_forgotten)
{
    File file = machine.open(R"(\\.\RingsideIoctl)");
    for (int i = 0; i < 1000; ++i)
        file.start_ioctl(IOCTL_RINGSIDE_REVERSE, kText, 3);
    EXPECT_LT(machine.state().requests.size(), 128u);
    machine.expect_quiet();
}

// A thousand files, one after another.
// Shows: the client forgets those that are gone.
TEST_F(LongRun, files_that_are_gone_are_forgotten)
{
    for (int i = 0; i < 1000; ++i)
        machine.open(R"(\\.\RingsideIoctl)").close();
    EXPECT_LT(machine.state().default_client->files.size(), 128u);
    machine.expect_quiet();
}
