// SPDX-License-Identifier: MIT
// A search of all interleavings with a bounded number of pre-emptions: the schedule without any is run first; at each point
// at which another processor had something to do, one more pre-emption makes a new schedule. Each schedule is run once.
#pragma once

#include "ke/schedule_plan.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

namespace ringside::test {

// `run` follows the plan, and says whether to go on. The number of schedules that were run.
inline uint64_t search_schedules(size_t preemptions, std::function<bool(ke::SchedulePlan&)> const& run,
                                 std::vector<uint32_t> const& preempt_at = {})
{
    ke::SchedulePlan plan { .preempt_at = preempt_at };
    uint64_t count = 1;
    if (!run(plan) || preempt_at.size() == preemptions)
        return count;
    for (uint32_t point : plan.choices) {
        if (!preempt_at.empty() && point <= preempt_at.back())
            continue;
        std::vector<uint32_t> next = preempt_at;
        next.push_back(point);
        count += search_schedules(preemptions, run, next);
    }
    return count;
}

} // namespace ringside::test
