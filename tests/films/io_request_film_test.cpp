// SPDX-License-Identifier: MIT
// Requests that are cancelled for their file, end in a completion port, or are sent again and again, while the driver
// that holds them serves them.
#include "film_holder.h"

#include "io/cancel.h"
#include "io/completion_port.h"
#include "ke/kernel.h"

#include <array>

using namespace ringside;
using namespace ringside::test;
using namespace ringside::test::holding;

// A thread has two reads outstanding on a file and cancels both (CancelIo), while another thread serves them.
// Shows: each ends once; the canceller's walk over its requests bears that they complete meanwhile.
FILM(a_files_requests_are_cancelled_while_they_are_served, "both cancelled", "both served", "one of each")
{
    Holder& h = holder(film);
    auto& blocks = film.object<std::array<IO_STATUS_BLOCK, 2>>();
    auto& sent = film.object<KEVENT>();
    film.call("KeInitializeEvent", &sent, NotificationEvent, BOOLEAN { FALSE });
    film.thread([&] {
        HANDLE const handle = h.open();
        for (auto& block : blocks)
            EXPECT_EQ(h.read(handle, block), STATUS_PENDING);
        FILE_OBJECT* file = h.file_of(handle);
        film.call("KeSetEvent", &sent, 0, BOOLEAN { FALSE });
        film.linger(film.draw(30));
        uint32_t const asked = io::cancel_thread_irps(ke::kernel().current(), file);
        EXPECT_GE(static_cast<LONG>(asked), h.cancelled);
        for (int polls = 0; h.served + h.cancelled < 2 && polls < 1000; ++polls)
            film.sleep(1);
        film.sleep(10); // the requests' APCs
        for (auto& block : blocks)
            EXPECT_TRUE(block.Status == STATUS_SUCCESS || block.Status == STATUS_CANCELLED);
        EXPECT_EQ((blocks[0].Status == STATUS_SUCCESS) + (blocks[1].Status == STATUS_SUCCESS), h.served);
        film.call("ObfDereferenceObject", file);
        film.ok("ZwClose", handle);
    });
    film.thread([&] {
        film.wait(&sent);
        for (int slot : { 1, 0 }) {
            film.linger(film.draw(15));
            h.serve(slot);
        }
    });
    film.join();
    EXPECT_EQ(h.served + h.cancelled, 2);
    film.went(h.served == 2 ? "both served" : h.served ? "one of each" : "both cancelled");
    strike(film, h);
}

// A thread cancels its read while another closes the file's last handle.
// Shows: the read ends once, by its cancel routine or by the cleanup.
FILM(a_handle_is_closed_while_its_request_is_cancelled, "by the cancel routine", "by the cleanup")
{
    Holder& h = holder(film);
    HANDLE const handle = h.open();
    auto& block = film.object<IO_STATUS_BLOCK>();
    auto& sent = film.object<KEVENT>();
    film.call("KeInitializeEvent", &sent, NotificationEvent, BOOLEAN { FALSE });
    film.thread([&] {
        FILE_OBJECT* file = h.file_of(handle);
        EXPECT_EQ(h.read(handle, block), STATUS_PENDING);
        film.call("KeSetEvent", &sent, 0, BOOLEAN { FALSE });
        film.linger(film.draw(30));
        io::cancel_thread_irps(ke::kernel().current(), file);
        film.sleep(100);
        EXPECT_EQ(block.Status, STATUS_CANCELLED);
        film.call("ObfDereferenceObject", file);
    });
    film.thread([&] {
        film.wait(&sent);
        film.linger(film.draw(15));
        film.ok("ZwClose", handle);
    });
    film.join();
    EXPECT_EQ(h.cancelled + h.cleaned_up, 1);
    film.went(h.cancelled ? "by the cancel routine" : "by the cleanup");
    strike(film, h);
}

// Two reads end in a completion port that two threads take from.
// Shows: each packet is taken once, whether somebody waited for it or it was there already.
FILM(reads_end_in_a_port_that_two_threads_take_from, "waited", "was there")
{
    Holder& h = holder(film);
    HANDLE const handle = h.open();
    auto made = io::create_port(0);
    ASSERT_TRUE(made.ok());
    FILE_OBJECT* file = h.file_of(handle);
    int key = 0;
    EXPECT_EQ(io::associate(*file, *made, &key, KernelMode), STATUS_SUCCESS);
    void* object = nullptr;
    film.ok("ObReferenceObjectByHandle", *made, 0u, nullptr, KPROCESSOR_MODE { KernelMode }, &object, nullptr);
    auto& port = *static_cast<KQUEUE*>(object);
    auto& blocks = film.object<std::array<IO_STATUS_BLOCK, 2>>();
    for (auto& block : blocks)
        EXPECT_EQ(h.read(handle, block, &block), STATUS_PENDING);
    LONG taken[2] = {};
    for (int t = 0; t < 2; ++t)
        film.thread([&] {
            film.linger(film.draw(20));
            bool const there = port.Header.SignalState > 0;
            io::PortPacket packet;
            EXPECT_EQ(io::take_packet(port, KernelMode, nullptr, packet), STATUS_SUCCESS);
            EXPECT_EQ(packet.key, &key);
            EXPECT_EQ(packet.status, STATUS_SUCCESS);
            __atomic_add_fetch(&taken[packet.context == &blocks[1]], 1, __ATOMIC_SEQ_CST);
            film.went(there ? "was there" : "waited");
        });
    film.thread([&] {
        for (int slot : { 0, 1 }) {
            film.linger(film.draw(20));
            EXPECT_TRUE(h.serve(slot));
        }
    });
    film.join();
    EXPECT_EQ(taken[0], 1);
    EXPECT_EQ(taken[1], 1);
    EXPECT_EQ(port.Header.SignalState, 0);
    film.call("ObfDereferenceObject", object);
    film.call("ObfDereferenceObject", file);
    film.ok("ZwClose", handle);
    film.ok("ZwClose", *made);
    strike(film, h);
}

namespace {

// Owner, canceller and completion routine agree on a word who may touch the IRP. The event says that nobody is in it.
enum : LONG { kIdle, kSent, kCancelStarted, kCancelDone, kCompleted };
struct Own {
    LONG state;
    LONG completions;
    KEVENT done;
};

NTAPI NTSTATUS own_back(DEVICE_OBJECT*, IRP*, void* context)
{
    auto& own = *static_cast<Own*>(context);
    Film& film = *g_holder->film;
    ++own.completions;
    film.step();
    if (__atomic_exchange_n(&own.state, LONG { kCompleted }, __ATOMIC_SEQ_CST) != kCancelStarted)
        film.call("KeSetEvent", &own.done, 0, BOOLEAN { FALSE });
    return STATUS_MORE_PROCESSING_REQUIRED;
}

} // namespace

// A driver sends one IRP three times (IoReuseIrp) while another thread serves it and a third cancels it.
// Shows: each time it ends once; the next time begins with an IRP that is not cancelled, and never while IoCancelIrp is
// inside it.
FILM(an_irp_is_used_again_while_it_is_cancelled, "served", "cancelled", "too late")
{
    Holder& h = holder(film);
    auto& own = film.object<Own>();
    film.call("KeInitializeEvent", &own.done, SynchronizationEvent, BOOLEAN { FALSE });
    bool over = false;
    film.thread([&] {
        auto* irp = reinterpret_cast<IRP*>(film.call("IoAllocateIrp", CCHAR { 1 }, BOOLEAN { FALSE }));
        for (int round = 0; round < 3; ++round) {
            film.call("IoReuseIrp", irp, STATUS_SUCCESS);
            EXPECT_FALSE(irp->Cancel);
            IO_STACK_LOCATION* next = io::next_location(irp);
            next->MajorFunction = IRP_MJ_READ;
            next->CompletionRoutine = &own_back;
            next->Context = &own;
            next->Control = SL_INVOKE_ON_SUCCESS | SL_INVOKE_ON_ERROR | SL_INVOKE_ON_CANCEL;
            __atomic_store_n(&own.state, LONG { kSent }, __ATOMIC_SEQ_CST);
            EXPECT_EQ(film.status("IofCallDriver", h.device, irp), STATUS_PENDING);
            // The canceller comes when the IRP is out: its word says whether it may touch it.
            film.thread([&] {
                film.linger(film.draw(30));
                LONG expected = kSent;
                if (!__atomic_compare_exchange_n(&own.state, &expected, LONG { kCancelStarted }, false,
                                                 __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) {
                    film.went("too late");
                    return;
                }
                film.yes("IoCancelIrp", irp);
                film.step();
                if (__atomic_exchange_n(&own.state, LONG { kCancelDone }, __ATOMIC_SEQ_CST) == kCompleted)
                    film.call("KeSetEvent", &own.done, 0, BOOLEAN { FALSE });
            });
            EXPECT_EQ(film.wait(&own.done), STATUS_SUCCESS);
            __atomic_store_n(&own.state, LONG { kIdle }, __ATOMIC_SEQ_CST);
            EXPECT_EQ(own.completions, round + 1);
            film.went(irp->IoStatus.Status == STATUS_SUCCESS ? "served" : "cancelled");
        }
        over = true;
        film.call("IoFreeIrp", irp);
    });
    film.thread([&] {
        while (!over) {
            film.linger(film.draw(30));
            if (!h.serve(0))
                film.sleep(1);
        }
    });
    film.join();
    EXPECT_EQ(h.served + h.cancelled, 3);
    strike(film, h);
}

// A thread cancels its reads on a file with a completion port, while a second serves them and a third takes the
// packets.
// Shows: the canceller never touches a request that the taker has freed.
FILM(requests_are_cancelled_while_their_packets_are_taken, "cancelled", "served")
{
    Holder& h = holder(film);
    HANDLE const handle = h.open();
    auto made = io::create_port(0);
    ASSERT_TRUE(made.ok());
    FILE_OBJECT* file = h.file_of(handle);
    int key = 0;
    EXPECT_EQ(io::associate(*file, *made, &key, KernelMode), STATUS_SUCCESS);
    void* object = nullptr;
    film.ok("ObReferenceObjectByHandle", *made, 0u, nullptr, KPROCESSOR_MODE { KernelMode }, &object, nullptr);
    auto& port = *static_cast<KQUEUE*>(object);
    auto& blocks = film.object<std::array<IO_STATUS_BLOCK, 2>>();
    auto& sent = film.object<KEVENT>();
    film.call("KeInitializeEvent", &sent, NotificationEvent, BOOLEAN { FALSE });
    film.thread([&] {
        for (auto& block : blocks)
            EXPECT_EQ(h.read(handle, block, &block), STATUS_PENDING);
        film.call("KeSetEvent", &sent, 0, BOOLEAN { FALSE });
        film.linger(film.draw(30));
        io::cancel_thread_irps(ke::kernel().current(), file);
    });
    film.thread([&] {
        film.wait(&sent);
        for (int slot : { 1, 0 }) {
            film.linger(film.draw(15));
            h.serve(slot);
        }
    });
    film.thread([&] {
        for (int i = 0; i < 2; ++i) {
            io::PortPacket packet;
            EXPECT_EQ(io::take_packet(port, KernelMode, nullptr, packet), STATUS_SUCCESS);
            film.went(packet.status == STATUS_SUCCESS ? "served" : "cancelled");
        }
    });
    film.join();
    EXPECT_EQ(h.served + h.cancelled, 2);
    EXPECT_EQ(port.Header.SignalState, 0);
    film.call("ObfDereferenceObject", object);
    film.call("ObfDereferenceObject", file);
    film.ok("ZwClose", handle);
    film.ok("ZwClose", *made);
    strike(film, h);
}
