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

#include <ringside/windows.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace ringside {

using Bytes = std::vector<std::byte>;

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
    bool explore = false;          // interlocked instructions are schedule points too
    bool force_irql = false;       // pageable code and data are paged out whenever the IRQL is raised (not in bare ones)
    bool debugger = false;         // a kernel debugger is attached; it says go at each break-in
    uint32_t mean_steps = 0;       // mean number of schedule points between switches; 0: drawn from the seed
    bool live_output = false;      // DbgPrint lines go to standard error as they are said
    double hang_seconds = 2;       // host time a driver may spin without calling anything; 0: for ever
    size_t memory_bytes = size_t { 1 } << 30; // physical memory; only what is touched costs anything
    Drive c_drive {};              // \??\C:
    size_t log_records = 1 << 14;  // newest records kept; a power of two (these fit a second-level cache)
};

struct Reply {
    int32_t status = 0;        // STATUS_PENDING: the driver did not complete it; see Machine::pending()
    uint64_t information = 0;
    Bytes bytes;               // of an output buffer: `information` of them at most
    bool ok() const { return status >= 0 && status != 0x103; }
    std::string_view text() const { return { reinterpret_cast<char const*>(bytes.data()), bytes.size() }; }
};

// A request that was started and not waited for.
class Request {
public:
    bool done() const;
    void cancel();          // IoCancelIrp, on the issuer's behalf
    Reply wait();           // runs the machine until it is done, or nothing is left to do (then STATUS_PENDING)
    Reply reply() const;    // as it stands

    struct State;
    explicit Request(std::shared_ptr<State> state) : m_state(std::move(state)) {}

private:
    std::shared_ptr<State> m_state;
};

class File {
public:
    int32_t status() const;      // of the open: everything else fails when this did
    bool ok() const { return status() >= 0; }
    Reply ioctl(uint32_t code, std::span<std::byte const> in, size_t out_bytes);
    Reply ioctl(uint32_t code, std::string_view in, size_t out_bytes);
    // The second buffer's contents are given too: METHOD_IN_DIRECT drivers read it, METHOD_NEITHER ones may.
    Reply ioctl_with_buffer(uint32_t code, std::span<std::byte const> in, std::span<std::byte const> second);
    Reply read(size_t bytes, uint64_t offset = 0);
    Reply write(std::span<std::byte const> bytes, uint64_t offset = 0);
    Reply write(std::string_view bytes, uint64_t offset = 0);
    Request start_ioctl(uint32_t code, std::span<std::byte const> in, size_t out_bytes);
    Request start_read(size_t bytes, uint64_t offset = 0);
    Request start_write(std::span<std::byte const> bytes, uint64_t offset = 0);
    void close(); // the last handle: IRP_MJ_CLEANUP, then IRP_MJ_CLOSE

    struct State;
    explicit File(std::shared_ptr<State> state) : m_state(std::move(state)) {}

private:
    std::shared_ptr<State> m_state;
};

// An event object of a client, by a handle of its own: what CreateEvent returns. Control codes carry the handle's value
// to a driver that signals it.
class Event {
public:
    int32_t status() const;   // of its creation
    uint64_t handle() const;  // means something to a driver in this client's context only; 0: none
    bool signalled() const;
    void set();
    void reset();
    // WaitForSingleObject by the client's thread. False when nothing is left that could set it, or ten virtual minutes
    // have passed.
    bool wait();
    void close(); // the client's handle; a driver that referenced the event keeps it

    struct State;
    explicit Event(std::shared_ptr<State> state) : m_state(std::move(state)) {}

private:
    std::shared_ptr<State> m_state;
};

// Whose token a client process has (docs/security.md).
enum class Account : uint8_t {
    System,                // LocalSystem, as most services
    Administrator,         // elevated: what "Run as administrator" starts
    FilteredAdministrator, // the same account before that
    User,                  // an ordinary one
};
struct ClientOptions {
    Account account = Account::Administrator;
};

// A client process: its own addresses and handles.
class Client {
public:
    int32_t status() const; // of its creation, which a driver may refuse: every open fails when it did
    File open(std::string_view path, uint32_t access = 0xC0000000, uint32_t share = 3);
    Event event(bool manual_reset = true, bool signalled = false);
    // Terminates the process, as TerminateProcess does: its requests are cancelled and waited for, its handles closed.
    // What its Files are asked from then on is refused (STATUS_PROCESS_IS_TERMINATING).
    void end(int32_t status = 0);
    bool running() const;

    struct State;
    explicit Client(std::shared_ptr<State> state) : m_state(std::move(state)) {}

private:
    friend class Machine;
    std::shared_ptr<State> m_state;
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
    Driver load(std::string const& path);
    Driver load(std::string name, std::span<std::byte const> image, std::string path = "");

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
    Event event(bool manual_reset = true, bool signalled = false);
    Client client(std::string_view name, ClientOptions options = {});

    // Runs until nothing is left to do (timers up to a minute ahead included); true when quiet.
    bool settle();
    // Lets this much virtual time pass.
    void run_for(double seconds);

    std::vector<DeviceLine> devices() const;
    std::vector<std::string> pending() const; // requests that drivers still hold, one line each
    bool crashed() const;                     // a bug check or a missing service ended it

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
