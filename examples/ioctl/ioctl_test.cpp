// SPDX-License-Identifier: MIT
// A driver's test, to copy: load it, talk to its device as a program would, look that nothing is left.
// Each test is one machine, decided by its seed; a failure says which, and the same seed fails the same way again.
#include <ringside/ringside.h>

#include "ioctl/ioctl.h"
#include "nt/status.h"

#include <cstring>
#include <gtest/gtest.h>

using namespace ringside;
using namespace ringside::nt;

namespace {

char const* const kDriver = RINGSIDE_DRIVERS "/ioctl.sys";
char const* const kDevice = R"(\\.\RingsideIoctl)";

Bytes offset_bytes(uint32_t offset)
{
    Bytes bytes(sizeof offset);
    std::memcpy(bytes.data(), &offset, sizeof offset);
    return bytes;
}
Bytes text_bytes(std::string_view text)
{
    Bytes bytes(text.size());
    std::memcpy(bytes.data(), text.data(), text.size());
    return bytes;
}

} // namespace

// All four transfer methods, each asked once.
// Shows: what each method brings to the driver and back, and that the driver leaves nothing behind.
TEST(example_ioctl, four_transfer_methods)
{
    Machine machine({ .seed = 7 });
    Driver driver = machine.load(kDriver);
    ASSERT_EQ(driver.status(), STATUS_SUCCESS);
    File file = machine.open(kDevice);
    ASSERT_EQ(file.status(), STATUS_SUCCESS);

    Reply reversed = file.ioctl(IOCTL_RINGSIDE_REVERSE, "ringside", 64);
    EXPECT_EQ(reversed.status, STATUS_SUCCESS);
    EXPECT_EQ(reversed.text(), "edisgnir");

    Reply stored = file.ioctl_with_buffer(IOCTL_RINGSIDE_STORE, offset_bytes(6), text_bytes("Linux"));
    EXPECT_EQ(stored.status, STATUS_SUCCESS);
    EXPECT_EQ(stored.information, 5u);

    Reply fetched = file.ioctl(IOCTL_RINGSIDE_FETCH, offset_bytes(0), 11);
    EXPECT_EQ(fetched.status, STATUS_SUCCESS);
    EXPECT_EQ(fetched.text(), "Hello Linux");

    Reply capitals = file.ioctl(IOCTL_RINGSIDE_CAPITALS, "neither", 64);
    EXPECT_EQ(capitals.status, STATUS_SUCCESS);
    EXPECT_EQ(capitals.text(), "NEITHER");

    file.close();
    machine.expect_quiet();
}

// Reading and writing go through the same page as fetch and store, at the file offset.
TEST(example_ioctl, read_and_write)
{
    Machine machine;
    machine.load(kDriver);
    File file = machine.open(kDevice);
    EXPECT_EQ(file.write("there", 6).information, 5u);
    EXPECT_EQ(file.read(11).text(), "Hello there");
    File other = machine.open(kDevice);
    EXPECT_EQ(other.read(10).text(), "Hello from") << "each open file has a page of its own";
    machine.expect_quiet();
}

// What a driver must survive: no output buffer, no input, offsets outside, control codes it does not know.
TEST(example_ioctl, bad_requests)
{
    Machine machine;
    machine.load(kDriver);
    File file = machine.open(kDevice);
    EXPECT_LT(file.ioctl(IOCTL_RINGSIDE_REVERSE, "too long for the output", 4).status, 0);
    EXPECT_LT(file.ioctl(IOCTL_RINGSIDE_FETCH, "", 16).status, 0);
    EXPECT_LT(file.ioctl(IOCTL_RINGSIDE_FETCH, offset_bytes(0xFFFFFFFF), 16).status, 0);
    EXPECT_EQ(file.ioctl(RINGSIDE_IOCTL(0x8FFu, 0u), "", 0).status, STATUS_INVALID_DEVICE_REQUEST);
    machine.expect_quiet();
}

// Every fallible call of the kernel fails once, one after another, until a run meets no failure.
// Shows: the driver survives each, says so by a status, and leaves nothing behind.
TEST(example_ioctl, survives_each_failure)
{
    uint64_t nth = 0;
    for (bool failed = true; failed;) {
        Machine machine({ .faults = { .nth = ++nth } });
        Driver driver = machine.load(kDriver);
        if (driver.status() >= 0) {
            File file = machine.open(kDevice);
            file.ioctl(IOCTL_RINGSIDE_REVERSE, "abc", 3);
            file.ioctl(IOCTL_RINGSIDE_CAPITALS, "abc", 3);
            file.ioctl(IOCTL_RINGSIDE_FETCH, offset_bytes(0), 8);
            file.close();
        }
        Report report = machine.finish();
        EXPECT_EQ(report.exit_code, 0) << "failure of call " << nth << ": " << report.words
                                       << (report.leaks.empty() ? "" : "; " + report.leaks[0]);
        failed = report.faults_injected != 0;
        ASSERT_LT(nth, 1000u);
    }
    EXPECT_GT(nth, 4u) << "the driver makes at least four calls that can fail";
}
