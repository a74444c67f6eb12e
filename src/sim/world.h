// SPDX-License-Identifier: MIT
// The world of one machine: its seed and streams, virtual time, the event log, the fault door. One world is live per
// process at a time; rooms reach it through world().
#pragma once

#include "sim/fault.h"
#include "sim/log.h"
#include "sim/random.h"

#include <cstdint>

namespace ringside::sim {

struct WorldOptions {
    uint64_t seed = 1;
    FaultPlan faults {};
    size_t log_capacity = 1 << 16;
    bool live_output = false;
};

class World {
public:
    explicit World(WorldOptions const& options);
    ~World();
    World(World const&) = delete;
    World& operator=(World const&) = delete;

    Random& random(Stream stream) { return m_random[static_cast<size_t>(stream)]; }
    FaultDoor& faults() { return m_faults; }
    Log& log() { return m_log; }
    uint64_t seed() const { return m_seed; }
    bool live_output() const { return m_live_output; }

    // Virtual time since boot, in 100 ns units. It moves by calls into the kernel, by stalls, and by jumps to the next
    // timer when every processor is idle.
    uint64_t now_100ns() const { return m_now; }
    void advance_100ns(uint64_t amount) { m_now += amount; }

    // Set when a signal had to pre-empt a driver: the run cannot be replayed, and says so.
    bool replayable() const { return m_replayable; }
    void not_replayable() { m_replayable = false; }

private:
    uint64_t m_seed;
    Random m_random[static_cast<size_t>(Stream::Count)];
    FaultDoor m_faults;
    Log m_log;
    uint64_t m_now = 0;
    bool m_replayable = true;
    bool m_live_output;
};

extern World* g_world;
inline World& world() { return *g_world; }

} // namespace ringside::sim
