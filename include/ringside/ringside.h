// SPDX-License-Identifier: MIT
// Ringside's library: three nouns that a driver author already has. A Machine is booted, Drivers are loaded into it,
// Files are opened on their devices. One machine is live per process at a time; its end leaves nothing behind.
//
//     Machine machine({ .seed = 7 });
//     Driver driver = machine.load("ioctl.sys");
//     File file = machine.open(R"(\\.\RingsideIoctl)");
//     Reply reply = file.ioctl(IOCTL_REVERSE, "hello", 16);
//     file.close();
//     machine.expect_quiet();
//
// Paths of devices are Win32's (\\.\Name) or NT's (\Device\Name). Statuses are NTSTATUS values (nt/status.h names them).
// Nothing here throws but BadImage (a file that is no x64 driver) and BadUse (a call that makes no sense).
#pragma once

#include <ringside/client.h>
#include <ringside/persistent.h>
#include <ringside/user.h>
#include <ringside/windows.h>
#include <ringside/wmi.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace ringside {

// One clear sentence: the file is not a driver that can be loaded.
struct BadImage : std::runtime_error {
    using std::runtime_error::runtime_error;
};
// One clear sentence: the call's arguments make no sense.
struct BadUse : std::runtime_error {
    using std::runtime_error::runtime_error;
};

// How imports are bound (docs/design.md D6).
enum class Checks : uint8_t {
    Bare,     // the bodies alone: benchmarks, fuzzing
    Observed, // log lines and schedule points
    Verified, // the Driver Verifier's rules too
};

struct Faults {
    uint64_t nth = 0;            // fail the n-th fallible call, and no other; 0: none
    uint32_t site_on_percent = 0; // or: each fallible service is switched on for the whole run with this probability
    uint32_t fire_percent = 0;    // and then fails this often
};

// A folder of the host that drivers see as a volume. What they change is kept in memory, so that the next run finds the
// same files again; or written to the folder, too.
struct Drive {
    std::string folder {}; // "": none
    bool write_through = false;
};

struct MachineOptions {
    uint64_t seed = 1;
    unsigned processors = 2;
    unsigned groups = 1; // of processors, as even as can be; more than one since Windows 7
    Windows windows = Windows::v11_24H2;
    Checks checks = Checks::Verified;
    std::vector<std::string> rules_off {}; // verifier rules by name (Machine::rules() lists them)
    Faults faults {};
    bool explore = false;          // schedule points around interlocked instructions too
    bool force_irql = false;       // pageable code and data are paged out whenever the IRQL is raised (not in bare ones)
    bool debugger = false;         // a kernel debugger is attached; it says go at each break-in
    uint32_t mean_steps = 0;       // mean number of schedule points between switches; 0: drawn from the seed
    bool live_output = false;      // DbgPrint lines go to standard error as they are said
    double hang_seconds = 2;       // host time a driver may spin without calling anything; 0: for ever
    size_t memory_bytes = size_t { 1 } << 30; // physical memory; only what is touched costs anything
    Drive c_drive {};              // \??\C:
    User user {};                  // who answers dialog boxes
    std::vector<PersistentMemory> persistent {}; // of the machine before, which was rebooted softly
    size_t log_records = 1 << 14;  // newest records kept; a power of two (these fit a second-level cache)
};

struct ImportLine {
    std::string dll;
    std::string name; // "#12" by ordinal
    enum class Served : uint8_t { Works, Partial, Missing } served;
    std::string words; // what is partial, or why it is missing
};

class Driver {
public:
    std::string const& name() const;
    int32_t status() const;     // what DriverEntry returned
    bool loaded() const;
    uint64_t base() const;
    std::vector<ImportLine> imports() const;
    // Calls DriverUnload and takes the image away. STATUS_INVALID_DEVICE_REQUEST without an unload routine,
    // STATUS_DEVICE_BUSY while its devices are in use.
    int32_t unload();

    struct State;
    explicit Driver(std::shared_ptr<State> state) : m_state(std::move(state)) {}

private:
    std::shared_ptr<State> m_state;
};

// When a driver is loaded: the Start value of its service key (docs/io.md). Boot-start drivers are loaded before
// system-start ones and those before all others and before anything else is done with the machine: BadUse otherwise.
enum class Start : uint8_t { Boot = 0, System = 1, Automatic = 2, Demand = 3 };
struct LoadOptions {
    Start start = Start::Demand;
};

struct DeviceLine {
    std::string name;       // "\Device\Name", or "" for a nameless one
    std::string driver;
    uint32_t type = 0;
    std::vector<std::string> links; // "\\.\Name"
    std::string stack;      // drivers from top to bottom, as text
};

// One line of a back-trace: addresses as they were, and where they are in a driver's file.
struct TraceLine {
    uint64_t address = 0;
    std::string module;     // "" outside any
    std::string path;       // the module's file on the host
    uint64_t rva = 0;
};

// What a machine's run came to. Text and JSON views: report.h of the machine room is behind them.
struct Report {
    enum class End : uint8_t { Clean, Leaks, BugCheck, MissingService, Hung } end = End::Clean;
    int exit_code = 0;          // 0 clean, 2 the driver broke a rule, 4 a service is missing
    uint32_t code = 0;          // bug check
    std::string code_name;
    uint64_t parameters[4] {};
    std::string words;          // one sentence
    std::string rule;           // the verifier rule that ended it
    std::string service;        // the missing service
    uint32_t processor = 0;
    uint8_t irql = 0;
    uint32_t thread = 0;
    std::vector<TraceLine> trace;
    std::vector<std::string> leaks;    // one line for each thing left
    std::vector<std::string> said;     // DbgPrint lines
    std::vector<std::string> missing;  // services bound to a stop
    uint64_t events = 0;
    uint64_t hash = 0;
    uint64_t faults_injected = 0;
    uint64_t fallible_calls = 0;       // calls that could have failed, counted while a Faults plan is set
    double virtual_seconds = 0;
    bool replayable = true;
    uint64_t seed = 0;
};

class Machine {
public:
    explicit Machine(MachineOptions options = {});
    ~Machine();
    Machine(Machine const&) = delete;
    Machine& operator=(Machine const&) = delete;

    // Loads a driver and calls its DriverEntry in the System process. Throws BadImage; a DriverEntry that fails is told
    // by Driver::status(). Export drivers that it imports are looked for beside it.
    Driver load(std::string const& path, LoadOptions options = {});
    Driver load(std::string name, std::span<std::byte const> image, std::string path = "", LoadOptions options = {});

    // Registry: a value of the service's own key before load: ("toaster", R"(Parameters\Name=dword:1)"); or a .reg
    // file's text for any key. Throw BadUse with one clear sentence.
    void set_registry_value(std::string_view service, std::string_view assignment);
    void import_registry(std::string_view reg_file_text);
    // A hive file's contents in place of a key's (R"(HKLM\SOFTWARE\Ours)"), and a key as a hive file or as .reg text.
    // Throw BadUse with one clear sentence.
    void load_hive(std::string_view key, std::span<std::byte const> file);
    Bytes save_hive(std::string_view key) const;
    std::string export_registry(std::string_view key) const;

    // Opens on behalf of the default client, an elevated administrator.
    File open(std::string_view path, uint32_t access = 0xC0000000, uint32_t share = 3);
    File open(std::string_view path, OpenOptions const& options);
    Client client(std::string_view name, ClientOptions options = {});
    Client default_client();

    // Runs until nothing is left to do (timers up to a minute ahead included); true when quiet.
    bool settle();
    // Lets this much virtual time pass.
    void run_for(double seconds);

    std::vector<DeviceLine> devices() const;
    std::vector<std::string> pending() const; // requests that drivers still hold, one line each
    // WMI, as a management program uses it; a GUID is "{8-4-4-4-12}", with or without the braces (BadUse otherwise).
    // Each waits until the registrations that are under way are done. wmi.h has the types.
    WmiReply wmi_query(std::string_view guid, std::string_view instance = {}); // all instances, or one
    int32_t wmi_set(std::string_view guid, std::string_view instance, std::span<std::byte const> value);
    int32_t wmi_set_item(std::string_view guid, std::string_view instance, uint32_t item,
                         std::span<std::byte const> value);
    Reply wmi_method(std::string_view guid, std::string_view instance, uint32_t method, std::span<std::byte const> in,
                     size_t out_bytes);
    int32_t wmi_listen(std::string_view guid);                  // its events are kept from now on
    std::vector<WmiInstance> wmi_events(std::string_view guid); // those kept since the last call
    void wmi_ignore(std::string_view guid);                     // no longer
    std::vector<std::string> wmi_complaints() const;            // what providers answered wrongly, one line each

    // What a user sees of drivers, oldest first (user.h).
    std::vector<HardErrorLine> hard_errors() const;
    std::vector<EventLogLine> event_log() const;

    bool crashed() const;                     // a bug check or a missing service ended it

    // The system shuts down: IRP_MJ_SHUTDOWN to the devices that registered for it, last registered first, then to
    // those that wanted the last chance. Programs and drivers stay as they are.
    void shutdown();
    // Shuts down for a kernel soft reboot: what the next machine finds of the memory that drivers wrote for it.
    std::vector<PersistentMemory> soft_reboot();

    // Closes files, unloads drivers in reverse order, and looks what is left.
    Report finish();
    // What is left now: IRPs, pool, references, handles, timers, DPCs, work items, locks, mappings; empty: quiet.
    std::vector<std::string> what_is_left();
    // For tests: finish(), and BadUse with all lines if the run did not end clean.
    void expect_quiet();

    std::vector<std::string> log_lines(size_t newest = ~size_t { 0 }) const;
    uint64_t log_hash() const;
    static std::vector<std::string> rules();

    struct State;
    State& state() { return *m_state; }

private:
    std::unique_ptr<State> m_state;
};

} // namespace ringside
