// SPDX-License-Identifier: MIT
// How a run is shown while it happens: to a person line by line, to a program as one JSON object at the end.
#pragma once

#include "run_machine.h"

#include <memory>
#include <string_view>

namespace ringside::cli {

// How one seed's run ended, for the exit code and the list of seeds.
struct Outcome {
    int exit_code = 0;
    Json report; // null if there is none
    std::vector<Json> drivers; // their records
    std::string refused; // the input's fault, in words
    std::string death; // how the machine's process ended before it could report, in words
    std::string during; // the last thing it said it was about to do
    std::vector<std::string> last_words; // the last lines it printed
    std::string replay; // the command; empty for a clean run and for bad input
};

class View {
public:
    virtual ~View() = default;
    // A record of run_machine.h, but phase, report and refused.
    virtual void record(Json const& record) = 0;
    virtual void said(std::string_view text) = 0;
    // The trace in the report has its symbols. Every run ends with this.
    virtual void end(uint64_t seed, Outcome const& outcome) = 0;
    // All seeds are done.
    virtual void finish(int exit_code) = 0;
};

std::unique_ptr<View> make_text_view(RunPlan const& plan);
std::unique_ptr<View> make_json_view(RunPlan const& plan);

Bytes bytes_from_hex(std::string const& text);

} // namespace ringside::cli
