// SPDX-License-Identifier: MIT
// The search with a driver as it ships: in explore mode every interlocked instruction of its is a schedule point.
#include "search.h"

#include "machine/state.h"

#include <ringside/ringside.h>

#include "drivers/races.h"
#include "nt/bugcheck.h"
#include "nt/status.h"

#include <cstdlib>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <map>

using namespace ringside;
using namespace ringside::nt;
using namespace ringside::test;

namespace {

size_t preemptions()
{
    char const* given = std::getenv("RINGSIDE_PREEMPTIONS");
    return given ? std::strtoul(given, nullptr, 10) : 2;
}

// A request is sent and cancelled while the driver's own thread completes it. How it ended, as words.
std::string cancelled(ke::SchedulePlan& plan, char const* driver, char const* device, Request (*send)(File&))
{
    Machine machine({ .seed = 1, .explore = true });
    machine.load(std::string(RINGSIDE_DRIVERS "/") + driver + ".sys");
    File file = machine.open(device);
    auto& kernel = machine.state().rooms->kernel;
    kernel.follow(&plan);
    Request request = send(file);
    request.cancel();
    Reply const reply = request.wait();
    if (!machine.crashed())
        kernel.follow(nullptr);
    file.close();
    Report const report = machine.finish();
    if (report.end == Report::End::BugCheck)
        return fmt::format("{:#x}", report.code);
    EXPECT_EQ(report.end, Report::End::Clean) << fmt::format("{}", fmt::join(plan.preempt_at, ","));
    return reply.status == STATUS_CANCELLED ? "cancelled"
        : reply.ok()                        ? "completed"
                                            : fmt::format("{:#x}", reply.status);
}

std::map<std::string, uint64_t> ends(char const* driver, char const* device, Request (*send)(File&))
{
    std::map<std::string, uint64_t> seen;
    uint64_t const count = search_schedules(preemptions(), [&](ke::SchedulePlan& plan) {
        ++seen[cancelled(plan, driver, device, send)];
        return true;
    });
    fmt::print("{}: {} interleavings with at most {} pre-emptions\n", driver, count, preemptions());
    return seen;
}

} // namespace

// A driver throws IoSetCancelRoutine's answer away (tests/drivers/races.c).
// Shows: the search finds the schedule in which the request is completed twice.
TEST(search, finds_the_planted_race_of_a_driver)
{
    auto const seen
        = ends("races", R"(\\.\Races)", [](File& file) { return file.start_ioctl(IOCTL_RACE_CANCEL, {}, 0); });
    EXPECT_TRUE(seen.contains(fmt::format("{:#x}", MULTIPLE_IRP_COMPLETE_REQUESTS)));
    EXPECT_TRUE(seen.contains("cancelled"));
}
