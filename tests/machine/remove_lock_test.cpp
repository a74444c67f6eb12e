// SPDX-License-Identifier: MIT
// Remove locks of a driver built with DBG, which know who holds them, and without, which only count.
#include <ringside/ringside.h>

#include "drivers/removal.h"
#include "nt/bugcheck.h"
#include "nt/status.h"

#include <gtest/gtest.h>

using namespace ringside;
using namespace ringside::nt;

namespace {

constexpr char const* kSmall = RINGSIDE_DRIVERS "/removal.sys";
constexpr char const* kLarge = RINGSIDE_DRIVERS "/removal_checked.sys";

NTSTATUS ask(File& file, uint32_t code, uint32_t tag)
{
    return file.ioctl(code, std::as_bytes(std::span(&tag, 1)), 0).status;
}

// Acquires with the first tag and releases with the second.
Report released_with(std::string const& driver, Checks checks, uint32_t call, uint32_t acquired, uint32_t released)
{
    Machine machine({ .checks = checks });
    machine.load(driver);
    File file = machine.open(R"(\\.\Removal)");
    ask(file, IOCTL_REMOVAL_ACQUIRE, acquired);
    ask(file, call, released);
    file.close();
    return machine.finish();
}

std::string end_of(Report const& report)
{
    if (report.end == Report::End::BugCheck)
        return report.code_name + (report.rule.empty() ? "" : " by " + report.rule);
    return report.end == Report::End::Clean ? "clean" : "something is left";
}

} // namespace

// A lock is acquired with tag 1 and released with tag 2, by both calls, in both forms.
// Shows: the Verifier ends the machine for either form with Windows' own numbers, the tag and the lock; without it the
// large form asserts, and the small one only counts.
TEST(remove_lock, a_release_with_another_tag)
{
    Report report = released_with(kSmall, Checks::Verified, IOCTL_REMOVAL_RELEASE, 1, 2);
    EXPECT_EQ(end_of(report), "DRIVER_VERIFIER_DETECTED_VIOLATION by RemoveLockReleasedByOtherTag");
    EXPECT_EQ(report.parameters[0], 0xD5u);
    EXPECT_EQ(report.parameters[2], 2u);
    report = released_with(kLarge, Checks::Verified, IOCTL_REMOVAL_RELEASE_AND_WAIT, 1, 2);
    EXPECT_EQ(end_of(report), "DRIVER_VERIFIER_DETECTED_VIOLATION by RemoveLockWaitedByOtherTag");
    EXPECT_EQ(report.parameters[0], 0xD6u);
    EXPECT_EQ(report.parameters[2], 2u);
    EXPECT_EQ(report.parameters[3], 1u);

    report = released_with(kLarge, Checks::Observed, IOCTL_REMOVAL_RELEASE, 1, 2);
    EXPECT_EQ(end_of(report), "SYSTEM_SERVICE_EXCEPTION");
    EXPECT_EQ(static_cast<NTSTATUS>(report.parameters[0]), STATUS_ASSERTION_FAILURE);
    EXPECT_EQ(report.said,
              std::vector<std::string>(1,
                                       "*** Assertion failed: IoReleaseRemoveLock: nobody holds the "
                                       "remove lock with the tag 0x2"));
    report = released_with(kLarge, Checks::Bare, IOCTL_REMOVAL_RELEASE_AND_WAIT, 1, 2);
    EXPECT_EQ(end_of(report), "SYSTEM_SERVICE_EXCEPTION");
    EXPECT_EQ(end_of(released_with(kSmall, Checks::Observed, IOCTL_REMOVAL_RELEASE, 1, 2)), "clean");
}

// A lock is acquired twice with one tag and once with another, and released in another order; then once too often.
// Shows: each acquisition counts, whatever its tag; what was given back is not held any more.
TEST(remove_lock, acquisitions_with_one_tag_are_counted)
{
    for (char const* driver : { kSmall, kLarge }) {
        Machine machine({ .seed = 5 });
        machine.load(driver);
        File file = machine.open(R"(\\.\Removal)");
        for (uint32_t tag : { 1, 2, 1 })
            EXPECT_EQ(ask(file, IOCTL_REMOVAL_ACQUIRE, tag), STATUS_SUCCESS);
        for (uint32_t tag : { 1, 1, 2 })
            EXPECT_EQ(ask(file, IOCTL_REMOVAL_RELEASE, tag), STATUS_SUCCESS);
        EXPECT_EQ(ask(file, IOCTL_REMOVAL_ACQUIRE, 3), STATUS_SUCCESS);
        EXPECT_EQ(ask(file, IOCTL_REMOVAL_RELEASE_AND_WAIT, 3), STATUS_SUCCESS);
        EXPECT_EQ(ask(file, IOCTL_REMOVAL_ACQUIRE, 3), STATUS_DELETE_PENDING);
        file.close();
        machine.expect_quiet();
    }
    EXPECT_EQ(end_of(released_with(kSmall, Checks::Verified, IOCTL_REMOVAL_RELEASE, 0, 0)), "clean");
}

// Two acquisitions are never given back, and a thread waits for them.
// Shows: the report names the thread and what it waits for: tags where somebody knows them, places in the large form.
TEST(remove_lock, who_keeps_a_removal_waiting_is_named)
{
    auto const waiting = [](char const* driver, Checks checks) {
        Machine machine({ .checks = checks });
        machine.load(driver);
        File file = machine.open(R"(\\.\Removal)");
        for (uint32_t tag : { 1, 2, 3 })
            ask(file, IOCTL_REMOVAL_ACQUIRE, tag);
        EXPECT_EQ(ask(file, IOCTL_REMOVAL_RELEASE_AND_WAIT, 3), STATUS_PENDING);
        Report const report = machine.finish();
        EXPECT_EQ(report.end, Report::End::Leaks);
        std::string text;
        for (auto const& line : report.leaks)
            if (line.find("lock") != std::string::npos)
                text += line.substr(line.find("waits") == std::string::npos ? 0 : line.find("waits")) + "\n";
        return text;
    };
    std::string const waits = "waits in IoReleaseRemoveLockAndWait: the lock is held 2 times\n";
    std::string const tags[]
        = { "the remove lock is held with the tag 0x1", "the remove lock is held with the tag 0x2" };
    EXPECT_EQ(waiting(kSmall, Checks::Observed), waits);
    EXPECT_EQ(waiting(kSmall, Checks::Verified), waits + tags[0] + "\n" + tags[1] + "\n");
    std::string const large = waiting(kLarge, Checks::Observed);
    EXPECT_EQ(large, waiting(kLarge, Checks::Verified));
    EXPECT_NE(large.find(tags[0] + ", acquired at "), std::string::npos) << large;
    EXPECT_NE(large.find("removal.c:35\n" + tags[1]), std::string::npos) << large;
}

// The driver is loaded, unloaded and loaded again: its device, and with it the lock, is made anew.
// Shows: a lock in new memory is a new lock, even at the same address.
TEST(remove_lock, the_next_device_has_a_lock_of_its_own)
{
    Machine machine({ .seed = 2 });
    for (int i = 0; i < 3; ++i) {
        Driver driver = machine.load(kSmall);
        File file = machine.open(R"(\\.\Removal)");
        EXPECT_EQ(ask(file, IOCTL_REMOVAL_ACQUIRE, 1), STATUS_SUCCESS);
        EXPECT_EQ(ask(file, IOCTL_REMOVAL_RELEASE_AND_WAIT, 1), STATUS_SUCCESS);
        file.close();
        EXPECT_EQ(driver.unload(), STATUS_SUCCESS);
    }
    machine.expect_quiet();
}
