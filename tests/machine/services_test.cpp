// SPDX-License-Identifier: MIT
// Two drivers that lean on the kernel's services (tests/drivers/courier.c, ledger.c), under many seeds with faults on:
// each run draws its own schedule, and which services fail and how often.
// Shows: whatever fails, the drivers end clean, a request is answered rightly or with a status, and nothing is left.
#include <ringside/ringside.h>

#include "drivers/courier.h"
#include "drivers/ledger.h"

#include <cstdlib>
#include <cstring>
#include <gtest/gtest.h>
#include <set>

using namespace ringside;

namespace {

// The quick suite's share; the nightly one sets the variable.
uint64_t seeds()
{
    char const* given = std::getenv("RINGSIDE_SEEDS");
    return given ? std::strtoull(given, nullptr, 10) : 100;
}

// A third of the seeds runs without faults: only then must everything succeed.
Faults faults_of(uint64_t seed)
{
    if (seed % 3 == 0)
        return {};
    return { .site_on_percent = seed % 3 == 1 ? 10u : 30u, .fire_percent = 25 };
}

uint64_t number_in(Reply const& reply)
{
    uint64_t number = 0;
    std::memcpy(&number, reply.bytes.data(), std::min(sizeof number, reply.bytes.size()));
    return number;
}

} // namespace

TEST(services, courier_loses_nothing)
{
    uint32_t const weights[][4] = { { 1, 2, 3, 4 }, { 50, 60, 70, 80 }, { 900, 1000, 1100, 1200 } };
    size_t delivered = 0, failed = 0;
    for (uint64_t seed = 1; seed <= seeds(); ++seed) {
        SCOPED_TRACE(seed);
        Machine machine({ .seed = seed, .processors = 1 + static_cast<unsigned>(seed % 4), .faults = faults_of(seed) });
        Driver driver = machine.load(RINGSIDE_DRIVERS "/courier.sys");
        if (driver.status() >= 0) {
            std::vector<File> files;
            std::vector<Request> requests;
            for (auto const& load : weights) {
                files.push_back(machine.open(R"(\\.\Courier)"));
                if (files.back().ok())
                    requests.push_back(
                        files.back().start_ioctl(IOCTL_COURIER_DELIVER, std::as_bytes(std::span(load)), 8));
            }
            std::set<uint64_t> const sums { 10, 260, 4200 };
            for (auto& request : requests) {
                Reply const reply = request.wait();
                if (reply.ok())
                    EXPECT_TRUE(sums.contains(number_in(reply))) << number_in(reply);
                else
                    EXPECT_NE(seed % 3, 0u) << std::hex << reply.status;
                (reply.ok() ? delivered : failed) += 1;
            }
            for (auto& file : files)
                file.close();
        } else
            EXPECT_NE(seed % 3, 0u) << std::hex << driver.status();
        ASSERT_NO_THROW(machine.expect_quiet());
    }
    EXPECT_GT(delivered, 0u);
    if (seeds() >= 100)
        EXPECT_GT(failed, 0u) << "no fault was ever met";
}

// Object types were declared as imports, so that *ExEventObjectType named the type's first bytes and no type.
TEST(services, object_types_are_reached_through_the_import_slot)
{
    Machine machine({ .seed = 1 });
    machine.load(RINGSIDE_DRIVERS "/ledger.sys");
    File file = machine.open(R"(\\.\Ledger)");
    EXPECT_TRUE(number_in(file.ioctl(IOCTL_LEDGER_ALL, "", 4)) & 1u << LEDGER_NAMES);
    file.close();
    machine.expect_quiet();
}

TEST(services, ledger_keeps_every_chapter)
{
    uint32_t ever_failed = 0;
    for (uint64_t seed = 1; seed <= seeds(); ++seed) {
        SCOPED_TRACE(seed);
        Machine machine({ .seed = seed, .processors = 1 + static_cast<unsigned>(seed % 4), .faults = faults_of(seed) });
        Driver driver = machine.load(RINGSIDE_DRIVERS "/ledger.sys");
        if (driver.status() >= 0) {
            File file = machine.open(R"(\\.\Ledger)");
            if (file.ok()) {
                Reply const reply = file.ioctl(IOCTL_LEDGER_ALL, "", 4);
                constexpr uint32_t kAll = (1u << LEDGER_CHAPTERS) - 1;
                if (reply.ok())
                    ever_failed |= kAll & ~static_cast<uint32_t>(number_in(reply));
                if (seed % 3 == 0) {
                    ASSERT_TRUE(reply.ok()) << std::hex << reply.status;
                    EXPECT_EQ(number_in(reply), kAll);
                }
            }
            file.close();
        }
        ASSERT_NO_THROW(machine.expect_quiet());
    }
    if (seeds() >= 100)
        EXPECT_EQ(ever_failed, 0x7Fu) << "each chapter but the last makes calls that can fail, and met a failure";
}
