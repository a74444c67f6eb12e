// SPDX-License-Identifier: MIT
#include "machine/views.h"

#include "nt/status.h"

#include <algorithm>
#include <fmt/format.h>

namespace ringside::machine {

using Json = nlohmann::ordered_json;

static std::string end_name(Report::End end)
{
    switch (end) {
    case Report::End::Clean:
        return "clean";
    case Report::End::Leaks:
        return "leaks";
    case Report::End::BugCheck:
        return "bug-check";
    case Report::End::MissingService:
        return "missing-service";
    case Report::End::Hung:
        return "hung";
    }
    return "?";
}

Json imports_json(std::vector<ImportLine> const& imports)
{
    Json list = Json::array();
    for (ImportLine const& import : imports) {
        using Served = ImportLine::Served;
        list.push_back({ { "dll", import.dll },
                         { "name", import.name },
                         { "served",
                           import.served == Served::Works         ? "works"
                               : import.served == Served::Partial ? "partial"
                                                                  : "missing" },
                         { "words", import.words } });
    }
    return list;
}

Json report_json(Report const& report)
{
    Json trace = Json::array();
    for (TraceLine const& line : report.trace)
        trace.push_back(
            { { "address", line.address }, { "module", line.module }, { "path", line.path }, { "rva", line.rva } });
    return {
        { "kind", "report" },
        { "end", end_name(report.end) },
        { "exit_code", report.exit_code },
        { "code", report.code },
        { "code_name", report.code_name },
        { "parameters", report.parameters },
        { "words", report.words },
        { "rule", report.rule },
        { "service", report.service },
        { "processor", report.processor },
        { "irql", report.irql },
        { "thread", report.thread },
        { "trace", std::move(trace) },
        { "leaks", report.leaks },
        { "said", report.said },
        { "missing", report.missing },
        { "events", report.events },
        { "hash", report.hash },
        { "faults_injected", report.faults_injected },
        { "fallible_calls", report.fallible_calls },
        { "virtual_seconds", report.virtual_seconds },
        { "replayable", report.replayable },
        { "seed", report.seed },
    };
}

std::string status_name(int32_t status)
{
    auto const* end = std::end(nt::kStatusNames);
    auto const* found = std::lower_bound(
        std::begin(nt::kStatusNames), end, static_cast<uint32_t>(status),
        [](nt::StatusName const& row, uint32_t wanted) { return static_cast<uint32_t>(row.status) < wanted; });
    if (found != end && found->status == status)
        return found->name;
    return fmt::format("0x{:08X}", static_cast<uint32_t>(status));
}

} // namespace ringside::machine
