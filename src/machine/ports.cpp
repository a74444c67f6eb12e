// SPDX-License-Identifier: MIT
// The public Event and Port: objects of a client, by handles of its own.
#include "io/completion_port.h"
#include "ke/dispatcher_objects.h"
#include "machine/state.h"
#include "ob/handle.h"
#include "ob/object.h"

namespace ringside {

using namespace nt;
using machine::Outcome;

namespace {

constexpr uint32_t kTag = 0x74736F48; // 'Host'

bool lives(Client::State const& client)
{
    return client.machine && !client.threads.empty() && !client.gone() && !client.machine->rooms->kernel.crash();
}

// On a thread of the client that is not inside a call.
Outcome run(Client::State& client, std::function<void()> work)
{
    machine::HostThread* const by = lives(client) ? client.free_thread() : nullptr;
    return by ? by->execute(std::move(work)) : Outcome::Ended;
}

// The object behind a client's handle, from the host's side; not referenced.
void* object_of(Client::State const& client, HANDLE handle, ob::Type const& type)
{
    if (!handle || !lives(client))
        return nullptr;
    auto found = ob::resolve_handle(*client.process, handle, UserMode);
    return found.ok() && found->type == &type ? found->body : nullptr;
}

Result<HANDLE> make_event(EVENT_TYPE type, bool signalled)
{
    auto* event = static_cast<KEVENT*>(TRY(ob::create(ob::event_type, sizeof(KEVENT), kTag)));
    ke::KeInitializeEvent(event, type, signalled);
    auto const handle = ob::open_handle(ob::current_process(), event, EVENT_ALL_ACCESS, false, false);
    ob::dereference(event);
    return handle;
}

void close_handle(Client::State& client, HANDLE& handle)
{
    HANDLE const old = handle;
    handle = nullptr;
    if (old)
        run(client, [&client, old] { (void)ob::close_handle(*client.process, old, UserMode); });
}

} // namespace

// --- Event -------------------------------------------------------------------------------------------------------

Event Client::event(bool manual_reset, bool signalled)
{
    auto state = std::make_shared<Event::State>();
    state->client = m_state;
    run(*m_state, [state, manual_reset, signalled] {
        auto made = make_event(manual_reset ? NotificationEvent : SynchronizationEvent, signalled);
        state->status = made.status();
        state->handle = made.ok() ? *made : nullptr;
    });
    m_state->events.add(state, [](auto const& weak) { return weak.expired(); });
    return Event(state);
}

int32_t Event::status() const { return m_state ? m_state->status : STATUS_INVALID_HANDLE; }
uint64_t Event::handle() const { return m_state ? reinterpret_cast<uint64_t>(m_state->handle) : 0; }

bool Event::wait()
{
    auto const came = std::make_shared<bool>(false); // the thread may still wait when this call has given up
    machine::HostThread* const by = m_state && lives(*m_state->client) ? m_state->client->free_thread() : nullptr;
    if (by)
        by->execute([by, came, handle = m_state->handle] {
            auto found = ob::reference_by_handle(handle, SYNCHRONIZE, &ob::event_type, UserMode);
            if (!found.ok())
                return;
            *came = by->wait_or_give_up(*static_cast<KEVENT*>(found->body));
            ob::dereference(found->body);
        });
    return *came;
}

bool Event::signalled() const
{
    void* const event = m_state ? object_of(*m_state->client, m_state->handle, ob::event_type) : nullptr;
    return event && static_cast<KEVENT*>(event)->Header.SignalState;
}

void Event::set()
{
    void* const event = m_state ? object_of(*m_state->client, m_state->handle, ob::event_type) : nullptr;
    if (event)
        run(*m_state->client, [event] { ke::KeSetEvent(static_cast<KEVENT*>(event), EVENT_INCREMENT, FALSE); });
}

void Event::reset()
{
    if (void* const event = m_state ? object_of(*m_state->client, m_state->handle, ob::event_type) : nullptr)
        static_cast<KEVENT*>(event)->Header.SignalState = 0;
}

void Event::close()
{
    if (m_state)
        close_handle(*m_state->client, m_state->handle);
}

// --- Port --------------------------------------------------------------------------------------------------------

Port Client::port(uint32_t concurrent_threads)
{
    auto state = std::make_shared<Port::State>();
    state->client = m_state;
    state->status = STATUS_PROCESS_IS_TERMINATING;
    run(*m_state, [state, concurrent_threads] {
        auto made = io::create_port(concurrent_threads);
        state->status = made.status();
        state->handle = made.ok() ? *made : nullptr;
    });
    m_state->ports.add(state, [](auto const& weak) { return weak.expired(); });
    return Port(state);
}

int32_t Port::status() const { return m_state->status; }

int32_t Port::associate(File const& file, uint64_t key)
{
    if (file.m_state->client != m_state->client)
        throw BadUse("the port belongs to another client than the file");
    FILE_COMPLETION_INFORMATION const with { m_state->handle, reinterpret_cast<void*>(key) };
    return File(file).set(FileCompletionInformation, std::as_bytes(std::span(&with, 1))).status;
}

Packet Port::get(double seconds)
{
    if (!(seconds >= 0) || seconds > 1e9)
        throw BadUse("a time is a number of seconds from 0 to 1e9");
    struct Got {
        NTSTATUS status = STATUS_INVALID_HANDLE;
        io::PortPacket packet;
    };
    auto got = std::make_shared<Got>();
    auto& client = *m_state->client;
    machine::HostThread* const by = !lives(client) ? nullptr : m_thread ? &m_thread->host : &client.threads[0]->host;
    LARGE_INTEGER const timeout { .QuadPart = -static_cast<int64_t>(seconds * 1e7) };
    if (by && by->execute([state = m_state, got, timeout] {
            auto port = ob::reference_by_handle(state->handle, 0, &ob::completion_port_type, UserMode);
            got->status = port.status();
            if (!port.ok())
                return;
            got->status = io::take_packet(*static_cast<KQUEUE*>(port->body), UserMode, &timeout, got->packet);
            ob::dereference(port->body);
        }) == Outcome::Busy)
        throw BadUse("the thread is still inside an earlier call");
    return { got->status, reinterpret_cast<uint64_t>(got->packet.key), reinterpret_cast<uint64_t>(got->packet.context),
             got->packet.status, got->packet.information };
}

int32_t Port::post(uint64_t key, uint64_t context, uint64_t information)
{
    auto status = std::make_shared<int32_t>(STATUS_INVALID_HANDLE);
    void* const port = object_of(*m_state->client, m_state->handle, ob::completion_port_type);
    if (port)
        run(*m_state->client, [=] {
            *status = io::post_packet(
                *static_cast<KQUEUE*>(port),
                { reinterpret_cast<void*>(key), reinterpret_cast<void*>(context), STATUS_SUCCESS, information });
        });
    return *status;
}

size_t Port::waiting() const
{
    void* const port = object_of(*m_state->client, m_state->handle, ob::completion_port_type);
    return port ? static_cast<size_t>(static_cast<KQUEUE*>(port)->Header.SignalState) : 0;
}

void Port::close() { close_handle(*m_state->client, m_state->handle); }

Port Port::on(Thread const& thread) const
{
    if (thread.m_state->client != m_state->client.get())
        throw BadUse("the thread belongs to another client than the port");
    Port port(m_state);
    port.m_thread = thread.m_state;
    return port;
}

} // namespace ringside
