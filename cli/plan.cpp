// SPDX-License-Identifier: MIT
#include "plan.h"

#include "text.h"

#include <fmt/format.h>

namespace ringside::cli {

std::string checks_name(Checks checks)
{
    switch (checks) {
    case Checks::Bare:
        return "bare";
    case Checks::Observed:
        return "observed";
    case Checks::Verified:
        return "verified";
    }
    return "?";
}

namespace {

class CommandLine {
public:
    void add(std::string_view word)
    {
        if (!m_text.empty())
            m_text += ' ';
        m_text += shell_quoted(word);
    }
    void add(std::string_view option, std::string_view value)
    {
        add(option);
        add(value);
    }
    std::string const& text() const { return m_text; }

private:
    std::string m_text;
};

void add_step(CommandLine& line, Step const& step)
{
    switch (step.kind) {
    case Step::Kind::Open:
        line.add("--open", step.path);
        return;
    case Step::Kind::Ioctl:
        line.add(step.cancel ? "--cancel" : "--ioctl", fmt::format("0x{:08x}", step.code.value));
        if (step.in)
            line.add("--in", step.in->given);
        if (step.second)
            line.add("--second", step.second->given);
        if (step.out != 0)
            line.add("--out", std::to_string(step.out));
        return;
    case Step::Kind::Read:
        line.add("--read", std::to_string(step.out));
        break;
    case Step::Kind::Write:
        line.add("--write", step.in->given);
        break;
    }
    if (step.at != 0)
        line.add("--at", std::to_string(step.at));
}

} // namespace

std::string replay_command(RunPlan const& plan, uint64_t seed)
{
    MachineOptions const usual;
    MachineOptions const& machine = plan.machine;
    CommandLine line;
    line.add(plan.program);
    line.add("run");
    for (DriverFile const& driver : plan.drivers) {
        std::string const path = driver.path.starts_with("-") ? "./" + driver.path : driver.path;
        if (driver.start == Start::Demand)
            line.add(path);
        else
            line.add(driver.start == Start::Boot ? "--boot-start" : "--system-start", path);
    }
    for (HiveSetting const& hive : plan.hives)
        line.add("--hive", hive.given);
    for (SavedKey const& saved : plan.saved)
        line.add(saved.as == SavedKey::As::Hive ? "--save-hive" : "--export-reg", saved.given);
    for (RegistrySetting const& setting : plan.registry)
        line.add("--reg", setting.given);
    for (Step const& step : plan.steps)
        add_step(line, step);
    if (!plan.unload)
        line.add("--no-unload");
    if (!machine.c_drive.folder.empty())
        line.add(machine.c_drive.write_through ? "--c-drive-write" : "--c-drive", machine.c_drive.folder);
    if (machine.processors != usual.processors)
        line.add("--processors", std::to_string(machine.processors));
    if (machine.groups != usual.groups)
        line.add("--groups", std::to_string(machine.groups));
    if (machine.windows != usual.windows)
        line.add("--windows", windows_profile(machine.windows).name);
    if (machine.checks != usual.checks)
        line.add("--checks", checks_name(machine.checks));
    for (std::string const& rule : machine.rules_off)
        line.add("--rule-off", rule);
    if (!plan.faults_given.empty())
        line.add("--faults", plan.faults_given);
    if (machine.explore)
        line.add("--explore");
    if (machine.force_irql)
        line.add("--force-irql");
    if (machine.debugger)
        line.add("--debugger");
    if (plan.wow64)
        line.add("--wow64");
    if (machine.mean_steps != usual.mean_steps)
        line.add("--steps", std::to_string(machine.mean_steps));
    if (machine.hang_seconds != usual.hang_seconds)
        line.add("--hang", fmt::format("{}", machine.hang_seconds));
    if (plan.timeout_seconds != RunPlan {}.timeout_seconds)
        line.add("--timeout", fmt::format("{}", plan.timeout_seconds));
    line.add("--seed", std::to_string(seed));
    return line.text();
}

} // namespace ringside::cli
