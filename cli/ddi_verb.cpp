// SPDX-License-Identifier: MIT
#include "ddi_verb.h"

#include "first_windows.h"
#include "plan_options.h"
#include "services.h"
#include "terminal.h"
#include "text.h"
#include "usage.h"

#include "base/check.h"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <iostream>
#include <map>

namespace ringside::cli {

namespace {

using Json = nlohmann::ordered_json;

// The highest level of a device's interrupt: what the pages call DIRQL when they set a limit.
constexpr uint8_t kHighestDeviceIrql = 12;

std::string level_name(uint8_t irql) { return irql == kHighestDeviceIrql ? "DIRQL" : irql_name(irql); }

std::string irql_words(IrqlRange range)
{
    if (range.lowest == range.highest)
        return level_name(range.lowest);
    if (range.lowest == 0)
        return "up to " + level_name(range.highest);
    return fmt::format("{} to {}", level_name(range.lowest), level_name(range.highest));
}

std::string windows_words(Ddi const& row)
{
    std::string words(windows_profile(row.since).name);
    if (row.until != Windows::never)
        words += fmt::format(", until {}", windows_profile(row.until).name);
    return words;
}

std::string fail_words(Ddi const& row)
{
    switch (row.fail) {
    case Fail::Never:
        return "never";
    case Fail::Null:
        return "returns NULL";
    case Fail::False:
        return "returns FALSE";
    case Fail::Status:
        return "returns " + status_name(row.fail_status);
    case Fail::Raise:
        return "raises " + status_name(row.fail_status);
    case Fail::Inside:
        return "returns " + status_name(row.fail_status) + " where it takes memory";
    }
    return "?";
}

std::string page_address(std::string_view page)
{
    return fmt::format("https://learn.microsoft.com/windows-hardware/drivers/ddi/{}", page);
}

void print_row(Ddi const& row)
{
    Terminal terminal;
    terminal.line("name", fmt::format("{}!{}{}", dll_name(row.dll), row.name, row.data ? " (data)" : ""));
    if (row.declined)
        terminal.line("works", fmt::format("no, declined: {}", row.declined), Tone::Bad);
    else
        terminal.line("works", row.partial ? fmt::format("in part: {}", row.partial) : std::string("yes"));
    terminal.line("irql", irql_words(row.irql));
    terminal.line("since", windows_words(row));
    terminal.line("fails", fail_words(row));
    if (*row.rules)
        terminal.line("rules", row.rules);
    terminal.line("page", row.page ? page_address(row.page) : "none");
    if (row.because)
        terminal.line("because", row.because);
}

char const* coverage_word(Ddi const& row)
{
    switch (row.coverage()) {
    case Coverage::Works:
        return "works";
    case Coverage::Partial:
        return "partial";
    case Coverage::Declined:
        return "declined";
    }
    return "?";
}

// One line per export of the kernel, in name order: what Windows exports and what Ringside has besides.
void print_list()
{
    struct Line {
        std::string dll;
        std::string_view coverage;
    };
    std::map<std::string_view, Line> lines;
    std::map<std::string_view, size_t> counts;
    for (auto const& [name, facts] : kernel_exports())
        lines[name] = { std::string(facts.dll), "missing" };
    for (Ddi const* row : all_services())
        lines[row->name] = { dll_name(row->dll), coverage_word(*row) };
    Terminal terminal;
    for (auto const& [name, line] : lines) {
        ++counts[line.coverage];
        terminal.plain_line(fmt::format("{} {} {}", line.dll, name, line.coverage));
    }
    terminal.plain_line(fmt::format("{} exports: {} work, {} in part, {} declined, {} missing", lines.size(),
                                    counts["works"], counts["partial"], counts["declined"], counts["missing"]),
                        Tone::Strong);
}

Json text_or_null(char const* text) { return text ? Json(text) : Json(nullptr); }

// The row itself, for the audit (tools/ddi_audit.py) and the page of all rows (tools/ddi_page.py).
Json row_json(Ddi const& row)
{
    Json rules = Json::array();
    if (*row.rules)
        for (std::string_view rule : split(row.rules, ','))
            rules.push_back(rule);
    return { { "name", row.name },
             { "dll", dll_name(row.dll) },
             { "data", !row.body.invoke && !row.body.straight && !row.declined },
             { "irql_lowest", row.irql.lowest },
             { "irql_highest", row.irql.highest },
             { "since", windows_profile(row.since).name },
             { "until", row.until == Windows::never ? Json(nullptr) : Json(windows_profile(row.until).name) },
             { "fails", fail_words(row) },
             { "rules", std::move(rules) },
             { "page", text_or_null(row.page) },
             { "partial", text_or_null(row.partial) },
             { "declined", text_or_null(row.declined) },
             { "because", text_or_null(row.because) } };
}

void print_json(Json const& document) { std::cout << document.dump(2) << '\n'; }

// Names that hold the word, whatever the case of its letters.
std::vector<std::string> similar(std::string_view word)
{
    constexpr size_t kMost = 8;
    auto same = [](char a, char b) {
        return std::tolower(static_cast<unsigned char>(a)) == std::tolower(static_cast<unsigned char>(b));
    };
    std::vector<std::string> names;
    for (Ddi const* row : all_services()) {
        std::string_view name = row->name;
        if (names.size() < kMost && std::search(name.begin(), name.end(), word.begin(), word.end(), same) != name.end())
            names.emplace_back(name);
    }
    return names;
}

int print_one(std::string const& name, bool json)
{
    if (Ddi const* row = service(name)) {
        json ? print_json(row_json(*row)) : print_row(*row);
        return row->declined ? kExitServiceMissing : kExitClean;
    }
    if (auto facts = export_facts(name)) {
        if (json) {
            print_json({ { "name", name },
                         { "dll", facts->dll },
                         { "missing", true },
                         { "since", facts->since ? Json(windows_profile(*facts->since).name) : Json(nullptr) } });
            return kExitServiceMissing;
        }
        Terminal terminal;
        terminal.line("name", fmt::format("{}!{}", facts->dll, name));
        terminal.line("works", "no: Ringside does not have it", Tone::Bad);
        terminal.line("since", facts->since ? windows_profile(*facts->since).name : "no page says");
        return kExitServiceMissing;
    }
    auto names = similar(name);
    usage("no service is named '{}'{}", harmless(name), names.empty() ? "" : "; there are: " + join(names, ", "));
}

} // namespace

int ddi_verb(std::vector<std::string> const& arguments)
{
    CLI::App app("Shows the contract of a service that drivers import.", "ringside ddi");
    std::string name;
    bool list = false;
    bool json = false;
    app.add_option("name", name, "An export's name, as IoCreateDevice");
    app.add_flag("--list", list, "Every export of the kernel, a line for each: works, partial, declined or missing");
    app.add_flag("--json", json, "The rows themselves, as one JSON document");
    try {
        app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
    } catch (CLI::CallForHelp const&) {
        std::cout << app.help();
        throw ShownHelp {};
    } catch (CLI::ParseError const& error) {
        usage("{}", harmless(error.what()));
    }
    if (list == !name.empty())
        usage("give a name, or --list");
    if (!list)
        return print_one(name, json);
    if (json) {
        Json rows = Json::array();
        for (Ddi const* row : all_services())
            rows.push_back(row_json(*row));
        print_json(rows);
    } else
        print_list();
    return kExitClean;
}

} // namespace ringside::cli
