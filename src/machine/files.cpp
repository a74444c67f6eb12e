// SPDX-License-Identifier: MIT
// The public Client, File and Request: what a Windows program does with CreateFile, DeviceIoControl and CancelIoEx, done
// by a thread of the client's process. Buffers stand in the client's own addresses and end where their last page ends,
// so that a driver that runs over one by more than its alignment meets nothing.
#include "io/request.h"
#include "ke/dispatcher_objects.h"
#include "machine/state.h"
#include "mm/address_space.h"
#include "ob/handle.h"
#include "ob/object.h"
#include "rtl/multi_byte.h"

#include <algorithm>
#include <cstring>
#include <fmt/format.h>

namespace ringside {

using namespace nt;
using machine::Outcome;

namespace {

constexpr size_t kBufferBytesMax = size_t { 1 } << 31;
constexpr ULONG kTransferMask = 3; // of a control code

// The last `bytes` of the pages, 8-byte aligned as a program's buffers are.
uint8_t* end_of(uint8_t* pages, size_t page_bytes, size_t bytes)
{
    return pages + page_bytes - ((bytes + 7) & ~size_t { 7 });
}

uint8_t* user_buffer(File::State& file, unsigned which, size_t bytes)
{
    if (!bytes)
        return nullptr;
    size_t const pages = hal::page_round_up(bytes);
    if (file.buffer_bytes[which] < pages) {
        auto& process = *file.client->process;
        if (file.buffers[which])
            (void)mm::free_user(process, file.buffers[which]);
        file.buffers[which] = nullptr;
        file.buffer_bytes[which] = 0;
        auto made = mm::allocate_user(process, pages, true);
        if (!made.ok())
            return nullptr;
        file.buffers[which] = static_cast<uint8_t*>(made.take());
        file.buffer_bytes[which] = pages;
    }
    return end_of(file.buffers[which], file.buffer_bytes[which], bytes);
}

// Frames of a client's memory as the host sees them: its own view through the direct map is not needed, for the slice is
// opened while the host copies.
class SliceOpen {
public:
    explicit SliceOpen(ke::Process& process) { mm::use_slice(&process); }
};

io::Request make_request(Request::State const& r)
{
    io::Request request;
    request.handle = r.file->handle;
    request.major = r.major;
    request.code = r.code;
    request.buffers = { r.in, static_cast<uint32_t>(r.in_bytes), r.out, static_cast<uint32_t>(r.out_bytes) };
    if (r.major != IRP_MJ_DEVICE_CONTROL)
        request.offset = r.offset;
    return request;
}

// The process was terminated, and its addresses went with it.
bool is_gone(Client::State const& client) { return client.thread && client.thread->ended(); }

void collect(Request::State& r, int32_t status, uint64_t information)
{
    r.finished = true;
    r.reply.status = status;
    r.reply.information = information;
    bool const returns_data
        = r.major == IRP_MJ_READ || (r.major == IRP_MJ_DEVICE_CONTROL && (r.code & kTransferMask) != METHOD_IN_DIRECT);
    if (returns_data && !NT_ERROR(status) && status != STATUS_PENDING && r.out && !is_gone(*r.file->client)) {
        size_t bytes = std::min<uint64_t>(information, r.out_bytes);
        SliceOpen open(*r.file->client->process);
        r.reply.bytes.resize(bytes);
        if (bytes)
            std::memcpy(r.reply.bytes.data(), r.out, bytes);
    }
}

void release_buffers(Request::State& r, bool own)
{
    if (!own || is_gone(*r.file->client))
        return;
    auto& process = *r.file->client->process;
    for (auto* buffer : { r.in, r.out })
        if (buffer)
            (void)mm::free_user(process, reinterpret_cast<void*>(hal::page_of(reinterpret_cast<uintptr_t>(buffer))));
    r.in = r.out = nullptr;
}

// The operation is done: takes its outcome.
void take_outcome(Request::State& r)
{
    io::Reply reply = io::reply_of(*r.operation);
    io::release_operation(*r.operation);
    r.operation = nullptr;
    collect(r, reply.status, reply.information);
}

// Requests for Machine::pending; those that are over leave, also those that nobody asked about.
void remember(Machine::State& machine, std::shared_ptr<Request::State> r)
{
    machine.requests.add(std::move(r), [](auto const& request) { return Request(request).done(); });
}

std::shared_ptr<Request::State> prepare(std::shared_ptr<File::State> const& file, UCHAR major, uint32_t code,
                                        std::span<std::byte const> in, std::span<std::byte const> out_contents,
                                        size_t out_bytes, uint64_t offset, bool own_buffers)
{
    if (in.size() > kBufferBytesMax || out_bytes > kBufferBytesMax)
        throw BadUse("a request's buffer is at most 2 GiB");
    std::shared_ptr<Request::State> r;
    if (own_buffers || !file->spare) {
        r = std::make_shared<Request::State>();
        r->file = file.get();
        if (own_buffers)
            r->keeps_file = file;
    } else {
        r = std::move(file->spare);
        r->finished = false;
        r->reply.status = 0;
        r->reply.information = 0;
        r->reply.bytes.clear();
    }
    r->major = major;
    r->code = code;
    r->offset = static_cast<int64_t>(offset);
    if (!file->client->machine || file->status < 0 || !file->handle || file->client->machine->rooms->kernel.crash()) {
        r->finished = true;
        r->reply.status = file->status < 0 ? file->status : STATUS_DELETE_PENDING;
        return r;
    }
    if (is_gone(*file->client)) {
        r->finished = true;
        r->reply.status = STATUS_PROCESS_IS_TERMINATING;
        return r;
    }
    auto& process = *file->client->process;
    auto buffer = [&](unsigned which, size_t bytes) -> uint8_t* {
        if (!own_buffers || !bytes)
            return user_buffer(*file, which, bytes);
        size_t pages = hal::page_round_up(bytes);
        auto made = mm::allocate_user(process, pages, true);
        return made.ok() ? end_of(static_cast<uint8_t*>(made.take()), pages, bytes) : nullptr;
    };
    r->in = buffer(0, in.size());
    r->in_bytes = in.size();
    r->out = buffer(1, out_bytes);
    r->out_bytes = out_bytes;
    if ((in.size() && !r->in) || (out_bytes && !r->out)) {
        r->finished = true;
        r->reply.status = STATUS_NO_MEMORY;
        return r;
    }
    SliceOpen open(process);
    if (!in.empty())
        std::memcpy(r->in, in.data(), in.size());
    if (!out_contents.empty())
        std::memcpy(r->out, out_contents.data(), out_contents.size());
    else if (out_bytes)
        std::memset(r->out, 0, out_bytes);
    return r;
}

// On the client's thread: sends; with `wait`, waits for the outcome as long as there is hope.
void send(Request::State& r, machine::HostThread& thread, bool wait)
{
    io::Operation* operation = nullptr;
    NTSTATUS status = io::start(make_request(r), operation);
    if (NT_ERROR(status) && !operation) {
        r.finished = true;
        r.reply.status = status;
        return;
    }
    r.operation = operation;
    if (wait && !io::is_done(*operation))
        thread.wait_or_give_up(operation->event);
}

// A synchronous request that is over leaves its state to the next one.
Reply take_reply(std::shared_ptr<Request::State>&& r)
{
    Reply reply = std::move(r->reply);
    File::State& file = *r->file;
    file.spare = std::move(r);
    return reply;
}

Reply transact(std::shared_ptr<Request::State> r)
{
    if (r->finished)
        return take_reply(std::move(r));
    auto& file = *r->file;
    auto& machine = *file.client->machine;
    auto& thread = *file.client->thread;
    auto outcome = thread.execute([state = r.get(), &thread] { send(*state, thread, true); });
    if (outcome == Outcome::Ended) {
        if (is_gone(*file.client) && r->operation && io::is_done(*r->operation))
            take_outcome(*r);
        r->reply.status = is_gone(*file.client) ? STATUS_PROCESS_IS_TERMINATING : STATUS_DELETE_PENDING;
        r->finished = true;
        return r->reply;
    }
    if (r->operation && io::is_done(*r->operation))
        take_outcome(*r);
    if (r->finished)
        return take_reply(std::move(r));
    // The driver still has it, and with it the buffers: they are no longer the file's.
    file.buffers[0] = file.buffers[1] = nullptr;
    file.buffer_bytes[0] = file.buffer_bytes[1] = 0;
    r->keeps_file = file.shared_from_this();
    r->reply.status = STATUS_PENDING;
    Reply reply = r->reply;
    remember(machine, std::move(r));
    return reply;
}

Request start(std::shared_ptr<Request::State> const& r)
{
    if (r->finished)
        return Request(r);
    auto& machine = *r->file->client->machine;
    auto& thread = *r->file->client->thread;
    remember(machine, r);
    thread.execute([state = r.get(), &thread] { send(*state, thread, false); });
    if (r->finished) // refused at once
        release_buffers(*r, true);
    return Request(r);
}

std::span<std::byte const> bytes_of(std::string_view text)
{
    return { reinterpret_cast<std::byte const*>(text.data()), text.size() };
}

} // namespace

namespace machine {

std::u16string nt_path(std::string_view path)
{
    std::u16string wide = rtl::utf16(path);
    if (wide.starts_with(u"\\\\.\\") || wide.starts_with(u"\\\\?\\"))
        return u"\\??\\" + wide.substr(4);
    return wide;
}

} // namespace machine

// --- Machine and Client ------------------------------------------------------------------------------------------

namespace {

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

} // namespace

Client Machine::client(std::string_view name, ClientOptions options)
{
    auto state = std::make_shared<Client::State>();
    state->machine = m_state.get();
    state->name = name;
    m_state->clients.push_back(state);
    std::u16string path = u"\\??\\C:\\" + rtl::utf16(name);
    m_state->on_system_thread([this, path, state, account = account_of(options.account)] {
        auto& processes = m_state->rooms->processes;
        auto made = processes.create_client(path, account);
        if (!made.ok())
            return;
        state->process = *made;
        state->thread = std::make_unique<machine::HostThread>(state->process);
        if (state->thread->ended())
            processes.end_client(*state->process, state->thread->status());
    });
    if (!state->thread && !crashed())
        throw BadUse("no further client process can be made");
    return Client(state);
}

File Machine::open(std::string_view path, uint32_t access, uint32_t share)
{
    if (!m_state->default_client)
        m_state->default_client = client("client.exe").m_state;
    return Client(m_state->default_client).open(path, access, share);
}

File Client::open(std::string_view path, uint32_t access, uint32_t share)
{
    auto file = std::make_shared<File::State>();
    file->client = m_state;
    file->path = path;
    file->status = STATUS_DELETE_PENDING;
    if (!m_state->machine || !m_state->thread)
        return File(file);
    if (is_gone(*m_state)) {
        file->status = status() ? status() : STATUS_PROCESS_IS_TERMINATING;
        return File(file);
    }
    struct Opening {
        std::u16string path;
        io::Opened opened;
    };
    auto opening = std::make_shared<Opening>();
    opening->path = machine::nt_path(path);
    auto outcome = m_state->thread->execute([state = file.get(), opening, access, share] {
        io::OpenRequest request;
        request.path = opening->path;
        request.access = access;
        request.share = share;
        request.mode = UserMode;
        auto opened = io::open(request);
        state->status = opened.status();
        if (opened.ok())
            opening->opened = *opened;
    });
    if (outcome == Outcome::Unfinished)
        throw BadUse(fmt::format("the driver did not complete the open of {}", path));
    file->handle = opening->opened.handle;
    m_state->files.add(file, [](auto const& weak) { return weak.expired(); });
    return File(file);
}

void Client::end(int32_t status)
{
    auto* machine = m_state->machine;
    if (!machine || !m_state->thread || is_gone(*m_state) || machine->rooms->kernel.crash())
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

int32_t Client::status() const { return m_state->thread ? m_state->thread->status() : STATUS_SUCCESS; }
bool Client::running() const { return m_state->machine && m_state->thread && !is_gone(*m_state); }

// --- File --------------------------------------------------------------------------------------------------------

int32_t File::status() const { return m_state->status; }

Reply File::ioctl(uint32_t code, std::span<std::byte const> in, size_t out_bytes)
{
    return transact(prepare(m_state, IRP_MJ_DEVICE_CONTROL, code, in, {}, out_bytes, 0, false));
}
Reply File::ioctl(uint32_t code, std::string_view in, size_t out_bytes) { return ioctl(code, bytes_of(in), out_bytes); }

Reply File::ioctl_with_buffer(uint32_t code, std::span<std::byte const> in, std::span<std::byte const> second)
{
    return transact(prepare(m_state, IRP_MJ_DEVICE_CONTROL, code, in, second, second.size(), 0, false));
}

Reply File::read(size_t bytes, uint64_t offset)
{
    return transact(prepare(m_state, IRP_MJ_READ, 0, {}, {}, bytes, offset, false));
}
Reply File::write(std::span<std::byte const> bytes, uint64_t offset)
{
    return transact(prepare(m_state, IRP_MJ_WRITE, 0, bytes, {}, 0, offset, false));
}
Reply File::write(std::string_view bytes, uint64_t offset) { return write(bytes_of(bytes), offset); }

Request File::start_ioctl(uint32_t code, std::span<std::byte const> in, size_t out_bytes)
{
    return start(prepare(m_state, IRP_MJ_DEVICE_CONTROL, code, in, {}, out_bytes, 0, true));
}
Request File::start_read(size_t bytes, uint64_t offset)
{
    return start(prepare(m_state, IRP_MJ_READ, 0, {}, {}, bytes, offset, true));
}
Request File::start_write(std::span<std::byte const> bytes, uint64_t offset)
{
    return start(prepare(m_state, IRP_MJ_WRITE, 0, bytes, {}, 0, offset, true));
}

void File::close()
{
    if (!m_state->handle || !m_state->client->machine)
        return;
    if (is_gone(*m_state->client)) {
        // Its handles were closed when it ended.
        m_state->handle = nullptr;
        m_state->buffers[0] = m_state->buffers[1] = nullptr;
        m_state->buffer_bytes[0] = m_state->buffer_bytes[1] = 0;
        return;
    }
    auto& process = *m_state->client->process;
    m_state->client->thread->execute([state = m_state] {
        HANDLE handle = state->handle;
        state->handle = nullptr;
        (void)ob::close_handle(*state->client->process, handle, UserMode);
    });
    for (auto*& buffer : m_state->buffers)
        if (buffer && !m_state->client->machine->rooms->kernel.crash()) {
            (void)mm::free_user(process, buffer);
            buffer = nullptr;
        }
    m_state->buffer_bytes[0] = m_state->buffer_bytes[1] = 0;
}

// --- Request -----------------------------------------------------------------------------------------------------

bool Request::done() const
{
    auto& r = *m_state;
    if (!r.finished && r.operation && r.file->client->machine && io::is_done(*r.operation)) {
        take_outcome(r);
        release_buffers(r, true);
    }
    return r.finished;
}

void Request::cancel()
{
    if (done() || !m_state->operation || !m_state->file->client->machine)
        return;
    m_state->file->client->thread->execute([state = m_state] {
        if (state->operation)
            io::cancel(*state->operation);
    });
}

Reply Request::wait()
{
    if (!done() && m_state->operation && m_state->file->client->machine) {
        auto& thread = *m_state->file->client->thread;
        thread.execute([state = m_state, &thread] {
            if (state->operation && !io::is_done(*state->operation))
                thread.wait_or_give_up(state->operation->event);
        });
    }
    return reply();
}

Reply Request::reply() const
{
    if (done())
        return m_state->reply;
    Reply pending;
    pending.status = STATUS_PENDING;
    return pending;
}

} // namespace ringside
