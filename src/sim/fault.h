// SPDX-License-Identifier: MIT
// The one fault door. Everything that can fail on Windows asks here before it runs; the gates ask for every contract row
// that can fail, and bodies with an inner resource ask by site name. A plan says which askings fail: none, the n-th,
// or a swarm in which each site is switched on for the whole run with some probability and then fires with another.
#pragma once

#include "sim/random.h"

#include <cstdint>
#include <vector>

namespace ringside::sim {

struct FaultPlan {
    enum class Kind : uint8_t { None, Nth, Swarm } kind = Kind::None;
    uint64_t nth = 0;             // Nth: the asking that fails, from 1; only that one
    uint32_t site_on_percent = 0; // Swarm
    uint32_t fire_percent = 0;    // Swarm
};

class FaultDoor {
public:
    FaultDoor(FaultPlan plan, Random& stream) : m_plan(plan), m_stream(stream) {}

    bool armed() const { return m_plan.kind != FaultPlan::Kind::None && !m_closed; }
    // Whether this asking of `site` (an export's number) fails. Counts every asking, also under no plan.
    bool should_fail(uint32_t site);
    // Askings so far: the n that an exhaustive test has to reach.
    uint64_t asked() const { return m_asked; }
    uint64_t fired() const { return m_fired; }
    // After the storm: no more faults, so that the end of a run can be judged.
    void close() { m_closed = true; }

private:
    FaultPlan m_plan;
    Random& m_stream;
    uint64_t m_asked = 0;
    uint64_t m_fired = 0;
    bool m_closed = false;
    std::vector<uint8_t> m_sites; // Swarm: 0 not drawn, 1 off, 2 on
};

} // namespace ringside::sim
