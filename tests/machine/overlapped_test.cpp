// SPDX-License-Identifier: MIT
// How a program hears of the end of its requests: events, completion ports, callbacks, the status block, and cancelling.
// The driver (desk.c) completes requests as it is told, at once or later.
#include <ringside/ringside.h>

#include "drivers/desk.h"

#include <cstring>
#include <gtest/gtest.h>
#include <optional>

using namespace ringside;

namespace {

constexpr int32_t kSuccess = 0, kPending = 0x103, kTimeout = 0x102, kUserApc = 0xC0;
constexpr auto kBufferOverflow = static_cast<int32_t>(0x80000005);
constexpr auto kUnsuccessful = static_cast<int32_t>(0xC0000001);
constexpr auto kInvalidHandle = static_cast<int32_t>(0xC0000008);
constexpr auto kInvalidParameter = static_cast<int32_t>(0xC000000D);
constexpr auto kCancelled = static_cast<int32_t>(0xC0000120);
constexpr auto kNotFound = static_cast<int32_t>(0xC0000225);
constexpr auto kDeletePending = static_cast<int32_t>(0xC0000056);

class Overlapping : public ::testing::Test {
protected:
    void SetUp() override { boot({}); }
    void boot(MachineOptions const& options)
    {
        machine.reset();
        machine.emplace(options);
        ASSERT_GE(machine->load(RINGSIDE_DRIVERS "/desk.sys").status(), 0);
        // Orders are given by another client, so that they disturb nothing.
        clerk.emplace(machine->client("clerk.exe").open(R"(\\.\Desk)"));
        client.emplace(machine->client("client.exe"));
    }
    void order(DESK_ORDER const& order) { give(IOCTL_DESK_ORDER, order); }
    void serve(int32_t status, uint32_t information) { give(IOCTL_DESK_SERVE, { status, information, 0, 0 }); }
    uint32_t kept()
    {
        Reply const reply = clerk->ioctl(IOCTL_DESK_COUNT, std::string_view(), 4);
        uint32_t count = ~0u;
        std::memcpy(&count, reply.bytes.data(), std::min<size_t>(4, reply.bytes.size()));
        return count;
    }
    void quiet()
    {
        EXPECT_EQ(kept(), 0u);
        machine->expect_quiet();
    }

    std::optional<Machine> machine;
    std::optional<File> clerk;
    std::optional<Client> client;

private:
    void give(uint32_t code, DESK_ORDER const& order)
    {
        Reply const reply = clerk->ioctl(code, std::as_bytes(std::span(&order, 1)), 0);
        EXPECT_EQ(reply.status, kSuccess);
    }
};

std::string text(Packet const& packet)
{
    if (!packet.ok())
        return packet.status == kTimeout ? "none" : "status " + std::to_string(packet.status);
    char line[96];
    std::snprintf(line, sizeof line, "key %llu context %llu outcome %x information %llu",
                  static_cast<unsigned long long>(packet.key), static_cast<unsigned long long>(packet.context),
                  static_cast<unsigned>(packet.outcome), static_cast<unsigned long long>(packet.information));
    return line;
}

} // namespace

// A read with an event that the driver keeps, and serves later; one that it serves at once.
// Shows: the event is reset at the start and set at the end, the file object is not signalled where an event was given,
// and is where none was; the status block says STATUS_PENDING until the end.
TEST_F(Overlapping, AnEventIsResetAndSet)
{
    File file = client->open(R"(\\.\Desk)");
    Event event = client->event(true, true);
    EXPECT_TRUE(event.signalled());
    order({ .Keep = 1 });
    Request read = file.start_read(8, 0, { .event = event });
    EXPECT_EQ(read.returned(), kPending);
    EXPECT_FALSE(event.signalled());
    EXPECT_EQ(read.status_block().status, kPending);
    serve(kSuccess, 8);
    EXPECT_FALSE(file.signalled());
    machine->settle();
    EXPECT_TRUE(event.signalled());
    EXPECT_FALSE(file.signalled());
    EXPECT_EQ(read.reply().text(), "dddddddd");
    EXPECT_EQ(read.status_block().status, kSuccess);
    EXPECT_EQ(read.status_block().information, 8u);

    order({ .Status = kSuccess, .Information = 4 });
    event.reset();
    Request at_once = file.start_read(8, 0, { .event = event });
    EXPECT_EQ(at_once.returned(), kSuccess);
    EXPECT_TRUE(event.signalled());
    EXPECT_FALSE(file.signalled());
    EXPECT_EQ(at_once.reply().text(), "dddd");
    Request bare = file.start_read(8);
    EXPECT_EQ(bare.returned(), kSuccess);
    EXPECT_TRUE(file.signalled());
    quiet();
}

// Reads that end with success, a warning and an error, at once and pended, on a file with a port.
// Shows: what is posted, what is written into the status block, and what the program finds in its buffer. An error at
// once is told by nothing but the call's own status.
TEST_F(Overlapping, WhatAPortHearsOf)
{
    File file = client->open(R"(\\.\Desk)");
    Port port = client->port();
    EXPECT_EQ(port.associate(file, 7), kSuccess);
    std::string told;
    auto line = [&](char const* what, Request& r) {
        Reply const block = r.status_block();
        char words[160];
        std::snprintf(words, sizeof words, "%-16s returned %x, block %x/%llu, %zu bytes, packet: ", what,
                      static_cast<unsigned>(r.returned()), static_cast<unsigned>(block.status),
                      static_cast<unsigned long long>(block.information), r.reply().bytes.size());
        told += words + text(port.get()) + "\n";
    };
    uint64_t context = 100;
    for (int32_t const status : { kSuccess, kBufferOverflow, kUnsuccessful }) {
        order({ .Status = status, .Information = 6 });
        Request at_once = file.start_read(8, 0, { .context = ++context });
        line("at once", at_once);
        order({ .Keep = 1 });
        Request later = file.start_read(8, 0, { .context = ++context });
        serve(status, 6);
        later.wait();
        line("pended", later);
    }
    order({ .Status = kSuccess, .Information = 6 });
    Request nameless = file.start_read(8, 0, { .context = 0 });
    line("without context", nameless);
    EXPECT_EQ(file.read(8).text(), "dddddd");
    EXPECT_EQ(port.waiting(), 0u);
    EXPECT_EQ(told,
              "at once          returned 0, block 0/6, 6 bytes, packet: key 7 context 101 outcome 0 information 6\n"
              "pended           returned 103, block 0/6, 6 bytes, packet: key 7 context 102 outcome 0 information 6\n"
              "at once          returned 80000005, block 80000005/6, 6 bytes, packet: key 7 context 103 outcome "
              "80000005 information 6\n"
              "pended           returned 103, block 80000005/6, 6 bytes, packet: key 7 context 104 outcome 80000005 "
              "information 6\n"
              "at once          returned c0000001, block 103/0, 0 bytes, packet: none\n"
              "pended           returned 103, block c0000001/6, 0 bytes, packet: key 7 context 106 outcome c0000001 "
              "information 6\n"
              "without context  returned 0, block 0/6, 6 bytes, packet: none\n");
    quiet();
}

// ReadFileEx's routine, for a read that is served later and one served at once.
// Shows: it is called when the issuing thread waits alertably and not before, once, in order, with the outcome; an error
// at once calls nobody; a routine may start the next request.
TEST_F(Overlapping, CallbacksAreCalledInAlertableWaits)
{
    File file = client->open(R"(\\.\Desk)");
    Thread thread = client->first_thread();
    std::string told;
    auto say = [&](char const* who) {
        return [&told, who](Reply const& reply) { told += who + std::string(" ") + std::string(reply.text()) + "; "; };
    };
    order({ .Keep = 1 });
    Request a = file.start_read(3, 0, { .callback = say("a") });
    order({ .Status = kSuccess, .Information = 2 });
    Request b = file.start_read(2, 0, { .callback = say("b") });
    EXPECT_EQ(told, "");
    EXPECT_EQ(thread.sleep(1, false), kSuccess);
    EXPECT_EQ(told, "");
    EXPECT_EQ(thread.sleep(0), kUserApc);
    EXPECT_EQ(told, "b dd; ");
    EXPECT_EQ(thread.sleep(1), kSuccess);
    serve(kSuccess, 3);
    EXPECT_EQ(thread.sleep(1), kUserApc);
    EXPECT_EQ(told, "b dd; a ddd; ");
    order({ .Status = kUnsuccessful });
    EXPECT_EQ(file.start_read(2, 0, { .callback = say("c") }).returned(), kUnsuccessful);
    EXPECT_EQ(thread.sleep(1), kSuccess);
    order({ .Status = kSuccess, .Information = 1 });
    std::optional<Request> next;
    file.start_read(1, 0,
                    { .callback = [&](Reply const&) { next = file.start_read(1, 0, { .callback = say("e") }); } });
    EXPECT_EQ(thread.sleep(1), kUserApc);
    ASSERT_TRUE(next);
    EXPECT_EQ(next->reply().text(), "d");
    EXPECT_EQ(thread.sleep(1), kUserApc);
    EXPECT_EQ(told, "b dd; a ddd; e d; ");
    quiet();
}

// A program that ends its run with a callback that it never waited for, and packets that it never took.
// Shows: nothing is left of either.
TEST_F(Overlapping, NothingIsLeftOfWhatNobodyTook)
{
    File file = client->open(R"(\\.\Desk)"), other = client->open(R"(\\.\Desk)");
    Port port = client->port();
    order({ .Status = kSuccess, .Information = 1 });
    bool called = false;
    file.start_read(1, 0, { .callback = [&](Reply const&) { called = true; } });
    EXPECT_EQ(port.associate(other, 1), kSuccess);
    other.start_read(1);
    EXPECT_EQ(port.post(1, 2, 3), kSuccess);
    EXPECT_EQ(port.waiting(), 2u);
    quiet();
    EXPECT_FALSE(called);
}

// SetFileCompletionNotificationModes, one after the other.
// Shows: a success at once posts no packet any more, a pended one does; the file object is no longer signalled; the modes
// add up, unknown ones are refused.
TEST_F(Overlapping, ModesThatLeaveTellingOut)
{
    File file = client->open(R"(\\.\Desk)");
    Port port = client->port();
    EXPECT_EQ(port.associate(file, 7), kSuccess);
    EXPECT_EQ(file.skip_notification(8), kInvalidParameter);
    EXPECT_EQ(file.skip_notification(1), kSuccess);
    order({ .Status = kSuccess, .Information = 1 });
    EXPECT_EQ(file.start_read(1).returned(), kSuccess);
    EXPECT_TRUE(file.signalled());
    EXPECT_EQ(port.waiting(), 0u);
    order({ .Keep = 1 });
    Request kept_one = file.start_read(1);
    EXPECT_FALSE(file.signalled());
    serve(kSuccess, 1);
    machine->settle();
    EXPECT_EQ(text(port.get()), "key 7 context 1 outcome 0 information 1");
    EXPECT_EQ(file.skip_notification(2), kSuccess);
    order({ .Status = kSuccess, .Information = 1 });
    EXPECT_EQ(file.start_read(1).reply().text(), "d");
    EXPECT_FALSE(file.signalled());
    Reply const modes = file.query(41, 4);
    EXPECT_EQ(modes.bytes, Bytes({ std::byte { 3 }, std::byte { 0 }, std::byte { 0 }, std::byte { 0 } }));
    quiet();
}

// Ports that are used in ways that make no sense.
// Shows: a synchronous file has no port, a file has one at most, a callback and a port exclude each other; a closed port's
// handle is refused, its packets go with the last file; a thread of another client is BadUse.
TEST_F(Overlapping, PortsAndWhatTheyRefuse)
{
    File file = client->open(R"(\\.\Desk)");
    File blocking = client->open(R"(\\.\Desk)", { .synchronous = true });
    Port port = client->port();
    EXPECT_EQ(port.associate(blocking, 1), kInvalidParameter);
    EXPECT_EQ(port.associate(file, 1), kSuccess);
    EXPECT_EQ(port.associate(file, 1), kInvalidParameter);
    EXPECT_EQ(file.start_read(1, 0, { .callback = [](Reply const&) { } }).returned(), kInvalidParameter);
    EXPECT_EQ(text(port.get(2)), "none");
    EXPECT_EQ(port.post(5, 6, 7), kSuccess);
    EXPECT_EQ(text(port.get()), "key 5 context 6 outcome 0 information 7");
    order({ .Status = kSuccess, .Information = 1 });
    file.start_read(1);
    port.close();
    file.start_read(1);
    EXPECT_EQ(port.get().status, kInvalidHandle);
    EXPECT_EQ(port.post(1, 2), kInvalidHandle);
    File late = client->open(R"(\\.\Desk)");
    EXPECT_EQ(port.associate(late, 1), kInvalidHandle);
    Client other = machine->client("other.exe");
    EXPECT_THROW(file.on(other.first_thread()), BadUse);
    EXPECT_THROW(other.port().associate(file, 1), BadUse);
    EXPECT_THROW(port.on(other.first_thread()), BadUse);
    EXPECT_THROW(port.get(-1), BadUse);
    quiet();
}

// Two threads have reads outstanding on one file, and one of them on another.
// Shows: CancelIoEx of one request, CancelIo of a thread's on a file, CancelIoEx of all of a file; each leaves the others
// alone; what is cancelled is told to the port.
TEST_F(Overlapping, CancellingByRequestThreadAndFile)
{
    File file = client->open(R"(\\.\Desk)"), second = client->open(R"(\\.\Desk)");
    Thread worker = client->thread();
    Port port = client->port();
    EXPECT_EQ(port.associate(file, 1), kSuccess);
    order({ .Keep = 1 });
    Request a = file.start_read(1, 0, { .context = 1 }), b = file.start_read(1, 0, { .context = 2 });
    Request c = file.on(worker).start_read(1, 0, { .context = 3 }), d = second.start_read(1);
    EXPECT_EQ(a.cancel(), kSuccess);
    EXPECT_EQ(a.reply().status, kCancelled);
    EXPECT_EQ(a.cancel(), kNotFound);
    EXPECT_EQ(kept(), 3u);
    EXPECT_EQ(file.on(worker).cancel(), kSuccess);
    EXPECT_EQ(c.reply().status, kCancelled);
    EXPECT_FALSE(b.done());
    EXPECT_EQ(file.cancel_all(), kSuccess);
    EXPECT_EQ(b.reply().status, kCancelled);
    EXPECT_EQ(file.cancel_all(), kNotFound);
    EXPECT_FALSE(d.done());
    std::string told;
    while (port.waiting())
        told += std::to_string(port.get().context);
    EXPECT_EQ(told, "132");
    d.cancel();
    EXPECT_EQ(d.wait().status, kCancelled);
    quiet();
}

// A thread is blocked in a read of a file that was opened synchronously.
// Shows: the call comes back when the driver serves it; the thread makes no other call meanwhile, another thread may;
// CancelSynchronousIo ends it; the file's other requests wait for its lock.
TEST_F(Overlapping, ABlockedThread)
{
    File file = client->open(R"(\\.\Desk)", { .synchronous = true });
    Thread first = client->first_thread(), worker = client->thread();
    File theirs = file.on(worker);
    order({ .Keep = 1 });
    Request read = theirs.start_read(4, kFilePosition);
    EXPECT_TRUE(worker.blocked());
    EXPECT_EQ(read.returned(), kPending);
    EXPECT_THROW(theirs.read(1), BadUse);
    EXPECT_THROW(theirs.start_read(1), BadUse);
    EXPECT_THROW(worker.sleep(1), BadUse);
    EXPECT_EQ(first.cancel_synchronous_io(), kNotFound);
    EXPECT_EQ(kept(), 1u);
    Request waits_for_lock = file.start_read(2, kFilePosition);
    EXPECT_TRUE(first.blocked());
    EXPECT_EQ(kept(), 1u);
    serve(kSuccess, 4);
    EXPECT_EQ(read.wait().text(), "dddd");
    EXPECT_FALSE(worker.blocked());
    EXPECT_EQ(kept(), 1u);
    EXPECT_EQ(first.cancel_synchronous_io(), kSuccess);
    EXPECT_EQ(waits_for_lock.wait().status, kCancelled);
    EXPECT_EQ(first.cancel_synchronous_io(), kNotFound);
    // A synchronous query on a file that is not: its thread is blocked all the same.
    File overlapped = client->open(R"(\\.\Desk)");
    Request query = overlapped.start({ .major = 5, .code = 5, .out_bytes = 24 });
    EXPECT_TRUE(first.blocked());
    serve(kSuccess, 24);
    EXPECT_EQ(query.wait().information, 24u);
    quiet();
}

// A thread ends with a read outstanding, another while it is blocked; then the client itself.
// Shows: what they had is cancelled; what they are asked from then on is refused.
TEST_F(Overlapping, ThreadsAndClientsThatEnd)
{
    File file = client->open(R"(\\.\Desk)"), blocking = client->open(R"(\\.\Desk)", { .synchronous = true });
    Thread worker = client->thread();
    Port port = client->port();
    Event event = client->event();
    order({ .Keep = 1 });
    Request read = file.on(worker).start_read(1, 0, { .event = event });
    Request stays = file.start_read(1);
    worker.end();
    EXPECT_FALSE(worker.running());
    EXPECT_EQ(read.reply().status, kCancelled);
    EXPECT_FALSE(stays.done());
    EXPECT_EQ(file.on(worker).read(1).status, static_cast<int32_t>(0xC000004B));
    EXPECT_EQ(worker.sleep(1), static_cast<int32_t>(0xC000004B));
    Thread second = client->thread();
    Request blocked = blocking.on(second).start_read(1, 0);
    EXPECT_TRUE(second.blocked());
    client->end(3);
    machine->settle();
    EXPECT_FALSE(client->running());
    EXPECT_EQ(stays.reply().status, kCancelled);
    EXPECT_EQ(file.read(1).status, static_cast<int32_t>(0xC000010A));
    EXPECT_EQ(port.post(1, 1), kInvalidHandle);
    EXPECT_EQ(port.get().status, kInvalidHandle);
    EXPECT_FALSE(event.signalled());
    EXPECT_EQ(client->port().status(), static_cast<int32_t>(0xC000010A));
    EXPECT_THROW(client->thread(), BadUse);
    quiet();
}

// The only thread of a client ends itself.
// Shows: the process goes with it.
TEST_F(Overlapping, TheLastThreadEnds)
{
    File file = client->open(R"(\\.\Desk)");
    order({ .Keep = 1 });
    Request read = file.start_read(1);
    client->first_thread().end(4);
    machine->settle();
    EXPECT_FALSE(client->running());
    EXPECT_EQ(read.reply().status, kCancelled);
    EXPECT_EQ(file.read(1).status, static_cast<int32_t>(0xC000010A));
    quiet();
}

// Two threads of one client and another client, requests of each kind, some cancelled, under many seeds and processors.
// Shows: every request is told once, in the way that it asked for; the same seed gives the same log; nothing is left.
TEST_F(Overlapping, ManySeeds)
{
    for (uint64_t seed = 1; seed <= 25; ++seed) {
        SCOPED_TRACE(seed);
        uint64_t hashes[2] {};
        for (uint64_t& hash : hashes) {
            boot({ .seed = seed, .processors = 1 + static_cast<unsigned>(seed % 4) });
            Client second = machine->client("second.exe", { .account = Account::User });
            Thread worker = client->thread();
            File file = client->open(R"(\\.\Desk)"), theirs = second.open(R"(\\.\Desk)");
            Port port = client->port();
            EXPECT_EQ(port.associate(file, 5), kSuccess);
            Event event = second.event();
            unsigned called = 0, cancelled = 0;
            order({ .Keep = 1 });
            std::vector<Request> all;
            for (uint64_t i = 1; i <= 6; ++i) {
                all.push_back((i % 2 ? file : file.on(worker)).start_read(4, 0, { .context = i }));
                all.push_back(i % 2 ? theirs.start_read(4, 0, { .event = event })
                                    : theirs.start_read(4, 0, { .callback = [&](Reply const&) { ++called; } }));
            }
            for (size_t i = 0; i < all.size(); i += 3)
                cancelled += all[i].cancel() == kSuccess;
            while (kept())
                serve(kSuccess, 4);
            machine->settle();
            EXPECT_EQ(cancelled, 4u);
            EXPECT_EQ(port.waiting(), 6u);
            EXPECT_TRUE(event.signalled());
            EXPECT_EQ(second.first_thread().sleep(0), kUserApc);
            EXPECT_EQ(called, 3u);
            uint64_t contexts = 0;
            while (port.waiting())
                contexts |= uint64_t { 1 }
                    << port.on(port.waiting() % 2 ? worker : client->first_thread()).get().context;
            EXPECT_EQ(contexts, 0x7Eu);
            for (Request& request : all)
                EXPECT_TRUE(request.done());
            quiet();
            hash = machine->log_hash();
        }
        EXPECT_EQ(hashes[0], hashes[1]);
    }
}

// The machine goes before everything that a program holds of it; a file's buffers of silly sizes; calls that no program
// can make.
// Shows: refusals, never a crash.
TEST_F(Overlapping, WhatOutlivesTheMachine)
{
    File file = client->open(R"(\\.\Desk)");
    Thread thread = client->thread();
    Port port = client->port();
    Event event = client->event();
    EXPECT_THROW(file.read(size_t { 3 } << 30), BadUse);
    EXPECT_THROW(file.call({ .major = 0x16 }), BadUse);
    EXPECT_THROW(file.call({ .major = 0xFF }), BadUse);
    std::byte const two[2] {};
    EXPECT_THROW(file.call({ .major = 3, .out_bytes = 1, .out = two }), BadUse);
    EXPECT_THROW(file.call({ .major = 0x11, .minor = 3 }), BadUse);
    EXPECT_THROW(file.call({ .major = 0x0C, .minor = 9 }), BadUse);
    Event stranger = machine->client("stranger.exe").event(), closed = client->event();
    EXPECT_THROW(file.start_read(1, 0, { .event = stranger }), BadUse);
    closed.close();
    EXPECT_EQ(file.start_read(1, 0, { .event = closed }).returned(), kInvalidHandle);
    order({ .Keep = 1 });
    Request read = file.start_read(1, 0, { .event = event });
    read.cancel();
    file.close();
    file.close();
    EXPECT_EQ(file.read(1).status, kDeletePending);
    EXPECT_EQ(file.cancel(), kInvalidHandle);
    event.close();
    event.close();
    event.set();
    event.reset();
    EXPECT_FALSE(event.signalled());
    machine->expect_quiet();
    machine.reset();
    EXPECT_EQ(file.read(1).status, kDeletePending);
    EXPECT_EQ(file.on(thread).start_read(1).returned(), kDeletePending);
    EXPECT_FALSE(thread.running());
    EXPECT_EQ(thread.cancel_synchronous_io(), static_cast<int32_t>(0xC000004B));
    EXPECT_EQ(port.get().status, kInvalidHandle);
    EXPECT_EQ(port.waiting(), 0u);
    EXPECT_FALSE(file.signalled());
    EXPECT_EQ(read.cancel(), kNotFound);
    EXPECT_EQ(client->open(R"(\\.\Desk)").status(), kDeletePending);
    client->end();
}
