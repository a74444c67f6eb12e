// SPDX-License-Identifier: MIT
// What the kernel keeps for a driver that calls it, whichever gate the call goes through (ke/gate.h): tests/drivers/keeper.c
// fills its vector registers, sends a request, and says what it finds.
#include <ringside/ringside.h>

#include "drivers/keeper.h"
#include "nt/status.h"

#include <cstring>
#include <gtest/gtest.h>
#include <span>
#include <string>

using namespace ringside;

namespace {

constexpr char const* kDriver = RINGSIDE_DRIVERS "/keeper.sys";

struct Answer {
    int32_t status = -1;
    KEEPER_SEEN seen {};
    uint64_t log_hash = 0;
};

Answer asked(Checks checks, uint64_t seed, uint32_t code)
{
    Machine machine({ .seed = seed, .checks = checks });
    machine.load(kDriver);
    File file = machine.open(R"(\\.\Keeper)");
    Reply const reply = file.ioctl(code, "", sizeof(KEEPER_SEEN));
    Answer answer { reply.status };
    if (reply.bytes.size() == sizeof answer.seen)
        std::memcpy(&answer.seen, reply.bytes.data(), sizeof answer.seen);
    file.close();
    answer.log_hash = machine.log_hash();
    machine.expect_quiet();
    return answer;
}

std::string vectors(KEEPER_SEEN const& seen)
{
    std::string text;
    for (auto const& vector : seen.Vectors) {
        char one[48];
        std::snprintf(one, sizeof one, "%llx:%llx ", vector[0], vector[1]);
        text += one;
    }
    return text;
}

constexpr Checks kBindings[] = { Checks::Bare, Checks::Observed, Checks::Verified };
constexpr uint32_t kCodes[] = { IOCTL_KEEPER_RETURNS, IOCTL_KEEPER_DISPATCH_RAISES, IOCTL_KEEPER_COMPLETION_RAISES,
                                IOCTL_KEEPER_RAISES_AFTER_WAIT };

} // namespace

// The driver below returns; raises; completes, and the completion routine raises; raises after it has waited. Each time
// it has spoilt xmm6 to xmm15 before. In bare, observed and verified machines, under 20 seeds.
// Shows: the caller finds them as it left them, after the call and in its exception handler.
TEST(machine_keeper, vector_registers_are_as_the_caller_left_them)
{
    for (Checks checks : kBindings)
        for (uint32_t code : kCodes)
            for (uint64_t seed = 1; seed <= 20; ++seed) {
                Answer const answer = asked(checks, seed, code);
                EXPECT_EQ(answer.status, code == IOCTL_KEEPER_RETURNS ? nt::STATUS_SUCCESS : nt::STATUS_DEVICE_BUSY);
                ASSERT_EQ(vectors(answer.seen),
                          "1000:2000 1001:2001 1002:2002 1003:2003 1004:2004 1005:2005 1006:2006 1007:2007 1008:2008 "
                          "1009:2009 ")
                    << "checks " << static_cast<int>(checks) << ", code " << std::hex << code << ", seed " << seed;
            }
}

// Both routines ask how much kernel stack remains.
// Shows: less inside the completion routine than in the dispatch routine that completes, and the same numbers observed
// and verified: only drivers' bytes count, whatever frames the kernel has between them.
TEST(machine_keeper, the_stack_that_remains_is_the_same_observed_and_verified)
{
    Answer const observed = asked(Checks::Observed, 1, IOCTL_KEEPER_RETURNS);
    Answer const verified = asked(Checks::Verified, 1, IOCTL_KEEPER_RETURNS);
    EXPECT_LT(observed.seen.LeftInCompletion, observed.seen.LeftInDispatch);
    EXPECT_LT(observed.seen.LeftInDispatch, 0x6000u);
    EXPECT_GT(observed.seen.LeftInCompletion, 0x4000u);
    EXPECT_EQ(observed.seen.LeftInDispatch, verified.seen.LeftInDispatch);
    EXPECT_EQ(observed.seen.LeftInCompletion, verified.seen.LeftInCompletion);
}

// The same four ways, under 20 seeds.
// Shows: the short way that an observed machine's requests go logs what the Verifier's logs, event by event.
TEST(machine_keeper, observed_and_verified_runs_are_the_same)
{
    for (uint32_t code : kCodes)
        for (uint64_t seed = 1; seed <= 20; ++seed)
            ASSERT_EQ(asked(Checks::Observed, seed, code).log_hash, asked(Checks::Verified, seed, code).log_hash)
                << "code " << std::hex << code << ", seed " << seed;
}

// The three services get garbage for an IRP: null, a small number, a user address, a kernel address where nothing is,
// and one that is no address. In bare, observed and verified machines.
// Shows: each ends in a bug check whose trace begins in the driver, whichever gate the call went through; the host lives.
TEST(machine_keeper, garbage_for_an_irp_is_the_drivers_bug_check)
{
    for (Checks checks : kBindings)
        for (uint64_t service = 0; service < KEEPER_SERVICES; ++service)
            for (uint64_t irp : { uint64_t { 0 }, uint64_t { 0x10 }, uint64_t { 0x1000'0000 },
                                  uint64_t { 0x30FF'0000'0000 }, uint64_t { 0x8000'0000'0000 } }) {
                Machine machine({ .checks = checks });
                machine.load(kDriver);
                File file = machine.open(R"(\\.\Keeper)");
                KEEPER_GARBAGE const garbage { service, irp };
                file.ioctl(IOCTL_KEEPER_GARBAGE, std::as_bytes(std::span(&garbage, 1)), 0);
                Report const report = machine.finish();
                EXPECT_EQ(report.end, Report::End::BugCheck)
                    << "checks " << static_cast<int>(checks) << ", service " << service << ", irp " << std::hex << irp;
                ASSERT_FALSE(report.trace.empty());
                EXPECT_EQ(report.trace[0].module, "keeper.sys")
                    << "checks " << static_cast<int>(checks) << ", service " << service << ", irp " << std::hex << irp;
            }
}
