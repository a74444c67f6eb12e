// SPDX-License-Identifier: MIT
// The server's calls on the machine as a whole: time, views of it, the end of its run.
#include "json_text.h"
#include "server.h"

#include "machine/views.h"

#include <fmt/format.h>

namespace ringside::capi {

using Json = nlohmann::ordered_json;

namespace {

std::string wide(uint64_t number) { return fmt::format("0x{:x}", number); }

// As `ringside run --json` shows a report: 64-bit numbers as text.
std::string report_text(Report const& report)
{
    Json json = machine::report_json(report);
    json.erase("kind");
    for (char const* name : { "code", "hash", "seed" })
        json[name] = wide(json.at(name).get<uint64_t>());
    for (auto& parameter : json.at("parameters"))
        parameter = wide(parameter);
    for (auto& line : json.at("trace")) {
        line["address"] = wide(line.at("address"));
        line["rva"] = wide(line.at("rva"));
    }
    return json_text(json);
}

Json devices_json(std::vector<DeviceLine> const& devices)
{
    Json list = Json::array();
    for (DeviceLine const& device : devices)
        list.push_back({ { "name", device.name },
                         { "driver", device.driver },
                         { "type", device.type },
                         { "links", device.links },
                         { "stack", device.stack } });
    return list;
}

} // namespace

void Server::about_machine(CallCode call, Reader& in)
{
    Machine& m = machine();
    if (call == CallCode::RunFor) {
        auto seconds = in.number<double>();
        expect_whole(in);
        return m.run_for(seconds);
    }
    if (call == CallCode::LogLines) {
        auto newest = in.number<uint64_t>();
        expect_whole(in);
        return tell(m.log_lines(newest));
    }
    expect_whole(in);
    switch (call) {
    case CallCode::Settle:
        return m_reply.flag(m.settle());
    case CallCode::Crashed:
        return m_reply.flag(m.crashed());
    case CallCode::Devices:
        return m_reply.text(json_text(devices_json(m.devices())));
    case CallCode::Pending:
        return tell(m.pending());
    case CallCode::WhatIsLeft:
        return tell(m.what_is_left());
    case CallCode::LogHash:
        return m_reply.number(m.log_hash());
    case CallCode::Shutdown:
        return m.shutdown();
    default:
        return finish();
    }
}

void Server::finish()
{
    Report const report = machine().finish();
    m_reply.number(static_cast<uint8_t>(report.end));
    m_reply.number<int32_t>(report.exit_code);
    m_reply.number(report.code);
    m_reply.number(static_cast<uint32_t>(report.leaks.size()));
    for (uint64_t parameter : report.parameters)
        m_reply.number(parameter);
    m_reply.number(report.processor);
    m_reply.number<uint32_t>(report.irql);
    m_reply.number(report.thread);
    m_reply.flag(report.replayable);
    m_reply.number(report.events);
    m_reply.number(report.hash);
    m_reply.number(report.faults_injected);
    m_reply.number(report.fallible_calls);
    m_reply.number(report.virtual_seconds);
    m_reply.number(report.seed);
    for (std::string const* text : { &report.code_name, &report.words, &report.rule, &report.service })
        m_reply.text(*text);
    tell(report.leaks);
    m_reply.text(report_text(report));
}

} // namespace ringside::capi
