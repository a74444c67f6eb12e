// SPDX-License-Identifier: MIT
// What rules of the Verifier must not say.
#include <ringside/ringside.h>

#include "drivers/eager.h"

#include <gtest/gtest.h>

using namespace ringside;

// Requests of a driver's own, sent with their event set, and completed at once; then, in the same memory, one of a client,
// which the driver pends.
// Shows: rule EventSetBefore does not take the client's for the driver's.
TEST(verifier, an_irp_is_not_accused_for_the_one_that_had_its_record_before)
{
    Machine machine { { .seed = 4 } };
    machine.load(RINGSIDE_DRIVERS "/eager.sys");
    File file = machine.open(R"(\\.\Eager)");
    EXPECT_TRUE(file.ioctl(IOCTL_EAGER_SEND, std::span<std::byte const>(), 0).ok());
    Request kept = file.start_ioctl(IOCTL_EAGER_KEEP, {}, 0);
    machine.settle();
    EXPECT_FALSE(kept.done());
    kept.cancel();
    EXPECT_EQ(static_cast<uint32_t>(kept.reply().status), 0xC0000120u);
    file.close();
    machine.expect_quiet();
}
