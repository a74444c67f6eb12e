// SPDX-License-Identifier: MIT
// What stands behind the public nouns. Each handle shares its state with the machine, so that a Machine may go before
// its Files and Drivers: what they are asked then is refused (STATUS_DELETE_PENDING), never a crash.
#pragma once

#include "machine/host_thread.h"
#include "machine/rooms.h"
#include "machine/swept_list.h"

#include <ringside/ringside.h>

#include <map>
#include <memory>

namespace ringside {

// Shared through its client's state.
struct Thread::State {
    Client::State* client = nullptr;
    machine::HostThread host;
    explicit State(Client::State& of, ke::Process* process) : client(&of), host(process) {}
};

struct Event::State {
    std::shared_ptr<Client::State> client;
    nt::HANDLE handle = nullptr;
    int32_t status = nt::STATUS_PROCESS_IS_TERMINATING;
};

struct Port::State {
    std::shared_ptr<Client::State> client;
    nt::HANDLE handle = nullptr;
    int32_t status = 0;
};

struct Client::State {
    Machine::State* machine = nullptr; // null: the machine is gone
    std::string name;
    ke::Process* process = nullptr;
    std::vector<std::unique_ptr<Thread::State>> threads; // [0] acts when none is named; empty: it was never made
    machine::SweptList<std::weak_ptr<File::State>> files;
    machine::SweptList<std::weak_ptr<Port::State>> ports;
    machine::SweptList<std::weak_ptr<Event::State>> events;

    // The process was terminated, and its addresses and handles went with it.
    bool gone() const;
    // A thread that is not inside a call: the first that is not, or a new one. Null: there is none to be had.
    machine::HostThread* free_thread();
    Thread::State* add_thread();
};

struct Request::State {
    File::State* file = nullptr;
    Thread::State* thread = nullptr;         // who issued it
    std::shared_ptr<File::State> keeps_file; // of requests that outlive the call that made them
    nt::UCHAR major = 0;
    nt::UCHAR minor = 0;
    nt::UCHAR flags = 0;
    uint32_t code = 0;
    uint32_t key = 0;
    uint8_t* in = nullptr; // user memory; of its own when the request outlives the call
    size_t in_bytes = 0;
    uint8_t* out = nullptr;
    size_t out_bytes = 0;
    int64_t offset = 0;
    int64_t length = 0;
    std::u16string name;
    Event::State* event = nullptr;
    std::shared_ptr<Event::State> keeps_event;
    uint64_t context = 0;  // of packets
    uint64_t number = 0;   // of those with a callback
    std::function<void(Reply const&)> callback;
    io::Operation* operation = nullptr;
    bool finished = false;
    int32_t returned = 0;
    bool issued = false; // the call came back
    Reply block;         // the program's status block
    Reply reply;
};

struct File::State : std::enable_shared_from_this<File::State> {
    std::shared_ptr<Client::State> client;
    std::string path;
    int32_t status = 0;
    uint64_t information = 0;
    bool synchronous = false;
    nt::HANDLE handle = nullptr;
    // Reused by requests that are waited for: user memory of the client, grown when a request needs more, and the
    // request's own state, which a driver that keeps the request takes over.
    uint8_t* buffers[2] {};
    size_t buffer_bytes[2] {};
    std::shared_ptr<Request::State> spare;
};

struct Driver::State {
    Machine::State* machine = nullptr;
    std::string name;
    int32_t status = 0;
    ldr::Module* module = nullptr;
    uint32_t driver_number = 0; // io's record; 0: DriverEntry was not reached or failed
    bool unloaded = false;
    std::vector<ImportLine> imports;
    uint64_t base = 0;
};

struct Machine::State {
    explicit State(MachineOptions const& given);
    ~State();

    MachineOptions options;
    std::unique_ptr<machine::Rooms> rooms;
    std::shared_ptr<Client::State> default_client;
    std::unique_ptr<machine::HostThread> system; // loads and unloads drivers
    std::vector<std::shared_ptr<Client::State>> clients;
    std::vector<std::shared_ptr<Driver::State>> drivers;
    machine::SweptList<std::shared_ptr<Request::State>> requests; // sent and not waited for
    // Requests with a callback: those whose APC was not delivered yet, and those whose callback is due.
    std::map<uint64_t, std::shared_ptr<Request::State>> callbacks;
    std::vector<std::shared_ptr<Request::State>> due_callbacks;
    uint64_t callbacks_born = 0;
    size_t kernel_handles_at_boot = 0;
    // Which drivers are being started. Nobody says that he has no more of a kind: the next kind, or any use of the machine,
    // ends a phase, and the reinitialization routines that waited for it are called.
    enum class Phase : uint8_t { Boot, System, Running } phase = Phase::Boot;
    void enter(Phase next);

    io::DriverRecord* record_of(Driver::State const& driver);
    machine::Outcome on_system_thread(std::function<void()> work) { return system->execute(std::move(work)); }
};

namespace machine {
// The clients' side of a machine's birth, end and death.
void connect_clients(Machine::State& machine);
void disconnect_clients();
void close_all(Client::State& client);
// Calls the callbacks that are due, on the host's stack.
void run_callbacks(Machine::State& machine);
std::shared_ptr<Request::State> prepare(std::shared_ptr<File::State> const& file, Thread::State* thread,
                                        Call const& call, bool own_buffers);
// On a thread of the client: makes the request's system service call. `waits_always`: it comes back when the driver is done.
void perform(Request::State& request);
bool waits_always(Request::State const& request);
Reply transact(std::shared_ptr<Request::State> request);
Request start(std::shared_ptr<Request::State> const& request, Overlapped&& overlapped);
// One line of the event log as text: time, processor, IRQL, what, who, detail.
std::string log_line(sim::Record const& record);
// The line's last column.
std::string event_words(sim::Record const& record);
void inherit(io::KsrMemory& memory, std::vector<PersistentMemory> const& blocks);
// Early launch (boot.cpp), on a system thread but for end_boot.
bool is_boot_start(Machine::State& machine, std::u16string const& registry_path);
void describe_boot_images(ldr::Module const& asked, std::vector<ldr::Module*> const& fresh,
                          std::u16string const& path, std::u16string const& registry_path,
                          std::vector<io::BootImage>& images);
bool boot_allows(Machine::State& machine, std::vector<io::BootImage> const& images);
void end_boot(Machine::State& machine);
std::vector<std::string> what_is_left(Machine::State& machine);
Report make_report(Machine::State& machine);
std::vector<TraceLine> trace_lines(Machine::State& machine, ke::BackTrace const& trace);
void ignore_all_wmi_events(Machine::State& machine);
std::vector<std::string> held_by_wmi_providers(Machine::State& machine); // one line for each request
// "\\.\Name" and "\Device\Name" as NT paths.
std::u16string nt_path(std::string_view path);
} // namespace machine

} // namespace ringside
