// SPDX-License-Identifier: MIT
#include "ke/ddi.h"

namespace ringside::ke {

std::span<Ddi const> ddi_rows()
{
    static std::vector<Ddi> const rows = [] {
        std::vector<Ddi> all;
        for (auto table :
             { object_rows(), processor_rows(), thread_rows(), topology_rows(), apc_rows(), kernel_queue_rows(),
               stack_rows(), extended_state_rows(), exception_rows(), debug_rows(), queue_rows(), data_rows(),
               interrupt_rows() })
            all.insert(all.end(), table.begin(), table.end());
        return all;
    }();
    return rows;
}

} // namespace ringside::ke
