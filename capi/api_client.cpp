// SPDX-License-Identifier: MIT
// The C face: a client's threads, events and completion ports.
#include "api.h"

namespace ringside::capi {

namespace {

// Makes something of a client's: a handle and a status come back.
template <typename Write>
int make(char const* function, uint64_t owner, CallCode call, Kind kind, uint64_t* handle, char const* name,
         int32_t* status, Write&& write)
{
    return guarded(function, owner, [&] {
        uint64_t& into = needed(handle, name);
        exchange_of_client(owner, call, write, [&](Reader& reply, Exchange& exchange) {
            auto const number = reply.number<uint32_t>();
            auto const creation = reply.number<int32_t>();
            exchange.expect_whole();
            into = make_handle(kind, machine_of(owner), number);
            if (status)
                *status = creation;
        });
    });
}

} // namespace

} // namespace ringside::capi

using namespace ringside;
using namespace ringside::capi;

// --- Threads -----------------------------------------------------------------------------------------------------

int ringside_thread_start(uint64_t owner, ringside_thread* thread, int32_t* status)
{
    return make(__func__, owner, CallCode::ThreadStart, Kind::Thread, thread, "thread", status, nothing_to_write);
}

int ringside_thread_first(uint64_t owner, ringside_thread* thread)
{
    return make(__func__, owner, CallCode::ThreadFirst, Kind::Thread, thread, "thread", nullptr, nothing_to_write);
}

int ringside_thread_running(ringside_thread thread, int* running)
{
    return flag_call(__func__, thread, Kind::Thread, CallCode::ThreadRunning, running, "running");
}

int ringside_thread_blocked(ringside_thread thread, int* blocked)
{
    return flag_call(__func__, thread, Kind::Thread, CallCode::ThreadBlocked, blocked, "blocked");
}

int ringside_thread_sleep(ringside_thread thread, double seconds, int alertable, int32_t* status)
{
    return status_call(__func__, thread, Kind::Thread, CallCode::ThreadSleep, status, [&](Message& message) {
        message.number(seconds);
        message.flag(alertable != 0);
    });
}

int ringside_thread_cancel_io(ringside_thread thread, int32_t* status)
{
    return status_call(__func__, thread, Kind::Thread, CallCode::ThreadCancelIo, status, nothing_to_write);
}

int ringside_thread_end(ringside_thread thread, int32_t exit_status)
{
    return guarded(__func__, thread, [&] {
        exchange(
            thread, Kind::Thread, CallCode::ThreadEnd, [&](Message& message) { message.number(exit_status); },
            nothing_to_read);
    });
}

// --- Events ------------------------------------------------------------------------------------------------------

int ringside_event_create(uint64_t owner, int manual_reset, int signalled, ringside_event* event, int32_t* status)
{
    return make(__func__, owner, CallCode::EventCreate, Kind::Event, event, "event", status, [&](Message& message) {
        message.flag(manual_reset != 0);
        message.flag(signalled != 0);
    });
}

int ringside_event_value(ringside_event event, uint64_t* value)
{
    return number_call(__func__, event, Kind::Event, CallCode::EventValue, value, "value");
}

int ringside_event_signalled(ringside_event event, int* signalled)
{
    return flag_call(__func__, event, Kind::Event, CallCode::EventSignalled, signalled, "signalled");
}

int ringside_event_wait(ringside_event event, int* came)
{
    return flag_call(__func__, event, Kind::Event, CallCode::EventWait, came, "came");
}

int ringside_event_set(ringside_event event) { return plain_call(__func__, event, Kind::Event, CallCode::EventSet); }

int ringside_event_reset(ringside_event event)
{
    return plain_call(__func__, event, Kind::Event, CallCode::EventReset);
}

int ringside_event_close(ringside_event event)
{
    return plain_call(__func__, event, Kind::Event, CallCode::EventClose);
}

// --- Completion ports --------------------------------------------------------------------------------------------

int ringside_port_create(uint64_t owner, uint32_t concurrent_threads, ringside_port* port, int32_t* status)
{
    return make(__func__, owner, CallCode::PortCreate, Kind::Port, port, "port", status,
                [&](Message& message) { message.number(concurrent_threads); });
}

int ringside_port_associate(ringside_port port, ringside_file file, uint64_t key, int32_t* status)
{
    return status_call(__func__, port, Kind::Port, CallCode::PortAssociate, status, [&](Message& message) {
        uint32_t const number = other_handle(file, Kind::File, port, "file");
        if (!number)
            throw Refused(RINGSIDE_BAD_HANDLE, "file: the handle 0x0 is not a file of this machine");
        message.number(number);
        message.number(key);
    });
}

int ringside_port_get(ringside_port port, ringside_thread thread, double seconds, ringside_packet* packet)
{
    return guarded(__func__, port, [&] {
        ringside_packet& into = needed(packet, "packet");
        auto write = [&](Message& message) {
            message.number(other_handle(thread, Kind::Thread, port, "thread"));
            message.number(seconds);
        };
        exchange(port, Kind::Port, CallCode::PortGet, write, [&](Reader& reply, Exchange& exchange) {
            ringside_packet got {};
            got.status = reply.number<int32_t>();
            got.outcome = reply.number<int32_t>();
            got.key = reply.number<uint64_t>();
            got.context = reply.number<uint64_t>();
            got.information = reply.number<uint64_t>();
            exchange.expect_whole();
            into = got;
        });
    });
}

int ringside_port_post(ringside_port port, uint64_t key, uint64_t context, uint64_t information, int32_t* status)
{
    return status_call(__func__, port, Kind::Port, CallCode::PortPost, status, [&](Message& message) {
        for (uint64_t value : { key, context, information })
            message.number(value);
    });
}

int ringside_port_waiting(ringside_port port, uint64_t* packets)
{
    return number_call(__func__, port, Kind::Port, CallCode::PortWaiting, packets, "packets");
}

int ringside_port_close(ringside_port port) { return plain_call(__func__, port, Kind::Port, CallCode::PortClose); }
