// SPDX-License-Identifier: MIT
// Memory that outlives a kernel soft reboot. Driver: herald.c.
#include "../drivers/herald.h"

#include "nt/status.h"

#include <ringside/ringside.h>

#include <fmt/format.h>
#include <gtest/gtest.h>

using namespace ringside;
using namespace ringside::nt;

namespace {

constexpr char const* kDriver = RINGSIDE_DRIVERS "/herald.sys";
constexpr char const* kDevice = R"(\Device\Herald)";

// What the driver finds of the boot before.
std::string recalled(std::vector<PersistentMemory> kept)
{
    Machine machine({ .persistent = std::move(kept) });
    machine.load(kDriver);
    File file = machine.open(kDevice);
    Reply const reply = file.ioctl(IOCTL_HERALD_RECALL, "", sizeof(HERALD_FOUND));
    EXPECT_EQ(reply.bytes.size(), sizeof(HERALD_FOUND));
    auto const& found = *reinterpret_cast<HERALD_FOUND const*>(reply.bytes.data());
    std::string const words
        = fmt::format("{} told; size {:x} {}; too small {:x}; '{}' '{}' {:x}; again {:x}", found.Heard,
                      uint32_t(found.SizeStatus), found.Size, uint32_t(found.SmallStatus), found.Plain, found.Tagged,
                      uint32_t(found.TaggedStatus), uint32_t(found.Again));
    machine.expect_quiet();
    return words;
}

std::vector<PersistentMemory> remembered()
{
    Machine machine;
    machine.load(kDriver);
    File file = machine.open(kDevice);
    EXPECT_EQ(file.ioctl(IOCTL_HERALD_REMEMBER, "state", 0).status, STATUS_SUCCESS);
    auto kept = machine.soft_reboot();
    machine.expect_quiet();
    return kept;
}

} // namespace

// A driver writes its state before a soft reboot, under its device and once more under a tag.
// Shows: the next machine's driver hears of both, finds and takes each once; too little room is told with the size.
TEST(machine_soft_reboot, a_driver_finds_its_state_again)
{
    auto const kept = remembered();
    ASSERT_EQ(kept.size(), 2u);
    EXPECT_EQ(kept[0].service, "herald");
    EXPECT_EQ(kept[0].device_id, kDevice);
    EXPECT_EQ(kept[1].tag, 5u);
    EXPECT_EQ(kept[1].version, 2u);
    EXPECT_EQ(recalled(kept), "2 told; size 0 5; too small c0000023; 'state' 'tag' 0; again c0000225");
}

// Shows: after an ordinary boot nothing is there, nor what belongs to another driver.
TEST(machine_soft_reboot, nothing_is_there_otherwise)
{
    std::string const nothing = "0 told; size c0000225 0; too small c0000225; '' '' c0000225; again c0000225";
    EXPECT_EQ(recalled({}), nothing);
    auto kept = remembered();
    for (PersistentMemory& block : kept)
        block.service = "another";
    EXPECT_EQ(recalled(kept), nothing);
}
