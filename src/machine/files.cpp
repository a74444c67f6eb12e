// SPDX-License-Identifier: MIT
// The public File: opening, the short forms of a program's requests, cancelling, closing. All of it is done by a thread
// of the client's process (requests.cpp).
#include "ex/pool.h"
#include "io/cancel.h"
#include "io/request.h"
#include "machine/state.h"
#include "mm/address_space.h"
#include "ob/handle.h"
#include "ob/object.h"
#include "rtl/multi_byte.h"

#include <cstring>
#include <fmt/format.h>

namespace ringside {

using namespace nt;
using machine::Outcome;

namespace {

std::span<std::byte const> bytes_of(std::string_view text)
{
    return { reinterpret_cast<std::byte const*>(text.data()), text.size() };
}

// What an open carries into the machine; it outlives the call when the driver does not answer.
struct Opening {
    std::u16string path;
    OpenOptions options;
    Bytes ea;
    Bytes security;
    HANDLE root = nullptr;
    UCHAR major = IRP_MJ_CREATE;
    NAMED_PIPE_CREATE_PARAMETERS pipe {};
    MAILSLOT_CREATE_PARAMETERS mailslot {};
    io::Opened opened;
    NTSTATUS status = 0;
};

// In kernel memory for as long as the create lasts; null for nothing.
class Copied {
public:
    explicit Copied(Bytes const& bytes)
        : m_block(bytes.empty() ? nullptr : ex::allocate(NonPagedPoolNx, bytes.size(), kTag, ex::Owner::Kernel, false))
    {
        if (m_block)
            std::memcpy(m_block, bytes.data(), bytes.size());
    }
    ~Copied()
    {
        if (m_block)
            ex::free(m_block, kTag);
    }
    Copied(Copied const&) = delete;
    Copied& operator=(Copied const&) = delete;
    void* block() const { return m_block; }

private:
    static constexpr ULONG kTag = 0x74736F48; // 'Host'
    void* m_block;
};

// On the client's thread.
void open_now(Opening& opening)
{
    OpenOptions const& options = opening.options;
    io::OpenRequest request;
    if (opening.root) {
        auto root = ob::resolve_handle(ob::current_process(), opening.root, UserMode);
        if (!root.ok()) {
            opening.status = root.status();
            return;
        }
        request.root = root->body;
    }
    Copied const ea(opening.ea), security(opening.security);
    if ((!opening.ea.empty() && !ea.block()) || (!opening.security.empty() && !security.block())) {
        opening.status = STATUS_INSUFFICIENT_RESOURCES;
        return;
    }
    request.path = opening.path;
    request.access = options.access | (options.synchronous ? SYNCHRONIZE : 0);
    request.share = options.share;
    request.disposition = options.disposition;
    request.options = options.options | (options.synchronous ? FILE_SYNCHRONOUS_IO_NONALERT : 0);
    request.attributes = options.attributes;
    request.case_insensitive = !options.case_sensitive;
    request.allocation_size.QuadPart = options.allocation_size;
    request.major = opening.major;
    request.parameters = opening.major == IRP_MJ_CREATE_NAMED_PIPE ? static_cast<void*>(&opening.pipe)
        : opening.major == IRP_MJ_CREATE_MAILSLOT                  ? static_cast<void*>(&opening.mailslot)
                                                                   : nullptr;
    request.security = security.block();
    request.ea = ea.block();
    request.ea_bytes = static_cast<ULONG>(opening.ea.size());
    request.mode = UserMode;
    auto opened = io::open(request);
    opening.status = opened.status();
    if (opened.ok())
        opening.opened = *opened;
}

Bytes copy(std::span<std::byte const> bytes) { return { bytes.begin(), bytes.end() }; }

std::shared_ptr<File::State> open_file(std::shared_ptr<Client::State> const& client, std::string_view path,
                                       std::shared_ptr<Opening> const& opening)
{
    auto file = std::make_shared<File::State>();
    file->client = client;
    file->path = path;
    file->status = STATUS_DELETE_PENDING;
    if (!client->machine || client->threads.empty())
        return file;
    if (client->gone()) {
        int32_t const refused = client->threads[0]->host.status();
        file->status = refused ? refused : STATUS_PROCESS_IS_TERMINATING;
        return file;
    }
    OpenOptions& options = opening->options;
    if (options.ea.size() > 0x10000 || options.security.size() > 0x10000)
        throw BadUse("extended attributes and a security descriptor are at most 64 KiB");
    opening->path = machine::nt_path(path);
    opening->ea = copy(options.ea);
    opening->security = copy(options.security);
    options.ea = options.security = {};
    file->synchronous
        = options.synchronous || (options.options & (FILE_SYNCHRONOUS_IO_ALERT | FILE_SYNCHRONOUS_IO_NONALERT));
    auto* const host = client->free_thread();
    auto const outcome = host ? host->execute([opening] { open_now(*opening); }) : Outcome::Ended;
    if (outcome == Outcome::Unfinished)
        throw BadUse(fmt::format("the driver did not complete the open of {}", path));
    if (outcome == Outcome::Done) {
        file->status = opening->status;
        file->handle = opening->opened.handle;
        file->information = opening->opened.information;
    }
    client->files.add(file, [](auto const& weak) { return weak.expired(); });
    return file;
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

// --- Opening -----------------------------------------------------------------------------------------------------

File Machine::open(std::string_view path, uint32_t access, uint32_t share)
{
    return default_client().open(path, access, share);
}
File Machine::open(std::string_view path, OpenOptions const& options) { return default_client().open(path, options); }

File Client::open(std::string_view path, uint32_t access, uint32_t share)
{
    return open(path, OpenOptions { .access = access, .share = share });
}

File Client::open(std::string_view path, OpenOptions const& options)
{
    auto opening = std::make_shared<Opening>();
    opening->options = options;
    if (options.relative_to && options.relative_to->m_state->client != m_state)
        throw BadUse("the file that the path is relative to belongs to another client");
    if (options.relative_to)
        opening->root = options.relative_to->m_state->handle;
    return File(open_file(m_state, path, opening));
}

namespace {

std::shared_ptr<Opening> creating(UCHAR major, OpenOptions const& options)
{
    auto opening = std::make_shared<Opening>();
    opening->major = major;
    opening->options = options;
    return opening;
}

// A relative time of NT's, in units of 100 ns.
LARGE_INTEGER relative_time(double seconds)
{
    if (!(seconds <= 1e9))
        throw BadUse("a time is a number of seconds up to 1e9");
    return { .QuadPart = -static_cast<int64_t>(seconds * 1e7) };
}

} // namespace

File Client::create_pipe(std::string_view path, PipeOptions const& pipe, OpenOptions options)
{
    auto opening = creating(IRP_MJ_CREATE_NAMED_PIPE, options);
    opening->pipe = { pipe.type,
                      pipe.read_mode,
                      pipe.completion_mode,
                      pipe.instances,
                      pipe.inbound_quota,
                      pipe.outbound_quota,
                      relative_time(pipe.timeout_seconds),
                      TRUE };
    return File(open_file(m_state, path, opening));
}

File Client::create_mailslot(std::string_view path, MailslotOptions const& mailslot, OpenOptions options)
{
    auto opening = creating(IRP_MJ_CREATE_MAILSLOT, options);
    bool const timed = mailslot.read_timeout_seconds >= 0;
    opening->mailslot = { mailslot.quota, mailslot.message_bytes,
                          relative_time(timed ? mailslot.read_timeout_seconds : 0), timed ? TRUE : FALSE };
    return File(open_file(m_state, path, opening));
}

// --- Requests ----------------------------------------------------------------------------------------------------

int32_t File::status() const { return m_state->status; }
uint64_t File::information() const { return m_state->information; }

File File::on(Thread const& thread) const
{
    if (thread.m_state->client != m_state->client.get())
        throw BadUse("the thread belongs to another client than the file");
    File file(m_state);
    file.m_thread = thread.m_state;
    return file;
}

Reply File::call(Call const& call) { return machine::transact(machine::prepare(m_state, acting(), call, false)); }

Reply File::ioctl(uint32_t code, std::span<std::byte const> in, size_t out_bytes)
{
    return call({ .major = IRP_MJ_DEVICE_CONTROL, .code = code, .in = in, .out_bytes = out_bytes });
}
Reply File::ioctl(uint32_t code, std::string_view in, size_t out_bytes) { return ioctl(code, bytes_of(in), out_bytes); }
Reply File::ioctl_with_buffer(uint32_t code, std::span<std::byte const> in, std::span<std::byte const> second)
{
    return call({ .major = IRP_MJ_DEVICE_CONTROL, .code = code, .in = in, .out_bytes = second.size(), .out = second });
}
Reply File::fsctl(uint32_t code, std::span<std::byte const> in, size_t out_bytes)
{
    return call({ .major = IRP_MJ_FILE_SYSTEM_CONTROL, .code = code, .in = in, .out_bytes = out_bytes });
}
Reply File::read(size_t bytes, uint64_t offset)
{
    return call({ .major = IRP_MJ_READ, .out_bytes = bytes, .offset = offset });
}
Reply File::write(std::span<std::byte const> bytes, uint64_t offset)
{
    return call({ .major = IRP_MJ_WRITE, .in = bytes, .offset = offset });
}
Reply File::write(std::string_view bytes, uint64_t offset) { return write(bytes_of(bytes), offset); }
Reply File::flush() { return call({ .major = IRP_MJ_FLUSH_BUFFERS }); }
Reply File::query(uint32_t information_class, size_t bytes)
{
    return call({ .major = IRP_MJ_QUERY_INFORMATION, .code = information_class, .out_bytes = bytes });
}
Reply File::set(uint32_t information_class, std::span<std::byte const> value)
{
    return call({ .major = IRP_MJ_SET_INFORMATION, .code = information_class, .in = value });
}
Reply File::query_volume(uint32_t information_class, size_t bytes)
{
    return call({ .major = IRP_MJ_QUERY_VOLUME_INFORMATION, .code = information_class, .out_bytes = bytes });
}
Reply File::set_volume(uint32_t information_class, std::span<std::byte const> value)
{
    return call({ .major = IRP_MJ_SET_VOLUME_INFORMATION, .code = information_class, .in = value });
}
Reply File::list(uint32_t information_class, size_t bytes, std::string_view pattern, uint8_t flags)
{
    return call({ .major = IRP_MJ_DIRECTORY_CONTROL,
                  .minor = IRP_MN_QUERY_DIRECTORY,
                  .code = information_class,
                  .out_bytes = bytes,
                  .flags = flags,
                  .name = pattern });
}
Reply File::lock(uint64_t offset, uint64_t length, uint8_t flags, uint32_t key)
{
    return call({ .major = IRP_MJ_LOCK_CONTROL,
                  .minor = IRP_MN_LOCK,
                  .offset = offset,
                  .length = length,
                  .key = key,
                  .flags = flags });
}
Reply File::unlock(uint64_t offset, uint64_t length, uint32_t key)
{
    return call({ .major = IRP_MJ_LOCK_CONTROL,
                  .minor = IRP_MN_UNLOCK_SINGLE,
                  .offset = offset,
                  .length = length,
                  .key = key });
}
Reply File::query_ea(size_t bytes, std::span<std::byte const> names, uint8_t flags)
{
    return call({ .major = IRP_MJ_QUERY_EA, .in = names, .out_bytes = bytes, .flags = flags });
}
Reply File::query_quota(size_t bytes, std::span<std::byte const> sids, uint8_t flags)
{
    return call({ .major = IRP_MJ_QUERY_QUOTA, .in = sids, .out_bytes = bytes, .flags = flags });
}
Reply File::set_quota(std::span<std::byte const> list) { return call({ .major = IRP_MJ_SET_QUOTA, .in = list }); }
Reply File::query_security(uint32_t parts, size_t bytes)
{
    return call({ .major = IRP_MJ_QUERY_SECURITY, .code = parts, .out_bytes = bytes });
}
Reply File::set_security(uint32_t parts, std::span<std::byte const> descriptor)
{
    return call({ .major = IRP_MJ_SET_SECURITY, .code = parts, .in = descriptor });
}
Reply File::set_ea(std::span<std::byte const> list) { return call({ .major = IRP_MJ_SET_EA, .in = list }); }

Request File::start(Call const& call, Overlapped overlapped)
{
    auto request = machine::prepare(m_state, acting(), call, true);
    request->keeps_event = overlapped.event.m_state;
    return machine::start(request, std::move(overlapped));
}
Request File::start_ioctl(uint32_t code, std::span<std::byte const> in, size_t out_bytes, Overlapped overlapped)
{
    return start({ .major = IRP_MJ_DEVICE_CONTROL, .code = code, .in = in, .out_bytes = out_bytes },
                 std::move(overlapped));
}
Request File::start_read(size_t bytes, uint64_t offset, Overlapped overlapped)
{
    return start({ .major = IRP_MJ_READ, .out_bytes = bytes, .offset = offset }, std::move(overlapped));
}
Request File::start_write(std::span<std::byte const> bytes, uint64_t offset, Overlapped overlapped)
{
    return start({ .major = IRP_MJ_WRITE, .in = bytes, .offset = offset }, std::move(overlapped));
}

// --- The rest of its life ----------------------------------------------------------------------------------------

Thread::State* File::acting() const
{
    if (m_thread)
        return m_thread.get();
    return m_state->client->threads.empty() ? nullptr : m_state->client->threads[0].get();
}

namespace {

FILE_OBJECT* object_of(File::State const& file)
{
    auto found = ob::resolve_handle(*file.client->process, file.handle, UserMode);
    return found.ok() && found->type == &ob::file_type ? static_cast<FILE_OBJECT*>(found->body) : nullptr;
}

bool is_open(File::State const& file)
{
    return file.handle && file.client->machine && !file.client->gone() && !file.client->machine->rooms->kernel.crash();
}

} // namespace

int32_t File::cancel()
{
    Thread::State* const thread = acting();
    if (!is_open(*m_state) || !thread || thread->host.ended())
        return STATUS_INVALID_HANDLE;
    auto const outcome = thread->host.execute([state = m_state] {
        if (FILE_OBJECT* file = object_of(*state))
            (void)io::cancel_thread_irps(ke::kernel().current(), file);
    });
    if (outcome == Outcome::Busy)
        throw BadUse("the thread is still inside an earlier call");
    return STATUS_SUCCESS;
}

int32_t File::cancel_all()
{
    machine::HostThread* const by = is_open(*m_state) ? m_state->client->free_thread() : nullptr;
    if (!by)
        return STATUS_INVALID_HANDLE;
    auto found = std::make_shared<int32_t>(STATUS_NOT_FOUND);
    by->execute([state = m_state, found] {
        FILE_OBJECT* const file = object_of(*state);
        auto& threads = state->client->threads;
        for (size_t i = 0; file && i < threads.size(); ++i)
            if (!threads[i]->host.ended() && io::cancel_thread_irps(threads[i]->host.thread(), file))
                *found = STATUS_SUCCESS;
    });
    return *found;
}

int32_t File::skip_notification(uint32_t modes)
{
    return set(FileIoCompletionNotificationInformation, std::as_bytes(std::span(&modes, 1))).status;
}

bool File::signalled() const
{
    FILE_OBJECT const* const file = is_open(*m_state) ? object_of(*m_state) : nullptr;
    return file && file->Event.Header.SignalState;
}

void File::close()
{
    auto& client = *m_state->client;
    if (!m_state->handle || !client.machine)
        return;
    if (client.gone()) {
        // Its handles were closed when it ended.
        m_state->handle = nullptr;
        m_state->buffers[0] = m_state->buffers[1] = nullptr;
        m_state->buffer_bytes[0] = m_state->buffer_bytes[1] = 0;
        return;
    }
    auto& process = *client.process;
    if (machine::HostThread* const by = client.free_thread())
        by->execute([state = m_state] {
            HANDLE handle = state->handle;
            state->handle = nullptr;
            (void)ob::close_handle(*state->client->process, handle, UserMode);
        });
    for (auto*& buffer : m_state->buffers)
        if (buffer && !client.machine->rooms->kernel.crash()) {
            (void)mm::free_user(process, buffer);
            buffer = nullptr;
        }
    m_state->buffer_bytes[0] = m_state->buffer_bytes[1] = 0;
}

} // namespace ringside
