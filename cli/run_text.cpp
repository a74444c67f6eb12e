// SPDX-License-Identifier: MIT
// The report for a person: one line for each thing that happened, a label in the first column.
#include "run_view.h"

#include "terminal.h"
#include "text.h"

#include "base/check.h"

#include <fmt/format.h>

namespace ringside::cli {

namespace {

constexpr size_t kDumpBytesMax = 256;
// The host's own mappings: their addresses differ from run to run and tell nothing.
constexpr uint64_t kHostFrom = 0x5000'0000'0000;
constexpr uint64_t kHostTo = 0x8000'0000'0000;

std::string text_of(Json const& record, char const* key) { return record.at(key).get<std::string>(); }

std::string hex_number(uint64_t number) { return fmt::format("0x{:x}", number); }

class TextView : public View {
public:
    explicit TextView(RunPlan const& plan)
        : m_plan(plan)
        , m_terminal(plan.many_seeds() ? Terminal::kept() : Terminal())
    {
    }

    void record(Json const& record) override
    {
        std::string kind = text_of(record, "kind");
        // Input that is refused at once is one line; so this one waits until there is more to tell.
        if (kind == "machine") {
            m_machine = record;
            return;
        }
        machine();
        if (kind == "driver")
            driver(record);
        else if (kind == "devices")
            devices(record);
        else if (kind == "open")
            m_terminal.line("open", fmt::format("{}  {}", text_of(record, "path"), status_name(record.at("status"))));
        else if (kind == "ioctl" || kind == "read" || kind == "write")
            io(kind, record);
        else if (kind == "pending")
            for (auto const& request : record.at("requests"))
                m_terminal.line("pending", request.get<std::string>(), Tone::Warning);
        else if (kind == "close")
            m_terminal.line("close", text_of(record, "path"));
        else if (kind == "unload")
            unload(record);
        else if (kind == "log")
            for (auto const& line : record.at("lines"))
                m_terminal.plain_line(line.get<std::string>(), Tone::Quiet);
    }

    void said(std::string_view text) override
    {
        if (m_plan.quiet_said)
            return;
        machine();
        if (!m_plan.many_seeds()) {
            m_terminal.said(text);
            return;
        }
        m_said += text;
        for (size_t end; (end = m_said.find('\n')) != std::string::npos; m_said.erase(0, end + 1))
            m_terminal.line("said", std::string_view(m_said).substr(0, end));
    }

    void end(uint64_t seed, Outcome const& outcome) override
    {
        if (!outcome.refused.empty())
            return;
        if (m_plan.many_seeds() && outcome.exit_code == kExitClean) {
            m_terminal = Terminal();
            m_terminal.line(fmt::format("seed {}", seed),
                            fmt::format("clean, {}, hash {:016x}",
                                        counted(outcome.report.at("events").get<uint64_t>(), "event"),
                                        outcome.report.at("hash").get<uint64_t>()));
            m_terminal = Terminal::kept();
            m_machine = nullptr;
            return;
        }
        machine();
        if (m_plan.many_seeds())
            m_terminal.flush_kept();
        if (!outcome.report.is_null())
            report(outcome);
        if (!outcome.death.empty())
            death(outcome);
        if (!outcome.replay.empty())
            m_terminal.plain_line(fmt::format("replay: {}", outcome.replay), Tone::Strong);
    }

    void finish(int exit_code) override
    {
        if (m_plan.many_seeds() && exit_code == kExitClean) {
            m_terminal = Terminal();
            m_terminal.line("result",
                            fmt::format("clean with every seed from {} to {}", m_plan.seed_first, m_plan.seed_last),
                            Tone::Good);
        }
    }

private:
    void machine()
    {
        if (m_machine.is_null())
            return;
        Json record = std::exchange(m_machine, nullptr);
        std::string words = fmt::format("{}, {}, {}, seed {}", text_of(record, "windows"),
                                        counted(record.at("processors").get<uint64_t>(), "processor"),
                                        text_of(record, "checks"), record.at("seed").get<uint64_t>());
        if (!record.at("faults").is_null())
            words += ", faults " + text_of(record, "faults");
        if (record.at("explore").get<bool>())
            words += ", exploring";
        if (record.at("force_irql").get<bool>())
            words += ", IRQL checking forced";
        if (record.at("debugger").get<bool>())
            words += ", debugger attached";
        if (record.at("wow64").get<bool>())
            words += ", 32-bit program";
        m_terminal.line("machine", words);
    }

    void driver(Json const& record)
    {
        bool loaded = record.at("loaded").get<bool>();
        std::string words = "DriverEntry did not return";
        if (!record.at("status").is_null())
            words = fmt::format("DriverEntry returned {}{}", status_name(record.at("status")),
                                loaded ? "" : "; not loaded");
        m_terminal.line("driver", fmt::format("{}: {}", text_of(record, "name"), words),
                        loaded ? Tone::Quiet : Tone::Bad);
        imports(record.at("imports"));
    }

    // What is served in part is told by `ringside inspect`; what is missing will end the run once it is called.
    void imports(Json const& imports)
    {
        size_t works = 0;
        std::vector<std::string> missing;
        for (auto const& import : imports) {
            std::string served = text_of(import, "served");
            works += served == "works";
            if (served != "missing")
                continue;
            std::string words = text_of(import, "words");
            missing.push_back(fmt::format("{}!{}{}{}", text_of(import, "dll"), text_of(import, "name"),
                                          words.empty() ? "" : ": ", words));
        }
        size_t partial = imports.size() - works - missing.size();
        m_terminal.line("imports",
                        fmt::format("{}: {} served in full, {} in part, {} missing", imports.size(), works, partial,
                                    missing.size()));
        std::string_view label = "  missing";
        for (std::string const& import : missing) {
            m_terminal.line(label, import, Tone::Warning);
            label = "";
        }
    }

    void devices(Json const& record)
    {
        if (record.at("devices").empty())
            m_terminal.line("devices", "none");
        for (auto const& device : record.at("devices")) {
            std::string name = text_of(device, "name");
            m_terminal.line("device",
                            fmt::format("{}  {}, {}", name.empty() ? "(no name)" : name,
                                        device_type_name(device.at("type")), text_of(device, "stack")));
            for (auto const& link : device.at("links"))
                m_terminal.line("link", link.get<std::string>());
        }
    }

    void dump(std::string_view label, Bytes const& bytes)
    {
        for (std::string const& line : dump_lines(bytes, kDumpBytesMax)) {
            m_terminal.line(label, line);
            label = "";
        }
    }

    void io(std::string const& kind, Json const& record)
    {
        std::string path = text_of(record, "path");
        if (kind == "ioctl") {
            ControlCode code { record.at("code") };
            m_terminal.line("ioctl", fmt::format("{}  0x{:08x}: {}", path, code.value, control_code_words(code)));
        } else
            m_terminal.line(
                kind, record.at("at") != 0 ? fmt::format("{}  at {}", path, record.at("at").get<uint64_t>()) : path);
        if (record.contains("in"))
            dump("  sent", bytes_from_hex(text_of(record, "in")));
        if (record.contains("second"))
            dump("  second", bytes_from_hex(text_of(record, "second")));
        int32_t status = record.at("status");
        Bytes bytes = bytes_from_hex(text_of(record, "bytes"));
        std::string words
            = fmt::format("{}, information {}", status_name(status), record.at("information").get<uint64_t>());
        if (status == 0x103)
            words = "STATUS_PENDING: the driver still holds the request";
        if (record.contains("room") && record.at("room") != 0 && bytes.empty())
            words += fmt::format(", no bytes (room for {})", record.at("room").get<uint64_t>());
        m_terminal.line("  reply", words, status < 0 ? Tone::Warning : Tone::Quiet);
        dump("", bytes);
    }

    void unload(Json const& record)
    {
        int32_t status = record.at("status");
        std::string words = fmt::format("{}  {}", text_of(record, "name"), status_name(status));
        if (static_cast<uint32_t>(status) == 0xC0000010)
            words += ": it has no DriverUnload";
        m_terminal.line("unload", words, status < 0 ? Tone::Warning : Tone::Quiet);
    }

    std::string source_words(Json const& frame)
    {
        unsigned number = frame.at("line");
        return fmt::format("{}  {}{}", text_of(frame, "function"), text_of(frame, "file"),
                           number ? fmt::format(":{}", number) : "");
    }

    // What a bug check's parameters point to in drivers' code: often the routine that broke the rule.
    void places(Json const& places)
    {
        for (auto const& place : places) {
            std::string words = fmt::format("{}+0x{:x}", text_of(place, "module"), place.at("rva").get<uint64_t>());
            if (!place.at("frames").empty())
                words = source_words(place.at("frames").back()) + "  " + words;
            m_terminal.line("", fmt::format("parameter {} is {}", place.at("parameter").get<unsigned>(), words));
        }
    }

    void trace(Json const& lines)
    {
        // Where the machine itself saw the fault, outside any driver's code, there is nothing to walk.
        if (lines.size() == 1 && lines[0].at("address") == 0)
            return;
        std::vector<std::string> shown;
        for (auto const& line : lines)
            for (std::string& words : trace_words(line))
                shown.push_back(std::move(words));
        // A recursion is the same line over and over.
        std::string_view label = "trace";
        for (size_t at = 0; at < shown.size();) {
            size_t same = at + 1;
            while (same < shown.size() && shown[same] == shown[at])
                ++same;
            m_terminal.line(label, shown[at]);
            label = "";
            if (same - at > 1)
                m_terminal.line(label, fmt::format("  and {} more of it", same - at - 1));
            at = same;
        }
    }

    // One line of a trace: itself, and the functions inlined into it before it.
    std::vector<std::string> trace_words(Json const& line)
    {
        uint64_t address = line.at("address");
        std::string module = text_of(line, "module");
        std::string place = fmt::format("{}+0x{:x}", module, line.at("rva").get<uint64_t>());
        if (module.empty())
            place = address >= kHostFrom && address < kHostTo ? "Ringside's kernel" : hex_number(address);
        std::vector<std::string> words;
        for (auto const& frame : line.at("frames"))
            words.push_back(
                fmt::format("{}  {}", source_words(frame), frame.at("inlined").get<bool>() ? "(inlined)" : place));
        if (words.empty())
            words.push_back(place);
        return words;
    }

    void report(Outcome const& outcome)
    {
        Json const& report = outcome.report;
        std::string end = text_of(report, "end");
        bool by_bug_check = report.at("code") != 0;
        if (by_bug_check) {
            auto p = report.at("parameters").get<std::vector<uint64_t>>();
            m_terminal.line("bug check",
                            fmt::format("0x{:X} {} ({})", report.at("code").get<uint32_t>(),
                                        text_of(report, "code_name"),
                                        fmt::format("0x{:x}, 0x{:x}, 0x{:x}, 0x{:x}", p[0], p[1], p[2], p[3])),
                            Tone::Bad);
        }
        std::string words = text_of(report, "words");
        if (end == "missing-service")
            m_terminal.line("missing", text_of(report, "service"), Tone::Bad);
        bool crashed = by_bug_check || end == "missing-service" || end == "hung";
        if (!words.empty())
            m_terminal.line(crashed ? "" : "note", words);
        places(report.at("places"));
        if (!text_of(report, "rule").empty())
            m_terminal.line("rule", text_of(report, "rule"));
        if (crashed) {
            if (!outcome.during.empty())
                m_terminal.line("during", outcome.during);
            uint32_t thread = report.at("thread");
            m_terminal.line("where",
                            fmt::format("processor {}, {}{}", report.at("processor").get<uint32_t>(),
                                        irql_name(report.at("irql")),
                                        thread ? fmt::format(", thread {}", thread) : ""));
            trace(report.at("trace"));
        }
        left(report, crashed);
        numbers(report);
        if (!report.at("replayable").get<bool>())
            m_terminal.line("note",
                            "a signal pre-empted this run: it is not replayable, and may end otherwise next time",
                            Tone::Warning);
        if (outcome.death.empty())
            verdict(outcome);
    }

    void left(Json const& report, bool crashed)
    {
        if (!report.at("unloaded").get<bool>())
            return;
        auto const& leaks = report.at("leaks");
        if (leaks.empty() && !crashed)
            m_terminal.line("left", "nothing");
        for (auto const& leak : leaks)
            m_terminal.line("left", leak.get<std::string>(), Tone::Bad);
    }

    void numbers(Json const& report)
    {
        if (report.at("fallible_calls") != 0 && !m_plan.faults_given.empty())
            m_terminal.line("faults",
                            fmt::format("{} injected, of {} that can fail",
                                        report.at("faults_injected").get<uint64_t>(),
                                        counted(report.at("fallible_calls").get<uint64_t>(), "call")));
        m_terminal.line("log",
                        fmt::format("{}, hash {:016x}, {:.6f} s of virtual time",
                                    counted(report.at("events").get<uint64_t>(), "event"),
                                    report.at("hash").get<uint64_t>(), report.at("virtual_seconds").get<double>()));
    }

    void verdict(Outcome const& outcome)
    {
        std::string end = text_of(outcome.report, "end");
        switch (outcome.exit_code) {
        case kExitClean:
            m_terminal.line("result", "clean", Tone::Good);
            break;
        case kExitUsage:
            m_terminal.line("result", "the run could not be carried out", Tone::Bad);
            break;
        case kExitServiceMissing:
            m_terminal.line("result", "a service is missing", Tone::Bad);
            break;
        default:
            m_terminal.line("result", end == "leaks" ? "the driver left things behind" : "the driver broke a rule",
                            Tone::Bad);
        }
    }

    void death(Outcome const& outcome)
    {
        m_terminal.line("lost", outcome.death, Tone::Bad);
        if (!outcome.during.empty())
            m_terminal.line("during", outcome.during);
        if (m_plan.quiet_said)
            for (std::string const& line : outcome.last_words)
                m_terminal.line("said", line);
        m_terminal.line("result",
                        outcome.exit_code == kExitOurBug ? "a bug of Ringside" : "the driver did not come to an end",
                        Tone::Bad);
    }

    RunPlan const& m_plan;
    Terminal m_terminal;
    Json m_machine; // told with the next line
    std::string m_said; // a line not ended yet
};

} // namespace

Bytes bytes_from_hex(std::string const& text) { return parse_bytes("record", text); }

std::unique_ptr<View> make_text_view(RunPlan const& plan) { return std::make_unique<TextView>(plan); }

} // namespace ringside::cli
