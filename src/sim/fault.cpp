// SPDX-License-Identifier: MIT
#include "sim/fault.h"

namespace ringside::sim {

bool FaultDoor::should_fail(uint32_t site)
{
    if (m_closed)
        return false;
    ++m_asked;
    bool fail = false;
    switch (m_plan.kind) {
    case FaultPlan::Kind::None:
        break;
    case FaultPlan::Kind::Nth:
        fail = m_asked == m_plan.nth;
        break;
    case FaultPlan::Kind::Swarm:
        if (m_sites.size() <= site)
            m_sites.resize(site + 1);
        if (m_sites[site] == 0)
            m_sites[site] = m_stream.below(100) < m_plan.site_on_percent ? 2 : 1;
        fail = m_sites[site] == 2 && m_stream.below(100) < m_plan.fire_percent;
        break;
    }
    m_fired += fail;
    return fail;
}

} // namespace ringside::sim
