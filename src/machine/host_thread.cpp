// SPDX-License-Identifier: MIT
#include "machine/host_thread.h"

#include "base/check.h"
#include "ex/pool.h"
#include "ke/dispatcher_objects.h"
#include "ps/process.h"

namespace ringside::machine {

namespace {
constexpr uint32_t kTag = 0x74736F48; // 'Host'

nt::KEVENT* make_event()
{
    auto* event
        = static_cast<nt::KEVENT*>(ex::allocate(nt::NonPagedPool, sizeof(nt::KEVENT), kTag, ex::Owner::Kernel, true));
    CHECK(event, "physical memory is too small to boot");
    ke::KeInitializeEvent(event, nt::SynchronizationEvent, 0);
    return event;
}
} // namespace

HostThread::HostThread(ke::Process* client)
    : m_park(make_event())
    , m_give_up(make_event())
{
    auto made = client ? ps::manager().create_client_thread(*client, main, this)
                       : ps::manager().create_system_thread(main, this);
    CHECK(client || made.ok(), "physical memory is too small to boot");
    m_user = client != nullptr;
    m_status = made.status();
    m_ended = !made.ok();
    if (m_ended)
        return;
    m_thread = made.take();
    m_record = ps::manager().record_of(*m_thread);
    m_record->on_end = ended;
    m_parked = false; // it has not reached its first wait: it finds the first work there
}

void HostThread::main(ke::Thread&, void* host_thread)
{
    auto& self = *static_cast<HostThread*>(host_thread);
    for (;;) {
        while (self.m_busy) {
            self.m_work(self.m_argument);
            if (ke::Kernel& k = ke::kernel(); k.current().client)
                k.return_to_user(nullptr);
            if (self.m_user)
                ps::manager().return_to_user_mode(*self.m_record);
            self.m_busy = false;
            // The host may have more at once: a thread that keeps its processor's turn is resumed without a wait.
            if (self.m_waited_for)
                ke::kernel().yield_to_host();
        }
        self.m_parked = true;
        ke::KeWaitForSingleObject(self.m_park, nt::Executive, self.mode(), 0, nullptr);
        self.m_parked = false;
        if (self.m_user)
            ps::manager().return_to_user_mode(*self.m_record);
    }
}

// The process was terminated: nothing runs on this thread any more.
void HostThread::ended(void* host_thread)
{
    auto& self = *static_cast<HostThread*>(host_thread);
    self.m_ended = true;
    self.m_busy = false;
    self.m_can_give_up = false;
    if (self.m_waited_for)
        ke::kernel().stop_soon();
}

// From the host's stack: the event's waiters become ready, nothing is switched.
void HostThread::set(nt::KEVENT& event)
{
    event.Header.SignalState = 1;
    ke::kernel().signalled(event.Header, 0);
}

bool HostThread::wait_or_give_up(nt::KEVENT& event)
{
    void* objects[] = { &event, m_give_up };
    if (m_user && m_record->end_asked)
        return false;
    m_can_give_up = true;
    nt::NTSTATUS status
        = ke::KeWaitForMultipleObjects(2, objects, nt::WaitAny, nt::Executive, mode(), 0, nullptr, nullptr);
    m_can_give_up = false;
    return status == nt::STATUS_WAIT_0;
}

// Runs the machine until the work is done. False when it is not, and nothing more can be expected by then.
bool HostThread::drive(uint64_t until_100ns)
{
    while (m_busy) {
        ke::Stop stop = ke::kernel().run(until_100ns);
        if (stop == ke::Stop::Requested)
            continue;
        if (stop == ke::Stop::BugCheck || !m_busy)
            break;
        if (!m_can_give_up)
            return false;
        set(*m_give_up);
    }
    return !m_busy;
}

Outcome HostThread::execute(std::function<void()> work)
{
    return own(std::move(work), sim::world().now_100ns() + kPatience_100ns);
}

Outcome HostThread::execute(void (*work)(void*), void* argument)
{
    return run(work, argument, nullptr, sim::world().now_100ns() + kPatience_100ns);
}

Outcome HostThread::begin(std::function<void()> work) { return own(std::move(work), sim::world().now_100ns()); }

Outcome HostThread::own(std::function<void()>&& work, uint64_t limit)
{
    return run([](void* owned) { (*static_cast<std::function<void()>*>(owned))(); }, &m_owned, &work, limit);
}

Outcome HostThread::go_on()
{
    ke::Kernel& k = ke::kernel();
    if (k.crash() || m_ended)
        return Outcome::Ended;
    m_waited_for = true;
    bool const done = drive(sim::world().now_100ns() + kPatience_100ns);
    if (done || k.crash())
        m_owned = nullptr;
    m_waited_for = false;
    return k.crash() || m_ended ? Outcome::Ended : done ? Outcome::Done : Outcome::Unfinished;
}

Outcome HostThread::run(void (*work)(void*), void* argument, std::function<void()>* owned, uint64_t limit)
{
    ke::Kernel& k = ke::kernel();
    if (k.crash() || m_ended)
        return Outcome::Ended;
    m_waited_for = true;
    bool done = drive(limit);
    bool const begun = done;
    if (done && !m_ended) {
        m_work = work;
        m_argument = argument;
        if (owned)
            m_owned = std::move(*owned);
        m_busy = true;
        if (m_parked)
            set(*m_park);
        done = drive(limit);
    }
    if (m_owned && (done || k.crash()))
        m_owned = nullptr; // it may own what owns this thread
    m_waited_for = false;
    if (k.crash() || m_ended)
        return Outcome::Ended;
    return done ? Outcome::Done : begun ? Outcome::Unfinished : Outcome::Busy;
}

} // namespace ringside::machine
