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

struct Client::State {
    Machine::State* machine = nullptr; // null: the machine is gone
    std::string name;
    ke::Process* process = nullptr;
    std::unique_ptr<machine::HostThread> thread;
    machine::SweptList<std::weak_ptr<File::State>> files; // opened by it
};

struct Request::State {
    File::State* file = nullptr;
    std::shared_ptr<File::State> keeps_file; // of requests that outlive the call that made them
    nt::UCHAR major = 0;
    uint32_t code = 0;
    uint8_t* in = nullptr; // user memory; of its own when the request outlives the call
    size_t in_bytes = 0;
    uint8_t* out = nullptr;
    size_t out_bytes = 0;
    int64_t offset = 0;
    io::Operation* operation = nullptr;
    bool finished = false;
    Reply reply;
};

struct File::State : std::enable_shared_from_this<File::State> {
    std::shared_ptr<Client::State> client;
    std::string path;
    int32_t status = 0;
    nt::HANDLE handle = nullptr;
    // Reused by synchronous requests: user memory of the client, grown when a request needs more, and the request's own
    // state, which a driver that keeps the request takes over.
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
    size_t kernel_handles_at_boot = 0;

    io::DriverRecord* record_of(Driver::State const& driver);
    machine::Outcome on_system_thread(std::function<void()> work) { return system->execute(std::move(work)); }
};

namespace machine {
// One line of the event log as text: time, processor, IRQL, what, who, detail.
std::string log_line(sim::Record const& record);
// The line's last column.
std::string event_words(sim::Record const& record);
std::vector<std::string> what_is_left(Machine::State& machine);
Report make_report(Machine::State& machine);
std::vector<TraceLine> trace_lines(Machine::State& machine, ke::BackTrace const& trace);
// "\\.\Name" and "\Device\Name" as NT paths.
std::u16string nt_path(std::string_view path);
} // namespace machine

} // namespace ringside
