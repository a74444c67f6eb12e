// SPDX-License-Identifier: MIT
// The server's calls on a client's threads, events and completion ports.
#include "server.h"

namespace ringside::capi {

void Server::about_threads(CallCode call, Reader& in)
{
    auto const number = in.number<uint32_t>();
    double const seconds = call == CallCode::ThreadSleep ? in.number<double>() : 0;
    bool const alertable = call == CallCode::ThreadSleep && in.flag();
    int32_t const exit_status = call == CallCode::ThreadEnd ? in.number<int32_t>() : 0;
    expect_whole(in);
    if (call == CallCode::ThreadStart || call == CallCode::ThreadFirst) {
        Client owner = client(number);
        Thread made = call == CallCode::ThreadStart ? owner.thread() : owner.first_thread();
        int32_t const creation = made.status();
        m_reply.number(m_threads.add(std::move(made)));
        return m_reply.number(creation);
    }
    Thread& thread = m_threads.at(number, "thread");
    switch (call) {
    case CallCode::ThreadRunning:
        return m_reply.flag(thread.running());
    case CallCode::ThreadBlocked:
        return m_reply.flag(thread.blocked());
    case CallCode::ThreadSleep:
        return m_reply.number(thread.sleep(seconds, alertable));
    case CallCode::ThreadCancelIo:
        return m_reply.number(thread.cancel_synchronous_io());
    default:
        return thread.end(exit_status);
    }
}

void Server::about_events(CallCode call, Reader& in)
{
    auto const number = in.number<uint32_t>();
    bool const creates = call == CallCode::EventCreate;
    bool const manual_reset = creates && in.flag();
    bool const signalled = creates && in.flag();
    expect_whole(in);
    if (creates) {
        Event made = client(number).event(manual_reset, signalled);
        int32_t const creation = made.status();
        m_reply.number(m_events.add(std::move(made)));
        return m_reply.number(creation);
    }
    Event& event = m_events.at(number, "event");
    switch (call) {
    case CallCode::EventValue:
        return m_reply.number(event.handle());
    case CallCode::EventSignalled:
        return m_reply.flag(event.signalled());
    case CallCode::EventWait:
        return m_reply.flag(event.wait());
    case CallCode::EventSet:
        return event.set();
    case CallCode::EventReset:
        return event.reset();
    default:
        event.close();
        return m_events.remove(number);
    }
}

void Server::about_ports(CallCode call, Reader& in)
{
    auto const number = in.number<uint32_t>();
    bool const has_other = call == CallCode::PortCreate || call == CallCode::PortAssociate || call == CallCode::PortGet;
    auto const other = has_other ? in.number<uint32_t>() : 0; // a count, a file, a thread
    double const seconds = call == CallCode::PortGet ? in.number<double>() : 0;
    bool const posts = call == CallCode::PortPost;
    uint64_t const key = posts || call == CallCode::PortAssociate ? in.number<uint64_t>() : 0;
    uint64_t const context = posts ? in.number<uint64_t>() : 0;
    uint64_t const information = posts ? in.number<uint64_t>() : 0;
    expect_whole(in);
    if (call == CallCode::PortCreate) {
        Port made = client(number).port(other);
        int32_t const creation = made.status();
        m_reply.number(m_ports.add(std::move(made)));
        return m_reply.number(creation);
    }
    Port& port = m_ports.at(number, "port");
    switch (call) {
    case CallCode::PortAssociate:
        return m_reply.number(port.associate(m_files.at(other, "file"), key));
    case CallCode::PortPost:
        return m_reply.number(port.post(key, context, information));
    case CallCode::PortWaiting:
        return m_reply.number<uint64_t>(port.waiting());
    case CallCode::PortGet: {
        Packet const packet = other ? port.on(m_threads.at(other, "thread")).get(seconds) : port.get(seconds);
        m_reply.number(packet.status);
        m_reply.number(packet.outcome);
        m_reply.number(packet.key);
        m_reply.number(packet.context);
        return m_reply.number(packet.information);
    }
    default:
        port.close();
        return m_ports.remove(number);
    }
}

} // namespace ringside::capi
