// SPDX-License-Identifier: MIT
// A whole machine without a driver, for tests of rooms above ke: host code runs on a system thread at PASSIVE_LEVEL.
#pragma once

#include "machine/host_thread.h"
#include "machine/rooms.h"

#include <gtest/gtest.h>

namespace ringside::test {

struct BootOptions {
    uint64_t seed = 1;
    unsigned processors = 2;
    Windows windows = Windows::v11_24H2;
    ke::Binding binding = ke::Binding::Observed;
    sim::FaultPlan faults {};
    size_t memory_bytes = 256 * hal::kMiB;
    bool explore = false; // drivers' interlocked instructions are schedule points
};

class BootedKernel {
public:
    explicit BootedKernel(BootOptions const& options = {}) : rooms(room_options(options)), m_thread(nullptr)
    {
        run_on_thread([] {});
    }

    // Runs `body` to its end; false when the machine ended or could not finish it.
    bool run_on_thread(std::function<void()> body)
    {
        return m_thread.execute(std::move(body)) == machine::Outcome::Done;
    }
    // Lets everything that is left to do happen.
    ke::Stop settle()
    {
        for (;;) {
            ke::Stop stop = rooms.kernel.run(sim::world().now_100ns() + 600'000'000);
            if (stop != ke::Stop::Requested)
                return stop;
        }
    }
    ke::BugCheckRecord const* crash() const { return rooms.kernel.crash(); }
    machine::HostThread& thread() { return m_thread; }

    machine::Rooms rooms;

private:
    static machine::RoomOptions room_options(BootOptions const& o)
    {
        machine::RoomOptions r;
        r.world.seed = o.seed;
        r.world.faults = o.faults;
        r.kernel.processors = o.processors;
        r.kernel.windows = o.windows;
        r.kernel.binding = o.binding;
        r.memory_bytes = o.memory_bytes;
        r.explore = o.explore;
        r.rules.set();
        return r;
    }

    machine::HostThread m_thread;
};

} // namespace ringside::test
