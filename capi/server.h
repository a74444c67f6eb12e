// SPDX-License-Identifier: MIT
// One machine as seen through messages (calls.h): carries out calls, one after another, and never throws. It stands in
// the machine's process, or in the caller's own.
//
// Clients, drivers, files and requests are numbers from 1, given out in order and never again. The payload is foreign:
// whatever stands in it, the answer is a reply, RINGSIDE_PROTOCOL if it makes no sense as a message.
#pragma once

#include "wire.h"

#include <ringside/ringside.h>

#include <optional>
#include <stdexcept>
#include <unordered_map>

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
        T& at(uint32_t number, char const* kind);
        void remove(uint32_t number) { m_things.erase(number); }

    private:
        std::unordered_map<uint32_t, T> m_things; // looked up, never listed
        uint32_t m_last = 0;
    };

    void carry_out(CallCode call, Reader& in);
    void about_drivers(CallCode call, Reader& in);
    void about_registry(CallCode call, Reader& in);
    void about_clients(CallCode call, Reader& in);
    void about_files(CallCode call, Reader& in);
    void about_requests(CallCode call, Reader& in);
    void about_machine(CallCode call, Reader& in);

    void hello(Reader& in);
    void boot(Reader& in);
    void load(CallCode call, Reader& in);
    void open(Reader& in);
    void finish();

    Machine& machine();
    void tell(Driver const& driver);
    void tell(Reply const& reply, uint64_t room);
    void tell(std::vector<std::string> const& lines);
    // A buffer's size, or Refused.
    static uint64_t room(Reader& in);
    // After all arguments were read: Refused if there were fewer, or more.
    static void expect_whole(Reader const& in);

    bool m_closed = false;
    Message m_reply;
    // Handles go before the machine they belong to.
    std::optional<Machine> m_machine;
    Table<Client> m_clients;
    Table<Driver> m_drivers;
    Table<File> m_files;
    Table<Request> m_requests;
};

} // namespace ringside::capi
