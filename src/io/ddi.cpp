// SPDX-License-Identifier: MIT
#include "io/ddi.h"

#include <vector>

namespace ringside::io {

std::span<Ddi const> ddi_rows()
{
    static std::vector<Ddi> const rows = [] {
        std::vector<Ddi> all;
        for (auto table : { irp_rows(), device_rows(), service_rows(), mark_rows(), file_rows(), file_service_rows(),
                           directory_rows(), lock_rows(), ea_rows(), quota_rows(), path_rows(), interrupt_rows(), wmi_rows(),
                           wmilib_rows(), disk_rows(), ksr_rows() })
            all.insert(all.end(), table.begin(), table.end());
        return all;
    }();
    return rows;
}

} // namespace ringside::io
