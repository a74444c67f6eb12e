// SPDX-License-Identifier: MIT
#include "first_windows.h"

#include "text.h"

#include "ldr/exports.h"

extern "C" char const ringside_kernel_exports_csv[], ringside_kernel_exports_csv_end[];
extern "C" char const ringside_other_exports_csv[], ringside_other_exports_csv_end[];

namespace ringside::cli {

namespace {

using Table = std::map<std::string_view, ExportFacts>;

// The column of the first version is the last one in both tables.
void add_rows(Table& table, std::string_view text)
{
    bool header = true;
    for (std::string_view line : split(text, '\n')) {
        if (line.empty() || line.starts_with('#'))
            continue;
        auto columns = split(line, ',');
        if (!header && columns.size() >= 3)
            table.emplace(columns[1], ExportFacts { columns[0], windows_by_name(columns.back()) });
        header = false;
    }
}

Table const& table()
{
    static Table const table = [] {
        Table rows;
        add_rows(rows, { ringside_kernel_exports_csv, ringside_kernel_exports_csv_end });
        add_rows(rows, { ringside_other_exports_csv, ringside_other_exports_csv_end });
        return rows;
    }();
    return table;
}

} // namespace

Table const& kernel_exports()
{
    static Table const table = [] {
        Table rows;
        add_rows(rows, { ringside_kernel_exports_csv, ringside_kernel_exports_csv_end });
        std::erase_if(rows, [](auto const& row) { return !ldr::ExportTable::is_kernel_module(row.second.dll); });
        return rows;
    }();
    return table;
}

std::optional<ExportFacts> export_facts(std::string_view name)
{
    auto found = table().find(name);
    if (found == table().end())
        return std::nullopt;
    return found->second;
}

} // namespace ringside::cli
