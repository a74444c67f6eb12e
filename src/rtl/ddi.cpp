// SPDX-License-Identifier: MIT
// All rows of the room as one table.
#include "rtl/ddi.h"

#include <vector>

namespace ringside::rtl {

std::span<Ddi const> ddi_rows()
{
    static std::vector<Ddi> const rows = [] {
        std::vector<Ddi> all;
        for (auto part : { string_rows(), conversion_rows(), c_library_rows(), data_rows(), file_rows(), system_rows(),
                           network_rows(), range_rows(), security_rows() })
            all.insert(all.end(), part.begin(), part.end());
        return all;
    }();
    return rows;
}

} // namespace ringside::rtl
