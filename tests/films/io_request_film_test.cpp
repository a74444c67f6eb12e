// SPDX-License-Identifier: MIT
// Requests that are cancelled for their file, end in a completion port, or are sent again and again, while the driver
// that holds them serves them. Each race is a film under many seeds and a search of all interleavings.
#include "film_io.h"

#include "io/cancel.h"
#include "io/completion_port.h"
#include "ke/kernel.h"

#include <array>

using namespace ringside;
using namespace ringside::test;

namespace {

uint32_t cancel_mine(FILE_OBJECT* file) { return io::cancel_thread_irps(ke::kernel().current(), file); }

} // namespace

// A thread has two reads outstanding on a file and cancels both (CancelIo), while another thread serves them.
// Shows: each ends once; the canceller's walk over its requests bears that they complete meanwhile.
RACE(a_files_requests_are_cancelled_while_they_are_served, "both cancelled", "both served", "one of each")
{
    IoFilm io(film);
    io.dispatch(IRP_MJ_READ, &hold);
    auto& blocks = film.object<std::array<IO_STATUS_BLOCK, 2>>();
    HANDLE const handle = io.opened();
    FILE_OBJECT* const file = io.file_of(handle);
    uint32_t asked = 0;
    film.race({ [&] {
                   for (auto& block : blocks)
                       EXPECT_EQ(io.read(handle, nullptr, block), STATUS_PENDING);
               },
                [&] { asked = cancel_mine(file); } },
              [&] {
                  serve_held(1);
                  serve_held(0);
              });
    EXPECT_GE(static_cast<LONG>(asked), io.cancelled);
    EXPECT_EQ(io.ended(), 2);
    for (auto& block : blocks)
        EXPECT_TRUE(block.Status == STATUS_SUCCESS || block.Status == STATUS_CANCELLED) << std::hex << block.Status;
    EXPECT_EQ((blocks[0].Status == STATUS_SUCCESS) + (blocks[1].Status == STATUS_SUCCESS), io.served);
    film.went(io.served == 2 ? "both served" : io.served ? "one of each" : "both cancelled");
    film.call("ObfDereferenceObject", file);
    film.ok("ZwClose", handle);
}

// A thread cancels its read while another closes the file's last handle.
// Shows: the read ends once, by its cancel routine or by the cleanup.
RACE(a_handle_is_closed_while_its_request_is_cancelled, "by the cancel routine", "by the cleanup")
{
    IoFilm io(film);
    io.dispatch(IRP_MJ_READ, &hold);
    io.dispatch(IRP_MJ_CLEANUP, &clean_up);
    HANDLE const handle = io.opened();
    FILE_OBJECT* const file = io.file_of(handle);
    auto& block = film.object<IO_STATUS_BLOCK>();
    film.race({ [&] { EXPECT_EQ(io.read(handle, nullptr, block), STATUS_PENDING); }, [&] { cancel_mine(file); } },
              [&] { film.ok("ZwClose", handle); });
    EXPECT_EQ(block.Status, STATUS_CANCELLED);
    EXPECT_EQ(io.ended(), 1);
    film.went(io.cancelled ? "by the cancel routine" : "by the cleanup");
    film.call("ObfDereferenceObject", file);
}

namespace {

// A file whose requests end in a completion port.
struct FileWithPort {
    explicit FileWithPort(IoFilm& of)
        : io(of)
        , handle(of.opened())
        , file(of.file_of(handle))
    {
        port_handle = io::create_port(0).take();
        EXPECT_EQ(io::associate(*file, port_handle, &key, KernelMode), STATUS_SUCCESS);
        void* object = nullptr;
        io.film->ok("ObReferenceObjectByHandle", port_handle, 0u, nullptr, KPROCESSOR_MODE { KernelMode }, &object,
                    nullptr);
        port = static_cast<KQUEUE*>(object);
    }
    ~FileWithPort()
    {
        EXPECT_EQ(port->Header.SignalState, 0);
        io.film->call("ObfDereferenceObject", port);
        io.film->call("ObfDereferenceObject", file);
        io.film->ok("ZwClose", handle);
        io.film->ok("ZwClose", port_handle);
    }
    FileWithPort(FileWithPort const&) = delete;
    FileWithPort& operator=(FileWithPort const&) = delete;

    void read_twice()
    {
        for (auto& block : blocks)
            EXPECT_EQ(io.read(handle, nullptr, block, &block), STATUS_PENDING);
    }
    io::PortPacket take()
    {
        io::PortPacket packet;
        EXPECT_EQ(io::take_packet(*port, KernelMode, nullptr, packet), STATUS_SUCCESS);
        EXPECT_EQ(packet.key, &key);
        return packet;
    }

    IoFilm& io;
    HANDLE handle, port_handle;
    FILE_OBJECT* file;
    KQUEUE* port;
    int key = 0;
    std::array<IO_STATUS_BLOCK, 2>& blocks = io.film->object<std::array<IO_STATUS_BLOCK, 2>>();
};

} // namespace

// Two reads end in a completion port that two threads take from; one of the two serves them first.
// Shows: each packet is taken once, whether somebody waited for it or it was there already.
RACE(reads_end_in_a_port_that_two_threads_take_from, "waited", "was there")
{
    IoFilm io(film);
    io.dispatch(IRP_MJ_READ, &hold);
    FileWithPort of(io);
    of.read_twice();
    int taken[2] = {};
    auto take = [&] {
        film.step();
        film.went(of.port->Header.SignalState > 0 ? "was there" : "waited");
        io::PortPacket const packet = of.take();
        EXPECT_EQ(packet.status, STATUS_SUCCESS);
        ++taken[packet.context == &of.blocks[1]];
    };
    film.race(take, [&] {
        EXPECT_TRUE(serve_held(0));
        EXPECT_TRUE(serve_held(1));
        take();
    });
    EXPECT_EQ(taken[0], 1);
    EXPECT_EQ(taken[1], 1);
}

// A thread cancels its reads on a file with a completion port, while another serves one of them and takes the packets.
// Shows: the canceller never touches a request that the taker has freed.
RACE(requests_are_cancelled_while_their_packets_are_taken, "both cancelled", "one served")
{
    IoFilm io(film);
    io.dispatch(IRP_MJ_READ, &hold);
    FileWithPort of(io);
    int served = 0;
    film.race({ [&] { of.read_twice(); }, [&] { cancel_mine(of.file); } }, [&] {
        serve_held(1);
        for (int i = 0; i < 2; ++i)
            served += of.take().status == STATUS_SUCCESS;
    });
    EXPECT_EQ(io.ended(), 2);
    EXPECT_EQ(served, io.served);
    film.went(served ? "one served" : "both cancelled");
}

// A read ends in a completion port whose last handle is closed meanwhile; its file stays open.
// Shows: the packet is queued or goes with the request; the port stays until the file lets it go, and nothing is left in it.
RACE(a_port_is_closed_while_a_read_ends_in_it, "queued", "not queued")
{
    IoFilm io(film);
    io.dispatch(IRP_MJ_READ, &hold);
    HANDLE const handle = io.opened();
    FILE_OBJECT* const file = io.file_of(handle);
    HANDLE const port = io::create_port(0).take();
    EXPECT_EQ(io::associate(*file, port, nullptr, KernelMode), STATUS_SUCCESS);
    auto& block = film.object<IO_STATUS_BLOCK>();
    bool queued = false;
    film.race({ [&] { EXPECT_EQ(io.read(handle, nullptr, block, &block), STATUS_PENDING); },
                [&] {
                    EXPECT_TRUE(serve_held());
                    queued = static_cast<KQUEUE*>(file->CompletionContext->Port)->Header.SignalState == 1;
                } },
              [&] { film.ok("ZwClose", port); });
    EXPECT_EQ(block.Status, STATUS_SUCCESS);
    film.went(queued ? "queued" : "not queued");
    film.call("ObfDereferenceObject", file);
    film.ok("ZwClose", handle);
}

// A thread waits alertably for its read (FILE_SYNCHRONOUS_IO_ALERT); another alerts it, and then serves the read.
// Shows: the alert cancels the read, or comes when it is done; it ends once, and the thread goes on with its status.
RACE(a_thread_is_alerted_while_its_read_completes, "served", "cancelled")
{
    IoFilm io(film);
    io.dispatch(IRP_MJ_READ, &hold);
    HANDLE handle = nullptr;
    ASSERT_EQ(io.open(handle, FILE_SYNCHRONOUS_IO_ALERT), STATUS_SUCCESS);
    auto& block = film.object<IO_STATUS_BLOCK>();
    PKTHREAD issuer = nullptr;
    NTSTATUS status = STATUS_PENDING;
    film.race({ [&] { issuer = ke::kernel().current().pointer(); }, [&] { status = io.read(handle, nullptr, block); } },
              [&] {
                  film.call("KeAlertThread", issuer, KPROCESSOR_MODE { KernelMode });
                  serve_held();
              });
    EXPECT_EQ(io.ended(), 1);
    EXPECT_EQ(status, io.served ? STATUS_SUCCESS : STATUS_CANCELLED);
    film.went(io.served ? "served" : "cancelled");
    film.ok("ZwClose", handle);
}

namespace {

// Owner, canceller and completion routine agree on a word who may touch the IRP. The event says that nobody is in it.
enum : LONG { kIdle, kSent, kCancelStarted, kCancelDone, kCompleted };
struct Own {
    LONG volatile state;
    LONG completions;
    KEVENT done;
};

NTAPI NTSTATUS own_back(DEVICE_OBJECT*, IRP*, void* context)
{
    auto& own = *static_cast<Own*>(context);
    Film& film = *g_io->film;
    ++own.completions;
    if (film.exchange(own.state, kCompleted) != kCancelStarted)
        film.call("KeSetEvent", &own.done, 0, BOOLEAN { FALSE });
    return STATUS_MORE_PROCESSING_REQUIRED;
}

} // namespace

// A driver sends one IRP twice (IoReuseIrp), which is served at once, while another thread cancels it.
// Shows: each time it ends once; the second time begins with an IRP that is not cancelled, and never while IoCancelIrp is
// inside it.
RACE(an_irp_is_used_again_while_it_is_cancelled, "both served", "the first cancelled", "the second cancelled",
     "between")
{
    IoFilm io(film);
    io.dispatch(IRP_MJ_READ, &hold);
    auto& own = film.object<Own>();
    film.call("KeInitializeEvent", &own.done, SynchronizationEvent, BOOLEAN { FALSE });
    auto* irp = reinterpret_cast<IRP*>(film.call("IoAllocateIrp", CCHAR { 1 }, BOOLEAN { FALSE }));
    NTSTATUS ends[2] = {};
    auto send = [&] {
        film.call("IoReuseIrp", irp, STATUS_SUCCESS);
        EXPECT_FALSE(irp->Cancel);
        io.prepare(irp, &own_back, &own);
        film.exchange(own.state, kSent);
        EXPECT_EQ(io.send(irp), STATUS_PENDING);
    };
    auto serve = [&](int round) {
        serve_held();
        EXPECT_EQ(film.wait(&own.done), STATUS_SUCCESS);
        film.exchange(own.state, kIdle);
        EXPECT_EQ(own.completions, round + 1);
        ends[round] = irp->IoStatus.Status;
    };
    send();
    film.race(
        [&] {
            serve(0);
            send();
            serve(1);
        },
        [&] {
            film.step();
            LONG expected = kSent;
            if (!__atomic_compare_exchange_n(&own.state, &expected, LONG { kCancelStarted }, false, __ATOMIC_SEQ_CST,
                                             __ATOMIC_SEQ_CST)) {
                film.went("between");
                return;
            }
            film.yes("IoCancelIrp", irp);
            if (film.exchange(own.state, kCancelDone) == kCompleted)
                film.call("KeSetEvent", &own.done, 0, BOOLEAN { FALSE });
        });
    EXPECT_EQ(io.ended(), 2);
    EXPECT_FALSE(NT_ERROR(ends[0]) && NT_ERROR(ends[1]));
    film.went(NT_ERROR(ends[0]) ? "the first cancelled" : NT_ERROR(ends[1]) ? "the second cancelled" : "both served");
    film.call("IoFreeIrp", irp);
}
