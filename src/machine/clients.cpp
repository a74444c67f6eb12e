// SPDX-License-Identifier: MIT
// The public Client and Thread: processes of the machine whose code is the host's.
#include "io/cancel.h"
#include "io/file_calls.h"
#include "io/request.h"
#include "ke/apc.h"
#include "ke/dispatcher_objects.h"
#include "machine/state.h"
#include "ob/handle.h"
#include "ob/object.h"
#include "rtl/multi_byte.h"

#include <algorithm>
#include <fmt/format.h>

namespace ringside {

using namespace nt;
using machine::Outcome;

namespace {

Machine::State* g_machine = nullptr;

se::Account account_of(Account account)
{
    switch (account) {
    case Account::System:
        return se::Account::System;
    case Account::FilteredAdministrator:
        return se::Account::FilteredAdministrator;
    case Account::User:
        return se::Account::User;
    default:
        return se::Account::Administrator;
    }
}

// On the client's thread, at its return to user mode: the routine is a std::function of the host, called when the host
// has the turn again. A routine that a driver queued is nobody's.
void user_apc(ke::Thread&, PKNORMAL_ROUTINE, void* context, void*, void*)
{
    if (!g_machine)
        return;
    auto const found = g_machine->callbacks.find(reinterpret_cast<uint64_t>(context));
    if (found == g_machine->callbacks.end())
        return;
    g_machine->due_callbacks.push_back(std::move(found->second));
    g_machine->callbacks.erase(found);
}

double checked_seconds(double seconds)
{
    if (!(seconds >= 0) || seconds > 1e9)
        throw BadUse("a time is a number of seconds from 0 to 1e9");
    return seconds;
}

} // namespace

namespace machine {

void connect_clients(Machine::State& machine)
{
    g_machine = &machine;
    ke::g_user_apc = &user_apc;
}

void disconnect_clients()
{
    g_machine = nullptr;
    ke::g_user_apc = nullptr;
}

void run_callbacks(Machine::State& machine)
{
    while (!machine.due_callbacks.empty()) {
        auto request = std::move(machine.due_callbacks.front());
        machine.due_callbacks.erase(machine.due_callbacks.begin());
        auto const callback = std::move(request->callback);
        callback(Request(request).reply());
    }
}

// Whatever the program left open. Callbacks that it did not wait for are taken and dropped, as at its end.
void close_all(Client::State& client)
{
    for (auto const& weak : client.files)
        if (auto file = weak.lock())
            File(file).close();
    for (auto const& weak : client.events)
        if (auto event = weak.lock())
            Event(event).close();
    for (auto const& weak : client.ports)
        if (auto port = weak.lock())
            Port(port).close();
    bool const waits = client.machine && !client.machine->callbacks.empty();
    for (auto const& thread : client.threads)
        if (waits && !thread->host.ended() && !thread->host.busy())
            thread->host.execute([] { (void)ke::KeTestAlertThread(UserMode); });
}

} // namespace machine

// --- Client::State -----------------------------------------------------------------------------------------------

bool Client::State::gone() const
{
    return !threads.empty()
        && std::all_of(threads.begin(), threads.end(), [](auto const& thread) { return thread->host.ended(); });
}

Thread::State* Client::State::add_thread()
{
    Thread::State* made = nullptr;
    machine->on_system_thread([this, &made] {
        threads.push_back(std::make_unique<Thread::State>(*this, process));
        made = threads.back().get();
    });
    return made;
}

machine::HostThread* Client::State::free_thread()
{
    for (auto const& thread : threads)
        if (!thread->host.ended() && !thread->host.busy())
            return &thread->host;
    if (!machine || gone() || machine->rooms->kernel.crash())
        return nullptr;
    Thread::State* const made = add_thread();
    return made && !made->host.ended() ? &made->host : nullptr;
}

// --- Machine and Client ------------------------------------------------------------------------------------------

Client Machine::client(std::string_view name, ClientOptions options)
{
    m_state->enter(State::Phase::Running);
    auto state = std::make_shared<Client::State>();
    state->machine = m_state.get();
    state->name = name;
    m_state->clients.push_back(state);
    machine::end_boot(*m_state);
    std::u16string path = u"\\??\\C:\\" + rtl::utf16(name);
    auto const width = options.is_32bit ? mm::Width::Bits32 : mm::Width::Bits64;
    m_state->on_system_thread([this, path, state, account = account_of(options.account), width] {
        auto& processes = m_state->rooms->processes;
        auto made = processes.create_client(path, account, width);
        if (!made.ok())
            return;
        state->process = *made;
        state->threads.push_back(std::make_unique<Thread::State>(*state, state->process));
        if (auto& host = state->threads[0]->host; host.ended())
            processes.end_client(*state->process, host.status());
    });
    if (state->threads.empty() && !crashed())
        throw BadUse("no further client process can be made");
    return Client(state);
}

Client Machine::default_client()
{
    if (!m_state->default_client)
        m_state->default_client = client("client.exe").m_state;
    return Client(m_state->default_client);
}

void Client::end(int32_t status)
{
    auto* machine = m_state->machine;
    if (!machine || m_state->threads.empty() || m_state->gone() || machine->rooms->kernel.crash())
        return;
    machine->on_system_thread([state = m_state, machine, status] {
        auto& processes = machine->rooms->processes;
        void* const body = state->process->guest;
        ob::reference(body);
        if (processes.terminate(*state->process, status) >= 0)
            ke::KeWaitForSingleObject(body, Executive, KernelMode, FALSE, nullptr);
        ob::dereference(body);
    });
}

int32_t Client::status() const
{
    return m_state->threads.empty() ? STATUS_SUCCESS : m_state->threads[0]->host.status();
}
Reply Client::query_attributes(std::string_view path)
{
    struct Asked {
        std::u16string path;
        FILE_NETWORK_OPEN_INFORMATION answer {};
        NTSTATUS status = STATUS_PROCESS_IS_TERMINATING;
    };
    auto asked = std::make_shared<Asked>(machine::nt_path(path));
    machine::HostThread* const host = running() ? m_state->free_thread() : nullptr;
    auto const outcome = !host ? Outcome::Ended : host->execute([asked] {
        asked->status = io::query_attributes({ .path = asked->path, .mode = UserMode }, asked->answer);
    });
    if (outcome == Outcome::Unfinished)
        throw BadUse(fmt::format("the driver did not answer for {}", path));
    Reply reply { .status = asked->status };
    if (asked->status < 0)
        return reply;
    reply.information = sizeof asked->answer;
    auto const bytes = std::as_bytes(std::span(&asked->answer, 1));
    reply.bytes.assign(bytes.begin(), bytes.end());
    return reply;
}

bool Client::running() const { return m_state->machine && !m_state->threads.empty() && !m_state->gone(); }

Thread Client::first_thread()
{
    if (m_state->threads.empty())
        throw BadUse("the client was never made: the machine had ended");
    return Thread(std::shared_ptr<Thread::State>(m_state, m_state->threads[0].get()));
}

Thread Client::thread()
{
    if (!running() || m_state->machine->rooms->kernel.crash())
        throw BadUse("a client that does not run gets no further thread");
    Thread::State* const made = m_state->add_thread();
    if (!made)
        throw BadUse("no further thread can be made");
    return Thread(std::shared_ptr<Thread::State>(m_state, made));
}

// --- Thread ------------------------------------------------------------------------------------------------------

int32_t Thread::status() const { return m_state->host.status(); }
bool Thread::running() const { return m_state->client->machine && !m_state->host.ended(); }
bool Thread::blocked() const { return running() && m_state->host.busy(); }

int32_t Thread::sleep(double seconds, bool alertable)
{
    int64_t const wait = -static_cast<int64_t>(checked_seconds(seconds) * 1e7);
    auto status = std::make_shared<int32_t>(STATUS_THREAD_IS_TERMINATING);
    if (!running())
        return *status;
    auto const outcome = m_state->host.execute([status, wait, alertable] {
        *status = ke::kernel().delay(UserMode, alertable, LARGE_INTEGER { .QuadPart = wait });
    });
    if (outcome == Outcome::Busy)
        throw BadUse("the thread is still inside an earlier call");
    if (auto* machine = m_state->client->machine)
        machine::run_callbacks(*machine);
    return *status;
}

int32_t Thread::cancel_synchronous_io()
{
    auto found = std::make_shared<int32_t>(STATUS_NOT_FOUND);
    if (!running())
        return STATUS_THREAD_IS_TERMINATING;
    machine::HostThread* const by = m_state->client->free_thread();
    if (!blocked() || !by)
        return *found;
    by->execute([found, thread = &m_state->host.thread()] {
        if (io::cancel_synchronous_irps(*thread))
            *found = STATUS_SUCCESS;
    });
    return *found;
}

void Thread::end(int32_t status)
{
    if (!running())
        return;
    m_state->host.execute([status] { ps::manager().exit_thread(status); });
}

} // namespace ringside
