// SPDX-License-Identifier: MIT
// What a Windows program does, for the library's callers: client processes, their threads, files, events and completion
// ports. Part of ringside.h, which says how it all begins.
//
//     Client client = machine.client("reader.exe", { .account = Account::User });
//     File file = client.open(R"(\\.\Toaster)", { .access = 0x80000000 });          // GENERIC_READ
//     Port port = client.port();
//     port.associate(file, 7);
//     Request read = file.start_read(512, 0, { .context = 1 });                     // ReadFile with an OVERLAPPED
//     Packet packet = port.get(1.0);                                                // GetQueuedCompletionStatus
//
// Numbers (access rights, classes, flags, statuses) are NT's own. Who does not say otherwise acts on the client's first
// thread; File::on, Port::on act on another. Nothing here may be called from inside the machine (a driver's routine).
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ringside {

using Bytes = std::vector<std::byte>;

class File;

struct Reply {
    int32_t status = 0;        // STATUS_PENDING: the driver did not complete it; see Machine::pending()
    uint64_t information = 0;
    Bytes bytes;               // of an output buffer: `information` of them at most
    bool ok() const { return status >= 0 && status != 0x103; }
    std::string_view text() const { return { reinterpret_cast<char const*>(bytes.data()), bytes.size() }; }
};

// A thread of a client process.
class Thread {
public:
    int32_t status() const; // of its creation, which a driver may refuse: it is never running then
    bool running() const;
    // SleepEx: callbacks of requests that are done are called, and end the sleep (STATUS_USER_APC 0xC0).
    int32_t sleep(double seconds, bool alertable = true);
    // CancelSynchronousIo: what it is blocked in. STATUS_NOT_FOUND when that is nothing.
    int32_t cancel_synchronous_io();
    bool blocked() const;   // in a call that has not come back
    void end(int32_t status = 0); // ExitThread: its requests are cancelled and waited for

    struct State;
    explicit Thread(std::shared_ptr<State> state) : m_state(std::move(state)) {}

private:
    friend class Client;
    friend class File;
    friend class Port;
    std::shared_ptr<State> m_state;
};

// An event object of a client, by a handle of its own. Control codes carry the handle's value to a driver that sets it.
class Event {
public:
    Event() = default; // none
    int32_t status() const;  // of its creation
    uint64_t handle() const; // means something to a driver in this client's context only; 0: none
    bool signalled() const;
    // WaitForSingleObject. False when nothing is left that could set it, or ten virtual minutes have passed.
    bool wait();
    void set();
    void reset();
    void close(); // the client's handle; a request that was started with it keeps the event

    struct State;
    explicit Event(std::shared_ptr<State> state) : m_state(std::move(state)) {}

private:
    friend class File;
    std::shared_ptr<State> m_state;
};

// How the end of a request is told, beside its status block: what stands in an OVERLAPPED, or ReadFileEx's routine.
struct Overlapped {
    Event event {};       // reset at the start, set at the end; without one the file object itself is signalled
    uint64_t context = 1; // what a port's packet names the request by; 0: no packet
    // Called with the outcome when the issuing thread waits alertably (Thread::sleep), on the host's stack.
    // A file that is associated with a port takes none (STATUS_INVALID_PARAMETER).
    std::function<void(Reply const&)> callback {};
};

// Byte offsets of files that were opened synchronously.
inline constexpr uint64_t kFilePosition = ~uint64_t { 0 } - 1; // where the last request left it
inline constexpr uint64_t kEndOfFile = ~uint64_t { 0 };        // of a write: append

// Any request that a program can make of an open file; File's other calls are short forms of it.
struct Call {
    uint8_t major = 0;                  // IRP_MJ_...; BadUse for those that no program can send
    uint8_t minor = 0;                  // IRP_MN_... of locks and directory requests, a flush's flags
    uint32_t code = 0;                  // control code, information class, SECURITY_INFORMATION, notify filter, EA index
    std::span<std::byte const> in {};   // what is written, set, or (queries of EAs and quotas) asked for
    size_t out_bytes = 0;
    std::span<std::byte const> out {};  // the output buffer's contents beforehand; no longer than out_bytes
    uint64_t offset = 0;                // of reads, writes, locks
    uint64_t length = 0;                // of locks
    uint32_t key = 0;                   // of reads, writes, locks
    uint8_t flags = 0;                  // SL_... of locks, directory, EA and quota requests
    std::string_view name {};           // a directory query's pattern
};

// A request that was started and not waited for.
class Request {
public:
    bool done() const;
    int32_t cancel();       // CancelIoEx for this one: STATUS_NOT_FOUND when it is done
    Reply wait();           // runs the machine until it is done, or nothing is left to do (then STATUS_PENDING)
    Reply reply() const;    // as it stands
    int32_t returned() const; // by the call that started it; an error means that nothing else is told
    // The program's status block, as it stands: STATUS_PENDING and 0 until the I/O manager writes it.
    Reply status_block() const;

    struct State;
    explicit Request(std::shared_ptr<State> state) : m_state(std::move(state)) {}

private:
    std::shared_ptr<State> m_state;
};

class File {
public:
    int32_t status() const;      // of the open: everything else fails when this did
    bool ok() const { return status() >= 0; }
    uint64_t information() const; // of the open: FILE_OPENED 1, FILE_CREATED 2 ...
    Reply ioctl(uint32_t code, std::span<std::byte const> in, size_t out_bytes);
    Reply ioctl(uint32_t code, std::string_view in, size_t out_bytes);
    // The second buffer's contents are given too: METHOD_IN_DIRECT drivers read it, METHOD_NEITHER ones may.
    Reply ioctl_with_buffer(uint32_t code, std::span<std::byte const> in, std::span<std::byte const> second);
    Reply fsctl(uint32_t code, std::span<std::byte const> in, size_t out_bytes);
    Reply read(size_t bytes, uint64_t offset = 0);
    Reply write(std::span<std::byte const> bytes, uint64_t offset = 0);
    Reply write(std::string_view bytes, uint64_t offset = 0);
    Reply flush();
    Reply query(uint32_t information_class, size_t bytes);
    Reply set(uint32_t information_class, std::span<std::byte const> value);
    Reply query_volume(uint32_t information_class, size_t bytes);
    Reply set_volume(uint32_t information_class, std::span<std::byte const> value);
    // flags: SL_RESTART_SCAN 1, SL_RETURN_SINGLE_ENTRY 2.
    Reply list(uint32_t information_class, size_t bytes, std::string_view pattern = {}, uint8_t flags = 0);
    // flags: SL_FAIL_IMMEDIATELY 1, SL_EXCLUSIVE_LOCK 2.
    Reply lock(uint64_t offset, uint64_t length, uint8_t flags = 0, uint32_t key = 0);
    Reply unlock(uint64_t offset, uint64_t length, uint32_t key = 0);
    Reply query_ea(size_t bytes, std::span<std::byte const> names = {}, uint8_t flags = 0);
    Reply set_ea(std::span<std::byte const> list);
    Reply query_quota(size_t bytes, std::span<std::byte const> sids = {}, uint8_t flags = 0);
    Reply set_quota(std::span<std::byte const> list);
    Reply query_security(uint32_t parts, size_t bytes); // a self-relative descriptor; information: the bytes it takes
    Reply set_security(uint32_t parts, std::span<std::byte const> descriptor);
    Reply call(Call const& call);

    // On a file that was opened synchronously the thread blocks until the request is done: no further call is made on
    // it before that (BadUse).
    Request start_ioctl(uint32_t code, std::span<std::byte const> in, size_t out_bytes, Overlapped overlapped = {});
    Request start_read(size_t bytes, uint64_t offset = 0, Overlapped overlapped = {});
    Request start_write(std::span<std::byte const> bytes, uint64_t offset = 0, Overlapped overlapped = {});
    Request start(Call const& call, Overlapped overlapped = {});

    int32_t cancel();     // CancelIo: what this thread has outstanding on the file
    int32_t cancel_all(); // CancelIoEx: what the process has; STATUS_NOT_FOUND when that is nothing
    // SetFileCompletionNotificationModes: 1 no packet when the call itself succeeds, 2 the file object is not signalled,
    // 4 nor an event by fast I/O. They cannot be taken back.
    int32_t skip_notification(uint32_t modes);
    bool signalled() const; // the file object, as a wait for its handle sees it
    void close(); // the last handle: IRP_MJ_CLEANUP, then IRP_MJ_CLOSE
    // The same file for another thread of the client.
    File on(Thread const& thread) const;

    struct State;
    explicit File(std::shared_ptr<State> state) : m_state(std::move(state)) {}

private:
    friend class Client;
    friend class Port;
    Thread::State* acting() const;
    std::shared_ptr<State> m_state;
    std::shared_ptr<Thread::State> m_thread; // null: the client's first one
};

// What a completion port gives out.
struct Packet {
    int32_t status = 0;      // STATUS_TIMEOUT 0x102: none came; STATUS_ABANDONED 0x80: the port was closed meanwhile
    uint64_t key = 0;        // of the file
    uint64_t context = 0;    // of the request, or what was posted
    int32_t outcome = 0;     // the request's status
    uint64_t information = 0;
    bool ok() const { return status == 0; }
};

// An I/O completion port of a client.
class Port {
public:
    int32_t status() const; // of its creation
    // From now on. STATUS_INVALID_PARAMETER for a file that was opened synchronously, or has a port.
    int32_t associate(File const& file, uint64_t key);
    Packet get(double seconds = 0); // waits that long at most, of the machine's time
    int32_t post(uint64_t key, uint64_t context, uint64_t information = 0); // PostQueuedCompletionStatus
    size_t waiting() const; // packets in it
    void close(); // packets that nobody took go when the last file that is associated does
    Port on(Thread const& thread) const;

    struct State;
    explicit Port(std::shared_ptr<State> state) : m_state(std::move(state)) {}

private:
    std::shared_ptr<State> m_state;
    std::shared_ptr<Thread::State> m_thread;
};

// How a file is opened. Defaults: an existing one, for reading and writing, overlapped.
struct OpenOptions {
    uint32_t access = 0xC0000000;  // GENERIC_READ | GENERIC_WRITE
    uint32_t share = 3;            // FILE_SHARE_READ | FILE_SHARE_WRITE
    uint32_t disposition = 1;      // FILE_SUPERSEDE 0, FILE_OPEN 1, FILE_CREATE 2, FILE_OPEN_IF 3, FILE_OVERWRITE 4 ...
    uint32_t options = 0;          // FILE_DIRECTORY_FILE 1, FILE_WRITE_THROUGH 2, FILE_DELETE_ON_CLOSE 0x1000 ...
    uint32_t attributes = 0;       // FILE_ATTRIBUTE_...
    bool synchronous = false;      // without FILE_FLAG_OVERLAPPED: FILE_SYNCHRONOUS_IO_NONALERT
    bool case_sensitive = false;
    int64_t allocation_size = 0;
    std::span<std::byte const> ea {};       // FILE_FULL_EA_INFORMATION entries
    std::span<std::byte const> security {}; // a self-relative descriptor for what is created
    File const* relative_to = nullptr;      // the path is relative to this file
};

// What CreateNamedPipe and CreateMailslot ask of the driver whose device the path names: IRP_MJ_CREATE_NAMED_PIPE,
// IRP_MJ_CREATE_MAILSLOT.
struct PipeOptions {
    uint32_t type = 0;              // FILE_PIPE_BYTE_STREAM_TYPE; 1 messages
    uint32_t read_mode = 0;
    uint32_t completion_mode = 0;
    uint32_t instances = 1;
    uint32_t inbound_quota = 4096;
    uint32_t outbound_quota = 4096;
    double timeout_seconds = 0.05;
};
struct MailslotOptions {
    uint32_t quota = 0;
    uint32_t message_bytes = 0;      // the longest; 0: any
    double read_timeout_seconds = 0; // negative: none
};

// Whose token a client process has (docs/security.md).
enum class Account : uint8_t {
    System,                // LocalSystem, as most services
    Administrator,         // elevated: what "Run as administrator" starts
    FilteredAdministrator, // the same account before that
    User,                  // an ordinary one
};
struct ClientOptions {
    Account account = Account::Administrator;
    bool is_32bit = false; // a 32-bit program (WOW64): its buffers are below 2 GiB, and drivers are told (IoIs32bitProcess)
};

// A client process: its own addresses, handles and threads.
class Client {
public:
    int32_t status() const; // of its creation, which a driver may refuse: every open fails when it did
    File open(std::string_view path, uint32_t access = 0xC0000000, uint32_t share = 3);
    File open(std::string_view path, OpenOptions const& options);
    File create_pipe(std::string_view path, PipeOptions const& pipe = {}, OpenOptions options = { .disposition = 3 });
    File create_mailslot(std::string_view path, MailslotOptions const& mailslot = {},
                         OpenOptions options = { .access = 0x80000000, .disposition = 2 });
    // GetFileAttributesEx: what FILE_NETWORK_OPEN_INFORMATION says of a file, without opening it where its driver can
    // (FastIoQueryOpen).
    Reply query_attributes(std::string_view path);
    Event event(bool manual_reset = true, bool signalled = false);
    Port port(uint32_t concurrent_threads = 0);
    Thread thread();       // a new one
    Thread first_thread(); // the one that acts when none is named
    // Terminates the process, as TerminateProcess does: its requests are cancelled and waited for, its handles closed.
    // What its Files are asked from then on is refused (STATUS_PROCESS_IS_TERMINATING).
    void end(int32_t status = 0);
    bool running() const;

    struct State;
    explicit Client(std::shared_ptr<State> state) : m_state(std::move(state)) {}

private:
    friend class Machine;
    std::shared_ptr<State> m_state;
};

} // namespace ringside
