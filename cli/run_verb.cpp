// SPDX-License-Identifier: MIT
#include "run_verb.h"

#include "plan_options.h"
#include "run_view.h"
#include "symbols.h"
#include "text.h"
#include "trace_file.h"
#include "usage.h"

#include "base/check.h"
#include "nt/bugcheck.h"
#include "sim/child_process.h"

#include <algorithm>
#include <optional>

namespace ringside::cli {

namespace {

constexpr size_t kLastWordsMax = 20;
// How a failed CHECK begins what it prints (base/check.h).
constexpr std::string_view kBrokenPromise = "Ringside broke its own promise";

// Hears one run: shows what happens, and keeps what the end will need.
class Listener {
public:
    // `trace`: null where none is wanted.
    Listener(View& view, TraceCollector* trace)
        : m_view(view)
        , m_trace(trace)
    {
    }

    void record(Json const& record)
    {
        if (m_trace && m_trace->record(record))
            return;
        std::string kind = record.at("kind");
        if (kind == "phase")
            m_outcome.during = record.at("words");
        else if (kind == "refused")
            m_outcome.refused = record.at("words");
        else if (kind == "report")
            m_outcome.report = record;
        else
            m_view.record(record);
        if (kind == "driver")
            m_outcome.drivers.push_back(record);
    }

    void text(std::string_view text)
    {
        m_view.said(text);
        m_line += text;
        for (size_t end; (end = m_line.find('\n')) != std::string::npos; m_line.erase(0, end + 1))
            keep(m_line.substr(0, end));
    }

    Outcome& outcome()
    {
        if (!m_line.empty())
            keep(std::exchange(m_line, {}));
        return m_outcome;
    }

private:
    void keep(std::string line)
    {
        if (line.empty())
            return;
        if (m_outcome.last_words.size() == kLastWordsMax)
            m_outcome.last_words.erase(m_outcome.last_words.begin());
        m_outcome.last_words.push_back(std::move(line));
    }

    View& m_view;
    TraceCollector* m_trace;
    Outcome m_outcome;
    std::string m_line;
};

Json frames_json(SymbolQuery const& query)
{
    Json frames = Json::array();
    for (SourceFrame const& frame : query.frames)
        frames.push_back({ { "function", frame.function },
                           { "file", frame.file },
                           { "line", frame.line },
                           { "inlined", frame.inlined } });
    return frames;
}

// Whether the trace's first line is an instruction that faulted or was pre-empted. Every other line is a return
// address, and so is the first where the driver had called the kernel.
bool stopped_at_instruction(uint32_t code, std::vector<uint64_t> const& parameters, uint64_t first)
{
    switch (code) {
    case nt::IRQL_NOT_LESS_OR_EQUAL: // in the kernel, on the driver's behalf
        return false;
    case nt::UNEXPECTED_KERNEL_MODE_TRAP:
    case nt::CLOCK_WATCHDOG_TIMEOUT:
    case nt::DPC_WATCHDOG_VIOLATION:
    case nt::KERNEL_SECURITY_CHECK_FAILURE:
        return true;
    default:
        return std::find(parameters.begin(), parameters.end(), first) != parameters.end();
    }
}

// Adds to the report what drivers' symbols tell: a name for each line of the trace, and "places": those of the bug
// check's parameters that point into a driver.
void add_symbols(Json& report, std::vector<Json> const& drivers)
{
    auto& trace = report.at("trace");
    auto parameters = report.at("parameters").get<std::vector<uint64_t>>();
    uint64_t first = trace.empty() ? 0 : trace[0].at("address").get<uint64_t>();
    std::vector<SymbolQuery> queries;
    bool faulted = stopped_at_instruction(report.at("code"), parameters, first);
    for (auto const& line : trace)
        queries.push_back(
            { .path = line.at("path"), .rva = line.at("rva"), .return_address = !queries.empty() || !faulted });
    Json places = Json::array();
    for (size_t i = 0; i < parameters.size(); ++i)
        for (Json const& driver : drivers) {
            uint64_t rva = parameters[i] - driver.at("base").get<uint64_t>();
            if (rva >= driver.at("size").get<uint64_t>() || parameters[i] == first)
                continue;
            places.push_back({ { "parameter", i + 1 }, { "module", driver.at("name") }, { "rva", rva } });
            queries.push_back({ .path = driver.at("path"), .rva = rva });
        }
    symbolize(queries);
    for (size_t i = 0; i < trace.size(); ++i)
        trace[i]["frames"] = frames_json(queries[i]);
    for (size_t i = 0; i < places.size(); ++i)
        places[i]["frames"] = frames_json(queries[trace.size() + i]);
    report["places"] = std::move(places);
}

// Why there is no report, or why the report is not to be believed; empty if all is well.
std::string death_words(sim::ChildEnd const& end, Outcome const& outcome, double timeout_seconds)
{
    using How = sim::ChildEnd::How;
    if (end.how == How::TimedOut)
        return fmt::format("the run did not end within {} s of the host's time and was stopped", timeout_seconds);
    if (end.how == How::Signalled)
        return fmt::format("the machine's process died of {}", sim::signal_name(end.code));
    if (end.code == kExitOurBug) {
        for (std::string const& line : outcome.last_words)
            if (line.starts_with(kBrokenPromise))
                return line;
        return std::string(kBrokenPromise);
    }
    bool told = !outcome.report.is_null() || !outcome.refused.empty();
    if (!told)
        return fmt::format("the machine's process ended with exit code {} and without a report", end.code);
    if (!outcome.report.is_null() && outcome.report.at("exit_code") != end.code)
        return fmt::format("the machine's process ended with exit code {} after its report", end.code);
    return {};
}

Outcome run_in_process(RunPlan const& plan, uint64_t seed, View& view, TraceCollector* trace)
{
    Listener listener(view, trace);
    int code = run_machine(plan, seed, [&](Json const& record) { listener.record(record); });
    Outcome& outcome = listener.outcome();
    outcome.exit_code = code;
    return outcome;
}

Outcome run_in_own_process(RunPlan const& plan, uint64_t seed, View& view, TraceCollector* trace)
{
    Listener listener(view, trace);
    sim::RecordReader reader;
    reader.on_text = [&](std::string_view text) { listener.text(text); };
    reader.on_record = [&](std::string_view bytes) {
        Json record = Json::parse(bytes, nullptr, false);
        if (record.is_object())
            listener.record(record);
    };
    auto body = [&](sim::RecordPipe const& pipe) {
        return run_machine(plan, seed, [&](Json const& record) {
            pipe.send(record.dump(-1, ' ', false, Json::error_handler_t::replace));
        });
    };
    sim::ChildEnd end = sim::run_in_child(body, reader, plan.timeout_seconds);
    Outcome& outcome = listener.outcome();
    outcome.exit_code = end.code;
    outcome.death = death_words(end, outcome, plan.timeout_seconds);
    if (!outcome.death.empty()) {
        outcome.exit_code = end.how == sim::ChildEnd::How::TimedOut ? kExitDriverBrokeARule : kExitOurBug;
    }
    return outcome;
}

} // namespace

int run_verb(std::string const& program, std::vector<std::string> const& arguments)
{
    RunPlan plan = parse_run(program, arguments);
    auto view = plan.json ? make_json_view(plan) : make_text_view(plan);
    int exit_code = kExitClean;
    for (uint64_t seed = plan.seed_first;; ++seed) {
        std::optional<TraceCollector> trace;
        if (!plan.trace.empty())
            trace.emplace();
        auto const run = plan.in_process ? run_in_process : run_in_own_process;
        Outcome outcome = run(plan, seed, *view, trace ? &*trace : nullptr);
        exit_code = outcome.exit_code;
        if (!outcome.report.is_null())
            add_symbols(outcome.report, outcome.drivers);
        if (exit_code != kExitClean && outcome.refused.empty())
            outcome.replay = replay_command(plan, seed);
        view->end(seed, outcome);
        if (!outcome.refused.empty()) {
            if (plan.json)
                view->finish(exit_code);
            throw Usage(outcome.refused);
        }
        bool const last = exit_code != kExitClean || seed == plan.seed_last;
        if (trace && last)
            write_trace(plan.trace, trace->finish(), seed, outcome);
        if (last)
            break;
    }
    view->finish(exit_code);
    return exit_code;
}

} // namespace ringside::cli
