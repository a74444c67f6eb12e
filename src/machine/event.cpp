// SPDX-License-Identifier: MIT
// The public Event: an event object behind a handle of a client process, which the client's thread makes, changes and
// waits for, as a Windows program does.
#include "ke/dispatcher_objects.h"
#include "machine/state.h"
#include "ob/ddi.h"
#include "ob/handle.h"
#include "ob/object.h"

namespace ringside {

using namespace nt;

struct Event::State {
    std::shared_ptr<Client::State> client;
    int32_t status = STATUS_DELETE_PENDING;
    HANDLE handle = nullptr;
};

namespace {

bool is_usable(Event::State const& event)
{
    return event.handle && event.client->machine && !event.client->thread->ended()
        && !event.client->machine->rooms->kernel.crash();
}

// On the client's thread: what the handle names, held by a reference while `use` runs.
template <typename Use>
void with_event(HANDLE handle, ACCESS_MASK access, Use use)
{
    auto found = ob::reference_by_handle(handle, access, &ob::event_type, KernelMode);
    if (!found.ok())
        return;
    use(*static_cast<KEVENT*>(found->body));
    ob::dereference(found->body);
}

} // namespace

Event Machine::event(bool manual_reset, bool signalled)
{
    if (!m_state->default_client)
        m_state->default_client = client("client.exe").m_state;
    return Client(m_state->default_client).event(manual_reset, signalled);
}

Event Client::event(bool manual_reset, bool signalled)
{
    auto event = std::make_shared<Event::State>();
    event->client = m_state;
    if (!m_state->machine || !m_state->thread)
        return Event(event);
    if (m_state->thread->ended()) {
        event->status = status() ? status() : STATUS_PROCESS_IS_TERMINATING;
        return Event(event);
    }
    m_state->thread->execute([event, manual_reset, signalled] {
        event->status = ob::ZwCreateEvent(&event->handle, EVENT_ALL_ACCESS, nullptr,
                                          manual_reset ? NotificationEvent : SynchronizationEvent, signalled);
    });
    return Event(event);
}

int32_t Event::status() const { return m_state->status; }
uint64_t Event::handle() const { return reinterpret_cast<uint64_t>(m_state->handle); }

bool Event::signalled() const
{
    if (!is_usable(*m_state))
        return false;
    auto found = ob::resolve_handle(*m_state->client->process, m_state->handle, KernelMode);
    return found.ok() && static_cast<KEVENT*>(found->body)->Header.SignalState != 0;
}

void Event::set()
{
    if (is_usable(*m_state))
        m_state->client->thread->execute([state = m_state] { ob::ZwSetEvent(state->handle, nullptr); });
}

void Event::reset()
{
    if (is_usable(*m_state))
        m_state->client->thread->execute([state = m_state] { ob::ZwResetEvent(state->handle, nullptr); });
}

bool Event::wait()
{
    auto came = std::make_shared<bool>(false); // the thread may still wait when this call has given up
    if (is_usable(*m_state))
        m_state->client->thread->execute([state = m_state, came] {
            with_event(state->handle, SYNCHRONIZE,
                       [&](KEVENT& body) { *came = state->client->thread->wait_or_give_up(body); });
        });
    return *came;
}

void Event::close()
{
    if (is_usable(*m_state))
        m_state->client->thread->execute([state = m_state] {
            (void)ob::close_handle(*state->client->process, state->handle, UserMode);
        });
    m_state->handle = nullptr;
}

} // namespace ringside
