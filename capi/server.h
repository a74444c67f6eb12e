// SPDX-License-Identifier: MIT
// One machine as seen through messages (calls.h): carries out calls, one after another, and never throws. It stands in
// the machine's process, or in the caller's own.
//
// Clients, drivers, files and all other objects are numbers from 1, given out in order and never again. The payload is foreign:
// whatever stands in it, the answer is a reply, RINGSIDE_PROTOCOL if it makes no sense as a message.
#pragma once

#include "wire.h"

#include <ringside.h>
#include <ringside/ringside.h>

#include <deque>
#include <optional>
#include <stdexcept>
#include <string>
#include <unordered_map>
#include <utility>

namespace ringside::capi {

// A call that cannot be carried out: becomes a reply with this ringside_result and sentence.
struct Refused : std::runtime_error {
    Refused(int result, std::string const& words)
        : std::runtime_error(words)
        , result(result)
    {
    }
    int result;
};

// Both directions of what a machine is booted with.
void write_options(Message& to, MachineOptions const& options);
MachineOptions read_options(Reader& from);

class Server {
public:
    // The reply stands until the next call.
    Message& handle(uint32_t call, std::span<std::byte const> payload);
    // Close was called: the machine is gone, and nothing more is carried out.
    bool closed() const { return m_closed; }

private:
    template <typename T>
    class Table {
    public:
        uint32_t add(T&& thing)
        {
            m_things.emplace(++m_last, std::move(thing));
            return m_last;
        }
        T& at(uint32_t number, char const* kind)
        {
            auto found = m_things.find(number);
            if (found == m_things.end())
                throw Refused(RINGSIDE_BAD_HANDLE,
                              std::string("there is no ") + kind + " of that number, or it was closed");
            return found->second;
        }
        void remove(uint32_t number) { m_things.erase(number); }

    private:
        std::unordered_map<uint32_t, T> m_things; // looked up, never listed
        uint32_t m_last = 0;
    };

    void carry_out(CallCode call, Reader& in);
    // The parts of it, as calls.h names them.
    void about_life(CallCode call, Reader& in);
    void about_drivers(CallCode call, Reader& in);
    void about_registry(CallCode call, Reader& in);
    void about_clients(CallCode call, Reader& in);
    void about_opens(CallCode call, Reader& in);
    void about_files(CallCode call, Reader& in);
    void about_short_io(CallCode call, Reader& in);
    void about_any_io(CallCode call, Reader& in);
    void about_requests(CallCode call, Reader& in);
    void about_threads(CallCode call, Reader& in);
    void about_events(CallCode call, Reader& in);
    void about_ports(CallCode call, Reader& in);
    void about_machine(CallCode call, Reader& in);

    void hello(Reader& in);
    void boot(Reader& in);
    void load(CallCode call, Reader& in);
    void open(Reader& in);
    void start_io(File& file, Call const& call, Reader& in);
    void finish();

    Machine& machine();
    // 0: the default one.
    Client client(uint32_t number);
    // The reply, with what is told before it.
    Message& with_told();
    void tell(Driver const& driver);
    void tell(Reply const& reply, uint64_t room);
    void tell(std::vector<std::string> const& lines);
    // A buffer's size, or Refused.
    static uint64_t room(Reader& in);
    // After all arguments were read: Refused if there were fewer, or more.
    static void expect_whole(Reader const& in);

    bool m_closed = false;
    Message m_reply;
    Message m_full_reply;
    // Requests that have a callback and are done, by the library's tokens.
    std::deque<std::pair<uint64_t, Reply>> m_told;
    // Handles go before the machine they belong to.
    std::optional<Machine> m_machine;
    Table<Client> m_clients;
    Table<Driver> m_drivers;
    Table<File> m_files;
    Table<Request> m_requests;
    Table<Thread> m_threads;
    Table<Event> m_events;
    Table<Port> m_ports;
};

} // namespace ringside::capi
