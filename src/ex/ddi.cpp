// SPDX-License-Identifier: MIT
#include "ex/ddi.h"

#include <vector>

namespace ringside::ex {

std::span<Ddi const> ddi_rows()
{
    static std::vector<Ddi> const rows = [] {
        std::vector<Ddi> all;
        for (auto table : { pool_rows(), lock_rows(), list_rows(), service_rows(), trace_rows(), runtime_rows() })
            all.insert(all.end(), table.begin(), table.end());
        return all;
    }();
    return rows;
}

} // namespace ringside::ex
