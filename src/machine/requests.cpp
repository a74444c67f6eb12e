// SPDX-License-Identifier: MIT
// A program's requests on an open file: what ReadFile, DeviceIoControl, LockFileEx and their kind do, on a thread of the
// client. Buffers stand in the client's own addresses and end where their last page ends, so that a driver that runs over
// one by more than its alignment meets nothing.
//
//   prepare          buffers in the client's memory, what was asked
//   transact         sends and waits, but not for ever; what a driver keeps becomes the machine's
//   start            sends; a request that must block its thread (a synchronous file, a query) leaves it blocked
//   perform          on the thread: the system service (program_calls.cpp)
#include "io/cancel.h"
#include "io/request.h"
#include "machine/state.h"
#include "mm/address_space.h"
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

uint8_t* own_buffer(File::State& file, size_t bytes)
{
    if (!bytes)
        return nullptr;
    size_t const pages = hal::page_round_up(bytes);
    auto made = mm::allocate_user(*file.client->process, pages, true);
    return made.ok() ? end_of(static_cast<uint8_t*>(made.take()), pages, bytes) : nullptr;
}

bool returns_data(Request::State const& r)
{
    switch (r.major) {
    case IRP_MJ_READ:
    case IRP_MJ_QUERY_INFORMATION:
    case IRP_MJ_QUERY_VOLUME_INFORMATION:
    case IRP_MJ_QUERY_EA:
    case IRP_MJ_QUERY_SECURITY:
    case IRP_MJ_QUERY_QUOTA:
    case IRP_MJ_DIRECTORY_CONTROL:
        return true;
    case IRP_MJ_DEVICE_CONTROL:
    case IRP_MJ_FILE_SYSTEM_CONTROL:
        return (r.code & kTransferMask) != METHOD_IN_DIRECT;
    default:
        return false;
    }
}

// What the program finds in its buffer: after a success or a warning, `Information` bytes of it.
void collect(Request::State& r, int32_t status, uint64_t information)
{
    r.finished = true;
    r.reply.status = status;
    r.reply.information = information;
    Client::State& client = *r.file->client;
    if (!returns_data(r) || NT_ERROR(status) || status == STATUS_PENDING || !r.out || client.gone())
        return;
    size_t const bytes = std::min<uint64_t>(information, r.out_bytes);
    mm::use_slice(client.process);
    r.reply.bytes.resize(bytes);
    if (bytes)
        std::memcpy(r.reply.bytes.data(), r.out, bytes);
}

void release_buffers(Request::State& r)
{
    if (r.file->client->gone())
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
    io::Reply const reply = io::reply_of(*r.operation);
    r.block = { r.operation->status.Status, r.operation->status.Information, {} };
    io::release_operation(*r.operation);
    r.operation = nullptr;
    collect(r, reply.status, reply.information);
}

bool is_over(Request::State& r)
{
    if (r.finished || !r.issued)
        return r.finished;
    if (!r.operation)
        collect(r, r.returned, r.block.information);
    else if (io::is_done(*r.operation))
        take_outcome(r);
    return r.finished;
}

// Why the request cannot even be made; STATUS_SUCCESS.
int32_t refusal(File::State const& file, Thread::State const* thread)
{
    if (file.status < 0)
        return file.status;
    if (!file.client->machine || file.client->machine->rooms->kernel.crash())
        return STATUS_DELETE_PENDING;
    if (!thread || file.client->gone())
        return STATUS_PROCESS_IS_TERMINATING;
    if (thread->host.ended())
        return STATUS_THREAD_IS_TERMINATING;
    return file.handle ? STATUS_SUCCESS : STATUS_DELETE_PENDING;
}

bool blocks(Request::State const& r) { return r.file->synchronous || machine::waits_always(r); }

[[noreturn]] void refuse_busy() { throw BadUse("the thread is still inside an earlier call"); }

// A synchronous request that is over leaves its state to the next one.
Reply take_reply(std::shared_ptr<Request::State>&& r)
{
    // Member by member: what was just written in pieces is slow to read as a whole.
    Reply reply { r->reply.status, r->reply.information, std::move(r->reply.bytes) };
    File::State& file = *r->file;
    file.spare = std::move(r);
    return reply;
}

void check(Call const& call)
{
    if (call.in.size() > kBufferBytesMax || call.out_bytes > kBufferBytesMax)
        throw BadUse("a request's buffer is at most 2 GiB");
    if (call.out.size() > call.out_bytes)
        throw BadUse("an output buffer's contents are no longer than the buffer");
    if (call.name.size() > 0x7FFF)
        throw BadUse("a name is at most 32767 characters");
    if ((call.major == IRP_MJ_LOCK_CONTROL && call.minor > IRP_MN_UNLOCK_SINGLE)
        || (call.major == IRP_MJ_DIRECTORY_CONTROL && call.minor > IRP_MN_NOTIFY_CHANGE_DIRECTORY))
        throw BadUse(fmt::format("no program can make a request of minor function {:#x}", call.minor));
    switch (call.major) {
    case IRP_MJ_READ:
    case IRP_MJ_WRITE:
    case IRP_MJ_QUERY_INFORMATION:
    case IRP_MJ_SET_INFORMATION:
    case IRP_MJ_QUERY_EA:
    case IRP_MJ_SET_EA:
    case IRP_MJ_FLUSH_BUFFERS:
    case IRP_MJ_QUERY_VOLUME_INFORMATION:
    case IRP_MJ_SET_VOLUME_INFORMATION:
    case IRP_MJ_DIRECTORY_CONTROL:
    case IRP_MJ_FILE_SYSTEM_CONTROL:
    case IRP_MJ_DEVICE_CONTROL:
    case IRP_MJ_LOCK_CONTROL:
    case IRP_MJ_QUERY_SECURITY:
    case IRP_MJ_SET_SECURITY:
    case IRP_MJ_QUERY_QUOTA:
    case IRP_MJ_SET_QUOTA:
        return;
    default:
        throw BadUse(fmt::format("no program can make a request of major function {:#x} on an open file", call.major));
    }
}

void fill(Request::State& r, Call const& call)
{
    r.major = call.major;
    r.minor = call.minor;
    if (r.major == IRP_MJ_DIRECTORY_CONTROL && !r.minor)
        r.minor = IRP_MN_QUERY_DIRECTORY;
    if (r.major == IRP_MJ_LOCK_CONTROL && !r.minor)
        r.minor = IRP_MN_LOCK;
    r.flags = call.flags;
    r.code = call.code;
    r.key = call.key;
    r.offset = static_cast<int64_t>(call.offset);
    r.length = static_cast<int64_t>(call.length);
    if (!call.name.empty() || !r.name.empty())
        r.name = rtl::utf16(call.name);
}

} // namespace

namespace machine {

std::shared_ptr<Request::State> prepare(std::shared_ptr<File::State> const& file, Thread::State* thread,
                                        Call const& call, bool own_buffers)
{
    check(call);
    std::shared_ptr<Request::State> r;
    if (own_buffers || !file->spare) {
        r = std::make_shared<Request::State>();
        r->file = file.get();
        if (own_buffers)
            r->keeps_file = file;
    } else {
        r = std::move(file->spare);
        r->finished = r->issued = false;
        r->reply.status = 0;
        r->reply.information = 0;
        r->reply.bytes.clear();
        r->block = {};
    }
    r->thread = thread;
    r->block.status = STATUS_PENDING;
    fill(*r, call);
    if (int32_t const refused = refusal(*file, thread)) {
        r->finished = true;
        r->reply.status = r->returned = refused;
        return r;
    }
    size_t const in_bytes = call.major == IRP_MJ_QUERY_SECURITY ? sizeof(ULONG) : call.in.size();
    r->in = own_buffers ? own_buffer(*file, in_bytes) : user_buffer(*file, 0, in_bytes);
    r->in_bytes = in_bytes;
    r->out = own_buffers ? own_buffer(*file, call.out_bytes) : user_buffer(*file, 1, call.out_bytes);
    r->out_bytes = call.out_bytes;
    if ((in_bytes && !r->in) || (call.out_bytes && !r->out)) {
        if (own_buffers)
            release_buffers(*r);
        r->finished = true;
        r->reply.status = r->returned = STATUS_NO_MEMORY;
        return r;
    }
    mm::use_slice(file->client->process);
    if (in_bytes != call.in.size())
        std::memset(r->in, 0, in_bytes);
    else if (in_bytes)
        std::memcpy(r->in, call.in.data(), call.in.size());
    if (call.out_bytes)
        std::memset(r->out, 0, call.out_bytes);
    if (!call.out.empty())
        std::memcpy(r->out, call.out.data(), call.out.size());
    return r;
}

// Requests for Machine::pending; those that are over leave, also those that nobody asked about.
void remember(Machine::State& machine, std::shared_ptr<Request::State> r)
{
    machine.requests.add(std::move(r), [](auto const& request) { return Request(request).done(); });
}

static void perform_and_wait(void* request)
{
    auto& r = *static_cast<Request::State*>(request);
    perform(r);
    if (r.operation && !io::is_done(*r.operation))
        r.thread->host.wait_or_give_up(r.operation->event);
}

Reply transact(std::shared_ptr<Request::State> r)
{
    if (r->finished)
        return take_reply(std::move(r));
    auto& file = *r->file;
    auto& machine = *file.client->machine;
    auto& host = r->thread->host;
    auto const outcome = host.execute(perform_and_wait, r.get());
    if (outcome == Outcome::Busy)
        refuse_busy();
    bool const over = is_over(*r);
    if (outcome == Outcome::Ended) {
        r->reply.status = file.client->gone() ? STATUS_PROCESS_IS_TERMINATING
            : host.ended()                    ? STATUS_THREAD_IS_TERMINATING
                                              : STATUS_DELETE_PENDING;
        r->finished = true;
        return r->reply;
    }
    run_callbacks(machine);
    if (over)
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

Request start(std::shared_ptr<Request::State> const& r, Overlapped&& overlapped)
{
    if (r->finished)
        return Request(r);
    auto& machine = *r->file->client->machine;
    r->context = overlapped.context;
    r->event = r->keeps_event.get();
    if (r->event && r->event->client != r->file->client) {
        release_buffers(*r);
        throw BadUse("the event belongs to another client than the file");
    }
    if (r->event && !r->event->handle) {
        release_buffers(*r);
        r->finished = true;
        r->reply.status = r->returned = STATUS_INVALID_HANDLE;
        return Request(r);
    }
    if (overlapped.callback) {
        r->number = ++machine.callbacks_born;
        r->callback = std::move(overlapped.callback);
        machine.callbacks.emplace(r->number, r);
    }
    remember(machine, r);
    auto work = [r] { machine::perform(*r); };
    auto& host = r->thread->host;
    if ((blocks(*r) ? host.begin(work) : host.execute(work)) == Outcome::Busy) {
        machine.callbacks.erase(r->number);
        machine.requests.drop_newest();
        release_buffers(*r);
        refuse_busy();
    }
    // An error at once is told by nothing else.
    if (r->issued && NT_ERROR(r->returned) && !r->operation)
        machine.callbacks.erase(r->number);
    (void)Request(r).done();
    run_callbacks(machine);
    return Request(r);
}

} // namespace machine

bool Request::done() const
{
    auto& r = *m_state;
    if (!r.finished && r.file->client->machine && is_over(r))
        release_buffers(r);
    return r.finished;
}

int32_t Request::cancel()
{
    auto& client = *m_state->file->client;
    auto found = std::make_shared<int32_t>(STATUS_NOT_FOUND);
    machine::HostThread* const by = client.machine && !done() ? client.free_thread() : nullptr;
    if (!by)
        return *found;
    by->execute([state = m_state, found] {
        bool const there = state->operation
            ? state->operation->irp != nullptr
            : !state->issued && io::cancel_synchronous_irps(state->thread->host.thread());
        if (there)
            *found = STATUS_SUCCESS;
        if (there && state->operation)
            io::cancel(*state->operation);
    });
    return *found;
}

Reply Request::wait()
{
    auto& client = *m_state->file->client;
    if (client.machine && !done()) {
        auto& own = m_state->thread->host;
        if (!m_state->issued)
            own.go_on();
        machine::HostThread* const by = done() ? nullptr : own.busy() || own.ended() ? client.free_thread() : &own;
        if (by && m_state->operation && m_state->issued)
            by->execute([state = m_state, by] {
                if (state->operation && !io::is_done(*state->operation))
                    by->wait_or_give_up(state->operation->event);
            });
        if (client.machine)
            machine::run_callbacks(*client.machine);
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

int32_t Request::returned() const { return m_state->issued || m_state->finished ? m_state->returned : STATUS_PENDING; }

Reply Request::status_block() const
{
    auto const& r = *m_state;
    if (r.operation && r.file->client->machine)
        return { r.operation->status.Status, r.operation->status.Information, {} };
    return r.block;
}

} // namespace ringside
