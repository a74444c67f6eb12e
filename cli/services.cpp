// SPDX-License-Identifier: MIT
#include "services.h"

#include "machine/rows.h"

#include <algorithm>

namespace ringside::cli {

namespace {

bool earlier(Ddi const* row, std::string_view name) { return row->name < name; }

} // namespace

std::vector<Ddi const*> const& all_services()
{
    static std::vector<Ddi const*> const services = [] {
        std::vector<Ddi const*> rows;
        for (auto room : machine::all_rows())
            for (Ddi const& row : room)
                rows.push_back(&row);
        std::sort(rows.begin(), rows.end(), [](Ddi const* a, Ddi const* b) { return earlier(a, b->name); });
        return rows;
    }();
    return services;
}

Ddi const* service(std::string_view name)
{
    auto const& rows = all_services();
    auto found = std::lower_bound(rows.begin(), rows.end(), name, earlier);
    return found != rows.end() && (*found)->name == name ? *found : nullptr;
}

} // namespace ringside::cli
