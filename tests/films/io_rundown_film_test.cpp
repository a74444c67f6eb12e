// SPDX-License-Identifier: MIT
// Requests of threads and processes that end, and requests that another thread cancels for them, while the driver
// completes them. Each race is a film under many seeds and a search of all interleavings.
#include "film_io.h"

#include "io/cancel.h"
#include "io/completion_port.h"
#include "io/request.h"
#include "ke/apc.h"
#include "ke/kernel.h"

#include <array>

using namespace ringside;
using namespace ringside::test;

namespace {

HANDLE const kCurrent = reinterpret_cast<HANDLE>(~uint64_t { 0 });

// Serves what is held as drivers do that guard their queue by the cancel spin lock.
void serve_under_cancel_lock()
{
    Film& film = *g_io->film;
    KIRQL irql;
    film.call("IoAcquireCancelSpinLock", &irql);
    IRP* const irp = take_from(g_io->held[0]);
    film.call("IoReleaseCancelSpinLock", irql);
    if (!irp)
        return;
    ++g_io->served;
    g_io->complete(irp, STATUS_SUCCESS);
}

NTAPI void cancel_under_cancel_lock(DEVICE_OBJECT*, IRP* irp)
{
    g_io->held[0] = nullptr;
    g_io->film->call("IoReleaseCancelSpinLock", irp->CancelIrql);
    ++g_io->cancelled;
    g_io->complete(irp, STATUS_CANCELLED);
}

NTAPI NTSTATUS hold_under_cancel_lock(DEVICE_OBJECT*, IRP* irp)
{
    Film& film = *g_io->film;
    io::mark_pending(irp);
    KIRQL irql;
    film.call("IoAcquireCancelSpinLock", &irql);
    g_io->held[0] = irp;
    film.exchange(irp->CancelRoutine, &cancel_under_cancel_lock);
    film.call("IoReleaseCancelSpinLock", irql);
    film.step();
    return STATUS_PENDING;
}

NTAPI NTSTATUS hold_and_serve(DEVICE_OBJECT* device, IRP* irp)
{
    hold_under_cancel_lock(device, irp);
    serve_under_cancel_lock();
    return STATUS_PENDING;
}

} // namespace

// A thread's request is completed by a driver that holds the cancel spin lock meanwhile, on the thread itself, so that
// the request is freed at once. Another thread of the process cancels what is outstanding on the file (CancelIoEx).
// Shows: who had to wait for the lock does not touch a request that was freed meanwhile.
RACE(a_request_is_freed_while_its_canceller_waits_for_the_lock, "served", "cancelled")
{
    IoFilm io(film);
    io.dispatch(IRP_MJ_READ, &hold_under_cancel_lock);
    HANDLE const handle = io.opened();
    FILE_OBJECT* const file = io.file_of(handle);
    auto& block = film.object<IO_STATUS_BLOCK>();
    ke::Thread* issuer = nullptr;
    film.race({ [&] {
                   issuer = &ke::kernel().current();
                   EXPECT_EQ(io.read(handle, nullptr, block), STATUS_PENDING);
               },
                [] { serve_under_cancel_lock(); } },
              [&] {
                  film.step();
                  io::cancel_thread_irps(*issuer, file);
              });
    EXPECT_EQ(io.ended(), 1);
    EXPECT_EQ(block.Status, io.served ? STATUS_SUCCESS : STATUS_CANCELLED);
    film.went(io.served ? "served" : "cancelled");
    film.call("ObfDereferenceObject", file);
    film.ok("ZwClose", handle);
}

// The same, and it is the one request that is cancelled (CancelIoEx with its OVERLAPPED).
// Shows: the same.
RACE(a_request_is_freed_while_the_canceller_of_it_alone_waits_for_the_lock, "served", "cancelled")
{
    IoFilm io(film);
    io.dispatch(IRP_MJ_READ, &hold_under_cancel_lock);
    HANDLE const handle = io.opened();
    io::Operation* operation = nullptr;
    bool called = false;
    film.race({ [&] {
                   EXPECT_EQ(io::start({ .handle = handle, .major = IRP_MJ_READ, .offset = 0, .mode = KernelMode },
                                       operation),
                             STATUS_PENDING);
               },
                [] { serve_under_cancel_lock(); } },
              [&] {
                  film.step();
                  called = io::cancel(*operation);
              });
    EXPECT_EQ(io.ended(), 1);
    EXPECT_EQ(called, io.cancelled == 1);
    EXPECT_EQ(io::reply_of(*operation).status, called ? STATUS_CANCELLED : STATUS_SUCCESS);
    io::release_operation(*operation);
    film.went(called ? "cancelled" : "served");
    film.ok("ZwClose", handle);
}

// A thread waits for its read; the driver holds it for a moment and completes it in its dispatch routine, under the
// cancel spin lock. Another thread cancels what the first one waits for (CancelSynchronousIo).
// Shows: the same; the read ends in time or is cancelled.
RACE(a_synchronous_request_is_freed_while_its_canceller_waits_for_the_lock, "served", "cancelled")
{
    IoFilm io(film);
    io.dispatch(IRP_MJ_READ, &hold_and_serve);
    HANDLE handle = nullptr;
    ASSERT_EQ(io.open(handle, FILE_SYNCHRONOUS_IO_NONALERT), STATUS_SUCCESS);
    auto& block = film.object<IO_STATUS_BLOCK>();
    ke::Thread* issuer = nullptr;
    NTSTATUS status = STATUS_PENDING;
    film.race({ [&] { issuer = &ke::kernel().current(); }, [&] { status = io.read(handle, nullptr, block); } }, [&] {
        film.step();
        io::cancel_synchronous_irps(*issuer);
    });
    EXPECT_EQ(io.ended(), 1);
    EXPECT_EQ(status, io.served ? STATUS_SUCCESS : STATUS_CANCELLED);
    film.went(io.served ? "served" : "cancelled");
    film.ok("ZwClose", handle);
}

namespace {

LONG g_routines;

NTAPI void routine(PVOID, IO_STATUS_BLOCK*, ULONG) { }

void count_user_apc(ke::Thread&, PKNORMAL_ROUTINE called, PVOID, PVOID, PVOID)
{
    EXPECT_EQ(reinterpret_cast<void*>(called), reinterpret_cast<void*>(&routine));
    ++g_routines;
}

// Counts the user-mode APCs that are delivered.
struct UserApcs {
    UserApcs()
    {
        g_routines = 0;
        ke::g_user_apc = &count_user_apc;
    }
    ~UserApcs() { ke::g_user_apc = nullptr; }
    UserApcs(UserApcs const&) = delete;
    UserApcs& operator=(UserApcs const&) = delete;
};

// A file that a client has open, and what it issued.
struct ClientReads {
    explicit ClientReads(IoFilm& of)
        : io(of)
    {
        io.dispatch(IRP_MJ_READ, &hold);
        io.dispatch(IRP_MJ_CLEANUP, &clean_up);
        client = io.film->client();
    }
    ~ClientReads()
    {
        for (int i = 0; i < issued; ++i)
            io::release_operation(*operations[i]);
        io.film->call("ObfDereferenceObject", client);
    }
    ClientReads(ClientReads const&) = delete;
    ClientReads& operator=(ClientReads const&) = delete;

    // The rest is on one of the client's threads.
    HANDLE open()
    {
        HANDLE handle = nullptr;
        auto& attributes = io.film->attributes(u"\\Device\\Film");
        attributes.Attributes &= ~ULONG { OBJ_KERNEL_HANDLE };
        io.film->ok("ZwOpenFile", &handle, ULONG { FILE_READ_DATA | SYNCHRONIZE }, &attributes,
                    &io.film->object<IO_STATUS_BLOCK>(), ULONG { FILE_SHARE_READ }, 0u);
        return handle;
    }
    void read(HANDLE file, io::Notification const& notification)
    {
        EXPECT_EQ(io::start({ .handle = file, .major = IRP_MJ_READ, .offset = 0, .mode = UserMode },
                            operations[issued++], notification),
                  STATUS_PENDING);
    }
    // One that ends in an event, one in a routine, one in a completion port.
    void read_in_three_ways()
    {
        Film& film = *io.film;
        HANDLE event = nullptr;
        auto& attributes = film.attributes();
        attributes.Attributes &= ~ULONG { OBJ_KERNEL_HANDLE };
        film.ok("ZwCreateEvent", &event, ULONG { EVENT_ALL_ACCESS }, &attributes, NotificationEvent, BOOLEAN { FALSE });
        HANDLE const file = open(), other = open();
        HANDLE const port = io::create_port(0).take();
        FILE_OBJECT* const object = io.file_of(other);
        EXPECT_EQ(io::associate(*object, port, nullptr, UserMode), STATUS_SUCCESS);
        film.call("ObfDereferenceObject", object);
        read(file, { .event = event });
        read(file, { .routine = &routine });
        read(other, { .context = this });
    }

    IoFilm& io;
    PEPROCESS client = nullptr;
    std::array<io::Operation*, 3> operations {};
    int issued = 0;
};

void serve_two()
{
    serve_held(1);
    serve_held(2);
}

} // namespace

// A client's read ends in a routine of its own (a user-mode APC). The thread cancels it and waits alertably, while the
// driver completes it.
// Shows: the routine is called once, with the outcome there.
RACE(an_apc_routine_is_due_while_its_read_is_cancelled, "served", "cancelled")
{
    UserApcs apcs;
    IoFilm io(film);
    ClientReads reads(io);
    auto& never = film.object<KEVENT>();
    film.call("KeInitializeEvent", &never, NotificationEvent, BOOLEAN { FALSE });
    HANDLE handle = nullptr;
    film.race({ [&] {
                   handle = reads.open();
                   reads.read(handle, { .routine = &routine });
               },
                [&] {
                    io::cancel_thread_irps(ke::kernel().current(), nullptr);
                    EXPECT_EQ(film.status("KeWaitForSingleObject", &never, UserRequest, KPROCESSOR_MODE { UserMode },
                                          BOOLEAN { TRUE }, nullptr),
                              STATUS_USER_APC);
                    EXPECT_TRUE(io::is_done(*reads.operations[0]));
                    ke::kernel().return_to_user(nullptr);
                },
                reads.client },
              [] { serve_held(); });
    EXPECT_EQ(g_routines, 1);
    EXPECT_EQ(io.ended(), 1);
    EXPECT_EQ(io::reply_of(*reads.operations[0]).status, io.served ? STATUS_SUCCESS : STATUS_CANCELLED);
    film.went(io.served ? "served" : "cancelled");
}

// A client's thread ends whose read has a routine, while the driver completes it.
// Shows: the read ends once; its routine is not called, and the request, in which the APC stands, does not stay.
RACE(a_thread_ends_while_an_apc_routine_is_due, "served", "cancelled")
{
    UserApcs apcs;
    IoFilm io(film);
    ClientReads reads(io);
    film.race({ [&] { reads.read(reads.open(), { .routine = &routine }); }, [] {}, reads.client },
              [] { serve_held(); });
    EXPECT_EQ(g_routines, 0);
    EXPECT_EQ(io.ended(), 1);
    film.went(io.served ? "served" : "cancelled");
}

// A client ends itself while three reads are outstanding that end in an event, a routine and a completion port, and the
// driver serves two of them.
// Shows: each ends once; the process ends, and with it its handles, its packets and its APCs.
RACE(a_process_ends_while_its_reads_complete, "all cancelled", "one served", "two served")
{
    UserApcs apcs;
    IoFilm io(film);
    ClientReads reads(io);
    film.race({ [&] { reads.read_in_three_ways(); }, [&] { film.call("ZwTerminateProcess", kCurrent, STATUS_SUCCESS); },
                reads.client },
              &serve_two);
    EXPECT_EQ(film.wait(reads.client), STATUS_SUCCESS);
    EXPECT_EQ(g_routines, 0);
    EXPECT_EQ(io.ended(), 3);
    film.went(io.served == 2 ? "two served" : io.served ? "one served" : "all cancelled");
}

// The same client waits in user mode, and somebody else ends it, who also completes its requests.
// Shows: the same.
RACE(a_process_is_ended_while_its_reads_complete, "all cancelled", "one served", "two served")
{
    UserApcs apcs;
    IoFilm io(film);
    ClientReads reads(io);
    auto& never = film.object<KEVENT>();
    film.call("KeInitializeEvent", &never, NotificationEvent, BOOLEAN { FALSE });
    HANDLE process = nullptr;
    film.ok("ObOpenObjectByPointer", reads.client, ULONG { OBJ_KERNEL_HANDLE }, nullptr, ULONG { PROCESS_ALL_ACCESS },
            nullptr, KPROCESSOR_MODE { KernelMode }, &process);
    film.race({ [&] { reads.read_in_three_ways(); },
                [&] {
                    EXPECT_EQ(film.status("KeWaitForSingleObject", &never, UserRequest, KPROCESSOR_MODE { UserMode },
                                          BOOLEAN { FALSE }, nullptr),
                              STATUS_USER_APC);
                    auto& processes = film.rooms().processes;
                    processes.return_to_user_mode(*processes.record_of(ke::kernel().current())); // does not come back
                    ADD_FAILURE() << "a thread of an ended process goes on";
                },
                reads.client },
              [&] {
                  film.ok("ZwTerminateProcess", process, STATUS_CANCELLED);
                  serve_two();
              });
    EXPECT_EQ(film.wait(reads.client), STATUS_SUCCESS);
    EXPECT_EQ(g_routines, 0);
    EXPECT_EQ(io.ended(), 3);
    film.went(io.served == 2 ? "two served" : io.served ? "one served" : "all cancelled");
    film.ok("ZwClose", process);
}
