// SPDX-License-Identifier: MIT
#include "plan_options.h"

#include "registry_file.h"
#include "text.h"
#include "trace_file.h"
#include "usage.h"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <map>

namespace ringside::cli {

namespace {

// Above this a reply is a mistake in a number, not a reply.
constexpr uint64_t kTransferMax = 16 << 20;
constexpr unsigned kProcessorsMax = 64;

constexpr char const* kExamples = R"(
examples:
  ringside run toaster.sys
  ringside run toaster.sys --reg 'Parameters\Slots=dword:2' --ioctl 0x80002000 --in text:hello --out 64
  ringside run toaster.sys --open '\\.\Toaster' --write text:bread --read 16 --ioctl unknown,0x801,neither,any
  ringside run toaster.sys --ioctl 0x80002004 --seeds 1..200 --explore
  ringside run bus.sys toaster.sys --windows win7 --faults nth:3 --json

I/O options are carried out in the order in which they stand. Without --open they go to every device that the drivers
made a name for. BYTES are hexadecimal (68 65 6c), @file, or text:hello.

exit codes: 0 clean; 1 usage or bad input; 2 the driver broke a rule; 3 a bug of Ringside; 4 a service is missing
)";

// The values of one option by order of appearance.
struct Gathered {
    std::vector<std::string> values;
    size_t next = 0;
};

Checks parse_checks(std::string_view name)
{
    for (Checks checks : { Checks::Bare, Checks::Observed, Checks::Verified })
        if (checks_name(checks) == name)
            return checks;
    usage("--checks: '{}' is none of bare, observed, verified", harmless(name));
}

Faults parse_faults(std::string_view text)
{
    if (text.starts_with("nth:")) {
        uint64_t nth = parse_number("--faults nth", text.substr(4));
        if (nth == 0)
            usage("--faults nth: calls are counted from 1");
        return { .nth = nth };
    }
    auto parts = split(text.starts_with("swarm:") ? text.substr(6) : std::string_view {}, ',');
    if (parts.size() != 2)
        usage("--faults: '{}' is neither nth:N nor swarm:ON,FIRE (two percentages)", harmless(text));
    return { .site_on_percent = static_cast<uint32_t>(parse_number("--faults swarm", parts[0], 100)),
             .fire_percent = static_cast<uint32_t>(parse_number("--faults swarm", parts[1], 100)) };
}

std::string check_rule(std::string const& rule)
{
    auto rules = Machine::rules();
    if (std::find(rules.begin(), rules.end(), rule) == rules.end())
        usage("--rule-off: no rule is named '{}'; there are: {}", harmless(rule), join(rules, ", "));
    return rule;
}

RegistrySetting parse_registry(std::string const& given)
{
    if (given.find('=') != std::string::npos)
        return { given, "", false };
    return { given, registry_file_text(given), true };
}

// KEY=FILE, both there. A key's name may hold an equals sign, so the last one counts.
std::pair<std::string, std::string> parse_key_and_file(char const* option, std::string const& given)
{
    size_t const equals = given.rfind('=');
    if (equals == std::string::npos || equals == 0 || equals + 1 == given.size())
        usage("{}: '{}' is not KEY=FILE, such as 'HKLM\\SOFTWARE=SOFTWARE.hiv'", option, harmless(given));
    return { given.substr(0, equals), given.substr(equals + 1) };
}

void parse_seeds(std::string_view text, RunPlan& plan)
{
    size_t dots = text.find("..");
    if (dots == std::string_view::npos)
        usage("--seeds: '{}' is not a range; write 1..200", harmless(text));
    plan.seed_first = parse_number("--seeds", text.substr(0, dots));
    plan.seed_last = parse_number("--seeds", text.substr(dots + 2));
    if (plan.seed_last < plan.seed_first)
        usage("--seeds: {} is an empty range", harmless(text));
}

void check_size(std::string_view option, GivenBytes const& given)
{
    if (given.bytes.size() > kTransferMax)
        usage("{}: more than {} bytes", option, kTransferMax);
}

Step& last_step(RunPlan& plan, std::string_view option, std::initializer_list<Step::Kind> kinds,
                std::string_view wanted)
{
    if (plan.steps.empty() || std::find(kinds.begin(), kinds.end(), plan.steps.back().kind) == kinds.end())
        usage("{}: stands behind no {}", option, wanted);
    return plan.steps.back();
}

void add_step(RunPlan& plan, std::string const& option, std::string const& value)
{
    using Kind = Step::Kind;
    if (option == "--open")
        plan.steps.push_back({ .kind = Kind::Open, .path = value });
    else if (option == "--ioctl")
        plan.steps.push_back({ .kind = Kind::Ioctl, .code = parse_control_code(option, value) });
    else if (option == "--cancel")
        plan.steps.push_back({ .kind = Kind::Ioctl, .code = parse_control_code(option, value), .cancel = true });
    else if (option == "--read")
        plan.steps.push_back({ .kind = Kind::Read, .out = parse_number(option, value, kTransferMax) });
    else if (option == "--write")
        plan.steps.push_back({ .kind = Kind::Write, .in = GivenBytes { value, parse_bytes(option, value) } });
    else if (option == "--in") {
        Step& step = last_step(plan, option, { Kind::Ioctl }, "--ioctl");
        if (step.in)
            usage("--in: stands twice behind one --ioctl");
        step.in = GivenBytes { value, parse_bytes(option, value) };
    } else if (option == "--second") {
        Step& step = last_step(plan, option, { Kind::Ioctl }, "--ioctl");
        step.second = GivenBytes { value, parse_bytes(option, value) };
        check_size(option, *step.second);
    } else if (option == "--out")
        last_step(plan, option, { Kind::Ioctl }, "--ioctl").out = parse_number(option, value, kTransferMax);
    else
        last_step(plan, option, { Kind::Read, Kind::Write }, "--read or --write").at
            = parse_number(option, value, INT64_MAX);
    if (!plan.steps.empty() && plan.steps.back().in)
        check_size(option, *plan.steps.back().in);
    if (!plan.steps.empty() && plan.steps.back().second && plan.steps.back().out != 0)
        usage("--out and --second: both are the --ioctl's second buffer");
}

std::string check_folder(std::string_view option, std::string const& path)
{
    std::error_code error;
    if (!std::filesystem::is_directory(path, error))
        usage("{}: {}: {}", option, harmless(path), error ? error.message() : "it is not a folder");
    return path;
}

DriverFile read_driver(std::string const& path, Start start)
{
    return { path, std::filesystem::path(path).filename().string(), read_input_file(path), start };
}

} // namespace

Windows parse_windows(std::string_view option, std::string_view name)
{
    if (auto windows = windows_by_name(name))
        return *windows;
    std::vector<std::string> names;
    for (auto const& profile : kWindowsProfiles)
        names.emplace_back(profile.name);
    usage("{}: no Windows is named '{}'; there are: {}", option, harmless(name), join(names, ", "));
}

RunPlan parse_run(std::string program, std::vector<std::string> const& arguments)
{
    RunPlan plan;
    plan.program = std::move(program);

    CLI::App app("Loads drivers, opens their devices, sends I/O, unloads them, and looks what is left.",
                 "ringside run");
    app.footer(kExamples);
    std::map<CLI::Option*, Gathered> gathered;
    auto add = [&](char const* name, char const* words, char const* type, char const* group) {
        auto* option = app.add_option(std::string(name))->description(words);
        option->type_name(type)->group(group)->expected(1)->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
        gathered.emplace(option, Gathered {});
        return option;
    };
    std::vector<std::string> drivers;
    app.add_option("driver", drivers, "Driver files, loaded in this order")->type_name("DRIVER.SYS");

    std::vector<CLI::Option*> io {
        add("--open", "Open this device (\\\\.\\Name or \\Device\\Name); I/O behind it goes there", "PATH", "I/O"),
        add("--ioctl", "Send a control code: a number, or device,function,method,access", "CODE", "I/O"),
        add("--cancel", "Send a control code and cancel the request at once", "CODE", "I/O"),
        add("--in", "The --ioctl's input", "BYTES", "I/O"),
        add("--out", "The --ioctl's room for a reply, in bytes", "N", "I/O"),
        add("--second", "The --ioctl's second buffer with something in it, for in-direct codes", "BYTES", "I/O"),
        add("--read", "Read so many bytes", "N", "I/O"),
        add("--write", "Write these bytes", "BYTES", "I/O"),
        add("--at", "The --read's or --write's offset in the file (usual: 0)", "N", "I/O"),
    };

    std::string seed, seeds, processors, groups, windows, checks, faults, steps, hang, timeout, log, trace, c_drive, c_drive_write;
    std::vector<std::string> boot_drivers, system_drivers, reg, hives, save_hives, export_reg, rules_off;
    bool no_unload = false;
    auto one = [&](char const* name, std::string& into, char const* words, char const* type, char const* group) {
        return app.add_option(name, into, words)->type_name(type)->group(group);
    };
    auto many = [&](char const* name, std::vector<std::string>& into, char const* words, char const* type) {
        app.add_option(name, into, words)
            ->type_name(type)
            ->group("Machine")
            ->expected(1)
            ->allow_extra_args(false) // what follows a value is a driver again
            ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    };
    many("--boot-start", boot_drivers, "A driver that is loaded before those of other kinds, as the boot loader does",
         "DRIVER.SYS");
    many("--system-start", system_drivers, "A driver that is loaded when the boot-start ones have started", "DRIVER.SYS");
    many("--reg", reg, "A value of the drivers' own keys ('Parameters\\Name=dword:1'), or a .reg file", "VALUE|FILE");
    auto* c_drive_option = one("--c-drive", c_drive,
                               "This folder is \\??\\C:; what drivers change there is kept in memory", "DIR", "Machine");
    one("--c-drive-write", c_drive_write, "The same, and changes are written to the folder", "DIR", "Machine")
        ->excludes(c_drive_option);
    many("--hive", hives, "A hive file whose contents take the place of the key's ('HKLM\\SOFTWARE=file')", "KEY=FILE");
    many("--save-hive", save_hives, "Write the key and all below it to a hive file when the run is over", "KEY=FILE");
    many("--export-reg", export_reg, "The same as a .reg file", "KEY=FILE");
    auto* seed_option = one("--seed", seed, "What decides every choice of the run (usual: 1)", "N", "Machine");
    one("--seeds", seeds, "Run with each of these seeds, until one fails", "A..B", "Machine")->excludes(seed_option);
    one("--processors", processors, "How many the machine has (usual: 2)", "N", "Machine");
    one("--groups", groups, "Into how many groups its processors are cut (usual: 1)", "N", "Machine");
    one("--windows", windows, "Which Windows it is (usual: win11-24h2)", "NAME", "Machine");
    one("--checks", checks, "bare, observed, or verified (usual)", "HOW", "Machine");
    many("--rule-off", rules_off, "Leave out this rule of the verifier", "RULE");
    one("--faults", faults, "Let calls fail: the N-th that can (nth:N), or some services sometimes (swarm:ON,FIRE)",
        "PLAN", "Machine");
    app.add_flag("--explore", plan.machine.explore, "Switch processors at interlocked instructions too")
        ->group("Machine");
    app.add_flag("--force-irql", plan.machine.force_irql,
                 "Page out pageable code and data whenever a driver is at DISPATCH_LEVEL or above")
        ->group("Machine");
    app.add_flag("--debugger", plan.machine.debugger, "A kernel debugger is attached: it says go at each break-in")
        ->group("Machine");
    app.add_flag("--wow64", plan.wow64, "The program that sends the I/O is a 32-bit one")->group("Machine");
    one("--steps", steps, "Mean number of steps between switches (usual: drawn from the seed)", "N", "Machine");
    one("--hang", hang, "How long a driver may compute without calling anything; 0: for ever (usual: 2)", "SECONDS",
        "Machine");
    app.add_flag("--no-unload", no_unload, "Leave the drivers loaded; what they hold is not looked at")
        ->group("Machine");

    app.add_flag("--json", plan.json, "One JSON object on standard output")->group("Report");
    auto* log_option
        = app.add_flag("--log{all}", log, "The event log's newest N lines, or all (--log=N)")->group("Report");
    one("--trace", trace, "Draw the run: a page (.html), or a trace for Perfetto and Chrome (.json)", "FILE", "Report");
    app.add_flag("--quiet-said", plan.quiet_said, "Do not show what the drivers print")->group("Report");
    app.add_flag("--in-process", plan.in_process, "No process of its own for the machine: for debuggers")
        ->group("Report");
    one("--timeout", timeout, "End the run after so much of the host's time; 0: never (usual: 300)", "SECONDS",
        "Report");

    try {
        std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());
        app.parse(reversed);
    } catch (CLI::CallForHelp const&) {
        std::string help = app.help();
        // CLI11 writes an optional value in its own way.
        help.replace(help.find("--log{all}"), 10, "--log[=N]");
        std::cout << help;
        throw ShownHelp {};
    } catch (CLI::ParseError const& error) {
        usage("{}", harmless(error.what()));
    }

    if (drivers.empty() && boot_drivers.empty() && system_drivers.empty())
        usage("no driver is named; see ringside run --help");
    for (CLI::Option* option : io)
        gathered[option].values = option->results();
    for (CLI::Option* option : app.parse_order()) {
        auto found = gathered.find(option);
        if (found != gathered.end())
            add_step(plan, option->get_name(), found->second.values[found->second.next++]);
    }

    if (!seed.empty())
        plan.seed_first = plan.seed_last = parse_number("--seed", seed);
    if (!seeds.empty())
        parse_seeds(seeds, plan);
    if (plan.in_process && plan.many_seeds())
        usage("--in-process: takes one seed, not a range");
    if (!processors.empty())
        plan.machine.processors = static_cast<unsigned>(parse_number("--processors", processors, kProcessorsMax));
    if (plan.machine.processors == 0)
        usage("--processors: a machine has at least one");
    if (!groups.empty())
        plan.machine.groups = static_cast<unsigned>(parse_number("--groups", groups, plan.machine.processors));
    if (plan.machine.groups == 0)
        usage("--groups: there is at least one");
    if (!windows.empty())
        plan.machine.windows = parse_windows("--windows", windows);
    if (!checks.empty())
        plan.machine.checks = parse_checks(checks);
    if (!c_drive.empty())
        plan.machine.c_drive = { check_folder("--c-drive", c_drive), false };
    if (!c_drive_write.empty())
        plan.machine.c_drive = { check_folder("--c-drive-write", c_drive_write), true };
    for (std::string const& rule : rules_off)
        plan.machine.rules_off.push_back(check_rule(rule));
    if (!faults.empty()) {
        plan.machine.faults = parse_faults(faults);
        plan.faults_given = faults;
    }
    if (!steps.empty())
        plan.machine.mean_steps = static_cast<uint32_t>(parse_number("--steps", steps, UINT32_MAX));
    if (!hang.empty())
        plan.machine.hang_seconds = parse_seconds("--hang", hang);
    if (!timeout.empty())
        plan.timeout_seconds = parse_seconds("--timeout", timeout);
    if (log_option->count() != 0)
        plan.log_lines = log == "all" ? ~size_t { 0 } : parse_number("--log", log);
    if (!trace.empty()) {
        (void)check_trace_file(trace);
        plan.trace = trace;
    }
    plan.unload = !no_unload;
    // A whole log is wanted whole.
    if (plan.log_lines && *plan.log_lines > plan.machine.log_records)
        plan.machine.log_records = size_t { 1 } << 20;
    // In a process of its own the machine's output is heard, and shown or not, by the parent.
    plan.machine.live_output = !plan.in_process || !plan.quiet_said;
    for (std::string const& hive : hives) {
        auto [key, path] = parse_key_and_file("--hive", hive);
        plan.hives.push_back({ hive, key, read_input_file(path) });
    }
    for (std::string const& saved : save_hives) {
        auto [key, path] = parse_key_and_file("--save-hive", saved);
        plan.saved.push_back({ SavedKey::As::Hive, saved, key, path });
    }
    for (std::string const& saved : export_reg) {
        auto [key, path] = parse_key_and_file("--export-reg", saved);
        plan.saved.push_back({ SavedKey::As::RegText, saved, key, path });
    }
    if (!plan.saved.empty() && plan.many_seeds())
        usage("--save-hive and --export-reg: take one seed, not a range");
    for (std::string const& setting : reg)
        plan.registry.push_back(parse_registry(setting));
    for (std::string const& path : boot_drivers)
        plan.drivers.push_back(read_driver(path, Start::Boot));
    for (std::string const& path : system_drivers)
        plan.drivers.push_back(read_driver(path, Start::System));
    for (std::string const& path : drivers)
        plan.drivers.push_back(read_driver(path, Start::Demand));
    return plan;
}

} // namespace ringside::cli
