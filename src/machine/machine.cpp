// SPDX-License-Identifier: MIT
// The public Machine: boot, load, settle, finish.
#include "cm/hive.h"
#include "cm/reg_file.h"
#include "cm/reg_text.h"
#include "io/shutdown.h"
#include "ke/debug.h"
#include "ldr/debugger.h"
#include "machine/state.h"
#include "ob/handle.h"
#include "ps/notify.h"
#include "rtl/multi_byte.h"
#include "rtl/strings.h"
#include "sim/host.h"
#include "sim/host_files.h"

#include <algorithm>
#include <fmt/format.h>

namespace ringside {

using namespace nt;
using machine::Outcome;

namespace {

constexpr unsigned kAlarmMilliseconds = 20;

verifier::RuleSet rule_set(std::vector<std::string> const& off)
{
    verifier::RuleSet set;
    set.set();
    for (auto const& name : off) {
        auto rule = verifier::rule_by_name(name);
        if (rule == verifier::Rule::Count)
            throw BadUse(fmt::format("no verifier rule is named '{}'", name));
        set.reset(static_cast<size_t>(rule));
    }
    return set;
}

machine::RoomOptions room_options(MachineOptions const& o)
{
    if (o.processors < 1 || o.processors > hal::kProcessorsMax)
        throw BadUse(fmt::format("a machine has 1 to {} processors, not {}", hal::kProcessorsMax, o.processors));
    if (o.groups < 1 || o.groups > o.processors)
        throw BadUse(fmt::format("{} processors make 1 to {} groups, not {}", o.processors, o.processors, o.groups));
    if (o.groups > 1 && o.windows < Windows::win7)
        throw BadUse("processor groups exist since Windows 7");
    if (o.memory_bytes < 16 * hal::kMiB || o.memory_bytes > 256 * hal::kGiB || o.memory_bytes % hal::kPageSize)
        throw BadUse("a machine has 16 MiB to 256 GiB of physical memory, in whole pages");
    if (!o.log_records || (o.log_records & (o.log_records - 1)))
        throw BadUse("log_records is a power of two");
    machine::RoomOptions r;
    r.world.seed = o.seed;
    if (o.faults.nth)
        r.world.faults = { .kind = sim::FaultPlan::Kind::Nth, .nth = o.faults.nth };
    else if (o.faults.site_on_percent)
        r.world.faults = { sim::FaultPlan::Kind::Swarm, 0, o.faults.site_on_percent, o.faults.fire_percent };
    r.world.log_capacity = o.log_records;
    r.world.live_output = o.live_output;
    r.kernel.processors = o.processors;
    r.kernel.groups = o.groups;
    r.kernel.windows = o.windows;
    r.kernel.mean_steps = o.mean_steps;
    r.kernel.debugger = o.debugger;
    r.kernel.binding = o.checks == Checks::Bare ? ke::Binding::Bare
        : o.checks == Checks::Observed          ? ke::Binding::Observed
                                                : ke::Binding::Verified;
    if (o.hang_seconds > 0) {
        r.kernel.alarm_milliseconds = kAlarmMilliseconds;
        r.kernel.hang_alarms = std::max(1u, static_cast<unsigned>(o.hang_seconds * 1000 / kAlarmMilliseconds));
    }
    r.memory_bytes = o.memory_bytes;
    r.rules = rule_set(o.rules_off);
    r.explore = o.explore;
    r.force_irql = o.force_irql;
    return r;
}

io::HardErrorUser user_of(User const& user)
{
    if (!(user.answers_after >= 0) || user.answers_after > 1e6)
        throw BadUse("a user answers after 0 to 1e6 seconds");
    return { .retries = user.retries, .answers_after_100ns = static_cast<int64_t>(user.answers_after * 1e7) };
}

std::unique_ptr<sim::HostFolder> open_drive(Drive const& drive)
{
    if (drive.folder.empty())
        return nullptr;
    std::string error;
    auto folder = sim::HostFolder::open(drive.folder, drive.write_through, error);
    if (!folder)
        throw BadUse(fmt::format("{}: {}", drive.folder, error));
    return folder;
}

Machine::State* g_live = nullptr;

void on_check_failed(char const*)
{
    if (g_live)
        std::fprintf(stderr, "seed %llu\n", static_cast<unsigned long long>(g_live->options.seed));
}

// A driver's image goes when its driver object does (io::DriverRecord, V2).
void driver_gone(io::DriverRecord const& record)
{
    if (!g_live)
        return;
    for (auto const& driver : g_live->drivers)
        if (driver->module && driver->driver_number == record.number)
            driver->unloaded = true;
}

ImportLine::Served served(ldr::Served s)
{
    switch (s) {
    case ldr::Served::Works:
        return ImportLine::Served::Works;
    case ldr::Served::Partial:
        return ImportLine::Served::Partial;
    default:
        return ImportLine::Served::Missing;
    }
}

} // namespace

Machine::State::State(MachineOptions const& given)
    : options(given)
{
    auto drive = std::make_shared<std::unique_ptr<sim::HostFolder>>(open_drive(given.c_drive));
    rooms = std::make_unique<machine::Rooms>(room_options(given));
    rooms->io.hard_errors().user = user_of(given.user);
    machine::inherit(rooms->io.ksr_memory(), given.persistent);
    g_live = this;
    set_check_hook(on_check_failed);
    io::set_driver_gone(driver_gone);
    machine::connect_clients(*this);
    system = std::make_unique<machine::HostThread>(nullptr);
    on_system_thread([] {}); // lets the system threads come to their first wait
    if (*drive)
        on_system_thread([this, drive] {
            auto const mounted = rooms->files.mount(std::move(*drive));
            CHECK(mounted.ok(), "the volume of drive C: could not be made");
        });
    kernel_handles_at_boot = ob::open_kernel_handles();
    rooms->kernel.log(sim::Event::Boot, static_cast<uint32_t>(options.processors),
                      static_cast<uint64_t>(options.windows));
}

Machine::State::~State()
{
    for (auto const& client : clients) {
        client->machine = nullptr;
        for (auto const& thread : client->threads)
            thread->host.drop_work();
    }
    for (auto const& driver : drivers)
        driver->machine = nullptr;
    machine::disconnect_clients();
    io::set_driver_gone(nullptr);
    set_check_hook(nullptr);
    g_live = nullptr;
}

io::DriverRecord* Machine::State::record_of(Driver::State const& driver)
{
    return driver.driver_number ? rooms->io.drivers().by_number(driver.driver_number) : nullptr;
}

void Machine::State::enter(Phase next)
{
    while (phase < next && !rooms->kernel.crash()) {
        bool const boot = phase == Phase::Boot;
        phase = boot ? Phase::System : Phase::Running;
        if (!rooms->io.drivers().reinitializations(boot).empty())
            on_system_thread([boot] { io::run_reinitializations(boot); });
    }
}

Machine::Machine(MachineOptions options)
    : m_state(std::make_unique<State>(options))
{
}
Machine::~Machine() = default;

// --- Drivers -----------------------------------------------------------------------------------------------------

namespace {

// Export drivers are looked for in the folder of the driver that imports from them.
class BesideIt : public ldr::ImageFinder {
public:
    explicit BesideIt(std::string const& path)
        : m_folder(path.substr(0, path.rfind('/') + 1))
    {
    }
    std::optional<ldr::ImageFile> find(std::string_view dll) override
    {
        ldr::ImageFile file;
        file.name = dll;
        file.path = m_folder + file.name;
        std::string error;
        if (dll.find('/') != dll.npos || !sim::host::read_file(file.path, file.bytes, error))
            return std::nullopt;
        return file;
    }

private:
    std::string m_folder;
};

Machine::State::Phase phase_of(Start start)
{
    using Phase = Machine::State::Phase;
    return start == Start::Boot ? Phase::Boot : start == Start::System ? Phase::System : Phase::Running;
}

std::string service_name(std::string const& file_name)
{
    auto dot = file_name.rfind('.');
    return file_name.substr(0, dot);
}

} // namespace

Driver Machine::load(std::string const& path, LoadOptions options)
{
    Bytes bytes;
    std::string error;
    if (!sim::host::read_file(path, bytes, error))
        throw BadImage(fmt::format("{}: {}", path, error));
    return load(path.substr(path.rfind('/') + 1), bytes, path, options);
}

Driver Machine::load(std::string name, std::span<std::byte const> image, std::string path, LoadOptions options)
{
    auto& rooms = *m_state->rooms;
    State::Phase const due = phase_of(options.start);
    if (m_state->phase > due)
        throw BadUse(fmt::format("{}: boot-start and system-start drivers are loaded before all else, in this order", name));
    m_state->enter(due);
    auto driver = std::make_shared<Driver::State>();
    driver->machine = m_state.get();
    driver->name = name;
    if (rooms.kernel.crash()) {
        driver->status = STATUS_DELETE_PENDING;
        return Driver(driver);
    }
    BesideIt finder(path);
    auto result = rooms.loader.load(name, path, image, path.empty() ? nullptr : &finder);
    if (!result.ok())
        throw BadImage(fmt::format("{}: {}", path.empty() ? name : path, result.bad().reason));
    ldr::Module& module = result.module();
    driver->module = &module;
    driver->base = module.base();
    for (auto const& import : module.imports()) {
        ImportLine line { import.dll, import.name, served(import.served), "" };
        if (Ddi const* row = rooms.exports.row(import.name); row && row->partial)
            line.words = row->partial;
        else if (row && row->declined)
            line.words = fmt::format("declined: {}", row->declined);
        if (import.served == ldr::Served::NotOnThisWindows)
            line.words = fmt::format("not on {}", windows_profile(m_state->options.windows).name);
        else if (import.served == ldr::Served::InAnotherModule)
            line.words = fmt::format("an export of {}", dll_name(rooms.exports.row(import.name)->dll));
        driver->imports.push_back(std::move(line));
    }
    m_state->drivers.push_back(driver);
    if (!module.entry_point())
        return Driver(driver);

    // Owned by the driver's state: DriverEntry may wait for longer than this call does.
    struct Entry {
        std::u16string service;
        std::u16string registry_path;
        std::u16string image_path;
        std::vector<ldr::Module*> fresh;
        std::vector<io::BootImage> boot_images;
    };
    auto entry = std::make_shared<Entry>();
    entry->service = rtl::utf16(service_name(name));
    entry->image_path = u"\\SystemRoot\\System32\\drivers\\" + entry->service + u".sys";
    entry->fresh = rooms.loader.newly_loaded();
    m_state->on_system_thread([state = driver, entry, &rooms, start = options.start, due] {
        entry->registry_path
            = rooms.registry.make_service(entry->service, entry->image_path, static_cast<uint32_t>(start));
        if (auto& boot = rooms.io.boot_drivers(); !boot.registrations().empty()) {
            if (!machine::is_boot_start(*state->machine, entry->registry_path))
                boot.boot_is_over();
            else
                machine::describe_boot_images(*state->module, entry->fresh, entry->image_path, entry->registry_path,
                                              entry->boot_images);
            if (!machine::boot_allows(*state->machine, entry->boot_images)) {
                state->status = STATUS_DRIVER_BLOCKED;
                return;
            }
        }
        for (ldr::Module* fresh : entry->fresh) {
            ps::notify_image_load(entry->image_path, 0, reinterpret_cast<void*>(fresh->base()), fresh->size(), true);
            // An export driver that is loaded for another one starts with DllInitialize instead of DriverEntry.
            if (void* initialize = fresh == state->module ? nullptr : fresh->exported("DllInitialize")) {
                UNICODE_STRING path {};
                rtl::RtlInitUnicodeString(&path, entry->registry_path.c_str());
                ke::through_door(ke::DoorPassage { ke::Door::Other, nullptr },
                                 reinterpret_cast<NTSTATUS(NTAPI*)(UNICODE_STRING*)>(initialize), &path);
            }
        }
        io::DriverImage made;
        made.name = entry->service;
        made.base = state->module->base();
        made.bytes = state->module->size();
        made.entry = reinterpret_cast<PDRIVER_INITIALIZE>(state->module->entry_point());
        made.registry_path = entry->registry_path;
        made.booting = due != State::Phase::Running;
        made.path = entry->image_path;
        auto created = io::create_driver(made);
        state->status = created.status();
        if (created.ok())
            state->driver_number = (*created)->number;
    });
    if (rooms.kernel.crash())
        return Driver(driver);
    if (driver->driver_number) {
        rooms.loader.discard_init(module);
    } else if (driver->status < 0) {
        driver->unloaded = true;
        if (!rooms.loader.why_not_unload(module))
            rooms.loader.unload(module);
    }
    return Driver(driver);
}

std::string const& Driver::name() const { return m_state->name; }
int32_t Driver::status() const { return m_state->status; }
bool Driver::loaded() const { return m_state->machine && m_state->module && !m_state->unloaded; }
uint64_t Driver::base() const { return m_state->base; }
std::vector<ImportLine> Driver::imports() const { return m_state->imports; }

int32_t Driver::unload()
{
    auto* machine = m_state->machine;
    if (!machine || m_state->unloaded || machine->rooms->kernel.crash())
        return STATUS_DELETE_PENDING;
    auto& rooms = *machine->rooms;
    auto status = std::make_shared<int32_t>(STATUS_SUCCESS);
    auto* record = machine->record_of(*m_state);
    if (record) {
        auto outcome
            = machine->on_system_thread([status, object = record->object] { *status = io::unload_driver(object); });
        if (outcome == Outcome::Unfinished)
            return STATUS_PENDING;
        if (outcome == Outcome::Ended)
            return STATUS_DELETE_PENDING;
    }
    if (*status == STATUS_PENDING)
        return STATUS_DEVICE_BUSY;
    if (*status < 0)
        return *status;
    if (record && !m_state->unloaded)
        return STATUS_DEVICE_BUSY; // somebody still refers to the driver object
    m_state->unloaded = true;
    if (!rooms.loader.why_not_unload(*m_state->module))
        rooms.loader.unload(*m_state->module);
    return *status;
}

// --- Registry ----------------------------------------------------------------------------------------------------

void Machine::set_registry_value(std::string_view service, std::string_view assignment)
{
    if (auto error = cm::assign(m_state->rooms->registry, rtl::utf16(service), assignment))
        throw BadUse(*error);
}

void Machine::import_registry(std::string_view text)
{
    if (auto error = cm::import_reg_file(m_state->rooms->registry, text))
        throw BadUse(*error);
}

namespace {

std::u16string registry_path(std::string_view key)
{
    auto path = cm::absolute_path(rtl::utf16(key));
    if (!path)
        throw BadUse(fmt::format("{}: no root key of that name (HKLM, HKU ... or \\Registry)", key));
    return std::move(*path);
}

cm::Key& registry_key(cm::Registry& registry, std::string_view key)
{
    cm::Key* const found = registry.find(registry_path(key));
    if (!found)
        throw BadUse(fmt::format("{}: no such key", key));
    return *found;
}

} // namespace

void Machine::load_hive(std::string_view key, std::span<std::byte const> file)
{
    std::span<uint8_t const> const bytes(reinterpret_cast<uint8_t const*>(file.data()), file.size());
    if (auto error = cm::load_hive(m_state->rooms->registry, registry_path(key), bytes))
        throw BadUse(fmt::format("the hive for {}: {}", key, *error));
}

Bytes Machine::save_hive(std::string_view key) const
{
    auto const file = cm::write_hive(registry_key(m_state->rooms->registry, key));
    auto const* begin = reinterpret_cast<std::byte const*>(file.data());
    return { begin, begin + file.size() };
}

std::string Machine::export_registry(std::string_view key) const
{
    return cm::export_reg_file(registry_key(m_state->rooms->registry, key));
}

// --- Time --------------------------------------------------------------------------------------------------------

bool Machine::settle()
{
    m_state->enter(State::Phase::Running);
    constexpr uint64_t kMinute = 60ull * 10'000'000;
    auto& kernel = m_state->rooms->kernel;
    uint64_t const limit = sim::world().now_100ns() + kMinute;
    for (;;) {
        ke::Stop stop = kernel.run(limit);
        if (stop != ke::Stop::Requested)
            return stop == ke::Stop::Quiet;
    }
}

void Machine::run_for(double seconds)
{
    if (!(seconds >= 0) || seconds > 1e9)
        throw BadUse("run_for takes a number of seconds from 0 to 1e9");
    m_state->enter(State::Phase::Running);
    auto& kernel = m_state->rooms->kernel;
    uint64_t const limit = sim::world().now_100ns() + static_cast<uint64_t>(seconds * 1e7);
    while (kernel.run(limit) == ke::Stop::Requested) { }
    if (!kernel.crash() && sim::world().now_100ns() < limit)
        sim::world().advance_100ns(limit - sim::world().now_100ns());
}

void Machine::shutdown()
{
    m_state->enter(State::Phase::Running);
    m_state->on_system_thread([] {
        io::notify_shutdown(false);
        io::notify_shutdown(true);
    });
}

// --- The end -----------------------------------------------------------------------------------------------------

bool Machine::crashed() const { return m_state->rooms->kernel.crash() != nullptr; }

Report Machine::finish()
{
    sim::world().faults().close();
    if (!crashed()) {
        machine::end_boot(*m_state);
        for (auto const& client : m_state->clients)
            machine::close_all(*client);
        machine::ignore_all_wmi_events(*m_state);
        settle();
        m_state->rooms->io.ending = true;
        for (size_t i = m_state->drivers.size(); i-- > 0;) {
            if (crashed())
                break;
            auto const& driver = m_state->drivers[i];
            if (driver->unloaded || !driver->module)
                continue;
            Driver(driver).unload();
        }
        if (!crashed())
            settle();
        if (!crashed())
            m_state->rooms->kernel.log(sim::Event::Finish, 0, 0);
    }
    return machine::make_report(*m_state);
}

std::vector<std::string> Machine::what_is_left() { return machine::what_is_left(*m_state); }

void Machine::expect_quiet()
{
    Report report = finish();
    if (report.end == Report::End::Clean)
        return;
    std::string all = report.words;
    for (auto const& leak : report.leaks)
        all += "\n  " + leak;
    throw BadUse(fmt::format("the machine did not end clean (seed {}): {}", report.seed, all));
}

std::vector<std::string> Machine::log_lines(size_t newest) const
{
    auto const& log = sim::world().log();
    std::vector<std::string> lines;
    uint64_t first = std::max(log.first_kept(), log.count() > newest ? log.count() - newest : 0);
    for (uint64_t i = first; i < log.count(); ++i)
        lines.push_back(machine::log_line(log.at(i)));
    return lines;
}

uint64_t Machine::log_hash() const { return sim::world().log().hash(); }

std::vector<std::string> Machine::rules()
{
    std::vector<std::string> names;
    for (auto const& row : verifier::rules())
        names.push_back(row.name);
    return names;
}

} // namespace ringside
