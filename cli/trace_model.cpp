// SPDX-License-Identifier: MIT
#include "trace_model.h"

#include "ke/door.h"

#include <fmt/format.h>

#include <algorithm>

namespace ringside::cli {

using sim::Event;

bool TraceCollector::record(Json const& record)
{
    std::string const kind = record.at("kind");
    if (kind == "trace-event")
        add_step(record.at("e"));
    else if (kind == "trace-image")
        m_model.images[record.at("number")] = { record.at("name"), record.at("path") };
    else if (kind == "trace-thread") {
        TraceThreadLine line { record.at("number"), record.at("process"), record.at("client"), record.at("idle"), "" };
        m_model.threads[line.number] = line;
    } else if (kind == "trace-device") {
        TraceDeviceLine& line = m_model.devices[record.at("number")];
        line.number = record.at("number");
        line.name = record.at("name");
        line.driver = record.at("driver");
        line.type = record.at("type");
        // A stack that is taken down is shown as it stood.
        if (uint32_t below = record.at("below"))
            line.below = below;
    } else {
        if (kind == "machine") {
            m_model.machine = record;
            m_model.processors = record.at("processors");
        } else if (kind == "devices")
            add_links(record.at("devices"));
        return false;
    }
    return true;
}

void TraceCollector::add_links(Json const& devices)
{
    for (Json const& device : devices)
        for (auto& [number, line] : m_model.devices)
            if (!line.name.empty() && line.name == device.at("name").get<std::string>())
                line.links = device.at("links").get<std::vector<std::string>>();
}

void TraceCollector::add_step(Json const& e)
{
    if (m_steps.size() == kTraceEventsMax) {
        m_steps.pop_front();
        ++m_model.lost;
    }
    TraceStep& step = m_steps.emplace_back();
    step.number = e.at(0);
    step.time_100ns = e.at(1);
    step.what = static_cast<Event>(e.at(2).get<uint16_t>());
    step.processor = e.at(3);
    step.irql = e.at(4);
    step.thread = e.at(5);
    step.subject = e.at(6);
    step.detail = e.at(7);
    step.words = e.at(8);
    step.call = { e.at(9), e.at(10), true };
    step.function = { e.at(11), e.at(12), false };
    step.device = e.at(13);
    step.location = e.at(14);
    step.pending = e.at(15);
    step.information = e.at(16);
    step.status = e.at(17);
    step.code = e.at(18);
}

void TraceCollector::make_places()
{
    std::map<TracePlaceKey, int> numbers;
    for (TraceStep const& step : m_model.steps)
        for (TracePlaceKey const& key : { step.call, step.function })
            if (key.image)
                numbers.emplace(key, 0);
    std::vector<SymbolQuery> queries;
    for (auto& [key, number] : numbers) {
        number = static_cast<int>(queries.size());
        queries.push_back({ .path = m_model.images[key.image].path, .rva = key.rva, .return_address = key.call });
        m_model.places.push_back({ key, {} });
    }
    symbolize(queries);
    for (size_t i = 0; i < queries.size(); ++i)
        m_model.places[i].frames = queries[i].frames;
    for (TraceStep& step : m_model.steps) {
        if (step.call.image)
            step.call_place = numbers.at(step.call);
        if (step.function.image)
            step.function_place = numbers.at(step.function);
    }
}

TraceModel TraceCollector::finish()
{
    m_model.steps.assign(std::make_move_iterator(m_steps.begin()), std::make_move_iterator(m_steps.end()));
    make_places();
    make_segments(m_model);
    make_bars(m_model);
    make_paths(m_model);
    return std::move(m_model);
}

std::string plain_words(std::string_view words)
{
    std::string text;
    for (char c : words)
        if (c != ' ' || (!text.empty() && text.back() != ' '))
            text += c;
    return text;
}

// A processor's thread is whoever its events say, until they say another.
void make_segments(TraceModel& model)
{
    std::map<unsigned, size_t> open; // by processor
    for (size_t i = 0; i < model.steps.size(); ++i) {
        TraceStep const& step = model.steps[i];
        auto found = open.find(step.processor);
        if (found != open.end()) {
            TraceSegment& segment = model.segments[found->second];
            segment.last = i;
            if (segment.thread == step.thread)
                continue;
        }
        open[step.processor] = model.segments.size();
        model.segments.push_back({ step.processor, step.thread, i, i });
    }
}

namespace {

bool enters(Event what)
{
    return what == Event::DispatchEnter || what == Event::CompletionEnter || what == Event::DpcEnter
        || what == Event::CallbackEnter;
}

bool leaves(Event what)
{
    return what == Event::DispatchReturn || what == Event::CompletionReturn || what == Event::DpcReturn
        || what == Event::CallbackReturn;
}

std::string bar_kind(TraceStep const& step)
{
    switch (step.what) {
    case Event::DispatchEnter:
    case Event::DispatchReturn:
        return "dispatch";
    case Event::CompletionEnter:
    case Event::CompletionReturn:
        return "completion";
    case Event::DpcEnter:
    case Event::DpcReturn:
        return "dpc";
    default:
        return step.detail == static_cast<uint64_t>(ke::Door::Isr) ? "isr" : "callback";
    }
}

std::string routine_name(TraceModel const& model, TraceStep const& step)
{
    if (step.function_place < 0)
        return {};
    TracePlaceLine const& place = model.places[static_cast<size_t>(step.function_place)];
    return place.frames.empty() ? model.images.at(place.key.image).name : place.frames.back().function;
}

std::string bar_name(TraceModel const& model, TraceStep const& step)
{
    std::string words = plain_words(step.words);
    if (words.starts_with("--> "))
        words.erase(0, 4);
    if (step.what == Event::DispatchEnter || step.what == Event::CompletionEnter)
        return words;
    std::string const routine = routine_name(model, step);
    return routine.empty() || routine == words ? words : words + " " + routine;
}

constexpr unsigned kDispatchLevel = 2;

} // namespace

// A routine belongs to its thread's lane; but a DPC and an ISR, and all that they call, interrupt any thread, and belong
// to the processor's. One that was left by an exception ends where one outside of it returned.
void make_bars(TraceModel& model)
{
    std::map<std::pair<bool, uint32_t>, std::vector<size_t>> lanes; // open bars, outermost first
    for (size_t i = 0; i < model.steps.size(); ++i) {
        TraceStep const& step = model.steps[i];
        if (!enters(step.what) && !leaves(step.what))
            continue;
        std::string const kind = bar_kind(step);
        bool const interrupts = (kind == "dpc" || kind == "isr") && step.irql >= kDispatchLevel;
        auto& processor = lanes[{ true, step.processor }];
        bool const on_processor = interrupts || (!processor.empty() && step.irql >= kDispatchLevel);
        uint32_t const lane = on_processor ? step.processor : step.thread;
        auto& open = on_processor ? processor : lanes[{ false, lane }];
        bool const of_irp = kind == "dispatch" || kind == "completion";
        uint32_t const irp = of_irp ? step.subject : 0;
        if (enters(step.what)) {
            open.push_back(model.bars.size());
            model.bars.push_back({ on_processor, lane, static_cast<unsigned>(open.size() - 1), i,
                                   model.steps.size() - 1, false, kind, bar_name(model, step), irp });
            if (step.detail == static_cast<uint64_t>(ke::Door::ThreadStart) && step.what == Event::CallbackEnter)
                model.threads[step.thread].routine = routine_name(model, step);
            continue;
        }
        // Which of the open ones returns? An enter may have been lost with the oldest events.
        size_t at = open.size();
        while (at-- > 0 && (model.bars[open[at]].kind != kind || model.bars[open[at]].irp != irp)) { }
        if (at >= open.size())
            continue;
        for (size_t left = at; left < open.size(); ++left)
            model.bars[open[left]].last = i;
        model.bars[open[at]].left = true;
        open.resize(at);
    }
}

TraceBar const* TraceModel::bar_from(size_t step) const
{
    auto at
        = std::lower_bound(bars.begin(), bars.end(), step, [](TraceBar const& bar, size_t s) { return bar.first < s; });
    return at != bars.end() && at->first == step ? &*at : nullptr;
}

char const* name_of(TraceRow::Kind kind)
{
    static char const* const names[]
        = { "made", "down", "returned", "completed", "up", "up-returned", "cancelled", "cancel-routine", "freed" };
    return names[static_cast<size_t>(kind)];
}

namespace {

// Follows one machine's IRPs through its events.
class Paths {
public:
    explicit Paths(TraceModel& model)
        : m_model(model)
    {
    }

    void make()
    {
        for (size_t i = 0; i < m_model.steps.size(); ++i)
            follow(i, m_model.steps[i]);
    }

private:
    struct Entered {
        uint32_t thread;
        size_t from, to;
    };
    struct State {
        std::vector<Entered> entered; // dispatch routines that have not returned
        std::vector<size_t> routines; // completion routines, their columns
        size_t holder = 0; // the column that has it
        std::map<int, size_t> by_location;
    };

    TraceIrp& irp(uint32_t number, size_t step)
    {
        auto [found, fresh] = m_index.emplace(number, m_model.irps.size());
        if (fresh) {
            TraceIrp& made = m_model.irps.emplace_back();
            made.number = number;
            made.columns = { 0 };
            made.first = step;
            m_states.emplace_back();
        }
        TraceIrp& line = m_model.irps[found->second];
        line.last = step;
        m_state = &m_states[found->second];
        return line;
    }

    static size_t column(TraceIrp& irp, uint32_t device)
    {
        for (size_t i = 0; i < irp.columns.size(); ++i)
            if (irp.columns[i] == device)
                return i;
        irp.columns.push_back(device);
        return irp.columns.size() - 1;
    }

    void row(TraceIrp& irp, TraceRow::Kind kind, size_t step, size_t from, size_t to)
    {
        irp.rows.push_back({ kind, step, from, to, false, 0 });
    }
    void row(TraceIrp& irp, TraceRow::Kind kind, size_t step, size_t from, size_t to, int32_t status)
    {
        irp.rows.push_back({ kind, step, from, to, true, status });
    }

    void follow(size_t i, TraceStep const& step)
    {
        using Kind = TraceRow::Kind;
        switch (step.what) {
        case Event::IrpAllocated:
            row(irp(step.subject, i), Kind::Made, i, 0, 0);
            break;
        case Event::DispatchEnter:
            went_down(irp(step.subject, i), i, step);
            break;
        case Event::DispatchReturn:
            dispatch_returned(irp(step.subject, i), i, step);
            break;
        case Event::IrpCompleted:
            completed(irp(step.subject, i), i, step);
            break;
        case Event::CompletionEnter: {
            TraceIrp& line = irp(step.subject, i);
            size_t const to = column(line, step.device);
            row(line, Kind::Up, i, m_state->holder, to, step.status);
            m_state->holder = to;
            m_state->routines.push_back(to);
            break;
        }
        case Event::CompletionReturn: {
            TraceIrp& line = irp(step.subject, i);
            size_t at = m_state->holder;
            if (!m_state->routines.empty()) {
                at = m_state->routines.back();
                m_state->routines.pop_back();
            }
            row(line, Kind::UpReturned, i, at, at, static_cast<int32_t>(step.detail));
            break;
        }
        case Event::IrpCancelled:
            if (step.subject) {
                TraceIrp& line = irp(step.subject, i);
                line.cancelled = true;
                row(line, Kind::Cancelled, i, 0, m_state->holder);
            }
            break;
        case Event::CallbackEnter:
            if (step.detail == static_cast<uint64_t>(ke::Door::Cancel) && step.subject) {
                TraceIrp& line = irp(step.subject, i);
                row(line, Kind::CancelRoutine, i, m_state->holder, m_state->holder);
            }
            break;
        case Event::IrpFreed: {
            TraceIrp& line = irp(step.subject, i);
            line.freed = true;
            row(line, Kind::Freed, i, 0, 0);
            break;
        }
        default:
            break;
        }
    }

    void went_down(TraceIrp& line, size_t i, TraceStep const& step)
    {
        size_t const to = column(line, step.device);
        // The sender's location is the one above; a driver that skipped its location gave it away and still is who sent.
        size_t from = 0;
        for (Entered const& entered : m_state->entered)
            if (entered.thread == step.thread)
                from = entered.to;
        if (from == 0 && !m_state->entered.empty())
            from = m_state->holder;
        if (auto above = m_state->by_location.find(step.location + 1); from == 0 && above != m_state->by_location.end())
            from = above->second;
        m_state->by_location[step.location] = to;
        m_state->entered.push_back({ step.thread, from, to });
        m_state->holder = to;
        row(line, TraceRow::Kind::Down, i, from, to);
        if (line.major.empty()) {
            line.major = major_of(step);
            line.what = step.code ? fmt::format("{} 0x{:08x}", line.major, step.code) : line.major;
        }
    }

    static std::string major_of(TraceStep const& step)
    {
        // "--> dispatch IRP #2 DEVICE_CONTROL courier"
        std::string const words = plain_words(step.words);
        size_t const at = words.find(' ', words.find('#'));
        return at == words.npos ? words : words.substr(at + 1, words.find(' ', at + 1) - at - 1);
    }

    void dispatch_returned(TraceIrp& line, size_t i, TraceStep const& step)
    {
        auto const status = static_cast<int32_t>(step.detail);
        constexpr int32_t kPending = 0x103;
        line.pended |= status == kPending;
        auto& entered = m_state->entered;
        for (size_t at = entered.size(); at-- > 0;) {
            if (entered[at].thread != step.thread)
                continue;
            row(line, TraceRow::Kind::Returned, i, entered[at].to, entered[at].from, status);
            entered.erase(entered.begin() + static_cast<ptrdiff_t>(at));
            return;
        }
        row(line, TraceRow::Kind::Returned, i, m_state->holder, 0, status);
    }

    void completed(TraceIrp& line, size_t i, TraceStep const& step)
    {
        size_t const at = step.device ? column(line, step.device) : m_state->holder;
        m_state->holder = at;
        line.completed = true;
        line.status = step.status;
        line.information = step.information;
        row(line, TraceRow::Kind::Completed, i, at, at, step.status);
    }

    TraceModel& m_model;
    std::map<uint32_t, size_t> m_index;
    std::deque<State> m_states;
    State* m_state = nullptr;
};

} // namespace

void make_paths(TraceModel& model) { Paths(model).make(); }

} // namespace ringside::cli
