// SPDX-License-Identifier: MIT
// The report for a program: one JSON object. Numbers that may not fit a double (addresses, parameters, the hash) are
// hexadecimal text.
#include "run_view.h"

#include "text.h"

#include "base/check.h"

#include <fmt/format.h>

#include <cstdio>

namespace ringside::cli {

namespace {

std::string wide(uint64_t number) { return fmt::format("0x{:x}", number); }

Json control_code_json(uint32_t value)
{
    ControlCode code { value };
    return { { "code", fmt::format("0x{:08x}", value) },
             { "device_type", code.device_type() },
             { "function", code.function() },
             { "method", method_name(code.method()) },
             { "access", access_name(code.access()) } };
}

class JsonView : public View {
public:
    explicit JsonView(RunPlan const& plan)
        : m_plan(plan)
    {
        clear();
    }

    void record(Json const& record) override
    {
        std::string kind = record.at("kind");
        Json copy = record;
        if (kind == "machine") {
            copy.erase("kind");
            m_run["machine"] = copy;
        } else if (kind == "driver") {
            copy.erase("kind");
            if (!record.at("status").is_null())
                copy["status_name"] = status_name(record.at("status"));
            copy["base"] = wide(record.at("base"));
            m_run["drivers"].push_back(copy);
        } else if (kind == "devices")
            m_run["devices"] = record.at("devices");
        else if (kind == "log")
            m_run["log"] = record.at("lines");
        else if (kind == "pending")
            m_run["pending"] = record.at("requests");
        else
            m_run["steps"].push_back(step(kind, copy));
    }

    void said(std::string_view) override { }

    void end(uint64_t seed, Outcome const& outcome) override
    {
        m_run["exit_code"] = outcome.exit_code;
        if (!outcome.report.is_null()) {
            m_run["report"] = report(outcome.report);
            if (outcome.report.at("end") != "clean" && outcome.report.at("end") != "leaks")
                m_run["report"]["during"] = outcome.during;
        }
        if (!outcome.death.empty())
            m_run["lost"]
                = { { "words", outcome.death }, { "during", outcome.during }, { "last_words", outcome.last_words } };
        if (!outcome.refused.empty())
            m_run["refused"] = outcome.refused;
        if (!outcome.replay.empty())
            m_run["replay"] = outcome.replay;
        if (m_plan.many_seeds()) {
            if (outcome.exit_code == kExitClean) {
                m_seeds.push_back({ { "seed", seed },
                                    { "exit_code", 0 },
                                    { "events", outcome.report.at("events") },
                                    { "hash", wide(outcome.report.at("hash")) } });
                clear();
            } else
                m_seeds.push_back({ { "seed", seed }, { "exit_code", outcome.exit_code } });
        }
    }

    void finish(int exit_code) override
    {
        if (m_plan.many_seeds()) {
            Json all { { "exit_code", exit_code }, { "seeds", m_seeds } };
            if (exit_code != kExitClean)
                all["failed"] = m_run;
            m_run = all;
        }
        std::string text = m_run.dump(2, ' ', false, Json::error_handler_t::replace);
        std::fwrite(text.data(), 1, text.size(), stdout);
        std::fputc('\n', stdout);
        std::fflush(stdout);
    }

private:
    void clear()
    {
        m_run = { { "machine", nullptr },
                  { "drivers", Json::array() },
                  { "devices", Json::array() },
                  { "steps", Json::array() } };
    }

    static Json step(std::string const& kind, Json record)
    {
        Json result { { "step", kind } };
        record.erase("kind");
        for (auto& [key, value] : record.items()) {
            if (key == "code")
                result.update(control_code_json(value));
            else
                result[key] = value;
            if (key == "status")
                result["status_name"] = status_name(value);
        }
        return result;
    }

    static Json report(Json record)
    {
        record.erase("kind");
        record["code"] = wide(record.at("code"));
        record["hash"] = wide(record.at("hash"));
        for (auto& parameter : record.at("parameters"))
            parameter = wide(parameter);
        for (auto& place : record.at("places"))
            place["rva"] = wide(place.at("rva"));
        for (auto& line : record.at("trace")) {
            line["address"] = wide(line.at("address"));
            line["rva"] = wide(line.at("rva"));
        }
        return record;
    }

    RunPlan const& m_plan;
    Json m_run;
    Json m_seeds = Json::array();
};

} // namespace

std::unique_ptr<View> make_json_view(RunPlan const& plan) { return std::make_unique<JsonView>(plan); }

} // namespace ringside::cli
