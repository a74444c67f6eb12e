// SPDX-License-Identifier: MIT
// Several clients at once, one of which is ended while the driver still has its requests.
#include <ringside/ringside.h>

#include "drivers/watcher.h"

#include <cstring>
#include <gtest/gtest.h>

using namespace ringside;

namespace {

constexpr int32_t kSuccess = 0;
constexpr auto kCancelled = static_cast<int32_t>(0xC0000120);
constexpr auto kTerminating = static_cast<int32_t>(0xC000010A);
constexpr auto kInvalidCid = static_cast<int32_t>(0xC000000B);

uint32_t number(Reply const& reply)
{
    uint32_t value = 0;
    std::memcpy(&value, reply.bytes.data(), std::min(sizeof value, reply.bytes.size()));
    return value;
}

WATCHER_COUNTS counts(File& file)
{
    WATCHER_COUNTS all {};
    Reply const reply = file.ioctl(IOCTL_WATCHER_COUNTS, std::span<std::byte const>(), sizeof all);
    if (reply.bytes.size() == sizeof all)
        std::memcpy(&all, reply.bytes.data(), sizeof all);
    return all;
}

int32_t terminate(File& file, uint32_t id)
{
    return static_cast<int32_t>(number(file.ioctl(IOCTL_WATCHER_TERMINATE, std::as_bytes(std::span(&id, 1)), 4)));
}

} // namespace

// Two clients wait in a driver; it is asked by the second to end the first.
// Shows: handles are each client's own; the first one's requests are cancelled, its files closed, the driver told of its
// end; the second goes on; nothing is left; under every seed, and with faults.
TEST(clients, one_is_ended_with_requests_outstanding)
{
    for (uint64_t seed = 1; seed <= 60; ++seed) {
        SCOPED_TRACE(seed);
        Machine machine({ .seed = seed, .processors = 1 + static_cast<unsigned>(seed % 3) });
        ASSERT_GE(machine.load(RINGSIDE_DRIVERS "/watcher.sys").status(), 0);
        Client one = machine.client("one.exe"), two = machine.client("two.exe");
        File first = one.open(R"(\\.\Watcher)"), second = two.open(R"(\\.\Watcher)");
        Reply const me = first.ioctl(IOCTL_WATCHER_WHO_AM_I, std::span<std::byte const>(), 4);
        ASSERT_NE(number(me), number(second.ioctl(IOCTL_WATCHER_WHO_AM_I, std::span<std::byte const>(), 4)));
        Request a = first.start_ioctl(IOCTL_WATCHER_WAIT, {}, 16), b = first.start_ioctl(IOCTL_WATCHER_WAIT, {}, 16);
        Request c = second.start_ioctl(IOCTL_WATCHER_WAIT, {}, 16);
        EXPECT_EQ(counts(second).Waiting, 3u);

        EXPECT_EQ(terminate(second, number(me)), kSuccess);
        machine.settle();
        EXPECT_FALSE(one.running());
        EXPECT_TRUE(two.running());
        EXPECT_EQ(a.reply().status, kCancelled);
        EXPECT_EQ(b.reply().status, kCancelled);
        EXPECT_FALSE(c.done());
        EXPECT_EQ(first.ioctl(IOCTL_WATCHER_COUNTS, std::span<std::byte const>(), 64).status, kTerminating);
        EXPECT_EQ(terminate(second, number(me)), kInvalidCid);
        WATCHER_COUNTS const all = counts(second);
        EXPECT_EQ(all.ProcessesMade, 2u);
        EXPECT_EQ(all.ProcessesEnded, 1u);
        EXPECT_EQ(all.ThreadsMade, 2u);
        EXPECT_EQ(all.ThreadsEnded, 1u);
        EXPECT_EQ(all.HandlesBefore, 1u);
        EXPECT_EQ(all.HandlesAfter, 1u);
        EXPECT_EQ(all.TerminateGranted, 1u);
        EXPECT_EQ(all.Waiting, 1u);

        c.cancel();
        EXPECT_EQ(c.wait().status, kCancelled);
        machine.expect_quiet();
    }
}

// A client is ended by the host while it is inside a synchronous request that waits, and one that asks for its own end.
// Shows: Client::end, ZwTerminateProcess on the current process, and that both end quiet.
TEST(clients, ends_of_its_own_and_of_the_hosts)
{
    for (uint64_t seed = 1; seed <= 30; ++seed) {
        SCOPED_TRACE(seed);
        Machine machine({ .seed = seed });
        ASSERT_GE(machine.load(RINGSIDE_DRIVERS "/watcher.sys").status(), 0);
        Client one = machine.client("one.exe"), two = machine.client("two.exe");
        File first = one.open(R"(\\.\Watcher)"), second = two.open(R"(\\.\Watcher)");
        Reply const waits = first.ioctl(IOCTL_WATCHER_WAIT, std::span<std::byte const>(), 8);
        EXPECT_FALSE(waits.ok());
        one.end(5);
        EXPECT_FALSE(one.running());
        one.end(6); // too late, and harmless
        EXPECT_EQ(counts(second).Waiting, 0u);
        first.close();
        two.end();
        EXPECT_EQ(second.read(4).status, kTerminating);
        machine.expect_quiet();
    }
}

// The same driver, linked without /integritycheck.
// Shows: ObRegisterCallbacks refuses routines of such an image, as Windows does; DriverEntry undoes what it had done.
TEST(clients, object_callbacks_need_a_checked_image)
{
    Machine machine;
    EXPECT_EQ(machine.load(RINGSIDE_DRIVERS "/watcher_unchecked.sys").status(), static_cast<int32_t>(0xC0000022));
    machine.expect_quiet();
}

// The driver under every failure in turn, and under swarms of them.
// Shows: whatever fails, it ends clean and leaves no routine registered.
TEST(clients, the_watcher_survives_failures)
{
    for (uint64_t seed = 1; seed <= 40; ++seed) {
        SCOPED_TRACE(seed);
        Machine machine({ .seed = seed, .faults = { .site_on_percent = 30, .fire_percent = 40 } });
        if (machine.load(RINGSIDE_DRIVERS "/watcher.sys").status() >= 0) {
            Client one = machine.client("one.exe"), two = machine.client("two.exe");
            File first = one.open(R"(\\.\Watcher)"), second = two.open(R"(\\.\Watcher)");
            if (first.ok() && second.ok()) {
                uint32_t const me = number(first.ioctl(IOCTL_WATCHER_WHO_AM_I, std::span<std::byte const>(), 4));
                Request waits = first.start_ioctl(IOCTL_WATCHER_WAIT, {}, 8);
                if (terminate(second, me) != kSuccess)
                    one.end();
                machine.settle();
                EXPECT_TRUE(waits.done());
            }
            first.close();
            second.close();
        }
        Report const report = machine.finish();
        std::string all = report.words;
        for (auto const& leak : report.leaks)
            all += "\n  " + leak;
        EXPECT_EQ(report.exit_code, 0) << all;
    }
}
