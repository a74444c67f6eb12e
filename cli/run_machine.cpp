// SPDX-License-Identifier: MIT
#include "run_machine.h"

#include "text.h"
#include "trace_record.h"

#include "base/check.h"
#include "ldr/pe.h"
#include "machine/views.h"
#include "sim/world.h"

#include <fmt/format.h>

namespace ringside::cli {

using machine::imports_json;
using machine::report_json;

namespace {

class Runner {
public:
    Runner(RunPlan const& plan, uint64_t seed, Sink const& sink)
        : m_plan(plan)
        , m_seed(seed)
        , m_sink(sink)
        , m_machine(options(plan, seed))
    {
    }

    int run()
    {
        for (HiveSetting const& hive : m_plan.hives)
            m_machine.load_hive(hive.key, hive.bytes);
        for (RegistrySetting const& setting : m_plan.registry)
            set_registry(setting);
        bool all_loaded = load_drivers();
        if (all_loaded && !m_plan.steps.empty())
            run_steps();
        if (!m_machine.crashed())
            take_down();
        return finish();
    }

private:
    struct Opened {
        std::string path;
        File file;
    };

    static MachineOptions options(RunPlan const& plan, uint64_t seed)
    {
        MachineOptions options = plan.machine;
        options.seed = seed;
        return options;
    }

    void phase(std::string words) { m_sink({ { "kind", "phase" }, { "words", std::move(words) } }); }

    void set_registry(RegistrySetting const& setting)
    {
        if (setting.is_file) {
            m_machine.import_registry(setting.text);
            return;
        }
        for (DriverFile const& driver : m_plan.drivers) {
            std::string_view service = driver.name;
            service = service.substr(0, service.rfind('.'));
            m_machine.set_registry_value(service, setting.given);
        }
    }

    bool load_drivers()
    {
        for (DriverFile const& file : m_plan.drivers) {
            phase(fmt::format("DriverEntry of {}", file.name));
            Driver driver = m_machine.load(file.name, file.bytes, file.path, { file.start });
            tell_driver(driver, file);
            if (m_machine.crashed())
                return false;
            if (!driver.loaded()) {
                m_problem = fmt::format("{} is not loaded: its DriverEntry returned {}", driver.name(),
                                        status_name(driver.status()));
                return false;
            }
            m_drivers.push_back(driver);
        }
        phase("settling after load");
        m_machine.settle();
        if (!m_machine.crashed())
            tell_devices();
        return !m_machine.crashed();
    }

    void tell_driver(Driver const& driver, DriverFile const& file)
    {
        Json status = nullptr;
        if (!m_machine.crashed())
            status = driver.status();
        auto parsed = ldr::PeFile::parse(file.bytes);
        m_sink({ { "kind", "driver" },
                 { "name", driver.name() },
                 { "path", file.path },
                 { "status", std::move(status) },
                 { "loaded", driver.loaded() },
                 { "base", driver.base() },
                 { "size", parsed ? parsed.file().memory_size() : 0 },
                 { "imports", imports_json(driver.imports()) } });
    }

    void tell_devices()
    {
        Json list = Json::array();
        for (DeviceLine const& device : m_machine.devices()) {
            list.push_back({ { "name", device.name },
                             { "driver", device.driver },
                             { "type", device.type },
                             { "links", device.links },
                             { "stack", device.stack } });
            if (!device.links.empty())
                m_names.insert(m_names.end(), device.links.begin(), device.links.end());
            else if (!device.name.empty())
                m_names.push_back(device.name);
        }
        m_sink({ { "kind", "devices" }, { "devices", std::move(list) } });
    }

    void run_steps()
    {
        bool io_since_open = true;
        for (Step const& step : m_plan.steps) {
            bool opens = step.kind == Step::Kind::Open;
            if (opens) {
                if (io_since_open)
                    m_targets_begin = m_files.size();
                open(step.path);
            } else {
                if (m_files.empty())
                    open_all();
                for (size_t i = m_targets_begin; i < m_files.size() && !m_machine.crashed(); ++i)
                    do_io(step, m_files[i]);
            }
            io_since_open = !opens;
            if (m_machine.crashed())
                return;
        }
        tell_pending();
    }

    void open_all()
    {
        if (m_names.empty())
            m_problem = "nothing to send I/O to: the drivers made no device with a name";
        for (std::string const& name : m_names)
            if (!m_machine.crashed())
                open(name);
    }

    void open(std::string const& path)
    {
        phase(fmt::format("opening {}", path));
        if (m_plan.wow64 && !m_program)
            m_program = m_machine.client("program32.exe", { .is_32bit = true });
        File file = m_program ? m_program->open(path) : m_machine.open(path);
        m_sink({ { "kind", "open" }, { "path", path }, { "status", file.status() } });
        m_files.push_back({ path, file });
    }

    void do_io(Step const& step, Opened& opened)
    {
        // The open's failure has been told.
        if (!opened.file.ok())
            return;
        Bytes const nothing;
        Bytes const& in = step.in ? step.in->bytes : nothing;
        Json record { { "kind", "" }, { "path", opened.path } };
        Reply reply;
        switch (step.kind) {
        case Step::Kind::Open:
            return;
        case Step::Kind::Ioctl:
            phase(fmt::format("control code 0x{:08x} to {}", step.code.value, opened.path));
            if (step.cancel) {
                Request request = opened.file.start_ioctl(step.code.value, in, step.out);
                request.cancel();
                reply = request.wait();
            } else
                reply = step.second ? opened.file.ioctl_with_buffer(step.code.value, in, step.second->bytes)
                                    : opened.file.ioctl(step.code.value, in, step.out);
            record.update(
                { { "kind", "ioctl" }, { "code", step.code.value }, { "in", hex(in) }, { "room", step.out } });
            if (step.second)
                record["second"] = hex(step.second->bytes);
            break;
        case Step::Kind::Read:
            phase(fmt::format("reading from {}", opened.path));
            reply = opened.file.read(step.out, step.at);
            record.update({ { "kind", "read" }, { "at", step.at }, { "room", step.out } });
            break;
        case Step::Kind::Write:
            phase(fmt::format("writing to {}", opened.path));
            reply = opened.file.write(in, step.at);
            record.update({ { "kind", "write" }, { "at", step.at }, { "in", hex(in) } });
            break;
        }
        // A reply that never came because the machine ended is told by the report.
        if (m_machine.crashed())
            return;
        record.update(
            { { "status", reply.status }, { "information", reply.information }, { "bytes", hex(reply.bytes) } });
        m_sink(record);
    }

    void tell_pending()
    {
        phase("settling after I/O");
        m_machine.settle();
        if (m_machine.crashed())
            return;
        auto requests = m_machine.pending();
        if (!requests.empty())
            m_sink({ { "kind", "pending" }, { "requests", requests } });
    }

    void take_down()
    {
        // First the storm, then the calm: a driver must be able to leave once nothing fails any more.
        sim::world().faults().close();
        for (auto opened = m_files.rbegin(); opened != m_files.rend(); ++opened) {
            if (!opened->file.ok())
                continue;
            phase(fmt::format("closing {}", opened->path));
            opened->file.close();
            if (m_machine.crashed())
                return;
            m_sink({ { "kind", "close" }, { "path", opened->path } });
        }
        phase("settling after close");
        m_machine.settle();
        if (!m_plan.unload || m_machine.crashed())
            return;
        for (auto driver = m_drivers.rbegin(); driver != m_drivers.rend(); ++driver) {
            phase(fmt::format("unloading {}", driver->name()));
            int32_t status = driver->unload();
            if (m_machine.crashed())
                return;
            m_sink({ { "kind", "unload" }, { "name", driver->name() }, { "status", status } });
        }
    }

    // Also after a bug check: that is when one wants to look.
    void save_registry()
    {
        for (SavedKey const& saved : m_plan.saved) {
            std::string text;
            if (saved.as == SavedKey::As::RegText)
                text = m_machine.export_registry(saved.key);
            else {
                Bytes const bytes = m_machine.save_hive(saved.key);
                text.assign(reinterpret_cast<char const*>(bytes.data()), bytes.size());
            }
            write_output_file(saved.path, text);
        }
    }

    int finish()
    {
        Report report;
        if (m_plan.unload || m_machine.crashed()) {
            if (!m_machine.crashed())
                phase("looking what is left");
            report = m_machine.finish();
        } else {
            report.seed = m_seed;
            report.hash = m_machine.log_hash();
            report.events = sim::world().log().count();
            report.virtual_seconds = static_cast<double>(sim::world().now_100ns()) / 1e7;
            report.replayable = sim::world().replayable();
            report.words = "the drivers stay loaded: what they hold was not looked at";
        }
        try {
            save_registry();
        } catch (BadUse const& bad) {
            m_problem = bad.what();
        }
        // With faults injected, a driver that gives up in an orderly way does what it should.
        if (report.exit_code == kExitClean && !m_problem.empty() && report.faults_injected == 0) {
            report.exit_code = kExitUsage;
            report.words = m_problem;
        }
        Json record = report_json(report);
        record["unloaded"] = m_plan.unload;
        m_sink(record);
        if (m_plan.log_lines)
            m_sink({ { "kind", "log" }, { "lines", m_machine.log_lines(*m_plan.log_lines) } });
        return report.exit_code;
    }

    RunPlan const& m_plan;
    uint64_t m_seed;
    Sink const& m_sink;
    Machine m_machine;
    std::vector<Driver> m_drivers;
    std::vector<std::string> m_names; // of devices, as clients see them
    std::optional<Client> m_program; // a 32-bit one; none: the machine's default client sends the I/O
    std::vector<Opened> m_files;
    size_t m_targets_begin = 0; // of m_files: where I/O goes
    std::string m_problem; // why the plan could not be carried out
};

} // namespace

int run_machine(RunPlan const& plan, uint64_t seed, Sink const& sink)
{
    Json faults = nullptr;
    if (!plan.faults_given.empty())
        faults = plan.faults_given;
    sink({ { "kind", "machine" },
           { "seed", seed },
           { "processors", plan.machine.processors },
           { "windows", windows_profile(plan.machine.windows).name },
           { "checks", checks_name(plan.machine.checks) },
           { "faults", std::move(faults) },
           { "explore", plan.machine.explore },
           { "force_irql", plan.machine.force_irql },
           { "debugger", plan.machine.debugger },
           { "wow64", plan.wow64 } });
    std::optional<TraceTeller> trace;
    if (!plan.trace.empty())
        trace.emplace(sink);
    try {
        return Runner(plan, seed, sink).run();
    } catch (BadImage const& bad) {
        sink({ { "kind", "refused" }, { "words", bad.what() } });
    } catch (BadUse const& bad) {
        sink({ { "kind", "refused" }, { "words", bad.what() } });
    }
    return kExitUsage;
}

} // namespace ringside::cli
