// SPDX-License-Identifier: MIT
// A trace as a file: a page for a person (.html) or the trace event format of Chrome and Perfetto (.json).
#pragma once

#include "trace_model.h"

#include <string_view>

namespace ringside::cli {

enum class TraceAs : uint8_t { Page, Events };

// By the file's ending; a usage error for any other, and for a file that cannot be written. An existing file is left as
// it is until the run is over.
TraceAs check_trace_file(std::string const& path);

std::string trace_page(TraceModel const& model, uint64_t seed, Outcome const& outcome);
std::string trace_events(TraceModel const& model, uint64_t seed, Outcome const& outcome);
void write_trace(std::string const& path, TraceModel const& model, uint64_t seed, Outcome const& outcome);

// What stands in one sentence at the top: "bug check 0x44 MULTIPLE_IRP_COMPLETE_REQUESTS".
std::string outcome_words(Outcome const& outcome);

} // namespace ringside::cli
