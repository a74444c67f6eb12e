// SPDX-License-Identifier: MIT
// An IRP is completed by one thread while another still sends it, waits for it, or completes its brother. Each race is a
// film under many seeds and a search of all interleavings.
#include "film_io.h"

using namespace ringside;
using namespace ringside::test;

namespace {

// Serves the read as soon as it is there.
void serve_when_held(Film& film)
{
    while (!serve_held())
        film.sleep(1);
}

} // namespace

// A thread's own request (IoBuildSynchronousFsdRequest) is completed by another thread, sometimes before the dispatch
// routine has returned STATUS_PENDING.
// Shows: the issuer's event and status block are written in any case, and the IRP is gone.
RACE(a_request_is_completed_while_its_dispatch_routine_returns, "before it was sent back", "while it was waited for")
{
    IoFilm io(film);
    io.dispatch(IRP_MJ_READ, &hold);
    auto& done = film.object<KEVENT>();
    auto& block = film.object<IO_STATUS_BLOCK>();
    auto& offset = film.object<LARGE_INTEGER>();
    film.call("KeInitializeEvent", &done, NotificationEvent, BOOLEAN { FALSE });
    film.race(
        [&] {
            auto* irp = reinterpret_cast<IRP*>(film.call("IoBuildSynchronousFsdRequest", ULONG { IRP_MJ_READ },
                                                         io.device, film.bytes(8), 8u, &offset, &done, &block));
            EXPECT_EQ(io.send(irp), STATUS_PENDING);
            film.step(); // the completion's APC
            film.went(done.Header.SignalState ? "before it was sent back" : "while it was waited for");
            EXPECT_EQ(film.wait(&done), STATUS_SUCCESS);
        },
        [&] { serve_when_held(film); });
    EXPECT_EQ(block.Status, STATUS_SUCCESS);
    EXPECT_EQ(io.served, 1);
}

namespace {

NTAPI NTSTATUS forward(DEVICE_OBJECT* device, IRP* irp)
{
    Film& film = *g_io->film;
    auto* lower = *static_cast<DEVICE_OBJECT**>(device->DeviceExtension);
    if (!lower)
        return hold(device, irp);
    io::copy_location_to_next(irp);
    EXPECT_TRUE(film.yes("IoForwardIrpSynchronously", lower, irp));
    NTSTATUS const status = irp->IoStatus.Status;
    film.call("IofCompleteRequest", irp, CCHAR { IO_NO_INCREMENT });
    return status;
}

} // namespace

// A filter sends a request down and waits for it (IoForwardIrpSynchronously), while the lower driver completes it in
// another thread.
// Shows: the filter has it back with the status, and completes it once.
RACE(a_filter_waits_for_a_request_that_another_thread_completes, "done")
{
    IoFilm io(film);
    io.dispatch(IRP_MJ_READ, &forward);
    DEVICE_OBJECT *bottom = nullptr, *top = nullptr;
    film.ok("IoCreateDevice", io.driver, 8u, nullptr, ULONG { FILE_DEVICE_UNKNOWN }, 0u, BOOLEAN { FALSE }, &bottom);
    film.ok("IoCreateDevice", io.driver, 8u, nullptr, ULONG { FILE_DEVICE_UNKNOWN }, 0u, BOOLEAN { FALSE }, &top);
    bottom->Flags &= ~ULONG { DO_DEVICE_INITIALIZING };
    *static_cast<uint64_t*>(top->DeviceExtension) = film.call("IoAttachDeviceToDeviceStack", top, bottom);
    top->Flags &= ~ULONG { DO_DEVICE_INITIALIZING };
    auto* irp = reinterpret_cast<IRP*>(film.call("IoAllocateIrp", top->StackSize, BOOLEAN { FALSE }));
    IRP* const model = io.make_read();
    *io::next_location(irp) = *io::next_location(model);
    film.call("IoFreeIrp", model);
    film.race([&] { EXPECT_EQ(film.status("IofCallDriver", top, irp), STATUS_SUCCESS); },
              [&] { serve_when_held(film); });
    EXPECT_EQ(io.served, 1);
    EXPECT_EQ(io.take_back(irp), STATUS_SUCCESS);
    film.call("IoDetachDevice", bottom);
    film.call("IoDeleteDevice", top);
    film.call("IoDeleteDevice", bottom);
    film.went("done");
}

// Two associated IRPs are completed by two threads.
// Shows: the master completes once, with the second of them.
RACE(two_associated_irps_complete_at_once, "the first was last", "the second was last")
{
    IoFilm io(film);
    io.dispatch(IRP_MJ_READ, [](DEVICE_OBJECT*, IRP* irp) NTAPI -> NTSTATUS {
        io::mark_pending(irp);
        return STATUS_PENDING;
    });
    IRP* master = io.send_read();
    IRP* parts[2];
    for (IRP*& part : parts) {
        part = reinterpret_cast<IRP*>(film.call("IoMakeAssociatedIrp", master, CCHAR { 1 }));
        io::next_location(part)->MajorFunction = IRP_MJ_READ;
    }
    master->AssociatedIrp.IrpCount = 2;
    master->IoStatus = { { STATUS_SUCCESS }, 0 };
    for (IRP* part : parts)
        io.send(part);
    bool seen = false;
    auto complete = [&](int which, char const* way) {
        io.complete(parts[which], STATUS_SUCCESS);
        // Nobody else can come between the completion and this look: the other one has its own count.
        if (io.completions && !std::exchange(seen, true))
            film.went(way);
    };
    film.race([&] { complete(0, "the first was last"); }, [&] { complete(1, "the second was last"); });
    EXPECT_EQ(io.take_back(master), STATUS_SUCCESS);
}

namespace {

NTAPI void complete_in_dpc(KDPC*, void*, void*, void*) { serve_held(); }

} // namespace

// A DPC completes a request while its issuer's handle waits for it (ZwReadFile on a synchronous file).
// Shows: the issuer goes on with the status, whether the DPC came before the wait or in it.
RACE(a_dpc_completes_a_synchronous_read, "read")
{
    IoFilm io(film);
    io.dispatch(IRP_MJ_READ, &hold);
    auto& dpc = film.object<KDPC>();
    film.call("KeInitializeDpc", &dpc, &complete_in_dpc, nullptr);
    auto& block = film.object<IO_STATUS_BLOCK>();
    film.race(
        [&] {
            HANDLE handle = nullptr;
            ASSERT_EQ(io.open(handle, FILE_SYNCHRONOUS_IO_NONALERT), STATUS_SUCCESS);
            EXPECT_EQ(io.read(handle, nullptr, block), STATUS_SUCCESS);
            film.ok("ZwClose", handle);
        },
        [&] {
            while (!io.served) {
                film.call("KeInsertQueueDpc", &dpc, nullptr, nullptr);
                film.sleep(1);
            }
        });
    EXPECT_EQ(block.Status, STATUS_SUCCESS);
    film.went("read");
}

// A read with an event is completed by another thread while its issuer goes on.
// Shows: the event is signalled after the status block was written, and not before.
RACE(a_read_with_an_event_is_completed_by_another_thread, "pending", "completed by then")
{
    IoFilm io(film);
    io.dispatch(IRP_MJ_READ, &hold);
    auto& block = film.object<IO_STATUS_BLOCK>();
    block.Status = STATUS_PENDING;
    film.race(
        [&] {
            HANDLE handle = nullptr, event = nullptr;
            ASSERT_EQ(io.open(handle), STATUS_SUCCESS);
            film.ok("ZwCreateEvent", &event, ULONG { EVENT_ALL_ACCESS }, &film.attributes(), NotificationEvent,
                    BOOLEAN { FALSE });
            EXPECT_EQ(io.read(handle, event, block), STATUS_PENDING);
            film.step(); // the completion's APC
            film.went(block.Status == STATUS_PENDING ? "pending" : "completed by then");
            film.ok("ZwWaitForSingleObject", event, BOOLEAN { FALSE }, nullptr);
            EXPECT_EQ(block.Status, STATUS_SUCCESS);
            film.ok("ZwClose", event);
            film.ok("ZwClose", handle);
        },
        [&] { serve_when_held(film); });
    EXPECT_EQ(io.served, 1);
}
