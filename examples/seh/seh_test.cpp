// SPDX-License-Identifier: MIT
// Structured exception handling in a driver, film by film: each control code of `seh` tells as text what ran.
#include <ringside/ringside.h>

#include "nt/bugcheck.h"
#include "nt/status.h"
#include "seh/seh.h"

#include <gtest/gtest.h>

using namespace ringside;
using namespace ringside::nt;

namespace {

struct Film {
    char const* name;
    uint32_t code;
    char const* expected;
};

Film const kFilms[] = {
    { "raise", IOCTL_SEH_RAISE, SEH_REPLY_RAISE },
    { "load", IOCTL_SEH_LOAD, SEH_REPLY_LOAD },
    { "store", IOCTL_SEH_STORE, SEH_REPLY_STORE },
    { "nested", IOCTL_SEH_NESTED, SEH_REPLY_NESTED },
    { "finally", IOCTL_SEH_FINALLY, SEH_REPLY_FINALLY },
    { "continue", IOCTL_SEH_CONTINUE, SEH_REPLY_CONTINUE },
    { "collided", IOCTL_SEH_COLLIDED, SEH_REPLY_COLLIDED },
    { "through_kernel", IOCTL_SEH_THROUGH_KERNEL, SEH_REPLY_THROUGH_KERNEL },
    { "deep", IOCTL_SEH_DEEP, SEH_REPLY_DEEP },
    { "leave", IOCTL_SEH_LEAVE, SEH_REPLY_LEAVE },
    { "reraise", IOCTL_SEH_RERAISE, SEH_REPLY_RERAISE },
    { "fault_in_filter", IOCTL_SEH_FAULT_IN_FILTER, SEH_REPLY_FAULT_IN_FILTER },
};

char const* const kDriver = RINGSIDE_DRIVERS "/seh.sys";
char const* const kDevice = R"(\\.\RingsideSeh)";

class ExampleSeh : public testing::TestWithParam<Checks> { };

} // namespace

TEST_P(ExampleSeh, EachFilmRunsAsTold)
{
    Machine machine({ .checks = GetParam() });
    ASSERT_EQ(machine.load(kDriver).status(), STATUS_SUCCESS);
    File file = machine.open(kDevice);
    for (auto const& film : kFilms) {
        Reply reply = file.ioctl(film.code, "", 512);
        EXPECT_EQ(reply.status, STATUS_SUCCESS) << film.name;
        EXPECT_EQ(std::string(reply.text().substr(0, reply.text().find('\0'))), film.expected) << film.name;
    }
    file.close();
    machine.expect_quiet();
}

INSTANTIATE_TEST_SUITE_P(, ExampleSeh, testing::Values(Checks::Bare, Checks::Observed, Checks::Verified));

// An invalid kernel address inside __try, and an exception that nobody handles.
// Shows: Windows gives no handler a chance at the first; both end the machine, and the report names the driver.
TEST(example_seh, what_no_handler_takes)
{
    struct {
        uint32_t code;
        uint32_t bug_check;
    } const ends[] = { { IOCTL_SEH_KERNEL_ADDRESS, PAGE_FAULT_IN_NONPAGED_AREA },
                       { IOCTL_SEH_UNHANDLED, SYSTEM_SERVICE_EXCEPTION } };
    for (auto const& end : ends) {
        Machine machine;
        machine.load(kDriver);
        File file = machine.open(kDevice);
        file.ioctl(end.code, "", 512);
        ASSERT_TRUE(machine.crashed());
        Report report = machine.finish();
        EXPECT_EQ(report.exit_code, 2);
        EXPECT_EQ(report.code, end.bug_check) << report.words;
        ASSERT_FALSE(report.trace.empty());
        EXPECT_EQ(report.trace[0].module, "seh.sys");
    }
}
