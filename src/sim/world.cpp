// SPDX-License-Identifier: MIT
#include "sim/world.h"

#include "base/check.h"

namespace ringside::sim {

World* g_world = nullptr;

World::World(WorldOptions const& options)
    : m_seed(options.seed)
    , m_faults(options.faults, m_random[static_cast<size_t>(Stream::Fault)])
    , m_log(options.log_capacity)
    , m_live_output(options.live_output)
{
    CHECK(!g_world, "one machine is live per process at a time");
    for (size_t i = 0; i < static_cast<size_t>(Stream::Count); ++i)
        m_random[i] = Random(m_seed, static_cast<Stream>(i));
    g_world = this;
}

World::~World() { g_world = nullptr; }

} // namespace ringside::sim
