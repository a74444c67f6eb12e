// SPDX-License-Identifier: MIT
// The C face: time, what there is in a machine, and what its run came to.
#include "api.h"

#include <algorithm>

using namespace ringside;
using namespace ringside::capi;

int ringside_settle(ringside_machine machine, int* quiet)
{
    return guarded(__func__, machine, [&] {
        bool is_quiet = false;
        exchange(machine, Kind::Machine, CallCode::Settle, nothing_to_write,
                 [&](Reader& reply, Exchange&) { is_quiet = reply.flag(); });
        if (quiet)
            *quiet = is_quiet;
    });
}

int ringside_run_for(ringside_machine machine, double seconds)
{
    return guarded(__func__, machine, [&] {
        exchange(
            machine, Kind::Machine, CallCode::RunFor, [&](Message& message) { message.number(seconds); },
            nothing_to_read);
    });
}

int ringside_shutdown(ringside_machine machine)
{
    return plain_call(__func__, machine, Kind::Machine, CallCode::Shutdown);
}

int ringside_crashed(ringside_machine machine, int* crashed)
{
    return flag_call(__func__, machine, Kind::Machine, CallCode::Crashed, crashed, "crashed");
}

int ringside_devices(ringside_machine machine, char** json)
{
    return text_call(__func__, machine, Kind::Machine, CallCode::Devices, json, "json");
}

int ringside_pending(ringside_machine machine, char** lines)
{
    return text_call(__func__, machine, Kind::Machine, CallCode::Pending, lines, "lines");
}

int ringside_what_is_left(ringside_machine machine, char** lines)
{
    return text_call(__func__, machine, Kind::Machine, CallCode::WhatIsLeft, lines, "lines");
}

int ringside_log_lines(ringside_machine machine, uint64_t newest, char** lines)
{
    return guarded(__func__, machine, [&] {
        char*& into = needed(lines, "lines");
        exchange(
            machine, Kind::Machine, CallCode::LogLines, [&](Message& message) { message.number(newest); },
            [&](Reader& reply, Exchange& exchange) {
                auto const text = reply.text();
                exchange.expect_whole();
                into = copied_text(text);
            });
    });
}

int ringside_log_hash(ringside_machine machine, uint64_t* hash)
{
    return number_call(__func__, machine, Kind::Machine, CallCode::LogHash, hash, "hash");
}

// --- The end -----------------------------------------------------------------------------------------------------

namespace {

ringside_report read_report(Reader& reply)
{
    ringside_report report {};
    report.end = reply.number<uint8_t>();
    report.exit_code = reply.number<int32_t>();
    report.code = reply.number<uint32_t>();
    report.leaks = reply.number<uint32_t>();
    for (uint64_t& parameter : report.parameters)
        parameter = reply.number<uint64_t>();
    report.processor = reply.number<uint32_t>();
    report.irql = reply.number<uint32_t>();
    report.thread = reply.number<uint32_t>();
    report.replayable = reply.flag();
    report.events = reply.number<uint64_t>();
    report.hash = reply.number<uint64_t>();
    report.faults_injected = reply.number<uint64_t>();
    report.fallible_calls = reply.number<uint64_t>();
    report.virtual_seconds = reply.number<double>();
    report.seed = reply.number<uint64_t>();
    return report;
}

// Finishes the machine; `leaks` gets a line for each thing left, `report` texts that live as the header says.
void finish(ringside_machine machine, ringside_report& report, std::string& leaks)
{
    exchange(machine, Kind::Machine, CallCode::Finish, nothing_to_write, [&](Reader& reply, Exchange& exchange) {
        Hosted& hosted = exchange.hosted();
        report = read_report(reply);
        for (std::string& text : hosted.report_texts)
            text = reply.text();
        leaks = reply.text();
        hosted.report_json = reply.text();
        exchange.expect_whole();
        report.code_name = hosted.report_texts[0].c_str();
        report.words = hosted.report_texts[1].c_str();
        report.rule = hosted.report_texts[2].c_str();
        report.service = hosted.report_texts[3].c_str();
    });
}

} // namespace

int ringside_finish(ringside_machine machine, ringside_report* report)
{
    return guarded(__func__, machine, [&] {
        if (report)
            check_structure(report->size, sizeof(ringside_report), "report");
        ringside_report told {};
        std::string leaks;
        finish(machine, told, leaks);
        if (report) {
            told.size = report->size;
            *report = told;
        }
    });
}

int ringside_report_json(ringside_machine machine, char** json)
{
    return guarded(__func__, machine, [&] {
        char*& into = needed(json, "json");
        Exchange exchange(machine, Kind::Machine);
        if (exchange.hosted().report_json.empty())
            throw Refused(RINGSIDE_BAD_USE, "there is a report after ringside_finish()");
        into = copied_text(exchange.hosted().report_json);
    });
}

int ringside_expect_quiet(ringside_machine machine)
{
    return guarded(__func__, machine, [&] {
        ringside_report report {};
        std::string leaks;
        finish(machine, report, leaks);
        if (!leaks.empty())
            leaks.pop_back();
        if (report.end != RINGSIDE_END_CLEAN)
            throw Refused(RINGSIDE_NOT_QUIET,
                          fmt::format("the machine did not end clean (seed {}): {}{}{}", report.seed, report.words,
                                      leaks.empty() ? "" : "\n", leaks));
    });
}
