// SPDX-License-Identifier: MIT
// A run as a picture shows it (docs/trace.md): events in order, who ran where, the routines of drivers that were entered
// and left, and the path of every IRP. Filled from the records of run_machine.h as they come, so that it holds all that
// was told before the machine's process died; finish() makes the rest of it. Nothing in it depends on addresses.
#pragma once

#include "run_view.h"
#include "symbols.h"

#include "sim/log.h"

#include <deque>
#include <map>
#include <string>
#include <vector>

namespace ringside::cli {

// The newest so many events are kept: a page of some 20 MB. The rest is counted.
constexpr size_t kTraceEventsMax = 100'000;

struct TracePlaceKey {
    uint32_t image = 0;
    uint64_t rva = 0;
    bool call = false; // a return address: the call before it is meant
    auto operator<=>(TracePlaceKey const&) const = default;
};

struct TraceStep {
    uint64_t number = 0;
    uint64_t time_100ns = 0;
    sim::Event what {};
    unsigned processor = 0;
    unsigned irql = 0;
    uint32_t thread = 0;
    uint32_t subject = 0;
    uint64_t detail = 0;
    std::string words;
    TracePlaceKey call, function;
    uint32_t device = 0;
    int location = 0;
    bool pending = false;
    uint64_t information = 0;
    int32_t status = 0;
    uint32_t code = 0;
    int call_place = -1, function_place = -1; // into TraceModel::places

    bool is_call() const { return what >= sim::Event::FirstDdi; }
    uint32_t driver() const { return static_cast<uint32_t>(detail >> 16); } // of a dispatch or completion routine
};

struct TraceImageLine {
    std::string name, path;
};

struct TraceThreadLine {
    uint32_t number = 0;
    std::string process;
    bool client = false;
    bool idle = false;
    std::string routine; // of a system thread that a driver made
};

struct TraceDeviceLine {
    uint32_t number = 0;
    std::string name, driver;
    uint32_t type = 0;
    uint32_t below = 0; // the last it was attached to; 0: none
    std::vector<std::string> links;
};

struct TracePlaceLine {
    TracePlaceKey key;
    std::vector<SourceFrame> frames;
};

// A lane is a processor or a thread. Indices are of TraceModel::steps.
struct TraceSegment { // a thread on a processor
    unsigned processor;
    uint32_t thread;
    size_t first, last;
};

struct TraceBar { // a driver's routine
    bool on_processor; // a DPC, an ISR, or what runs inside one
    uint32_t lane; // the processor's or thread's number
    unsigned depth;
    size_t first, last;
    bool left; // it returned
    std::string kind; // dispatch, completion, dpc, isr, callback
    std::string name;
    uint32_t irp; // 0: none
};

struct TraceRow { // of an IRP's path
    enum class Kind : uint8_t { Made, Down, Returned, Completed, Up, UpReturned, Cancelled, CancelRoutine, Freed };
    Kind kind;
    size_t step;
    size_t from, to; // columns
    bool has_status;
    int32_t status;
};

struct TraceIrp {
    uint32_t number = 0;
    std::string what; // "DEVICE_CONTROL 0x80002000"
    std::string major;
    std::vector<uint32_t> columns; // devices by number; the first is 0: the maker
    std::vector<TraceRow> rows;
    size_t first = 0, last = 0;
    bool pended = false;
    bool cancelled = false;
    bool completed = false;
    bool freed = false;
    int32_t status = 0; // of the last IoCompleteRequest
    uint64_t information = 0;
};

struct TraceModel {
    std::vector<TraceStep> steps;
    uint64_t lost = 0; // older ones that are not kept
    std::map<uint32_t, TraceImageLine> images;
    std::map<uint32_t, TraceThreadLine> threads;
    std::map<uint32_t, TraceDeviceLine> devices;
    std::vector<TracePlaceLine> places;
    std::vector<TraceSegment> segments;
    std::vector<TraceBar> bars;
    std::vector<TraceIrp> irps;
    unsigned processors = 0;
    Json machine;

    // The bar that begins with this event; null: none does.
    TraceBar const* bar_from(size_t step) const;
};

class TraceCollector {
public:
    // Records of run_machine.h; whether it was one that only a trace wants.
    bool record(Json const& record);
    // Names the places by their symbols and works out segments, bars and paths. Once.
    TraceModel finish();

private:
    void add_step(Json const& values);
    void add_links(Json const& devices);
    void make_places();

    std::deque<TraceStep> m_steps;
    TraceModel m_model;
};

// What finish() does, one by one; for tests.
void make_segments(TraceModel& model);
void make_bars(TraceModel& model);
void make_paths(TraceModel& model);
char const* name_of(TraceRow::Kind kind);
// Blanks in a row, which align the log's columns, as one.
std::string plain_words(std::string_view words);

} // namespace ringside::cli
