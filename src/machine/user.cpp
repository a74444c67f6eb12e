// SPDX-License-Identifier: MIT
// What the machine's user sees, from room io's records.
#include "io/manager.h"
#include "machine/state.h"
#include "rtl/multi_byte.h"

#include <algorithm>

namespace ringside {

namespace {

double seconds_of(uint64_t time_100ns) { return static_cast<double>(time_100ns) / 1e7; }

HardErrorLine line_of(io::HardError const& error, uint64_t now)
{
    using Answer = HardErrorLine::Answer;
    bool const answered = error.answer != io::HardErrorAnswer::None && error.answered_100ns <= now;
    Answer const answer = !answered                       ? Answer::Waiting
        : error.answer == io::HardErrorAnswer::TriedAgain ? Answer::TriedAgain
                                                          : Answer::Cancelled;
    return { .status = error.status,
             .caption = error.caption,
             .text = rtl::utf8(error.text),
             .informational = error.informational,
             .shown = error.shown,
             .answer = answer,
             .seconds = seconds_of(error.raised_100ns) };
}

EventLogLine line_of(io::ErrorLogEntry const& entry)
{
    EventLogLine line { .driver = entry.driver,
                        .code = entry.error_code,
                        .unique_value = entry.unique_error_value,
                        .final_status = entry.final_status,
                        .strings = {},
                        .dump = {},
                        .seconds = seconds_of(entry.time_100ns) };
    for (std::u16string const& text : entry.strings)
        line.strings.push_back(rtl::utf8(text));
    auto const* dump = reinterpret_cast<std::byte const*>(entry.dump.data());
    line.dump.assign(dump, dump + entry.dump.size());
    return line;
}

} // namespace

std::vector<HardErrorLine> Machine::hard_errors() const
{
    std::vector<HardErrorLine> lines;
    for (io::HardError const& error : m_state->rooms->io.hard_errors().all())
        lines.push_back(line_of(error, sim::world().now_100ns()));
    return lines;
}

std::vector<EventLogLine> Machine::event_log() const
{
    std::vector<EventLogLine> lines;
    for (io::ErrorLogEntry const& entry : m_state->rooms->io.error_log().written())
        lines.push_back(line_of(entry));
    return lines;
}

} // namespace ringside
