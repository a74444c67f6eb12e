// SPDX-License-Identifier: MIT
// A driver that guards its devices with the kit's IoCreateDeviceSecure, and clients of every account.
#include <ringside/ringside.h>

#include "drivers/guarded.h"
#include "nt/status.h"

#include <gtest/gtest.h>

using namespace ringside;

namespace {

constexpr char const* kDriver = RINGSIDE_DRIVERS "/guarded.sys";
constexpr uint32_t kGenericRead = 0x80000000;

char verdict(int32_t status)
{
    return status == nt::STATUS_SUCCESS ? 'y' : status == nt::STATUS_ACCESS_DENIED ? 'n' : '?';
}

} // namespace

// Three devices, four accounts, two kinds of access.
// Shows: who gets in where, in every cell; the driver's list is in force, and the default client is an administrator.
TEST(machine_guarded, the_matrix_of_accounts_and_devices)
{
    Machine machine;
    Driver driver = machine.load(kDriver);
    ASSERT_EQ(driver.status(), nt::STATUS_SUCCESS);
    std::string matrix;
    for (auto device : { R"(\\.\GuardedOpen)", R"(\\.\GuardedAdmins)", R"(\\.\GuardedReaders)" }) {
        for (Account account :
             { Account::System, Account::Administrator, Account::FilteredAdministrator, Account::User }) {
            Client client = machine.client("client.exe", { .account = account });
            File reading = client.open(device, kGenericRead);
            File both = client.open(device);
            matrix += { ' ', verdict(reading.status()), verdict(both.status()) };
            if (reading.ok())
                reading.close();
            if (both.ok())
                both.close();
        }
        matrix += '\n';
    }
    EXPECT_EQ(matrix,
              " yy yy yy yy\n"
              " yy yy nn nn\n"
              " yy yn yn yn\n");
    File by_default = machine.open(R"(\\.\GuardedAdmins)");
    EXPECT_TRUE(by_default.ok());
    by_default.close();
    machine.expect_quiet();
}

// The driver is asked by two clients who they are.
// Shows: the token that a driver captures is its caller's.
TEST(machine_guarded, the_driver_knows_who_asks)
{
    Machine machine;
    machine.load(kDriver);
    std::string answers;
    for (Account account : { Account::System, Account::Administrator, Account::User }) {
        Client client = machine.client("client.exe", { .account = account });
        File file = client.open(R"(\\.\GuardedOpen)");
        Reply reply = file.ioctl(IOCTL_GUARDED_WHO, "", sizeof(GUARDED_WHO));
        ASSERT_EQ(reply.bytes.size(), sizeof(GUARDED_WHO));
        auto const& who = *reinterpret_cast<GUARDED_WHO const*>(reply.bytes.data());
        for (GuardedChar const* at = who.Sid; *at; ++at)
            answers += static_cast<char>(*at);
        answers += who.Administrator ? " administrator\n" : "\n";
        file.close();
    }
    EXPECT_EQ(answers,
              "S-1-5-18 administrator\n"
              "S-1-5-21-1004336348-1177238915-682003330-1001 administrator\n"
              "S-1-5-21-1004336348-1177238915-682003330-1002\n");
    machine.expect_quiet();
}

// Every fallible call of the driver's start fails once.
// Shows: a device is never left open to everybody because its list could not be set; nothing is left behind.
TEST(machine_guarded, each_failure_at_start)
{
    uint64_t nth = 0;
    for (bool failed = true; failed;) {
        Machine machine({ .faults = { .nth = ++nth } });
        Driver driver = machine.load(kDriver);
        Report report = machine.finish();
        EXPECT_EQ(report.exit_code, 0) << "failure of call " << nth << ": " << report.words
                                       << (report.leaks.empty() ? "" : "; " + report.leaks[0]);
        failed = report.faults_injected != 0;
        if (failed) {
            EXPECT_LT(driver.status(), 0) << "call " << nth;
        }
        ASSERT_LT(nth, 200u);
    }
    EXPECT_GT(nth, 8u);
}
