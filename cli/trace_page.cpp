// SPDX-License-Identifier: MIT
// The page: cli/trace/page.html with style, script and the run's data put in. It is one file that asks nobody for
// anything. What drivers say reaches it only as JSON without a '<', and the script only ever sets text.
#include "trace_file.h"

#include "text.h"

#include "base/check.h"
#include "nt/status.h"
#include "usage.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <unistd.h>

extern "C" char const ringside_trace_html[], ringside_trace_html_end[];
extern "C" char const ringside_trace_css[], ringside_trace_css_end[];
extern "C" char const ringside_trace_js[], ringside_trace_js_end[];

namespace ringside::cli {

namespace {

using sim::Event;

char const* step_kind(TraceStep const& step)
{
    if (step.is_call())
        return "call";
    switch (step.what) {
    case Event::DebugPrint:
    case Event::Trace:
    case Event::Note:
        return "print";
    case Event::FaultInjected:
        return "fault";
    case Event::BugCheck:
        return "bugcheck";
    case Event::Exception:
        return "exception";
    case Event::DispatchEnter:
    case Event::CompletionEnter:
    case Event::DpcEnter:
    case Event::CallbackEnter:
        return "enter";
    case Event::DispatchReturn:
    case Event::CompletionReturn:
    case Event::DpcReturn:
    case Event::CallbackReturn:
        return "leave";
    case Event::IrpAllocated:
    case Event::IrpFreed:
    case Event::IrpCompleted:
    case Event::IrpCancelled:
        return "irp";
    case Event::ThreadSwitch:
    case Event::ProcessorSwitch:
        return "switch";
    default:
        return "machine";
    }
}

uint32_t irp_of(TraceStep const& step)
{
    switch (step.what) {
    case Event::DispatchEnter:
    case Event::DispatchReturn:
    case Event::CompletionEnter:
    case Event::CompletionReturn:
    case Event::IrpAllocated:
    case Event::IrpFreed:
    case Event::IrpCompleted:
    case Event::IrpCancelled:
        return step.subject;
    default:
        return 0;
    }
}

Json place_json(TraceModel const& model, TracePlaceLine const& line)
{
    std::string const image = model.images.at(line.key.image).name;
    Json frames = Json::array();
    for (SourceFrame const& frame : line.frames)
        frames.push_back({ frame.function, frame.file.substr(frame.file.rfind('/') + 1), frame.line, frame.file });
    return { image, fmt::format("0x{:x}", line.key.rva), std::move(frames) };
}

// Each stack from top to bottom, in order of its lowest device.
Json stacks_json(TraceModel const& model)
{
    std::map<uint32_t, uint32_t> above; // the last that was attached
    for (auto const& [number, device] : model.devices)
        if (device.below)
            above[device.below] = number;
    Json stacks = Json::array();
    for (auto const& [number, device] : model.devices) {
        if (device.below && model.devices.contains(device.below))
            continue;
        Json stack = Json::array();
        for (uint32_t at = number; at; at = above.contains(at) ? above.at(at) : 0)
            stack.insert(stack.begin(), at);
        stacks.push_back(std::move(stack));
    }
    return stacks;
}

Json irp_json(TraceIrp const& irp)
{
    Json rows = Json::array();
    for (TraceRow const& row : irp.rows)
        rows.push_back({ name_of(row.kind), row.step, row.from, row.to,
                         row.has_status ? Json(status_name(row.status)) : Json(nullptr) });
    return { { "n", irp.number },
             { "what", irp.what },
             { "major", irp.major },
             { "columns", irp.columns },
             { "rows", std::move(rows) },
             { "first", irp.first },
             { "last", irp.last },
             { "pended", irp.pended },
             { "cancelled", irp.cancelled },
             { "completed", irp.completed },
             { "freed", irp.freed },
             { "status", irp.completed ? Json(status_name(irp.status)) : Json(nullptr) },
             { "failed", irp.completed && irp.status < 0 },
             { "information", irp.information } };
}

Json meta_json(TraceModel const& model, uint64_t seed, Outcome const& outcome)
{
    Json meta { { "version", RINGSIDE_VERSION },
                { "seed", seed },
                { "clean", outcome.exit_code == kExitClean },
                { "result", outcome_words(outcome) },
                { "exit_code", outcome.exit_code },
                { "replay", outcome.replay },
                { "death", outcome.death },
                { "during", outcome.exit_code == kExitClean ? "" : outcome.during },
                { "lost", model.lost },
                { "kept", model.steps.size() } };
    if (model.machine.is_object())
        for (char const* key : { "windows", "processors", "checks", "faults", "explore" })
            meta[key] = model.machine.at(key);
    if (outcome.report.is_object()) {
        for (char const* key : { "words", "rule", "leaks", "events", "virtual_seconds", "faults_injected" })
            meta[key] = outcome.report.at(key);
        meta["hash"] = fmt::format("{:016x}", outcome.report.at("hash").get<uint64_t>());
    }
    return meta;
}

Json data_json(TraceModel const& model, uint64_t seed, Outcome const& outcome)
{
    Json data { { "meta", meta_json(model, seed, outcome) } };
    Json& drivers = data["drivers"] = Json::array();
    for (Json const& driver : outcome.drivers)
        drivers.push_back(driver.at("name"));
    Json& devices = data["devices"] = Json::array();
    for (auto const& [number, device] : model.devices)
        devices.push_back(
            { { "n", number }, { "name", device.name }, { "driver", device.driver }, { "links", device.links } });
    data["stacks"] = stacks_json(model);
    Json& threads = data["threads"] = Json::array();
    for (auto const& [number, thread] : model.threads)
        threads.push_back({ { "n", number },
                            { "process", thread.process },
                            { "client", thread.client },
                            { "idle", thread.idle },
                            { "routine", thread.routine } });
    Json& places = data["places"] = Json::array();
    for (TracePlaceLine const& line : model.places)
        places.push_back(place_json(model, line));
    Json& steps = data["steps"] = Json::array();
    for (TraceStep const& step : model.steps)
        steps.push_back({ step.time_100ns, step_kind(step), step.processor, step.irql, step.thread,
                          plain_words(step.words), step.call_place, step.function_place, irp_of(step),
                          static_cast<int>(step.pending) });
    Json& segments = data["segments"] = Json::array();
    for (TraceSegment const& segment : model.segments)
        segments.push_back({ segment.processor, segment.thread, segment.first, segment.last });
    Json& bars = data["bars"] = Json::array();
    for (TraceBar const& bar : model.bars)
        bars.push_back({ static_cast<int>(bar.on_processor), bar.lane, bar.depth, bar.first, bar.last, bar.kind,
                         bar.name, bar.irp, static_cast<int>(bar.left) });
    Json& irps = data["irps"] = Json::array();
    for (TraceIrp const& irp : model.irps)
        irps.push_back(irp_json(irp));
    return data;
}

// JSON that can stand in a script element: no text of a driver's can end it.
std::string for_script(Json const& data)
{
    std::string text;
    for (char c : data.dump(-1, ' ', true, Json::error_handler_t::replace))
        switch (c) {
        case '<':
            text += "\\u003c";
            break;
        case '>':
            text += "\\u003e";
            break;
        case '&':
            text += "\\u0026";
            break;
        default:
            text += c;
        }
    return text;
}

void put(std::string& page, std::string_view mark, std::string_view text)
{
    size_t const at = page.find(mark);
    CHECK(at != page.npos, "the page lacks a mark");
    page.replace(at, mark.size(), text);
}

} // namespace

TraceAs check_trace_file(std::string const& path)
{
    auto ends = [&](std::string_view ending) { return path.size() > ending.size() && path.ends_with(ending); };
    if (!ends(".html") && !ends(".json"))
        usage("--trace: {}: a trace is a page (.html) or a file for Perfetto and Chrome (.json)", harmless(path));
    bool const there = access(path.c_str(), F_OK) == 0;
    int const file = open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
    if (file < 0)
        usage("--trace: {}: {}", harmless(path), std::strerror(errno));
    close(file);
    if (!there)
        (void)unlink(path.c_str());
    return ends(".html") ? TraceAs::Page : TraceAs::Events;
}

std::string outcome_words(Outcome const& outcome)
{
    if (!outcome.death.empty())
        return outcome.death;
    if (!outcome.refused.empty())
        return outcome.refused;
    if (!outcome.report.is_object())
        return "no report";
    Json const& report = outcome.report;
    std::string const end = report.at("end");
    if (end == "bug-check")
        return fmt::format("bug check 0x{:X} {}", report.at("code").get<uint64_t>(),
                           report.at("code_name").get<std::string>());
    if (end == "missing-service")
        return fmt::format("the driver called {}, which Ringside does not have",
                           report.at("service").get<std::string>());
    if (end == "leaks")
        return "the driver left things behind";
    if (outcome.exit_code != kExitClean)
        return report.at("words");
    return end == "hung" ? "the driver hung" : "clean";
}

std::string trace_page(TraceModel const& model, uint64_t seed, Outcome const& outcome)
{
    std::string page(ringside_trace_html, ringside_trace_html_end);
    put(page, "/*style*/", { ringside_trace_css, ringside_trace_css_end });
    put(page, "/*script*/", { ringside_trace_js, ringside_trace_js_end });
    put(page, "/*data*/", for_script(data_json(model, seed, outcome)));
    return page;
}

void write_trace(std::string const& path, TraceModel const& model, uint64_t seed, Outcome const& outcome)
{
    bool const page = check_trace_file(path) == TraceAs::Page;
    try {
        write_output_file(path, page ? trace_page(model, seed, outcome) : trace_events(model, seed, outcome));
    } catch (BadUse const& bad) {
        usage("--trace: {}", bad.what());
    }
}

} // namespace ringside::cli
