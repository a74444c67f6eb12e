// SPDX-License-Identifier: MIT
// How a program behind the C face hears of the end of its requests: events, completion ports, callbacks; and how it
// cancels them. In a process of the machine's own and in the caller's, with one driver (desk.c) that completes requests
// as it is told. What the machine itself does here is tests/machine/overlapped_test.cpp's.
#include "capi.h"

#include "drivers/desk.h"

#include <cstring>
#include <deque>

namespace ringside::test {
namespace {

constexpr int32_t kSuccess = 0, kPending = 0x103, kTimeout = 0x102, kUserApc = 0xC0;
constexpr auto kUnsuccessful = static_cast<int32_t>(0xC0000001);
constexpr auto kInvalidParameter = static_cast<int32_t>(0xC000000D);
constexpr auto kCancelled = static_cast<int32_t>(0xC0000120);
constexpr auto kNotFound = static_cast<int32_t>(0xC0000225);
constexpr char const* kDesk = R"(\\.\Desk)";

class COverlapped : public testing::TestWithParam<Where> {
protected:
    COverlapped()
        : machine(usual(GetParam()))
    {
        machine.load("desk");
        // Orders are given by another client, so that they disturb nothing.
        ringside_client clerk = 0;
        EXPECT_EQ(ringside_client_start(machine.handle, "clerk.exe", RINGSIDE_ACCOUNT_ADMINISTRATOR, &clerk, nullptr),
                  RINGSIDE_OK);
        EXPECT_EQ(ringside_client_start(machine.handle, "client.exe", RINGSIDE_ACCOUNT_USER, &client, nullptr),
                  RINGSIDE_OK);
        orders = open(clerk);
        file = open(client);
        EXPECT_EQ(ringside_thread_first(client, &first), RINGSIDE_OK);
    }

    static ringside_file open(ringside_client client, bool synchronous = false)
    {
        ringside_open_options options;
        EXPECT_EQ(ringside_open_options_init(&options, sizeof options), RINGSIDE_OK);
        options.synchronous = synchronous;
        ringside_file opened = 0;
        int32_t status = -1;
        uint64_t information = 0;
        EXPECT_EQ(ringside_open_with(client, kDesk, &options, &opened, &status, &information), RINGSIDE_OK) << error();
        EXPECT_EQ(status, kSuccess);
        return opened;
    }
    void give(uint32_t code, DESK_ORDER const& order)
    {
        Asked const asked = ioctl(orders, code, std::string_view(reinterpret_cast<char const*>(&order), sizeof order));
        EXPECT_EQ(asked.result, RINGSIDE_OK) << error();
        EXPECT_EQ(asked.reply.status, kSuccess);
    }
    void keep() { give(IOCTL_DESK_ORDER, { .Status = 0, .Information = 0, .Keep = 1, .Uncancelled = 0 }); }
    void at_once(int32_t status, uint32_t information) { give(IOCTL_DESK_ORDER, { status, information, 0, 0 }); }
    void serve(int32_t status, uint32_t information) { give(IOCTL_DESK_SERVE, { status, information, 0, 0 }); }
    void settle() { EXPECT_EQ(ringside_settle(machine.handle, nullptr), RINGSIDE_OK) << error(); }
    ringside_request start(ringside_io const& io, size_t room, ringside_file on = 0)
    {
        ringside_request request = 0;
        EXPECT_EQ(ringside_start_io(on ? on : file, &io, room, &request), RINGSIDE_OK) << error();
        return request;
    }
    static int32_t returned(ringside_request request)
    {
        int32_t status = -1;
        EXPECT_EQ(ringside_request_status(request, &status, nullptr, nullptr), RINGSIDE_OK) << error();
        return status;
    }
    static int32_t ended(ringside_request request)
    {
        ringside_reply reply {};
        EXPECT_EQ(ringside_request_wait(request, nullptr, 0, &reply), RINGSIDE_OK) << error();
        return reply.status;
    }
    int32_t sleep(double seconds, bool alertable = true)
    {
        int32_t status = -1;
        EXPECT_EQ(ringside_thread_sleep(first, seconds, alertable, &status), RINGSIDE_OK) << error();
        return status;
    }
    void quiet()
    {
        EXPECT_EQ(ringside_file_close(orders), RINGSIDE_OK);
        machine.expect_quiet();
    }

    Booted machine;
    ringside_client client = 0;
    ringside_file orders = 0;
    ringside_file file = 0;
    ringside_thread first = 0;
};

ringside_io a_read()
{
    ringside_io io {};
    io.size = sizeof io;
    io.major = RINGSIDE_MAJOR_READ;
    return io;
}

int flag(int (*function)(uint64_t, int*), uint64_t handle)
{
    int told = -1;
    EXPECT_EQ(function(handle, &told), RINGSIDE_OK) << error();
    return told;
}

// Whoever is told of ends, in their order.
struct Listener {
    static void hear(void* context, int result, ringside_reply const* reply, void const* bytes)
    {
        auto& to = *static_cast<Listener*>(context);
        if (result != RINGSIDE_OK) {
            EXPECT_EQ(reply, nullptr);
            EXPECT_EQ(bytes, nullptr);
            to.all->append(to.name + std::string(" ") + ringside_result_name(result) + "; ");
            return;
        }
        to.all->append(to.name + std::string(" ") + std::to_string(reply->status) + " '"
                       + std::string(static_cast<char const*>(bytes), reply->bytes) + "'; ");
    }
    std::string name;
    std::string* all;
};

ringside_io heard_by(Listener& listener)
{
    ringside_io io = a_read();
    io.callback = Listener::hear;
    io.callback_context = &listener;
    return io;
}

std::string text(ringside_packet const& packet)
{
    if (packet.status != kSuccess)
        return packet.status == kTimeout ? "none" : "status " + std::to_string(packet.status);
    return std::to_string(packet.key) + "/" + std::to_string(packet.context) + ": " + std::to_string(packet.outcome)
        + " " + std::to_string(packet.information);
}

std::string taken_from(ringside_port port, ringside_thread thread = 0)
{
    ringside_packet packet {};
    EXPECT_EQ(ringside_port_get(port, thread, 0, &packet), RINGSIDE_OK) << error();
    return text(packet);
}

} // namespace

INSTANTIATE_TEST_SUITE_P(Both, COverlapped, testing::Values(Where::Child, Where::InProcess),
                         [](auto const& given) { return given.param == Where::Child ? "Child" : "InProcess"; });

// A read with an event that the driver keeps and serves later; the event is waited for in vain before.
// Shows: the event is reset at the start and set at the end; the status block is written then and not before; an event
// has a value that a driver can be given; a closed one is no handle any more.
TEST_P(COverlapped, AnEvent)
{
    ringside_event event = 0;
    int32_t status = -1;
    ASSERT_EQ(ringside_event_create(client, 1, 1, &event, &status), RINGSIDE_OK) << error();
    EXPECT_EQ(status, kSuccess);
    uint64_t value = 0;
    EXPECT_EQ(ringside_event_value(event, &value), RINGSIDE_OK);
    EXPECT_NE(value, 0u);
    keep();
    ringside_io io = a_read();
    io.event = event;
    ringside_request const request = start(io, 8);
    EXPECT_EQ(returned(request), kPending);
    EXPECT_EQ(flag(ringside_event_signalled, event), 0);
    EXPECT_EQ(flag(ringside_event_wait, event), 0) << "nothing is left that could set it";
    uint64_t information = 77;
    EXPECT_EQ(ringside_request_status(request, nullptr, &status, &information), RINGSIDE_OK);
    EXPECT_EQ(status, kPending);
    EXPECT_EQ(information, 0u);
    serve(kSuccess, 5);
    settle();
    EXPECT_EQ(flag(ringside_event_wait, event), 1);
    EXPECT_EQ(flag(ringside_file_signalled, file), 0) << "an event was given in its place";
    EXPECT_EQ(ringside_request_status(request, nullptr, &status, &information), RINGSIDE_OK);
    EXPECT_EQ(status, kSuccess);
    EXPECT_EQ(information, 5u);
    char bytes[8];
    ringside_reply reply {};
    EXPECT_EQ(ringside_request_reply(request, bytes, sizeof bytes, &reply), RINGSIDE_OK);
    EXPECT_EQ(std::string(bytes, reply.bytes), "ddddd");
    EXPECT_EQ(ringside_event_reset(event), RINGSIDE_OK);
    EXPECT_EQ(flag(ringside_event_signalled, event), 0);
    EXPECT_EQ(ringside_event_set(event), RINGSIDE_OK);
    EXPECT_EQ(flag(ringside_event_signalled, event), 1);
    EXPECT_EQ(ringside_event_close(event), RINGSIDE_OK);
    EXPECT_EQ(ringside_event_set(event), RINGSIDE_BAD_HANDLE);
    EXPECT_EQ(ringside_start_io(file, &io, 8, nullptr), RINGSIDE_BAD_ARGUMENT);
    ringside_request none = 77;
    EXPECT_EQ(ringside_start_io(file, &io, 8, &none), RINGSIDE_BAD_HANDLE) << "the event is no more";
    EXPECT_EQ(none, 77u);
    quiet();
}

// A file with a completion port: a read that is served later, one that is served at once, a posted packet.
// Shows: packets have the file's key and the request's context, in order; a request without a context gives none; modes
// leave packets out; a synchronous file takes no port, and a file with a port no callback.
TEST_P(COverlapped, ACompletionPort)
{
    ringside_port port = 0;
    int32_t status = -1;
    ASSERT_EQ(ringside_port_create(client, 0, &port, &status), RINGSIDE_OK) << error();
    EXPECT_EQ(status, kSuccess);
    EXPECT_EQ(ringside_port_associate(port, open(client, true), 7, &status), RINGSIDE_OK);
    EXPECT_EQ(status, kInvalidParameter);
    EXPECT_EQ(ringside_port_associate(port, file, 7, &status), RINGSIDE_OK);
    EXPECT_EQ(status, kSuccess);
    keep();
    ringside_io io = a_read();
    io.context = 100;
    ringside_request const late = start(io, 4);
    at_once(kSuccess, 2);
    io.context = 101;
    (void)start(io, 4);
    io.context = 0;
    (void)start(io, 4);
    ringside_request plain = 0;
    EXPECT_EQ(ringside_start_read(file, 4, 0, &plain), RINGSIDE_OK);
    serve(kUnsuccessful, 3);
    EXPECT_EQ(ended(late), kUnsuccessful);
    EXPECT_EQ(ringside_port_post(port, 1, 2, 3, &status), RINGSIDE_OK);
    EXPECT_EQ(status, kSuccess);
    uint64_t packets = 0;
    EXPECT_EQ(ringside_port_waiting(port, &packets), RINGSIDE_OK);
    EXPECT_EQ(packets, 4u);
    EXPECT_EQ(taken_from(port), "7/101: 0 2");
    EXPECT_EQ(taken_from(port), "7/1: 0 2");
    ringside_thread second = 0;
    EXPECT_EQ(ringside_thread_start(client, &second, nullptr), RINGSIDE_OK);
    EXPECT_EQ(taken_from(port, second), "7/100: " + std::to_string(kUnsuccessful) + " 3");
    EXPECT_EQ(taken_from(port), "1/2: 0 3");
    EXPECT_EQ(taken_from(port), "none");
    EXPECT_EQ(ringside_file_skip_notification(file, 1, &status), RINGSIDE_OK);
    EXPECT_EQ(status, kSuccess);
    io.context = 102;
    (void)start(io, 4);
    EXPECT_EQ(taken_from(port), "none");
    std::string told;
    Listener listener { "a", &told };
    EXPECT_EQ(returned(start(heard_by(listener), 4)), kInvalidParameter);
    EXPECT_EQ(ringside_port_close(port), RINGSIDE_OK);
    EXPECT_EQ(ringside_port_post(port, 1, 2, 3, &status), RINGSIDE_BAD_HANDLE);
    EXPECT_EQ(sleep(1), kSuccess);
    EXPECT_EQ(told, "");
    quiet();
}

// Requests with callbacks: served late, served at once, failed at once, cancelled.
// Shows: they are called in an alertable sleep and in no other, once, in their order, with status and bytes; an error at
// once calls nobody.
TEST_P(COverlapped, Callbacks)
{
    std::string told;
    std::deque<Listener> listeners;
    auto hear = [&](char const* name) { return heard_by(listeners.emplace_back(name, &told)); };
    keep();
    ringside_request const a = start(hear("a"), 3);
    ringside_request const b = start(hear("b"), 3);
    at_once(kSuccess, 2);
    (void)start(hear("c"), 4);
    at_once(kUnsuccessful, 0);
    EXPECT_EQ(returned(start(hear("d"), 4)), kUnsuccessful);
    EXPECT_EQ(told, "");
    EXPECT_EQ(sleep(1, false), kSuccess);
    EXPECT_EQ(told, "");
    EXPECT_EQ(sleep(0), kUserApc);
    EXPECT_EQ(told, "c 0 'dd'; ");
    int32_t status = -1;
    EXPECT_EQ(ringside_request_cancel_ex(b, &status), RINGSIDE_OK);
    EXPECT_EQ(status, kSuccess);
    EXPECT_EQ(ringside_request_cancel_ex(b, &status), RINGSIDE_OK);
    EXPECT_EQ(status, kNotFound);
    serve(kSuccess, 3);
    EXPECT_EQ(ended(a), kSuccess);
    EXPECT_EQ(told, "c 0 'dd'; ") << "a wait for the request is none of the thread's alertable ones";
    EXPECT_EQ(sleep(5), kUserApc);
    EXPECT_EQ(told, "c 0 'dd'; b " + std::to_string(kCancelled) + " ''; a 0 'ddd'; ");
    EXPECT_EQ(sleep(5), kSuccess);
    quiet();
}

// A callback that starts the next request, sleeps for that one's callback inside itself, and fails in a call of its own.
// Shows: the library holds no lock while it calls; what a callback fails in hides no sentence of the outer call.
TEST_P(COverlapped, ACallbackCallsBack)
{
    struct Chain {
        COverlapped* test;
        ringside_file file;
        ringside_thread thread;
        int left;
        int32_t slept = -1;
        static void next(void* context, int result, ringside_reply const* reply, void const*)
        {
            auto& chain = *static_cast<Chain*>(context);
            EXPECT_EQ(result, RINGSIDE_OK);
            EXPECT_EQ(reply->bytes, 1u);
            EXPECT_EQ(ringside_settle(0, nullptr), RINGSIDE_BAD_HANDLE);
            if (--chain.left == 0)
                return;
            ringside_io io = a_read();
            io.callback = next;
            io.callback_context = context;
            ringside_request request = 0;
            EXPECT_EQ(ringside_start_io(chain.file, &io, 1, &request), RINGSIDE_OK) << error();
            if (chain.left == 1)
                EXPECT_EQ(ringside_thread_sleep(chain.thread, 1, 1, &chain.slept), RINGSIDE_OK) << error();
        }
    } chain { this, file, first, 3 };
    at_once(kSuccess, 1);
    ringside_io io = a_read();
    io.callback = Chain::next;
    io.callback_context = &chain;
    (void)start(io, 1);
    EXPECT_EQ(sleep(1), kUserApc);
    EXPECT_EQ(chain.left, 2);
    EXPECT_EQ(ringside_thread_sleep(first, -1, 1, nullptr), RINGSIDE_BAD_USE);
    EXPECT_NE(error(machine.handle).find("a time is a number of seconds"), std::string::npos);
    EXPECT_EQ(sleep(1), kUserApc);
    EXPECT_EQ(chain.left, 0);
    EXPECT_EQ(chain.slept, kUserApc);
    EXPECT_NE(error(machine.handle).find("a time is a number of seconds"), std::string::npos)
        << "the machine's last failure; the callbacks' own was of no machine";
    quiet();
}

// A callback that closes the machine in which another one is due.
// Shows: the other one is not called any more, nor is any that waits.
TEST_P(COverlapped, ACallbackClosesTheMachine)
{
    std::string told;
    Listener listener { "late", &told };
    at_once(kSuccess, 1);
    ringside_io io = a_read();
    io.callback = [](void* context, int, ringside_reply const*, void const*) {
        EXPECT_EQ(ringside_close(*static_cast<ringside_machine*>(context)), RINGSIDE_OK);
    };
    io.callback_context = &machine.handle;
    (void)start(io, 1);
    (void)start(heard_by(listener), 1);
    keep();
    (void)start(heard_by(listener), 1);
    EXPECT_EQ(sleep(1), kUserApc);
    EXPECT_EQ(told, "");
    EXPECT_EQ(ringside_settle(machine.handle, nullptr), RINGSIDE_BAD_HANDLE);
    machine.handle = 0;
}

// Two threads of one client have reads outstanding on one file.
// Shows: CancelIo is a thread's, CancelIoEx the process'; each says whether there was something.
TEST_P(COverlapped, CancellingByThreadAndFile)
{
    ringside_thread second = 0;
    int32_t status = -1;
    ASSERT_EQ(ringside_thread_start(client, &second, &status), RINGSIDE_OK) << error();
    EXPECT_EQ(status, kSuccess);
    keep();
    ringside_io io = a_read();
    ringside_request const mine = start(io, 1);
    io.thread = second;
    ringside_request const theirs = start(io, 1);
    ringside_request const last = start(a_read(), 1);
    EXPECT_EQ(ringside_file_cancel(file, second, &status), RINGSIDE_OK);
    EXPECT_EQ(status, kSuccess);
    EXPECT_EQ(ended(theirs), kCancelled);
    EXPECT_EQ(flag(ringside_request_done, mine), 0);
    EXPECT_EQ(ringside_request_cancel(last), RINGSIDE_OK);
    EXPECT_EQ(ended(last), kCancelled);
    EXPECT_EQ(ringside_file_cancel_all(file, &status), RINGSIDE_OK);
    EXPECT_EQ(status, kSuccess);
    EXPECT_EQ(ended(mine), kCancelled);
    EXPECT_EQ(ringside_file_cancel_all(file, &status), RINGSIDE_OK);
    EXPECT_EQ(status, kNotFound);
    EXPECT_EQ(ringside_file_cancel(file, 0, nullptr), RINGSIDE_OK);
    quiet();
}

// A thread is blocked in a read of a file that was opened synchronously, by a request of any kind.
// Shows: it takes no other call meanwhile; CancelSynchronousIo frees it; ending it cancels what it is in.
TEST_P(COverlapped, ABlockedThread)
{
    ringside_file const blocking = open(client, true);
    ringside_thread second = 0;
    ASSERT_EQ(ringside_thread_start(client, &second, nullptr), RINGSIDE_OK) << error();
    keep();
    ringside_io io = a_read();
    io.thread = second;
    io.offset = RINGSIDE_FILE_POSITION;
    ringside_request const read = start(io, 4, blocking);
    EXPECT_EQ(flag(ringside_thread_blocked, second), 1);
    EXPECT_EQ(returned(read), kPending);
    EXPECT_EQ(ringside_thread_sleep(second, 1, 1, nullptr), RINGSIDE_BAD_USE);
    EXPECT_NE(error().find("still inside an earlier call"), std::string::npos) << error();
    ringside_reply reply {};
    char bytes[4];
    EXPECT_EQ(ringside_do_io(blocking, &io, bytes, sizeof bytes, &reply), RINGSIDE_BAD_USE);
    int32_t status = -1;
    EXPECT_EQ(ringside_thread_cancel_io(first, &status), RINGSIDE_OK);
    EXPECT_EQ(status, kNotFound);
    EXPECT_EQ(ringside_thread_cancel_io(second, &status), RINGSIDE_OK);
    EXPECT_EQ(status, kSuccess);
    EXPECT_EQ(ended(read), kCancelled);
    EXPECT_EQ(flag(ringside_thread_blocked, second), 0);
    io.offset = 0;
    ringside_request const overlapped = start(io, 4);
    EXPECT_EQ(ringside_thread_end(second, 0), RINGSIDE_OK);
    EXPECT_EQ(flag(ringside_thread_running, second), 0);
    EXPECT_EQ(ended(overlapped), kCancelled);
    EXPECT_EQ(ringside_file_close(blocking), RINGSIDE_OK);
    quiet();
}

// Objects of one client in calls for another one's file, and objects of another machine.
// Shows: the first is BAD_USE, the second BAD_HANDLE; neither starts anything.
TEST_P(COverlapped, StrangersObjects)
{
    ringside_client other = 0;
    ASSERT_EQ(ringside_client_start(machine.handle, "other.exe", RINGSIDE_ACCOUNT_USER, &other, nullptr), RINGSIDE_OK);
    ringside_thread thread = 0;
    ringside_event event = 0;
    ringside_port port = 0;
    EXPECT_EQ(ringside_thread_first(other, &thread), RINGSIDE_OK);
    EXPECT_EQ(ringside_event_create(other, 0, 0, &event, nullptr), RINGSIDE_OK);
    EXPECT_EQ(ringside_port_create(other, 0, &port, nullptr), RINGSIDE_OK);
    ringside_request request = 77;
    ringside_io io = a_read();
    io.thread = thread;
    EXPECT_EQ(ringside_start_io(file, &io, 1, &request), RINGSIDE_BAD_USE);
    io.thread = 0;
    io.event = event;
    EXPECT_EQ(ringside_start_io(file, &io, 1, &request), RINGSIDE_BAD_USE);
    EXPECT_EQ(ringside_port_associate(port, file, 1, nullptr), RINGSIDE_BAD_USE);
    EXPECT_EQ(ringside_file_cancel(file, thread, nullptr), RINGSIDE_BAD_USE);
    ringside_open_options options;
    EXPECT_EQ(ringside_open_options_init(&options, sizeof options), RINGSIDE_OK);
    options.relative_to = file;
    ringside_file opened = 77;
    int32_t status = 77;
    EXPECT_EQ(ringside_open_with(other, "x", &options, &opened, &status, nullptr), RINGSIDE_BAD_USE);

    Booted machine2;
    ringside_event foreign = 0;
    EXPECT_EQ(ringside_event_create(machine2.handle, 0, 0, &foreign, nullptr), RINGSIDE_OK);
    io.event = foreign;
    EXPECT_EQ(ringside_start_io(file, &io, 1, &request), RINGSIDE_BAD_HANDLE);
    EXPECT_NE(error().find("io.event: the handle"), std::string::npos) << error();
    io.event = first;
    EXPECT_EQ(ringside_start_io(file, &io, 1, &request), RINGSIDE_BAD_HANDLE) << "a thread is no event";
    EXPECT_EQ(ringside_port_associate(port, 0, 1, nullptr), RINGSIDE_BAD_HANDLE);
    EXPECT_EQ(request, 77u);
    EXPECT_EQ(opened, 77u);
    EXPECT_EQ(status, 77);
    quiet();
}

// Structures with sizes that are none, of a later version, with numbers outside their range.
// Shows: what is not understood is refused and not ignored, and nothing is started.
TEST_P(COverlapped, StructuresThatAreRefused)
{
    ringside_request request = 77;
    ringside_reply reply { 77, 0, 77, 77 };
    std::string told;
    Listener listener { "a", &told };
    auto refused = [&](char const* words, ringside_io const& io) {
        EXPECT_EQ(ringside_start_io(file, &io, 4, &request), RINGSIDE_BAD_ARGUMENT) << words;
        EXPECT_NE(error().find(words), std::string::npos) << error();
    };
    ringside_io io = a_read();
    io.size = sizeof io - 1;
    refused("io.size is", io);
    io = a_read();
    io.reserved = 1;
    refused("io.reserved is 0", io);
    io = a_read();
    io.major = 256;
    refused("io.major is a byte", io);
    io = a_read();
    io.minor = 256;
    refused("io.minor is a byte", io);
    io = a_read();
    io.flags = 1 << 20;
    refused("io.flags is a byte", io);
    io = a_read();
    io.in_bytes = 1;
    refused("io.in is null", io);
    struct Later {
        ringside_io known;
        uint64_t unknown;
    } later { heard_by(listener), 1 };
    later.known.size = sizeof later;
    refused("older, does not know", later.known);
    for (auto set :
         { +[](ringside_io& of) { of.context = 1; }, +[](ringside_io& of) { of.callback = Listener::hear; } }) {
        io = a_read();
        set(io);
        EXPECT_EQ(ringside_do_io(file, &io, nullptr, 0, &reply), RINGSIDE_BAD_ARGUMENT);
    }
    io = a_read();
    io.major = 0x1B; // IRP_MJ_PNP
    EXPECT_EQ(ringside_start_io(file, &io, 4, &request), RINGSIDE_BAD_USE);
    io = a_read();
    io.out_contents = "12345";
    io.out_contents_bytes = 5;
    EXPECT_EQ(ringside_start_io(file, &io, 4, &request), RINGSIDE_BAD_USE);
    ringside_open_options options {};
    ringside_file opened = 77;
    int32_t status = 77;
    EXPECT_EQ(ringside_open_with(client, kDesk, &options, &opened, &status, nullptr), RINGSIDE_BAD_ARGUMENT);
    EXPECT_EQ(ringside_open_options_init(&options, sizeof options), RINGSIDE_OK);
    options.reserved = 1;
    EXPECT_EQ(ringside_open_with(client, kDesk, &options, &opened, &status, nullptr), RINGSIDE_BAD_ARGUMENT);
    ringside_pipe_options pipe;
    EXPECT_EQ(ringside_pipe_options_init(&pipe, sizeof pipe), RINGSIDE_OK);
    pipe.timeout_seconds = -1e300;
    EXPECT_EQ(ringside_create_pipe(client, kDesk, &pipe, nullptr, &opened, &status, nullptr), RINGSIDE_BAD_ARGUMENT);
    ringside_packet packet {};
    ringside_port port = 0;
    EXPECT_EQ(ringside_port_create(client, 0, &port, nullptr), RINGSIDE_OK);
    EXPECT_EQ(ringside_port_get(port, 0, -1, &packet), RINGSIDE_BAD_USE);
    EXPECT_EQ(request, 77u);
    EXPECT_EQ(reply.status, 77);
    EXPECT_EQ(opened, 77u);
    EXPECT_EQ(told, "");
    later.unknown = 0;
    EXPECT_EQ(ringside_start_io(file, &later.known, 4, &request), RINGSIDE_OK) << "zeros are no wish";
    EXPECT_EQ(sleep(0), kUserApc);
    EXPECT_EQ(told, "a 0 ''; ");
    quiet();
}

} // namespace ringside::test
