// SPDX-License-Identifier: MIT
// Events of client processes: made by the client, given by handle to a driver, which sets them from a DPC.
#include "../drivers/bell.h"

#include "nt/status.h"

#include <ringside/ringside.h>

#include <gtest/gtest.h>

using namespace ringside;
using namespace ringside::nt;

namespace {

int32_t ring(File& file, uint64_t event, uint32_t milliseconds)
{
    BELL_ORDER const order { event, milliseconds, 0 };
    return file.ioctl(IOCTL_BELL_RING_LATER, std::as_bytes(std::span(&order, 1)), 0).status;
}

} // namespace

// Shows: the state of an event is what set, reset and a wait leave: a manual one stays, another is taken by the wait.
TEST(client_event, state)
{
    Machine machine;
    Client client = machine.default_client();
    Event manual = client.event(true, true), one_waiter = client.event(false, true), unset = client.event();
    for (Event const& event : { manual, one_waiter, unset })
        EXPECT_EQ(event.status(), STATUS_SUCCESS);
    EXPECT_TRUE(manual.signalled());
    EXPECT_TRUE(one_waiter.signalled());
    EXPECT_FALSE(unset.signalled());
    EXPECT_TRUE(manual.wait());
    EXPECT_TRUE(one_waiter.wait());
    EXPECT_TRUE(manual.signalled());
    EXPECT_FALSE(one_waiter.signalled());
    manual.reset();
    unset.set();
    EXPECT_FALSE(manual.signalled());
    EXPECT_TRUE(unset.signalled());
    EXPECT_FALSE(manual.wait()) << "nothing is left that could set it: the wait gives up";
    manual.close();
    EXPECT_EQ(manual.handle(), 0u);
    EXPECT_FALSE(manual.wait());
    machine.expect_quiet();
}

// The program waits three seconds for a bell, as often as it likes: what Microsoft's event sample does.
// Shows: the driver's KeSetEvent ends the client's wait, at the due time and not before, under every seed.
TEST(client_event, a_driver_sets_it_from_a_dpc)
{
    for (uint64_t seed = 1; seed <= 40; ++seed) {
        SCOPED_TRACE(seed);
        Machine machine({ .seed = seed, .processors = 1 + static_cast<unsigned>(seed % 4) });
        ASSERT_TRUE(machine.load(RINGSIDE_DRIVERS "/bell.sys").loaded());
        File file = machine.open(R"(\Device\Bell)");
        Event event = machine.default_client().event();
        for (int time = 0; time < 3; ++time) {
            ASSERT_EQ(ring(file, event.handle(), 3000), STATUS_SUCCESS);
            EXPECT_FALSE(event.signalled());
            machine.run_for(2.9);
            EXPECT_FALSE(event.signalled());
            EXPECT_TRUE(event.wait());
            event.reset();
        }
        machine.expect_quiet();
    }
}

// The client closes its handle before the bell rings.
// Shows: the driver's reference keeps the event; nothing is left.
TEST(client_event, closed_before_it_is_set)
{
    Machine machine;
    machine.load(RINGSIDE_DRIVERS "/bell.sys");
    File file = machine.open(R"(\Device\Bell)");
    Event event = machine.default_client().event();
    uint64_t const handle = event.handle();
    ASSERT_EQ(ring(file, handle, 10), STATUS_SUCCESS);
    event.close();
    EXPECT_EQ(ring(file, handle, 10), STATUS_INVALID_HANDLE);
    machine.run_for(1);
    machine.expect_quiet();
}

// Shows: a handle means something in its own process only, and only what it is a handle of; an ended process has none.
TEST(client_event, handles_are_each_clients_own)
{
    Machine machine;
    machine.load(RINGSIDE_DRIVERS "/bell.sys");
    Client one = machine.client("one.exe"), two = machine.client("two.exe");
    File files[] = { one.open(R"(\Device\Bell)"), two.open(R"(\Device\Bell)") };
    Event event = one.event(), further = one.event();
    EXPECT_EQ(ring(files[0], further.handle(), 1), STATUS_SUCCESS);
    EXPECT_EQ(ring(files[1], further.handle(), 1), STATUS_INVALID_HANDLE);
    EXPECT_EQ(ring(files[0], 4, 1), STATUS_OBJECT_TYPE_MISMATCH) << "the handle of the file";
    EXPECT_TRUE(further.wait());
    one.end();
    EXPECT_FALSE(event.wait());
    EXPECT_EQ(one.event().status(), STATUS_PROCESS_IS_TERMINATING);
    machine.expect_quiet();
}
