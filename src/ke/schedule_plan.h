// SPDX-License-Identifier: MIT
// A schedule that is given instead of drawn: for a search of all interleavings. While a kernel follows one, the turn passes
// to another processor (or, when none has anything to do, to a thread that waits for this one) only where the running
// thread cannot go on, where it spins, and at the schedule points that the plan names. Two threads so have as many
// interleavings as there are lists of points.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace ringside::ke {

struct SchedulePlan {
    std::vector<uint32_t> preempt_at; // schedule points, counted from 1 since the plan was given, ascending

    // What happened.
    uint32_t points = 0;              // schedule points passed
    std::vector<uint32_t> choices;    // those at which the turn could have passed
    size_t followed = 0;              // entries of preempt_at that came about
};

} // namespace ringside::ke
