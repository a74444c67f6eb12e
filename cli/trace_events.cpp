// SPDX-License-Identifier: MIT
// The trace event format that Chrome and Perfetto read: one object, "traceEvents" in order of time.
//
//   process 1  Processors: a track each; who ran there (B, E), inside it DPCs and ISRs
//   process 2  Threads: a track each; drivers' routines (B, E), calls into the kernel, prints, faults (i)
//   flow       IRP #n (s, t, f): from routine to routine in the order in which they had it
//
// `ts` counts microseconds of virtual time. Many events share one moment of it, and viewers want an order: each stands at
// least a nanosecond behind the one before.
#include "trace_file.h"

#include "text.h"

#include <fmt/format.h>

namespace ringside::cli {

namespace {

using sim::Event;

constexpr int kProcessors = 1;
constexpr int kThreads = 2;

class Writer {
public:
    explicit Writer(TraceModel const& model)
        : m_model(model)
        , m_at(model.steps.size())
    {
        uint64_t next = 0;
        for (TraceStep const& step : model.steps) {
            uint64_t const nanoseconds = std::max(next, step.time_100ns * 100);
            m_moments.push_back(nanoseconds);
            next = nanoseconds + 1;
        }
    }

    Json write()
    {
        names();
        for (TraceSegment const& segment : m_model.segments)
            if (!is_idle(segment.thread))
                add_slice(segment.first, segment.last, kProcessors, segment.processor,
                          fmt::format("thread {}", segment.thread), "thread", {});
        for (TraceBar const& bar : m_model.bars)
            add_slice(bar.first, bar.last, bar.on_processor ? kProcessors : kThreads, bar.lane, bar.name, bar.kind,
                      arguments(m_model.steps[bar.first]));
        for (TraceIrp const& irp : m_model.irps)
            add_flow(irp);
        for (size_t i = 0; i < m_model.steps.size(); ++i)
            add_instant(i);
        Json events = std::move(m_names);
        for (size_t i = 0; i < m_at.size(); ++i) {
            Here& here = m_at[i];
            for (auto at = here.begins.begin(); at != here.begins.end(); ++at)
                events.push_back(std::move(*at));
            for (Json& event : here.inside)
                events.push_back(std::move(event));
            for (auto at = here.ends.rbegin(); at != here.ends.rend(); ++at)
                events.push_back(std::move(*at));
        }
        return events;
    }

private:
    struct Here {
        std::vector<Json> begins, inside, ends; // outer ones first
    };

    bool is_idle(uint32_t thread) const
    {
        auto found = m_model.threads.find(thread);
        return found != m_model.threads.end() && found->second.idle;
    }

    Json at(size_t step, char const* phase, int process, uint32_t track) const
    {
        return {
            { "ph", phase }, { "ts", static_cast<double>(m_moments[step]) / 1000 }, { "pid", process }, { "tid", track }
        };
    }

    void names()
    {
        auto name = [&](char const* what, int process, uint32_t track, Json arguments) {
            m_names.push_back({ { "ph", "M" },
                                { "name", what },
                                { "pid", process },
                                { "tid", track },
                                { "ts", 0 },
                                { "args", std::move(arguments) } });
        };
        name("process_name", kProcessors, 0, { { "name", "Processors" } });
        name("process_name", kThreads, 0, { { "name", "Threads" } });
        name("process_sort_index", kProcessors, 0, { { "sort_index", 1 } });
        name("process_sort_index", kThreads, 0, { { "sort_index", 2 } });
        for (unsigned i = 0; i < m_model.processors; ++i)
            name("thread_name", kProcessors, i, { { "name", fmt::format("processor {}", i) } });
        for (auto const& [number, thread] : m_model.threads)
            name("thread_name", kThreads, number,
                 { { "name", fmt::format("thread {} {}", number, thread.idle ? "idle" : thread.process) } });
    }

    // A call is its innermost line; a routine the outermost, which inlined ones stand in.
    std::string place(int number, bool routine) const
    {
        if (number < 0)
            return {};
        TracePlaceLine const& line = m_model.places[static_cast<size_t>(number)];
        if (line.frames.empty())
            return fmt::format("{}+0x{:x}", m_model.images.at(line.key.image).name, line.key.rva);
        SourceFrame const& frame = routine ? line.frames.back() : line.frames.front();
        return fmt::format("{} {}:{}", frame.function, frame.file.substr(frame.file.rfind('/') + 1), frame.line);
    }

    Json arguments(TraceStep const& step) const
    {
        Json values { { "irql", step.irql }, { "processor", step.processor }, { "event", step.number } };
        if (std::string const from = place(step.call_place, false); !from.empty())
            values["called_at"] = from;
        if (std::string const routine = place(step.function_place, true); !routine.empty())
            values["routine"] = routine;
        return values;
    }

    void add_slice(size_t first, size_t last, int process, uint32_t track, std::string const& name,
                   std::string const& category, Json values)
    {
        Json begin = at(first, "B", process, track);
        begin["name"] = name;
        begin["cat"] = category;
        if (!values.is_null())
            begin["args"] = std::move(values);
        m_at[first].begins.push_back(std::move(begin));
        Json end = at(last, "E", process, track);
        m_at[last].ends.push_back(std::move(end));
    }

    // From routine to routine: an arrow binds to the slice that begins there.
    void add_flow(TraceIrp const& irp)
    {
        std::vector<std::pair<size_t, Json>> points;
        for (TraceRow const& row : irp.rows)
            if (row.kind == TraceRow::Kind::Down || row.kind == TraceRow::Kind::Up)
                if (TraceBar const* bar = m_model.bar_from(row.step))
                    points.push_back(
                        { row.step, at(row.step, "t", bar->on_processor ? kProcessors : kThreads, bar->lane) });
        if (points.size() < 2)
            return;
        points.front().second["ph"] = "s";
        points.back().second["ph"] = "f";
        points.back().second["bp"] = "e";
        for (auto& [step, event] : points) {
            event["name"] = fmt::format("IRP #{}", irp.number);
            event["cat"] = "irp";
            event["id"] = irp.number;
            m_at[step].inside.push_back(std::move(event));
        }
    }

    static char const* category(TraceStep const& step)
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
        case Event::Exception:
            return "error";
        case Event::IrpAllocated:
        case Event::IrpCompleted:
        case Event::IrpCancelled:
        case Event::IrpFreed:
            return "irp";
        case Event::DeviceCreated:
        case Event::DeviceDeleted:
        case Event::DriverLoaded:
        case Event::DriverUnloaded:
        case Event::Interrupt:
        case Event::TimerFired:
            return "machine";
        default:
            return nullptr;
        }
    }

    void add_instant(size_t i)
    {
        TraceStep const& step = m_model.steps[i];
        char const* what = category(step);
        if (!what)
            return;
        Json event = at(i, "i", kThreads, step.thread);
        event["name"] = plain_words(step.words);
        event["cat"] = what;
        event["s"] = step.what == Event::BugCheck ? "g" : "t";
        event["args"] = arguments(step);
        m_at[i].inside.push_back(std::move(event));
    }

    TraceModel const& m_model;
    std::vector<uint64_t> m_moments; // in nanoseconds, by step
    std::vector<Here> m_at;
    Json m_names = Json::array();
};

} // namespace

std::string trace_events(TraceModel const& model, uint64_t seed, Outcome const& outcome)
{
    Json document { { "displayTimeUnit", "ns" },
                    { "otherData",
                      { { "program", "ringside" },
                        { "seed", seed },
                        { "result", outcome_words(outcome) },
                        { "replay", outcome.replay },
                        { "events_lost", model.lost } } },
                    { "traceEvents", Writer(model).write() } };
    return document.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

} // namespace ringside::cli
