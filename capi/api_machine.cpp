// SPDX-License-Identifier: MIT
// The C face: a machine's life, its drivers and its registry.
#include "api.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <unistd.h>

namespace ringside::capi {

namespace {

constexpr size_t kOptionsBytes = offsetof(ringside_options, program) + sizeof(char const*); // in version 1

ringside_options usual_options()
{
    MachineOptions const usual;
    ringside_options options {};
    options.size = sizeof options;
    options.seed = usual.seed;
    options.processors = usual.processors;
    options.groups = usual.groups;
    options.checks = static_cast<uint32_t>(usual.checks);
    options.hang_seconds = usual.hang_seconds;
    options.memory_bytes = usual.memory_bytes;
    options.log_records = usual.log_records;
    options.timeout_seconds = ChildOptions {}.timeout_seconds;
    return options;
}

// The machine's process has its own current folder from the moment it was started.
std::string absolute(std::string_view path)
{
    if (path.starts_with('/') || path.empty())
        return std::string(path);
    char folder[PATH_MAX];
    if (!getcwd(folder, sizeof folder))
        throw Refused(RINGSIDE_BAD_ARGUMENT, "a relative path, but this process has no current folder");
    return fmt::format("{}/{}", folder, path);
}

Windows windows_of(char const* name)
{
    if (!name)
        return MachineOptions {}.windows;
    if (auto windows = windows_by_name(name))
        return *windows;
    throw Refused(RINGSIDE_BAD_ARGUMENT, fmt::format("options.windows: no release is named '{}'", name));
}

MachineOptions machine_options(ringside_options const& given)
{
    MachineOptions options;
    options.seed = given.seed;
    options.processors = given.processors;
    options.groups = given.groups;
    options.windows = windows_of(given.windows);
    if (given.checks > RINGSIDE_CHECKS_VERIFIED)
        throw Refused(RINGSIDE_BAD_ARGUMENT, "options.checks is none of ringside_checks");
    options.checks = static_cast<Checks>(given.checks);
    if (given.rules_off_count > 1000)
        throw Refused(RINGSIDE_BAD_ARGUMENT, "options.rules_off_count: there are not so many rules");
    for (uint32_t i = 0; i < given.rules_off_count; ++i)
        options.rules_off.emplace_back(
            needed_text((&needed(given.rules_off, "options.rules_off"))[i], "a name in options.rules_off"));
    options.faults = { given.fail_nth, given.fail_site_percent, given.fail_fire_percent };
    options.explore = given.explore != 0;
    options.force_irql = given.force_irql != 0;
    options.mean_steps = given.mean_steps;
    options.live_output = given.live_output != 0;
    options.hang_seconds = given.hang_seconds;
    options.memory_bytes = given.memory_bytes;
    options.log_records = given.log_records;
    options.c_drive = { absolute(given.c_drive ? given.c_drive : ""), given.c_drive_write != 0 };
    return options;
}

// What `ringside run` is told for such a machine: all that differs from the usual, and the seed.
std::string run_options(MachineOptions const& o)
{
    MachineOptions const usual;
    std::string words = fmt::format(" --seed {}", o.seed);
    auto add = [&words]<typename... Values>(bool differs, fmt::format_string<Values const&...> form,
                                            Values const&... values) {
        if (differs)
            words += fmt::format(form, values...);
    };
    add(o.processors != usual.processors, " --processors {}", o.processors);
    add(o.groups != usual.groups, " --groups {}", o.groups);
    add(o.windows != usual.windows, " --windows {}", windows_profile(o.windows).name);
    add(o.checks == Checks::Bare, " --checks bare");
    add(o.checks == Checks::Observed, " --checks observed");
    for (std::string const& rule : o.rules_off)
        add(true, " --rule-off {}", rule);
    add(o.faults.nth != 0, " --faults nth:{}", o.faults.nth);
    add(o.faults.nth == 0 && o.faults.site_on_percent != 0, " --faults swarm:{},{}", o.faults.site_on_percent,
        o.faults.fire_percent);
    add(o.explore, " --explore");
    add(o.force_irql, " --force-irql");
    add(o.mean_steps != 0, " --steps {}", o.mean_steps);
    add(o.hang_seconds != usual.hang_seconds, " --hang {}", o.hang_seconds);
    add(!o.c_drive.folder.empty(), " --c-drive{} {}", o.c_drive.write_through ? "-write" : "", o.c_drive.folder);
    return words;
}

std::shared_ptr<Link> make_link(ringside_options const& given)
{
    if (given.in_process)
        return enter_process();
    if (!(given.timeout_seconds >= 0 && given.timeout_seconds <= 1e6))
        throw Refused(RINGSIDE_BAD_ARGUMENT, "options.timeout_seconds is 0 to 1000000");
    return start_child({ .program = given.program ? given.program : "",
                         .timeout_seconds = given.timeout_seconds,
                         .live_output = given.live_output != 0 });
}

} // namespace

} // namespace ringside::capi

using namespace ringside;
using namespace ringside::capi;

int ringside_options_init(ringside_options* options, size_t size)
{
    return guarded(__func__, 0, [&] {
        fill_structure(options, size, usual_options(), kOptionsBytes, "options");
    });
}

int ringside_boot(ringside_options const* options, ringside_machine* machine)
{
    return guarded(__func__, 0, [&] {
        ringside_machine& into = needed(machine, "machine");
        ringside_options const given = understood(options, usual_options(), kOptionsBytes, "options");
        MachineOptions const boot = machine_options(given);
        auto link = make_link(given);
        Message message;
        message.begin(kCallMark, static_cast<uint32_t>(CallCode::Boot));
        write_options(message, boot);
        Answer const answer = link->exchange(CallCode::Boot, message);
        if (answer.result != RINGSIDE_OK)
            throw Refused(answer.result, answer.words);
        if (!answer.payload.empty() || !answer.told.empty())
            throw Refused(RINGSIDE_PROTOCOL, "the answer to booting does not fit it");
        auto hosted = add_hosted(std::move(link));
        hosted->repeat = run_options(boot);
        into = make_handle(Kind::Machine, hosted->number, 0);
    });
}

int ringside_close(ringside_machine machine)
{
    return guarded(__func__, machine, [&] {
        Exchange exchange(machine, Kind::Machine);
        exchange.begin(CallCode::Close);
        try {
            (void)exchange.send();
        } catch (Refused const&) {
            // It is gone in one way or the other.
        }
        std::shared_ptr<Link> link;
        {
            std::lock_guard held(exchange.hosted().link_lock);
            link.swap(exchange.hosted().link);
        }
        remove_hosted(exchange.hosted().number);
    });
}

int ringside_kill(ringside_machine machine)
{
    return guarded(__func__, machine, [&] {
        auto hosted
            = is_kind(machine, Kind::Machine) && number_of(machine) == 0 ? find_hosted(machine_of(machine)) : nullptr;
        std::shared_ptr<Link> link;
        if (hosted) {
            std::lock_guard held(hosted->link_lock);
            link = hosted->link;
        }
        if (!link)
            throw Refused(RINGSIDE_BAD_HANDLE, fmt::format("the handle 0x{:x} is of no machine that lives", machine));
        if (!link->kill())
            throw Refused(RINGSIDE_BAD_USE, "a machine in_process has no process to end");
    });
}

// --- Drivers -----------------------------------------------------------------------------------------------------

namespace {

void loaded(ringside_machine machine, CallCode call, std::string const& path, std::string_view name,
            std::span<std::byte const> image, ringside_driver& driver, int32_t* status)
{
    exchange(
        machine, Kind::Machine, call,
        [&](Message& message) {
            message.text(path);
            if (call == CallCode::LoadMemory) {
                message.text(name);
                message.bytes(image);
            }
        },
        [&](Reader& reply, Exchange& exchange) {
            auto const number = reply.number<uint32_t>();
            auto const entry = reply.number<int32_t>();
            exchange.expect_whole();
            exchange.hosted().drivers.push_back(path.empty() ? std::string(name) : path);
            driver = make_handle(Kind::Driver, machine_of(machine), number);
            if (status)
                *status = entry;
        });
}

} // namespace

int ringside_load(ringside_machine machine, char const* path, ringside_driver* driver, int32_t* status)
{
    return guarded(__func__, machine, [&] {
        std::string const whole = absolute(needed_text(path, "path"));
        loaded(machine, CallCode::Load, whole, {}, {}, needed(driver, "driver"), status);
    });
}

int ringside_load_memory(ringside_machine machine, char const* name, void const* image, size_t bytes, char const* path,
                         ringside_driver* driver, int32_t* status)
{
    return guarded(__func__, machine, [&] {
        auto const given = given_bytes(&needed(static_cast<std::byte const*>(image), "image"), bytes, "image");
        std::string const whole = absolute(path ? path : "");
        loaded(machine, CallCode::LoadMemory, whole, needed_text(name, "name"), given, needed(driver, "driver"),
               status);
    });
}

int ringside_unload(ringside_driver driver, int32_t* status)
{
    return guarded(__func__, driver, [&] {
        int32_t told = 0;
        exchange(driver, Kind::Driver, CallCode::Unload, nothing_to_write,
                 [&](Reader& reply, Exchange&) { told = reply.number<int32_t>(); });
        if (status)
            *status = told;
    });
}

int ringside_driver_get_info(ringside_driver driver, ringside_driver_info* info)
{
    return guarded(__func__, driver, [&] {
        check_structure(needed(info, "info").size, sizeof(ringside_driver_info), "info");
        exchange(driver, Kind::Driver, CallCode::DriverInfo, nothing_to_write, [&](Reader& reply, Exchange& exchange) {
            auto const status = reply.number<int32_t>();
            bool const loaded = reply.flag();
            auto const base = reply.number<uint64_t>();
            (void)reply.text();
            exchange.expect_whole();
            *info = { info->size, status, loaded, base };
        });
    });
}

int ringside_driver_name(ringside_driver driver, char** name)
{
    return guarded(__func__, driver, [&] {
        char*& into = needed(name, "name");
        exchange(driver, Kind::Driver, CallCode::DriverInfo, nothing_to_write, [&](Reader& reply, Exchange& exchange) {
            (void)reply.number<int32_t>();
            (void)reply.flag();
            (void)reply.number<uint64_t>();
            auto const text = reply.text();
            exchange.expect_whole();
            into = copied_text(text);
        });
    });
}

int ringside_driver_imports(ringside_driver driver, char** json)
{
    return text_call(__func__, driver, Kind::Driver, CallCode::DriverImports, json, "json");
}

// --- Registry ----------------------------------------------------------------------------------------------------

int ringside_set_registry_value(ringside_machine machine, char const* service, char const* assignment)
{
    return guarded(__func__, machine, [&] {
        auto const first = needed_text(service, "service");
        auto const second = needed_text(assignment, "assignment");
        exchange(
            machine, Kind::Machine, CallCode::SetRegistryValue,
            [&](Message& message) {
                message.text(first);
                message.text(second);
            },
            nothing_to_read);
    });
}

int ringside_import_registry(ringside_machine machine, char const* reg_file_text)
{
    return guarded(__func__, machine, [&] {
        auto const text = needed_text(reg_file_text, "reg_file_text");
        (void)given_bytes(text.data(), text.size(), "reg_file_text");
        exchange(
            machine, Kind::Machine, CallCode::ImportRegistry, [&](Message& message) { message.text(text); },
            nothing_to_read);
    });
}

int ringside_export_registry(ringside_machine machine, char const* key, char** reg_file_text)
{
    return guarded(__func__, machine, [&] {
        auto const name = needed_text(key, "key");
        char*& into = needed(reg_file_text, "reg_file_text");
        exchange(
            machine, Kind::Machine, CallCode::ExportRegistry, [&](Message& message) { message.text(name); },
            [&](Reader& reply, Exchange& exchange) {
                auto const text = reply.text();
                exchange.expect_whole();
                into = copied_text(text);
            });
    });
}

int ringside_load_hive(ringside_machine machine, char const* key, void const* file, size_t bytes)
{
    return guarded(__func__, machine, [&] {
        auto const name = needed_text(key, "key");
        auto const given = given_bytes(&needed(static_cast<std::byte const*>(file), "file"), bytes, "file");
        exchange(
            machine, Kind::Machine, CallCode::LoadHive,
            [&](Message& message) {
                message.text(name);
                message.bytes(given);
            },
            nothing_to_read);
    });
}

int ringside_save_hive(ringside_machine machine, char const* key, void** file, size_t* bytes)
{
    return guarded(__func__, machine, [&] {
        auto const name = needed_text(key, "key");
        void*& into = needed(file, "file");
        size_t& size = needed(bytes, "bytes");
        exchange(
            machine, Kind::Machine, CallCode::SaveHive, [&](Message& message) { message.text(name); },
            [&](Reader& reply, Exchange& exchange) {
                auto const contents = reply.bytes();
                exchange.expect_whole();
                into = copied_bytes(contents);
                size = contents.size();
            });
    });
}
